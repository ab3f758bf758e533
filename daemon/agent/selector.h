/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The selecting part of MeishiAgent, for the doors: decide, ask the person where that is needed,
 * remember, learn from what happened.  The engine itself is daemon/policy/decide.h.
 *
 * A MeishiDecision borrows from the world and is good for the present turn of the main loop only.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/application.h"
#include "daemon/agent/choice-book.h"
#include "daemon/agent/prompters.h"
#include "daemon/agent/rulebook.h"
#include "daemon/policy/decide.h"

/* ---- the world ----------------------------------------------------------------------------- */

/* Policy, identities and memory as they are now; borrowed, for this turn. */
const MeishiWorld *meishi_agent_world(MeishiAgent *agent);
MeishiRulebook *meishi_agent_rulebook(MeishiAgent *agent);
MeishiChoiceBook *meishi_agent_choice_book(MeishiAgent *agent);
MeishiPrompters *meishi_agent_prompters(MeishiAgent *agent);
/* What is told unasked; notices.h. */
typedef struct MeishiNotices MeishiNotices;
MeishiNotices *meishi_agent_notices(MeishiAgent *agent);

/* The identity behind a candidate's id; a reference or NULL. */
MeishiIdentity *meishi_agent_find_id(MeishiAgent *agent, const char *id);

/* A dry run: nothing is asked, remembered or counted.  INVALID_ARGUMENT.  Good for this turn. */
MeishiDecision *meishi_agent_decide(MeishiAgent *agent, const MeishiRequest *request,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- selecting ------------------------------------------------------------------------------ */

typedef struct {
    MeishiRequest *request;
    MeishiApplication *application; /* the caller, who is also who will sign */
    gpointer owner;                 /* of the connection: its own prompter is asked first */
    gboolean says_verified;         /* how far the server is verified; else it is taken to be */
    MeishiCert *server_cert;        /* the server's own, to be shown; NULL */
    char *connection_group;         /* a "once" answer holds for it; NULL */
    char *claimed_application;      /* as it calls itself; shown with "says it is"; NULL */
    char *parent_window;            /* passed on to the prompter; NULL */
    char *tty;
    guint timeout_ms;      /* 0: 60 s */
    gboolean is_for_later; /* nobody waits: a person wants to choose for the next time */
} MeishiSelectCall;

/* Without who waits for it: connection, window, terminal. */
MeishiSelectCall *meishi_select_call_copy(const MeishiSelectCall *call);
void meishi_select_call_free(MeishiSelectCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSelectCall, meishi_select_call_free)

/* What the caller is told. */
typedef struct {
    MeishiResult result;
    MeishiCode code;
    char *row;                /* of the decision table, in words */
    char *selection_id;       /* for meishi_agent_report(); 128 random bits in hex */
    MeishiIdentity *identity; /* SELECTED; else NULL */
    GPtrArray *chain;         /* MeishiCert to send, leaf first, no root */
    GArray *schemes;          /* guint16: what the key can sign with and the server takes */
    MeishiScope scope;        /* how long the answer holds */
    gint64 choice_id;         /* the memory behind it; 0 */
    char *rule;               /* the rule behind it, as meishi_explain_rule() says it; NULL */
    gboolean will_confirm;    /* the signature will ask */
    GVariant *question;       /* NO_AGENT: what a prompter would have been asked; a{sv}; or NULL */
} MeishiAnswer;

void meishi_answer_free(MeishiAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiAnswer, meishi_answer_free)

#define MEISHI_SELECT_MAX_TIMEOUT_MS 600000

/* Takes @call.  RATE_LIMITED comes as MEISHI_ERROR_BUSY.  Cancelling gives CANCELLED; a person who
 * was asked for several callers goes on being asked for the others. */
void
meishi_agent_select_async(MeishiAgent *agent, MeishiSelectCall *call, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
MeishiAnswer *meishi_agent_select_finish(MeishiAgent *agent, GAsyncResult *result,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whoever called with the cancellable @call waits for so long from now on, and not for longer where
 * the person wants more time.  INVALID_ARGUMENT. */
gboolean meishi_agent_set_patience(MeishiAgent *agent, const GCancellable *call, guint timeout_ms,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a dry run comes to, as a caller would be told it: PROMPT where a person would be asked, and
 * neither a selection id nor a question.  For the turn that @decision is good for. */
MeishiAnswer *meishi_agent_preview(MeishiAgent *agent, const MeishiRequest *request,
                                   const MeishiDecision *decision);

/* From now on the process of @application, whatever it executes, and its children see through
 * PKCS#11 the identity of that selection and no other, or none where none was selected
 * (`meishi exec`).  NOT_FOUND as for meishi_agent_report(). */
gboolean meishi_agent_bind(MeishiAgent *agent, MeishiApplication *application,
                           const char *selection_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How the handshake of a selection ended.  NOT_FOUND for an unknown or foreign selection id; they
 * are good for an hour. */
typedef struct {
    MeishiOutcome outcome;
    guint8 alert;
} MeishiReport;

gboolean
meishi_agent_report(MeishiAgent *agent, MeishiApplication *application, const char *selection_id,
                    const MeishiReport *report, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- choices ---------------------------------------------------------------------------------
 * As in choice-book.h, with the agent's signals told: choices-changed, and flush-connections for
 * each target whose connections were made with another choice, because resuming one skips the new
 * one.  Setting checks what policy allows (DENIED) and that @id is an identity. */
typedef struct {
    const char *host;
    guint port; /* 0: every one */
} MeishiFlush;

typedef struct {
    MeishiReach reach;
    const char *protocol;    /* NULL: https */
    const char *host;        /* any spelling */
    guint port;              /* for host and port */
    const char *application; /* NULL: any */
    const char *context;     /* NULL: "" */
    const char *id;          /* NULL: send none */
    MeishiScope scope;
} MeishiChoiceSpec;

gboolean meishi_agent_choose(MeishiAgent *agent, const MeishiChoiceSpec *spec, gint64 *ret_id,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_agent_forget(MeishiAgent *agent, const MeishiChoiceFilter *filter, guint *ret_count,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_agent_undo_forget(MeishiAgent *agent, guint *ret_count,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
guint meishi_agent_end_context(MeishiAgent *agent, const char *context);
