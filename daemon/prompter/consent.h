/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiConsent: whether what happens in a window is done by whoever sits in front of it.
 *
 * Every program on the accessibility bus can press buttons and choose rows.  It must not be able to
 * say yes for the person: a yes takes a key that is pressed anew, or a click, in a window that has
 * had the focus for half a second.  What another program sends through the display (XTest) looks
 * just like that and is not told apart.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct MeishiConsent MeishiConsent;

/* @changed: meishi_consent_is_armed() is another than before. */
MeishiConsent *meishi_consent_new(GtkWindow *window, void (*changed)(gpointer data), gpointer data);
void meishi_consent_free(MeishiConsent *consent); /* before the window goes; NULL is fine */

/* Whether the half second is over. */
gboolean meishi_consent_is_armed(const MeishiConsent *consent);
/* What is shown is another than before: another half second. */
void meishi_consent_rearm(MeishiConsent *consent);

/* Whether a key or a click of the person's is being handled right now. */
gboolean meishi_consent_is_input(const MeishiConsent *consent);
