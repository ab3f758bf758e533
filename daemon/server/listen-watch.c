/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An inotify descriptor on the sockets' directory, in the main loop.  What happened is not read
 * from the events: whatever they say, the paths are looked at; and once when the watch begins,
 * because they may have gone before it did.
 */
#include "daemon/server/listen-watch.h"

#include "daemon/base/source.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct MeishiListenWatch {
    GPtrArray *paths;
    int fd;
    GSource *source;
    MeishiListenGoneFunc gone;
    gpointer user_data;
};

static gboolean
are_all_there(GPtrArray *paths)
{
    for (guint i = 0; i < paths->len; i++) {
        struct stat st;

        if (lstat(g_ptr_array_index(paths, i), &st) < 0 || !S_ISSOCK(st.st_mode))
            return FALSE;
    }
    return TRUE;
}

static gboolean
on_event(int fd, GIOCondition condition, gpointer user_data)
{
    MeishiListenWatch *watch = user_data;
    char events[4096];

    while (read(fd, events, sizeof events) > 0)
        ;
    if (!are_all_there(watch->paths))
        watch->gone(watch->user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_gone_before(gpointer user_data)
{
    MeishiListenWatch *watch = user_data;

    watch->gone(watch->user_data);
    return G_SOURCE_REMOVE;
}

/* The sockets' directory; -1 with errno. */
static int
open_watch(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    int error;

    if (fd < 0 ||
        inotify_add_watch(fd, dir,
                          IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) >= 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

MeishiListenWatch *
meishi_listen_watch_new(GPtrArray *paths, MeishiListenGoneFunc gone, gpointer user_data)
{
    int fd = open_watch(g_ptr_array_index(paths, 0));
    int error = errno;
    gboolean is_late = !are_all_there(paths);
    MeishiListenWatch *watch;

    if (fd < 0 && !is_late) {
        g_message("cannot watch over the sockets: %s", g_strerror(error));
        return NULL;
    }
    watch = g_new0(MeishiListenWatch, 1);
    watch->paths = g_ptr_array_ref(paths);
    watch->fd = fd;
    watch->gone = gone;
    watch->user_data = user_data;
    watch->source = is_late ? g_idle_source_new() : g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(watch->source, is_late ? on_gone_before : G_SOURCE_FUNC(on_event), watch,
                          NULL);
    g_source_attach(watch->source, g_main_context_get_thread_default());
    return watch;
}

void
meishi_listen_watch_free(MeishiListenWatch *watch)
{
    if (watch == NULL)
        return;
    meishi_source_clear(&watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    g_ptr_array_unref(watch->paths);
    g_free(watch);
}
