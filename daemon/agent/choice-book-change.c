/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The book of choices: choosing, forgetting and taking back.  A change is written first and happens
 * here when it is durable, so that what a program is told is what the next start will say.
 */
#include "daemon/agent/choice-book-private.h"

#include "daemon/agent/choice-change.h"
#include "daemon/base/error.h"

#include <string.h>

static GHashTable *
new_set(GPtrArray *rows)
{
    GHashTable *set = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < rows->len; i++)
        g_hash_table_add(set, g_ptr_array_index(rows, i));
    return set;
}

static void
remove_rows(MeishiChoiceBook *book, GPtrArray *gone)
{
    g_autoptr(GHashTable) set = new_set(gone);
    guint n = 0;

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (!g_hash_table_contains(set, row))
            book->rows->pdata[n++] = row;
    }
    book->rows->len = n;
    for (guint i = 0; i < gone->len; i++)
        meishi_choice_row_free(g_ptr_array_index(gone, i));
    book->is_stale |= gone->len > 0;
}

/* ---- what has to go ------------------------------------------------------------------------ */

static gint64
last_touched(const MeishiChoiceRow *row)
{
    if (row->forgotten != 0)
        return row->forgotten;
    return MAX(row->choice->created, row->choice->last_used);
}

static int
compare_touched(gconstpointer a, gconstpointer b)
{
    const MeishiChoiceRow *x = *(MeishiChoiceRow *const *)a, *y = *(MeishiChoiceRow *const *)b;
    gint64 p = last_touched(x), q = last_touched(y);

    return p != q ? (p > q) - (p < q)
                  : (x->choice->id > y->choice->id) - (x->choice->id < y->choice->id);
}

/* Those with @forgotten and @passing that are more than there may be, the oldest first. */
static void
find_overflow(MeishiChoiceBook *book, gboolean forgotten, gboolean passing, GPtrArray *gone)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if ((row->forgotten != 0) == forgotten && row->is_passing == passing)
            g_ptr_array_add(rows, row);
    }
    if (rows->len <= MEISHI_CHOICE_MAX)
        return;
    g_ptr_array_sort(rows, compare_touched);
    for (guint i = 0; i < rows->len - MEISHI_CHOICE_MAX; i++)
        g_ptr_array_add(gone, g_ptr_array_index(rows, i));
}

static gboolean
is_past(const MeishiChoiceRow *row, gint64 now)
{
    return row->forgotten != 0 ? now - row->forgotten >= MEISHI_CHOICE_UNDO_SECONDS
                               : !meishi_choice_row_is_in_force(row, now);
}

static GPtrArray *
find_past(MeishiChoiceBook *book, gint64 now)
{
    GPtrArray *past = g_ptr_array_new();

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (is_past(row, now))
            g_ptr_array_add(past, row);
    }
    return past;
}

static GPtrArray *
find_too_many(MeishiChoiceBook *book)
{
    GPtrArray *gone = g_ptr_array_new();

    find_overflow(book, FALSE, FALSE, gone);
    find_overflow(book, FALSE, TRUE, gone);
    find_overflow(book, TRUE, FALSE, gone);
    find_overflow(book, TRUE, TRUE, gone);
    return gone;
}

/* Best effort: what the store would not remove now goes the next time. */
static void
drop(MeishiChoiceBook *book, GPtrArray *gone)
{
    g_autoptr(GError) error = NULL;
    g_auto(MeishiChoiceChange) change;

    meishi_choice_change_init(&change);
    for (guint i = 0; i < gone->len; i++)
        meishi_choice_change_remove(&change, g_ptr_array_index(gone, i));
    if (meishi_choice_change_commit(&change, book->store, &error))
        remove_rows(book, gone);
    else
        g_debug("cannot remove old choices: %s", error->message);
}

static void
trim(MeishiChoiceBook *book, gint64 now)
{
    g_autoptr(GPtrArray) past = find_past(book, now);
    g_autoptr(GPtrArray) too_many = NULL;

    drop(book, past);
    too_many = find_too_many(book);
    drop(book, too_many);
}

gint64
meishi_choice_book_expire(MeishiChoiceBook *book, gint64 now)
{
    gint64 next = G_MAXINT64;

    trim(book, now);
    for (guint i = 0; i < book->rows->len; i++) {
        const MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (row->forgotten != 0)
            next = MIN(next, row->forgotten + MEISHI_CHOICE_UNDO_SECONDS);
        else if (row->choice->expires != 0)
            next = MIN(next, row->choice->expires);
    }
    return next;
}

guint
meishi_choice_book_end_context(MeishiChoiceBook *book, const char *context)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    guint n = 0;

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (!row->is_passing || (context != NULL && strcmp(row->choice->context, context) != 0))
            continue;
        n += row->forgotten == 0;
        g_ptr_array_add(gone, row);
    }
    remove_rows(book, gone);
    meishi_history_book_end_context(book->history, context);
    book->is_stale = TRUE;
    return n;
}

/* ---- forgetting ---------------------------------------------------------------------------- */

/* Nobody wants to have back what would have been over in a minute. */
static gboolean
can_come_back(const MeishiChoiceRow *row)
{
    return row->choice->scope != MEISHI_SCOPE_ONCE;
}

/* Puts @rows out of force, as @batch. */
static void
retire(MeishiChoiceBook *book, GPtrArray *rows, gint64 now, gint64 batch, gint64 replaced_by)
{
    for (guint i = 0; i < rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(rows, i);

        if (!can_come_back(row)) {
            g_ptr_array_remove(book->rows, row);
            continue;
        }
        row->forgotten = now;
        row->batch = batch;
        row->replaced_by = replaced_by;
        row->is_dirty = FALSE;
    }
    book->is_stale = TRUE;
}

static void
plan_retirement(MeishiChoiceChange *change, GPtrArray *rows, gint64 now, gint64 batch,
                gint64 replaced_by)
{
    for (guint i = 0; i < rows->len; i++)
        meishi_choice_change_retire(change, g_ptr_array_index(rows, i), now, batch, replaced_by);
}

static gboolean
forget_met_at(MeishiChoiceBook *book, const MeishiChoice *choice, GError **error)
{
    return meishi_history_book_forget(book->history, choice->host,
                                      choice->reach == MEISHI_REACH_HOST_PORT ? choice->port : 0,
                                      choice->reach == MEISHI_REACH_DOMAIN, error);
}

static gboolean
forget_met(MeishiChoiceBook *book, const MeishiChoiceFilter *filter, GPtrArray *rows,
           GError **error)
{
    gboolean is_place = filter->id == 0 && filter->application == NULL && filter->lineage == NULL &&
                        filter->context == NULL;

    book->is_stale = TRUE;
    if (is_place &&
        !meishi_history_book_forget(book->history, filter->host, filter->port, FALSE, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        if (!forget_met_at(book, ((MeishiChoiceRow *)g_ptr_array_index(rows, i))->choice, error))
            return FALSE;
    return TRUE;
}

/* Does @filter mean everything? */
static gboolean
is_all(const MeishiChoiceFilter *filter)
{
    return filter->id == 0 && filter->host == NULL && filter->port == 0 &&
           filter->application == NULL && filter->lineage == NULL && filter->context == NULL;
}

static GPtrArray *
find_fitting(MeishiChoiceBook *book, const MeishiChoiceFilter *filter, gint64 now)
{
    GPtrArray *rows = g_ptr_array_new();

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (meishi_choice_row_is_in_force(row, now) &&
            meishi_choice_filter_fits(filter, row->choice))
            g_ptr_array_add(rows, row);
    }
    return rows;
}

/* The choices come last: where the store fails on the way, all of them are still in force, here and
 * there, and what was met at their targets is forgotten in part, which costs a question. */
gboolean
meishi_choice_book_forget(MeishiChoiceBook *book, const MeishiChoiceFilter *filter, gint64 now,
                          guint *ret_count, GError **error)
{
    g_autoptr(GPtrArray) rows = NULL;
    g_auto(MeishiChoiceChange) change;

    meishi_choice_change_init(&change);
    if (!meishi_choice_book_load(book, error))
        return FALSE;
    rows = find_fitting(book, filter, now);
    plan_retirement(&change, rows, now, book->last_batch + 1, 0);
    if (!forget_met(book, filter, rows, error) ||
        (is_all(filter) && !meishi_store_remove_damaged(book->store, error)) ||
        !meishi_choice_change_commit(&change, book->store, error))
        return FALSE;
    *ret_count = rows->len;
    retire(book, rows, now, ++book->last_batch, 0);
    trim(book, now);
    return TRUE;
}

/* ---- choosing ------------------------------------------------------------------------------ */

static MeishiChoiceRow *
adopt(MeishiChoice *choice, gint64 now)
{
    if (choice->scope == MEISHI_SCOPE_ALWAYS && g_str_has_prefix(choice->context, "private:"))
        choice->scope = MEISHI_SCOPE_SESSION;
    if (choice->scope == MEISHI_SCOPE_ONCE && choice->expires == 0)
        choice->expires = now + MEISHI_CHOICE_ONCE_SECONDS;
    if (choice->reach != MEISHI_REACH_HOST_PORT)
        choice->port = 0;
    choice->created = now;
    return meishi_choice_row_new(choice, choice->scope != MEISHI_SCOPE_ALWAYS);
}

/* The same said again keeps its number and its counts. */
static void
take_over(MeishiChoiceRow *row, const MeishiChoiceRow *same)
{
    row->choice->id = same->choice->id;
    row->choice->uses = same->choice->uses;
    row->choice->last_used = same->choice->last_used;
}

/* What @row replaces: @ret_same says the same as it, @older something else. */
static MeishiChoiceRow *
find_older(MeishiChoiceBook *book, const MeishiChoiceRow *row, GPtrArray *older)
{
    MeishiChoiceRow *same = NULL;

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *other = g_ptr_array_index(book->rows, i);

        if (other->forgotten != 0 || other->choice->scope > row->choice->scope ||
            !meishi_choice_row_is_same_target(other->choice, row->choice))
            continue;
        if (other->choice->scope == row->choice->scope &&
            g_strcmp0(other->choice->lineage, row->choice->lineage) == 0)
            same = other;
        else
            g_ptr_array_add(older, other);
    }
    return same;
}

static gint64
next_id(MeishiChoiceBook *book, const MeishiChoiceRow *row)
{
    return row->is_passing ? ++book->last_passing_id : ++book->last_stored_id;
}

gboolean
meishi_choice_book_set(MeishiChoiceBook *book, MeishiChoice *choice, gint64 now, gint64 *ret_id,
                       GError **error)
{
    g_autoptr(MeishiChoiceRow) row = adopt(choice, now);
    g_autoptr(GPtrArray) older = g_ptr_array_new();
    g_auto(MeishiChoiceChange) change;
    MeishiChoiceRow *same;

    meishi_choice_change_init(&change);
    if (!meishi_choice_book_load(book, error))
        return FALSE;
    same = find_older(book, row, older);
    choice->id = next_id(book, row);
    if (same != NULL)
        take_over(row, same);
    plan_retirement(&change, older, now, book->last_batch + 1, choice->id);
    meishi_choice_change_write(&change, row);
    if (!meishi_choice_change_commit(&change, book->store, error))
        return FALSE;
    if (older->len > 0)
        retire(book, older, now, ++book->last_batch, choice->id);
    if (same != NULL)
        g_ptr_array_remove(book->rows, same);
    if (ret_id != NULL)
        *ret_id = choice->id;
    g_ptr_array_add(book->rows, g_steal_pointer(&row));
    book->is_stale = TRUE;
    trim(book, now);
    return TRUE;
}

/* ---- lineages ------------------------------------------------------------------------------ */

static void
rename_lineage(MeishiChoice *choice, const char *to)
{
    g_free(choice->lineage);
    choice->lineage = g_strdup(to);
}

static GPtrArray *
find_lineage(MeishiChoiceBook *book, const char *lineage)
{
    GPtrArray *rows = g_ptr_array_new();

    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (g_strcmp0(row->choice->lineage, lineage) == 0)
            g_ptr_array_add(rows, row);
    }
    return rows;
}

gboolean
meishi_choice_book_move(MeishiChoiceBook *book, const char *from, const char *to, GError **error)
{
    g_autoptr(GPtrArray) rows = NULL;
    g_auto(MeishiChoiceChange) change;

    meishi_choice_change_init(&change);
    if (!meishi_choice_book_load(book, error))
        return FALSE;
    rows = find_lineage(book, from);
    for (guint i = 0; i < rows->len; i++) {
        const MeishiChoiceRow *row = g_ptr_array_index(rows, i);

        meishi_choice_change_retire(&change, row, row->forgotten, row->batch, row->replaced_by);
    }
    for (guint i = 0; i < change.written->len; i++) {
        MeishiStoreChoice *stored = g_ptr_array_index(change.written, i);

        g_free(stored->lineage);
        stored->lineage = g_strdup(to);
    }
    if (!meishi_choice_change_commit(&change, book->store, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        rename_lineage(((MeishiChoiceRow *)g_ptr_array_index(rows, i))->choice, to);
    book->is_stale = TRUE;
    return TRUE;
}

/* ---- taking back --------------------------------------------------------------------------- */

/* A batch that is to come back: @back will be in force, @gone will not be there any more. */
typedef struct {
    GPtrArray *back, *gone;
} Undo;

static gint64
find_last_batch(MeishiChoiceBook *book)
{
    gint64 batch = 0;

    for (guint i = 0; i < book->rows->len; i++) {
        const MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);

        if (row->forgotten != 0)
            batch = MAX(batch, row->batch);
    }
    return batch;
}

/* The choice in force that stands where @row would; not the one that took its place, which goes. */
static gboolean
has_successor(MeishiChoiceBook *book, const MeishiChoiceRow *row)
{
    for (guint i = 0; i < book->rows->len; i++) {
        const MeishiChoiceRow *other = g_ptr_array_index(book->rows, i);

        if (other->forgotten == 0 && other->choice->id != row->replaced_by &&
            other->choice->scope == row->choice->scope &&
            meishi_choice_row_is_same_target(other->choice, row->choice))
            return TRUE;
    }
    return FALSE;
}

static void
plan_undo(MeishiChoiceBook *book, gint64 batch, const Undo *undo)
{
    for (guint i = 0; i < book->rows->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(book->rows, i);
        MeishiChoiceRow *replacement;

        if (row->forgotten == 0 || row->batch != batch)
            continue;
        if (has_successor(book, row)) {
            g_ptr_array_add(undo->gone, row);
            continue;
        }
        g_ptr_array_add(undo->back, row);
        replacement =
            row->replaced_by != 0 ? meishi_choice_book_find(book, row->replaced_by) : NULL;
        if (replacement != NULL && !g_ptr_array_find(undo->gone, replacement, NULL))
            g_ptr_array_add(undo->gone, replacement);
    }
}

static void
apply_undo(MeishiChoiceBook *book, const Undo *undo)
{
    for (guint i = 0; i < undo->back->len; i++) {
        MeishiChoiceRow *row = g_ptr_array_index(undo->back, i);

        row->forgotten = row->batch = row->replaced_by = 0;
    }
    remove_rows(book, undo->gone);
    book->is_stale = TRUE;
}

gboolean
meishi_choice_book_undo(MeishiChoiceBook *book, gint64 now, guint *ret_count, GError **error)
{
    g_autoptr(GPtrArray) back = g_ptr_array_new();
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    const Undo undo = {.back = back, .gone = gone};
    g_auto(MeishiChoiceChange) change;
    gint64 batch;

    meishi_choice_change_init(&change);
    if (!meishi_choice_book_load(book, error))
        return FALSE;
    trim(book, now);
    batch = find_last_batch(book);
    if (batch == 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "Nothing was forgotten or replaced in the last 30 days.");
        return FALSE;
    }
    plan_undo(book, batch, &undo);
    for (guint i = 0; i < back->len; i++)
        meishi_choice_change_write(&change, g_ptr_array_index(back, i));
    for (guint i = 0; i < gone->len; i++)
        meishi_choice_change_remove(&change, g_ptr_array_index(gone, i));
    if (!meishi_choice_change_commit(&change, book->store, error))
        return FALSE;
    apply_undo(book, &undo);
    *ret_count = back->len;
    return TRUE;
}
