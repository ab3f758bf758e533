/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PKCS#11 URIs by way of p11-kit, so that what we print is what every p11-kit program reads.
 * Knows nothing of tokens or modules.  Never writes a type= attribute: OpenSSL's engine and GnuTLS
 * both take one text for certificate and key.
 */
#include "daemon/token/uri.h"

#include "module/wire/cryptoki.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

typedef P11KitUri Uri;

static void
free_uri(Uri *uri)
{
    p11_kit_uri_free(uri);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Uri, free_uri)

static void
set_attribute(Uri *uri, CK_ATTRIBUTE_TYPE type, gconstpointer data, gsize len)
{
    CK_ATTRIBUTE attribute = {.type = type, .pValue = (void *)data, .ulValueLen = len};

    p11_kit_uri_set_attribute(uri, &attribute);
}

/* Token labels are padded with blanks and not terminated (PKCS#11 2.40, CK_TOKEN_INFO). */
static void
set_token_label(Uri *uri, const char *label)
{
    CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(uri);

    memset(info->label, ' ', sizeof info->label);
    memcpy(info->label, label, MIN(strlen(label), sizeof info->label));
}

char *
meishi_uri_format(const char *token_label, const guint8 *id, gsize id_len, const char *object_label)
{
    g_autoptr(Uri) uri = p11_kit_uri_new();
    char *formatted = NULL;
    g_autofree char *text = NULL;

    set_token_label(uri, token_label);
    if (id_len > 0)
        set_attribute(uri, CKA_ID, id, id_len);
    if (object_label != NULL)
        set_attribute(uri, CKA_LABEL, object_label, strlen(object_label));
    if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &formatted) != P11_KIT_URI_OK)
        return g_strdup("pkcs11:");
    /* p11-kit allocates with malloc(); our callers free with g_free(). */
    text = g_strdup(formatted);
    free(formatted);
    return g_steal_pointer(&text);
}

/* A padded field as text, NULL where the URI left it out or it is no UTF-8. */
static char *
dup_padded(const guchar *field, gsize size)
{
    gsize len = size;

    if (field[0] == '\0')
        return NULL;
    while (len > 0 && field[len - 1] == ' ')
        len--;
    return g_utf8_validate((const char *)field, (gssize)len, NULL)
               ? g_strndup((const char *)field, len)
               : NULL;
}

static GBytes *
dup_id(Uri *uri)
{
    const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, CKA_ID);

    return attribute != NULL ? g_bytes_new(attribute->pValue, attribute->ulValueLen) : NULL;
}

static char *
dup_label(Uri *uri)
{
    const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, CKA_LABEL);

    if (attribute == NULL ||
        !g_utf8_validate(attribute->pValue, (gssize)attribute->ulValueLen, NULL))
        return NULL;
    return g_strndup(attribute->pValue, attribute->ulValueLen);
}

gboolean
meishi_uri_parse(const char *text, GBytes **ret_id, char **ret_token, char **ret_label)
{
    g_autoptr(Uri) uri = p11_kit_uri_new();
    const CK_TOKEN_INFO *info;

    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) != P11_KIT_URI_OK)
        return FALSE;
    info = p11_kit_uri_get_token_info(uri);
    *ret_id = dup_id(uri);
    *ret_token = dup_padded(info->label, sizeof info->label);
    *ret_label = dup_label(uri);
    return TRUE;
}
