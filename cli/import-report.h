/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import did, for people and for programs.
 */
#pragma once

#include <json-glib/json-glib.h>

/* @report: the a{sv} that Manager.Import returns. */
void meishi_import_report_print(GVariant *report);
void meishi_import_report_print_json(GVariant *report);

/* The latter's members, into an object that is being built. */
void meishi_import_report_add_json(JsonBuilder *json, GVariant *report);

/* The same as text; new. */
char *meishi_import_report_format(GVariant *report, guint width);
