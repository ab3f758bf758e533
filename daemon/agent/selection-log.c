/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Selections, oldest first, and a table to find them by.  A server may send 256 kB of lists, and a
 * program name 64 kB of hosts: only the latest selections keep them, for the case that the person
 * is asked again.
 */
#include "daemon/agent/selection-log.h"

#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"

struct MeishiSelectionLog {
    GQueue selections; /* MeishiSelection, owned */
    GHashTable *by_id; /* borrowed */
};

static void
selection_free(gpointer data)
{
    MeishiSelection *selection = data;

    meishi_request_free(selection->request);
    meishi_application_unref(selection->application);
    g_free(selection->id);
    g_free(selection->identity);
    g_free(selection);
}

MeishiSelectionLog *
meishi_selection_log_new(void)
{
    MeishiSelectionLog *log = g_new0(MeishiSelectionLog, 1);

    g_queue_init(&log->selections);
    log->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    return log;
}

void
meishi_selection_log_free(MeishiSelectionLog *log)
{
    if (log == NULL)
        return;
    g_hash_table_unref(log->by_id);
    g_queue_clear_full(&log->selections, selection_free);
    g_free(log);
}

static void
make_room(MeishiSelectionLog *log, gint64 now)
{
    const MeishiSelection *oldest = g_queue_peek_head(&log->selections);

    while (oldest != NULL &&
           (oldest->expires <= now || log->selections.length >= MEISHI_SELECTION_MAX)) {
        g_hash_table_remove(log->by_id, oldest->id);
        selection_free(g_queue_pop_head(&log->selections));
        oldest = g_queue_peek_head(&log->selections);
    }
}

static char *
new_id(void)
{
    guint8 bytes[16];
    GString *id = g_string_sized_new(2 * sizeof bytes);

    meishi_crypto_random(bytes, sizeof bytes);
    for (gsize i = 0; i < sizeof bytes; i++)
        g_string_append_printf(id, "%02x", bytes[i]);
    return g_string_free(id, FALSE);
}

static void
drop_lists(MeishiRequest *request)
{
    g_clear_pointer(&request->ca_names, g_ptr_array_unref);
    g_clear_pointer(&request->certificate_types, g_bytes_unref);
    g_clear_pointer(&request->sigalgs, g_array_unref);
    g_clear_pointer(&request->sigalgs_cert, g_array_unref);
    g_clear_pointer(&request->oid_filters, g_ptr_array_unref);
    g_clear_pointer(&request->shared_hosts, g_strfreev);
}

/* Each selection is here once when there are just as many behind it. */
static void
drop_old_lists(MeishiSelectionLog *log)
{
    guint n = log->selections.length;
    MeishiSelection *old =
        n > MEISHI_SELECTION_MAX_LISTS
            ? g_queue_peek_nth(&log->selections, n - 1 - MEISHI_SELECTION_MAX_LISTS)
            : NULL;

    if (old != NULL)
        drop_lists(old->request);
}

const MeishiSelection *
meishi_selection_log_add(MeishiSelectionLog *log, const MeishiRequest *request,
                         MeishiApplication *application, const char *identity, gint64 choice_id,
                         gint64 now)
{
    MeishiSelection *selection = g_new0(MeishiSelection, 1);

    make_room(log, now);
    selection->id = new_id();
    selection->request = meishi_request_copy(request);
    selection->application = meishi_application_ref(application);
    selection->identity = g_strdup(identity);
    selection->choice_id = choice_id;
    selection->expires = now + MEISHI_SELECTION_SECONDS;
    g_queue_push_tail(&log->selections, selection);
    g_hash_table_insert(log->by_id, selection->id, selection);
    drop_old_lists(log);
    return selection;
}

const MeishiSelection *
meishi_selection_log_find(MeishiSelectionLog *log, const MeishiApplication *application,
                          const char *id, gint64 now, GError **error)
{
    const MeishiSelection *selection = g_hash_table_lookup(log->by_id, id);

    if (selection != NULL && now < selection->expires &&
        meishi_application_equal(application, selection->application))
        return selection;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "There is no such selection of this program; selections are known for an hour.");
    return NULL;
}

GList *
meishi_selection_log_list_of(const MeishiSelectionLog *log, const char *identity)
{
    GList *list = NULL;

    for (GList *at = log->selections.tail; at != NULL; at = at->prev) {
        const MeishiSelection *selection = at->data;

        if (g_strcmp0(selection->identity, identity) == 0)
            list = g_list_prepend(list, at->data);
    }
    return list;
}
