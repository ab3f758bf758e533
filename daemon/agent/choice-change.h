/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiChoiceChange: what one transaction does to the choices in the store.  Passing choices,
 * which the store does not know, are passed over.
 */
#pragma once

#include "daemon/agent/choice-row.h"

typedef struct {
    GPtrArray *written; /* MeishiStoreChoice */
    GArray *removed;    /* gint64 */
} MeishiChoiceChange;

void meishi_choice_change_init(MeishiChoiceChange *change);
void meishi_choice_change_clear(MeishiChoiceChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiChoiceChange, meishi_choice_change_clear)

void meishi_choice_change_remove(MeishiChoiceChange *change, const MeishiChoiceRow *row);

/* @row as it is, in force */
void meishi_choice_change_write(MeishiChoiceChange *change, const MeishiChoiceRow *row);

/* or forgotten. */
void meishi_choice_change_retire(MeishiChoiceChange *change, const MeishiChoiceRow *row,
                                 gint64 forgotten, gint64 batch, gint64 replaced_by);

/* TRUE also where there is nothing to do. */
gboolean meishi_choice_change_commit(const MeishiChoiceChange *change, MeishiStore *store,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
