/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One request under work: what the steps of the engine share.  filter.c judges each identity,
 * rank.c orders them, decide.c decides.  Internal to this directory; decide.h is the door.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/code.h"
#include "daemon/policy/inventory.h"
#include "daemon/policy/memory.h"
#include "daemon/policy/path.h"
#include "daemon/policy/request.h"
#include "daemon/policy/rule-set.h"

#define MEISHI_CLOCK_TOLERANCE   (24 * 3600) /* clocks are wrong */
#define MEISHI_WARN_LEFT_DEFAULT (30 * 24 * 3600)

enum {
    MEISHI_RANK_PREFERRED,  /* named by the rule that is asked */
    MEISHI_RANK_REMEMBERED, /* for this target, then for its group */
    MEISHI_RANK_CA,
    MEISHI_RANK_EKU,
    MEISHI_RANK_VALIDITY,
    MEISHI_RANK_ACCEPTED, /* how often by this target */
    MEISHI_RANK_RECENT,   /* how long ago */
    MEISHI_RANK_TOKEN,
    MEISHI_RANK_HARDWARE,
    MEISHI_RANK_SCHEME,
    MEISHI_N_RANKS,
};

/* What was found out about one identity. */
typedef struct {
    guint index; /* in the inventory */
    MeishiKind kind;
    MeishiCode code;       /* the first reason against it, hard before soft; OK */
    guint64 codes;         /* 1 << MeishiCode: every reason and remark that was met */
    MeishiSchemes schemes; /* that key, token and version allow */
    const MeishiPath *path;
    const MeishiRule *rule;       /* the one that keeps it away; NULL */
    const MeishiHistory *history; /* with this target; NULL */
    guint32 rank[MEISHI_N_RANKS]; /* smaller is better */
    guint64 key[2];               /* the same in a form that sorts fast */
} MeishiVerdict;

/* A rule that speaks of the target. */
typedef struct {
    const MeishiRule *rule;
    MeishiFit fit;
    guint specific;
    guint8 *of_issuer; /* by issuer group: 0 not asked yet, 1 fits, 2 does not; NULL at first */
} MeishiRuleFit;

/* The world as a request meets it; all borrowed, @memory may be NULL. */
typedef struct {
    const MeishiPolicySet *policy;
    const MeishiInventory *inventory;
    const MeishiMemory *memory;
    gint64 now;
} MeishiWorld;

typedef struct {
    MeishiWorld world;
    const MeishiRequest *request;
    GArray *rules;           /* MeishiRuleFit: all that speak of the target, in the set's order */
    GPtrArray *restrictions; /* those of @rules that can keep an identity away */
    gboolean any_requirement;
    const MeishiRule *preference; /* the one that is asked; NULL */
    MeishiRuleFit *preference_fit;
    const MeishiRule *final_rule; /* that ends the request; NULL */
    MeishiSchemes offered;        /* by the server, for the key */
    GArray *offered_order;        /* MeishiSchemes: the same one by one */
    MeishiPathFinder *paths;
    MeishiVerdict *verdicts; /* one per candidate, in the inventory's order */
} MeishiEngine;

/* filter.c */
MeishiCode meishi_filter_request(MeishiEngine *engine); /* steps 2, 3 and 17; OK: go on */
void meishi_filter_identities(MeishiEngine *engine);    /* steps 4 to 17 */
/* Of these, the ones by which policy or its owner keeps an identity away from every handshake; a
 * step before them, such as a key usage, does not end the search here. */
void meishi_filter_withheld(MeishiEngine *engine);

/* rank.c */
void meishi_rank_verdicts(MeishiEngine *engine, const MeishiChoice *choice,
                          const MeishiChoice *group_choice);
int meishi_rank_compare(const MeishiEngine *engine, const MeishiVerdict *a, const MeishiVerdict *b);

/* engine.c */
void
meishi_engine_init(MeishiEngine *engine, const MeishiWorld *world, const MeishiRequest *request);
void meishi_engine_clear(MeishiEngine *engine);

/* Does candidate @index fit the Identity-* keys of @fit's rule?  What depends on the issuer alone
 * is asked once per issuer, so that a rule about ten thousand identities costs little. */
gboolean meishi_engine_fits(const MeishiEngine *engine, MeishiRuleFit *fit, guint index);

/* The strictest of all that @rules (MeishiRuleFit) say about candidate @index at their target;
 * about the target alone for G_MAXUINT. */
void meishi_engine_limits(const MeishiWorld *world, GArray *rules, guint index,
                          MeishiConstraints *ret_limits);
