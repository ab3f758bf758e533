/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * profiles.ini: the profiles of a Mozilla program.
 */
#pragma once

#include <glib.h>

#define MEISHI_PROFILES_INI_MAX 256 /* more than anybody has */

typedef struct {
    char *name; /* "default-esr"; "" where there is none */
    char *path; /* absolute */
} MeishiProfile;

void meishi_profile_free(MeishiProfile *profile);

/* The profiles that @text names (MeishiProfile), in its order; @dir: where the file lies.  What it
 * does not understand it passes over, as Mozilla does. */
GPtrArray *meishi_profiles_ini_parse(const char *text, const char *dir);
