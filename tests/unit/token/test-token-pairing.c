/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/pairing.c and token-content.c: which identities a token holds and which key is
 * whose, on tokens with the quirks of real ones.  Tokens are written as lines, one object each:
 *
 *      CLASS HANDLE ID LABEL MATERIAL
 *
 * CLASS is cert, pub or prv; ID and LABEL may be "-"; MATERIAL names a key of the table below, with
 * marks behind it: "!" for type alone, "*" for type and curve, "'" for a point that is not wrapped,
 * "0" for a modulus with a zero before it, "?" for nothing at all.
 */
#include "daemon/token/pairing.h"

#include "module/wire/cryptoki.h"
#include "tests/unit/policy/fake-cert.h"

#include <string.h>

static const struct {
    const char *name;
    MeishiKeyType type;
    const char *material; /* modulus, or the point without its first byte */
    const char *params;
    gboolean is_ca;
} keys[] = {
    {"r1", MEISHI_KEY_RSA, "first modulus", NULL, FALSE},
    {"r2", MEISHI_KEY_RSA, "second modulus", NULL, FALSE},
    {"ca", MEISHI_KEY_RSA, "modulus of the authority", NULL, TRUE},
    {"e1", MEISHI_KEY_EC, "first point, of 64 bytes ........", "curve A", FALSE},
    {"e2", MEISHI_KEY_EC, "second point, of 64 bytes .......", "curve A", FALSE},
    {"e4", MEISHI_KEY_EC, "#point that looks like a wrapped one", "curve A", FALSE},
    {"e3", MEISHI_KEY_EC, "point on another curve ..........", "curve B", FALSE},
};

static gsize
find_material(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strncmp(keys[i].name, name, 2) == 0)
            return i;
    }
    g_error("no key %s", name);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static GBytes *
new_point(const char *material, gboolean wrapped)
{
    GByteArray *bytes = g_byte_array_new();
    guint8 len = (guint8)(strlen(material) + 1);

    if (wrapped)
        g_byte_array_append(bytes, (guint8[]){0x04, len}, 2);
    g_byte_array_append(bytes, (guint8[]){0x04}, 1);
    g_byte_array_append(bytes, (const guint8 *)material, (guint)strlen(material));
    return g_byte_array_free_to_bytes(bytes);
}

/* The "DER" of a certificate is the name of its key and a letter that tells it from others. */
static MeishiCert *
read_cert(GBytes *der, gpointer unused)
{
    gsize len;
    const char *name = g_bytes_get_data(der, &len);
    MeishiCert *cert;
    gsize i;

    if (len < 2 || memcmp(name, "xx", 2) == 0)
        return NULL;
    i = find_material(name);
    cert = fake_cert("CN=x", "CN=ca", (guint8)(i + 1));
    memcpy(cert->sha256 + 1, name, MIN(len, 8));
    cert->is_ca = keys[i].is_ca;
    cert->key->type = keys[i].type;
    if (keys[i].type == MEISHI_KEY_RSA) {
        cert->key->modulus = g_bytes_new(keys[i].material, strlen(keys[i].material));
    } else {
        cert->key->ec_point = new_point(keys[i].material, TRUE);
        cert->key->ec_params = g_bytes_new(keys[i].params, strlen(keys[i].params));
    }
    return cert;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

typedef struct {
    MeishiHostObject object;
    CK_KEY_TYPE key_type;
    GPtrArray *values; /* GBytes that @object points to */
} Builder;

static void
add_value(Builder *builder, guint64 type, gconstpointer data, gsize len)
{
    GBytes *bytes = g_bytes_new(data, len);
    MeishiHostAttribute *attribute = &builder->object.attributes[builder->object.n++];

    g_ptr_array_add(builder->values, bytes);
    attribute->type = type;
    attribute->value.data = g_bytes_get_data(bytes, &attribute->value.len);
}

static void
add_public_parts(Builder *builder, gsize i, const char *marks)
{
    g_autoptr(GBytes) point = NULL;

    if (keys[i].params != NULL)
        add_value(builder, CKA_EC_PARAMS, keys[i].params, strlen(keys[i].params));
    if (strchr(marks, '*') != NULL)
        return;
    if (keys[i].type == MEISHI_KEY_RSA) {
        g_autofree char *padded = g_strconcat("?", keys[i].material, NULL);

        padded[0] = '\0';
        if (strchr(marks, '0') != NULL)
            add_value(builder, CKA_MODULUS, padded, strlen(keys[i].material) + 1);
        else
            add_value(builder, CKA_MODULUS, keys[i].material, strlen(keys[i].material));
        return;
    }
    point = new_point(keys[i].material, strchr(marks, '\'') == NULL);
    add_value(builder, CKA_EC_POINT, g_bytes_get_data(point, NULL), g_bytes_get_size(point));
}

static void
add_key(Builder *builder, const char *material)
{
    gsize i = find_material(material);
    CK_KEY_TYPE type = keys[i].type == MEISHI_KEY_RSA ? CKK_RSA : CKK_EC;

    if (strchr(material, '?') != NULL)
        return;
    add_value(builder, CKA_KEY_TYPE, &type, sizeof type);
    if (strchr(material, '!') == NULL)
        add_public_parts(builder, i, material + 2);
}

static void
add_line(struct meishi_buf *listing, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 5);
    Builder builder = {.values = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref)};

    g_assert_cmpuint(g_strv_length(words), ==, 5);
    builder.object.class = strcmp(words[0], "cert") == 0  ? CKO_CERTIFICATE
                           : strcmp(words[0], "pub") == 0 ? CKO_PUBLIC_KEY
                                                          : CKO_PRIVATE_KEY;
    builder.object.handle = g_ascii_strtoull(words[1], NULL, 10);
    add_value(&builder, CKA_ID, words[2], words[2][0] == '-' ? 0 : strlen(words[2]));
    if (words[3][0] != '-')
        add_value(&builder, CKA_LABEL, words[3], strlen(words[3]));
    if (builder.object.class == CKO_CERTIFICATE)
        add_value(&builder, CKA_VALUE, words[4], strlen(words[4]));
    else
        add_key(&builder, words[4]);
    meishi_host_object_encode(listing, &builder.object);
    g_ptr_array_unref(builder.values);
}

static MeishiTokenContent *
new_token(const char *lines, guint64 flags)
{
    const MeishiHostSlot slot = {.slot = 1,
                                 .presence = 1,
                                 .token_flags = CKF_TOKEN_INITIALIZED | flags,
                                 .label = {(const guint8 *)"  A \033label ", 11}};
    MeishiTokenContent *token = meishi_token_content_new("test", 1, &slot);
    g_auto(GStrv) list = g_strsplit(lines, "\n", -1);
    struct meishi_buf listing;

    meishi_buf_init(&listing, MEISHI_HOST_MAX_LISTING);
    meishi_buf_add_u8(&listing, 0);
    for (guint i = 0; list[i] != NULL; i++)
        add_line(&listing, list[i]);
    g_assert_true(
        meishi_token_content_set_objects(token, (struct meishi_bytes){listing.data, listing.len}));
    meishi_buf_clear(&listing);
    return token;
}

/* ---- expectations ---------------------------------------------------------------------------- */

/* "r1:5 e1:7,8": identities by their key, and the handles of the keys that may be theirs. */
static char *
describe(const MeishiTokenContent *token)
{
    g_autoptr(GPtrArray) identities = meishi_pairing_identities(token, read_cert, NULL);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiTokenIdentity *identity = identities->pdata[i];
        g_autoptr(GPtrArray) found = meishi_pairing_keys(token->objects, identity);

        g_string_append_printf(text, "%s%.3s:", i > 0 ? " " : "",
                               (const char *)identity->cert->sha256 + 1);
        for (guint j = 0; j < found->len; j++)
            g_string_append_printf(text, "%s%d", j > 0 ? "," : "",
                                   (int)((MeishiTokenObject *)found->pdata[j])->handle);
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *name, *objects;
    guint64 flags;
    const char *expected;
} rows[] = {
    {"plain", "cert 1 A x r1a\npub 2 A x r1\nprv 3 A x r1", CKF_LOGIN_REQUIRED, "r1a:3"},
    {"hidden-key", "cert 1 A x r1a\npub 2 A x r1", CKF_LOGIN_REQUIRED, "r1a:"},
    {"hidden-key-and-public-key", "cert 1 A x r1a", CKF_LOGIN_REQUIRED, "r1a:"},
    {"no-key-and-no-login", "cert 1 A x r1a", 0, ""},
    {"authority", "cert 1 A x r1a\ncert 2 B y caa\nprv 3 A x r1", CKF_LOGIN_REQUIRED, "r1a:3"},
    {"authority-with-its-key", "cert 1 B y caa\nprv 2 B y ca", 0, "caa:2"},
    {"authority-under-the-same-id", "cert 1 A x r1a\ncert 2 A y caa\nprv 3 A x r1!",
     CKF_LOGIN_REQUIRED, "r1a:3"},
    {"authority-under-the-same-id-with-its-key",
     "cert 1 A x r1a\ncert 2 A y caa\npub 3 A x ca\nprv 4 A x r1!", CKF_LOGIN_REQUIRED,
     "r1a:4 caa:4"},
    {"empty-ids", "cert 1 - x r1a\ncert 2 - y r2a\nprv 3 - x r2\nprv 4 - y r1", 0, "r1a:4 r2a:3"},
    {"empty-ids-and-no-moduli", "cert 1 - x r1a\nprv 3 - y r2!\nprv 4 - x r1!", 0, "r1a:4"},
    {"nothing-but-types", "cert 1 - - r1a\nprv 3 - - r1!\nprv 4 - - e1!", 0, "r1a:3"},
    {"nothing-but-types-twice", "cert 1 - - r1a\nprv 3 - - r1!\nprv 4 - - r1!", 0, "r1a:3,4"},
    {"several-under-one-id", "cert 1 A x r1a\ncert 2 A x r2a\nprv 3 A x r2\nprv 4 A x r1", 0,
     "r1a:4 r2a:3"},
    {"several-points-under-one-id", "cert 1 A x e1a\ncert 2 A x e2a\nprv 3 A x e1*\nprv 4 A x e2*",
     0, "e1a:3,4 e2a:3,4"},
    {"one-key-two-certificates", "cert 1 A x r1a\ncert 2 A x r1b\nprv 3 A x r1", 0, "r1a:3 r1b:3"},
    {"same-certificate-twice", "cert 1 A x r1a\ncert 2 B y r1a\nprv 3 A x r1", 0, "r1a:3"},
    {"wrapped-point", "cert 1 - x e1a\npub 2 B y e1\nprv 3 B y e1*", 0, "e1a:3"},
    {"plain-point", "cert 1 - x e1a\npub 2 B y e1'\nprv 3 B y e1*", 0, "e1a:3"},
    {"plain-point-that-looks-wrapped",
     "cert 1 - x e4a\npub 2 B y e4'\nprv 3 B y e4*\nprv 4 C z e2*", 0, "e4a:3"},
    {"zero-before-modulus", "cert 1 - x r1a\nprv 3 - x r10", 0, "r1a:3"},
    {"id-of-public-key", "cert 1 Q x e1a\npub 2 B y e1\nprv 3 B y e1*\nprv 4 C z e2*", 0, "e1a:3"},
    {"other-curve", "cert 1 A x e1a\nprv 3 A x e3*", CKF_LOGIN_REQUIRED, "e1a:"},
    {"other-modulus-same-id", "cert 1 A x r1a\nprv 3 A x r2", 0, ""},
    {"key-without-type", "cert 1 A x r1a\nprv 3 A x r1?", 0, ""},
    {"no-certificate", "pub 2 A x r1\nprv 3 A x r1", CKF_LOGIN_REQUIRED, ""},
    {"unreadable-certificate", "cert 1 A x xxa\nprv 3 A x r1", CKF_LOGIN_REQUIRED, ""},
    {"some-keys-hidden", "cert 1 A x r1a\ncert 2 B y r2a\nprv 3 A x r1", CKF_LOGIN_REQUIRED,
     "r1a:3 r2a:"},
};

static void
test_row(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autoptr(MeishiTokenContent) token = new_token(rows[i].objects, rows[i].flags);
    g_autofree char *found = describe(token);

    g_assert_cmpstr(found, ==, rows[i].expected);
}

static void
test_others(void)
{
    g_autoptr(MeishiTokenContent) token =
        new_token("cert 1 A x r1a\ncert 2 B y caa\ncert 3 C z xx", CKF_LOGIN_REQUIRED);
    g_autoptr(GPtrArray) identities = meishi_pairing_identities(token, read_cert, NULL);
    g_autoptr(GPtrArray) others = meishi_pairing_others(token, identities, read_cert, NULL);

    g_assert_cmpuint(identities->len, ==, 1);
    g_assert_cmpuint(others->len, ==, 1);
    g_assert_true(((MeishiCert *)others->pdata[0])->is_ca);
}

/* As on a PIV card: one key can be seen without a login, and is not the one that is wanted. */
static void
test_sure_keys(void)
{
    static const struct {
        const char *objects;
        guint n_sure, n_all;
    } cases[] = {
        {"cert 1 B x e1a\nprv 3 A y e2*", 0, 1}, {"cert 1 B x e1a\nprv 3 B y e2*", 1, 1},
        {"cert 1 - x e1a\nprv 3 - x e1*", 0, 1}, {"cert 1 - x r1a\nprv 3 A y r1", 1, 1},
        {"cert 1 B x r1a\nprv 3 B x r2", 0, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiTokenContent) token = new_token(cases[i].objects, CKF_LOGIN_REQUIRED);
        g_autoptr(GPtrArray) identities = meishi_pairing_identities(token, read_cert, NULL);
        g_autoptr(GPtrArray) sure = NULL, all = NULL;

        g_assert_cmpuint(identities->len, ==, 1);
        sure = meishi_pairing_sure_keys(token->objects, identities->pdata[0]);
        all = meishi_pairing_keys(token->objects, identities->pdata[0]);
        g_assert_cmpuint(sure->len, ==, cases[i].n_sure);
        g_assert_cmpuint(all->len, ==, cases[i].n_all);
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

static void
test_texts(void)
{
    g_autoptr(MeishiTokenContent) token = new_token("cert 1 A x r1a", 0);

    g_assert_cmpstr(token->label, ==, "A  label");
}

static void
test_tries(void)
{
    static const struct {
        guint64 flags;
        MeishiPinTries tries;
    } cases[] = {
        {0, MEISHI_PIN_UNKNOWN},
        {CKF_USER_PIN_COUNT_LOW, MEISHI_PIN_LOW},
        {CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY, MEISHI_PIN_LAST_TRY},
        {CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED, MEISHI_PIN_BLOCKED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiTokenContent) token = new_token("cert 1 A x r1a", cases[i].flags);

        g_assert_cmpint(meishi_token_content_pin_tries(token), ==, cases[i].tries);
    }
}

static void
test_malformed(void)
{
    static const guint8 junk[] = {0, 0, 0, 0, 1};
    g_autoptr(MeishiTokenContent) token = new_token("cert 1 A x r1a", 0);

    g_assert_false(
        meishi_token_content_set_objects(token, (struct meishi_bytes){junk, sizeof junk}));
    g_assert_cmpuint(token->objects->len, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/token/pairing/%s", rows[i].name);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_row);
    }
    g_test_add_func("/token/pairing/sure-keys", test_sure_keys);
    g_test_add_func("/token/pairing/others", test_others);
    g_test_add_func("/token/content/texts", test_texts);
    g_test_add_func("/token/content/tries", test_tries);
    g_test_add_func("/token/content/malformed", test_malformed);
    return g_test_run();
}
