/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of an import's report and the sentences in them.
 */
#pragma once

#include "daemon/agent/agent.h"

/* About a certificate, or (@cert NULL) a bare key. */
MeishiImportItem *meishi_import_item_new(MeishiImportOutcome outcome, const char *file,
                                         const MeishiCert *cert, const MeishiPublicKey *key);
void meishi_import_item_free(MeishiImportItem *item); /* NULL is fine */

/* @chain: MeishiCert, as meishi_chain_build() returns it. */
void meishi_import_item_set_chain(MeishiImportItem *item, const GPtrArray *chain);

/* Sets the warnings and says each as a sentence. */
void meishi_import_item_warn(MeishiImportItem *item, guint warnings, const MeishiCert *cert);

/* Adds one sentence; takes it over. */
void meishi_import_item_say(MeishiImportItem *item, char *message);
