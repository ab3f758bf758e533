/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a file is that we cannot use.  Private to daemon/crypto/.
 */
#pragma once

#include <glib.h>

/* A sentence for a file that is neither PEM nor DER; FALSE (BAD_FILE, UNSUPPORTED) always. */
gboolean meishi_bundle_describe(GBytes *file, GError **error);

/* FALSE (BAD_FILE) where the outermost ASN.1 length reaches beyond the file. */
gboolean meishi_bundle_describe_cut(GBytes *file, GError **error);
