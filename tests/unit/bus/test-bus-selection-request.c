/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/selection-request.c: what each key of the dictionaries becomes, and what is refused
 * with which words.
 */
#include "daemon/bus/selection-request.h"

#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

#define TARGET "('https', 'www.example.com', 443)"

/* CN=CA */
#define NAME_DER                                                                                 \
    "[byte 0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x43, " \
    "0x41]"

static GVariant *
parse(const char *type, const char *text)
{
    GVariant *value = g_variant_parse(G_VARIANT_TYPE(type), text, NULL, NULL, NULL);

    g_assert_nonnull(value);
    return value;
}

static MeishiSelectCall *
read_request(GVariant *target, GVariant *constraints, GVariant *options, gboolean is_dry,
             GError **error)
{
    const MeishiSelectionArguments arguments = {target, constraints, options};

    return meishi_selection_request_parse(&arguments, is_dry, error);
}

static MeishiSelectCall *
read_texts(const char *constraints, const char *options, gboolean is_dry)
{
    g_autoptr(GVariant) target = parse("(ssq)", TARGET);
    g_autoptr(GVariant) said = parse("a{sv}", constraints);
    g_autoptr(GVariant) wished = parse("a{sv}", options);
    g_autoptr(GError) error = NULL;
    MeishiSelectCall *call = read_request(target, said, wished, is_dry, &error);

    g_assert_no_error(error);
    g_assert_nonnull(call);
    return call;
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void
test_defaults(void)
{
    g_autoptr(MeishiSelectCall) call = read_texts("{}", "{}", FALSE);
    const MeishiRequest *request = call->request;

    g_assert_cmpstr(request->protocol, ==, "https");
    g_assert_cmpstr(request->host.text, ==, "www.example.com");
    g_assert_cmpuint(request->port, ==, 443);
    g_assert_true(request->interactive);
    g_assert_false(request->user_activation);
    g_assert_cmpint(request->purpose, ==, MEISHI_PURPOSE_NAVIGATION);
    g_assert_cmpint(request->server_verified, ==, MEISHI_VERIFIED_OK);
    g_assert_null(request->sigalgs);
    g_assert_null(request->certificate_types);
    g_assert_null(request->ca_names);
    g_assert_null(request->application);
    g_assert_cmpuint(call->timeout_ms, ==, 0);
    g_assert_null(call->parent_window);
}

static void
test_constraints(void)
{
    g_autoptr(MeishiSelectCall) call = read_texts(
        "{'ca-names': <[" NAME_DER "]>, 'certificate-types': <[byte 64, 1]>,"
        " 'signature-schemes': <[uint16 0x0403, 0x0804]>, 'signature-schemes-cert': <@aq []>,"
        " 'oid-filters': <[('2.5.29.15', [byte 0x03, 0x02, 0x07, 0x80]), ('1.2.3', @ay [])]>,"
        " 'tls-version': <uint16 0x0303>, 'raw-public-key': <true>,"
        " 'server-verified': <'not-yet'>, 'unknown': <'passed over'>}",
        "{}", FALSE);
    const MeishiRequest *request = call->request;
    const MeishiName *name = request->ca_names->pdata[0];
    const MeishiOidFilter *usage = request->oid_filters->pdata[0];
    const MeishiOidFilter *other = request->oid_filters->pdata[1];
    g_autofree char *text = meishi_name_to_text(name);

    g_assert_cmpuint(request->ca_names->len, ==, 1);
    g_assert_cmpstr(text, ==, "CN=CA");
    g_assert_cmpuint(g_bytes_get_size(name->der), ==, 15);
    g_assert_cmpmem(g_bytes_get_data(request->certificate_types, NULL), 2, "\x40\x01", 2);
    g_assert_cmpuint(request->sigalgs->len, ==, 2);
    g_assert_cmphex(g_array_index(request->sigalgs, guint16, 0), ==, 0x0403);
    g_assert_nonnull(request->sigalgs_cert); /* sent and empty is not the same as not sent */
    g_assert_cmpuint(request->sigalgs_cert->len, ==, 0);
    g_assert_true(usage->known);
    g_assert_cmphex(usage->key_usage, ==, MEISHI_KU_DIGITAL_SIGNATURE);
    g_assert_false(other->known);
    g_assert_cmphex(request->tls_version, ==, 0x0303);
    g_assert_true(request->raw_public_key);
    g_assert_cmpint(request->server_verified, ==, MEISHI_VERIFIED_NOT_YET);
}

static void
test_options(void)
{
    g_autoptr(MeishiSelectCall) call = read_texts(
        "{}",
        "{'interactive': <false>, 'user-activation': <true>, 'purpose': <'api'>,"
        " 'context': <'private:1'>, 'connection-group': <'g'>, 'shared-hosts': <['b.example']>,"
        " 'timeout-ms': <uint32 600000>, 'parent-window': <'x11:1f'>, 'tty': <'/dev/pts/0'>,"
        " 'claimed-application': <'Browser'>, 'require': <['tty', 'ca-names']>,"
        " 'application': <'exe:/other'>, 'application-trust': <'sandbox'>}",
        FALSE);
    const MeishiRequest *request = call->request;

    g_assert_false(request->interactive);
    g_assert_true(request->user_activation);
    g_assert_cmpint(request->purpose, ==, MEISHI_PURPOSE_API);
    g_assert_cmpstr(request->context, ==, "private:1");
    g_assert_cmpstr(call->connection_group, ==, "g");
    g_assert_cmpstr(request->shared_hosts[0], ==, "b.example");
    g_assert_null(request->shared_hosts[1]);
    g_assert_cmpuint(call->timeout_ms, ==, 600000);
    g_assert_cmpstr(call->parent_window, ==, "x11:1f");
    g_assert_cmpstr(call->tty, ==, "/dev/pts/0");
    g_assert_cmpstr(call->claimed_application, ==, "Browser");
    /* Who calls is never read from a message that selects. */
    g_assert_null(request->application);
    g_assert_cmpint(request->trust, ==, MEISHI_TRUST_ANY);
}

static void
test_dry_options(void)
{
    g_autoptr(MeishiSelectCall) call = read_texts(
        "{}", "{'application': <'unit:a.service'>, 'application-trust': <'unit'>}", TRUE);

    g_assert_cmpstr(call->request->application, ==, "unit:a.service");
    g_assert_cmpstr(call->request->application_names[0], ==, "unit:a.service");
    g_assert_null(call->request->application_names[1]);
    g_assert_cmpint(call->request->trust, ==, MEISHI_TRUST_UNIT);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void
test_refused(void)
{
    const struct {
        const char *target;
        const char *constraints;
        const char *options;
        int code;
        const char *names; /* stands in the message */
    } rows[] = {
        {"('https', '', 443)", "{}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, ""},
        {"('https', 'a b', 443)", "{}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, ""},
        {"('HTTPS', 'a', 443)", "{}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, "protocol"},
        {"('', 'a', 443)", "{}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, "protocol"},
        {TARGET, "{'ca-names': <'CN=CA'>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, "“ca-names”"},
        {TARGET, "{'ca-names': <[[byte 0x30]]>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, "in DER"},
        {TARGET, "{'ca-names': <[@ay []]>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT, "“ca-names”"},
        {TARGET, "{'certificate-types': <'x'>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "“certificate-types”"},
        {TARGET, "{'signature-schemes': <[uint32 1]>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "“signature-schemes”"},
        {TARGET, "{'oid-filters': <[('keyUsage', @ay [])]>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "dotted OID"},
        {TARGET, "{'oid-filters': <[('', @ay [])]>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "“oid-filters”"},
        {TARGET, "{'tls-version': <uint16 0x0302>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "0x0303 or 0x0304"},
        {TARGET, "{'server-verified': <'yes'>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "one of ok, overridden"},
        {TARGET, "{'server-certificate': <[byte 0x30, 0x00]>}", "{}", MEISHI_ERROR_INVALID_ARGUMENT,
         "a certificate in DER"},
        {TARGET, "[{'tls-version', <uint16 0x0303>}, {'tls-version', <uint16 0x0304>}]", "{}",
         MEISHI_ERROR_INVALID_ARGUMENT, "twice"},
        {TARGET, "{}", "{'interactive': <'yes'>}", MEISHI_ERROR_INVALID_ARGUMENT, "“interactive”"},
        {TARGET, "{}", "{'purpose': <'fun'>}", MEISHI_ERROR_INVALID_ARGUMENT, "navigation"},
        {TARGET, "{}", "{'timeout-ms': <uint32 0>}", MEISHI_ERROR_INVALID_ARGUMENT, "600000"},
        {TARGET, "{}", "{'timeout-ms': <uint32 600001>}", MEISHI_ERROR_INVALID_ARGUMENT, "600000"},
        {TARGET, "{}", "{'parent-window': <'wayland'>}", MEISHI_ERROR_INVALID_ARGUMENT, "x11:HEX"},
        {TARGET, "{}", "{'tty': <'/etc/passwd'>}", MEISHI_ERROR_INVALID_ARGUMENT, "below /dev"},
        {TARGET, "{}", "{'require': <['tty', 'telepathy']>}", MEISHI_ERROR_UNSUPPORTED,
         "“telepathy”"},
        /* Known to Match and Explain alone. */
        {TARGET, "{}", "{'require': <['application']>}", MEISHI_ERROR_UNSUPPORTED, "“application”"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GVariant) target = parse("(ssq)", rows[i].target);
        g_autoptr(GVariant) constraints = parse("a{sv}", rows[i].constraints);
        g_autoptr(GVariant) options = parse("a{sv}", rows[i].options);
        g_autoptr(GError) error = NULL;

        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_null(read_request(target, constraints, options, FALSE, &error));
        g_assert_error(error, MEISHI_ERROR, rows[i].code);
        g_assert_nonnull(strstr(error->message, rows[i].names));
    }
}

/* ---- the server ------------------------------------------------------------------------------ */

static GVariant *
read_certificate(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "pem", "cert.der", NULL);
    g_autoptr(GBytes) der = NULL;
    char *data;
    gsize len;

    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    der = g_bytes_new_take(data, len);
    return g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, der, TRUE);
}

/* Who it is, and whether anybody has made sure, are two things. */
static void
test_server(void)
{
    g_autoptr(GVariant) target = parse("(ssq)", TARGET);
    g_autoptr(GVariant) nothing = parse("a{sv}", "{}");
    g_autoptr(MeishiSelectCall) said = read_texts("{'server-verified': <'ok'>}", "{}", FALSE);
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) constraints = NULL;
    g_autoptr(MeishiSelectCall) shown = NULL;

    g_assert_true(said->says_verified);
    g_assert_null(said->server_cert);
    g_variant_dict_insert_value(&dict, "server-certificate", read_certificate());
    constraints = g_variant_ref_sink(g_variant_dict_end(&dict));
    shown = read_request(target, constraints, nothing, FALSE, NULL);
    g_assert_nonnull(shown);
    g_assert_false(shown->says_verified);
    g_assert_cmpstr(shown->server_cert->subject_cn, ==, "rsa");
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static GVariant *
new_dictionary(const char *key, GVariant *value)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert_value(&dict, key, value);
    return g_variant_ref_sink(g_variant_dict_end(&dict));
}

/* @value in the first dictionary, or in the second where @is_option. */
static gboolean
is_taken(const char *key, GVariant *value, gboolean is_option)
{
    g_autoptr(GVariant) target = parse("(ssq)", TARGET);
    g_autoptr(GVariant) dictionary = new_dictionary(key, value);
    g_autoptr(GVariant) empty = parse("a{sv}", "{}");
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSelectCall) call = is_option
                                           ? read_request(target, empty, dictionary, FALSE, &error)
                                           : read_request(target, dictionary, empty, FALSE, &error);

    if (call == NULL)
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    return call != NULL;
}

/* @n copies of @text of @type. */
static GVariant *
repeat(const char *type, const char *text, gsize n)
{
    g_autoptr(GVariant) one = parse(type, text);
    g_autofree GVariant **all = g_new(GVariant *, n);

    for (gsize i = 0; i < n; i++)
        all[i] = one;
    return g_variant_new_array(G_VARIANT_TYPE(type), all, n);
}

static void
test_counts(void)
{
    g_assert_true(is_taken("ca-names", repeat("ay", NAME_DER, 4096), FALSE));
    g_assert_false(is_taken("ca-names", repeat("ay", NAME_DER, 4097), FALSE));
    g_assert_true(is_taken("certificate-types", repeat("y", "1", 255), FALSE));
    g_assert_false(is_taken("certificate-types", repeat("y", "1", 256), FALSE));
    g_assert_true(is_taken("signature-schemes", repeat("q", "1027", 256), FALSE));
    g_assert_false(is_taken("signature-schemes", repeat("q", "1027", 257), FALSE));
    g_assert_false(is_taken("signature-schemes-cert", repeat("q", "1027", 257), FALSE));
    g_assert_true(is_taken("oid-filters", repeat("(say)", "('1.2', [byte 1])", 64), FALSE));
    g_assert_false(is_taken("oid-filters", repeat("(say)", "('1.2', [byte 1])", 65), FALSE));
    g_assert_true(is_taken("shared-hosts", repeat("s", "'a'", 256), TRUE));
    g_assert_false(is_taken("shared-hosts", repeat("s", "'a'", 257), TRUE));
    g_assert_true(is_taken("require", repeat("s", "'tty'", 64), TRUE));
    g_assert_false(is_taken("require", repeat("s", "'tty'", 65), TRUE));
}

static void
test_lengths(void)
{
    static const char *const keys[] = {"context", "connection-group", "claimed-application"};
    g_autofree char *longest = g_strnfill(255, 'x');
    g_autofree char *too_long = g_strnfill(256, 'x');
    g_autofree char *tty = g_strconcat("/dev/", longest, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_assert_true(is_taken(keys[i], g_variant_new_string(longest), TRUE));
        g_assert_false(is_taken(keys[i], g_variant_new_string(too_long), TRUE));
    }
    g_assert_false(is_taken("tty", g_variant_new_string(tty), TRUE));
}

/* A name of one attribute with a value of @len bytes (below 64 kB). */
static GVariant *
new_name(gsize len)
{
    GByteArray *der = g_byte_array_new();
    /* The sequences around the value, from the outermost: tag, two bytes of length. */
    const struct {
        guint8 tag;
        gsize more;
    } layers[] = {{0x30, 17}, {0x31, 13}, {0x30, 9}};
    static const guint8 oid[] = {0x06, 0x03, 0x55, 0x04, 0x03};
    g_autoptr(GBytes) bytes = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(layers); i++) {
        gsize size = len + layers[i].more;
        const guint8 head[] = {layers[i].tag, 0x82, (guint8)(size >> 8), (guint8)size};

        g_byte_array_append(der, head, sizeof head);
    }
    g_byte_array_append(der, oid, sizeof oid);
    g_byte_array_append(der, (const guint8[]){0x0c, 0x82, (guint8)(len >> 8), (guint8)len}, 4);
    g_byte_array_set_size(der, (guint)(der->len + len));
    memset(der->data + der->len - len, 'x', len);
    bytes = g_byte_array_free_to_bytes(der);
    return g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

static GVariant *
new_names(gsize n, gsize len)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aay"));

    for (gsize i = 0; i < n; i++)
        g_variant_builder_add_value(&builder, new_name(len));
    return g_variant_builder_end(&builder);
}

static void
test_sizes(void)
{
    g_autoptr(GVariant) target = parse("(ssq)", TARGET);
    g_autoptr(GVariant) empty = parse("a{sv}", "{}");
    g_autoptr(GVariant) huge =
        new_dictionary("unknown", repeat("t", "0", MEISHI_SELECTION_MAX_BYTES / sizeof(guint64)));
    g_autoptr(GError) error = NULL;

    g_assert_true(is_taken("ca-names", new_names(200, 1000), FALSE));
    g_assert_false(is_taken("ca-names", new_names(270, 1000), FALSE));
    g_assert_null(read_request(target, huge, empty, FALSE, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull(strstr(error->message, "4 MiB"));
}

/* ---- Capabilities ---------------------------------------------------------------------------- */

/* Each key that is known can be insisted on. */
static void
test_keys(void)
{
    const char *const *keys = meishi_selection_request_keys();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize i = 0; keys[i] != NULL; i++) {
        g_autofree char *options = g_strdup_printf("{'require': <['%s']>}", keys[i]);
        g_autoptr(MeishiSelectCall) call = read_texts("{}", options, TRUE);

        g_assert_nonnull(call);
        g_assert_true(g_hash_table_add(seen, (gpointer)keys[i]));
    }
    g_assert_true(g_hash_table_contains(seen, "ca-names"));
    g_assert_true(g_hash_table_contains(seen, "require"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    g_test_add_func("/bus/selection-request/defaults", test_defaults);
    g_test_add_func("/bus/selection-request/constraints", test_constraints);
    g_test_add_func("/bus/selection-request/options", test_options);
    g_test_add_func("/bus/selection-request/dry-options", test_dry_options);
    g_test_add_func("/bus/selection-request/refused", test_refused);
    g_test_add_func("/bus/selection-request/server", test_server);
    g_test_add_func("/bus/selection-request/counts", test_counts);
    g_test_add_func("/bus/selection-request/lengths", test_lengths);
    g_test_add_func("/bus/selection-request/sizes", test_sizes);
    g_test_add_func("/bus/selection-request/keys", test_keys);
    return g_test_run();
}
