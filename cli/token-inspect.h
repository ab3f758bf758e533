/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a token says of itself (a{sv}, from Token.Inspect): its flags, what it can do, what is on
 * it.
 */
#pragma once

#include <json-glib/json-glib.h>

/* Lines for a person, under names of @width characters; new. */
char *meishi_token_inspect_format(GVariant *values, int width);

/* Adds members to the object that is being built. */
void meishi_token_inspect_to_json(GVariant *values, JsonBuilder *json);
