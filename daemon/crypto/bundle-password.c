/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which encodings to try.  For ASCII there is one.  Otherwise, by the programs' history:
 *   UTF-8 as text and as bytes         RFC 7292 B.1, RFC 8018; everybody today
 *   each UTF-8 byte as one character   OpenSSL before 1.1 in a UTF-8 locale
 *   Latin-1 or CP1252 bytes            programs in a Western European locale
 * A password that is not UTF-8 is taken for Latin-1.
 */
#include "daemon/crypto/bundle-password.h"

#include <string.h>

void
meishi_bundle_password_free(MeishiPassword *password)
{
    meishi_secret_unref(password->text);
    meishi_secret_unref(password->bytes);
    g_free(password);
}

static void
add(GPtrArray *list, MeishiSecret *text, MeishiSecret *bytes)
{
    MeishiPassword *password = g_new0(MeishiPassword, 1);

    password->text = text ? meishi_secret_ref(text) : NULL;
    password->bytes = meishi_secret_ref(bytes);
    g_ptr_array_add(list, password);
}

static gboolean
is_ascii(MeishiSecret *secret)
{
    const guint8 *bytes = meishi_secret_data(secret);

    for (gsize i = 0; i < meishi_secret_len(secret); i++) {
        if (bytes[i] >= 0x80)
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_utf8(MeishiSecret *secret)
{
    return g_utf8_validate_len((const char *)meishi_secret_data(secret), meishi_secret_len(secret),
                               NULL);
}

/* Each byte becomes the character of that number. */
static MeishiSecret *
widen(MeishiSecret *secret)
{
    gsize len = meishi_secret_len(secret), n = 0;
    const guint8 *in = meishi_secret_data(secret);
    MeishiSecret *wide = meishi_secret_new(2 * len);
    guint8 *out = meishi_secret_writable(wide);

    for (gsize i = 0; i < len; i++) {
        if (in[i] >= 0x80)
            out[n++] = (guint8)(0xc0 | in[i] >> 6);
        out[n++] = in[i] >= 0x80 ? (guint8)(0x80 | (in[i] & 0x3f)) : in[i];
    }
    meishi_secret_truncate(wide, n);
    return wide;
}

/* The characters of CP1252 from 0x80 to 0x9f; 0 where it has none. */
static const gunichar cp1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static gboolean
narrow_character(gunichar c, guint8 *ret)
{
    if (c < 0x80 || (c >= 0xa0 && c <= 0xff)) {
        *ret = (guint8)c;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(cp1252); i++) {
        if (cp1252[i] && cp1252[i] == c) {
            *ret = (guint8)(0x80 + i);
            return TRUE;
        }
    }
    return FALSE;
}

/* UTF-8 as CP1252, which for Latin-1's characters is Latin-1; NULL where it has no such text. */
static MeishiSecret *
narrow(MeishiSecret *secret)
{
    const char *p = (const char *)meishi_secret_data(secret);
    const char *end = p + meishi_secret_len(secret);
    g_autoptr(MeishiSecret) result = meishi_secret_new(meishi_secret_len(secret));
    guint8 *out = meishi_secret_writable(result);
    gsize n = 0;

    for (; p < end; p = g_utf8_next_char(p)) {
        if (!narrow_character(g_utf8_get_char(p), &out[n++]))
            return NULL;
    }
    meishi_secret_truncate(result, n);
    return g_steal_pointer(&result);
}

static void
add_forms(GPtrArray *list, MeishiSecret *given)
{
    g_autoptr(MeishiSecret) wide = widen(given);
    g_autoptr(MeishiSecret) western = NULL, wide_western = NULL;

    if (!is_utf8(given)) {
        add(list, wide, given);
        return;
    }
    add(list, given, given);
    if (is_ascii(given))
        return;
    add(list, wide, given);
    western = narrow(given);
    if (!western)
        return;
    add(list, given, western);
    wide_western = widen(western);
    if (!meishi_secret_equal(wide_western, given))
        add(list, wide_western, western);
}

GPtrArray *
meishi_bundle_password_list(GPtrArray *given)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_bundle_password_free);
    g_autoptr(MeishiSecret) empty = meishi_secret_new(0);

    for (guint i = 0; given && i < given->len; i++) {
        if (meishi_secret_len(g_ptr_array_index(given, i)))
            add_forms(list, g_ptr_array_index(given, i));
    }
    add(list, NULL, empty);
    add(list, empty, empty);
    return list;
}
