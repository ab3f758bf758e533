/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which pinentry the person wants to be asked by, if any.
 */
#pragma once

#include <glib.h>

/* @name: a path, or a name to look for in PATH.  @ret_program: absolute, checked, new.  USAGE where
 * there is none, or where somebody else could put another program in its place. */
gboolean meishi_pinentry_program_find(const char *name, char **ret_program,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What prompter.conf in the person's configuration says; NULL where it says nothing.  New. */
gboolean
meishi_pinentry_program_configured(char **ret_program, GError **error) G_GNUC_WARN_UNUSED_RESULT;
