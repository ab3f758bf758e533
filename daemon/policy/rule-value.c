/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Single values of policy files; see rule-value.h.
 */
#include "daemon/policy/rule-value.h"

#include "daemon/base/error.h"
#include "daemon/policy/candidate.h"
#include "daemon/policy/name-type.h"

#include <string.h>

const MeishiWord meishi_rule_value_token_kinds[] = {
    {"software", 1 << MEISHI_TOKEN_SOFTWARE}, {"tpm", 1 << MEISHI_TOKEN_TPM},
    {"card", 1 << MEISHI_TOKEN_CARD},         {"hsm", 1 << MEISHI_TOKEN_HSM},
    {"remote", 1 << MEISHI_TOKEN_REMOTE},     {NULL, 0}};

G_GNUC_PRINTF(2, 3)
static gboolean
fail(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error) {
        *error = g_error_new_valist(MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, format, args);
    }
    va_end(args);
    return FALSE;
}

gboolean
meishi_rule_value_word(const char *text, const MeishiWord *words, int *ret_value, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (; words->word; words++) {
        if (strcmp(words->word, text) == 0) {
            *ret_value = words->value;
            return TRUE;
        }
        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", words->word);
    }
    return fail(error, "“%s” is not one of %s", text, known->str);
}

gboolean
meishi_rule_value_bool(const char *text, gboolean *ret_yes, GError **error)
{
    static const MeishiWord words[] = {{"yes", TRUE}, {"no", FALSE}, {NULL, 0}};

    return meishi_rule_value_word(text, words, ret_yes, error);
}

gboolean
meishi_rule_value_duration(const char *text, gint64 *ret_seconds, GError **error)
{
    static const struct {
        const char *unit;
        guint seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"min", 60}};
    gsize digits = strspn(text, "0123456789");
    g_autofree char *number = g_strndup(text, digits);
    guint count;

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(text + digits, units[i].unit) == 0 &&
            meishi_host_number_parse(number, 36500, &count)) {
            *ret_seconds = (gint64)count * units[i].seconds;
            return TRUE;
        }
    }
    return fail(error, "“%s” is not a length of time: a number and d, h or min, as in 30d", text);
}

gboolean
meishi_rule_value_digest(const char *text, MeishiDigest *ret_digest, GError **error)
{
    MeishiDigest digest;
    const char *p = text;

    for (guint i = 0; i < MEISHI_SHA256_LEN; i++) {
        if (i > 0 && *p == ':')
            p++;
        if (!g_ascii_isxdigit(p[0]) || !g_ascii_isxdigit(p[1]))
            return fail(error, "“%s” is not a SHA-256: it has 64 hex digits", text);
        digest.bytes[i] = (guint8)(g_ascii_xdigit_value(p[0]) * 16 + g_ascii_xdigit_value(p[1]));
        p += 2;
    }
    if (*p != '\0')
        return fail(error, "“%s” is longer than a SHA-256, which has 64 hex digits", text);
    *ret_digest = digest;
    return TRUE;
}

char *
meishi_rule_value_oid(const char *text, GError **error)
{
    if (meishi_name_type_is_oid(text))
        return g_strdup(text);
    fail(error, "“%s” is not an OID, which is numbers with dots between them", text);
    return NULL;
}

/* RFC 5280 4.2.1.12, RFC 4334, and what Windows domains use. */
static const struct {
    const char *name;
    const char *oid;
} ekus[] = {
    {"serverAuth", "1.3.6.1.5.5.7.3.1"},    {"clientAuth", "1.3.6.1.5.5.7.3.2"},
    {"codeSigning", "1.3.6.1.5.5.7.3.3"},   {"emailProtection", "1.3.6.1.5.5.7.3.4"},
    {"timeStamping", "1.3.6.1.5.5.7.3.8"},  {"OCSPSigning", "1.3.6.1.5.5.7.3.9"},
    {"eapOverLAN", "1.3.6.1.5.5.7.3.14"},   {"smartcardLogon", "1.3.6.1.4.1.311.20.2.2"},
    {"anyExtendedKeyUsage", "2.5.29.37.0"},
};

char *
meishi_rule_value_eku(const char *text, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ekus); i++) {
        if (strcmp(ekus[i].name, text) == 0)
            return g_strdup(ekus[i].oid);
    }
    if (meishi_name_type_is_oid(text))
        return g_strdup(text);
    fail(error, "“%s” is neither a known extended key usage, such as clientAuth, nor an OID", text);
    return NULL;
}

static gboolean
parse_bits(const char *text, MeishiKeyRange *range)
{
    const char *dash = strchr(text, '-');
    g_autofree char *low = dash ? g_strndup(text, (gsize)(dash - text)) : g_strdup(text);

    if (!meishi_host_number_parse(low, 65536, &range->min_bits))
        return FALSE;
    if (dash == NULL)
        range->max_bits = range->min_bits;
    else if (dash[1] != '\0')
        return meishi_host_number_parse(dash + 1, 65536, &range->max_bits) &&
               range->max_bits >= range->min_bits;
    return TRUE;
}

static gboolean
parse_curve(const char *text, MeishiKeyRange *range)
{
    static const char *const curves[] = {"P-224",           "P-256",           "P-384",
                                         "P-521",           "brainpoolP256r1", "brainpoolP384r1",
                                         "brainpoolP512r1", "secp256k1"};

    for (gsize i = 0; i < G_N_ELEMENTS(curves); i++) {
        if (g_ascii_strcasecmp(curves[i], text) == 0) {
            range->curve = curves[i];
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
meishi_rule_value_key_range(const char *text, MeishiKeyRange *ret_range, GError **error)
{
    static const MeishiWord types[] = {{"rsa", MEISHI_KEY_RSA},
                                       {"ec", MEISHI_KEY_EC},
                                       {"ed25519", MEISHI_KEY_ED25519},
                                       {"ed448", MEISHI_KEY_ED448},
                                       {NULL, 0}};
    MeishiKeyRange range = {.max_bits = G_MAXUINT};
    const char *colon = strchr(text, ':');
    g_autofree char *word = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
    gboolean ok = TRUE;
    int type;

    if (!meishi_rule_value_word(word, types, &type, error))
        return FALSE;
    range.type = (MeishiKeyType)type;
    if (colon && range.type == MEISHI_KEY_RSA)
        ok = parse_bits(colon + 1, &range);
    else if (colon)
        ok = range.type == MEISHI_KEY_EC && parse_curve(colon + 1, &range);
    if (!ok)
        return fail(error,
                    "“%s” is not a key type: rsa, rsa:2048-, rsa:2048-4096, ec, ec:P-256, "
                    "ed25519 or ed448",
                    text);
    *ret_range = range;
    return TRUE;
}

/* Matching takes time that grows with each wildcard. */
#define MAX_STARS 4

static guint
count_stars(const char *text)
{
    guint n = 0;

    for (; *text != '\0'; text++)
        n += *text == '*';
    return n;
}

MeishiGlob *
meishi_rule_value_glob(const char *text, GError **error)
{
    gboolean exact = *text == '=';
    g_autofree char *folded = meishi_name_fold(text);
    MeishiGlob *glob;

    if (text[exact] == '\0') {
        fail(error, "the text to compare with is empty");
        return NULL;
    }
    if (!exact && count_stars(text) > MAX_STARS) {
        fail(error, "“%s” has more than %d wildcards", text, MAX_STARS);
        return NULL;
    }
    glob = g_new0(MeishiGlob, 1);
    glob->exact = exact;
    glob->text = g_strdup(text + exact);
    glob->spec = exact ? NULL : g_pattern_spec_new(folded);
    return glob;
}

MeishiApplicationPattern *
meishi_rule_value_application(const char *text, GError **error)
{
    static const char *const prefixes[] = {"flatpak:", "snap:", "unit:", "exe:/"};
    const char *name = text + (*text == '!');

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(name, prefixes[i]) && name[strlen(prefixes[i])] != '\0' &&
            count_stars(name) <= MAX_STARS)
            return meishi_application_pattern_new(text);
    }
    fail(error, "“%s” is not a program: flatpak:ID, snap:NAME, unit:NAME or exe:/PATH", text);
    return NULL;
}
