/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Collecting rows for one transaction; see choice-change.h.
 */
#include "daemon/agent/choice-change.h"

void
meishi_choice_change_init(MeishiChoiceChange *change)
{
    change->written = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_choice_free);
    change->removed = g_array_new(FALSE, FALSE, sizeof(gint64));
}

void
meishi_choice_change_clear(MeishiChoiceChange *change)
{
    g_clear_pointer(&change->written, g_ptr_array_unref);
    g_clear_pointer(&change->removed, g_array_unref);
}

void
meishi_choice_change_remove(MeishiChoiceChange *change, const MeishiChoiceRow *row)
{
    if (!row->is_passing)
        g_array_append_val(change->removed, row->choice->id);
}

void
meishi_choice_change_retire(MeishiChoiceChange *change, const MeishiChoiceRow *row,
                            gint64 forgotten, gint64 batch, gint64 replaced_by)
{
    MeishiStoreChoice *stored;

    if (row->is_passing)
        return;
    stored = meishi_choice_row_to_store(row);
    stored->forgotten = forgotten;
    stored->batch = batch;
    stored->replaced_by = replaced_by;
    g_ptr_array_add(change->written, stored);
}

void
meishi_choice_change_write(MeishiChoiceChange *change, const MeishiChoiceRow *row)
{
    meishi_choice_change_retire(change, row, 0, 0, 0);
}

gboolean
meishi_choice_change_commit(const MeishiChoiceChange *change, MeishiStore *store, GError **error)
{
    return (change->written->len == 0 && change->removed->len == 0) ||
           meishi_store_write_choices(store, change->written, change->removed, error);
}
