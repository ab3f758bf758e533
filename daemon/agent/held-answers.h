/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiHeldAnswers: what a person said, for the short while in which it is asked again: for
 * connections of one group, for an identity that is never taken without a person's word, and for
 * programs that are not known well enough for a choice.  Nothing of it is a choice (choice-book.h):
 * it has no wider reach than the question that was answered.  Knows no clock.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/request.h"

#define MEISHI_HELD_ANSWER_SECONDS 120

typedef struct MeishiHeldAnswers MeishiHeldAnswers;

MeishiHeldAnswers *meishi_held_answers_new(void);
void meishi_held_answers_free(MeishiHeldAnswers *held); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiHeldAnswers, meishi_held_answers_free)

/* The answer to the question @key, which was put for @request: identity @id, or none for NULL. */
void meishi_held_answers_add(MeishiHeldAnswers *held, const char *key, const MeishiRequest *request,
                             const char *id, gint64 now);

/* FALSE where there is none.  @ret_id may be NULL after TRUE; borrowed until the next call. */
gboolean
meishi_held_answers_find(MeishiHeldAnswers *held, const char *key, gint64 now, const char **ret_id);

/* Which answers are to be dropped; a member that is NULL or 0 does not narrow. */
typedef struct {
    const char *host;
    guint port;
    const char *application;
    const char *context;
} MeishiHeldFilter;

guint meishi_held_answers_drop(MeishiHeldAnswers *held, const MeishiHeldFilter *filter);
