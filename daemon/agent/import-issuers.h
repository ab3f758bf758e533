/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The certificates among which an import looks for issuers: those of the vault and of the files.
 */
#pragma once

#include "daemon/agent/import-contents.h"

/* MeishiCert, each once; borrowed from @input and @contents. */
GPtrArray *
meishi_import_issuers_pool(const MeishiImportInput *input, const MeishiImportContents *contents);

/* Those of @pool that certify @leaf, its own issuers first; borrowed. */
GPtrArray *meishi_import_issuers_collect(const MeishiImportInput *input, GPtrArray *pool,
                                         const MeishiCert *leaf);

/* Whether the vault has @cert as an issuer. */
gboolean meishi_import_issuers_is_stored(const MeishiImportInput *input, const MeishiCert *cert);
