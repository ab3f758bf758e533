/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hosts in their one normal form; see host.h.  inet_pton() and inet_ntop() are the only calls that
 * are not GLib's, and they touch nothing but their arguments.
 */
#include "daemon/policy/host.h"

#include "daemon/base/error.h"

#include <arpa/inet.h>
#include <string.h>

#define MAX_NAME  253 /* RFC 1035 2.3.4, without the root's dot */
#define MAX_LABEL 63
#define MAX_SSID  32 /* IEEE 802.11 9.4.2.2 */

static gboolean
fail(GError **error, const char *text, const char *why)
{
    g_autofree char *shown = g_utf8_make_valid(text, (gssize)strnlen(text, 80));

    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, "“%s” is not a host: %s", shown,
                why);
    return FALSE;
}

static gboolean
is_mapped(const guint8 addr[static 16])
{
    static const guint8 prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

static gboolean
take_ipv4(const guint8 *addr, MeishiHost *ret_host)
{
    char text[INET_ADDRSTRLEN];

    *ret_host = (MeishiHost){.kind = MEISHI_HOST_IPV4};
    memcpy(ret_host->addr, addr, 4);
    ret_host->text = g_strdup(inet_ntop(AF_INET, addr, text, sizeof(text)));
    return TRUE;
}

/* RFC 4007 11: a zone names an interface, so that fe80::1 on two of them stays two hosts. */
static gboolean
is_zone(const char *zone)
{
    gsize n = strspn(zone, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

    return n > 0 && n <= 32 && zone[n] == '\0';
}

static gboolean
parse_ipv6(const char *text, MeishiHost *ret_host)
{
    const char *percent = strchr(text, '%');
    g_autofree char *bare = percent ? g_strndup(text, (gsize)(percent - text)) : g_strdup(text);
    char canonical[INET6_ADDRSTRLEN];
    guint8 addr[16];

    if (inet_pton(AF_INET6, bare, addr) != 1 || (percent && !is_zone(percent + 1)))
        return FALSE;
    if (is_mapped(addr) && percent == NULL)
        return take_ipv4(addr + 12, ret_host);
    *ret_host = (MeishiHost){.kind = MEISHI_HOST_IPV6};
    memcpy(ret_host->addr, addr, sizeof(addr));
    ret_host->text = g_strconcat(inet_ntop(AF_INET6, addr, canonical, sizeof(canonical)),
                                 percent ? percent : "", NULL);
    return TRUE;
}

static gboolean
parse_bracketed(const char *text, MeishiHost *ret_host, GError **error)
{
    gsize len = strlen(text);
    g_autofree char *inside = NULL;

    if (len < 2 || text[len - 1] != ']')
        return fail(error, text, "the closing bracket is missing");
    inside = g_strndup(text + 1, len - 2);
    if (!parse_ipv6(inside, ret_host))
        return fail(error, text, "brackets hold an IPv6 address");
    return TRUE;
}

static gboolean
is_label(const char *label, gsize len)
{
    if (len == 0 || len > MAX_LABEL || label[0] == '-' || label[len - 1] == '-')
        return FALSE;
    /* Not an LDH label, but a name that intranets have. */
    return strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") >= len;
}

static gboolean
check_labels(const char *name, const char *shown, GError **error)
{
    const char *label = name;

    if (strlen(name) > MAX_NAME)
        return fail(error, shown, "it is too long");
    for (;;) {
        gsize len = strcspn(label, ".");

        if (!is_label(label, len))
            return fail(error, shown,
                        "a label is empty, too long, or has a character that host "
                        "names do not have");
        if (label[len] == '\0')
            break;
        label += len + 1;
    }
    /* Browsers read such a name as an address in an old notation (127.1, 0x7f.1). */
    if (strspn(label, "0123456789") == strlen(label))
        return fail(error, shown, "it ends in a number but is not an IP address");
    return TRUE;
}

static gboolean
parse_name(const char *text, MeishiHost *ret_host, GError **error)
{
    g_autofree char *ascii = NULL;
    gsize len;

    /* g_hostname_to_ascii() reads to the end of a label whatever its length. */
    if (strlen(text) > 4 * MAX_NAME || !g_utf8_validate(text, -1, NULL))
        return fail(error, text, "it is too long or not UTF-8");
    ascii = g_hostname_to_ascii(text);
    if (ascii == NULL)
        return fail(error, text, "it cannot be written in A-labels");
    len = strlen(ascii);
    if (len > 1 && ascii[len - 1] == '.')
        ascii[len - 1] = '\0';
    for (char *p = ascii; *p != '\0'; p++)
        *p = g_ascii_tolower(*p);
    if (!check_labels(ascii, text, error))
        return FALSE;
    *ret_host = (MeishiHost){.kind = MEISHI_HOST_NAME, .text = g_steal_pointer(&ascii)};
    return TRUE;
}

static gboolean
parse_ssid(const char *text, MeishiHost *ret_host, GError **error)
{
    const char *ssid = text + strlen("ssid:");

    if (*ssid == '\0' || strlen(ssid) > MAX_SSID || !g_utf8_validate(ssid, -1, NULL))
        return fail(error, text, "after ssid: come 1 to 32 bytes of UTF-8");
    *ret_host = (MeishiHost){.kind = MEISHI_HOST_SSID, .text = g_strdup(text)};
    return TRUE;
}

gboolean
meishi_host_parse(const char *text, MeishiHost *ret_host, GError **error)
{
    guint8 v4[4];

    if (*text == '\0')
        return fail(error, text, "it is empty");
    if (g_str_has_prefix(text, "ssid:"))
        return parse_ssid(text, ret_host, error);
    if (strstr(text, "://"))
        return fail(error, text, "leave out the scheme: HOST, not https://HOST");
    if (strpbrk(text, "/?#"))
        return fail(error, text, "leave out the path");
    if (*text == '[')
        return parse_bracketed(text, ret_host, error);
    if (inet_pton(AF_INET, text, v4) == 1)
        return take_ipv4(v4, ret_host);
    if (parse_ipv6(text, ret_host))
        return TRUE;
    if (strchr(text, ':'))
        return fail(error, text, "the port is given apart from the host");
    return parse_name(text, ret_host, error);
}

void
meishi_host_clear(MeishiHost *host)
{
    g_clear_pointer(&host->text, g_free);
    host->kind = MEISHI_HOST_UNKNOWN;
}

guint
meishi_host_labels(const MeishiHost *host)
{
    guint n = 1;

    if (host->kind != MEISHI_HOST_NAME)
        return 0;
    for (const char *p = host->text; *p != '\0'; p++)
        n += *p == '.';
    return n;
}

gboolean
meishi_host_number_parse(const char *text, guint max, guint *ret_number)
{
    gsize len = strspn(text, "0123456789");
    guint64 number;

    if (len == 0 || len > 9 || text[len] != '\0' || (text[0] == '0' && len > 1))
        return FALSE;
    number = g_ascii_strtoull(text, NULL, 10);
    if (number > max)
        return FALSE;
    *ret_number = (guint)number;
    return TRUE;
}
