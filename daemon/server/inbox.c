/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A queue under a lock and an eventfd that the main loop polls.
 */
#include "daemon/server/inbox.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct MeishiInbox {
    pthread_mutex_t mutex;
    GQueue items;
    int event;
    GSource *source;
    MeishiInboxFunc func;
    gpointer user_data;
};

static gpointer
take(MeishiInbox *inbox)
{
    gpointer item;

    pthread_mutex_lock(&inbox->mutex);
    item = g_queue_pop_head(&inbox->items);
    pthread_mutex_unlock(&inbox->mutex);
    return item;
}

static gboolean
on_event(int fd, GIOCondition condition, gpointer user_data)
{
    MeishiInbox *inbox = user_data;
    uint64_t count;
    gpointer item;

    (void)!read(fd, &count, sizeof count);
    while ((item = take(inbox)) != NULL)
        inbox->func(item, inbox->user_data);
    return G_SOURCE_CONTINUE;
}

MeishiInbox *
meishi_inbox_new(MeishiInboxFunc func, gpointer user_data, GError **error)
{
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    MeishiInbox *inbox;

    if (event < 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY, "cannot make an event descriptor: %s",
                    g_strerror(errno));
        return NULL;
    }
    inbox = g_new0(MeishiInbox, 1);
    pthread_mutex_init(&inbox->mutex, NULL);
    g_queue_init(&inbox->items);
    inbox->event = event;
    inbox->func = func;
    inbox->user_data = user_data;
    inbox->source = g_unix_fd_source_new(event, G_IO_IN);
    g_source_set_callback(inbox->source, G_SOURCE_FUNC(on_event), inbox, NULL);
    g_source_attach(inbox->source, g_main_context_get_thread_default());
    return inbox;
}

void
meishi_inbox_post(MeishiInbox *inbox, gpointer item)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&inbox->mutex);
    g_queue_push_tail(&inbox->items, item);
    pthread_mutex_unlock(&inbox->mutex);
    (void)!write(inbox->event, &one, sizeof one);
}

void
meishi_inbox_free(MeishiInbox *inbox)
{
    if (inbox == NULL)
        return;
    g_source_destroy(inbox->source);
    g_source_unref(inbox->source);
    g_queue_clear(&inbox->items);
    close(inbox->event);
    pthread_mutex_destroy(&inbox->mutex);
    g_free(inbox);
}
