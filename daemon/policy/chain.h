/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a leaf to its issuers.  Pure: names and key identifiers decide; whoever holds OpenSSL can
 * check the signatures with the callback.
 */
#pragma once

#include "daemon/policy/cert.h"

/* Says whether @issuer's key made the signature on @cert. */
typedef gboolean (*MeishiChainVerify)(const MeishiCert *cert, const MeishiCert *issuer,
                                      gpointer user_data);

/* Whether @issuer may have issued @cert as far as names and key identifiers say. */
gboolean meishi_chain_is_link(const MeishiCert *cert, const MeishiCert *issuer);

/* The issuers of @leaf out of @pool (MeishiCert), leaf's issuer first, self-signed root included
 * where the pool has it.  Follows issuer name and, where both carry one, key identifiers; among
 * several candidates prefers one that is valid at @now and issued last.  Cuts loops and stops at
 * 20.  @verify may be NULL.  Returns a new array of references. */
GPtrArray *meishi_chain_build(MeishiCert *leaf, GPtrArray *pool, gint64 now,
                              MeishiChainVerify verify, gpointer user_data);
