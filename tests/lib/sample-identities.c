/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Made once with openssl(1): a root, an issuing CA below it, and three leaves.
 */
#include "tests/lib/sample-identities.h"

#include <string.h>

static const char issuers_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBwzCCAWigAwIBAgIUbOO6XZ7bDub1C9QZG3mqJWvZJO8wCgYIKoZIzj0EAwIw\n"
    "KTEQMA4GA1UECgwHRXhhbXBsZTEVMBMGA1UEAwwMRXhhbXBsZSBSb290MCAXDTI2\n"
    "MTEyMTEyNTk0NFoYDzIxMjYxMDI4MTI1OTQ0WjAvMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MRswGQYDVQQDDBJFeGFtcGxlIElzc3VpbmcgQ0EwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAATCodZ5CLDefAWUqHV4HOMXXlgeGdHwD5hCnVIMOGDGQH81iFsZ2/Em\n"
    "uO1ctlgwdsJ95vNPZPQLWfpNDfyLQKjOo2YwZDASBgNVHRMBAf8ECDAGAQH/AgEA\n"
    "MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUDWlsgPknZqLxomH8Ckr/VvlD4Ngw\n"
    "HwYDVR0jBBgwFoAUE1iJtVcXglenxfcQz5Uzv4wD0uUwCgYIKoZIzj0EAwIDSQAw\n"
    "RgIhAOGEhf9pcSPRCXrmc9U60cVjXQ7G3XcCLzcXhyJOABaSAiEAvRcHNk05kpuJ\n"
    "4mkW+4fQEiVRWC0RO5Fn3JbGm9LOU6E=\n"
    "-----END CERTIFICATE-----\n"
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBmTCCAT6gAwIBAgIUFK3SDrjgBNp8XSeeG5Qb74A81Q8wCgYIKoZIzj0EAwIw\n"
    "KTEQMA4GA1UECgwHRXhhbXBsZTEVMBMGA1UEAwwMRXhhbXBsZSBSb290MCAXDTI2\n"
    "MTEyMTEyNTk0NFoYDzIxMjYxMDI4MTI1OTQ0WjApMRAwDgYDVQQKDAdFeGFtcGxl\n"
    "MRUwEwYDVQQDDAxFeGFtcGxlIFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
    "AAQE1DjT2JrDx8f09hRrxcnbebbPd+rLSOsx/dbaiPQE/YHDZQ/uEkelwQh6Y1U5\n"
    "skHUtGCxqgbaqhWQck8F+Bb/o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB\n"
    "/wQEAwIBBjAdBgNVHQ4EFgQUE1iJtVcXglenxfcQz5Uzv4wD0uUwCgYIKoZIzj0E\n"
    "AwIDSQAwRgIhAIeE2c9Wve90a+04AYGFUJ44wRzvLt7e2OPDTsCO4UVwAiEAolzZ\n"
    "Z3kYIwSIYvE06YNN5oJMtdR3TOPEUKlLXTHJoKI=\n"
    "-----END CERTIFICATE-----\n";

static const char *const pems[SAMPLE_N] = {
    [SAMPLE_EC] = "-----BEGIN CERTIFICATE-----\n"
                  "MIIByDCCAW6gAwIBAgIUSr6HHrcv7b7UP4Ic9xwZG1ZpgoQwCgYIKoZIzj0EAwIw\n"
                  "LzEQMA4GA1UECgwHRXhhbXBsZTEbMBkGA1UEAwwSRXhhbXBsZSBJc3N1aW5nIENB\n"
                  "MCAXDTI2MTEyMTEyNTk0NFoYDzIxMjYxMDI4MTI1OTQ0WjAjMRAwDgYDVQQKDAdF\n"
                  "eGFtcGxlMQ8wDQYDVQQDDAZBZGEgRUMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
                  "AATRp6Cd9u33dIkQuH0LkwgtM6e6vUIctJYEAr3McL9LNXJeDHDzihG3cJW1BG5Z\n"
                  "ROVA3eUEfoR2m1/6bAni9F0Mo3IwcDAJBgNVHRMEAjAAMA4GA1UdDwEB/wQEAwIH\n"
                  "gDATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQUcshGH5EfsCjyyXhcxM6c\n"
                  "XINFXgIwHwYDVR0jBBgwFoAUDWlsgPknZqLxomH8Ckr/VvlD4NgwCgYIKoZIzj0E\n"
                  "AwIDSAAwRQIhAKsPXLSd7Sg83bC4ecKLsIiHhi0giIt5pEK3d9QhPy8YAiB63nIx\n"
                  "DJgqeHPZaVV/OVW6pZuZ8vY2wqwlWBcmscs2ew==\n"
                  "-----END CERTIFICATE-----\n"
                  "-----BEGIN PRIVATE KEY-----\n"
                  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTjst7XL3EUpJbzcv\n"
                  "IX5r/OokzmI5buT/+FJNO/r6VY2hRANCAATRp6Cd9u33dIkQuH0LkwgtM6e6vUIc\n"
                  "tJYEAr3McL9LNXJeDHDzihG3cJW1BG5ZROVA3eUEfoR2m1/6bAni9F0M\n"
                  "-----END PRIVATE KEY-----\n",
    [SAMPLE_RSA] = "-----BEGIN CERTIFICATE-----\n"
                   "MIIClDCCAjqgAwIBAgIUSr6HHrcv7b7UP4Ic9xwZG1ZpgoUwCgYIKoZIzj0EAwIw\n"
                   "LzEQMA4GA1UECgwHRXhhbXBsZTEbMBkGA1UEAwwSRXhhbXBsZSBJc3N1aW5nIENB\n"
                   "MCAXDTI2MTEyMTEyNTk0NFoYDzIxMjYxMDI4MTI1OTQ0WjAkMRAwDgYDVQQKDAdF\n"
                   "eGFtcGxlMRAwDgYDVQQDDAdBZGEgUlNBMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n"
                   "MIIBCgKCAQEAtAUUPb6P3dlzFIB12m7UG5rUkUkhPYXbW8NYF+0/9p+nHxVyfUW0\n"
                   "Nwf1cEAyZWmOmKT5tDxiMuy5yp9v/uTmq2ONgDWZJGLdLgtCN9Nf7kFQ+naRHD1x\n"
                   "ffE5mrZ8OZLnK1VsT7GuRKUbNw4DPrctmDJ/F6xsaqOIcpV8IByjX3fqL530V5eV\n"
                   "AIuGpt+Y9Pbf7JqcHGmD87sJxsabBa1eGg4+KQ3Xd3o183qMso1z2+4zv0VgqZWq\n"
                   "F+J3Bt76tRTwjD1tRRuTfiGwsqh0loujdiAmLLYmAovK7IN6UNE97Yf32+gE5KkZ\n"
                   "13MkhciXeJhyX6RQRxFHWZ9C6V0qkNWg8wIDAQABo3IwcDAJBgNVHRMEAjAAMA4G\n"
                   "A1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQUivfH\n"
                   "Ee6uNIrNgwIij/29k5E/SpAwHwYDVR0jBBgwFoAUDWlsgPknZqLxomH8Ckr/VvlD\n"
                   "4NgwCgYIKoZIzj0EAwIDSAAwRQIhAPNStROKneK2oZXraX0VCPvbaso5BiIGgxhE\n"
                   "Ru3BI8ooAiBlu4gqf8YQOF+dxZJU91MljJBZDC4ghkvBuyakHlFOiw==\n"
                   "-----END CERTIFICATE-----\n"
                   "-----BEGIN PRIVATE KEY-----\n"
                   "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC0BRQ9vo/d2XMU\n"
                   "gHXabtQbmtSRSSE9hdtbw1gX7T/2n6cfFXJ9RbQ3B/VwQDJlaY6YpPm0PGIy7LnK\n"
                   "n2/+5OarY42ANZkkYt0uC0I301/uQVD6dpEcPXF98Tmatnw5kucrVWxPsa5EpRs3\n"
                   "DgM+ty2YMn8XrGxqo4hylXwgHKNfd+ovnfRXl5UAi4am35j09t/smpwcaYPzuwnG\n"
                   "xpsFrV4aDj4pDdd3ejXzeoyyjXPb7jO/RWCplaoX4ncG3vq1FPCMPW1FG5N+IbCy\n"
                   "qHSWi6N2ICYstiYCi8rsg3pQ0T3th/fb6ATkqRnXcySFyJd4mHJfpFBHEUdZn0Lp\n"
                   "XSqQ1aDzAgMBAAECggEAWAOrs8x5tnPcagesl1FcbuqyRx5EHDpX13OYnIooncHN\n"
                   "CcuIoGr2A3nmrC0W9rI3P7ZZR5/GOzO2WrS9IxhzFxSjWC3cZAfaL+rdQ0IbQve4\n"
                   "SdyyceYwmOzZxyS1c8i5MVygig5LL9Cxj6dQOteAeUsnDEIG99Rgn/UqLOETl1bN\n"
                   "Fopumy9vZRUsB7hzUR0M/KnVO3d6VYB/dxT/V9Q/KHNGyPx2R5dYaN7R2SrVeMRt\n"
                   "26Xu40VbGbqwXGUeDa8wXYQ1tKzooER1w5fVp9KAy6DttxI2cE24PA12261DoUPG\n"
                   "+XaxmjuUEdyDCyD+jMh2e6Eyyh0hp+m+aloOSse/oQKBgQDonv5wtWnFhN0u1A85\n"
                   "W+d/8v5Sq2ly3e7s67jhKpjsUEArXHLjH2DnX+74nZ4vJ+kIoMuC2xkepq5hyQhM\n"
                   "LFIksnf1sDWEDfFfFcxZX6bILPBULXDUdWPS28NYfK8DD6WwLiHMGULZjnhlIvEv\n"
                   "L0rmfDe04Q6dCp3FsBGrl3NQewKBgQDGHLsmFFEagCJ4QPgza1trFS8KAqCgJ02+\n"
                   "KtVM99RUKFly2Nnq7pu6TiN0D1Ym+CvpntI9/Z9ocICGotSJePKfAgSXKkQFxwrE\n"
                   "kMA6mZhcK/KHrb8REmdq3E9MBSgJLwe3ib6HBTvrlbCtdeNcvDtiV5glgr3IEbcO\n"
                   "ZHuCAOTT6QKBgQC9Jpuqtjj9nV3k+BYxA+QoDER0oGEsP/5JtBsvLF4QueiT2aap\n"
                   "vBgly8Ibcr7vhTpeA7G4A8RXQh3F8ZvHpLpekKgupUu+xz+fm7AAdGC/oJsDN7fp\n"
                   "alLzYDNlvmzoxk5qBfkBZwEOumR3iIQpZAE5jYQWlnI1jC5iUxrrNklUBQKBgHob\n"
                   "d1aPKzYUSCqqkNDQmPY1hlq7J9nOn+JYcEQSdLKyc/+PnTFqhF2ej8eXNFismhRS\n"
                   "qe8/haNPxEg30JwzCgfrrHyntmmBNyfUuEbmKLyW8dOiyaNyHoAE7nNCslyGulDr\n"
                   "+50pIref+dfQU6Ty9/8zUjm8jdDk6llaoa2Nc30RAoGAaifoqPaRTuSziIbE+ofZ\n"
                   "9Ud3noWFaYZIV29HmQSp6GvAlZvKPMQs8ZcaqiQXFT2bXX7VHdiAtu66xAUpwgdu\n"
                   "hmzBbPIKG2fGrg2c34nRxY9x/cLiVYdX1wbq4/bjsF5DAUW+mcA9I0t9icthpjDL\n"
                   "MHkBBdUhQ6H7zjX0VY0qfhk=\n"
                   "-----END PRIVATE KEY-----\n",
    [SAMPLE_ED25519] = "-----BEGIN CERTIFICATE-----\n"
                       "MIIBnjCCAUSgAwIBAgIUSr6HHrcv7b7UP4Ic9xwZG1ZpgoYwCgYIKoZIzj0EAwIw\n"
                       "LzEQMA4GA1UECgwHRXhhbXBsZTEbMBkGA1UEAwwSRXhhbXBsZSBJc3N1aW5nIENB\n"
                       "MCAXDTI2MTEyMTEyNTk0NFoYDzIxMjYxMDI4MTI1OTQ0WjAoMRAwDgYDVQQKDAdF\n"
                       "eGFtcGxlMRQwEgYDVQQDDAtBZGEgRWQyNTUxOTAqMAUGAytlcAMhAITOpWgOz35x\n"
                       "tJMu8fsWBHSrFTPjxBYLeGQQB/8LmgX0o3IwcDAJBgNVHRMEAjAAMA4GA1UdDwEB\n"
                       "/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQU0g2a10gD9k2a\n"
                       "JmzhnDxhyI6LofowHwYDVR0jBBgwFoAUDWlsgPknZqLxomH8Ckr/VvlD4NgwCgYI\n"
                       "KoZIzj0EAwIDSAAwRQIgJIhbXNdkPbBFgGLqM5bQhtM6rpjCZ60yZ1fqJtpmRVMC\n"
                       "IQDVQh8W3GFK5DwgiQD4UTIcygPjAXj3GOCyOXb+U9oRVA==\n"
                       "-----END CERTIFICATE-----\n"
                       "-----BEGIN PRIVATE KEY-----\n"
                       "MC4CAQAwBQYDK2VwBCIEIGPpOKPgQMrcip76SXEhGEoRpYpgJWwrAxQqcwkhnkzG\n"
                       "-----END PRIVATE KEY-----\n",
};

static MeishiBundle *
read_pem(const char *pem)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(pem, strlen(pem));
    g_autoptr(GPtrArray) passwords = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    MeishiBundle *bundle = meishi_bundle_read(bytes, "sample", passwords, &error);

    g_assert_no_error(error);
    return bundle;
}

static MeishiCert *
nth_cert(MeishiBundle *bundle, guint n)
{
    return meishi_cert_ref(((MeishiBundleCert *)bundle->certs->pdata[n])->cert);
}

MeishiKey *
sample_identity_key(SampleKind kind)
{
    g_autoptr(MeishiBundle) bundle = read_pem(pems[kind]);
    g_autoptr(GError) error = NULL;
    MeishiBundleKey *parts = bundle->keys->pdata[0];
    MeishiKey *key = meishi_key_new(parts->pkcs8, FALSE, &error);

    g_assert_no_error(error);
    return key;
}

static MeishiIdentity *
new_identity(gint64 row, MeishiKeyType type)
{
    MeishiIdentity *identity = g_new0(MeishiIdentity, 1);

    identity->refs = 1;
    identity->is_in_vault = TRUE;
    identity->key_id = row;
    identity->chain = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    identity->uri = g_strdup("pkcs11:token=Meishi");
    identity->token_label = type == MEISHI_KEY_ED25519 || type == MEISHI_KEY_ED448
                                ? MEISHI_TOKEN_LABEL_EDDSA
                                : MEISHI_TOKEN_LABEL;
    return identity;
}

MeishiIdentity *
sample_identity_new(SampleKind kind, gint64 row)
{
    g_autoptr(MeishiBundle) bundle = read_pem(pems[kind]);
    g_autoptr(MeishiBundle) issuers = read_pem(issuers_pem);
    g_autoptr(MeishiCert) cert = nth_cert(bundle, 0);
    MeishiIdentity *identity = new_identity(row, cert->key->type);

    identity->cert_id = row;
    identity->label = g_strdup(cert->subject_cn);
    identity->key = cert->key;
    identity->cert = g_steal_pointer(&cert);
    g_ptr_array_add(identity->chain, nth_cert(issuers, 0));
    g_ptr_array_add(identity->chain, nth_cert(issuers, 1));
    return identity;
}

MeishiIdentity *
sample_identity_new_bare(SampleKind kind, gint64 row)
{
    g_autoptr(MeishiBundle) bundle = read_pem(pems[kind]);
    g_autoptr(GError) error = NULL;
    MeishiBundleCert *parts = bundle->certs->pdata[0];
    MeishiPublicKey *key = meishi_public_key_parse(parts->cert->key->spki, &error);
    MeishiIdentity *identity;

    g_assert_no_error(error);
    identity = new_identity(row, key->type);
    identity->label = g_strdup("a key that waits");
    identity->key = key;
    return identity;
}

/* ---- very many ----------------------------------------------------------------------------- */

/* A copy of @bytes whose last four are @n. */
static GBytes *
numbered_bytes(GBytes *bytes, guint n)
{
    gsize len;
    guint8 *copy = g_memdup2(g_bytes_get_data(bytes, &len), g_bytes_get_size(bytes));

    len = g_bytes_get_size(bytes);
    memcpy(copy + len - sizeof n, &n, sizeof n);
    return g_bytes_new_take(copy, len);
}

static void
number_digest(guint8 *digest, guint n)
{
    memcpy(digest, &n, sizeof n);
}

static MeishiPublicKey *
numbered_key(const MeishiPublicKey *original, guint n)
{
    MeishiPublicKey *key = g_memdup2(original, sizeof *original);

    key->text = g_strdup(original->text);
    key->spki = numbered_bytes(original->spki, n);
    number_digest(key->spki_sha256, n);
    number_digest(key->key_id, n);
    key->modulus = original->modulus != NULL ? g_bytes_ref(original->modulus) : NULL;
    key->exponent = original->exponent != NULL ? g_bytes_ref(original->exponent) : NULL;
    key->ec_params = original->ec_params != NULL ? g_bytes_ref(original->ec_params) : NULL;
    key->ec_point = original->ec_point != NULL ? g_bytes_ref(original->ec_point) : NULL;
    return key;
}

static MeishiCert *
numbered_cert(const MeishiCert *original, guint n)
{
    MeishiCert *cert = g_new0(MeishiCert, 1);

    cert->refs = 1;
    cert->der = numbered_bytes(original->der, n);
    number_digest(cert->sha256, n);
    cert->serial = numbered_bytes(original->serial, n);
    cert->subject = numbered_bytes(original->subject, n);
    cert->issuer = g_bytes_ref(original->issuer);
    cert->subject_cn = g_strdup_printf("Ada %u", n);
    cert->not_before = original->not_before;
    cert->not_after = original->not_after;
    cert->key = numbered_key(original->key, n);
    return cert;
}

MeishiIdentity *
sample_identity_new_numbered(const MeishiIdentity *original, guint n)
{
    MeishiIdentity *identity = new_identity((gint64)n + 1, original->key->type);

    identity->cert_id = identity->key_id;
    identity->cert = numbered_cert(original->cert, n);
    identity->key = identity->cert->key;
    identity->label = g_strdup(identity->cert->subject_cn);
    for (guint i = 0; i < original->chain->len; i++)
        g_ptr_array_add(identity->chain, meishi_cert_ref(original->chain->pdata[i]));
    return identity;
}

const char *
sample_identity_pem(SampleKind kind)
{
    return pems[kind];
}

const char *
sample_identity_issuer_pem(void)
{
    return issuers_pem; /* itself, and its own issuer */
}
