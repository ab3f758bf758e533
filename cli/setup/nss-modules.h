/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pkcs11.txt: the list of modules in an NSS database directory.  Pure functions on its text; every
 * string returned is new.
 *
 * A stanza is lines "name=value" up to an empty one.  NSS reads values as they stand, without
 * quotes, and adds its own module where the list has none.
 */
#pragma once

#include <glib.h>

/* The modules of @text that have a library: name, library, name, library, ..., NULL-terminated. */
char **meishi_nss_modules_list(const char *text);

/* The libraries of ours that @text names, NULL-terminated. */
char **meishi_nss_modules_find(const char *text);

/* @text with a stanza for @module at its end, in the place of those that are ours. */
char *meishi_nss_modules_add(const char *text, const char *module);

/* @text without our stanzas. */
char *meishi_nss_modules_remove(const char *text);
