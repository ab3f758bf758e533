/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why: each identity's verdict with the values that were compared, and the decision with the rule
 * and the memory behind it.  Records for a program, text for a person; one comes from the other.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/decide.h"

/* About one identity; all strings are single lines without control characters. */
typedef struct {
    guint place;      /* 1: would be taken first; 0: soft or hard */
    const char *id;   /* borrowed */
    const char *code; /* "CA_MISMATCH", static */
    guint step;
    const char *kind;   /* "soft", static */
    const char *clause; /* static; NULL */
    char *label;
    char *facts;  /* key, place, end of validity */
    char *detail; /* what was compared */
    char *rank;   /* "preferred=1 remembered=2 ..." ; empty for a hard verdict */
} MeishiExplanation;

/* MeishiExplanation of each identity, best first. */
GPtrArray *meishi_explain_identities(const MeishiDecision *decision, const MeishiWorld *world,
                                     const MeishiRequest *request);

/* "PROMPT (single: one identity fits, no rule, no memory)", new. */
char *meishi_explain_decision(const MeishiDecision *decision);

/* "rule corp-sso (10-corp.conf:5, admin, locked)"; "none" for NULL.  New. */
char *meishi_explain_rule(const MeishiRule *rule);

/* The whole, several lines, new. */
char *meishi_explain_to_text(const MeishiDecision *decision, const MeishiWorld *world,
                             const MeishiRequest *request);
