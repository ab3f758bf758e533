/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A choice of MeishiChoiceBook with what the book knows about it, and the way to and from the
 * store's row.
 */
#pragma once

#include "daemon/policy/choice.h"
#include "daemon/store/store.h"

typedef struct {
    MeishiChoice *choice;
    gboolean is_passing; /* lives in the book alone */
    gboolean is_dirty;   /* the store does not have its last counters */
    gint64 forgotten;    /* when; 0: in force */
    gint64 batch;
    gint64 replaced_by;
    MeishiChoice *shown; /* its copy in the memory that was handed out; NULL */
} MeishiChoiceRow;

/* Takes @choice. */
MeishiChoiceRow *meishi_choice_row_new(MeishiChoice *choice, gboolean is_passing);
void meishi_choice_row_free(MeishiChoiceRow *row); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiChoiceRow, meishi_choice_row_free)

MeishiChoiceRow *meishi_choice_row_from_store(const MeishiStoreChoice *stored);
MeishiStoreChoice *meishi_choice_row_to_store(const MeishiChoiceRow *row);

/* Do both speak of the same targets, program and context? */
gboolean meishi_choice_row_is_same_target(const MeishiChoice *a, const MeishiChoice *b);

/* Neither forgotten nor past. */
gboolean meishi_choice_row_is_in_force(const MeishiChoiceRow *row, gint64 now);
