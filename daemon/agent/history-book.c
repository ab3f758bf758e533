/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Histories by target and identity; see history-book.h.
 */
#include "daemon/agent/history-book.h"

#include <string.h>

typedef struct {
    char *host;
    guint port;
    char *identity;
    char *context; /* of a private one; else NULL */
    MeishiHistory history;
    gint64 written;    /* when it was in the store, as of its last meeting */
    gboolean is_dirty; /* counted since then */
} Meeting;

/* Programs that connect all the time are not worth a write to the disk each time. */
#define COUNT_SECONDS 60

struct MeishiHistoryBook {
    MeishiStore *store;
    GHashTable *stored;  /* Meeting, by host, port and identity */
    GHashTable *passing; /* the same: what happened in private, over what is stored */
};

static guint
hash_meeting(gconstpointer data)
{
    const Meeting *meeting = data;

    return g_str_hash(meeting->host) ^ meeting->port * 31 ^ g_str_hash(meeting->identity);
}

static gboolean
equal_meetings(gconstpointer a, gconstpointer b)
{
    const Meeting *x = a, *y = b;

    return x->port == y->port && strcmp(x->host, y->host) == 0 &&
           strcmp(x->identity, y->identity) == 0;
}

static void
free_meeting(gpointer data)
{
    Meeting *meeting = data;

    g_free(meeting->host);
    g_free(meeting->identity);
    g_free(meeting->context);
    g_free(meeting);
}

MeishiHistoryBook *
meishi_history_book_new(MeishiStore *store)
{
    MeishiHistoryBook *book = g_new0(MeishiHistoryBook, 1);

    book->store = store;
    book->stored = g_hash_table_new_full(hash_meeting, equal_meetings, free_meeting, NULL);
    book->passing = g_hash_table_new_full(hash_meeting, equal_meetings, free_meeting, NULL);
    return book;
}

static void flush(MeishiHistoryBook *book);

void
meishi_history_book_free(MeishiHistoryBook *book)
{
    if (book == NULL)
        return;
    flush(book);
    g_hash_table_unref(book->stored);
    g_hash_table_unref(book->passing);
    g_free(book);
}

/* ---- the store ----------------------------------------------------------------------------- */

/* The suspicion indexes a table: one that a later version may have written is taken for the
 * nearest. */
static Meeting *
read_meeting(const MeishiStoreMeeting *stored)
{
    Meeting *meeting = g_new0(Meeting, 1);

    meeting->host = g_strdup(stored->host);
    meeting->port = stored->port;
    meeting->identity = g_strdup(stored->identity);
    meeting->history = (MeishiHistory){
        .suspicion = (MeishiSuspicion)CLAMP(stored->suspicion, MEISHI_SUSPICION_CLEAR,
                                            MEISHI_SUSPICION_SUSPECT),
        .accepted = stored->accepted,
        .last_accepted = stored->last_accepted,
        .refused_at = stored->refused_at,
        .alert = stored->alert,
    };
    return meeting;
}

gboolean
meishi_history_book_load(MeishiHistoryBook *book, GError **error)
{
    g_autoptr(GPtrArray) stored = meishi_store_list_meetings(book->store, error);

    for (guint i = 0; stored != NULL && i < stored->len; i++)
        g_hash_table_add(book->stored, read_meeting(g_ptr_array_index(stored, i)));
    return stored != NULL;
}

static gint64
last_met(const Meeting *meeting)
{
    return MAX(meeting->history.last_accepted, meeting->history.refused_at);
}

static gboolean
write_meeting(MeishiHistoryBook *book, Meeting *meeting, GError **error)
{
    const MeishiHistory *history = &meeting->history;
    const MeishiStoreMeeting stored = {
        .host = meeting->host,
        .port = meeting->port,
        .identity = meeting->identity,
        .suspicion = history->suspicion,
        .accepted = history->accepted,
        .last_accepted = history->last_accepted,
        .refused_at = history->refused_at,
        .alert = history->alert,
    };

    meeting->is_dirty = !meishi_store_write_meeting(book->store, &stored, error);
    if (!meeting->is_dirty)
        meeting->written = last_met(meeting);
    return !meeting->is_dirty;
}

/* Best effort: what is lost is a count. */
static void
flush(MeishiHistoryBook *book)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, book->stored);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (((Meeting *)key)->is_dirty)
            (void)!write_meeting(book, key, NULL);
}

/* ---- looking and writing ------------------------------------------------------------------- */

static void
fill_from(GHashTable *meetings, GHashTable *except, MeishiMemory *memory)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, meetings);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const Meeting *meeting = key;

        if (except == NULL || !g_hash_table_contains(except, meeting))
            meishi_memory_add_history(memory, meeting->host, meeting->port, meeting->identity,
                                      &meeting->history);
    }
}

void
meishi_history_book_fill(MeishiHistoryBook *book, MeishiMemory *memory)
{
    fill_from(book->passing, NULL, memory);
    fill_from(book->stored, book->passing, memory);
}

static Meeting
key_of(const MeishiRequest *request, const char *identity)
{
    return (Meeting){
        .host = request->host.text, .port = request->port, .identity = (char *)identity};
}

MeishiHistory
meishi_history_book_lookup(MeishiHistoryBook *book, const MeishiRequest *request,
                           const char *identity)
{
    const Meeting key = key_of(request, identity);
    const Meeting *found = NULL;

    if (meishi_request_is_private(request))
        found = g_hash_table_lookup(book->passing, &key);
    if (found == NULL)
        found = g_hash_table_lookup(book->stored, &key);
    return found != NULL ? found->history : (MeishiHistory){0};
}

static Meeting *
find_oldest(GHashTable *meetings)
{
    GHashTableIter iter;
    gpointer key;
    Meeting *oldest = NULL;

    g_hash_table_iter_init(&iter, meetings);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (oldest == NULL || last_met(key) < last_met(oldest))
            oldest = key;
    }
    return oldest;
}

static gboolean
make_room(MeishiHistoryBook *book, GHashTable *meetings, GError **error)
{
    g_autofree char *host = NULL;
    g_autofree char *identity = NULL;
    Meeting *oldest;
    guint port;

    if (g_hash_table_size(meetings) < MEISHI_HISTORY_MAX)
        return TRUE;
    oldest = find_oldest(meetings);
    host = g_strdup(oldest->host);
    identity = g_strdup(oldest->identity);
    port = oldest->port;
    g_hash_table_remove(meetings, oldest);
    return meetings != book->stored ||
           meishi_store_remove_meetings(book->store, host, port, identity, error);
}

/* The meeting in @meetings, made where it is missing. */
static Meeting *
ensure_meeting(GHashTable *meetings, const MeishiRequest *request, const char *identity)
{
    const Meeting key = key_of(request, identity);
    Meeting *meeting = g_hash_table_lookup(meetings, &key);

    if (meeting != NULL)
        return meeting;
    meeting = g_new0(Meeting, 1);
    meeting->host = g_strdup(request->host.text);
    meeting->port = request->port;
    meeting->identity = g_strdup(identity);
    g_hash_table_add(meetings, meeting);
    return meeting;
}

/* Does nothing but a counter tell @a from @b? */
static gboolean
is_same_but_counted(const MeishiHistory *a, const MeishiHistory *b)
{
    return a->suspicion == b->suspicion && a->alert == b->alert && a->refused_at == b->refused_at &&
           a->accepted > 0;
}

static gboolean
update_meeting(MeishiHistoryBook *book, Meeting *meeting, const MeishiHistory *history,
               GError **error)
{
    gboolean can_wait = is_same_but_counted(&meeting->history, history);

    meeting->history = *history;
    if (can_wait && last_met(meeting) - meeting->written < COUNT_SECONDS) {
        meeting->is_dirty = TRUE;
        return TRUE;
    }
    return write_meeting(book, meeting, error);
}

gboolean
meishi_history_book_report(MeishiHistoryBook *book, const MeishiRequest *request,
                           const char *identity, const MeishiHistory *history, GError **error)
{
    gboolean is_private = meishi_request_is_private(request);
    GHashTable *meetings = is_private ? book->passing : book->stored;
    gboolean has_room = make_room(book, meetings, error);
    Meeting *meeting = ensure_meeting(meetings, request, identity);

    if (is_private) {
        meeting->history = *history;
        g_free(meeting->context);
        meeting->context = g_strdup(request->context);
        return TRUE;
    }
    g_hash_table_remove(book->passing, meeting); /* is out of date */
    return update_meeting(book, meeting, history, has_room ? error : NULL) && has_room;
}

/* ---- forgetting ---------------------------------------------------------------------------- */

typedef struct {
    const char *host;
    guint port;
    gboolean below;
} Target;

static gboolean
is_below(const char *name, const char *domain)
{
    gsize len = strlen(name), domain_len = strlen(domain);

    return len > domain_len && name[len - domain_len - 1] == '.' &&
           strcmp(name + len - domain_len, domain) == 0;
}

static gboolean
is_at(gpointer key, gpointer value, gpointer user_data)
{
    const Meeting *meeting = key;
    const Target *target = user_data;

    return (target->port == 0 || meeting->port == target->port) &&
           (target->host == NULL || strcmp(meeting->host, target->host) == 0 ||
            (target->below && is_below(meeting->host, target->host)));
}

/* The hosts below @domain that the store knows something of; new. */
static GPtrArray *
find_hosts_below(MeishiHistoryBook *book, const char *domain)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, book->stored);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        char *host = ((Meeting *)key)->host;

        if (is_below(host, domain) && g_hash_table_add(seen, host))
            g_ptr_array_add(hosts, g_strdup(host));
    }
    return hosts;
}

/* In the store, and here once it is durable there. */
static gboolean
forget_at(MeishiHistoryBook *book, const char *host, guint port, GError **error)
{
    Target target = {.host = host, .port = port};

    if (g_hash_table_find(book->stored, is_at, &target) == NULL)
        return TRUE;
    if (!meishi_store_remove_meetings(book->store, host, port, NULL, error))
        return FALSE;
    g_hash_table_foreach_remove(book->stored, is_at, &target);
    return TRUE;
}

static gboolean
forget_below(MeishiHistoryBook *book, const char *domain, guint port, GError **error)
{
    g_autoptr(GPtrArray) hosts = find_hosts_below(book, domain);

    for (guint i = 0; i < hosts->len; i++)
        if (!forget_at(book, g_ptr_array_index(hosts, i), port, error))
            return FALSE;
    return TRUE;
}

gboolean
meishi_history_book_forget(MeishiHistoryBook *book, const char *host, guint port, gboolean below,
                           GError **error)
{
    Target target = {.host = host, .port = port, .below = below};

    g_hash_table_foreach_remove(book->passing, is_at, &target);
    return forget_at(book, host, port, error) && (!below || forget_below(book, host, port, error));
}

static gboolean
is_of_context(gpointer key, gpointer value, gpointer context)
{
    return context == NULL || g_str_equal(((Meeting *)key)->context, context);
}

void
meishi_history_book_end_context(MeishiHistoryBook *book, const char *context)
{
    g_hash_table_foreach_remove(book->passing, is_of_context, (gpointer)context);
}
