/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parts of a name as RFC 4514 writes it.
 */
#pragma once

#include <glib.h>

/* The value of the first attribute @type ("CN", "OU") of @name, which is the most specific one,
 * without its escapes; new, NULL where there is none. */
char *meishi_distinguished_find(const char *name, const char *type);

/* Its common name, else all of it; new. */
char *meishi_distinguished_short(const char *name);
