/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a directory of drop-in files.  Everything is opened relative to the directory's own
 * descriptor, whose owner and mode are looked at too: whoever may write to the directory could have
 * put any file there, so a file is never trusted further than the place where it lies.
 */
#include "daemon/base/drop-in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void
meishi_drop_in_free(MeishiDropIn *file)
{
    if (file == NULL)
        return;
    g_free(file->name);
    g_free(file->path);
    g_clear_pointer(&file->text, g_bytes_unref);
    g_free(file->problem);
    g_free(file);
}

static GPtrArray *
new_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_drop_in_free);
}

/* ---- trust ------------------------------------------------------------------------------------
 */

static guint
rank_of_owner(uid_t uid)
{
    return uid == 0 ? 0 : uid == getuid() ? 1 : 2;
}

static void
set_trust(MeishiDropIn *file, const struct stat *st, const struct stat *dir)
{
    gboolean dir_is_worse = rank_of_owner(dir->st_uid) > rank_of_owner(st->st_uid);

    file->owner = dir_is_worse ? dir->st_uid : st->st_uid;
    /* The bits of a link say nothing. */
    file->mode = S_ISLNK(st->st_mode) ? 0644 : st->st_mode & 07777;
    file->mode |= dir->st_mode & (S_IWGRP | S_IWOTH);
}

/* ---- one file ---------------------------------------------------------------------------------
 */

static gboolean
is_link_to_null(int dir_fd, const char *name)
{
    struct stat st;

    return fstatat(dir_fd, name, &st, 0) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* At most one byte more than is allowed, however large the file says it is. */
static GBytes *
read_all(int fd)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 chunk[16384];
    ssize_t n;

    while (bytes->len <= MEISHI_DROP_IN_MAX_BYTES) {
        n = read(fd, chunk, MIN(sizeof chunk, MEISHI_DROP_IN_MAX_BYTES + 1 - bytes->len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        if (n == 0)
            break;
        g_byte_array_append(bytes, chunk, (guint)n);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

static void
read_regular(MeishiDropIn *file, int fd, const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        file->problem = g_strdup("is not a regular file");
        return;
    }
    file->text = read_all(fd);
    if (file->text == NULL) {
        file->problem = g_strdup_printf("cannot be read: %s", g_strerror(errno));
    } else if (g_bytes_get_size(file->text) > MEISHI_DROP_IN_MAX_BYTES) {
        g_clear_pointer(&file->text, g_bytes_unref);
        file->problem = g_strdup_printf("is larger than %d bytes", MEISHI_DROP_IN_MAX_BYTES);
    }
}

static void
read_link(MeishiDropIn *file, int dir_fd, const char *name)
{
    if (is_link_to_null(dir_fd, name))
        file->text = g_bytes_new_static("", 0);
    else
        file->problem = g_strdup("is a symbolic link, which is allowed to /dev/null alone; put the "
                                 "file itself there");
}

/* A name is shown in messages and compared with other names. */
static gboolean
is_plain_name(const char *name)
{
    if (!g_utf8_validate(name, -1, NULL))
        return FALSE;
    for (; *name != '\0'; name = g_utf8_next_char(name)) {
        if (!g_unichar_isprint(g_utf8_get_char(name)))
            return FALSE;
    }
    return TRUE;
}

/* NULL where the file is gone meanwhile. */
static MeishiDropIn *
read_file(const char *dir, int dir_fd, const struct stat *dir_st, const char *name)
{
    MeishiDropIn *file;
    struct stat st;
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int error = errno;

    /* What was opened counts, and the entry itself where nothing could be. */
    if (fd >= 0 ? fstat(fd, &st) != 0 : fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    file = g_new0(MeishiDropIn, 1);
    file->name = g_filename_display_name(name);
    file->path = g_build_filename(dir, file->name, NULL);
    set_trust(file, &st, dir_st);
    if (!is_plain_name(name))
        file->problem = g_strdup("has a name that is not plain UTF-8 text; rename it");
    else if (fd >= 0)
        read_regular(file, fd, &st);
    else if (S_ISLNK(st.st_mode))
        read_link(file, dir_fd, name);
    else
        file->problem = g_strdup_printf("cannot be read: %s", g_strerror(error));
    if (fd >= 0)
        close(fd);
    return file;
}

/* ---- the directory ----------------------------------------------------------------------------
 */

G_GNUC_PRINTF(3, 4)
static void
add_problem(GPtrArray *list, const char *dir, const char *format, ...)
{
    MeishiDropIn *file = g_new0(MeishiDropIn, 1);
    va_list args;

    va_start(args, format);
    file->problem = g_strdup_vprintf(format, args);
    va_end(args);
    file->name = g_path_get_basename(dir);
    file->path = g_strdup(dir);
    g_ptr_array_add(list, file);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    const MeishiDropIn *x = *(MeishiDropIn *const *)a, *y = *(MeishiDropIn *const *)b;

    return strcmp(x->name, y->name);
}

static void
list_files(GPtrArray *list, const char *dir, DIR *stream, const char *suffix)
{
    const struct dirent *entry;
    struct stat st;

    if (fstat(dirfd(stream), &st) != 0)
        return;
    while ((entry = readdir(stream)) != NULL) {
        MeishiDropIn *file;

        if (entry->d_name[0] == '.' || !g_str_has_suffix(entry->d_name, suffix))
            continue;
        if (list->len >= MEISHI_DROP_IN_MAX_FILES) {
            g_ptr_array_set_size(list, 0);
            add_problem(list, dir, "has more than %d files", MEISHI_DROP_IN_MAX_FILES);
            return;
        }
        file = read_file(dir, dirfd(stream), &st, entry->d_name);
        if (file != NULL)
            g_ptr_array_add(list, file);
    }
    g_ptr_array_sort(list, compare_names);
}

GPtrArray *
meishi_drop_in_list(const char *dir, const char *suffix)
{
    GPtrArray *list = new_list();
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;

    if (stream != NULL) {
        list_files(list, dir, stream, suffix);
        closedir(stream);
    } else if (fd >= 0 || errno != ENOENT) {
        add_problem(list, dir, "cannot be read: %s", g_strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return list;
}
