/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiChoice: what was chosen for a target and a program, and for how long it is to hold.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/outcome.h"
#include "daemon/policy/request.h"
#include "daemon/policy/rule.h"

typedef enum {
    MEISHI_SCOPE_ONCE, /* one connection group, or a short while for retries */
    MEISHI_SCOPE_SESSION,
    MEISHI_SCOPE_ALWAYS,
} MeishiScope;

typedef struct {
    gint64 id;
    MeishiReach reach; /* host and port, host, domain */
    char *protocol_class;
    char *host; /* normal form; the domain for MEISHI_REACH_DOMAIN */
    guint port;
    char *application; /* NULL: any */
    char *context;     /* never NULL */
    char *lineage;     /* NULL: send none */
    char *group;       /* selection group of the rule at that time; NULL */
    MeishiScope scope;
    gint64 expires; /* 0: never */
    gint64 created, last_used;
    guint uses;
    MeishiSuspicion suspicion;
    guint8 alert; /* that made it suspect; 0 */
    gboolean
        ask_once; /* what it was followed for failed here: once more for a person; not stored */
    guint8 digest[32]; /* of the request it was made for; advice only */
} MeishiChoice;

/* A choice for exactly @request (lineage NULL: none); scope once, everything else zero. */
MeishiChoice *meishi_choice_new(const MeishiRequest *request, const char *lineage);
MeishiChoice *meishi_choice_copy(const MeishiChoice *choice);
void meishi_choice_free(MeishiChoice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiChoice, meishi_choice_free)

/* What an outcome does to the choice that led to it; FALSE: it is to be dropped.  Uses are counted
 * when a choice is followed, since not every program says how that ended. */
gboolean meishi_choice_apply(MeishiChoice *choice, MeishiOutcomeClass class, guint8 alert);

/* May a choice be made for this whole domain?  Never for an address or a single label, and without
 * a list of public suffixes never above two labels from the top. */
gboolean meishi_choice_domain_allowed(const char *domain);
