/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cards and tokens as a table, in full and as JSON; and which one a person means.  A token is the
 * properties (GVariant a{sv}) of its org.meishi.Agent1.Token.
 */
#pragma once

#include <json-glib/json-glib.h>

/* By label. */
void meishi_tokens_sort(GPtrArray *tokens);

void meishi_tokens_print(GPtrArray *tokens);
void meishi_tokens_to_json(GPtrArray *tokens, JsonBuilder *json);

/* @labels: of the identities on it.  @inspected: what Token.Inspect says; NULL: it is not there. */
void meishi_tokens_print_one(GVariant *token, GPtrArray *labels, GVariant *inspected);
/* An object. */
void meishi_tokens_one_to_json(GVariant *token, GVariant *inspected, JsonBuilder *json);

/* Whether the person goes on where the PIN's last try is at stake; asks, where it is.  FALSE with
 * an error where not, or where nobody can be asked. */
gboolean meishi_tokens_agree_to_last_try(GVariant *token, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The one of @tokens that @name means, borrowed: by label, then by label in other case, then by
 * serial number.  MEISHI_CLI_ERROR_NAME where none fits, or several. */
GVariant *meishi_tokens_resolve(GPtrArray *tokens, const char *name,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
