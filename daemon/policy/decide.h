/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The engine's door: a request goes in, a decision with its grounds comes out.  Pure: the same
 * values give the same decision, and nothing is asked, stored or changed.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/engine.h"

/* What the caller is told; the first eight are the numbers of the D-Bus interface, of which the
 * engine itself gives SELECTED, NONE, DEFERRED and DENIED. */
typedef enum {
    MEISHI_RESULT_SELECTED,
    MEISHI_RESULT_NONE,
    MEISHI_RESULT_DISMISSED,
    MEISHI_RESULT_DEFERRED,
    MEISHI_RESULT_DENIED,
    MEISHI_RESULT_TIMED_OUT,
    MEISHI_RESULT_NO_AGENT,
    MEISHI_RESULT_CANCELLED,
    MEISHI_RESULT_PROMPT, /* ask, then answer with one of the others */
} MeishiResult;

/* What the prompt is to be like. */
typedef enum {
    MEISHI_PROMPT_NONE,
    MEISHI_PROMPT_CHOOSE,
    MEISHI_PROMPT_SINGLE,   /* one strong candidate, preselected */
    MEISHI_PROMPT_OPTIONAL, /* "never for this site" stands first */
    MEISHI_PROMPT_SOFT,     /* nothing strong; the soft ones are listed closed */
    MEISHI_PROMPT_INSERT,   /* only identities on absent tokens fit */
    MEISHI_PROMPT_IMPORT,   /* a rule names an identity that is not here */
    MEISHI_PROMPT_AGAIN,    /* what was remembered no longer holds; say why */
} MeishiPrompt;

/* Borrows from the world and the request; must not outlive them. */
typedef struct {
    MeishiResult result;
    MeishiCode code;      /* why none, why a prompt; OK where selected */
    const char *row;      /* of the decision table, "single"; static */
    const char *row_text; /* in words; static */
    MeishiPrompt prompt;
    gboolean notify;            /* offer to choose for the next time */
    guint selected;             /* candidate; G_MAXUINT: none */
    guint preselected;          /* candidate of a prompt; G_MAXUINT: none */
    const MeishiRule *rule;     /* that was asked, or that ended the request; NULL */
    const MeishiChoice *choice; /* that was remembered; NULL */
    MeishiConstraints limits;   /* for what is selected, else for the target */
    MeishiVerdict *verdicts;    /* best first: strong, soft, hard; none for a final step */
    guint n_verdicts, n_strong, n_soft;
    MeishiPathFinder *paths; /* owns the paths of the verdicts */
    GArray *rules;           /* MeishiRuleFit: all that speak of the target */
} MeishiDecision;

/* The request must have passed meishi_request_check(). */
MeishiDecision *meishi_decide(const MeishiWorld *world, const MeishiRequest *request);
void meishi_decision_free(MeishiDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiDecision, meishi_decision_free)

/* The verdict about candidate @index; NULL after a final step. */
const MeishiVerdict *meishi_decision_verdict(const MeishiDecision *decision, guint index);

/* What holds if candidate @index is used: how long it may be remembered, when to confirm. */
void meishi_decision_limits(const MeishiDecision *decision, const MeishiWorld *world, guint index,
                            MeishiConstraints *ret_limits);

/* "selected", "none", ... ; static. */
const char *meishi_result_name(MeishiResult result);

/* What parallel requests of one answer have in common: program, context, target and the identities
 * that could be chosen (one host can ask with two CA lists).  Hex, new. */
char *meishi_decision_coalesce_key(const MeishiDecision *decision, const MeishiWorld *world,
                                   const MeishiRequest *request);
