/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why an import did not keep something, in sentences that say what to do.  New strings.
 */
#pragma once

#include "daemon/agent/import-contents.h"

/* Why a certificate was passed over; @ret_reason is MeishiImportItem.reason. */
char *meishi_import_why_passed_over(const MeishiFoundCert *cert,
                                    const MeishiImportContents *contents, const char **ret_reason);

/* That a key matches none of the certificates that came with it; NULL where none did. */
char *meishi_import_why_unmatched(const MeishiFoundKey *key, const MeishiImportContents *contents);

/* What the files hold, where none of it can be kept. */
char *
meishi_import_why_nothing(const MeishiImportInput *input, const MeishiImportContents *contents);
