/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was chosen before: choices by target and program, and what each identity met at each target.
 * MeishiMemory is a value that the agent fills from the store; this directory keeps nothing.
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
    guint8 alert;      /* that made it suspect; 0 */
    guint8 digest[32]; /* of the request it was made for; advice only */
} MeishiChoice;

/* A choice for exactly @request (lineage NULL: none); scope once, everything else zero. */
MeishiChoice *meishi_choice_new(const MeishiRequest *request, const char *lineage);
void meishi_choice_free(MeishiChoice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiChoice, meishi_choice_free)

/* What an outcome does to the choice that led to it; FALSE: it is to be dropped. */
gboolean
meishi_choice_apply(MeishiChoice *choice, MeishiOutcomeClass class, guint8 alert, gint64 now);

/* May a choice be made for this whole domain?  Never for an address or a single label, and without
 * a list of public suffixes never above two labels from the top. */
gboolean meishi_choice_domain_allowed(const char *domain);

typedef struct MeishiMemory MeishiMemory;

MeishiMemory *meishi_memory_new(void);
void meishi_memory_free(MeishiMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiMemory, meishi_memory_free)

/* Takes @choice. */
void meishi_memory_add_choice(MeishiMemory *memory, MeishiChoice *choice);

/* What identity @id met at @host and @port; copied. */
void meishi_memory_add_history(MeishiMemory *memory, const char *host, guint port, const char *id,
                               const MeishiHistory *history);

/* The choice that counts for @request under @limits: nearest host first, then the program's own
 * before one for any program; NULL.  Owned by @memory. */
const MeishiChoice *meishi_memory_find(const MeishiMemory *memory, const MeishiRequest *request,
                                       const MeishiConstraints *limits, gint64 now);

/* The latest choice of an identity within a selection group for the same program and context. */
const MeishiChoice *
meishi_memory_find_group(const MeishiMemory *memory, const MeishiRequest *request,
                         const char *group, gint64 now);

typedef struct {
    char *id;
    MeishiHistory history;
} MeishiMet;

/* All of MeishiMet for the target of @request; NULL for none. */
GPtrArray *meishi_memory_find_history(const MeishiMemory *memory, const MeishiRequest *request);
