/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chromium's AutoSelectCertificateForUrls, to rules and from them.  What cannot be said on the
 * other side is a sentence in @losses (char *); whether it may be lost is for the caller to decide.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/rule-set.h"

/* @text is a policy file, what chrome://policy exports, or the list alone, whose entries are
 * objects or strings that hold one.  The result is a policy file of ours, without an error.
 * MEISHI_ERROR_BAD_FILE. */
char *meishi_policy_chromium_import(const char *text, gsize len, GPtrArray *losses,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The rules of @set that select, as a policy file of Chromium's; new. */
char *meishi_policy_chromium_export(const MeishiPolicySet *set, GPtrArray *losses);
