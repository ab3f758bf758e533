/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: the application.  Composes store, vault, crypto and policy; knows neither sockets
 * nor D-Bus.  The selecting half is in selector.h and presentation.h.  A GObject of the main loop;
 * only what says so may be called from other threads.
 *
 * Signals:
 *   identity-added (MeishiIdentity *), identity-changed (MeishiIdentity *),
 *   identity-removed (MeishiIdentity *)  each after the store has it
 *   view-changed ()    what the module shows is out of date; once per main loop turn
 *   vault-changed ()   state or slots
 *   policy-reloaded () a new policy is in force, or one was refused
 *   choices-changed () what is remembered
 *   flush-connections (MeishiFlush *)  connections to it were made with another choice
 *   token-trouble (const char *)  a foreign module fails, or printed something; a sentence
 *   prompters-changed ()  who can be asked; emitted by whoever adds and removes them
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/application.h"
#include "daemon/agent/identity.h"
#include "daemon/base/secret.h"
#include "daemon/crypto/crypto.h"
#include "daemon/policy/pin-keep.h"
#include "daemon/store/store.h"
#include "daemon/token/modules.h"

#define MEISHI_TYPE_AGENT (meishi_agent_get_type())
G_DECLARE_FINAL_TYPE(MeishiAgent, meishi_agent, MEISHI, AGENT, GObject)

/* Takes @store over and loads everything that is public.  CORRUPT and the like from the store. */
MeishiAgent *meishi_agent_new(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- identities ---------------------------------------------------------------------------- */

/* All identities, best first; a new array of references. */
GPtrArray *meishi_agent_list(MeishiAgent *agent);

/* By certificate row, or by key row for a key without certificate (@cert_id 0).  A reference or
 * NULL. */
MeishiIdentity *meishi_agent_find(MeishiAgent *agent, gint64 cert_id, gint64 key_id);

gboolean meishi_agent_rename(MeishiAgent *agent, MeishiIdentity *identity, const char *label,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_agent_set_allow_raw(MeishiAgent *agent, MeishiIdentity *identity, gboolean allow,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_agent_remove(MeishiAgent *agent, MeishiIdentity *identity,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a renewed certificate takes over from the one it renews, and what choices name. */
const char *meishi_agent_lineage(MeishiAgent *agent, MeishiIdentity *identity);
/* The renewal that has taken its place by now; a reference or NULL. */
MeishiIdentity *meishi_agent_superseded_by(MeishiAgent *agent, MeishiIdentity *identity);

/* @newer renews @older: it and what has renewed it take over the older one's lineage, and with it
 * choices and roles.  NULL: it stands alone again, and the choices stay with those it leaves.
 * INVALID_ARGUMENT where @newer was not issued later, or one of them is a bare key. */
gboolean meishi_agent_set_renews(MeishiAgent *agent, MeishiIdentity *newer, MeishiIdentity *older,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Certificate and chain as PEM; NULL with NOT_FOUND for a key without certificate. */
char *meishi_agent_export_certificates(MeishiAgent *agent, MeishiIdentity *identity,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Key, certificate and chain as PKCS#12 under @password.  The vault confirms anew whatever its
 * lock state: @proof is a passphrase of the vault, or NULL to have a Secret Service or key file
 * slot open once more.  WRONG_SECRET, DENIED (also where a rule forbids it), INVALID_ARGUMENT for
 * an empty @password. */
void
meishi_agent_export_key_async(MeishiAgent *agent, MeishiIdentity *identity, MeishiSecret *proof,
                              MeishiSecret *password, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
GBytes *meishi_agent_export_key_finish(MeishiAgent *agent, GAsyncResult *result,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- import -------------------------------------------------------------------------------- */

typedef struct {
    char *name;   /* as the person wrote it */
    GBytes *data; /* at most 16 MiB */
} MeishiImportFile;

void meishi_import_file_free(MeishiImportFile *file);

typedef enum {
    MEISHI_IMPORT_ADDED,      /* a new identity */
    MEISHI_IMPORT_KEY_ADDED,  /* a key that waits for its certificate */
    MEISHI_IMPORT_COMPLETED,  /* a certificate for a key that was there */
    MEISHI_IMPORT_UNCHANGED,  /* was there already */
    MEISHI_IMPORT_ISSUER,     /* a CA certificate kept for the chain of an identity */
    MEISHI_IMPORT_PASSED_OVER /* a certificate that belongs to no key; not stored */
} MeishiImportOutcome;

typedef struct {
    MeishiImportOutcome outcome;
    char *file; /* where it came from */
    char *id;   /* hex SHA-256 of the certificate, or of the SPKI without one */
    char *label;
    char *key_of;   /* COMPLETED: the identity whose certificate shares the key; or NULL */
    char *subject;  /* RFC 4514; NULL for a bare key */
    char *issuer;   /* likewise */
    char **chain;   /* the subjects of its issuers, its own first; NULL for issuers */
    char *key_text; /* "RSA 2048"; NULL for issuers */
    gint64 not_before, not_after; /* 0 for a bare key */
    char *renews;                 /* the label of the identity that it renews; NULL */
    char *may_renew;              /* likewise, where a person has to say so */
    const char *reason; /* PASSED_OVER: "authority", "key-mismatch", "no-key"; else NULL */
    guint warnings;     /* MeishiWarning */
    char **messages;    /* the warnings as sentences, NULL-terminated */
} MeishiImportItem;

typedef struct {
    gboolean dry_run;
    GPtrArray *items;    /* MeishiImportItem, identities first */
    GPtrArray *warnings; /* char *: sentences about what is probably a mistake */
    GPtrArray *notes;    /* char *: sentences about the files, then about renewals */
    guint n_file_notes;  /* the former */
    char *vault_created; /* "secret-service", "key-file", "passphrase" where this import made the
                            vault; else NULL */
    char *vault_message; /* and the sentence that says where its key lies */
    char *token;         /* that it was written to; NULL: the vault */
} MeishiImportReport;

void meishi_import_report_free(MeishiImportReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImportReport, meishi_import_report_free)

typedef struct {
    gboolean dry_run;
    const char *label; /* for the (only) identity; NULL: friendlyName, else subject CN */
    /* Onto a token instead of into the vault. */
    const char *token;              /* as it is shown (place->slot_label); NULL: the vault */
    MeishiSecret *pin;              /* NULL: the person is asked, if need be */
    MeishiApplication *application; /* who imports */
} MeishiImportOptions;

/* Reads @files (MeishiImportFile) together, so that .crt and .key pair up, and stores what they
 * hold as one transaction.  Makes the vault where there is none, unlocks it where that needs
 * nobody.  @passwords (MeishiSecret) may be empty. */
void meishi_agent_import_async(MeishiAgent *agent, GPtrArray *files, GPtrArray *passwords,
                               const MeishiImportOptions *options, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
MeishiImportReport *meishi_agent_import_finish(MeishiAgent *agent, GAsyncResult *result,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the vault ----------------------------------------------------------------------------- */

typedef enum {
    MEISHI_VAULT_ABSENT,
    MEISHI_VAULT_LOCKED,
    MEISHI_VAULT_UNLOCKED,
} MeishiVaultState;

MeishiVaultState meishi_agent_vault_state(MeishiAgent *agent);

/* Whether it is LOCKED because somebody wanted it so: then only an unlock opens it, whatever slots
 * there are. */
gboolean meishi_agent_vault_stays_locked(MeishiAgent *agent);

/* MeishiStoreSlot, by id. */
GPtrArray *meishi_agent_vault_slots(MeishiAgent *agent);

/* What a new slot is made from: a passphrase (@secret), a key file (@path absolute, or NULL for
 * the default CONFIG/vault.key; made 0600 with 32 random bytes where it does not exist), or the
 * Secret Service.  @kind 0 with init: the best at hand (Secret Service, else key file). */
typedef struct {
    MeishiSlotKind kind;
    MeishiSecret *secret;
    const char *path;
} MeishiSlotRequest;

/* Each of these finishes with meishi_agent_vault_finish(). */
void meishi_agent_vault_init_async(MeishiAgent *agent, const MeishiSlotRequest *slot,
                                   GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data);
/* About a vault that was just made: where it lies, what opens it and what that protects from, for a
 * person; new.  @is_chosen: somebody asked for just this way in. */
char *meishi_agent_vault_describe(MeishiAgent *agent, gboolean is_chosen);
/* @passphrase NULL: whatever opens without one.  TRUE at once where it is unlocked. */
void meishi_agent_vault_unlock_async(MeishiAgent *agent, MeishiSecret *passphrase,
                                     GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
/* @proof: an existing passphrase; NULL where a slot opens without one.  A slot is opened anew
 * whatever the lock state, which stays as it is.  DENIED, WRONG_SECRET. */
void meishi_agent_vault_add_slot_async(MeishiAgent *agent, const MeishiSlotRequest *slot,
                                       MeishiSecret *proof, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
void meishi_agent_vault_remove_slot_async(MeishiAgent *agent, gint64 id, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_agent_vault_finish(MeishiAgent *agent, GAsyncResult *result,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets the vault key and every unsealed key at once.  Holds until somebody unlocks: imports and
 * signatures do not open the vault behind the back of who locked it, whatever slots it has. */
void meishi_agent_vault_lock(MeishiAgent *agent);

/* Verifies the database, every seal, every key (thorough) against its certificate.  Returns
 * sentences (char *), none where all is well.  Needs the vault unlocked; LOCKED. */
void meishi_agent_vault_check_async(MeishiAgent *agent, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *
meishi_agent_vault_check_finish(MeishiAgent *agent, GAsyncResult *result, guint *ret_n_records,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One file that holds the store and the vault key under @passphrase (scrypt).  @proof as above. */
void meishi_agent_vault_backup_async(MeishiAgent *agent, MeishiSecret *passphrase,
                                     MeishiSecret *proof, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
GBytes *meishi_agent_vault_backup_finish(MeishiAgent *agent, GAsyncResult *result,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where there is no vault: makes one from @backup and gives it @slot; the old slots, which belong
 * to another machine, are dropped.  EXISTS, WRONG_SECRET, BAD_FILE.  Finishes with
 * meishi_agent_vault_finish(). */
void meishi_agent_vault_restore_async(MeishiAgent *agent, GBytes *backup, MeishiSecret *passphrase,
                                      const MeishiSlotRequest *slot, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);

/* ---- private keys, for the server ----------------------------------------------------------- */

/* The unsealed keys at hand.  Thread-safe: workers look here first, and a hit means that nothing
 * has to be decided.  Emptied by lock and by removal. */
typedef struct MeishiKeyCache MeishiKeyCache;
MeishiKeyCache *meishi_agent_key_cache(MeishiAgent *agent);

/* A reference, or NULL.  Any thread. */
MeishiKey *meishi_key_cache_lookup(MeishiKeyCache *cache, gint64 key_id);

/* Whether a person who knows a passphrase could open the vault, which is locked. */
gboolean meishi_agent_opens_with_passphrase(MeishiAgent *agent);

/* Main loop: unseals the key into the cache, unlocking the vault where that needs nobody.
 * LOCKED, NOT_FOUND, CORRUPT. */
void meishi_agent_load_key_async(MeishiAgent *agent, gint64 key_id, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
MeishiKey *meishi_agent_load_key_finish(MeishiAgent *agent, GAsyncResult *result,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- tokens of foreign modules -------------------------------------------------------------- */

/* Runs the modules of these places, whose strings have to outlive @agent, and no others.  What
 * keeps one from being used is told by token-trouble. */
void meishi_agent_set_token_places(MeishiAgent *agent, const MeishiTokenPlaces *places);

/* Adds the library at @path (absolute) to those that run, for good, when it has shown that it is a
 * PKCS#11 module; or takes away one that was added so.  NOT_FOUND, PERMISSIONS (somebody else than
 * root could change it), EXISTS, DENIED (by policy), BAD_FILE (no PKCS#11 module), IO; UNAVAILABLE
 * where it does not start, and without places. */
void meishi_agent_add_token_module_async(MeishiAgent *agent, const char *path,
                                         GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_agent_add_token_module_finish(MeishiAgent *agent, GAsyncResult *result,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_agent_remove_token_module(MeishiAgent *agent, const char *path,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A module, as it was when asked. */
typedef struct {
    char *name; /* in the configuration */
    char *path;
    const char *state; /* "running", "starting", "failed" */
    char *trouble;     /* what happened last; a sentence; NULL: nothing since it is well */
    gint64 next_try;   /* seconds since 1970; 0: now, or it runs */
    guint n_tokens;
} MeishiModuleView;

void meishi_module_view_free(MeishiModuleView *view); /* NULL is fine */

/* MeishiModuleView, in the order in which tokens are listed; a new array.  Adds to @remarks (char
 * *, may be NULL) why others that are configured do not run. */
GPtrArray *meishi_agent_list_token_modules(MeishiAgent *agent, GPtrArray *remarks);

/* Runs these (MeishiTokenModule) and no others; what lies on their tokens are identities from now
 * on.  Those of a token that is away stay, until it is forgotten, and cannot be used. */
void meishi_agent_set_token_modules(MeishiAgent *agent, GPtrArray *modules);

/* A token that is there, or that was, as it was when asked. */
typedef struct {
    MeishiTokenPlace *place;
    char *maker;            /* may be empty */
    char *module;           /* its name in the configuration */
    const char *pin;        /* "ok", "few" (tries left), "last", "locked", "none", "uninitialized";
                               "" where it is away */
    gboolean has_pin_pad;   /* keys of its own to type the PIN at */
    gboolean is_logged_in;  /* the PIN has been given */
    MeishiPinKeep pin_keep; /* for how long it holds then */
    gint64 last_seen;       /* seconds since 1970 */
    GPtrArray *identities;  /* MeishiIdentity: whose keys are used there */
} MeishiTokenView;

void meishi_token_view_free(MeishiTokenView *view); /* NULL is fine */

/* MeishiTokenView, those that are there first; a new array.  What is in it changes with
 * view-changed. */
GPtrArray *meishi_agent_list_tokens(MeishiAgent *agent);

/* The token with place->number @number is not known any more, nor what lay on it, what was chosen
 * of that (until that is taken back) and what the person set about its PIN.  NOT_FOUND;
 * NOT_PERMITTED while it is there. */
gboolean meishi_agent_forget_token(MeishiAgent *agent, guint number,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether every module has been looked at: before, a token that seems to be away may be there. */
gboolean meishi_agent_has_seen_tokens(MeishiAgent *agent);

/* Looks again, thoroughly. */
void meishi_agent_refresh_tokens(MeishiAgent *agent);

/* Has the token of @identity, which has a place, do @op in one of the ways of @away (emptied). Asks
 * the person for the PIN where it is missing, in the name of @application.  What comes out has been
 * checked with the public key.  UNAVAILABLE: the token is not there; LOCKED: nobody gave the PIN;
 * KEY_MISMATCH, NOT_FOUND, MECHANISM, TIMEOUT, CANCELLED, FAILED. */
void meishi_agent_use_token_async(MeishiAgent *agent, MeishiApplication *application,
                                  MeishiIdentity *identity, MeishiOperation op, MeishiAway *away,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
MeishiSecret *meishi_agent_use_token_finish(MeishiAgent *agent, GAsyncResult *result,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
