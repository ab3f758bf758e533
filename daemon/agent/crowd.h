/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCrowd: tasks that wait for one and the same thing, in the order in which they came.  Who is
 * cancelled leaves at once and is told CANCELLED; what the others are told, and when, is their
 * host's affair.  Invariant: a task is in the crowd until it has been returned or taken.
 */
#pragma once

#include <gio/gio.h>

typedef struct MeishiCrowd MeishiCrowd;

/* @on_deserted is called when the last one was cancelled, before that one is told. */
MeishiCrowd *meishi_crowd_new(void (*on_deserted)(gpointer user_data), gpointer user_data);
void meishi_crowd_free(MeishiCrowd *crowd); /* an empty one; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiCrowd, meishi_crowd_free)

/* Keeps a reference.  From here on, the crowd tells @task that it was cancelled. */
void meishi_crowd_join(MeishiCrowd *crowd, GTask *task);

gboolean meishi_crowd_is_empty(const MeishiCrowd *crowd);

GTask *meishi_crowd_first(const MeishiCrowd *crowd); /* borrowed; NULL */
GTask *meishi_crowd_take(MeishiCrowd *crowd);        /* the first, out of the crowd; NULL */

/* Tells everybody: TRUE, or a copy of @error.  What one does when it is told may lead anywhere, but
 * not to the end of @crowd. */
void meishi_crowd_tell(MeishiCrowd *crowd, const GError *error);
