/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A MeishiAgent without vault and store, for whoever tests what stands in front of it: it shows
 * the identities that it is given and answers when the test says so.  Link it in place of the
 * real one.
 */
#pragma once

#include "daemon/agent/agent.h"

MeishiAgent *stub_agent_new(void);

/* Shows @identity (a reference is taken), best first, with @key behind it (NULL: none). */
void stub_agent_add(MeishiAgent *agent, MeishiIdentity *identity, MeishiKey *key);
void stub_agent_forget(MeishiAgent *agent, guint n); /* the last @n */
void stub_agent_emit_view_changed(MeishiAgent *agent);

/* The keys leave the cache, or all enter it. */
void stub_agent_empty_cache(MeishiAgent *agent);
void stub_agent_fill_cache(MeishiAgent *agent);

/* Requests wait until stub_agent_release(), or until they are cancelled. */
void stub_agent_hold(MeishiAgent *agent);
void stub_agent_release(MeishiAgent *agent);

/* How many wait now, and how many were cancelled so far. */
guint stub_agent_n_held(MeishiAgent *agent);
guint stub_agent_n_cancelled(MeishiAgent *agent);

/* The vault is locked under @passphrase; NULL: under what no program can give. */
void stub_agent_lock(MeishiAgent *agent, const char *passphrase);
