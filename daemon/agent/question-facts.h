/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The question "which certificate?" as org.meishi.Agent1.Prompter documents it, and what a person's
 * answer says.  Identities stand in both by id (prompters.h); object paths are added, and taken
 * away again, by the bus, which is the only part that has them.
 */
#pragma once

#include "daemon/agent/hints.h"
#include "daemon/agent/selector.h"

#define MEISHI_QUESTION_MAX_CANDIDATES 256 /* that are put before a person */
#define MEISHI_QUESTION_MAX_ACCEPTS    16

/* a{sv}, floating.  @deadline: when @call gives up, in seconds since 1970. */
GVariant *meishi_question_facts_new(const MeishiSelectCall *call, const MeishiDecision *decision,
                                    const MeishiWorld *world, gint64 deadline);

/* The same for "explain": nothing is asked, and the candidates are all identities. */
GVariant *
meishi_question_facts_explain(const MeishiSelectCall *call, const MeishiDecision *decision,
                              const MeishiWorld *world, gint64 deadline);

/* @text, which may name a file and so be any bytes, as D-Bus takes it: valid UTF-8, "" for NULL;
 * floating. */
GVariant *meishi_question_facts_text(const char *text);

/* Adds what is known of @application where it has said nothing itself.  Who signs does not say for
 * whom; at most it is known what the program was to connect to: @hint, NULL. */
void meishi_question_facts_add_program(GVariantDict *dict, const MeishiApplication *application,
                                       const MeishiHint *hint);

/* The domain that MEISHI_REACH_DOMAIN stands for in an answer about @host: the one right above it,
 * "corp.example.com" for "www.corp.example.com"; NULL where that is no domain for a choice.  New.
 */
char *meishi_question_facts_domain(const MeishiHost *host);

/* What a person said. */
typedef struct {
    char *id; /* NULL: send none */
    MeishiScope scope;
    MeishiReach reach;
    gboolean any_application;
} MeishiPersonAnswer;

void meishi_person_answer_clear(MeishiPersonAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiPersonAnswer, meishi_person_answer_clear)

/* Reads @dict (a{sv}); INVALID_ARGUMENT. */
gboolean meishi_question_facts_read_answer(GVariant *dict, MeishiPersonAnswer *ret_answer,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
