/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See piv.h.  "Table" and clause numbers are those of SP 800-73-4 part 2 and, for objects, part 1.
 */
#include "tests/card/piv.h"

#include "tests/card/tlv.h"

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#define MAX_KEYS         4

#define INS_VERIFY       0x20
#define INS_CHANGE       0x24
#define INS_UNBLOCK      0x2c
#define INS_AUTHENTICATE 0x87
#define INS_SELECT       0xa4
#define INS_GET_DATA     0xcb

#define REF_PIN          0x80
#define REF_PUK          0x81
#define FIELD_LEN        8

/* Part 1, table 5: algorithms. */
#define ALG_RSA_1024 0x06
#define ALG_RSA_2048 0x07
#define ALG_P256     0x11
#define ALG_P384     0x14

typedef struct {
    guint8 slot;
    EVP_PKEY *pkey;
    GByteArray *object; /* the certificate's, as GET DATA gives it */
} Key;

struct MeishiPiv {
    MeishiCardMemory *memory;
    MeishiPivFaults faults;
    Key keys[MAX_KEYS];
    guint n_keys;
    guint n_signatures;
    gboolean is_selected, is_verified;
    gboolean is_fresh; /* the PIN was verified by the very command before */
};

static const guint8 aid[] = {0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00};

MeishiPiv *
meishi_piv_new(MeishiCardMemory *memory, const MeishiPivFaults *faults)
{
    MeishiPiv *piv = g_new0(MeishiPiv, 1);

    piv->memory = memory;
    piv->faults = *faults;
    return piv;
}

void
meishi_piv_free(MeishiPiv *piv)
{
    for (guint i = 0; i < piv->n_keys; i++) {
        EVP_PKEY_free(piv->keys[i].pkey);
        g_byte_array_unref(piv->keys[i].object);
    }
    g_free(piv);
}

void
meishi_piv_reset(MeishiPiv *piv)
{
    piv->is_selected = piv->is_verified = piv->is_fresh = FALSE;
}

static const Key *
find_key(const MeishiPiv *piv, guint slot)
{
    for (guint i = 0; i < piv->n_keys; i++) {
        if (piv->keys[i].slot == slot)
            return &piv->keys[i];
    }
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static X509 *
read_certificate(const char *path)
{
    g_autofree char *text = NULL;
    X509 *certificate;
    BIO *bio;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    bio = BIO_new_mem_buf(text, -1);
    certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *
read_key(const char *path)
{
    g_autofree char *text = NULL;
    EVP_PKEY *pkey;
    BIO *bio;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    bio = BIO_new_mem_buf(text, -1);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return pkey;
}

/* Part 1, table 10: the certificate, "not compressed", no checksum. */
static GByteArray *
make_object(X509 *certificate)
{
    static const guint8 plain = 0;
    g_autoptr(GByteArray) inner = g_byte_array_new();
    GByteArray *object = g_byte_array_new();
    guint8 *der = NULL;
    int len = i2d_X509(certificate, &der);

    meishi_tlv_append(inner, 0x70, der, (gsize)len);
    meishi_tlv_append(inner, 0x71, &plain, 1);
    meishi_tlv_append(inner, 0xfe, NULL, 0);
    meishi_tlv_append(object, 0x53, inner->data, inner->len);
    OPENSSL_free(der);
    return object;
}

gboolean
meishi_piv_add_key(MeishiPiv *piv, const char *spec, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(spec, ":", 3);
    gboolean is_whole = g_strv_length(parts) == 3 && piv->n_keys < MAX_KEYS;
    EVP_PKEY *pkey = is_whole ? read_key(parts[1]) : NULL;
    X509 *certificate = is_whole ? read_certificate(parts[2]) : NULL;
    gboolean is_ok = pkey != NULL && certificate != NULL;

    if (is_ok)
        piv->keys[piv->n_keys++] = (Key){
            .slot = (guint8)g_ascii_strtoull(parts[0], NULL, 16),
            .pkey = pkey,
            .object = make_object(certificate),
        };
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "“%s” is not SLOT:KEY.pem:CERTIFICATE.pem", spec);
    if (!is_ok)
        EVP_PKEY_free(pkey);
    X509_free(certificate);
    return is_ok;
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Part 1, 3.1.2: who the holder is; we say only which card it is. */
static void
append_chuid(const MeishiPiv *piv, GByteArray *out)
{
    static const guint8 fasc_n[] = {0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed, 0x39, 0xce,
                                    0x73, 0x9d, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
                                    0x84, 0x21, 0xc8, 0x42, 0x10, 0xc3, 0xeb};
    g_autoptr(GByteArray) inner = g_byte_array_new();

    meishi_tlv_append(inner, 0x30, fasc_n, sizeof fasc_n);
    meishi_tlv_append(inner, 0x34, piv->memory->guid, sizeof piv->memory->guid);
    meishi_tlv_append(inner, 0x35, "20401231", 8);
    meishi_tlv_append(inner, 0x3e, NULL, 0);
    meishi_tlv_append(inner, 0xfe, NULL, 0);
    meishi_tlv_append(out, 0x53, inner->data, inner->len);
}

/* Part 1, 3.1.1: the card capability container. */
static void
append_ccc(const MeishiPiv *piv, GByteArray *out)
{
    static const struct {
        guint8 tag;
        guint8 len;
        guint8 value;
    } rest[] = {{0xf1, 1, 0x21}, {0xf2, 1, 0x21}, {0xf3, 0, 0}, {0xf4, 1, 0x00},
                {0xf5, 1, 0x10}, {0xf6, 0, 0},    {0xf7, 0, 0}, {0xfa, 0, 0},
                {0xfb, 0, 0},    {0xfc, 0, 0},    {0xfd, 0, 0}, {0xfe, 0, 0}};
    static const guint8 prefix[] = {0xa0, 0x00, 0x00, 0x01, 0x16, 0xff, 0x02};
    g_autoptr(GByteArray) inner = g_byte_array_new();
    guint8 identifier[21];

    memcpy(identifier, prefix, sizeof prefix);
    memcpy(identifier + sizeof prefix, piv->memory->guid, sizeof identifier - sizeof prefix);
    meishi_tlv_append(inner, 0xf0, identifier, sizeof identifier);
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        meishi_tlv_append(inner, rest[i].tag, &rest[i].value, rest[i].len);
    meishi_tlv_append(out, 0x53, inner->data, inner->len);
}

/* Part 1, 3.2.6: the PIN of this application is the one that counts. */
static void
append_discovery(GByteArray *out)
{
    static const guint8 policy[] = {0x40, 0x00};
    static const guint8 full_aid[] = {0xa0, 0x00, 0x00, 0x03, 0x08, 0x00,
                                      0x00, 0x10, 0x00, 0x01, 0x00};
    g_autoptr(GByteArray) inner = g_byte_array_new();

    meishi_tlv_append(inner, 0x4f, full_aid, sizeof full_aid);
    meishi_tlv_append(inner, 0x5f2f, policy, sizeof policy);
    meishi_tlv_append(out, 0x7e, inner->data, inner->len);
}

static guint
append_certificate(const MeishiPiv *piv, guint slot, GByteArray *out)
{
    const Key *key = find_key(piv, slot);

    if (key == NULL)
        return MEISHI_SW_NOT_FOUND;
    g_byte_array_append(out, key->object->data, key->object->len);
    return MEISHI_SW_OK;
}

/* Part 2, 3.1.2; the object is named by tag 0x5c. */
static guint
get_data(const MeishiPiv *piv, const MeishiCommand *command, GByteArray *out)
{
    gsize len;
    const guint8 *name = meishi_tlv_find(command->data, command->len, 0x5c, &len);
    guint object = 0;

    if (name == NULL || len > 3)
        return MEISHI_SW_DATA;
    for (gsize i = 0; i < len; i++)
        object = object << 8 | name[i];
    switch (object) {
    case 0x5fc105:
        return append_certificate(piv, 0x9a, out);
    case 0x5fc10a:
        return append_certificate(piv, 0x9c, out);
    case 0x5fc10b:
        return append_certificate(piv, 0x9d, out);
    case 0x5fc101:
        return append_certificate(piv, 0x9e, out);
    case 0x5fc102:
        append_chuid(piv, out);
        return MEISHI_SW_OK;
    case 0x5fc107:
        append_ccc(piv, out);
        return MEISHI_SW_OK;
    case 0x7e:
        append_discovery(out);
        return MEISHI_SW_OK;
    default:
        return MEISHI_SW_NOT_FOUND;
    }
}

/* ---- PIN and PUK ----------------------------------------------------------------------------- */

static guint
tries_status(const MeishiCardCode *code)
{
    return code->tries_left > 0 ? MEISHI_SW_TRIES | code->tries_left : MEISHI_SW_BLOCKED;
}

/* Compares @field with @code and keeps count. */
static guint
try_code(MeishiPiv *piv, MeishiCardCode *code, const guint8 *field)
{
    guint status;

    if (code->tries_left == 0)
        return MEISHI_SW_BLOCKED;
    status = meishi_card_code_verify(code, field) ? MEISHI_SW_OK : tries_status(code);
    meishi_card_memory_save(piv->memory);
    g_print("verify %s\n", status == MEISHI_SW_OK ? "right" : "wrong");
    return status;
}

static guint
verify(MeishiPiv *piv, const MeishiCommand *command)
{
    MeishiCardCode *pin = &piv->memory->pin;
    guint status;

    if (command->p2 != REF_PIN)
        return MEISHI_SW_REFERENCE;
    if (command->p1 == 0xff) {
        piv->is_verified = FALSE;
        return MEISHI_SW_OK;
    }
    if (command->len == 0)
        return piv->is_verified ? MEISHI_SW_OK : tries_status(pin);
    if (command->len != FIELD_LEN)
        return MEISHI_SW_DATA;
    status = try_code(piv, pin, command->data);
    piv->is_verified = piv->is_fresh = status == MEISHI_SW_OK;
    return status;
}

/* The old one, or for a blocked PIN the PUK, and the new one. */
static guint
change(MeishiPiv *piv, const MeishiCommand *command)
{
    gboolean is_unblocking = command->ins == INS_UNBLOCK;
    MeishiCardCode *proof =
        is_unblocking || command->p2 == REF_PUK ? &piv->memory->puk : &piv->memory->pin;
    MeishiCardCode *changed = command->p2 == REF_PUK ? &piv->memory->puk : &piv->memory->pin;
    guint status;

    if (command->len != 2 * FIELD_LEN)
        return MEISHI_SW_DATA;
    status = try_code(piv, proof, command->data);
    g_print("%s %s\n", is_unblocking ? "unblock" : "change",
            status == MEISHI_SW_OK ? "right" : "wrong");
    if (status != MEISHI_SW_OK)
        return status;
    meishi_card_code_set(changed, command->data + FIELD_LEN);
    meishi_card_memory_save(piv->memory);
    return MEISHI_SW_OK;
}

/* ---- signing --------------------------------------------------------------------------------- */

static guint
algorithm_of(const Key *key)
{
    int bits = EVP_PKEY_get_bits(key->pkey);

    if (EVP_PKEY_is_a(key->pkey, "RSA"))
        return bits > 1024 ? ALG_RSA_2048 : ALG_RSA_1024;
    return bits > 256 ? ALG_P384 : ALG_P256;
}

/* What the card was given is padded, or hashed, already: it does the bare operation. */
static gboolean
sign(const Key *key, const guint8 *data, gsize len, guint8 *signature, gsize *ret_len)
{
    gboolean is_rsa = EVP_PKEY_is_a(key->pkey, "RSA");
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    gboolean ok;

    if (is_rsa)
        ok = EVP_PKEY_decrypt_init(context) > 0 &&
             EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0 &&
             EVP_PKEY_decrypt(context, signature, ret_len, data, len) > 0;
    else
        ok = EVP_PKEY_sign_init(context) > 0 &&
             EVP_PKEY_sign(context, signature, ret_len, data, len) > 0;
    EVP_PKEY_CTX_free(context);
    return ok;
}

static void
suffer(MeishiPiv *piv)
{
    if (piv->faults.delay_ms > 0)
        g_usleep((gulong)piv->faults.delay_ms * 1000);
    if (++piv->n_signatures == piv->faults.dies_at)
        _exit(0);
}

static gboolean
is_authorised(const MeishiPiv *piv, guint slot)
{
    return slot == 0x9e || (slot == 0x9c ? piv->is_fresh : piv->is_verified);
}

/* Part 2, 3.2.4: P1 the algorithm, P2 the key; the dynamic authentication template (0x7c) holds the
 * challenge (0x81). */
static guint
authenticate(MeishiPiv *piv, const MeishiCommand *command, GByteArray *out)
{
    const Key *key = find_key(piv, command->p2);
    g_autoptr(GByteArray) inner = g_byte_array_new();
    const guint8 *template, *challenge = NULL;
    gsize template_len, challenge_len;
    guint8 signature[1024];
    gsize len = sizeof signature;

    if (key == NULL)
        return MEISHI_SW_REFERENCE;
    if (command->p1 != algorithm_of(key))
        return MEISHI_SW_P1_P2;
    if (!is_authorised(piv, command->p2))
        return MEISHI_SW_NOT_AUTHORISED;
    template = meishi_tlv_find(command->data, command->len, 0x7c, &template_len);
    if (template != NULL)
        challenge = meishi_tlv_find(template, template_len, 0x81, &challenge_len);
    if (challenge == NULL)
        return MEISHI_SW_DATA;
    g_print("sign %02x\n", command->p2);
    suffer(piv);
    if (!sign(key, challenge, challenge_len, signature, &len))
        return MEISHI_SW_DATA;
    meishi_tlv_append(inner, 0x82, signature, len);
    meishi_tlv_append(out, 0x7c, inner->data, inner->len);
    return MEISHI_SW_OK;
}

/* ---- commands -------------------------------------------------------------------------------- */

static guint
select_application(MeishiPiv *piv, const MeishiCommand *command, GByteArray *out)
{
    static const guint8 property[] = {0x61, 0x11, 0x4f, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00,
                                      0x79, 0x07, 0x4f, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08};

    if (command->p1 != 4 || command->len < 5 ||
        memcmp(command->data, aid, MIN(command->len, sizeof aid)) != 0)
        return MEISHI_SW_NOT_FOUND;
    piv->is_selected = TRUE;
    g_byte_array_append(out, property, sizeof property);
    return MEISHI_SW_OK;
}

guint
meishi_piv_run(const MeishiCommand *command, GByteArray *out, gpointer data)
{
    MeishiPiv *piv = data;
    guint status;

    if (command->ins == INS_SELECT)
        return select_application(piv, command, out);
    if (!piv->is_selected)
        return MEISHI_SW_INSTRUCTION;
    switch (command->ins) {
    case INS_GET_DATA:
        status = get_data(piv, command, out);
        break;
    case INS_VERIFY:
        return verify(piv, command); /* the next command may be the one that it is for */
    case INS_CHANGE:
    case INS_UNBLOCK:
        status = change(piv, command);
        break;
    case INS_AUTHENTICATE:
        status = authenticate(piv, command, out);
        break;
    default:
        status = MEISHI_SW_INSTRUCTION;
    }
    piv->is_fresh = FALSE;
    return status;
}
