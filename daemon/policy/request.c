/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The request as a value; see request.h.
 */
#include "daemon/policy/request.h"

#include "daemon/base/error.h"

#include <string.h>

const char *const meishi_request_trust_names[] = {
    [MEISHI_TRUST_ANY] = "any",
    [MEISHI_TRUST_EXE] = "exe",
    [MEISHI_TRUST_UNIT] = "unit",
    [MEISHI_TRUST_SANDBOX] = "sandbox",
    NULL,
};

const char *const meishi_request_verified_names[] = {
    [MEISHI_VERIFIED_OK] = "ok",
    [MEISHI_VERIFIED_OVERRIDDEN] = "overridden",
    [MEISHI_VERIFIED_NOT_YET] = "not-yet",
    [MEISHI_VERIFIED_FAILED] = "failed",
    NULL,
};

const char *const meishi_request_purpose_names[] = {
    [MEISHI_PURPOSE_NAVIGATION] = "navigation",
    [MEISHI_PURPOSE_SUBRESOURCE] = "subresource",
    [MEISHI_PURPOSE_PREFLIGHT] = "preflight",
    [MEISHI_PURPOSE_PRECONNECT] = "preconnect",
    [MEISHI_PURPOSE_BACKGROUND] = "background",
    [MEISHI_PURPOSE_API] = "api",
    NULL,
};

MeishiRequest *
meishi_request_new(void)
{
    MeishiRequest *request = g_new0(MeishiRequest, 1);

    request->interactive = TRUE;
    return request;
}

static void
share_lists(MeishiRequest *copy)
{
    if (copy->ca_names != NULL)
        g_ptr_array_ref(copy->ca_names);
    if (copy->certificate_types != NULL)
        g_bytes_ref(copy->certificate_types);
    if (copy->sigalgs != NULL)
        g_array_ref(copy->sigalgs);
    if (copy->sigalgs_cert != NULL)
        g_array_ref(copy->sigalgs_cert);
    if (copy->oid_filters != NULL)
        g_ptr_array_ref(copy->oid_filters);
}

MeishiRequest *
meishi_request_copy(const MeishiRequest *request)
{
    MeishiRequest *copy = g_memdup2(request, sizeof *request);

    copy->host.text = g_strdup(request->host.text);
    copy->protocol = g_strdup(request->protocol);
    copy->application = g_strdup(request->application);
    copy->context = g_strdup(request->context);
    copy->shared_hosts = g_strdupv(request->shared_hosts);
    copy->application_names = g_strdupv(request->application_names);
    share_lists(copy);
    return copy;
}

void
meishi_request_free(MeishiRequest *request)
{
    if (request == NULL)
        return;
    meishi_host_clear(&request->host);
    g_free(request->protocol);
    g_free(request->application);
    g_free(request->context);
    g_strfreev(request->shared_hosts);
    g_strfreev(request->application_names);
    g_clear_pointer(&request->ca_names, g_ptr_array_unref);
    g_clear_pointer(&request->certificate_types, g_bytes_unref);
    g_clear_pointer(&request->sigalgs, g_array_unref);
    g_clear_pointer(&request->sigalgs_cert, g_array_unref);
    g_clear_pointer(&request->oid_filters, g_ptr_array_unref);
    g_free(request);
}

MeishiOidFilter *
meishi_oid_filter_new(const char *oid)
{
    MeishiOidFilter *filter = g_new0(MeishiOidFilter, 1);

    filter->oid = g_strdup(oid);
    return filter;
}

void
meishi_oid_filter_free(MeishiOidFilter *filter)
{
    if (filter == NULL)
        return;
    g_free(filter->oid);
    g_strfreev(filter->ekus);
    g_free(filter);
}

static gboolean
fail(GError **error, const char *what)
{
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, what);
    return FALSE;
}

static gboolean
check_protocol(const char *protocol, GError **error)
{
    gsize len = protocol ? strspn(protocol, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

    if (len == 0 || len > 32 || protocol[len] != '\0')
        return fail(error, "the protocol must be a word in lower case, such as https or imap");
    return TRUE;
}

static gboolean
check_ca_names(GPtrArray *names, GError **error)
{
    gsize bytes = 0;

    if (names == NULL)
        return TRUE;
    if (names->len > MEISHI_REQUEST_MAX_CA_NAMES)
        return fail(error, "the server names more than 4096 certification authorities");
    for (guint i = 0; i < names->len; i++) {
        const MeishiName *name = g_ptr_array_index(names, i);

        bytes += name->der ? g_bytes_get_size(name->der) : 0;
    }
    if (bytes > MEISHI_REQUEST_MAX_CA_BYTES)
        return fail(error, "the names of certification authorities take more than 256 kB");
    return TRUE;
}

static gboolean
check_lists(const MeishiRequest *request, GError **error)
{
    if ((request->sigalgs && request->sigalgs->len > MEISHI_REQUEST_MAX_SIGALGS) ||
        (request->sigalgs_cert && request->sigalgs_cert->len > MEISHI_REQUEST_MAX_SIGALGS))
        return fail(error, "there are more than 256 signature algorithms");
    if (request->oid_filters && request->oid_filters->len > MEISHI_REQUEST_MAX_FILTERS)
        return fail(error, "there are more than 64 OID filters");
    return TRUE;
}

gboolean
meishi_request_check(const MeishiRequest *request, GError **error)
{
    if (!check_protocol(request->protocol, error))
        return FALSE;
    if (request->port > G_MAXUINT16)
        return fail(error, "the port must be at most 65535");
    if (request->context && strlen(request->context) > 255)
        return fail(error, "the context must be at most 255 bytes");
    return check_ca_names(request->ca_names, error) && check_lists(request, error);
}

const char *
meishi_request_protocol_class(const MeishiRequest *request)
{
    static const struct {
        const char *protocol;
        const char *name;
    } classes[] = {
        {"https", "web"}, {"wss", "web"},   {"quic", "web"},   {"imap", "mail"},
        {"pop", "mail"},  {"smtp", "mail"}, {"imaps", "mail"}, {"smtps", "mail"},
    };

    if (request->protocol == NULL)
        return "";
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (strcmp(classes[i].protocol, request->protocol) == 0)
            return classes[i].name;
    }
    return request->protocol;
}

gboolean
meishi_request_is_private(const MeishiRequest *request)
{
    return request->context && g_str_has_prefix(request->context, "private:");
}

/* ---- the digest -------------------------------------------------------------------------------
 *
 * Each list is hashed as: its tag, the number of items, and per item its length and bytes, so that
 * no two requests run into the same bytes. */

static void
hash_number(GChecksum *sum, gsize number)
{
    guint32 be = GUINT32_TO_BE((guint32)number);

    g_checksum_update(sum, (const guchar *)&be, sizeof(be));
}

static int
compare_bytes(gconstpointer a, gconstpointer b)
{
    return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

/* Consumes @items (GBytes). */
static void
hash_list(GChecksum *sum, guint32 tag, GPtrArray *items)
{
    g_ptr_array_sort(items, compare_bytes);
    hash_number(sum, tag);
    hash_number(sum, items->len);
    for (guint i = 0; i < items->len; i++) {
        gsize len;
        const guchar *data = g_bytes_get_data(g_ptr_array_index(items, i), &len);

        hash_number(sum, len);
        g_checksum_update(sum, data, (gssize)len);
    }
    g_ptr_array_unref(items);
}

static GPtrArray *
bytes_of_names(GPtrArray *names)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; names && i < names->len; i++) {
        const MeishiName *name = g_ptr_array_index(names, i);

        g_ptr_array_add(items, name->der ? g_bytes_ref(name->der)
                                         : g_bytes_new(name->canonical, strlen(name->canonical)));
    }
    return items;
}

static GPtrArray *
bytes_of_codes(GArray *codes)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; codes && i < codes->len; i++) {
        guint16 be = GUINT16_TO_BE(g_array_index(codes, guint16, i));

        g_ptr_array_add(items, g_bytes_new(&be, sizeof(be)));
    }
    return items;
}

static GPtrArray *
bytes_of_types(GBytes *types)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (gsize i = 0; types && i < g_bytes_get_size(types); i++)
        g_ptr_array_add(items, g_bytes_new_from_bytes(types, i, 1));
    return items;
}

static GPtrArray *
bytes_of_filters(GPtrArray *filters)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; filters && i < filters->len; i++) {
        const MeishiOidFilter *filter = g_ptr_array_index(filters, i);
        g_autofree char *ekus = filter->ekus ? g_strjoinv(" ", filter->ekus) : NULL;
        char *text = g_strdup_printf("%s %u %s", filter->oid, filter->key_usage, ekus ? ekus : "");

        g_ptr_array_add(items, g_bytes_new_take(text, strlen(text)));
    }
    return items;
}

void
meishi_request_digest(const MeishiRequest *request, guint8 ret_digest[static 32])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize len = 32;

    hash_list(sum, 1, bytes_of_names(request->ca_names));
    hash_list(sum, 2, bytes_of_types(request->certificate_types));
    hash_list(sum, 3, bytes_of_codes(request->sigalgs));
    hash_list(sum, 4, bytes_of_codes(request->sigalgs_cert));
    hash_list(sum, 5, bytes_of_filters(request->oid_filters));
    g_checksum_get_digest(sum, ret_digest, &len);
}
