/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A framed list for reading: facts with their names, or things with what is said of them.  Nothing
 * in it can be chosen.
 */
#pragma once

#include <adwaita.h>

/* @title: NULL for none. */
AdwPreferencesGroup *meishi_fact_group_new(const char *title);

/* A fact: its name is small, its value is what is read. */
void meishi_fact_group_add(AdwPreferencesGroup *group, const char *name, const char *value);

/* A thing: its name, and below it a line or more; @icon says nothing else than they do. */
void meishi_fact_group_add_thing(AdwPreferencesGroup *group, const char *icon, const char *name,
                                 const char *text);
