/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Attributes as PKCS#11 2.40, 4.6 to 4.9 want them for C_CreateObject, and no more of them than
 * that: tokens refuse what they do not know.
 */
#include "daemon/agent/token-piece.h"

#include "daemon/crypto/crypto.h"
#include "daemon/token/template.h"
#include "module/wire/cryptoki.h"

typedef struct {
    const MeishiImportPlan *plan;
    GPtrArray *objects;
    MeishiTokenPieces *pieces;
    GHashTable *made; /* guint (index of a key): its objects are among the pieces */
    GPtrArray *ders;  /* GBytes: certificates that are */
} Work;

/* What every object about one key says. */
typedef struct {
    const MeishiCert *cert;
    const char *label;
    GBytes *id; /* CKA_ID */
} Subject;

static void
piece_free(gpointer data)
{
    MeishiTokenPiece *piece = data;

    meishi_secret_unref(piece->template);
    g_free(piece);
}

void
meishi_token_pieces_free(MeishiTokenPieces *pieces)
{
    if (pieces == NULL)
        return;
    g_ptr_array_unref(pieces->pieces);
    g_ptr_array_unref(pieces->certs);
    g_free(pieces);
}

static gboolean
add_piece(Work *work, const MeishiHostObject *object, gboolean is_optional, GError **error)
{
    MeishiSecret *template = meishi_template_encode(object, error);
    MeishiTokenPiece *piece;

    if (template == NULL)
        return FALSE;
    piece = g_new0(MeishiTokenPiece, 1);
    piece->template = template;
    piece->is_optional = is_optional;
    g_ptr_array_add(work->pieces->pieces, piece);
    return TRUE;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const gulong *
key_type_of(MeishiKeyType type)
{
    static const gulong rsa = CKK_RSA, ec = CKK_EC, edwards = CKK_EC_EDWARDS;

    if (type == MEISHI_KEY_RSA || type == MEISHI_KEY_RSA_PSS)
        return &rsa;
    return type == MEISHI_KEY_EC ? &ec : &edwards;
}

static void
begin_object(MeishiHostObject *object, const Subject *subject, gboolean is_private)
{
    meishi_template_add_flag(object, CKA_TOKEN, TRUE);
    meishi_template_add_flag(object, CKA_PRIVATE, is_private);
    meishi_template_add_text(object, CKA_LABEL, subject->label);
    if (subject->id != NULL)
        meishi_template_add_bytes(object, CKA_ID, subject->id);
    meishi_template_add_bytes(object, CKA_SUBJECT, subject->cert->subject);
}

static gboolean
may_be_used_for(const MeishiCert *cert, guint usages)
{
    return !cert->has_key_usage || (cert->key_usage & usages) != 0;
}

static void
add_private_usage(MeishiHostObject *object, const MeishiCert *cert)
{
    const MeishiKeyType type = cert->key->type;

    meishi_template_add_flag(object, CKA_SIGN, TRUE);
    if (type == MEISHI_KEY_RSA &&
        may_be_used_for(cert, MEISHI_KU_KEY_ENCIPHERMENT | MEISHI_KU_DATA_ENCIPHERMENT))
        meishi_template_add_flag(object, CKA_DECRYPT, TRUE);
    if (type == MEISHI_KEY_EC && may_be_used_for(cert, MEISHI_KU_KEY_AGREEMENT))
        meishi_template_add_flag(object, CKA_DERIVE, TRUE);
}

static void
add_rsa_public(MeishiHostObject *object, const MeishiPublicKey *key)
{
    meishi_template_add_bytes(object, CKA_MODULUS, key->modulus);
    meishi_template_add_bytes(object, CKA_PUBLIC_EXPONENT, key->exponent);
}

static gboolean
add_private_key(Work *work, const Subject *subject, const MeishiKeyParts *parts, GError **error)
{
    const MeishiPublicKey *key = subject->cert->key;
    MeishiHostObject object = {.class = CKO_PRIVATE_KEY};

    meishi_template_add_number(&object, CKA_KEY_TYPE, key_type_of(key->type));
    begin_object(&object, subject, TRUE);
    meishi_template_add_flag(&object, CKA_SENSITIVE, TRUE);
    meishi_template_add_flag(&object, CKA_EXTRACTABLE, FALSE);
    add_private_usage(&object, subject->cert);
    if (key->modulus != NULL)
        add_rsa_public(&object, key);
    else
        meishi_template_add_bytes(&object, CKA_EC_PARAMS, key->ec_params);
    for (guint i = 0; i < parts->n; i++) {
        const MeishiSecret *value = parts->part[i].value;

        meishi_template_add(
            &object, parts->part[i].type,
            (struct meishi_bytes){meishi_secret_data(value), meishi_secret_len(value)});
    }
    return add_piece(work, &object, FALSE, error);
}

/* Some tokens make it themselves, and some have none. */
static gboolean
add_public_key(Work *work, const Subject *subject, GError **error)
{
    const MeishiPublicKey *key = subject->cert->key;
    MeishiHostObject object = {.class = CKO_PUBLIC_KEY};

    meishi_template_add_number(&object, CKA_KEY_TYPE, key_type_of(key->type));
    begin_object(&object, subject, FALSE);
    meishi_template_add_flag(&object, CKA_VERIFY, TRUE);
    if (key->modulus != NULL) {
        add_rsa_public(&object, key);
    } else {
        meishi_template_add_bytes(&object, CKA_EC_PARAMS, key->ec_params);
        meishi_template_add_bytes(&object, CKA_EC_POINT, key->ec_point);
    }
    return add_piece(work, &object, TRUE, error);
}

static gboolean
add_key(Work *work, const Subject *subject, guint index, GError **error)
{
    const MeishiImportKey *row = work->plan->keys->pdata[index];
    g_autoptr(MeishiKey) key = NULL;
    g_auto(MeishiKeyParts) parts = {0};

    if (!g_hash_table_add(work->made, GUINT_TO_POINTER(index)))
        return TRUE;
    key = meishi_key_new(row->pkcs8, FALSE, error);
    return key != NULL && meishi_key_parts(key, &parts, error) &&
           add_private_key(work, subject, &parts, error) && add_public_key(work, subject, error);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static gboolean
is_missing(const Work *work, GBytes *der)
{
    for (guint i = 0; i < work->objects->len; i++) {
        const MeishiTokenObject *object = work->objects->pdata[i];

        if (object->class == CKO_CERTIFICATE && object->value != NULL &&
            g_bytes_equal(object->value, der))
            return FALSE;
    }
    return !g_ptr_array_find_with_equal_func(work->ders, der, g_bytes_equal, NULL);
}

static gboolean
add_cert(Work *work, const Subject *subject, gboolean is_optional, GError **error)
{
    static const gulong x509 = CKC_X_509;
    MeishiHostObject object = {.class = CKO_CERTIFICATE};

    if (!is_missing(work, subject->cert->der))
        return TRUE;
    g_ptr_array_add(work->ders, g_bytes_ref(subject->cert->der));
    meishi_template_add_number(&object, CKA_CERTIFICATE_TYPE, &x509);
    begin_object(&object, subject, FALSE);
    meishi_template_add_bytes(&object, CKA_ISSUER, subject->cert->issuer);
    meishi_template_add_bytes(&object, CKA_SERIAL_NUMBER, subject->cert->serial);
    meishi_template_add_bytes(&object, CKA_VALUE, subject->cert->der);
    return add_piece(work, &object, is_optional, error);
}

/* A server has the roots that it trusts, so these only take room. */
static gboolean
add_issuers(Work *work, GPtrArray *ders, GError **error)
{
    for (guint i = 0; i < ders->len; i++) {
        g_autoptr(MeishiCert) cert = meishi_x509_parse(ders->pdata[i], error);
        Subject subject = {.cert = cert};

        if (cert == NULL)
            return FALSE;
        subject.label = cert->subject_cn != NULL ? cert->subject_cn : cert->subject_text;
        if (!cert->is_self_signed && !add_cert(work, &subject, TRUE, error))
            return FALSE;
    }
    return TRUE;
}

/* Of the key on the token that the certificate belongs to; else what is usual. */
static GBytes *
choose_id(const Work *work, MeishiCert *cert, gboolean *ret_has_key)
{
    const MeishiTokenIdentity identity = {.cert = cert};
    g_autoptr(GPtrArray) keys = meishi_pairing_sure_keys(work->objects, &identity);
    const MeishiTokenObject *key = keys->len > 0 ? keys->pdata[0] : NULL;

    *ret_has_key = key != NULL;
    if (key != NULL && key->id != NULL)
        return g_bytes_ref(key->id);
    return g_bytes_new(cert->key->key_id, sizeof cert->key->key_id);
}

static gboolean
add_identity(Work *work, const MeishiStoreNewCert *row, GError **error)
{
    g_autoptr(MeishiCert) cert = meishi_x509_parse(row->cert.der, error);
    g_autoptr(GBytes) id = NULL;
    gboolean has_key;
    Subject subject;

    if (cert == NULL)
        return FALSE;
    id = choose_id(work, cert, &has_key);
    subject = (Subject){cert, row->cert.label, id};
    if (!has_key && row->cert.key_id == 0 && !add_key(work, &subject, row->key_index, error))
        return FALSE;
    if (!add_cert(work, &subject, FALSE, error) || !add_issuers(work, row->issuers, error))
        return FALSE;
    g_ptr_array_add(work->pieces->certs, g_steal_pointer(&cert));
    return TRUE;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static gboolean
add_all(Work *work, GError **error)
{
    for (guint i = 0; i < work->plan->certs->len; i++) {
        if (!add_identity(work, work->plan->certs->pdata[i], error))
            return FALSE;
    }
    return add_issuers(work, work->plan->issuers, error);
}

MeishiTokenPieces *
meishi_token_pieces_new(const MeishiImportPlan *plan, GPtrArray *objects, GError **error)
{
    g_autoptr(MeishiTokenPieces) pieces = g_new0(MeishiTokenPieces, 1);
    g_autoptr(GHashTable) made = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) ders = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    Work work = {plan, objects, pieces, made, ders};

    pieces->pieces = g_ptr_array_new_with_free_func(piece_free);
    pieces->certs = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    return add_all(&work, error) ? g_steal_pointer(&pieces) : NULL;
}
