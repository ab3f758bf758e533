/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox's policies.json, to rules and from them.  Firefox has no rules for sites: it loads the
 * module, and takes the first certificate that fits or asks.  @losses as in policy-chromium.h.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/rule-set.h"

/* "Select Automatically" becomes a rule that selects for Firefox.  Whether our module is loaded is
 * a remark in @notes (char *), since it is no rule.  MEISHI_ERROR_BAD_FILE. */
char *meishi_policy_firefox_import(const char *text, gsize len, GPtrArray *losses, GPtrArray *notes,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Loads @module (a path) and, with @automatic, has Firefox take the first certificate that fits,
 * which is the one that a rule of @set selects wherever Firefox goes; new. */
char *meishi_policy_firefox_export(const MeishiPolicySet *set, const char *module,
                                   gboolean automatic, GPtrArray *losses);
