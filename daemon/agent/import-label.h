/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the identities of an import will be called.
 */
#pragma once

#include "daemon/agent/import-contents.h"

/* INVALID_ARGUMENT where one label is given for several identities. */
gboolean
meishi_import_label_check(const MeishiImportInput *input, const MeishiImportContents *contents,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The labels that are taken at the beginning; new. */
GHashTable *meishi_import_label_taken(const MeishiImportInput *input);

/* The label of a certificate with its key (which may be NULL), or of a bare key (@cert NULL); new,
 * and taken from now on. */
char *meishi_import_label_take(const MeishiImportInput *input, GHashTable *taken,
                               const MeishiFoundCert *cert, const MeishiFoundKey *key);
