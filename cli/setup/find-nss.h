/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the places of Mozilla's programs and of Chromium have in common: an NSS database, and, in
 * a Flatpak, a copy of the module that can be seen from inside.
 */
#pragma once

#include "cli/setup/place.h"
#include "cli/setup/surroundings.h"

typedef enum {
    MEISHI_SANDBOX_NONE,
    MEISHI_SANDBOX_FLATPAK,
    MEISHI_SANDBOX_SNAP,
} MeishiSandbox;

/* Who looks there. */
typedef struct {
    const char *program;
    const char *name; /* for people: "Firefox" */
    MeishiSandbox sandbox;
    const char *app; /* its name there: "org.mozilla.firefox"; NULL */
} MeishiNssUser;

/* Adds the database in the directory @dir, unless it is there already; @which: "profile default",
 * or NULL.  Returns the place, borrowed, or NULL. */
MeishiPlace *meishi_find_nss_add(const MeishiSurroundings *around, const MeishiNssUser *user,
                                 const char *dir, const char *which, GPtrArray *places);

/* Adds the copy of the module that @user's sandbox needs, if it needs one. */
void meishi_find_nss_add_library(const MeishiSurroundings *around, const MeishiNssUser *user,
                                 GPtrArray *places);
