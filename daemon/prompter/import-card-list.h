/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import holds as rows: the facts of one certificate, or a line for each of several that
 * opens to its facts.
 */
#pragma once

#include "daemon/prompter/words/import-view.h"

#include <adwaita.h>

/* The facts of @card. */
GtkWidget *meishi_import_card_list_facts(const MeishiImportCard *card);

/* @cards: MeishiImportCard.  @title: above them; NULL. */
GtkWidget *meishi_import_card_list_new(GPtrArray *cards, const char *title);
