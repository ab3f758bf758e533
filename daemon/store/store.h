/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is kept: certificates, sealed private keys, issuers, key slots, names.
 *
 * The only door to the disk (SQLite behind it, doc/store-format.md).  The store knows no
 * cryptography: keys arrive sealed.  Every call that changes something is one transaction, durable
 * when it returns TRUE and without a trace when it returns FALSE.  All calls belong to one thread,
 * the main loop's, except where said.
 *
 * Common errors: IO, NO_SPACE, CORRUPT, PERMISSIONS, BUSY.
 */
#pragma once

#include <glib.h>

typedef struct MeishiStore MeishiStore;

/* Opens the store in @dir (made 0700 where missing) and holds a lock on it for as long as it is
 * open: BUSY where another process has it.  An absent store is made only by
 * meishi_store_create_vault(); until then the store reads as empty.  CORRUPT where the database
 * is damaged or where its traces (the lock file's note that a vault was made) say that one existed
 * and it is gone; NEWER_VERSION; PERMISSIONS where others can read it.  Migrates an older version,
 * after copying it aside. */
MeishiStore *meishi_store_open(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_store_close(MeishiStore *store); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStore, meishi_store_close)

const char *meishi_store_dir(MeishiStore *store);
gboolean meishi_store_has_vault(MeishiStore *store);

/* 16 random bytes that name this vault, new; part of what seals are bound to.  NULL without a
 * vault. */
GBytes *meishi_store_vault_id(MeishiStore *store);

/* ---- key slots: ways to the vault key ------------------------------------------------------ */

typedef enum {
    MEISHI_SLOT_SECRET_SERVICE = 1,
    MEISHI_SLOT_PASSPHRASE = 2,
    MEISHI_SLOT_KEY_FILE = 3,
} MeishiSlotKind;

typedef struct {
    gint64 id; /* 0 in a slot that is not stored yet */
    MeishiSlotKind kind;
    GBytes *salt;
    guint scrypt_log2n, scrypt_r, scrypt_p; /* passphrase only */
    char *location;  /* key file: absolute path; Secret Service: the item's id; else NULL */
    GBytes *wrapped; /* the vault key, sealed under the slot's key */
    gint64 created;
} MeishiStoreSlot;

void meishi_store_slot_free(MeishiStoreSlot *slot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreSlot, meishi_store_slot_free)

/* Makes the vault: the database with @vault_id (16 bytes) and its first slot.  EXISTS. */
gboolean
meishi_store_create_vault(MeishiStore *store, GBytes *vault_id, const MeishiStoreSlot *slot,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

GPtrArray *meishi_store_list_slots(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_store_add_slot(MeishiStore *store, const MeishiStoreSlot *slot, gint64 *ret_id,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NOT_FOUND; DENIED for the last slot, which would lose every key. */
gboolean
meishi_store_remove_slot(MeishiStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- keys, certificates, issuers ----------------------------------------------------------- */

/* Row ids are never reused: PKCS#11 handles and D-Bus paths are made from them. */
typedef struct {
    gint64 id;
    GBytes *spki;       /* DER; its SHA-256 is unique in the store */
    GBytes *sealed;     /* the PrivateKeyInfo under the vault key */
    char *label;        /* what the person calls it, before it has a certificate */
    gboolean allow_raw; /* CKM_RSA_X_509 is allowed */
    gint64 created;
} MeishiStoreKey;

typedef struct {
    gint64 id;
    gint64 key_id;
    GBytes *der; /* its SHA-256 is unique in the store */
    char *label;
    gint64 created;
} MeishiStoreCert;

typedef struct {
    gint64 id;
    GBytes *der; /* its SHA-256 is unique among issuers */
} MeishiStoreIssuer;

void meishi_store_key_free(MeishiStoreKey *key);
void meishi_store_cert_free(MeishiStoreCert *cert);
void meishi_store_issuer_free(MeishiStoreIssuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreKey, meishi_store_key_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreCert, meishi_store_cert_free)

/* New arrays that own their members, by id. */
GPtrArray *meishi_store_list_keys(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *meishi_store_list_certs(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *meishi_store_list_issuers(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One import.  @keys (MeishiStoreKey, id 0), @certs (MeishiStoreCert, id 0; key_id 0 means "the
 * key at index key_index", else an existing key), @issuers (GBytes DER; those already there are
 * passed over).  All or nothing.  On success the ids are filled in.  EXISTS where a key or
 * certificate is there already. */
typedef struct {
    MeishiStoreCert cert;
    guint key_index;    /* into @keys, where cert.key_id is 0 */
    char *lineage;      /* that it takes over, see below; NULL: its own */
    GPtrArray *issuers; /* GBytes: the issuers that came with it and may leave with it */
} MeishiStoreNewCert;

void meishi_store_new_cert_free(MeishiStoreNewCert *cert);

gboolean meishi_store_import(MeishiStore *store, GPtrArray *keys, GPtrArray *new_certs,
                             GPtrArray *issuers, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean meishi_store_rename_cert(MeishiStore *store, gint64 id, const char *label,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_store_rename_key(MeishiStore *store, gint64 id, const char *label,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_store_set_allow_raw(MeishiStore *store, gint64 key_id, gboolean allow,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a certificate, its key unless another certificate uses it, and issuers that came with
 * no other; the pages are overwritten (secure_delete).  NOT_FOUND. */
gboolean
meishi_store_remove_cert(MeishiStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a key that has no certificate.  NOT_FOUND, DENIED where it has one. */
gboolean
meishi_store_remove_key(MeishiStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- what is remembered ------------------------------------------------------------------------
 * Lineages, choices, meetings and tokens.  An entry that is damaged is passed over, as if it had
 * never been remembered; meishi_store_check() names it. */

/* How many have been, in all that was listed so far. */
guint meishi_store_n_passed_over(const MeishiStore *store);

/* Takes out those. */
gboolean meishi_store_remove_damaged(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- lineages: which certificate renews which ------------------------------------------------ */

/* A certificate's lineage: a text that a renewed certificate takes over from the one it renews.  A
 * certificate without a row is the first of its own. */
typedef struct {
    gint64 cert_id;
    char *lineage;
} MeishiStoreLineage;

void meishi_store_lineage_free(MeishiStoreLineage *lineage);

/* MeishiStoreLineage, by certificate.  Rows leave with their certificate. */
GPtrArray *meishi_store_list_lineages(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One transaction for all of @lineages (MeishiStoreLineage); a lineage of NULL takes the row away.
 * NOT_FOUND, NO_VAULT. */
gboolean meishi_store_set_lineages(MeishiStore *store, GPtrArray *lineages,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- choices and what identities met ---------------------------------------------------------
 * What the members mean is said in daemon/policy/choice.h and outcome.h; here they are columns. */

typedef struct {
    gint64 id; /* 0 in one that is not stored yet */
    gint reach;
    char *protocol_class;
    char *host;
    guint port;
    char *application; /* NULL: any */
    char *context;
    char *lineage; /* NULL: send none */
    char *group;   /* NULL */
    gint64 created, last_used;
    guint uses;
    gint suspicion;
    guint8 alert;
    guint8 digest[32];
    gint64 forgotten;   /* when; 0: in force */
    gint64 batch;       /* forgotten in one go have the same, later ones a greater one; 0 */
    gint64 replaced_by; /* the choice that took its place when it was forgotten; 0 */
} MeishiStoreChoice;

void meishi_store_choice_free(MeishiStoreChoice *choice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreChoice, meishi_store_choice_free)

/* All, forgotten ones too, by id. */
GPtrArray *meishi_store_list_choices(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One transaction: writes every MeishiStoreChoice of @choices (may be NULL; an id of 0 is filled
 * in, another one is written over) and takes out the rows whose ids (gint64) are in @removed (may
 * be NULL).  NO_VAULT. */
gboolean meishi_store_write_choices(MeishiStore *store, GPtrArray *choices, GArray *removed,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    char *host;
    guint port;
    char *identity; /* hex id */
    gint suspicion;
    guint accepted;
    gint64 last_accepted;
    gint64 refused_at;
    guint8 alert;
} MeishiStoreMeeting;

void meishi_store_meeting_free(MeishiStoreMeeting *meeting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreMeeting, meishi_store_meeting_free)

GPtrArray *meishi_store_list_meetings(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes one over; host, port and identity name it.  NO_VAULT. */
gboolean meishi_store_write_meeting(MeishiStore *store, const MeishiStoreMeeting *meeting,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes out all of @host (NULL: any), @port (0: any) and @identity (NULL: any). */
gboolean
meishi_store_remove_meetings(MeishiStore *store, const char *host, guint port, const char *identity,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- tokens that were seen -------------------------------------------------------------------
 * What kind, pin_keep and pin_minutes mean is the agent's to say; here they are columns. */

typedef struct {
    gint64 id; /* 0 in one that is not stored yet; never used twice */
    gint kind;
    char *label, *manufacturer, *model, *serial; /* as CK_TOKEN_INFO has them; may be empty */
    char *module;                                /* that showed it last */
    gint64 last_seen;                            /* seconds since 1970 */
    gint pin_keep;                               /* what the person set; 0: nothing */
    guint pin_minutes;
} MeishiStoreToken;

/* An identity that lay on it when it was there last. */
typedef struct {
    gint64 token_id;
    gint64 number; /* what programs know it by: MeishiIdentity.cert_id */
    GBytes *der;   /* the certificate */
    char *label;   /* what the token calls it; NULL */
} MeishiStoreTokenIdentity;

/* Another certificate that lay on it, which may complete a chain. */
typedef struct {
    gint64 token_id;
    GBytes *der;
} MeishiStoreTokenIssuer;

void meishi_store_token_free(MeishiStoreToken *token);
void meishi_store_token_identity_free(MeishiStoreTokenIdentity *identity);
void meishi_store_token_issuer_free(MeishiStoreTokenIssuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreToken, meishi_store_token_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiStoreTokenIdentity, meishi_store_token_identity_free)

/* By id; the others by token, identities by number, issuers as they were written. */
GPtrArray *meishi_store_list_tokens(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *
meishi_store_list_token_identities(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *
meishi_store_list_token_issuers(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What lies on a token; the members' own token_id does not count. */
typedef struct {
    GPtrArray *identities; /* MeishiStoreTokenIdentity */
    GPtrArray *issuers;    /* MeishiStoreTokenIssuer */
} MeishiStoreTokenContent;

/* Writes @token (an id of 0 is filled in, another one is written over), and @content in the place
 * of what it had (NULL: that stays as it is).  Entries about tokens that are damaged leave with it.
 * NO_VAULT. */
gboolean meishi_store_write_token(MeishiStore *store, MeishiStoreToken *token,
                                  const MeishiStoreTokenContent *content,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* With its content; one that is not there is no error.  NO_VAULT. */
gboolean
meishi_store_remove_token(MeishiStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- care ---------------------------------------------------------------------------------- */

/* SQLite's integrity and foreign-key checks; appends one sentence per finding to @findings
 * (char *).  FALSE only where the check could not run. */
gboolean meishi_store_check(MeishiStore *store, GPtrArray *findings,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The whole store as one self-contained image (an SQLite database in memory). */
GBytes *meishi_store_dump(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* And back: replaces an absent store by @image after checking it, with @slot in the place of the
 * slots that the image came with (they belong to another machine); the old state or the new, never
 * between.  EXISTS where there is a vault, BAD_FILE where @image is no store. */
gboolean meishi_store_load(MeishiStore *store, GBytes *image, const MeishiStoreSlot *slot,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
