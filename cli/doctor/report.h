/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Findings as people and programs read them.
 */
#pragma once

#include <glib.h>

/* One line each; of what is not well also what it means and the command that mends it. */
void meishi_doctor_report_print(GPtrArray *findings);

/* {"problems": N, "notes": N, "findings": [...]}, as meishi(1) has it. */
void meishi_doctor_report_json(GPtrArray *findings);
