/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One item of an import's report as words; a part of import-view.h.  Pure.
 */
#pragma once

#include "daemon/prompter/words/import-view.h"

MeishiImportCard *meishi_import_card_new(const MeishiImportedItem *item, gint64 now);

/* A certificate that was passed over, and why. */
MeishiImportCard *meishi_import_card_new_passed_over(const MeishiImportedItem *item);

void meishi_import_card_free(MeishiImportCard *card);

/* Whether @item is stored, as a certificate or key of the person's. */
gboolean meishi_import_card_is_stored(const MeishiImportedItem *item);

/* @text is taken. */
void meishi_import_card_note(GPtrArray *notes, char *text, gboolean is_warning);
GPtrArray *meishi_import_card_notes_new(void);
