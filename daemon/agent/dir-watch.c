/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watching directories that may not exist; see dir-watch.h.
 *
 * Of every directory above a watched one we ask only whether it is itself moved or deleted, and of
 * the nearest existing one what is made in it.  When the path to a directory changes, everything is
 * watched anew with a fresh descriptor: there is no state to go wrong.
 */
#include "daemon/agent/dir-watch.h"

#include "daemon/base/source.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF_EVENTS   (IN_DELETE_SELF | IN_MOVE_SELF)
#define COMING_EVENTS (IN_CREATE | IN_MOVED_TO)
#define INSIDE_EVENTS (COMING_EVENTS | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM)

struct MeishiDirWatch {
    char **dirs;
    const char *suffix;
    GPtrArray *missing; /* char *: directories whose coming would bring us nearer to ours */
    GHashTable *inside; /* watch descriptors of our directories */
    char *problem;
    int fd;
    GSource *source;
    MeishiDirWatchFunc changed;
    gpointer user_data;
};

static void
set_problem(MeishiDirWatch *watch, const char *what, int error)
{
    g_free(watch->problem);
    watch->problem = g_strdup_printf("cannot watch %s: %s", what, g_strerror(error));
}

/* A directory that cannot be read cannot be watched either; whoever reads it says so. */
static void
watch_one(MeishiDirWatch *watch, const char *path, guint32 events, gboolean is_ours)
{
    int wd = inotify_add_watch(watch->fd, path, events | IN_ONLYDIR | IN_MASK_ADD);

    if (wd >= 0 && is_ours)
        g_hash_table_add(watch->inside, GINT_TO_POINTER(wd));
    else if (wd < 0 && (errno == ENOSPC || errno == ENOMEM))
        set_problem(watch, path, errno);
}

static gboolean
is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Walks down from the root to @dir, as far as there are directories. */
static void
watch_path(MeishiDirWatch *watch, const char *dir)
{
    g_auto(GStrv) names = g_strsplit(dir + 1, "/", -1);
    g_autofree char *path = g_strdup("/");

    for (char **name = names; *name != NULL; name++) {
        g_autofree char *next = g_build_filename(path, *name, NULL);

        watch_one(watch, path, SELF_EVENTS, FALSE);
        if (!is_directory(next)) {
            watch_one(watch, path, COMING_EVENTS, FALSE);
            if (!is_directory(next)) { /* nor came while nobody watched */
                g_ptr_array_add(watch->missing, g_steal_pointer(&next));
                return;
            }
        }
        g_free(path);
        path = g_steal_pointer(&next);
    }
    watch_one(watch, path, SELF_EVENTS | INSIDE_EVENTS, TRUE);
}

static void
disarm(MeishiDirWatch *watch)
{
    meishi_source_clear(&watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
    g_ptr_array_set_size(watch->missing, 0);
    g_hash_table_remove_all(watch->inside);
}

static gboolean on_events(int fd, GIOCondition condition, gpointer user_data);

static void
arm(MeishiDirWatch *watch)
{
    g_clear_pointer(&watch->problem, g_free);
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->fd < 0) {
        set_problem(watch, "directories", errno);
        return;
    }
    for (char **dir = watch->dirs; *dir != NULL; dir++)
        watch_path(watch, *dir);
    watch->source = g_unix_fd_source_new(watch->fd, G_IO_IN);
    g_source_set_callback(watch->source, G_SOURCE_FUNC(on_events), watch, NULL);
    g_source_attach(watch->source, g_main_context_get_thread_default());
}

static gboolean
has_one_come(MeishiDirWatch *watch)
{
    for (guint i = 0; i < watch->missing->len; i++) {
        if (is_directory(g_ptr_array_index(watch->missing, i)))
            return TRUE;
    }
    return FALSE;
}

/* An event of the directory itself (a new mode) has no name. */
static gboolean
is_ours(MeishiDirWatch *watch, const struct inotify_event *event)
{
    return g_hash_table_contains(watch->inside, GINT_TO_POINTER(event->wd)) &&
           (event->len == 0 || g_str_has_suffix(event->name, watch->suffix));
}

static void
read_events(MeishiDirWatch *watch, gboolean *ret_moved, gboolean *ret_changed)
{
    _Alignas(struct inotify_event) char buf[4096];
    ssize_t n;

    while ((n = read(watch->fd, buf, sizeof buf)) > 0) {
        const struct inotify_event *event;

        for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof *event + event->len)) {
            event = (const struct inotify_event *)(const void *)(buf + at);
            if ((event->mask & (SELF_EVENTS | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)) != 0)
                *ret_moved = TRUE;
            else if (is_ours(watch, event))
                *ret_changed = TRUE;
        }
    }
}

static gboolean
on_events(int fd, GIOCondition condition, gpointer user_data)
{
    MeishiDirWatch *watch = user_data;
    gboolean moved = FALSE, changed = FALSE;

    read_events(watch, &moved, &changed);
    if (moved || has_one_come(watch)) {
        disarm(watch);
        arm(watch);
        changed = TRUE;
    }
    if (changed)
        watch->changed(watch->user_data);
    return G_SOURCE_CONTINUE;
}

MeishiDirWatch *
meishi_dir_watch_new(const char *const *dirs, const char *suffix, MeishiDirWatchFunc changed,
                     gpointer user_data)
{
    MeishiDirWatch *watch = g_new0(MeishiDirWatch, 1);

    watch->dirs = g_new0(char *, g_strv_length((char **)dirs) + 1);
    for (gsize i = 0; dirs[i] != NULL; i++)
        watch->dirs[i] = g_canonicalize_filename(dirs[i], NULL);
    watch->suffix = suffix;
    watch->missing = g_ptr_array_new_with_free_func(g_free);
    watch->inside = g_hash_table_new(NULL, NULL);
    watch->changed = changed;
    watch->user_data = user_data;
    arm(watch);
    return watch;
}

void
meishi_dir_watch_free(MeishiDirWatch *watch)
{
    if (watch == NULL)
        return;
    disarm(watch);
    g_ptr_array_unref(watch->missing);
    g_hash_table_unref(watch->inside);
    g_strfreev(watch->dirs);
    g_free(watch->problem);
    g_free(watch);
}

const char *
meishi_dir_watch_problem(const MeishiDirWatch *watch)
{
    return watch->problem;
}
