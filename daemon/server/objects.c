/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Order inside a token: by class, certificates of identities best first, then issuers by SHA-256.
 * Programs that "select automatically" take the first match.  A certificate that is both an
 * identity and somebody's issuer is shown once, as the identity, and trusted, so that GnuTLS still
 * finds it as an issuer.
 *
 * Token flags: no CKF_LOGIN_REQUIRED (Chromium without a window waits for ever, OpenSSH's agent
 * gives up before it looks further); CKF_PROTECTED_AUTHENTICATION_PATH, since the daemon asks by
 * itself; CKF_USER_PIN_INITIALIZED, since C_Login works; CKF_RNG, since C_GenerateRandom does;
 * CKF_WRITE_PROTECTED, since nothing can be created, so that NSS keeps trust settings in its own
 * database; CKF_TOKEN_INITIALIZED, or GNOME Web passes over it.  Read-write sessions are granted
 * all the same: OpenSSH opens no other.  The slot is CKF_REMOVABLE_DEVICE, or NSS never looks again
 * after sessions were lost.
 */
#include "daemon/server/objects.h"

#include "daemon/crypto/crypto.h"
#include "daemon/server/attrs.h"
#include "daemon/server/handle.h"
#include "module/wire/cryptoki.h"

#include <string.h>

#define MANUFACTURER "Meishi"

#define TOKEN_FLAGS                                             \
    (CKF_RNG | CKF_WRITE_PROTECTED | CKF_USER_PIN_INITIALIZED | \
     CKF_PROTECTED_AUTHENTICATION_PATH | CKF_TOKEN_INITIALIZED)

/* What all slots are written with. */
typedef struct {
    MeishiAttrs attrs;
    MeishiSnapshotWriter *writer;
    GHashTable
        *shared; /* MeishiIdentity to MeishiAttrsShared: one identity may lie in two tokens */
    GHashTable *issuers; /* numbers of issuers' handles that are taken */
} Book;

/* One slot while it is written. */
typedef struct {
    Book *book;
    const MeishiToken *token;
    MeishiSnapshotWriter *writer;
    GPtrArray *issuers;    /* MeishiCert, by SHA-256, borrowed */
    GHashTable *in_chains; /* SHA-256 (guint8 *) of every certificate in a chain */
    GHashTable *key_ids;   /* key_id (guint8 *) of every identity */
} Slot;

static const MeishiIdentity *
nth_identity(const MeishiToken *token, guint n)
{
    return ((const MeishiShown *)token->shown->pdata[n])->identity;
}

/* ---- collecting ---------------------------------------------------------------------------- */

/* Digests are uniform: their first bytes are a hash already. */
static guint
digest_hash(gconstpointer key)
{
    guint hash;

    memcpy(&hash, key, sizeof hash);
    return hash;
}

static gboolean
sha256_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, MEISHI_SHA256_LEN) == 0;
}

static gboolean
key_id_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof((MeishiPublicKey *)NULL)->key_id) == 0;
}

static int
compare_certs(gconstpointer a, gconstpointer b)
{
    const MeishiCert *const *first = a, *const *second = b;

    return memcmp((*first)->sha256, (*second)->sha256, MEISHI_SHA256_LEN);
}

static void
collect_identities(Slot *slot, GHashTable *leaves)
{
    for (guint i = 0; i < slot->token->shown->len; i++) {
        const MeishiIdentity *identity = nth_identity(slot->token, i);

        g_hash_table_add(slot->key_ids, identity->key->key_id);
        if (identity->cert != NULL)
            g_hash_table_add(leaves, identity->cert->sha256);
    }
}

static void
collect_issuers(Slot *slot, GHashTable *leaves)
{
    for (guint i = 0; i < slot->token->shown->len; i++) {
        const MeishiIdentity *identity = nth_identity(slot->token, i);
        guint n = identity->chain != NULL ? identity->chain->len : 0;

        for (guint j = 0; j < n; j++) {
            MeishiCert *issuer = identity->chain->pdata[j];

            if (g_hash_table_add(slot->in_chains, issuer->sha256) &&
                !g_hash_table_contains(leaves, issuer->sha256))
                g_ptr_array_add(slot->issuers, issuer);
        }
    }
    g_ptr_array_sort(slot->issuers, compare_certs);
}

static void
slot_init(Slot *slot, Book *book, const MeishiToken *token)
{
    g_autoptr(GHashTable) leaves = g_hash_table_new(digest_hash, sha256_equal);

    slot->book = book;
    slot->token = token;
    slot->writer = book->writer;
    slot->issuers = g_ptr_array_new();
    slot->in_chains = g_hash_table_new(digest_hash, sha256_equal);
    slot->key_ids = g_hash_table_new(digest_hash, key_id_equal);
    collect_identities(slot, leaves);
    collect_issuers(slot, leaves);
}

static void
slot_clear(Slot *slot)
{
    g_ptr_array_unref(slot->issuers);
    g_hash_table_unref(slot->in_chains);
    g_hash_table_unref(slot->key_ids);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Slot, slot_clear)

/* ---- what slots share ---------------------------------------------------------------------- */

static MeishiAttrsShared *
share(Book *book, const MeishiIdentity *identity)
{
    MeishiAttrsShared *shared = g_hash_table_lookup(book->shared, identity);

    if (shared == NULL) {
        shared = g_new0(MeishiAttrsShared, 1);
        meishi_attrs_share(&book->attrs, identity, shared);
        g_hash_table_insert(book->shared, (gpointer)identity, shared);
    }
    return shared;
}

/* All but the oldest certificate of each key.  Over all tokens, since handles are of the whole
 * view; what roles hold has handles of its own. */
static void
mark_further(GHashTable *oldest, MeishiAttrsShared *shared)
{
    const MeishiIdentity *identity = shared->identity;
    MeishiAttrsShared *known = g_hash_table_lookup(oldest, &identity->key_id);

    shared->is_further = known != NULL && known->identity->cert_id < identity->cert_id;
    if (known != NULL)
        known->is_further = !shared->is_further;
    if (!shared->is_further)
        g_hash_table_replace(oldest, (gpointer)&identity->key_id, shared);
}

static void
share_identities(Book *book, GPtrArray *tokens)
{
    g_autoptr(GHashTable) oldest = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < tokens->len; i++) {
        const MeishiToken *token = tokens->pdata[i];

        for (guint j = 0; token->role < 0 && j < token->shown->len; j++)
            mark_further(oldest, share(book, nth_identity(token, j)));
    }
}

static void
book_init(Book *book, GPtrArray *tokens, MeishiSnapshotWriter *writer)
{
    meishi_attrs_init(&book->attrs, writer);
    book->writer = writer;
    book->shared = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    book->issuers = g_hash_table_new(NULL, NULL);
    share_identities(book, tokens);
}

static void
book_clear(Book *book)
{
    g_hash_table_unref(book->shared);
    g_hash_table_unref(book->issuers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Book, book_clear)

/* ---- slot and mechanisms ------------------------------------------------------------------- */

static void
fill_text(char *field, gsize size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, MIN(strlen(text), size));
}

static void
write_slot(Slot *slot)
{
    const MeishiToken *token = slot->token;
    struct meishi_snapshot_slot info = {
        .slot_id = token->slot_id,
        .slot_flags = CKF_REMOVABLE_DEVICE | (token->is_present ? CKF_TOKEN_PRESENT : 0),
        .token_flags = TOKEN_FLAGS,
        .insertion = token->is_present ? token->insertion : 0,
    };

    fill_text(info.description, sizeof info.description, token->description);
    fill_text(info.manufacturer, sizeof info.manufacturer, MANUFACTURER);
    fill_text(info.label, sizeof info.label, token->label);
    fill_text(info.model, sizeof info.model, token->model);
    fill_text(info.serial, sizeof info.serial, token->serial);
    meishi_snapshot_writer_add_slot(slot->writer, &info);
}

static gboolean
has_raw_key(const Slot *slot)
{
    for (guint i = 0; i < slot->token->shown->len; i++)
        if (nth_identity(slot->token, i)->allow_raw)
            return TRUE;
    return FALSE;
}

/* The list does not depend on the keys at hand, because clients read it once and the token may
 * fill later; all but CKM_RSA_X_509, which no key allows unless the person said so. */
static void
write_mechanisms(Slot *slot)
{
    gsize n;
    const MeishiMechanismInfo *table = meishi_mechanism_table(&n);
    gboolean with_raw = has_raw_key(slot);

    for (gsize i = 0; i < n; i++) {
        const struct meishi_snapshot_mech mech = {.type = table[i].type,
                                                  .min_bits = table[i].min_bits,
                                                  .max_bits = table[i].max_bits,
                                                  .flags = table[i].flags};
        gboolean fits = table[i].key_types == 0
                            ? slot->token->has_digests
                            : (table[i].key_types & slot->token->key_types) != 0;

        if (fits && (with_raw || !table[i].raw))
            meishi_snapshot_writer_add_mechanism(slot->writer, &mech);
    }
}

/* ---- objects ------------------------------------------------------------------------------- */

static guint64
certificate_handle(const MeishiToken *token, const MeishiIdentity *identity)
{
    if (token->role >= 0)
        return meishi_handle_make_in_role(MEISHI_HANDLE_ROLE_CERTIFICATE, (guint)token->role,
                                          identity->cert_id);
    return meishi_handle_make(MEISHI_HANDLE_CERTIFICATE, identity->cert_id);
}

static void
write_certificates(Slot *slot)
{
    for (guint i = 0; i < slot->token->shown->len; i++) {
        const MeishiIdentity *identity = nth_identity(slot->token, i);
        guint64 handle = certificate_handle(slot->token, identity);

        if (identity->cert == NULL || handle == 0)
            continue;
        meishi_snapshot_writer_add_object(slot->writer, handle, CKO_CERTIFICATE);
        meishi_attrs_add_certificate(
            &slot->book->attrs, share(slot->book, identity),
            g_hash_table_contains(slot->in_chains, identity->cert->sha256));
    }
}

/* Issuers have no row of their own in the agent's eyes.  The handle is a hash of slot and
 * certificate; where two meet, the one that comes later moves on, the same way each time for the
 * same slots and issuers. */
static guint64
issuer_handle(const Slot *slot, const MeishiCert *issuer)
{
    GHashTable *taken = slot->book->issuers;
    guint64 number =
        meishi_snapshot_hash(slot->token->slot_id, CKA_VALUE, issuer->sha256, MEISHI_SHA256_LEN) &
        MEISHI_HANDLE_NUMBER_MASK;

    while (number == 0 || !g_hash_table_add(taken, GUINT_TO_POINTER((guint)number)))
        number = (number + 1) & MEISHI_HANDLE_NUMBER_MASK;
    return meishi_handle_make(MEISHI_HANDLE_ISSUER, (gint64)number);
}

/* GnuTLS looks for CKA_ID = authorityKeyIdentifier, so the issuer's id is its subject key
 * identifier; but never the id of a key that we hold, or the issuer would look like an identity. */
static void
write_issuer(Slot *slot, const MeishiCert *issuer, guint64 handle)
{
    const gsize key_id_len = sizeof issuer->key->key_id;
    gsize len = 0;
    const guint8 *id = NULL;

    if (issuer->subject_key_id != NULL)
        id = g_bytes_get_data(issuer->subject_key_id, &len);
    if (len == 0 && issuer->key != NULL) {
        id = issuer->key->key_id;
        len = key_id_len;
    }
    if (len == 0 || (len == key_id_len && g_hash_table_contains(slot->key_ids, id))) {
        id = issuer->sha256;
        len = key_id_len;
    }
    meishi_snapshot_writer_add_object(slot->writer, handle, CKO_CERTIFICATE);
    meishi_attrs_add_issuer(&slot->book->attrs, issuer, id, len);
}

static void
write_issuers(Slot *slot)
{
    for (guint i = 0; i < slot->issuers->len; i++)
        write_issuer(slot, slot->issuers->pdata[i], issuer_handle(slot, slot->issuers->pdata[i]));
}

/* How the objects of one class are made. */
typedef struct {
    guint64 class;
    MeishiHandleKind kind, further_kind, role_kind;
    void (*add)(MeishiAttrs *attrs, const MeishiAttrsShared *shared);
} KeyClass;

static const KeyClass key_classes[] = {
    {CKO_PUBLIC_KEY, MEISHI_HANDLE_PUBLIC_KEY, MEISHI_HANDLE_FURTHER_PUBLIC_KEY,
     MEISHI_HANDLE_ROLE_PUBLIC_KEY, meishi_attrs_add_public_key},
    {CKO_PRIVATE_KEY, MEISHI_HANDLE_PRIVATE_KEY, MEISHI_HANDLE_FURTHER_PRIVATE_KEY,
     MEISHI_HANDLE_ROLE_PRIVATE_KEY, meishi_attrs_add_private_key},
};

static guint64
key_handle(const MeishiToken *token, const KeyClass *class, const MeishiAttrsShared *shared)
{
    const MeishiIdentity *identity = shared->identity;

    if (token->role >= 0)
        return meishi_handle_make_in_role(class->role_kind, (guint)token->role, identity->cert_id);
    return shared->is_further ? meishi_handle_make(class->further_kind, identity->cert_id)
                              : meishi_handle_make(class->kind, identity->key_id);
}

/* One object per certificate of a key, since an object has one label, and libp11 and GnuTLS want
 * that of the URI on the key as well.  The oldest certificate has the key's own handle, whatever
 * becomes the best one. */
static void
write_keys(Slot *slot, const KeyClass *class)
{
    for (guint i = 0; i < slot->token->shown->len; i++) {
        const MeishiAttrsShared *shared = share(slot->book, nth_identity(slot->token, i));
        guint64 handle = key_handle(slot->token, class, shared);

        if (handle == 0)
            continue;
        meishi_snapshot_writer_add_object(slot->writer, handle, class->class);
        class->add(&slot->book->attrs, shared);
    }
}

/* PKCS#11 3.0 profiles, 4.4: all certificates of the token are seen without a login. */
static gboolean
is_true(const MeishiToken *token, guint64 profile)
{
    return profile != CKP_PUBLIC_CERTIFICATES_TOKEN || !token->hides_certificates;
}

static void
write_profiles(Slot *slot)
{
    static const guint64 profiles[] = {CKP_BASELINE_PROVIDER, CKP_AUTHENTICATION_TOKEN,
                                       CKP_PUBLIC_CERTIFICATES_TOKEN};

    for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
        gint64 number = (gint64)(slot->token->slot_id * 16 + profiles[i]);
        guint64 handle = meishi_handle_make(MEISHI_HANDLE_PROFILE, number);

        if (handle == 0 || !is_true(slot->token, profiles[i]))
            continue;
        meishi_snapshot_writer_add_object(slot->writer, handle, CKO_PROFILE);
        meishi_attrs_add_profile(&slot->book->attrs, slot->token->slot_id, profiles[i]);
    }
}

static void
write_token(Book *book, const MeishiToken *token)
{
    g_auto(Slot) slot = {0};

    slot_init(&slot, book, token);
    write_slot(&slot);
    write_mechanisms(&slot);
    if (!token->is_present)
        return;
    write_certificates(&slot);
    write_issuers(&slot);
    for (guint i = 0; i < G_N_ELEMENTS(key_classes); i++)
        write_keys(&slot, &key_classes[i]);
    write_profiles(&slot);
}

void
meishi_objects_write(GPtrArray *tokens, MeishiSnapshotWriter *writer)
{
    g_auto(Book) book = {0};

    book_init(&book, tokens, writer);
    for (guint i = 0; i < tokens->len; i++)
        write_token(&book, tokens->pdata[i]);
}
