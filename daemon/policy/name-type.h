/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Attribute types of names: keywords, dotted OIDs, hex values.  For name.c and name-parse.c, and
 * whoever reads OIDs in a policy file.
 */
#pragma once

#include <glib.h>

/* The keyword to print for @oid, or @oid itself. */
const char *meishi_name_type_keyword(const char *oid);

/* Is @text a dotted OID: two arcs or more, digits without leading zeros, first arc 0 to 2? */
gboolean meishi_name_type_is_oid(const char *text);

/* Is @text one or more pairs of hex digits? */
gboolean meishi_name_type_is_hex(const char *text);
