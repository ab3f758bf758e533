/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is wrong with PKCS#11 modules, in words.  A module is a dictionary of Manager.ListModules.
 */
#pragma once

#include <glib.h>

/* A sentence or two about a module (a{sv}) that does not run as it should at @now (seconds since
 * 1970); new; NULL: it is well. */
char *meishi_modules_trouble(GVariant *module, gint64 now);

/* Writes these and @remarks to standard error; @modules: aa{sv}. */
void meishi_modules_print_troubles(GVariant *modules, const char *const *remarks);
