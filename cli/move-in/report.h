/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was found where, and what became of it: for people and for programs.
 */
#pragma once

#include "cli/move-in/haul.h"

/* @report: of the import; NULL where there was nothing to import. */
void meishi_move_in_report_print(const MeishiHaul *haul, GVariant *report);
void meishi_move_in_report_print_json(const MeishiHaul *haul, GVariant *report, gboolean dry_run);

/* The former as text; new. */
char *meishi_move_in_report_format(const MeishiHaul *haul, GVariant *report, guint width);
