/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The book of choices: reading, looking, counting and learning.  Counters, and what a server
 * refused, hold here before they are written: they cost no write each time, and a full disk is no
 * reason to send again what was refused.  Choosing and forgetting are in choice-book-change.c.
 */
#include "daemon/agent/choice-book-private.h"

#include "daemon/agent/choice-change.h"

#include <string.h>

/* Programs that connect all the time are not worth a write to the disk each time. */
#define COUNT_SECONDS 60

/* ---- life ---------------------------------------------------------------------------------- */

static void
add_stored(MeishiChoiceBook *book, const MeishiStoreChoice *stored)
{
    g_ptr_array_add(book->rows, meishi_choice_row_from_store(stored));
    book->last_stored_id = MAX(book->last_stored_id, MAX(stored->id, stored->replaced_by));
    book->last_batch = MAX(book->last_batch, stored->batch);
}

gboolean
meishi_choice_book_load(MeishiChoiceBook *book, GError **error)
{
    g_autoptr(GPtrArray) stored = NULL;

    if (book->is_loaded || !meishi_store_has_vault(book->store))
        return TRUE;
    stored = meishi_store_list_choices(book->store, error);
    if (stored == NULL || !meishi_history_book_load(book->history, error))
        return FALSE;
    for (guint i = 0; i < stored->len; i++)
        add_stored(book, g_ptr_array_index(stored, i));
    book->is_loaded = TRUE;
    book->is_stale = TRUE;
    return TRUE;
}

MeishiChoiceBook *
meishi_choice_book_new(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiChoiceBook) book = g_new0(MeishiChoiceBook, 1);

    book->store = store;
    book->history = meishi_history_book_new(store);
    book->rows = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_choice_row_free);
    book->last_passing_id = FIRST_PASSING_ID - 1;
    return meishi_choice_book_load(book, error) ? g_steal_pointer(&book) : NULL;
}

static gboolean
flush(MeishiChoiceBook *book, GError **error)
{
    g_auto(MeishiChoiceChange) change;

    meishi_choice_change_init(&change);
    for (guint i = 0; i < book->rows->len; i++) {
        const MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (row->is_dirty)
            meishi_choice_change_write(&change, row);
    }
    if (!meishi_choice_change_commit(&change, book->store, error))
        return FALSE;
    for (guint i = 0; i < book->rows->len; i++)
        ((MeishiChoiceRow *)g_ptr_array_index(book->rows, i))->is_dirty = FALSE;
    return TRUE;
}

void
meishi_choice_book_free(MeishiChoiceBook *book)
{
    if (book == NULL)
        return;
    (void)!flush(book, NULL); /* what is lost is a count */
    meishi_history_book_free(book->history);
    g_ptr_array_unref(book->rows);
    meishi_memory_free(book->memory);
    g_free(book);
}

/* ---- looking ------------------------------------------------------------------------------- */

MeishiChoiceRow *
meishi_choice_book_find(MeishiChoiceBook *book, gint64 id)
{
    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (row->choice->id == id && row->forgotten == 0)
            return row;
    }
    return NULL;
}

static void
renew_memory(MeishiChoiceBook *book)
{
    meishi_memory_free(book->memory);
    book->memory = meishi_memory_new();
    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        row->shown = row->forgotten == 0 ? meishi_choice_copy(row->choice) : NULL;
        if (row->shown != NULL)
            meishi_memory_add_choice(book->memory, row->shown);
    }
    meishi_history_book_fill(book->history, book->memory);
    book->is_stale = FALSE;
}

const MeishiMemory *
meishi_choice_book_memory(MeishiChoiceBook *book)
{
    g_autoptr(GError) error = NULL;

    if (!meishi_choice_book_load(book, &error))
        g_debug("cannot read what was chosen before: %s", error->message);
    if (book->memory == NULL || book->is_stale)
        renew_memory(book);
    return book->memory;
}

static int
compare_choices(gconstpointer a, gconstpointer b)
{
    const MeishiChoice *x = *(MeishiChoice *const *)a, *y = *(MeishiChoice *const *)b;
    int order = strcmp(x->host, y->host);

    if (order == 0)
        order = (x->port > y->port) - (x->port < y->port);
    if (order == 0)
        order = g_strcmp0(x->application, y->application);
    return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

GPtrArray *
meishi_choice_book_list(MeishiChoiceBook *book, gint64 now)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_choice_free);

    (void)meishi_choice_book_memory(book); /* loads */
    for (guint i = 0; i < book->rows->len; i++) {
        const MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (meishi_choice_row_is_in_force(row, now))
            g_ptr_array_add(list, meishi_choice_copy(row->choice));
    }
    g_ptr_array_sort(list, compare_choices);
    return list;
}

gboolean
meishi_choice_filter_fits(const MeishiChoiceFilter *filter, const MeishiChoice *choice)
{
    return (filter->id == 0 || filter->id == choice->id) &&
           (filter->host == NULL || strcmp(filter->host, choice->host) == 0) &&
           (filter->port == 0 || filter->port == choice->port) &&
           (filter->application == NULL ||
            g_strcmp0(filter->application, choice->application) == 0) &&
           (filter->lineage == NULL || g_strcmp0(filter->lineage, choice->lineage) == 0) &&
           (filter->context == NULL || strcmp(filter->context, choice->context) == 0);
}

/* ---- following and learning ---------------------------------------------------------------- */

static void
count(MeishiChoice *choice, gint64 now)
{
    if (choice == NULL)
        return;
    choice->last_used = now;
    choice->uses += choice->uses < G_MAXUINT;
}

void
meishi_choice_book_used(MeishiChoiceBook *book, gint64 id, gint64 now)
{
    MeishiChoiceRow *row = meishi_choice_book_find(book, id);
    g_autoptr(GError) error = NULL;

    if (row == NULL)
        return;
    count(row->choice, now);
    count(row->shown, now); /* the engine does not look at counts, so its memory is not made anew */
    row->is_dirty = !row->is_passing;
    if (ABS(now - book->flushed) < COUNT_SECONDS)
        return;
    book->flushed = now;
    if (!flush(book, &error))
        g_debug("cannot write how often choices were used: %s", error->message);
}

/* A choice that lives on is written where the outcome changed it; another one goes. */
static gboolean
learn_choice(MeishiChoiceBook *book, const MeishiMeeting *meeting, GError **error)
{
    MeishiChoiceRow *row = meishi_choice_book_find(book, meeting->choice_id);
    MeishiSuspicion suspicion;
    guint8 alert;

    if (row == NULL)
        return TRUE;
    suspicion = row->choice->suspicion;
    alert = row->choice->alert;
    book->is_stale = TRUE;
    if (!meishi_choice_apply(row->choice, meeting->class, meeting->alert)) {
        g_ptr_array_remove(book->rows, row);
        return TRUE;
    }
    if (row->is_passing || (suspicion == row->choice->suspicion && alert == row->choice->alert))
        return TRUE;
    row->is_dirty = TRUE;
    return flush(book, error);
}

static gboolean
learn_history(MeishiChoiceBook *book, const MeishiMeeting *meeting, gint64 now, GError **error)
{
    const MeishiRequest *request = meeting->request;
    MeishiHistory history;

    if (meeting->id == NULL || request->host.kind == MEISHI_HOST_UNKNOWN ||
        meeting->class == MEISHI_OUTCOME_CLASS_LOCAL)
        return TRUE;
    history = meishi_history_book_lookup(book->history, request, meeting->id);
    meishi_outcome_apply(&history, meeting->class, meeting->alert, now);
    book->is_stale = TRUE;
    return meishi_history_book_report(book->history, request, meeting->id, &history, error);
}

gboolean
meishi_choice_book_report(MeishiChoiceBook *book, const MeishiMeeting *meeting, gint64 now,
                          GError **error)
{
    gboolean learned;

    if (!meishi_choice_book_load(book, error))
        return FALSE;
    learned = learn_choice(book, meeting, error);
    return learn_history(book, meeting, now, learned ? error : NULL) && learned;
}

gboolean
meishi_choice_book_ask_once(MeishiChoiceBook *book, gint64 id, gboolean ask_once)
{
    MeishiChoiceRow *row = meishi_choice_book_find(book, id);

    if (row == NULL || row->choice->ask_once == ask_once)
        return FALSE;
    row->choice->ask_once = ask_once;
    book->is_stale = TRUE;
    return TRUE;
}
