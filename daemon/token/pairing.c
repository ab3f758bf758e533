/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A private key is likely, possible, or out of the question.  Out of the question is what has
 * another type, modulus or curve; likely is what is known to be the right one.
 */
#include "daemon/token/pairing.h"

#include "module/wire/cryptoki.h"

#include <string.h>

#define DER_SEQUENCE 0x30

void
meishi_token_identity_free(MeishiTokenIdentity *identity)
{
    if (identity == NULL)
        return;
    meishi_cert_unref(identity->cert);
    g_clear_pointer(&identity->id, g_bytes_unref);
    g_free(identity->label);
    g_free(identity);
}

/* ---- public keys ---------------------------------------------------------------------------- */

static gboolean
is_type_of(guint64 key_type, MeishiKeyType type)
{
    switch (type) {
    case MEISHI_KEY_RSA:
    case MEISHI_KEY_RSA_PSS:
        return key_type == CKK_RSA;
    case MEISHI_KEY_EC:
        return key_type == CKK_EC;
    case MEISHI_KEY_ED25519:
    case MEISHI_KEY_ED448:
        return key_type == CKK_EC_EDWARDS || key_type == CKK_EC;
    default:
        return FALSE;
    }
}

#define MAX_AROUND 5 /* tag, length, unused bits, form */

/* PKCS#11 2.40, 2.3.3 wants a DER OCTET STRING around the point.  Some tokens leave it out, and
 * some have a BIT STRING there; which of these it is cannot be told by its first bytes, all of
 * which a point can have, too.  So only what is the same in all of them is looked at: the
 * coordinates, at the end.  @theirs is wrapped as the standard has it, and has less than 256 bytes.
 */
static gboolean
is_same_point(GBytes *ours, GBytes *theirs, gboolean has_form)
{
    gsize len, their_len;
    const guint8 *data = g_bytes_get_data(ours, &len);
    const guint8 *their_data = g_bytes_get_data(theirs, &their_len);
    gsize head = (their_len > 2 && their_data[1] == 0x81 ? 3 : 2) + (has_form ? 1 : 0);
    gsize n = their_len > head ? their_len - head : 0;

    return n > 0 && len >= n && len - n <= MAX_AROUND &&
           memcmp(data + len - n, their_data + head, n) == 0;
}

/* RFC 3279, 2.3.5: parameters may be spelled out, and may then be those of any curve. */
static gboolean
is_spelled_out(GBytes *params)
{
    return ((const guint8 *)g_bytes_get_data(params, NULL))[0] == DER_SEQUENCE;
}

static gboolean
is_other_curve(GBytes *ours, GBytes *theirs)
{
    return !g_bytes_equal(ours, theirs) && !is_spelled_out(ours) && !is_spelled_out(theirs);
}

typedef enum {
    DIFFERENT,
    UNKNOWN,
    SAME,
} Match;

/* What the public parts that an object has say about it and @key. */
static Match
compare_key(const MeishiTokenObject *object, const MeishiPublicKey *key)
{
    if (!is_type_of(object->key_type, key->type))
        return DIFFERENT;
    if (object->modulus != NULL && key->modulus != NULL)
        return g_bytes_equal(object->modulus, key->modulus) ? SAME : DIFFERENT;
    if (object->ec_point != NULL && key->ec_point != NULL)
        return is_same_point(object->ec_point, key->ec_point, key->type == MEISHI_KEY_EC)
                   ? SAME
                   : DIFFERENT;
    if (object->ec_params != NULL && key->type == MEISHI_KEY_EC && key->ec_params != NULL &&
        is_other_curve(object->ec_params, key->ec_params))
        return DIFFERENT;
    return UNKNOWN;
}

/* ---- private keys --------------------------------------------------------------------------- */

static gboolean
has_same_id(const MeishiTokenObject *object, GBytes *id)
{
    return id != NULL && object->id != NULL && g_bytes_equal(object->id, id);
}

/* The CKA_ID of the public key object that has the certificate's key: on some cards it is that, and
 * not the certificate's, which the private key shares. */
static GBytes *
find_public_id(GPtrArray *objects, const MeishiPublicKey *key)
{
    for (guint i = 0; i < objects->len; i++) {
        const MeishiTokenObject *object = objects->pdata[i];

        if (object->class == CKO_PUBLIC_KEY && compare_key(object, key) == SAME)
            return object->id;
    }
    return NULL;
}

enum {
    RANK_OUT,
    RANK_TYPE,  /* nothing speaks against it */
    RANK_LABEL, /* the certificate's label */
    RANK_ID,    /* its CKA_ID, or that of its public key */
    RANK_KEY,   /* the very key */
};

static int
rank_key(GPtrArray *objects, const MeishiTokenObject *object, const MeishiTokenIdentity *identity)
{
    Match match = compare_key(object, identity->cert->key);

    if (match != UNKNOWN)
        return match == SAME ? RANK_KEY : RANK_OUT;
    if (has_same_id(object, identity->id) ||
        has_same_id(object, find_public_id(objects, identity->cert->key)))
        return RANK_ID;
    if (object->label != NULL && g_strcmp0(object->label, identity->label) == 0)
        return RANK_LABEL;
    return RANK_TYPE;
}

static void
add_ranked(GPtrArray *objects, const MeishiTokenIdentity *identity, int rank, GPtrArray *found)
{
    for (guint i = 0; i < objects->len; i++) {
        MeishiTokenObject *object = objects->pdata[i];

        if (object->class == CKO_PRIVATE_KEY && rank_key(objects, object, identity) == rank)
            g_ptr_array_add(found, object);
    }
}

/* A key that is known makes guesses needless, and one with the right CKA_ID weaker ones: each
 * guess costs a signature, and on some cards a PIN. */
static GPtrArray *
find_best(GPtrArray *objects, const MeishiTokenIdentity *identity, int least)
{
    GPtrArray *found = g_ptr_array_new();

    for (int rank = RANK_KEY; rank >= least && found->len == 0; rank--)
        add_ranked(objects, identity, rank, found);
    return found;
}

GPtrArray *
meishi_pairing_keys(GPtrArray *objects, const MeishiTokenIdentity *identity)
{
    return find_best(objects, identity, RANK_TYPE);
}

GPtrArray *
meishi_pairing_sure_keys(GPtrArray *objects, const MeishiTokenIdentity *identity)
{
    return find_best(objects, identity, RANK_ID);
}

/* ---- identities ----------------------------------------------------------------------------- */

static gboolean
sees_private_keys(const MeishiTokenContent *token)
{
    for (guint i = 0; i < token->objects->len; i++) {
        const MeishiTokenObject *object = token->objects->pdata[i];

        if (object->class == CKO_PRIVATE_KEY)
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_pairing_has_public_key(GPtrArray *objects, const MeishiPublicKey *key)
{
    for (guint i = 0; i < objects->len; i++) {
        const MeishiTokenObject *object = objects->pdata[i];

        if (object->class == CKO_PUBLIC_KEY && compare_key(object, key) == SAME)
            return TRUE;
    }
    return FALSE;
}

/* Some tokens show one key without a login and the others after it, so that a key which cannot be
 * seen may still be there. */
static gboolean
may_hold_key(const MeishiTokenContent *token, const MeishiTokenIdentity *identity)
{
    g_autoptr(GPtrArray) keys = meishi_pairing_keys(token->objects, identity);
    gboolean has_id = FALSE;

    for (guint i = 0; i < keys->len; i++)
        has_id = has_id || rank_key(token->objects, keys->pdata[i], identity) >= RANK_ID;
    if (has_id || meishi_pairing_has_public_key(token->objects, identity->cert->key))
        return TRUE;
    if (meishi_token_content_needs_login(token))
        return !identity->cert->is_ca;
    return sees_private_keys(token) && keys->len > 0 && !identity->cert->is_ca;
}

static gboolean
is_usable(const MeishiCert *cert)
{
    return cert->key != NULL && cert->key->type != MEISHI_KEY_UNKNOWN;
}

static MeishiTokenIdentity *
read_identity(const MeishiTokenObject *object, MeishiPairingRead read, gpointer user_data)
{
    MeishiTokenIdentity *identity;
    MeishiCert *cert = NULL;

    if (object->class == CKO_CERTIFICATE && object->value != NULL)
        cert = read(object->value, user_data);
    if (cert == NULL)
        return NULL;
    identity = g_new0(MeishiTokenIdentity, 1);
    identity->cert = cert;
    identity->id = object->id != NULL ? g_bytes_ref(object->id) : NULL;
    identity->label = g_strdup(object->label);
    return identity;
}

static gboolean
holds_cert(GPtrArray *identities, const MeishiCert *cert)
{
    for (guint i = 0; i < identities->len; i++) {
        const MeishiTokenIdentity *identity = identities->pdata[i];

        if (memcmp(identity->cert->sha256, cert->sha256, MEISHI_SHA256_LEN) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Whether the very key of @identity is seen, or its public half. */
static gboolean
is_proven(const MeishiTokenContent *token, const MeishiTokenIdentity *identity)
{
    g_autoptr(GPtrArray) keys = find_best(token->objects, identity, RANK_KEY);

    return keys->len > 0 || meishi_pairing_has_public_key(token->objects, identity->cert->key);
}

/* On some cards the issuers have the CKA_ID of the certificate that they are there for. */
static gboolean
is_issuer_beside(const MeishiTokenIdentity *identity, GPtrArray *identities)
{
    for (guint i = 0; identity->cert->is_ca && i < identities->len; i++) {
        const MeishiTokenIdentity *other = identities->pdata[i];

        if (!other->cert->is_ca && identity->id != NULL && other->id != NULL &&
            g_bytes_equal(identity->id, other->id))
            return TRUE;
    }
    return FALSE;
}

static void
drop_issuers(const MeishiTokenContent *token, GPtrArray *identities)
{
    for (guint i = identities->len; i-- > 0;) {
        if (is_issuer_beside(identities->pdata[i], identities) &&
            !is_proven(token, identities->pdata[i]))
            g_ptr_array_remove_index(identities, i);
    }
}

GPtrArray *
meishi_pairing_identities(const MeishiTokenContent *token, MeishiPairingRead read,
                          gpointer user_data)
{
    GPtrArray *identities =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_identity_free);

    for (guint i = 0; i < token->objects->len; i++) {
        MeishiTokenIdentity *identity = read_identity(token->objects->pdata[i], read, user_data);

        if (identity == NULL)
            continue;
        if (is_usable(identity->cert) && !holds_cert(identities, identity->cert) &&
            may_hold_key(token, identity))
            g_ptr_array_add(identities, identity);
        else
            meishi_token_identity_free(identity);
    }
    drop_issuers(token, identities);
    return identities;
}

GPtrArray *
meishi_pairing_others(const MeishiTokenContent *token, GPtrArray *identities,
                      MeishiPairingRead read, gpointer user_data)
{
    GPtrArray *others = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);

    for (guint i = 0; i < token->objects->len; i++) {
        MeishiTokenIdentity *other = read_identity(token->objects->pdata[i], read, user_data);

        if (other != NULL && !holds_cert(identities, other->cert))
            g_ptr_array_add(others, meishi_cert_ref(other->cert));
        meishi_token_identity_free(other);
    }
    return others;
}
