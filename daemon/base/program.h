/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program that this process executes, as a file.
 */
#pragma once

#include <glib.h>

/* Whether the file that the process was started from lies nowhere any more: an upgrade put another
 * in its place, or removed it.  FALSE where that cannot be told. */
gboolean meishi_program_is_replaced(void);
