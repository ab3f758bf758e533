/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads a CertificateRequest; see certificate-request.h.  The TLS library keeps this message to
 * itself (GnuTLS gives out the CA names and nothing else), so it is read once more here.  Every
 * vector lies inside the one around it and is used up to its end.  No ASN.1 is read but the OID
 * of a filter: names and filter values go on as DER.
 */
#include "cli/certificate-request.h"

#include "daemon/base/error.h"
#include "daemon/policy/sigalg.h"

/* RFC 9846 "Extensions". */
enum {
    EXTENSION_SIGALGS = 13,
    EXTENSION_CA_NAMES = 47,
    EXTENSION_OID_FILTERS = 48,
    EXTENSION_SIGALGS_CERT = 50,
};

/* What is left of a vector. */
typedef struct {
    GBytes *message;
    gsize at, end;
} Cursor;

static gboolean
fail(GError **error, const char *what, const char *why)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_DATA,
                "The server's CertificateRequest is malformed: %s %s", what, why);
    return FALSE;
}

/* ---- numbers and vectors --------------------------------------------------------------------- */

static const guint8 *
bytes_at(const Cursor *cursor)
{
    return (const guint8 *)g_bytes_get_data(cursor->message, NULL) + cursor->at;
}

static gsize
bytes_left(const Cursor *cursor)
{
    return cursor->end - cursor->at;
}

static gboolean
take_number(Cursor *cursor, guint width, const char *what, gsize *ret_number, GError **error)
{
    const guint8 *data = bytes_at(cursor);
    gsize number = 0;

    if (bytes_left(cursor) < width)
        return fail(error, what, "ends too early.");
    for (guint i = 0; i < width; i++)
        number = number << 8 | data[i];
    cursor->at += width;
    *ret_number = number;
    return TRUE;
}

/* opaque what<..>, with a length of @width bytes before it (RFC 9846 "Vectors"). */
static gboolean
take_vector(Cursor *cursor, guint width, const char *what, Cursor *ret_vector, GError **error)
{
    gsize len;

    if (!take_number(cursor, width, what, &len, error))
        return FALSE;
    if (bytes_left(cursor) < len)
        return fail(error, what, "ends too early.");
    *ret_vector = (Cursor){cursor->message, cursor->at, cursor->at + len};
    cursor->at += len;
    return TRUE;
}

static gboolean
check_end(const Cursor *cursor, const char *what, GError **error)
{
    return bytes_left(cursor) == 0 ||
           fail(error, what, "is followed by bytes that belong nowhere.");
}

static GBytes *
to_bytes(const Cursor *cursor)
{
    return g_bytes_new_from_bytes(cursor->message, cursor->at, bytes_left(cursor));
}

/* ---- the lists that both versions have ------------------------------------------------------- */

static gboolean
take_sigalgs(Cursor *cursor, const char *what, GArray **ret_codes, GError **error)
{
    g_autoptr(GArray) codes = g_array_new(FALSE, FALSE, sizeof(guint16));
    Cursor list;
    gsize code;

    if (!take_vector(cursor, 2, what, &list, error))
        return FALSE;
    while (bytes_left(&list) > 0) {
        guint16 narrow;

        if (!take_number(&list, 2, what, &code, error))
            return FALSE;
        narrow = (guint16)code;
        g_array_append_val(codes, narrow);
    }
    *ret_codes = g_steal_pointer(&codes);
    return TRUE;
}

static gboolean
take_ca_names(Cursor *cursor, GPtrArray *names, GError **error)
{
    Cursor list, name;

    if (!take_vector(cursor, 2, "the list of CA names", &list, error))
        return FALSE;
    while (bytes_left(&list) > 0) {
        if (!take_vector(&list, 2, "a CA name", &name, error))
            return FALSE;
        if (bytes_left(&name) == 0)
            return fail(error, "a CA name", "is empty.");
        g_ptr_array_add(names, to_bytes(&name));
    }
    return TRUE;
}

/* ---- oid_filters ----------------------------------------------------------------------------- */

static char *
oid_to_hex(const guint8 *der, gsize len)
{
    GString *hex = g_string_new("#");

    for (gsize i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", der[i]);
    return g_string_free(hex, FALSE);
}

/* X.690 8.19.4: the first number holds two. */
static void
append_arc(GString *text, guint64 arc)
{
    guint64 root = MIN(arc / 40, 2);

    if (text->len > 0)
        g_string_append_printf(text, ".%" G_GUINT64_FORMAT, arc);
    else
        g_string_append_printf(text, "%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT, root,
                               arc - root * 40);
}

/* The content of an OBJECT IDENTIFIER as text; NULL where a number is too large. */
static char *
arcs_to_text(const guint8 *content, gsize len)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint64 arc = 0;

    for (gsize i = 0; i < len; i++) {
        if (arc > G_MAXUINT64 >> 7)
            return NULL;
        arc = arc << 7 | (content[i] & 0x7f);
        if ((content[i] & 0x80) == 0) {
            append_arc(text, arc);
            arc = 0;
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* X.690 8.1.3, 8.19.2: a short length, and numbers that are neither padded nor cut off. */
static gboolean
is_oid(const guint8 *der, gsize len)
{
    gboolean begins = TRUE;

    if (len < 3 || der[0] != 0x06 || der[1] != len - 2 || der[1] >= 0x80)
        return FALSE;
    for (gsize i = 2; i < len; i++) {
        if (begins && der[i] == 0x80)
            return FALSE;
        begins = (der[i] & 0x80) == 0;
    }
    return begins;
}

static gboolean
read_oid(const Cursor *cursor, char **ret_oid, GError **error)
{
    const guint8 *der = bytes_at(cursor);
    gsize len = bytes_left(cursor);
    char *oid;

    if (!is_oid(der, len))
        return fail(error, "an OID filter", "does not begin with an OID.");
    oid = arcs_to_text(der + 2, len - 2);
    *ret_oid = oid != NULL ? oid : oid_to_hex(der, len);
    return TRUE;
}

static gboolean
take_filter(Cursor *cursor, GPtrArray *filters, GError **error)
{
    Cursor oid, values;
    MeishiAskedFilter *filter;
    char *text;

    if (!take_vector(cursor, 1, "an OID filter", &oid, error) ||
        !take_vector(cursor, 2, "an OID filter", &values, error) || !read_oid(&oid, &text, error))
        return FALSE;
    filter = g_new0(MeishiAskedFilter, 1);
    filter->oid = text;
    filter->values = to_bytes(&values);
    g_ptr_array_add(filters, filter);
    return TRUE;
}

static gboolean
take_filters(Cursor *cursor, GPtrArray *filters, GError **error)
{
    Cursor list;

    if (!take_vector(cursor, 2, "the list of OID filters", &list, error))
        return FALSE;
    while (bytes_left(&list) > 0) {
        if (!take_filter(&list, filters, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- TLS 1.2 --------------------------------------------------------------------------------- */

static gboolean
read_tls12(MeishiCertificateRequest *request, Cursor *body, GError **error)
{
    Cursor types;

    if (!take_vector(body, 1, "the list of certificate types", &types, error))
        return FALSE;
    request->types = to_bytes(&types);
    return take_sigalgs(body, "the list of signature algorithms", &request->sigalgs, error) &&
           take_ca_names(body, request->ca_names, error) &&
           check_end(body, "the list of CA names", error);
}

/* ---- TLS 1.3 --------------------------------------------------------------------------------- */

static gboolean
read_extension(MeishiCertificateRequest *request, gsize type, Cursor *data, GError **error)
{
    switch (type) {
    case EXTENSION_SIGALGS:
        return take_sigalgs(data, "signature_algorithms", &request->sigalgs, error) &&
               check_end(data, "signature_algorithms", error);
    case EXTENSION_SIGALGS_CERT:
        return take_sigalgs(data, "signature_algorithms_cert", &request->sigalgs_cert, error) &&
               check_end(data, "signature_algorithms_cert", error);
    case EXTENSION_CA_NAMES:
        return take_ca_names(data, request->ca_names, error) &&
               check_end(data, "the list of CA names", error);
    case EXTENSION_OID_FILTERS:
        return take_filters(data, request->oid_filters, error) &&
               check_end(data, "the list of OID filters", error);
    default:
        return TRUE;
    }
}

/* "There MUST NOT be more than one extension of the same type": RFC 9846 "Extensions". */
static gboolean
take_extension(MeishiCertificateRequest *request, Cursor *list, GHashTable *seen, GError **error)
{
    gsize type;
    Cursor data;

    if (!take_number(list, 2, "the list of extensions", &type, error) ||
        !take_vector(list, 2, "an extension", &data, error))
        return FALSE;
    if (!g_hash_table_add(seen, GSIZE_TO_POINTER(type)))
        return fail(error, "an extension", "comes twice.");
    return read_extension(request, type, &data, error);
}

static gboolean
read_tls13(MeishiCertificateRequest *request, Cursor *body, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Cursor context, list;

    if (!take_vector(body, 1, "the context", &context, error) ||
        !take_vector(body, 2, "the list of extensions", &list, error) ||
        !check_end(body, "the list of extensions", error))
        return FALSE;
    request->context = to_bytes(&context);
    while (bytes_left(&list) > 0) {
        if (!take_extension(request, &list, seen, error))
            return FALSE;
    }
    /* "The signature_algorithms extension MUST be specified": RFC 9846 "Certificate Request". */
    return request->sigalgs != NULL || fail(error, "signature_algorithms", "is missing.");
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void
free_filter(gpointer data)
{
    MeishiAskedFilter *filter = data;

    g_free(filter->oid);
    g_bytes_unref(filter->values);
    g_free(filter);
}

MeishiCertificateRequest *
meishi_certificate_request_parse(GBytes *body, guint16 version, GError **error)
{
    g_autoptr(MeishiCertificateRequest) request = g_new0(MeishiCertificateRequest, 1);
    Cursor cursor = {body, 0, g_bytes_get_size(body)};
    gboolean ok;

    request->version = version;
    request->ca_names = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    request->oid_filters = g_ptr_array_new_with_free_func(free_filter);
    ok = version == MEISHI_TLS_1_3 ? read_tls13(request, &cursor, error)
                                   : read_tls12(request, &cursor, error);
    return ok ? g_steal_pointer(&request) : NULL;
}

void
meishi_certificate_request_free(MeishiCertificateRequest *request)
{
    if (request == NULL)
        return;
    g_clear_pointer(&request->context, g_bytes_unref);
    g_clear_pointer(&request->types, g_bytes_unref);
    g_clear_pointer(&request->sigalgs, g_array_unref);
    g_clear_pointer(&request->sigalgs_cert, g_array_unref);
    g_ptr_array_unref(request->ca_names);
    g_ptr_array_unref(request->oid_filters);
    g_free(request);
}

const char *
meishi_certificate_request_type_name(guint8 type)
{
    static const struct {
        guint8 type;
        const char *name;
    } names[] = {
        {1, "rsa_sign"},    {2, "dss_sign"},        {3, "rsa_fixed_dh"},      {4, "dss_fixed_dh"},
        {64, "ecdsa_sign"}, {65, "rsa_fixed_ecdh"}, {66, "ecdsa_fixed_ecdh"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].type == type)
            return names[i].name;
    }
    return NULL;
}
