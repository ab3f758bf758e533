/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers become the names that the standard has for them, as far as they are of use with
 * identities; others stay numbers.
 */
#include "daemon/agent/token-inspect.h"

#include "daemon/agent/hex.h"
#include "daemon/agent/token-shelf.h"
#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

typedef struct {
    guint64 value;
    const char *name;
} Name;

#define NAME(prefix, name)  \
    {                       \
        prefix##name, #name \
    }

static const Name mechanism_names[] = {
    NAME(CKM_, RSA_PKCS_KEY_PAIR_GEN),
    NAME(CKM_, RSA_PKCS),
    NAME(CKM_, RSA_9796),
    NAME(CKM_, RSA_X_509),
    NAME(CKM_, MD5_RSA_PKCS),
    NAME(CKM_, SHA1_RSA_PKCS),
    NAME(CKM_, SHA224_RSA_PKCS),
    NAME(CKM_, SHA256_RSA_PKCS),
    NAME(CKM_, SHA384_RSA_PKCS),
    NAME(CKM_, SHA512_RSA_PKCS),
    NAME(CKM_, RSA_PKCS_OAEP),
    NAME(CKM_, RSA_PKCS_PSS),
    NAME(CKM_, SHA1_RSA_PKCS_PSS),
    NAME(CKM_, SHA224_RSA_PKCS_PSS),
    NAME(CKM_, SHA256_RSA_PKCS_PSS),
    NAME(CKM_, SHA384_RSA_PKCS_PSS),
    NAME(CKM_, SHA512_RSA_PKCS_PSS),
    NAME(CKM_, EC_KEY_PAIR_GEN),
    NAME(CKM_, ECDSA),
    NAME(CKM_, ECDSA_SHA1),
    NAME(CKM_, ECDSA_SHA224),
    NAME(CKM_, ECDSA_SHA256),
    NAME(CKM_, ECDSA_SHA384),
    NAME(CKM_, ECDSA_SHA512),
    NAME(CKM_, ECDH1_DERIVE),
    NAME(CKM_, ECDH1_COFACTOR_DERIVE),
    NAME(CKM_, EC_EDWARDS_KEY_PAIR_GEN),
    NAME(CKM_, EDDSA),
    NAME(CKM_, SHA_1),
    NAME(CKM_, SHA224),
    NAME(CKM_, SHA256),
    NAME(CKM_, SHA384),
    NAME(CKM_, SHA512),
    {0, NULL},
};

/* PKCS#11 2.40, 4.4, table 6. */
static const Name flag_names[] = {
    {CKF_RNG, "random-numbers"},
    {CKF_WRITE_PROTECTED, "write-protected"},
    {CKF_LOGIN_REQUIRED, "login-required"},
    {CKF_USER_PIN_INITIALIZED, "pin-set"},
    {CKF_PROTECTED_AUTHENTICATION_PATH, "pin-pad"},
    {CKF_TOKEN_INITIALIZED, "initialized"},
    {CKF_USER_PIN_COUNT_LOW, "pin-few-tries"},
    {CKF_USER_PIN_FINAL_TRY, "pin-last-try"},
    {CKF_USER_PIN_LOCKED, "pin-locked"},
    {CKF_USER_PIN_TO_BE_CHANGED, "pin-to-be-changed"},
    {CKF_SO_PIN_COUNT_LOW, "so-pin-few-tries"},
    {CKF_SO_PIN_FINAL_TRY, "so-pin-last-try"},
    {CKF_SO_PIN_LOCKED, "so-pin-locked"},
    {CKF_SO_PIN_TO_BE_CHANGED, "so-pin-to-be-changed"},
    {0, NULL},
};

static const Name use_names[] = {
    {CKF_SIGN, "sign"},       {CKF_VERIFY, "verify"},
    {CKF_DECRYPT, "decrypt"}, {CKF_ENCRYPT, "encrypt"},
    {CKF_DERIVE, "derive"},   {CKF_GENERATE_KEY_PAIR, "generate"},
    {CKF_DIGEST, "digest"},   {0, NULL},
};

static const Name class_names[] = {
    {CKO_CERTIFICATE, "certificate"}, {CKO_PUBLIC_KEY, "public-key"},
    {CKO_PRIVATE_KEY, "private-key"}, {CKO_DATA, "data"},
    {CKO_PROFILE, "profile"},         {G_MAXUINT64, NULL},
};

static char *
dup_name(const Name *names, guint64 value)
{
    for (; names->name != NULL; names++) {
        if (names->value == value)
            return g_strdup(names->name);
    }
    return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);
}

static GVariant *
list_bits(const Name *names, guint64 bits)
{
    GVariantBuilder list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

    for (; names->name != NULL; names++) {
        if ((bits & names->value) != 0)
            g_variant_builder_add(&list, "s", names->name);
    }
    return g_variant_builder_end(&list);
}

/* ---- mechanisms ------------------------------------------------------------------------------ */

static GVariant *
describe_mechanism(const MeishiHostMechanism *mechanism)
{
    g_autofree char *name = dup_name(mechanism_names, mechanism->type);
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&dict, "name", "s", name);
    g_variant_dict_insert(&dict, "min", "t", mechanism->min_size);
    g_variant_dict_insert(&dict, "max", "t", mechanism->max_size);
    g_variant_dict_insert_value(&dict, "uses", list_bits(use_names, mechanism->flags));
    return g_variant_dict_end(&dict);
}

static GVariant *
describe_mechanisms(const MeishiTokenContent *token)
{
    GVariantBuilder list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < token->mechanisms->len; i++)
        g_variant_builder_add_value(
            &list, describe_mechanism(&g_array_index(token->mechanisms, MeishiHostMechanism, i)));
    return g_variant_builder_end(&list);
}

/* ---- objects --------------------------------------------------------------------------------- */

static const char *
key_type_of(const MeishiTokenObject *object)
{
    switch (object->key_type) {
    case CKK_RSA:
        return "RSA";
    case CKK_EC:
        return "EC";
    case CKK_EC_EDWARDS:
        return "Edwards";
    default:
        return "";
    }
}

static GVariant *
describe_object(const MeishiTokenObject *object)
{
    g_autofree char *class = dup_name(class_names, object->class);
    g_autofree char *id = NULL;
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    if (object->id != NULL)
        id = meishi_hex_encode(g_bytes_get_data(object->id, NULL), g_bytes_get_size(object->id));
    g_variant_dict_insert(&dict, "class", "s", class);
    g_variant_dict_insert(&dict, "label", "s", object->label != NULL ? object->label : "");
    g_variant_dict_insert(&dict, "id", "s", id != NULL ? id : "");
    g_variant_dict_insert(&dict, "key-type", "s", key_type_of(object));
    return g_variant_dict_end(&dict);
}

static GVariant *
describe_objects(const MeishiTokenContent *token)
{
    GVariantBuilder list = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < token->objects->len; i++)
        g_variant_builder_add_value(&list, describe_object(token->objects->pdata[i]));
    return g_variant_builder_end(&list);
}

GVariant *
meishi_agent_inspect_token(MeishiAgent *agent, const char *label, GError **error)
{
    const MeishiTokenLock *lock = meishi_token_lock_find(agent, label, error);
    const MeishiTokenContent *token;
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    if (lock == NULL) {
        g_variant_dict_clear(&dict);
        return NULL;
    }
    token = meishi_token_use_token(lock->use);
    g_variant_dict_insert_value(&dict, "flags", list_bits(flag_names, token->flags));
    g_variant_dict_insert_value(&dict, "mechanisms", describe_mechanisms(token));
    g_variant_dict_insert_value(&dict, "objects", describe_objects(token));
    g_variant_dict_insert(&dict, "min-pin", "u", token->min_pin);
    g_variant_dict_insert(&dict, "max-pin", "u", token->max_pin);
    return g_variant_dict_end(&dict);
}
