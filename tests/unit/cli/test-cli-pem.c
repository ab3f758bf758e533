/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/pem.c: from what the daemon exports to what a client sends.
 */
#include "cli/error.h"
#include "cli/pem.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

#define END "-----END CERTIFICATE-----\n"

static char *
fixture(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "pem", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_assert_no_error(error);
    return text;
}

static char *
subject_of(GBytes *der)
{
    g_autoptr(MeishiCert) cert = meishi_x509_parse(der, NULL);

    g_assert_nonnull(cert);
    return g_strdup(cert->subject_text);
}

/* RFC 9846 "Certificate": in order; the root may be left out, and is. */
static void
test_chain(void)
{
    g_autofree char *pem = fixture("chain.pem");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) chain = meishi_pem_to_chain(pem, &error);
    g_autofree char *first = NULL, *second = NULL;

    g_assert_no_error(error);
    g_assert_cmpuint(chain->len, ==, 2);
    first = subject_of(chain->pdata[0]);
    second = subject_of(chain->pdata[1]);
    g_assert_cmpstr(first, ==, "CN=rsa,O=Meishi test");
    g_assert_cmpstr(second, ==, "CN=sub,O=Meishi test");
}

/* A certificate that signed itself is all that there is to send. */
static void
test_self_signed(void)
{
    g_autofree char *pem = fixture("chain.pem");
    const char *root = strstr(strstr(pem, END) + strlen(END), END) + strlen(END);
    g_autoptr(GPtrArray) chain = meishi_pem_to_chain(root, NULL);
    g_autofree char *subject = NULL;

    g_assert_cmpuint(chain->len, ==, 1);
    subject = subject_of(chain->pdata[0]);
    g_assert_cmpstr(subject, ==, "CN=ca,O=Meishi test");
}

static void
test_refuses(void)
{
    static const char *const texts[] = {
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_pem_to_chain(texts[i], &error));
        g_test_message("%s", error->message);
        g_assert_cmpint(error->message[0], !=, '\0');
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    g_test_add_func("/cli/pem/chain", test_chain);
    g_test_add_func("/cli/pem/self-signed", test_self_signed);
    g_test_add_func("/cli/pem/refuses", test_refuses);
    return g_test_run();
}
