/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * profiles.ini of Mozilla's programs, read as leniently as they do.  A pure function.
 */
#pragma once

#include <glib.h>

#define MEISHI_PROFILES_INI_MAX 200 /* people have a handful */

typedef struct {
    char *name; /* UTF-8; never NULL */
    char *path; /* as it stands: bytes of a file name */
    gboolean is_relative;
} MeishiProfile;

/* The profiles (MeishiProfile) of @text, which is @len bytes of anything, in their order. */
GPtrArray *meishi_profiles_ini_parse(const char *text, gsize len) G_GNUC_WARN_UNUSED_RESULT;
