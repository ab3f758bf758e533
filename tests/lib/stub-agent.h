/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A MeishiAgent without vault and store, for whoever tests what stands in front of it: it shows
 * the identities that it is given and answers when the test says so.  Link it in place of the
 * real one.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/presentation.h"

MeishiAgent *stub_agent_new(void);

/* Shows @identity (a reference is taken), best first, with @key behind it (NULL: none). */
void stub_agent_add(MeishiAgent *agent, MeishiIdentity *identity, MeishiKey *key);
void stub_agent_forget(MeishiAgent *agent, guint n); /* the last @n */
void stub_agent_emit_view_changed(MeishiAgent *agent);

/* What policy is: changes @presentation, which shows every identity to everybody, to what
 * @application is shown.  NULL: nothing. */
typedef void (*StubPolicy)(MeishiPresentation *presentation, const MeishiApplication *application,
                           gpointer user_data);
void stub_agent_set_policy(MeishiAgent *agent, StubPolicy policy, gpointer user_data);

/* One that shows @identities (MeishiIdentity); the fingerprint is NULL. */
MeishiPresentation *stub_presentation_new(GPtrArray *identities);

/* For a policy to do. */
void stub_presentation_withhold(MeishiPresentation *presentation, gint64 cert_id);
void
stub_presentation_confirm(MeishiPresentation *presentation, gint64 cert_id, MeishiConfirm confirm);
/* @identity NULL: it holds nothing. */
void stub_presentation_add_role(MeishiPresentation *presentation, const char *name,
                                const char *label, MeishiIdentity *identity, MeishiConfirm confirm);

/* What a person says when asked; the default is no.  How often one was. */
void stub_agent_agree(MeishiAgent *agent, gboolean agrees);
guint stub_agent_n_asked(MeishiAgent *agent);

/* The keys leave the cache, or all enter it. */
void stub_agent_empty_cache(MeishiAgent *agent);
void stub_agent_fill_cache(MeishiAgent *agent);

/* Requests wait until stub_agent_release(), or until they are cancelled. */
void stub_agent_hold(MeishiAgent *agent);
void stub_agent_hold_questions(MeishiAgent *agent); /* all but those for a key */
void stub_agent_release(MeishiAgent *agent);

/* How many wait now, and how many were cancelled so far. */
guint stub_agent_n_held(MeishiAgent *agent);
guint stub_agent_n_cancelled(MeishiAgent *agent);

/* The vault is locked under @passphrase; NULL: under what no program can give. */
void stub_agent_lock(MeishiAgent *agent, const char *passphrase);
