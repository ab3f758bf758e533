/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Remarks about policy files, as text and as JSON.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "daemon/policy/lint.h"

/* One line each, to standard output or standard error (@fd):
 * "FILE:LINE: error: [GROUP] KEY: MESSAGE". */
void meishi_policy_remarks_print(GPtrArray *lints, int fd);

/* An array of objects. */
void meishi_policy_remarks_to_json(GPtrArray *lints, JsonBuilder *json);

guint meishi_policy_remarks_count(GPtrArray *lints, MeishiSeverity severity);

/* Names the words by which remarks are sorted: "error", "warning"; static. */
const char *meishi_policy_remarks_severity(MeishiSeverity severity);
