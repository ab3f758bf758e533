/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON from outside, and the two things that both browsers' policies need of it.
 */
#pragma once

#include <json-glib/json-glib.h>

/* Parses @text (UTF-8, a byte order mark is passed over); refuses what is nested deeper than any
 * policy is, because the parser recurses.  MEISHI_ERROR_BAD_FILE. */
JsonNode *
meishi_policy_json_parse(const char *text, gsize len, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The first member called @name in @node or anywhere below; where that is an object with "value" or
 * "Value", as chrome://policy and Firefox wrap it, its value.  NULL; borrowed. */
JsonNode *meishi_policy_json_find(JsonNode *node, const char *name);

/* The string or object of member @name; NULL where there is none or it is something else. */
const char *meishi_policy_json_string(JsonObject *object, const char *name);
JsonObject *meishi_policy_json_object(JsonObject *object, const char *name);

/* @node as indented text with a newline; new. */
char *meishi_policy_json_format(JsonNode *node, gboolean pretty);
