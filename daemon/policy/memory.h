/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiMemory: all choices, and what each identity met at each target.  A value that the agent
 * fills from the store; this directory keeps nothing.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/choice.h"

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

/* Is the identity @id of @lineage in use: does a choice name it, has a server taken it? */
gboolean
meishi_memory_is_used(const MeishiMemory *memory, const char *id, const char *lineage, gint64 now);

typedef struct {
    char *id;
    MeishiHistory history;
} MeishiMet;

/* All of MeishiMet for the target of @request; NULL for none. */
GPtrArray *meishi_memory_find_history(const MeishiMemory *memory, const MeishiRequest *request);
