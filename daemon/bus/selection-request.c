/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The dictionaries of org.meishi.Agent1.Selector; data/dbus/org.meishi.Agent1.xml says what they
 * may hold.  Everything is from a foreign program that repeats what a foreign server said: sizes
 * are compared before anything is copied, and what does not fit is refused, never cut off.
 */
#include "daemon/bus/selection-request.h"

#include "daemon/base/error.h"
#include "daemon/bus/dictionary.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

#define MAX_TEXT         255
#define MAX_TYPES        255 /* RFC 5246 7.4.4: certificate_types<1..2^8-1> */
#define MAX_SHARED_HOSTS 256
#define MAX_FILTER_BYTES (64 * 1024)
#define MAX_CERTIFICATE  (64 * 1024)
#define MAX_REQUIRED     64

/* Bytes that a serialised array adds to each of its elements, at most. */
#define FRAMING 8

/* What is read so far. */
typedef struct {
    MeishiSelectCall *call;
    char **required;
} Draft;

/* ---- values ---------------------------------------------------------------------------------- */

static gboolean
take_text(GVariant *value, char **ret_text)
{
    gsize len;
    const char *text = g_variant_get_string(value, &len);

    if (len > MAX_TEXT)
        return FALSE;
    *ret_text = g_strdup(text);
    return TRUE;
}

/* Which of @words it is. */
static gboolean
take_word(GVariant *value, const char *const *words, guint *ret_index)
{
    const char *text = g_variant_get_string(value, NULL);

    for (guint i = 0; words[i] != NULL; i++) {
        if (g_str_equal(words[i], text)) {
            *ret_index = i;
            return TRUE;
        }
    }
    return FALSE;
}

static GBytes *
copy_bytes(GVariant *value)
{
    gsize len;
    const guint8 *data = g_variant_get_fixed_array(value, &len, 1);

    return g_bytes_new(data, len);
}

static gboolean
take_codes(GVariant *value, GArray **ret_codes)
{
    gsize n_codes;
    const guint16 *codes = g_variant_get_fixed_array(value, &n_codes, sizeof *codes);

    if (n_codes > MEISHI_REQUEST_MAX_SIGALGS)
        return FALSE;
    *ret_codes = g_array_sized_new(FALSE, FALSE, sizeof *codes, (guint)n_codes);
    g_array_append_vals(*ret_codes, codes, (guint)n_codes);
    return TRUE;
}

/* ---- constraints ----------------------------------------------------------------------------- */

static gboolean
take_ca_names(gpointer data, GVariant *value)
{
    MeishiRequest *request = ((Draft *)data)->call->request;
    gsize n_names = g_variant_n_children(value);

    if (n_names > MEISHI_REQUEST_MAX_CA_NAMES ||
        g_variant_get_size(value) > MEISHI_REQUEST_MAX_CA_BYTES + n_names * FRAMING)
        return FALSE;
    request->ca_names = g_ptr_array_new_full((guint)n_names, (GDestroyNotify)meishi_name_unref);
    for (gsize i = 0; i < n_names; i++) {
        g_autoptr(GVariant) child = g_variant_get_child_value(value, i);
        g_autoptr(GBytes) der = copy_bytes(child);
        MeishiName *name = meishi_x509_parse_name(der, NULL);

        if (name == NULL)
            return FALSE;
        g_ptr_array_add(request->ca_names, name);
    }
    return TRUE;
}

static gboolean
take_certificate_types(gpointer data, GVariant *value)
{
    if (g_variant_n_children(value) > MAX_TYPES)
        return FALSE;
    ((Draft *)data)->call->request->certificate_types = copy_bytes(value);
    return TRUE;
}

static gboolean
take_schemes(gpointer data, GVariant *value)
{
    return take_codes(value, &((Draft *)data)->call->request->sigalgs);
}

static gboolean
take_schemes_cert(gpointer data, GVariant *value)
{
    return take_codes(value, &((Draft *)data)->call->request->sigalgs_cert);
}

static gboolean
is_dotted(const char *oid)
{
    gsize len = strspn(oid, "0123456789.");

    return len > 0 && len <= MAX_TEXT && oid[len] == '\0';
}

static gboolean
take_oid_filters(gpointer data, GVariant *value)
{
    MeishiRequest *request = ((Draft *)data)->call->request;
    gsize n_filters = g_variant_n_children(value);

    if (n_filters > MEISHI_REQUEST_MAX_FILTERS || g_variant_get_size(value) > MAX_FILTER_BYTES)
        return FALSE;
    request->oid_filters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_oid_filter_free);
    for (gsize i = 0; i < n_filters; i++) {
        g_autoptr(GVariant) values = NULL;
        g_autoptr(GBytes) der = NULL;
        const char *oid;

        g_variant_get_child(value, i, "(&s@ay)", &oid, &values);
        if (!is_dotted(oid))
            return FALSE;
        der = copy_bytes(values);
        g_ptr_array_add(request->oid_filters, meishi_x509_parse_oid_filter(oid, der));
    }
    return TRUE;
}

static gboolean
take_tls_version(gpointer data, GVariant *value)
{
    guint16 version = g_variant_get_uint16(value);

    ((Draft *)data)->call->request->tls_version = version;
    return version == MEISHI_TLS_1_2 || version == MEISHI_TLS_1_3;
}

static gboolean
take_raw_public_key(gpointer data, GVariant *value)
{
    ((Draft *)data)->call->request->raw_public_key = g_variant_get_boolean(value);
    return TRUE;
}

static gboolean
take_server_verified(gpointer data, GVariant *value)
{
    MeishiSelectCall *call = ((Draft *)data)->call;
    guint index;

    if (!take_word(value, meishi_request_verified_names, &index))
        return FALSE;
    call->request->server_verified = (MeishiVerified)index;
    call->says_verified = TRUE;
    return TRUE;
}

static gboolean
take_server_certificate(gpointer data, GVariant *value)
{
    MeishiSelectCall *call = ((Draft *)data)->call;
    g_autoptr(GBytes) der = NULL;

    if (g_variant_get_size(value) > MAX_CERTIFICATE)
        return FALSE;
    der = copy_bytes(value);
    call->server_cert = meishi_x509_parse(der, NULL);
    return call->server_cert != NULL;
}

static const MeishiEntry constraint_keys[] = {
    {"ca-names", "aay", "at most 4096 names in DER, 256 kB together", take_ca_names},
    {"certificate-types", "ay", "at most 255 bytes", take_certificate_types},
    {"signature-schemes", "aq", "at most 256 code points of TLS", take_schemes},
    {"signature-schemes-cert", "aq", "at most 256 code points of TLS", take_schemes_cert},
    {"oid-filters", "a(say)", "at most 64 pairs of a dotted OID and DER, 64 kB together",
     take_oid_filters},
    {"tls-version", "q", "0x0303 or 0x0304", take_tls_version},
    {"raw-public-key", "b", "true or false", take_raw_public_key},
    {"server-verified", "s", "one of ok, overridden, not-yet, failed", take_server_verified},
    {"server-certificate", "ay", "a certificate in DER, at most 64 kB", take_server_certificate},
    {NULL, NULL, NULL, NULL},
};

/* ---- options --------------------------------------------------------------------------------- */

static gboolean
take_application(gpointer data, GVariant *value)
{
    MeishiRequest *request = ((Draft *)data)->call->request;

    if (!take_text(value, &request->application) || request->application[0] == '\0')
        return FALSE;
    request->application_names = g_new0(char *, 2);
    request->application_names[0] = g_strdup(request->application);
    return TRUE;
}

static gboolean
take_application_trust(gpointer data, GVariant *value)
{
    guint index;

    if (!take_word(value, meishi_request_trust_names, &index))
        return FALSE;
    ((Draft *)data)->call->request->trust = (MeishiTrust)index;
    return TRUE;
}

static gboolean
take_interactive(gpointer data, GVariant *value)
{
    ((Draft *)data)->call->request->interactive = g_variant_get_boolean(value);
    return TRUE;
}

static gboolean
take_user_activation(gpointer data, GVariant *value)
{
    ((Draft *)data)->call->request->user_activation = g_variant_get_boolean(value);
    return TRUE;
}

static gboolean
take_purpose(gpointer data, GVariant *value)
{
    guint index;

    if (!take_word(value, meishi_request_purpose_names, &index))
        return FALSE;
    ((Draft *)data)->call->request->purpose = (MeishiPurpose)index;
    return TRUE;
}

static gboolean
take_context(gpointer data, GVariant *value)
{
    return take_text(value, &((Draft *)data)->call->request->context);
}

static gboolean
take_connection_group(gpointer data, GVariant *value)
{
    return take_text(value, &((Draft *)data)->call->connection_group);
}

static gboolean
take_shared_hosts(gpointer data, GVariant *value)
{
    gsize n_hosts = g_variant_n_children(value);

    if (n_hosts > MAX_SHARED_HOSTS || g_variant_get_size(value) > n_hosts * (MAX_TEXT + FRAMING))
        return FALSE;
    ((Draft *)data)->call->request->shared_hosts = g_variant_dup_strv(value, NULL);
    return TRUE;
}

static gboolean
take_timeout(gpointer data, GVariant *value)
{
    guint timeout_ms = g_variant_get_uint32(value);

    ((Draft *)data)->call->timeout_ms = timeout_ms;
    return timeout_ms > 0 && timeout_ms <= MEISHI_SELECT_MAX_TIMEOUT_MS;
}

/* The strings of xdg-desktop-portal. */
static gboolean
take_parent_window(gpointer data, GVariant *value)
{
    const char *text = g_variant_get_string(value, NULL);

    return (text[0] == '\0' || g_str_has_prefix(text, "x11:") ||
            g_str_has_prefix(text, "wayland:")) &&
           take_text(value, &((Draft *)data)->call->parent_window);
}

static gboolean
take_tty(gpointer data, GVariant *value)
{
    return g_str_has_prefix(g_variant_get_string(value, NULL), "/dev/") &&
           take_text(value, &((Draft *)data)->call->tty);
}

static gboolean
take_claimed_application(gpointer data, GVariant *value)
{
    return take_text(value, &((Draft *)data)->call->claimed_application);
}

static gboolean
take_require(gpointer data, GVariant *value)
{
    gsize n_keys = g_variant_n_children(value);

    if (n_keys > MAX_REQUIRED || g_variant_get_size(value) > n_keys * (MAX_TEXT + FRAMING))
        return FALSE;
    ((Draft *)data)->required = g_variant_dup_strv(value, NULL);
    return TRUE;
}

/* Those that only Match and Explain know stand first, so that the rest is a table too. */
enum { N_DRY_ONLY = 2 };

static const MeishiEntry option_keys[] = {
    {"application", "s", "a name such as exe:/usr/bin/curl", take_application},
    {"application-trust", "s", "one of any, exe, unit, sandbox", take_application_trust},
    {"interactive", "b", "true or false", take_interactive},
    {"user-activation", "b", "true or false", take_user_activation},
    {"purpose", "s", "one of navigation, subresource, preflight, preconnect, background, api",
     take_purpose},
    {"context", "s", "at most 255 bytes", take_context},
    {"connection-group", "s", "at most 255 bytes", take_connection_group},
    {"shared-hosts", "as", "at most 256 host names", take_shared_hosts},
    {"timeout-ms", "u", "a number from 1 to 600000", take_timeout},
    {"parent-window", "s", "x11:HEX or wayland:HANDLE, at most 255 bytes", take_parent_window},
    {"tty", "s", "a path below /dev, at most 255 bytes", take_tty},
    {"claimed-application", "s", "at most 255 bytes", take_claimed_application},
    {"require", "as", "at most 64 names of keys", take_require},
    {NULL, NULL, NULL, NULL},
};

/* ---- the whole ------------------------------------------------------------------------------- */

gsize
meishi_selection_request_size(const MeishiSelectionArguments *arguments)
{
    return g_variant_get_size(arguments->target) + g_variant_get_size(arguments->constraints) +
           g_variant_get_size(arguments->options);
}

static gboolean
check_size(const MeishiSelectionArguments *arguments, GError **error)
{
    if (meishi_selection_request_size(arguments) <= MEISHI_SELECTION_MAX_BYTES)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The request takes more than %d MiB", MEISHI_SELECTION_MAX_BYTES / (1024 * 1024));
    return FALSE;
}

static gboolean
read_target(GVariant *target, MeishiRequest *request, GError **error)
{
    const char *host;
    guint16 port;

    g_variant_get(target, "(s&sq)", &request->protocol, &host, &port);
    request->port = port;
    return meishi_host_parse(host, &request->host, error);
}

static gboolean
check_required(const Draft *draft, const MeishiEntry *options, GError **error)
{
    for (char **name = draft->required; name != NULL && *name != NULL; name++) {
        if (meishi_dictionary_find(constraint_keys, *name) != NULL ||
            meishi_dictionary_find(options, *name) != NULL)
            continue;
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "“%s” is required and not known here", *name);
        return FALSE;
    }
    return TRUE;
}

static gboolean
read_all(const MeishiSelectionArguments *arguments, gboolean is_dry, Draft *draft, GError **error)
{
    const MeishiEntry *options = is_dry ? option_keys : option_keys + N_DRY_ONLY;
    MeishiRequest *request = draft->call->request;

    return check_size(arguments, error) && read_target(arguments->target, request, error) &&
           meishi_dictionary_read(arguments->constraints, constraint_keys, draft, error) &&
           meishi_dictionary_read(arguments->options, options, draft, error) &&
           check_required(draft, options, error) && meishi_request_check(request, error);
}

MeishiSelectCall *
meishi_selection_request_parse(const MeishiSelectionArguments *arguments, gboolean is_dry,
                               GError **error)
{
    g_autoptr(MeishiSelectCall) call = g_new0(MeishiSelectCall, 1);
    Draft draft = {.call = call};
    gboolean ok;

    call->request = meishi_request_new();
    ok = read_all(arguments, is_dry, &draft, error);
    g_strfreev(draft.required);
    return ok ? g_steal_pointer(&call) : NULL;
}

const char *const *
meishi_selection_request_keys(void)
{
    static const char *keys[G_N_ELEMENTS(constraint_keys) + G_N_ELEMENTS(option_keys)];
    gsize n = 0;

    for (const MeishiEntry *entry = constraint_keys; entry->name != NULL; entry++)
        keys[n++] = entry->name;
    for (const MeishiEntry *entry = option_keys; entry->name != NULL; entry++)
        keys[n++] = entry->name;
    return keys;
}
