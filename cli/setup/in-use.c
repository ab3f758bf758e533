/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Three signs of a running browser, each of which survives a crash in its own way: an open file is
 * certain; Mozilla's .parentlock counts while the kernel holds it; Chromium's SingletonLock names a
 * process that may be long gone.
 */
#include "cli/setup/in-use.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
describe(const char *proc, const char *pid)
{
    g_autofree char *path = g_build_filename(proc, pid, "comm", NULL);
    g_autofree char *name = NULL;

    if (!g_file_get_contents(path, &name, NULL, NULL))
        return g_strdup_printf("process %s", pid);
    return g_strdup_printf("%s (process %s)", g_strchomp(name), pid);
}

/* ---- open files ------------------------------------------------------------------------------ */

typedef struct {
    struct stat files[2]; /* st_ino 0: not there */
} Database;

static gboolean
has_file(const Database *database, const struct stat *st)
{
    for (gsize i = 0; i < G_N_ELEMENTS(database->files); i++) {
        if (database->files[i].st_ino != 0 && database->files[i].st_ino == st->st_ino &&
            database->files[i].st_dev == st->st_dev)
            return TRUE;
    }
    return FALSE;
}

/* By number and not by name: in a sandbox the same file has another one. */
static gboolean
has_open(const Database *database, const char *proc, const char *pid)
{
    g_autofree char *dir = g_build_filename(proc, pid, "fd", NULL);
    g_autoptr(GDir) stream = g_dir_open(dir, 0, NULL);
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        struct stat st;

        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && has_file(database, &st))
            return TRUE;
    }
    return FALSE;
}

static char *
find_holder(const Database *database, const char *proc)
{
    g_autoptr(GDir) stream = g_dir_open(proc, 0, NULL);
    const char *pid;

    while (stream != NULL && (pid = g_dir_read_name(stream)) != NULL) {
        if (g_ascii_isdigit(pid[0]) && has_open(database, proc, pid))
            return describe(proc, pid);
    }
    return NULL;
}

static gboolean
database_init(Database *database, const char *dir)
{
    static const char *const names[] = {"cert9.db", "key4.db"};
    gboolean is_there = FALSE;

    *database = (Database){0};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);

        if (stat(path, &database->files[i]) == 0)
            is_there = TRUE;
        else
            database->files[i].st_ino = 0;
    }
    return is_there;
}

/* ---- locks ----------------------------------------------------------------------------------- */

/* nsProfileLock::LockWithFcntl: a write lock over the whole of .parentlock. */
static char *
find_parent_lock(const char *proc, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, ".parentlock", NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    g_autofree char *pid = NULL;

    if (fd < 0)
        return NULL;
    if (fcntl(fd, F_GETLK, &lock) != 0)
        lock.l_type = F_UNLCK;
    close(fd);
    if (lock.l_type == F_UNLCK)
        return NULL;
    /* 0 and less: a process that this kernel cannot name. */
    pid = g_strdup_printf("%d", (int)lock.l_pid);
    return lock.l_pid > 0 ? describe(proc, pid) : g_strdup("a program on another machine");
}

/* "HOST<separator>PID", the target of a link. */
static char *
find_link_lock(const char *proc, const char *path, char separator)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    const char *mark = target != NULL ? strrchr(target, separator) : NULL;
    g_autofree char *process = NULL;
    g_autofree char *host = NULL;

    if (mark == NULL || !g_ascii_isdigit(mark[1]))
        return NULL;
    host = g_strndup(target, (gsize)(mark - target));
    process = g_build_filename(proc, mark + 1, NULL);
    /* A home on the network may be open somewhere else, where we cannot look. */
    if (separator == '-' && strcmp(host, g_get_host_name()) != 0)
        return g_strdup_printf("a browser on %s", host);
    return g_file_test(process, G_FILE_TEST_EXISTS) ? describe(proc, mark + 1) : NULL;
}

/* The link "lock" is ":+PID" where .parentlock is held as well, and then that one says it better
 * (nsProfileLock::LockWithSymlink). */
static char *
find_mozilla_link(const char *proc, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);

    return find_link_lock(proc, path, ':');
}

char *
meishi_in_use_chromium(const char *proc, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "SingletonLock", NULL);

    return find_link_lock(proc, path, '-');
}

char *
meishi_in_use_nss(const char *proc, const char *dir)
{
    Database database;
    char *holder = database_init(&database, dir) ? find_holder(&database, proc) : NULL;

    if (holder == NULL)
        holder = find_parent_lock(proc, dir);
    return holder != NULL ? holder : find_mozilla_link(proc, dir);
}
