/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a{sv} that came over the bus.  The daemon is newer or older than we are: what is missing
 * or has another type reads as nothing, which is no error.
 */
#pragma once

#include <glib.h>

/* A string; "" for nothing.  Borrowed from @dict. */
const char *meishi_dict_text(GVariant *dict, const char *name);

/* An x or a u; 0 for nothing. */
gint64 meishi_dict_number(GVariant *dict, const char *name);

gboolean meishi_dict_flag(GVariant *dict, const char *name);
