/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TLS client that lets Meishi choose its certificate, with OpenSSL and GDBus.
 *
 *     cc -o select-openssl select-openssl.c $(pkg-config --cflags --libs gio-unix-2.0 openssl)
 *     ./select-openssl HOST PORT PATH [CA-FILE]
 *
 * When the server asks for a certificate, at the start, in a renegotiation (TLS 1.2) or after the
 * handshake (TLS 1.3), OpenSSL calls choose(), which hands the server's words to
 * org.meishi.Agent1.Selector and gets back a chain and the PKCS#11 URI of the key.  Afterwards the
 * program tells how it went, so that a certificate that was refused is not sent again.
 *
 * The key is used through libp11's engine (libengine-pkcs11-openssl); PKCS11_MODULE_PATH or
 * p11-kit's configuration leads that to Meishi's module.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* ENGINE: OpenSSL 3.0 has no PKCS#11 provider of its own */
#include <gio/gio.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *host, *port;
    GDBusConnection *bus;
    const char *agent; /* its name; NULL peer to peer */
    ENGINE *engine;
    char *selection_id; /* of the last selection */
    GVariant *response; /* of the request under way: (ua{sv}) */
    int alert;          /* that the server sent; -1: none */
} Client;

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "select-openssl: %s: %s\n", what, why);
    exit(1);
}

/* ---- Meishi -----------------------------------------------------------------------------------
 */

/* The session bus, or the daemon's own socket where there is none. */
static void
connect_to_meishi(Client *client)
{
    GError *error = NULL;

    if (g_getenv("DBUS_SESSION_BUS_ADDRESS") != NULL) {
        client->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
        client->agent = "org.meishi.Agent1";
    } else {
        char *address = g_strdup_printf("unix:path=%s/meishi/bus", g_get_user_runtime_dir());

        client->bus = g_dbus_connection_new_for_address_sync(
            address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &error);
        g_free(address);
    }
    if (client->bus == NULL)
        die("no Meishi", error->message);
}

static GVariant *
call(Client *client, const char *method, GVariant *parameters, const char *reply)
{
    GError *error = NULL;
    GVariant *result = g_dbus_connection_call_sync(
        client->bus, client->agent, "/org/meishi/Agent1", "org.meishi.Agent1.Selector", method,
        parameters, G_VARIANT_TYPE(reply), G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

    if (result == NULL)
        die(method, error->message);
    return result;
}

static void
on_response(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
            const char *signal, GVariant *parameters, gpointer client)
{
    ((Client *)client)->response = g_variant_ref(parameters);
}

/* The path of the request is known beforehand, so that its Response cannot be missed. */
static char *
request_path(Client *client, const char *token)
{
    const char *name = g_dbus_connection_get_unique_name(client->bus);
    char *sender = name != NULL ? g_strdelimit(g_strdup(name + 1), ".", '_') : g_strdup("peer");
    char *path = g_strdup_printf("/org/meishi/Agent1/request/%s/%s", sender, token);

    g_free(sender);
    return path;
}

/* Waits as long as it takes the person to answer.  New: a{sv}. */
static GVariant *
select_identity(Client *client, GVariant *constraints, guint *ret_result)
{
    char *token = g_strdup_printf("r%08x", g_random_int());
    char *path = request_path(client, token);
    guint watch = g_dbus_connection_signal_subscribe(
        client->bus, client->agent, "org.meishi.Agent1.Request", "Response", path, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_response, client, NULL);
    GVariantBuilder options;
    GVariant *results;

    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "user-activation", g_variant_new_boolean(TRUE));
    g_variant_unref(call(client, "SelectIdentity",
                         g_variant_new("((ssq)@a{sv}sa{sv})", "https", client->host,
                                       (guint16)atoi(client->port), constraints, token, &options),
                         "(o)"));
    while (client->response == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_variant_get(client->response, "(u@a{sv})", ret_result, &results);
    g_clear_pointer(&client->response, g_variant_unref);
    g_dbus_connection_signal_unsubscribe(client->bus, watch);
    g_free(path);
    g_free(token);
    return results;
}

/* "accepted", "closed" or "alert". */
static void
report(Client *client, const char *outcome)
{
    GVariantBuilder details;

    if (client->selection_id == NULL)
        return;
    g_variant_builder_init(&details, G_VARIANT_TYPE_VARDICT);
    if (client->alert >= 0)
        g_variant_builder_add(&details, "{sv}", "alert", g_variant_new_byte((guchar)client->alert));
    g_variant_unref(call(client, "ReportOutcome",
                         g_variant_new("(ssa{sv})", client->selection_id, outcome, &details),
                         "()"));
}

/* ---- what the server said ---------------------------------------------------------------------
 */

static GVariant *
ca_names(SSL *ssl)
{
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("aay"));
    for (int i = 0; i < sk_X509_NAME_num(names); i++) {
        unsigned char *der = NULL;
        int len = i2d_X509_NAME(sk_X509_NAME_value(names, i), &der);

        g_variant_builder_add(&builder, "@ay",
                              g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, der, (gsize)len, 1));
        OPENSSL_free(der);
    }
    return g_variant_builder_end(&builder);
}

static GVariant *
signature_schemes(SSL *ssl)
{
    int n = SSL_get_sigalgs(ssl, -1, NULL, NULL, NULL, NULL, NULL);
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("aq"));
    for (int i = 0; i < n; i++) {
        unsigned char hash, sign;

        SSL_get_sigalgs(ssl, i, NULL, NULL, NULL, &sign, &hash);
        g_variant_builder_add(&builder, "q", (guint16)(hash << 8 | sign));
    }
    return g_variant_builder_end(&builder);
}

static GVariant *
constraints(SSL *ssl)
{
    const unsigned char *types = NULL;
    size_t n_types = SSL_get0_certificate_types(ssl, &types);
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "ca-names", ca_names(ssl));
    g_variant_builder_add(&builder, "{sv}", "signature-schemes", signature_schemes(ssl));
    g_variant_builder_add(&builder, "{sv}", "tls-version",
                          g_variant_new_uint16((guint16)SSL_version(ssl)));
    if (n_types > 0)
        g_variant_builder_add(&builder, "{sv}", "certificate-types",
                              g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, types, n_types, 1));
    return g_variant_builder_end(&builder);
}

/* ---- what goes back ---------------------------------------------------------------------------
 */

static int
use_chain(SSL *ssl, GVariant *chain)
{
    int ok = g_variant_n_children(chain) > 0;

    for (gsize i = 0; ok && i < g_variant_n_children(chain); i++) {
        GVariant *item = g_variant_get_child_value(chain, i);
        gsize len;
        const unsigned char *der = g_variant_get_fixed_array(item, &len, 1);
        X509 *cert = d2i_X509(NULL, &der, (long)len);

        ok = cert != NULL &&
             (i == 0 ? SSL_use_certificate(ssl, cert) : SSL_add1_chain_cert(ssl, cert)) == 1;
        X509_free(cert);
        g_variant_unref(item);
    }
    return ok;
}

static int
use_key(Client *client, SSL *ssl, const char *uri)
{
    EVP_PKEY *key = ENGINE_load_private_key(client->engine, uri, NULL, NULL);
    int ok = key != NULL && SSL_use_PrivateKey(ssl, key) == 1;

    EVP_PKEY_free(key);
    return ok;
}

/* SSL_CTX_set_cert_cb(3): 1 goes on, with a certificate or without; 0 gives the handshake up. */
static int
choose(SSL *ssl, void *data)
{
    Client *client = data;
    guint result;
    GVariant *decision = select_identity(client, constraints(ssl), &result);
    GVariant *chain = g_variant_lookup_value(decision, "chain", G_VARIANT_TYPE("aay"));
    const char *uri = NULL, *row = "";
    int ok = 1;

    g_free(client->selection_id);
    client->selection_id = NULL;
    g_variant_lookup(decision, "selection-id", "s", &client->selection_id);
    g_variant_lookup(decision, "key-uri", "&s", &uri);
    g_variant_lookup(decision, "row", "&s", &row);
    SSL_certs_clear(ssl);
    if (result == 0)
        ok = chain != NULL && uri != NULL && use_chain(ssl, chain) && use_key(client, ssl, uri);
    else
        fprintf(stderr, "select-openssl: no certificate is sent: %s\n", row);
    g_clear_pointer(&chain, g_variant_unref);
    g_variant_unref(decision);
    return ok && result != 2;
}

/* ---- the connection ---------------------------------------------------------------------------
 */

static Client client = {.alert = -1};

static void
on_info(const SSL *ssl, int where, int code)
{
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && code >> 8 == SSL3_AL_FATAL)
        client.alert = code & 0xff;
}

static SSL *
connect_to_server(SSL_CTX *context, BIO **ret_bio)
{
    char *target = g_strdup_printf("%s:%s", client.host, client.port);
    SSL *ssl;

    *ret_bio = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(*ret_bio, target);
    BIO_get_ssl(*ret_bio, &ssl);
    SSL_set_tlsext_host_name(ssl, client.host);
    SSL_set1_host(ssl, client.host);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_set_post_handshake_auth(ssl, 1);
    SSL_set_cert_cb(ssl, choose, &client);
    g_free(target);
    return ssl;
}

/* Prints the answer; whether there was any.  In TLS 1.3 this is where a refusal shows. */
static int
get(BIO *bio, const char *path)
{
    char buf[4096];
    int n, total = 0;

    BIO_printf(bio, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, client.host);
    while ((n = BIO_read(bio, buf, sizeof buf)) > 0) {
        fwrite(buf, 1, (size_t)n, stdout);
        total += n;
    }
    return total > 0;
}

int
main(int argc, char **argv)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    BIO *bio;
    int ok;

    if (argc < 4)
        die("usage", "select-openssl HOST PORT PATH [CA-FILE]");
    client.host = argv[1];
    client.port = argv[2];
    connect_to_meishi(&client);
    ENGINE_load_builtin_engines();
    client.engine = ENGINE_by_id("pkcs11");
    if (client.engine == NULL || !ENGINE_init(client.engine))
        die("no PKCS#11 engine", "install libengine-pkcs11-openssl");
    if (argc > 4 ? !SSL_CTX_load_verify_locations(context, argv[4], NULL)
                 : !SSL_CTX_set_default_verify_paths(context))
        die("no CA certificates", argc > 4 ? argv[4] : "of the system");
    SSL_CTX_set_info_callback(context, on_info);
    connect_to_server(context, &bio);
    ok = BIO_do_handshake(bio) == 1 && get(bio, argv[3]);
    report(&client, ok ? "accepted" : client.alert >= 0 ? "alert" : "closed");
    if (!ok && client.alert >= 0)
        fprintf(stderr, "select-openssl: the server says: %s\n",
                SSL_alert_desc_string_long(client.alert));
    else if (!ok)
        ERR_print_errors_fp(stderr);
    BIO_free_all(bio);
    SSL_CTX_free(context);
    return ok ? 0 : 1;
}
