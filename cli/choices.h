/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was chosen for which server (org.meishi.Agent1.Choices), as the command line shows it.
 */
#pragma once

#include "cli/client.h"

/* aa{sv} of List. */
GVariant *meishi_choices_list(MeishiClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void meishi_choices_print(GVariant *choices);
void meishi_choices_to_json(GVariant *choices, JsonBuilder *json);

/* "git.example.com:8443", "git.example.com" for every port, ".example.com" for a domain; new. */
char *meishi_choices_server(GVariant *choice);
