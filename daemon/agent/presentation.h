/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPresentation: what one program is shown through PKCS#11, and so what it may use: the
 * identities that policy leaves it, best first, and what each role holds for it.  The door knows no
 * target unless there is a hint (hints.h).  A value; it says nothing of slots or handles.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/application.h"
#include "daemon/policy/rule.h"

/* An identity as this program may use it. */
typedef struct {
    MeishiIdentity *identity;
    MeishiConfirm confirm; /* whether a person has to agree to each use */
} MeishiShown;

/* A token of its own whose content follows a rule of the policy. */
typedef struct {
    char *name;
    char *label;      /* CKA_LABEL of the token: "Corp VPN" */
    MeishiShown *now; /* what it holds for this program at the moment; NULL: nothing */
} MeishiShownRole;

typedef struct {
    GPtrArray *shown;    /* MeishiShown, best first */
    GPtrArray *withheld; /* MeishiIdentity: kept from this program; using one is DENIED */
    GPtrArray *roles;    /* MeishiShownRole, by name */
    /* Equal for two programs that are shown the same and may do the same with it, and never for two
     * of which that is not so: it covers the order, labels, certificates, chains, allow_raw and
     * confirm of what is shown, the roles, and which identities are withheld. */
    char *fingerprint;
} MeishiPresentation;

/* For @application as policy, hints and identities are now.  Main loop. */
MeishiPresentation *meishi_agent_present(MeishiAgent *agent, MeishiApplication *application);
void meishi_presentation_free(MeishiPresentation *presentation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPresentation, meishi_presentation_free)

/* Asks the person whether @application may use @identity, where policy wants that and it was not
 * answered for this session.  DENIED where the person said no, now or a moment ago, or nobody can
 * be asked; BUSY where too many such questions of the program are open; CANCELLED, TIMEOUT. */
void meishi_agent_confirm_async(MeishiAgent *agent, MeishiApplication *application,
                                MeishiIdentity *identity, MeishiConfirm confirm,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean meishi_agent_confirm_finish(MeishiAgent *agent, GAsyncResult *result,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The person has done something for which @application will use @identity: it may be asked about
 * again, whatever was said before. */
void meishi_agent_confirm_again(MeishiAgent *agent, const MeishiApplication *application,
                                const MeishiIdentity *identity);

/* Asks the person, on behalf of @application, for the passphrase of the vault, which is locked;
 * TRUE at once where it is not.  Everybody who waits shares one question.  LOCKED where it stays
 * locked: nobody can be asked, or the person does not want to, or does not know it; CANCELLED. */
void meishi_agent_ask_to_unlock_async(MeishiAgent *agent, MeishiApplication *application,
                                      GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean meishi_agent_ask_to_unlock_finish(MeishiAgent *agent, GAsyncResult *result,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
