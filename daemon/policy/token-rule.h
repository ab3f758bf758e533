/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a policy file says about tokens themselves, [Token NAME]: whatever it says is a constraint,
 * and of all groups that fit a token the strictest counts, whoever wrote it.  Reading is in
 * rule-parse.c, by the table here.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/candidate.h"
#include "daemon/policy/pin-keep.h"
#include "daemon/policy/rule.h"

/* Texts by which a token is meant. */
enum {
    MEISHI_TOKEN_TEXT_LABEL,
    MEISHI_TOKEN_TEXT_SERIAL,
    MEISHI_TOKEN_TEXT_MODEL,
    MEISHI_TOKEN_TEXT_MAKER,
    MEISHI_N_TOKEN_TEXTS,
};

struct _MeishiTokenRule {
    char *name;
    char *file;
    guint line;
    MeishiLayer layer;
    guint kinds;                            /* 1 << MeishiTokenKind; 0: any */
    GPtrArray *globs[MEISHI_N_TOKEN_TEXTS]; /* MeishiGlob; NULL: any */
    gboolean says_pin_keep;
    MeishiPinKeep pin_keep; /* the most that is allowed */
};

MeishiTokenRule *meishi_token_rule_new(const char *name);
void meishi_token_rule_free(MeishiTokenRule *rule); /* NULL is fine */

/* Takes in one key.  @items: its values, of which PIN-Keep has one.  NOT_FOUND: no such key;
 * INVALID_ARGUMENT. */
gboolean meishi_token_rule_read(MeishiTokenRule *rule, const char *key, char **items,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A token as groups are held against it; what is NULL it does not say. */
typedef struct {
    MeishiTokenKind kind;
    const char *texts[MEISHI_N_TOKEN_TEXTS];
} MeishiTokenFacts;

/* The most that @rules (MeishiTokenRule) allow for the PIN of @token; *@ret_rule: the one that says
 * so, NULL where none does and everything is allowed. */
MeishiPinKeep meishi_token_rule_limit(const GPtrArray *rules, const MeishiTokenFacts *token,
                                      const MeishiTokenRule **ret_rule);
