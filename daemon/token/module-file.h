/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files of pkcs11.conf(5): lines "name: value", put together from several places.  What the
 * names mean is modules.c's business.
 */
#pragma once

#include <glib.h>

/* The settings of one file (char * -> char *); NULL with BAD_FILE, IO, NOT_FOUND. */
GHashTable *meishi_module_file_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same from text. */
GHashTable *meishi_module_file_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the files of @dir to @modules (name -> settings).  What is there already wins, setting by
 * setting.  Files that cannot be read are said in @remarks. */
void meishi_module_files_merge(GHashTable *modules, const char *dir, GPtrArray *remarks);

GHashTable *meishi_module_files_new(void);

/* Whether @word is in a list of words between commas and blanks. */
gboolean meishi_module_file_has_word(const char *list, const char *word);
