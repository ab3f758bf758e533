/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --json prints: UTF-8, indented, one value, a newline.
 */
#pragma once

#include <json-glib/json-glib.h>

/* Values, after json_builder_set_member_name() or in an array: "" and NULL are null, and so is a
 * date of 0; dates are ISO 8601 in UTC. */
void meishi_json_text(JsonBuilder *json, const char *text);
void meishi_json_date(JsonBuilder *json, gint64 time);
void meishi_json_list(JsonBuilder *json, const char *const *list);

/* Members of the object being built. */
void meishi_json_member(JsonBuilder *json, const char *name, const char *text);
void
meishi_json_target_member(JsonBuilder *json, const char *protocol, const char *host, guint port);
/* What @dict (a{sv}) has as @name (as); without it the list is empty. */
void meishi_json_list_member(JsonBuilder *json, const char *name, GVariant *dict);
void meishi_json_number_member(JsonBuilder *json, const char *name, gint64 number);

char *meishi_json_format(JsonBuilder *json); /* new, ends with a newline */
void meishi_json_print(JsonBuilder *json);

/* Prints {"name": "value", ...} of pairs of strings up to a NULL name. */
void meishi_json_print_pairs(const char *name, ...) G_GNUC_NULL_TERMINATED;
