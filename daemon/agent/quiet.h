/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiQuiet: who was told "not now" and is not to ask again at once.  A program that tries again
 * by itself must not make a window appear again and again; a person who does something is another
 * matter.  Knows no clock.
 */
#pragma once

#include <glib.h>

#define MEISHI_QUIET_SECONDS        30  /* after a dismissal */
#define MEISHI_QUIET_DISMISSALS     3   /* of these within */
#define MEISHI_QUIET_WINDOW_SECONDS 300 /* make it quiet until the person acts */
#define MEISHI_QUIET_NO_SECONDS     5 /* after a "no", which programs take for a try that failed */

typedef struct MeishiQuiet MeishiQuiet;

MeishiQuiet *meishi_quiet_new(void);
void meishi_quiet_free(MeishiQuiet *quiet); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiQuiet, meishi_quiet_free)

/* The person dismissed a question about @key (a program and a target). */
void meishi_quiet_dismissed(MeishiQuiet *quiet, const char *key, gint64 now);

/* The person answered one, and the answer was no. */
void meishi_quiet_refused(MeishiQuiet *quiet, const char *key, gint64 now);

/* Is nothing to be asked about @key at @now? */
gboolean meishi_quiet_holds(const MeishiQuiet *quiet, const char *key, gint64 now);

/* The person acted: it may be asked again. */
void meishi_quiet_end(MeishiQuiet *quiet, const char *key);
