/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A framed list of facts: a name and what is said of it.  For reading; nothing in it can be chosen.
 */
#pragma once

#include <adwaita.h>

/* @title: NULL for none. */
AdwPreferencesGroup *meishi_fact_group_new(const char *title);

/* @icon says the same as @value; NULL. */
void meishi_fact_group_add(AdwPreferencesGroup *group, const char *name, const char *value,
                           const char *icon);
