/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finds the subject in a certificate (RFC 5280 section 4.1), and nothing else: the name goes to the
 * daemon as it stands, which reads it properly.
 */
#include "cli/ca-file.h"

#include "cli/error.h"

#include <string.h>

#define BEGIN    "-----BEGIN CERTIFICATE-----"
#define END      "-----END CERTIFICATE-----"
#define SEQUENCE 0x30
#define INTEGER  0x02
#define VERSION  0xa0

/* ---- DER ------------------------------------------------------------------------------------- */

typedef struct {
    const guint8 *data;
    gsize len;
} Span;

/* X.690 8.1.3, definite lengths of at most four bytes. */
static gboolean
read_length(const Span *from, gsize *ret_header, gsize *ret_len)
{
    guint n_bytes;
    gsize len = 0;

    if (from->len < 2)
        return FALSE;
    n_bytes = from->data[1] < 0x80 ? 0 : from->data[1] & 0x7f;
    if (n_bytes > 4 || from->data[1] == 0x80 || from->len < 2 + (gsize)n_bytes)
        return FALSE;
    for (guint i = 0; i < n_bytes; i++)
        len = len << 8 | from->data[2 + i];
    *ret_header = 2 + n_bytes;
    *ret_len = n_bytes == 0 ? from->data[1] : len;
    return *ret_len <= from->len - *ret_header;
}

/* Takes the element at the start of *@from, which has to have @tag.  @ret_whole is with its header,
 * @ret_content without; both may be NULL. */
static gboolean
take(Span *from, guint8 tag, Span *ret_whole, Span *ret_content)
{
    gsize header, len;

    if (!read_length(from, &header, &len) || from->data[0] != tag)
        return FALSE;
    if (ret_whole != NULL)
        *ret_whole = (Span){from->data, header + len};
    if (ret_content != NULL)
        *ret_content = (Span){from->data + header, len};
    from->data += header + len;
    from->len -= header + len;
    return TRUE;
}

GBytes *
meishi_ca_file_subject(const guint8 *der, gsize len)
{
    Span rest = {der, len};
    Span certificate, body, subject;

    if (!take(&rest, SEQUENCE, NULL, &certificate) || !take(&certificate, SEQUENCE, NULL, &body))
        return NULL;
    if (body.len > 0 && body.data[0] == VERSION && !take(&body, VERSION, NULL, NULL))
        return NULL;
    /* serial number, signature, issuer, validity */
    if (!take(&body, INTEGER, NULL, NULL) || !take(&body, SEQUENCE, NULL, NULL) ||
        !take(&body, SEQUENCE, NULL, NULL) || !take(&body, SEQUENCE, NULL, NULL) ||
        !take(&body, SEQUENCE, &subject, NULL))
        return NULL;
    return g_bytes_new(subject.data, subject.len);
}

/* ---- the file -------------------------------------------------------------------------------- */

static gboolean
add_subject(GPtrArray *names, const guint8 *der, gsize len)
{
    GBytes *subject = meishi_ca_file_subject(der, len);

    if (subject != NULL)
        g_ptr_array_add(names, subject);
    return subject != NULL;
}

static gboolean
add_block(GPtrArray *names, const char *begin, const char *end)
{
    g_autofree char *text = g_strndup(begin, (gsize)(end - begin));
    gsize len;
    g_autofree guchar *der = g_base64_decode(text, &len);

    return add_subject(names, der, len);
}

static gboolean
add_blocks(GPtrArray *names, const char *text)
{
    const char *begin, *end;

    for (; (begin = strstr(text, BEGIN)) != NULL; text = end + strlen(END)) {
        begin += strlen(BEGIN);
        end = strstr(begin, END);
        if (end == NULL || !add_block(names, begin, end))
            return FALSE;
    }
    return names->len > 0;
}

GPtrArray *
meishi_ca_file_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, &cause)) {
        g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, cause->message);
        return NULL;
    }
    if (add_blocks(names, text) ||
        (strstr(text, BEGIN) == NULL && add_subject(names, (const guint8 *)text, len)))
        return g_steal_pointer(&names);
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "%s has no certificates that can be read. It has to be PEM or DER.", path);
    return NULL;
}
