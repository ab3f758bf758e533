/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `meishi policy` reads: policy files, and certificates to judge them by.
 */
#pragma once

#include <glib.h>

#include "cli/client.h"
#include "daemon/policy/inventory.h"
#include "daemon/rules/rule-files.h"

/* The whole of @path ("-": standard input), at most 16 MiB; @ret_name (may be NULL) is how messages
 * call it, new. */
GBytes *meishi_policy_input_read(const char *path, char **ret_name,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The policy files @paths and those of the directories among them; without any, everything that is
 * installed (below @root, where that is not NULL). */
MeishiRuleFiles *
meishi_policy_input_rules(char **paths, const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, put together.  Remarks are printed to standard error where one is an error, and the
 * error then has no message. */
MeishiPolicySet *meishi_policy_input_set(char **paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The identities of @files (PEM, DER, PKCS#12): in each, the certificates that have their key
 * there, or else the first one; the rest are their authorities. */
MeishiInventory *
meishi_policy_input_identities(char **files, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The identities of the store. */
MeishiInventory *
meishi_policy_input_store(MeishiClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Those of @files or, where that is NULL, of the store, for which a daemon is started. */
MeishiInventory *
meishi_policy_input_inventory(char **files, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names of acceptable authorities (MeishiName): each item of @list is a file of certificates,
 * whose subjects count, or a name of RFC 4514. */
GPtrArray *meishi_policy_input_names(char **list, GError **error) G_GNUC_WARN_UNUSED_RESULT;
