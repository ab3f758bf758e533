/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent from inside: for the agent-*.c files of this directory only.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/choice-book.h"
#include "daemon/agent/hints.h"
#include "daemon/agent/key-cache.h"
#include "daemon/agent/prompters.h"
#include "daemon/agent/roster.h"
#include "daemon/agent/rulebook.h"
#include "daemon/agent/token-book.h"
#include "daemon/agent/vault.h"
#include "daemon/policy/engine.h"

/* What a person agreed to; agent-confirm.c. */
typedef struct MeishiConfirmations MeishiConfirmations;
void meishi_confirmations_free(MeishiConfirmations *confirmations); /* NULL is fine */

/* The asking for the vault's passphrase (opening.h). */
typedef struct MeishiOpening MeishiOpening;

/* What the person is told without having asked (notify-private.h). */
typedef struct MeishiNotifying MeishiNotifying;
MeishiNotifying *meishi_notifying_new(MeishiAgent *agent);
void meishi_notifying_free(MeishiNotifying *notifying); /* NULL is fine */

/* What is kept between two calls about selecting (selector-private.h). */
typedef struct MeishiSelector MeishiSelector;

MeishiSelector *meishi_selector_new(MeishiAgent *agent);
void meishi_selector_free(MeishiSelector *selector); /* NULL is fine */

/* Tokens of foreign modules; agent-tokens.c. */
typedef struct MeishiTokenShelf MeishiTokenShelf;
void meishi_token_shelf_free(MeishiTokenShelf *shelf); /* NULL is fine */
/* Adds what lies on them to @rows; the shelf's, until tokens change. */
void meishi_token_shelf_add_rows(MeishiTokenShelf *shelf, MeishiRosterRows *rows);

/* There may be a vault now that can remember tokens, or that remembers some. */
void meishi_agent_save_tokens(MeishiAgent *agent);

/* Tells (flush-connections) that what was connected with @identities (MeishiIdentity) is to end:
 * their keys are gone; agent-pulled.c. */
void meishi_agent_tell_pulled(MeishiAgent *agent, GPtrArray *identities);

/* NOT_PERMITTED for an identity on a token: what is written about identities is in the vault. */
gboolean meishi_agent_check_in_vault(const MeishiIdentity *identity,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An identity was removed: where it was the last of @lineage, what was chosen of it is forgotten,
 * until somebody takes that back; agent.c. */
void meishi_agent_forget_extinct(MeishiAgent *agent, const char *lineage);

struct _MeishiAgent {
    GObject parent_instance;
    MeishiStore *store;
    MeishiVault *vault;
    MeishiRoster *roster;
    MeishiKeyCache *cache;
    GPtrArray *identities; /* MeishiIdentity, best first */
    GHashTable *keys;      /* gint64 * -> MeishiStoreKey: the sealed keys */
    MeishiTokenBook *token_book;
    MeishiTokenShelf *shelf; /* NULL: no modules */
    MeishiTokenPlaces token_places;
    MeishiModuleRules module_rules; /* by which they were read */
    guint view_source;              /* view-changed, to be emitted */
    guint clock_source;             /* the next change by the passing of time */

    /* Selecting. */
    MeishiRulebook *rulebook;
    MeishiChoiceBook *choice_book;
    MeishiHints *hints;
    guint hint_source; /* the next one to expire */
    MeishiPrompters *prompters;
    MeishiConfirmations *confirmations; /* NULL: nobody was asked yet */
    MeishiOpening *opening;             /* the same */
    MeishiSelector *selector;
    MeishiNotifying *notifying;
    GHashTable *presentations; /* what programs see, at @presented_at; NULL */
    gint64 presented_at;
    MeishiInventory *inventory; /* of @identities, index for index; NULL: to be made */
    MeishiWorld world;          /* the last that was asked for */
};

/* Reads the store anew, and tells by signals what became different.  Call after each change. */
gboolean meishi_agent_reload(MeishiAgent *agent, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What programs are shown is out of date: emits view-changed, once per turn of the main loop. */
void meishi_agent_announce_view(MeishiAgent *agent);

/* The same where only hints changed: what was worked out for others holds. */
void meishi_agent_announce_hints(MeishiAgent *agent);

/* Emits view-changed now where it is due.  Nothing of the world may be borrowed across this. */
void meishi_agent_flush_view(MeishiAgent *agent);

/* Adds a hint (hints.h) as of now, and takes back what it shows when it expires.  FALSE where there
 * is no room for it. */
gboolean meishi_agent_hint(MeishiAgent *agent, MeishiHintKind kind, MeishiApplication *process,
                           const MeishiRequest *request, const char *id);

/* What was worked out for programs does not hold any more; agent-present.c. */
void meishi_agent_drop_presentations(MeishiAgent *agent);

/* The identities, their lineages or their tokens changed: the inventory is made anew. */
void meishi_agent_drop_world(MeishiAgent *agent);

/* Runs @func on a worker thread with the data of @task, a task of the agent, and calls @callback
 * with
 * @task as its user data, which it takes over.  Not g_task_run_in_thread(): there the worker may
 * drop the last reference to the agent, and with it close the store. */
void meishi_agent_work(GTask *task, GTaskThreadFunc func, GAsyncReadyCallback callback);

/* The @callback for work that makes a file (GBytes) and is done then. */
void meishi_agent_pass_bytes(GObject *source, GAsyncResult *result, gpointer task);

/* Seconds since 1970. */
gint64 meishi_agent_now(void);

/* NOT_FOUND; borrowed. */
const MeishiStoreKey *
meishi_agent_key_row(MeishiAgent *agent, gint64 key_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The vault key, borrowed; LOCKED (it may have been locked between an unlocking and its use). */
MeishiSecret *meishi_agent_vault_key(MeishiAgent *agent, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For what wants a slot opened anew: without @proof, "the vault is locked" becomes DENIED and says
 * that @what (a clause) takes a proof, since unlocking is not what is asked. */
void meishi_agent_explain_refusal(const char *what, const MeishiSecret *proof, GError **error);

/* Unseals the key of @row with @vault_key.  CORRUPT. */
MeishiSecret *
meishi_agent_unseal(MeishiAgent *agent, MeishiSecret *vault_key, const MeishiStoreKey *row,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
