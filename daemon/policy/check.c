/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a person should know about an identity, and which of several is the best.  A warning never
 * forbids anything: servers differ, and some accept what we warn about.  The order decides what
 * clients that take the first certificate present, so it is total and depends on nothing but the
 * certificates, their labels and the hour.
 */
#include "daemon/policy/check.h"

#include <string.h>

#define OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define OID_ANY_EKU     "2.5.29.37.0"

#define SOON_SECONDS    (30 * G_GINT64_CONSTANT(86400))

#define MIN_RSA_BITS    2048
#define MIN_EC_BITS     224

static guint
check_dates(const MeishiCert *cert, gint64 now)
{
    if (meishi_cert_is_expired(cert, now))
        return MEISHI_WARN_EXPIRED;
    if (meishi_cert_is_not_yet_valid(cert, now))
        return MEISHI_WARN_NOT_YET_VALID;
    /* Not now + SOON_SECONDS: notAfter may be the end of time (RFC 5280 4.1.2.5), never now. */
    return cert->not_after - now <= SOON_SECONDS ? MEISHI_WARN_EXPIRES_SOON : 0;
}

static gboolean
allows_client_auth(const MeishiCert *cert)
{
    return cert->ekus == NULL || meishi_cert_has_eku(cert, OID_CLIENT_AUTH) ||
           meishi_cert_has_eku(cert, OID_ANY_EKU);
}

static guint
check_usage(const MeishiCert *cert)
{
    guint warnings = 0;

    if (!allows_client_auth(cert))
        warnings |= MEISHI_WARN_NO_CLIENT_AUTH;
    if (cert->has_key_usage && (cert->key_usage & MEISHI_KU_DIGITAL_SIGNATURE) == 0)
        warnings |= MEISHI_WARN_NO_SIGNATURE_KU;
    if (cert->is_ca)
        warnings |= MEISHI_WARN_IS_CA;
    if (cert->version == 1)
        warnings |= MEISHI_WARN_VERSION_1;
    return warnings;
}

static gboolean
key_is_weak(const MeishiPublicKey *key)
{
    if (key == NULL)
        return FALSE;
    switch (key->type) {
    case MEISHI_KEY_RSA:
    case MEISHI_KEY_RSA_PSS:
        return key->bits < MIN_RSA_BITS;
    case MEISHI_KEY_EC:
        return key->bits < MIN_EC_BITS;
    default:
        return FALSE;
    }
}

/* A root's signature proves nothing to anybody, so its hash does not matter. */
static gboolean
signature_matters_and_is_weak(const MeishiCert *cert)
{
    return cert->signature_is_weak && !cert->is_self_signed;
}

static guint
check_strength(const MeishiCert *cert, GPtrArray *chain)
{
    guint warnings = 0;

    if (key_is_weak(cert->key))
        warnings |= MEISHI_WARN_WEAK_KEY;
    if (signature_matters_and_is_weak(cert))
        warnings |= MEISHI_WARN_WEAK_SIGNATURE;
    for (guint i = 0; chain != NULL && i < chain->len; i++) {
        if (signature_matters_and_is_weak(g_ptr_array_index(chain, i)))
            warnings |= MEISHI_WARN_WEAK_SIGNATURE;
    }
    return warnings;
}

/* A file without its root is the rule: servers have the root.  A leaf all alone is another thing.
 */
static guint
check_chain(const MeishiCert *cert, GPtrArray *chain)
{
    gboolean is_alone = chain == NULL || chain->len == 0;

    return is_alone && !cert->is_self_signed ? MEISHI_WARN_MISSING_ISSUER : 0;
}

guint
meishi_check_warnings(const MeishiCert *cert, GPtrArray *chain, gint64 now)
{
    if (cert == NULL)
        return MEISHI_WARN_NO_CERTIFICATE;
    return check_dates(cert, now) | check_usage(cert) | check_strength(cert, chain) |
           check_chain(cert, chain);
}

const char *
meishi_check_warning_name(MeishiWarning warning)
{
    switch (warning) {
    case MEISHI_WARN_EXPIRED:
        return "expired";
    case MEISHI_WARN_NOT_YET_VALID:
        return "not-yet-valid";
    case MEISHI_WARN_EXPIRES_SOON:
        return "expires-soon";
    case MEISHI_WARN_NO_CLIENT_AUTH:
        return "no-client-auth";
    case MEISHI_WARN_NO_SIGNATURE_KU:
        return "no-digital-signature";
    case MEISHI_WARN_WEAK_KEY:
        return "weak-key";
    case MEISHI_WARN_WEAK_SIGNATURE:
        return "weak-signature";
    case MEISHI_WARN_MISSING_ISSUER:
        return "missing-issuer";
    case MEISHI_WARN_IS_CA:
        return "is-ca";
    case MEISHI_WARN_VERSION_1:
        return "version-1";
    case MEISHI_WARN_NO_CERTIFICATE:
        return "no-certificate";
    }
    return "unknown";
}

/* Far enough for RFC 5280's 99991231235959Z; beyond it GDateTime gives up. */
static char *
format_date(gint64 seconds)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);

    return date != NULL ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("an impossible date");
}

static char *
dated_text(const char *format, gint64 seconds)
{
    g_autofree char *date = format_date(seconds);
    g_auto(GStrv) parts = g_strsplit(format, "@", 2);

    return g_strconcat(parts[0], date, parts[1], NULL);
}

static const char *
static_text(MeishiWarning warning)
{
    switch (warning) {
    case MEISHI_WARN_NO_CLIENT_AUTH:
        return "Its extended key usage does not name client authentication; most TLS servers will "
               "refuse it.";
    case MEISHI_WARN_NO_SIGNATURE_KU:
        return "Its key usage does not allow digital signatures; TLS servers may refuse it.";
    case MEISHI_WARN_WEAK_SIGNATURE:
        return "It, or an issuer above it, is signed with MD5 or SHA-1; current servers refuse "
               "that.";
    case MEISHI_WARN_IS_CA:
        return "It is a CA certificate; its key can issue certificates and should not be used to "
               "log in.";
    case MEISHI_WARN_VERSION_1:
        return "It is an X.509 version 1 certificate, without any extension; current servers may "
               "refuse it.";
    case MEISHI_WARN_NO_CERTIFICATE:
        return "It has no certificate yet; import the certificate when you have it, and the two "
               "will pair up.";
    default:
        return "There is something unusual about it.";
    }
}

char *
meishi_check_warning_text(MeishiWarning warning, const MeishiCert *cert)
{
    if (cert == NULL)
        return g_strdup(static_text(warning));
    switch (warning) {
    case MEISHI_WARN_EXPIRED:
        return dated_text("It expired on @; servers will refuse it. Ask for a new one.",
                          cert->not_after);
    case MEISHI_WARN_NOT_YET_VALID:
        return dated_text("It is not valid before @; servers will refuse it until then.",
                          cert->not_before);
    case MEISHI_WARN_EXPIRES_SOON:
        return dated_text("It expires on @; ask for a new one in time.", cert->not_after);
    case MEISHI_WARN_WEAK_KEY:
        return g_strdup_printf("Its key (%s) is too short to be safe; current servers refuse it.",
                               cert->key != NULL && cert->key->text != NULL ? cert->key->text
                                                                            : "unknown");
    case MEISHI_WARN_MISSING_ISSUER:
        return g_strdup_printf(
            "The certificate of its issuer (%s) did not come with it. Servers that "
            "do not have it either will refuse: import it too then.",
            cert->issuer_text != NULL ? cert->issuer_text : "unknown");
    default:
        return g_strdup(static_text(warning));
    }
}

static int
rank_validity(const MeishiCert *cert, gint64 now)
{
    if (meishi_cert_is_expired(cert, now))
        return 2;
    return meishi_cert_is_not_yet_valid(cert, now) ? 1 : 0;
}

static int
rank_usage(const MeishiCert *cert)
{
    if (meishi_cert_has_eku(cert, OID_CLIENT_AUTH))
        return 0;
    return allows_client_auth(cert) ? 1 : 2;
}

static int
compare_later_first(gint64 a, gint64 b)
{
    return (a < b) - (a > b);
}

static int
compare_certs(const MeishiCert *a, const MeishiCert *b, gint64 now)
{
    int order = rank_validity(a, now) - rank_validity(b, now);

    if (order == 0)
        order = rank_usage(a) - rank_usage(b);
    if (order == 0)
        order = compare_later_first(a->not_before, b->not_before);
    if (order == 0)
        order = compare_later_first(a->not_after, b->not_after);
    return order;
}

int
meishi_check_compare(const MeishiCert *a, const char *label_a, const MeishiCert *b,
                     const char *label_b, gint64 now)
{
    int order;

    if (a == NULL || b == NULL)
        order = (a == NULL) - (b == NULL);
    else
        order = compare_certs(a, b, now);
    if (order == 0)
        order = g_strcmp0(label_a, label_b);
    if (order == 0 && a != NULL && b != NULL)
        order = memcmp(a->sha256, b->sha256, sizeof a->sha256);
    return order;
}
