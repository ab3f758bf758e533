/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTimeBar: the line of a window that says how long whoever asks waits, and offers more time
 * before that ends (specification 6.3).  A change that the person did not make is announced.
 */
#pragma once

#include "daemon/asking/question.h"

#include <gtk/gtk.h>

typedef struct MeishiTimeBar MeishiTimeBar;

/* @more: the person wants more time. */
MeishiTimeBar *meishi_time_bar_new(void (*more)(gpointer data), gpointer data);
void meishi_time_bar_free(MeishiTimeBar *bar); /* not its widget; NULL is fine */

GtkWidget *meishi_time_bar_widget(MeishiTimeBar *bar);

/* Says what @question says now; borrowed until the next call or the end. */
void meishi_time_bar_update(MeishiTimeBar *bar, const MeishiQuestion *question);
/* The question goes: says @text from now on. */
void meishi_time_bar_stop(MeishiTimeBar *bar, const char *text);
