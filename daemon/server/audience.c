/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Audiences are made and refreshed on the main loop alone; the lock is there because the last
 * connection of one may end on a worker.  Counting references under it keeps an audience that is
 * found from being one that is going.
 *
 * A view is looked for before it is made: among the last few, so that programs that live for one
 * request after the other share as well, and among those that are on a board.
 *
 * What may be used follows policy even where there is no room for the snapshot that would have to
 * be shown: the old snapshot then stays up with the new permissions.
 */
#include "daemon/server/audience.h"

#include <pthread.h>

#define MAX_RECENT 4

struct MeishiAudiences {
    MeishiAgent *agent;
    guint64 generation; /* of the last view that was made */
    GQueue recent;      /* MeishiView, latest first */

    pthread_mutex_t mutex; /* over what follows, and the count of each audience's references */
    GHashTable *table;     /* set of MeishiAudience, by process and layout */
};

struct MeishiAudience {
    MeishiAudiences *audiences;
    guint refs; /* under the mutex of audiences */
    MeishiApplication *application;
    MeishiLayout layout;
    MeishiBoard *board;

    pthread_mutex_t mutex; /* over refused */
    GHashTable *refused;   /* set of key rows (gint64 *) whose refusal was logged */
};

static guint
hash_audience(gconstpointer data)
{
    const MeishiAudience *audience = data;

    return (guint)audience->application->pid * 2 + (guint)audience->layout;
}

static gboolean
equal_audience(gconstpointer a, gconstpointer b)
{
    const MeishiAudience *first = a, *second = b;

    if (first == second) /* a program of which nothing is known equals no other */
        return TRUE;
    return first->layout == second->layout &&
           meishi_application_equal(first->application, second->application);
}

MeishiAudiences *
meishi_audiences_new(MeishiAgent *agent)
{
    MeishiAudiences *audiences = g_new0(MeishiAudiences, 1);

    audiences->agent = agent;
    g_queue_init(&audiences->recent);
    pthread_mutex_init(&audiences->mutex, NULL);
    audiences->table = g_hash_table_new(hash_audience, equal_audience);
    return audiences;
}

static void
forget_recent(MeishiAudiences *audiences)
{
    g_queue_clear_full(&audiences->recent, (GDestroyNotify)meishi_view_unref);
}

void
meishi_audiences_free(MeishiAudiences *audiences)
{
    if (audiences == NULL)
        return;
    forget_recent(audiences);
    g_hash_table_unref(audiences->table);
    pthread_mutex_destroy(&audiences->mutex);
    g_free(audiences);
}

/* ---- one audience -------------------------------------------------------------------------- */

static void
audience_free(MeishiAudience *audience)
{
    meishi_application_unref(audience->application);
    meishi_board_free(audience->board);
    g_hash_table_unref(audience->refused);
    pthread_mutex_destroy(&audience->mutex);
    g_free(audience);
}

static MeishiAudience *
audience_new(MeishiAudiences *audiences, MeishiApplication *application, MeishiLayout layout,
             GError **error)
{
    MeishiBoard *board = meishi_board_new(error);
    MeishiAudience *audience;

    if (board == NULL)
        return NULL;
    audience = g_new0(MeishiAudience, 1);
    audience->audiences = audiences;
    audience->refs = 1;
    audience->application = meishi_application_ref(application);
    audience->layout = layout;
    audience->board = board;
    pthread_mutex_init(&audience->mutex, NULL);
    audience->refused = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return audience;
}

MeishiAudience *
meishi_audience_ref(MeishiAudience *audience)
{
    pthread_mutex_lock(&audience->audiences->mutex);
    audience->refs++;
    pthread_mutex_unlock(&audience->audiences->mutex);
    return audience;
}

void
meishi_audience_unref(MeishiAudience *audience)
{
    MeishiAudiences *audiences;
    gboolean is_last;

    if (audience == NULL)
        return;
    audiences = audience->audiences;
    pthread_mutex_lock(&audiences->mutex);
    is_last = --audience->refs == 0;
    if (is_last && g_hash_table_lookup(audiences->table, audience) == audience)
        g_hash_table_remove(audiences->table, audience);
    pthread_mutex_unlock(&audiences->mutex);
    if (is_last)
        audience_free(audience);
}

MeishiBoard *
meishi_audience_board(const MeishiAudience *audience)
{
    return audience->board;
}

MeishiApplication *
meishi_audience_application(const MeishiAudience *audience)
{
    return audience->application;
}

MeishiLayout
meishi_audience_layout(const MeishiAudience *audience)
{
    return audience->layout;
}

char *
meishi_audience_describe(const MeishiAudience *audience)
{
    const MeishiApplication *application = audience->application;

    return g_strdup_printf("process %d (%s)", (int)application->pid,
                           application->exe != NULL ? application->exe : "unknown program");
}

gboolean
meishi_audience_note_refusal(MeishiAudience *audience, const MeishiIdentity *identity)
{
    gboolean is_first;

    pthread_mutex_lock(&audience->mutex);
    is_first =
        g_hash_table_add(audience->refused, g_memdup2(&identity->key_id, sizeof identity->key_id));
    pthread_mutex_unlock(&audience->mutex);
    return is_first;
}

/* ---- views --------------------------------------------------------------------------------- */

/* A reference to the view on @audience's board where it is the one; NULL. */
static MeishiView *
view_on_board(const MeishiAudience *audience, const char *fingerprint, MeishiLayout layout)
{
    g_autoptr(MeishiView) view = NULL;

    if (audience->layout == layout)
        view = meishi_board_view(audience->board);
    return view != NULL && meishi_view_is_for(view, fingerprint, layout) ? g_steal_pointer(&view)
                                                                         : NULL;
}

static MeishiView *
find_on_boards(MeishiAudiences *audiences, const char *fingerprint, MeishiLayout layout)
{
    MeishiView *view = NULL;
    GHashTableIter iter;
    gpointer audience;

    pthread_mutex_lock(&audiences->mutex);
    g_hash_table_iter_init(&iter, audiences->table);
    while (view == NULL && g_hash_table_iter_next(&iter, &audience, NULL))
        view = view_on_board(audience, fingerprint, layout);
    pthread_mutex_unlock(&audiences->mutex);
    return view;
}

static MeishiView *
find_recent(MeishiAudiences *audiences, const char *fingerprint, MeishiLayout layout)
{
    for (GList *link = audiences->recent.head; link != NULL; link = link->next)
        if (meishi_view_is_for(link->data, fingerprint, layout))
            return meishi_view_ref(link->data);
    return NULL;
}

static void
remember(MeishiAudiences *audiences, MeishiView *view)
{
    g_queue_push_head(&audiences->recent, meishi_view_ref(view));
    if (audiences->recent.length > MAX_RECENT)
        meishi_view_unref(g_queue_pop_tail(&audiences->recent));
}

static MeishiView *
get_view(MeishiAudiences *audiences, const MeishiPresentation *presentation, MeishiLayout layout,
         GError **error)
{
    const char *fingerprint = presentation->fingerprint;
    MeishiView *view = find_recent(audiences, fingerprint, layout);

    if (view != NULL)
        return view;
    view = find_on_boards(audiences, fingerprint, layout);
    if (view == NULL)
        view = meishi_view_new(presentation, layout, audiences->generation + 1, error);
    if (view == NULL)
        return NULL;
    audiences->generation = MAX(audiences->generation, meishi_view_generation(view));
    remember(audiences, view);
    return view;
}

/* ---- joining ------------------------------------------------------------------------------- */

static MeishiAudience *
find(MeishiAudiences *audiences, MeishiApplication *application, MeishiLayout layout)
{
    const MeishiAudience wanted = {.application = application, .layout = layout};
    MeishiAudience *audience;

    pthread_mutex_lock(&audiences->mutex);
    audience = g_hash_table_lookup(audiences->table, &wanted);
    if (audience != NULL)
        audience->refs++;
    pthread_mutex_unlock(&audiences->mutex);
    return audience;
}

MeishiAudience *
meishi_audiences_join(MeishiAudiences *audiences, MeishiApplication *application,
                      MeishiLayout layout, GError **error)
{
    g_autoptr(MeishiAudience) audience = find(audiences, application, layout);
    g_autoptr(MeishiPresentation) presentation = NULL;
    g_autoptr(MeishiView) view = NULL;

    if (audience != NULL)
        return g_steal_pointer(&audience);
    presentation = meishi_agent_present(audiences->agent, application);
    view = get_view(audiences, presentation, layout, error);
    if (view == NULL)
        return NULL;
    audience = audience_new(audiences, application, layout, error);
    if (audience == NULL)
        return NULL;
    meishi_board_publish(audience->board, view);
    pthread_mutex_lock(&audiences->mutex);
    g_hash_table_add(audiences->table, audience);
    pthread_mutex_unlock(&audiences->mutex);
    return g_steal_pointer(&audience);
}

/* ---- refreshing ---------------------------------------------------------------------------- */

/* The view that @audience is to have; NULL where it has it already. */
static MeishiView *
renew(MeishiAudience *audience)
{
    MeishiAudiences *audiences = audience->audiences;
    g_autoptr(MeishiPresentation) presentation =
        meishi_agent_present(audiences->agent, audience->application);
    g_autoptr(MeishiView) old = meishi_board_view(audience->board);
    g_autoptr(GError) error = NULL;
    MeishiView *view;

    if (meishi_view_is_for(old, presentation->fingerprint, audience->layout))
        return NULL;
    view = get_view(audiences, presentation, audience->layout, &error);
    if (view != NULL)
        return view;
    g_warning("programs do not see the latest change: %s", error->message);
    return meishi_view_new_unseen(old, presentation, audience->layout);
}

static GPtrArray *
list_audiences(MeishiAudiences *audiences)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_audience_unref);
    GHashTableIter iter;
    gpointer audience;

    pthread_mutex_lock(&audiences->mutex);
    g_hash_table_iter_init(&iter, audiences->table);
    while (g_hash_table_iter_next(&iter, &audience, NULL)) {
        ((MeishiAudience *)audience)->refs++;
        g_ptr_array_add(list, audience);
    }
    pthread_mutex_unlock(&audiences->mutex);
    return list;
}

void
meishi_audiences_refresh(MeishiAudiences *audiences,
                         void (*moved)(MeishiAudience *audience, gpointer user_data),
                         gpointer user_data)
{
    g_autoptr(GPtrArray) list = list_audiences(audiences);

    forget_recent(audiences);
    for (guint i = 0; i < list->len; i++) {
        MeishiAudience *audience = list->pdata[i];
        g_autoptr(MeishiView) view = renew(audience);

        if (view != NULL && meishi_board_publish(audience->board, view))
            moved(audience, user_data);
    }
}

guint
meishi_audiences_count(MeishiAudiences *audiences)
{
    guint n;

    pthread_mutex_lock(&audiences->mutex);
    n = g_hash_table_size(audiences->table);
    pthread_mutex_unlock(&audiences->mutex);
    return n;
}
