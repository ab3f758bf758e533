/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A walk that stays where it was sent: openat2(2) resolves every name beneath the directory, and
 * where the kernel or a sandbox does not let us, no link is followed at all.  Its amount is
 * bounded, because people name the wrong directory.
 */
#include "cli/move-in/directory-source.h"

#include "cli/move-in/sniff.h"
#include "daemon/base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ENTRIES 5000
#define MAX_FILES   500
#define MAX_SIZE    (1024 * 1024) /* a whole machine's authorities take a quarter of it */

typedef struct {
    MeishiHaul *haul;
    MeishiHaulPlace *place;
    int root;
    GHashTable *seen; /* "device:inode" */
    guint n_entries;
    guint n_files;
    guint n_links; /* that lead out */
    gboolean with_subdirectories;
} Walk;

static gboolean
is_too_much(Walk *walk)
{
    if (walk->n_entries <= MAX_ENTRIES && walk->n_files <= MAX_FILES)
        return FALSE;
    if (walk->place->trouble == NULL)
        g_set_error(&walk->place->trouble, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                    "%s has more files than belong to one person's certificates; name a directory "
                    "further down",
                    walk->place->path);
    return TRUE;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int
open_beneath(int root, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);

    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = openat(root, path, (int)how.flags | O_NOFOLLOW);
    return fd;
}

static gboolean
is_new(Walk *walk, const struct stat *st)
{
    return g_hash_table_add(walk->seen, g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                                        (guint64)st->st_dev, (guint64)st->st_ino));
}

static MeishiSniff
sniff_file(int fd, guint64 size)
{
    g_autofree guint8 *data = g_malloc(MAX_SIZE);
    gssize n = pread(fd, data, MAX_SIZE, 0);

    return n > 0 ? meishi_sniff(data, (gsize)n, size) : MEISHI_SNIFF_NOTHING;
}

/* ---- one entry ------------------------------------------------------------------------------- */

static void
refuse(Walk *walk, const char *path, int number)
{
    g_autofree char *name = g_filename_display_name(path);
    GError *trouble = NULL;

    if (number == EXDEV || number == ELOOP) {
        walk->n_links++;
        return;
    }
    if (number == ENOENT || number == ENXIO) /* a link to nothing, a socket */
        return;
    g_set_error(&trouble, MEISHI_ERROR, meishi_error_code_of_errno(number), "Cannot read it: %s",
                g_strerror(number));
    meishi_haul_add_refused(walk->haul, walk->place, name, trouble);
}

/* Takes @fd over. */
static void
take_open_file(Walk *walk, const char *path, int fd)
{
    g_autofree char *name = g_filename_display_name(path);
    MeishiSniff kind = MEISHI_SNIFF_NOTHING;
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_SIZE && is_new(walk, &st))
        kind = sniff_file(fd, (guint64)st.st_size);
    if (kind == MEISHI_SNIFF_NOTHING) {
        close(fd);
        return;
    }
    walk->n_files++;
    meishi_haul_add_item(walk->haul, walk->place, meishi_input_file_new_for_fd(name, fd))->kind =
        kind;
}

static void
take_file(Walk *walk, const char *path)
{
    int fd = open_beneath(walk->root, path);

    if (fd >= 0)
        take_open_file(walk, path, fd);
    else
        refuse(walk, path, errno);
}

/* ---- directories ----------------------------------------------------------------------------- */

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is in the directory @fd, which it takes over: names with a slash at the end for directories.
 */
static GPtrArray *
list(Walk *walk, int fd)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    DIR *dir = fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL)
        close(fd);
    while (dir != NULL && !is_too_much(walk) && (entry = readdir(dir)) != NULL) {
        struct stat st;

        walk->n_entries++;
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..") ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        g_ptr_array_add(names, g_strconcat(entry->d_name, S_ISDIR(st.st_mode) ? "/" : NULL, NULL));
    }
    if (dir != NULL)
        closedir(dir);
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* @prefix: "" for the directory itself, else "NAME/". */
static void
walk_directory(Walk *walk, int fd, const char *prefix)
{
    g_autoptr(GPtrArray) names = list(walk, fd);

    for (guint i = 0; i < names->len && !is_too_much(walk); i++) {
        g_autofree char *path = g_strconcat(prefix, names->pdata[i], NULL);
        int child;

        if (!g_str_has_suffix(path, "/")) {
            take_file(walk, path);
            continue;
        }
        if (prefix[0] != '\0' || !walk->with_subdirectories)
            continue;
        child = open_beneath(walk->root, path);
        if (child >= 0)
            walk_directory(walk, child, path);
        else
            refuse(walk, path, errno);
    }
}

void
meishi_directory_source_read(MeishiHaul *haul, MeishiHaulPlace *place, gboolean with_subdirectories)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = {
        .haul = haul, .place = place, .seen = seen, .with_subdirectories = with_subdirectories};

    walk.root = open(place->path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (walk.root < 0) {
        g_set_error(&place->trouble, MEISHI_ERROR, meishi_error_code_of_errno(errno),
                    "Cannot read the directory %s: %s", place->path, g_strerror(errno));
        return;
    }
    walk_directory(&walk, fcntl(walk.root, F_DUPFD_CLOEXEC, 3), "");
    place->n_links = walk.n_links;
    close(walk.root);
}
