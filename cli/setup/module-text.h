/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of p11-kit's file about us; pkcs11.conf(5).
 */
#pragma once

#include <glib.h>

/* @text, "" for a new file, naming @module; every other line stays.  New. */
char *meishi_module_text_set(const char *text, const char *module);
