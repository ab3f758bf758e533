/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of TLS signature schemes; see sigalg.h.
 */
#include "daemon/policy/sigalg.h"

#include <string.h>

enum {
    IN_1_2 = 1 << 0,
    IN_1_3 = 1 << 1,
    IN_BOTH = IN_1_2 | IN_1_3,
};

typedef enum {
    MADE_WITH_PKCS1,
    MADE_WITH_PSS,
    MADE_WITH_ECDSA,
    MADE_WITH_EDDSA,
} Family;

#define RSA     (1u << MEISHI_KEY_RSA)
#define RSA_PSS (1u << MEISHI_KEY_RSA_PSS)
#define EC      (1u << MEISHI_KEY_EC)

/* min_bits: the smallest RSA key whose modulus holds the padding, RFC 8017 9.1.1 with a salt as
 * long as the hash, and 9.2.  SHA-512 with PSS needs more than 1024 bits, which old cards have. */
static const struct {
    guint16 code;
    const char *name;
    guint key_types;
    guint min_bits;
    guint versions;
    Family family;
    const char *hash;
    const char *curve; /* binds in 1.3 */
} table[] = {
    {0x0201, "rsa_pkcs1_sha1", RSA, 368, IN_1_2, MADE_WITH_PKCS1, "sha1", NULL},
    {0x0301, "rsa_pkcs1_sha224", RSA, 464, IN_1_2, MADE_WITH_PKCS1, "sha224", NULL},
    {0x0401, "rsa_pkcs1_sha256", RSA, 496, IN_1_2, MADE_WITH_PKCS1, "sha256", NULL},
    {0x0501, "rsa_pkcs1_sha384", RSA, 624, IN_1_2, MADE_WITH_PKCS1, "sha384", NULL},
    {0x0601, "rsa_pkcs1_sha512", RSA, 752, IN_1_2, MADE_WITH_PKCS1, "sha512", NULL},
    {0x0203, "ecdsa_sha1", EC, 0, IN_1_2, MADE_WITH_ECDSA, "sha1", NULL},
    {0x0303, "ecdsa_sha224", EC, 0, IN_1_2, MADE_WITH_ECDSA, "sha224", NULL},
    {0x0403, "ecdsa_secp256r1_sha256", EC, 0, IN_BOTH, MADE_WITH_ECDSA, "sha256", "P-256"},
    {0x0503, "ecdsa_secp384r1_sha384", EC, 0, IN_BOTH, MADE_WITH_ECDSA, "sha384", "P-384"},
    {0x0603, "ecdsa_secp521r1_sha512", EC, 0, IN_BOTH, MADE_WITH_ECDSA, "sha512", "P-521"},
    {0x0804, "rsa_pss_rsae_sha256", RSA, 528, IN_BOTH, MADE_WITH_PSS, "sha256", NULL},
    {0x0805, "rsa_pss_rsae_sha384", RSA, 784, IN_BOTH, MADE_WITH_PSS, "sha384", NULL},
    {0x0806, "rsa_pss_rsae_sha512", RSA, 1040, IN_BOTH, MADE_WITH_PSS, "sha512", NULL},
    {0x0807, "ed25519", 1u << MEISHI_KEY_ED25519, 0, IN_BOTH, MADE_WITH_EDDSA, "ed25519", NULL},
    {0x0808, "ed448", 1u << MEISHI_KEY_ED448, 0, IN_BOTH, MADE_WITH_EDDSA, "ed448", NULL},
    {0x0809, "rsa_pss_pss_sha256", RSA_PSS, 528, IN_BOTH, MADE_WITH_PSS, "sha256", NULL},
    {0x080a, "rsa_pss_pss_sha384", RSA_PSS, 784, IN_BOTH, MADE_WITH_PSS, "sha384", NULL},
    {0x080b, "rsa_pss_pss_sha512", RSA_PSS, 1040, IN_BOTH, MADE_WITH_PSS, "sha512", NULL},
    /* RFC 8734: for 1.3 alone; in 1.2 such curves sign under the names without a curve. */
    {0x081a, "ecdsa_brainpoolP256r1tls13_sha256", EC, 0, IN_1_3, MADE_WITH_ECDSA, "sha256",
     "brainpoolP256r1"},
    {0x081b, "ecdsa_brainpoolP384r1tls13_sha384", EC, 0, IN_1_3, MADE_WITH_ECDSA, "sha384",
     "brainpoolP384r1"},
    {0x081c, "ecdsa_brainpoolP512r1tls13_sha512", EC, 0, IN_1_3, MADE_WITH_ECDSA, "sha512",
     "brainpoolP512r1"},
};

G_STATIC_ASSERT(G_N_ELEMENTS(table) <= 32);

static int
find_code(guint16 code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i].code == code)
            return (int)i;
    }
    return -1;
}

MeishiSchemes
meishi_sigalg_from_code(guint16 code)
{
    int row = find_code(code);

    return row < 0 ? 0 : (MeishiSchemes)1 << row;
}

MeishiSchemes
meishi_sigalg_from_list(GArray *codes)
{
    MeishiSchemes schemes = 0;

    for (guint i = 0; codes && i < codes->len; i++)
        schemes |= meishi_sigalg_from_code(g_array_index(codes, guint16, i));
    return schemes;
}

const char *
meishi_sigalg_name(guint16 code)
{
    int row = find_code(code);

    return row < 0 ? "unknown" : table[row].name;
}

static guint
version_bits(guint16 version)
{
    if (version == 0)
        return IN_BOTH;
    return version >= MEISHI_TLS_1_3 ? IN_1_3 : IN_1_2;
}

/* 8446 4.2.3: in 1.3 an ECDSA code point names the curve as well; before it named only the hash. */
static gboolean
curve_fits(gsize row, const MeishiPublicKey *key, guint versions)
{
    if (table[row].curve == NULL || (versions & table[row].versions & IN_1_2))
        return TRUE;
    return key->curve && strcmp(key->curve, table[row].curve) == 0;
}

MeishiSchemes
meishi_sigalg_for_key(const MeishiPublicKey *key, guint16 version)
{
    guint versions = version_bits(version);
    MeishiSchemes schemes = 0;

    for (gsize i = 0; key && i < G_N_ELEMENTS(table); i++) {
        if ((table[i].key_types & (1u << key->type)) && (table[i].versions & versions) &&
            key->bits >= table[i].min_bits && curve_fits(i, key, versions))
            schemes |= (MeishiSchemes)1 << i;
    }
    return schemes;
}

/* A certificate's algorithm names the hash, and not the curve of the key that signed; so each code
 * point with this hash permits it. */
static MeishiSchemes
schemes_of(Family family, const char *hash)
{
    MeishiSchemes schemes = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i].family == family && (hash == NULL || strcmp(table[i].hash, hash) == 0))
            schemes |= (MeishiSchemes)1 << i;
    }
    return schemes;
}

MeishiSchemes
meishi_sigalg_for_certificate(const char *signature_algorithm)
{
    g_autofree char *name = g_ascii_strdown(signature_algorithm ? signature_algorithm : "", -1);
    char *tail;

    if (strcmp(name, "rsassapss") == 0)
        return schemes_of(MADE_WITH_PSS, NULL); /* the hash is in parameters that we do not have */
    if (strcmp(name, "ed25519") == 0 || strcmp(name, "ed448") == 0)
        return schemes_of(MADE_WITH_EDDSA, name);
    if (g_str_has_prefix(name, "ecdsa-with-"))
        return schemes_of(MADE_WITH_ECDSA, name + strlen("ecdsa-with-"));
    tail = strstr(name, "withrsa");
    if (tail == NULL)
        return 0;
    *tail = '\0';
    return schemes_of(MADE_WITH_PKCS1, name);
}

GArray *
meishi_sigalg_usable(GArray *codes, MeishiSchemes schemes)
{
    GArray *usable = g_array_new(FALSE, FALSE, sizeof(guint16));

    for (guint i = 0; codes && i < codes->len; i++) {
        guint16 code = g_array_index(codes, guint16, i);

        if (meishi_sigalg_from_code(code) & schemes)
            g_array_append_val(usable, code);
    }
    return usable;
}

GArray *
meishi_sigalg_codes(MeishiSchemes schemes)
{
    GArray *codes = g_array_new(FALSE, FALSE, sizeof(guint16));

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        if (schemes >> i & 1)
            g_array_append_val(codes, table[i].code);
    }
    return codes;
}

gboolean
meishi_sigalg_fits_type(MeishiKeyType key_type, guint8 type)
{
    switch (type) {
    case 1: /* rsa_sign */
        return key_type == MEISHI_KEY_RSA || key_type == MEISHI_KEY_RSA_PSS;
    case 64: /* ecdsa_sign */
        return key_type == MEISHI_KEY_EC || key_type == MEISHI_KEY_ED25519 ||
               key_type == MEISHI_KEY_ED448;
    default:
        return FALSE;
    }
}
