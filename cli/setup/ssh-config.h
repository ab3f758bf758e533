/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ssh_config(5): which module ssh is told to use with every host.  Pure functions; every string
 * returned is new.
 */
#pragma once

#include <glib.h>

/* The module of ours that @text names for all hosts; NULL where it names none. */
char *meishi_ssh_config_find(const char *text);

/* @text with a block for @module at its end, in the place of ours; what a person wrote for a host
 * comes before and wins. */
char *meishi_ssh_config_add(const char *text, const char *module);

/* @text without our block. */
char *meishi_ssh_config_remove(const char *text);
