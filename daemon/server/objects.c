/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two tokens, because one Ed25519 key makes libp11 0.4 reject the whole token that it lies in.
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
 * database.  Read-write sessions are granted all the same: OpenSSH opens no other.  The slot is
 * CKF_REMOVABLE_DEVICE, or NSS never looks again after sessions were lost.
 */
#include "daemon/server/objects.h"

#include "daemon/crypto/crypto.h"
#include "daemon/server/attrs.h"
#include "daemon/server/handle.h"
#include "module/wire/cryptoki.h"

#include <string.h>

#define MANUFACTURER "Meishi"
#define MODEL        "Meishi vault"

#define EDDSA_TYPES  (1u << MEISHI_KEY_ED25519 | 1u << MEISHI_KEY_ED448)
#define OTHER_TYPES  (1u << MEISHI_KEY_RSA | 1u << MEISHI_KEY_RSA_PSS | 1u << MEISHI_KEY_EC)

#define TOKEN_FLAGS                                             \
    (CKF_RNG | CKF_WRITE_PROTECTED | CKF_USER_PIN_INITIALIZED | \
     CKF_PROTECTED_AUTHENTICATION_PATH | CKF_TOKEN_INITIALIZED)

typedef struct {
    guint64 id;
    const char *label;
    const char *serial;
    guint key_types;         /* 1 << MeishiKeyType */
    gboolean has_digests;    /* Java offers RSA-PSS only where it sees CKM_SHA256 */
    gboolean always_present; /* or only with objects in it */
} SlotKind;

static const SlotKind slot_kinds[] = {
    {MEISHI_SLOT_VAULT, MEISHI_TOKEN_LABEL, "1", OTHER_TYPES, TRUE, TRUE},
    {MEISHI_SLOT_VAULT_EDDSA, MEISHI_TOKEN_LABEL_EDDSA, "2", EDDSA_TYPES, FALSE, FALSE},
};

/* One slot while it is written. */
typedef struct {
    const SlotKind *kind;
    MeishiAttrs *attrs;
    MeishiSnapshotWriter *writer;
    GPtrArray *identities;     /* MeishiIdentity, best first, borrowed */
    GPtrArray *issuers;        /* MeishiCert, by SHA-256, borrowed */
    GHashTable *in_chains;     /* SHA-256 (guint8 *) of every certificate in a chain */
    GHashTable *key_ids;       /* key_id (guint8 *) of every identity */
    MeishiAttrsShared *shared; /* one per identity */
} Slot;

guint64
meishi_objects_slot(MeishiKeyType type)
{
    return (EDDSA_TYPES & 1u << type) != 0 ? MEISHI_SLOT_VAULT_EDDSA : MEISHI_SLOT_VAULT;
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
collect_identities(Slot *slot, GPtrArray *identities, GHashTable *leaves)
{
    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = identities->pdata[i];

        if ((slot->kind->key_types & 1u << identity->key->type) == 0)
            continue;
        g_ptr_array_add(slot->identities, identity);
        g_hash_table_add(slot->key_ids, identity->key->key_id);
        if (identity->cert != NULL)
            g_hash_table_add(leaves, identity->cert->sha256);
    }
}

static void
collect_issuers(Slot *slot, GHashTable *leaves)
{
    for (guint i = 0; i < slot->identities->len; i++) {
        const MeishiIdentity *identity = slot->identities->pdata[i];
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

/* All but the oldest certificate of each key. */
static void
mark_further(Slot *slot)
{
    g_autoptr(GHashTable) oldest = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < slot->identities->len; i++) {
        MeishiIdentity *identity = slot->identities->pdata[i];
        MeishiAttrsShared *known = g_hash_table_lookup(oldest, &identity->key_id);
        MeishiAttrsShared *shared = &slot->shared[i];

        shared->is_further = known != NULL && known->identity->cert_id < identity->cert_id;
        if (known != NULL)
            known->is_further = !shared->is_further;
        if (!shared->is_further)
            g_hash_table_insert(oldest, &identity->key_id, shared);
    }
}

static void
slot_init(Slot *slot, const SlotKind *kind, MeishiAttrs *attrs, GPtrArray *identities)
{
    g_autoptr(GHashTable) leaves = g_hash_table_new(digest_hash, sha256_equal);

    slot->kind = kind;
    slot->attrs = attrs;
    slot->writer = attrs->writer;
    slot->identities = g_ptr_array_new();
    slot->issuers = g_ptr_array_new();
    slot->in_chains = g_hash_table_new(digest_hash, sha256_equal);
    slot->key_ids = g_hash_table_new(digest_hash, key_id_equal);
    collect_identities(slot, identities, leaves);
    collect_issuers(slot, leaves);
    slot->shared = g_new0(MeishiAttrsShared, slot->identities->len);
    for (guint i = 0; i < slot->identities->len; i++)
        meishi_attrs_share(attrs, slot->identities->pdata[i], &slot->shared[i]);
    mark_further(slot);
}

static void
slot_clear(Slot *slot)
{
    g_ptr_array_unref(slot->identities);
    g_ptr_array_unref(slot->issuers);
    g_hash_table_unref(slot->in_chains);
    g_hash_table_unref(slot->key_ids);
    g_free(slot->shared);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Slot, slot_clear)

/* ---- slot and mechanisms ------------------------------------------------------------------- */

static void
fill_text(char *field, gsize size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, MIN(strlen(text), size));
}

static gboolean
is_present(const Slot *slot)
{
    return slot->kind->always_present || slot->identities->len > 0;
}

static void
write_slot(Slot *slot)
{
    struct meishi_snapshot_slot info = {
        .slot_id = slot->kind->id,
        .slot_flags = CKF_REMOVABLE_DEVICE | (is_present(slot) ? CKF_TOKEN_PRESENT : 0),
        .token_flags = TOKEN_FLAGS,
    };

    fill_text(info.description, sizeof info.description, slot->kind->label);
    fill_text(info.manufacturer, sizeof info.manufacturer, MANUFACTURER);
    fill_text(info.label, sizeof info.label, slot->kind->label);
    fill_text(info.model, sizeof info.model, MODEL);
    fill_text(info.serial, sizeof info.serial, slot->kind->serial);
    meishi_snapshot_writer_add_slot(slot->writer, &info);
}

static gboolean
has_raw_key(const Slot *slot)
{
    for (guint i = 0; i < slot->identities->len; i++)
        if (((const MeishiIdentity *)slot->identities->pdata[i])->allow_raw)
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
        gboolean fits = table[i].key_types == 0 ? slot->kind->has_digests
                                                : (table[i].key_types & slot->kind->key_types) != 0;

        if (fits && (with_raw || !table[i].raw))
            meishi_snapshot_writer_add_mechanism(slot->writer, &mech);
    }
}

/* ---- objects ------------------------------------------------------------------------------- */

static void
write_certificates(Slot *slot)
{
    for (guint i = 0; i < slot->identities->len; i++) {
        const MeishiIdentity *identity = slot->identities->pdata[i];
        guint64 handle = meishi_handle_make(MEISHI_HANDLE_CERTIFICATE, identity->cert_id);

        if (identity->cert == NULL || handle == 0)
            continue;
        meishi_snapshot_writer_add_object(slot->writer, handle, CKO_CERTIFICATE);
        meishi_attrs_add_certificate(
            slot->attrs, &slot->shared[i],
            g_hash_table_contains(slot->in_chains, identity->cert->sha256));
    }
}

/* Issuers have no row of their own in the agent's eyes.  The handle is a hash of slot and
 * certificate; where two meet, the one with the greater SHA-256 moves on, the same way each time
 * for the same set of issuers. */
static guint64
issuer_handle(const Slot *slot, const MeishiCert *issuer, GHashTable *taken)
{
    guint64 number =
        meishi_snapshot_hash(slot->kind->id, CKA_VALUE, issuer->sha256, MEISHI_SHA256_LEN) &
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
    meishi_attrs_add_issuer(slot->attrs, issuer, id, len);
}

static void
write_issuers(Slot *slot)
{
    g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < slot->issuers->len; i++)
        write_issuer(slot, slot->issuers->pdata[i],
                     issuer_handle(slot, slot->issuers->pdata[i], taken));
}

/* One object per certificate of a key, since an object has one label, and libp11 and GnuTLS want
 * that of the URI on the key as well.  The oldest certificate has the key's own handle, whatever
 * becomes the best one. */
static void
write_keys(Slot *slot, MeishiHandleKind kind, MeishiHandleKind further_kind, guint64 class,
           void (*add)(MeishiAttrs *attrs, const MeishiAttrsShared *shared))
{
    for (guint i = 0; i < slot->identities->len; i++) {
        const MeishiIdentity *identity = slot->identities->pdata[i];
        guint64 handle = slot->shared[i].is_further
                             ? meishi_handle_make(further_kind, identity->cert_id)
                             : meishi_handle_make(kind, identity->key_id);

        if (handle == 0)
            continue;
        meishi_snapshot_writer_add_object(slot->writer, handle, class);
        add(slot->attrs, &slot->shared[i]);
    }
}

static void
write_profiles(Slot *slot)
{
    static const guint64 profiles[] = {CKP_BASELINE_PROVIDER, CKP_AUTHENTICATION_TOKEN,
                                       CKP_PUBLIC_CERTIFICATES_TOKEN};

    for (guint i = 0; i < G_N_ELEMENTS(profiles); i++) {
        gint64 number = (gint64)(slot->kind->id * 16 + profiles[i]);

        meishi_snapshot_writer_add_object(
            slot->writer, meishi_handle_make(MEISHI_HANDLE_PROFILE, number), CKO_PROFILE);
        meishi_attrs_add_profile(slot->attrs, slot->kind->id, profiles[i]);
    }
}

guint64
meishi_objects_write(GPtrArray *identities, MeishiSnapshotWriter *writer)
{
    MeishiAttrs attrs;
    guint64 present = 0;

    meishi_attrs_init(&attrs, writer);
    for (guint i = 0; i < G_N_ELEMENTS(slot_kinds); i++) {
        g_auto(Slot) slot = {0};

        slot_init(&slot, &slot_kinds[i], &attrs, identities);
        write_slot(&slot);
        write_mechanisms(&slot);
        if (!is_present(&slot))
            continue;
        present |= G_GUINT64_CONSTANT(1) << slot.kind->id;
        write_certificates(&slot);
        write_issuers(&slot);
        write_keys(&slot, MEISHI_HANDLE_PUBLIC_KEY, MEISHI_HANDLE_FURTHER_PUBLIC_KEY,
                   CKO_PUBLIC_KEY, meishi_attrs_add_public_key);
        write_keys(&slot, MEISHI_HANDLE_PRIVATE_KEY, MEISHI_HANDLE_FURTHER_PRIVATE_KEY,
                   CKO_PRIVATE_KEY, meishi_attrs_add_private_key);
        write_profiles(&slot);
    }
    return present;
}
