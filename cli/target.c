/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From what a person types to a server; see target.h.  One table knows schemes and ports; hosts
 * are brought into their normal form by daemon/policy/host.c, so that a choice made here is found
 * by every other door.
 */
#include "cli/target.h"

#include "cli/error.h"
#include "daemon/policy/host.h"

#include <string.h>

/* The first row with a port is the one that a bare HOST:PORT means.  RFC 8314 for the mail ports,
 * RFC 4513 for LDAP; 636 is custom. */
static const struct {
    const char *scheme, *protocol;
    guint port;
    gboolean starttls;
} schemes[] = {
    {"https", "https", 443, FALSE},    {"wss", "wss", 443, FALSE},
    {"imaps", "imap", 993, FALSE},     {"imap", "imap", 143, TRUE},
    {"pop3s", "pop", 995, FALSE},      {"pop3", "pop", 110, TRUE},
    {"smtps", "smtp", 465, FALSE},     {"submissions", "smtp", 465, FALSE},
    {"submission", "smtp", 587, TRUE}, {"smtp", "smtp", 25, TRUE},
    {"ldaps", "ldap", 636, FALSE},     {"ldap", "ldap", 389, TRUE},
    {"tls", "tls", 0, FALSE},
};

#define DEFAULT_SCHEME 0 /* https */

/* ---- mistakes ------------------------------------------------------------------------------- */

static gboolean
fail(GError **error, const char *text, const char *why)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "“%s” is not a server: %s.", text,
                why);
    return FALSE;
}

static gboolean
fail_scheme(GError **error, const char *text, const char *scheme)
{
    if (g_ascii_strcasecmp(scheme, "http") == 0 || g_ascii_strcasecmp(scheme, "ws") == 0)
        return fail(error, text,
                    "that scheme has no TLS, so nobody asks for a certificate; try "
                    "https:// or wss://");
    return fail(error, text,
                "the schemes known here are https, wss, imaps, imap, pop3s, pop3, "
                "smtps, submission, smtp, ldaps, ldap, and tls for anything else");
}

/* ---- host and port -------------------------------------------------------------------------- */

/* Where the port begins in @text, behind its colon; NULL where there is none.  An IPv6 address
 * without brackets is all host. */
static const char *
find_port(const char *text)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : text;
    const char *colon = end != NULL ? strchr(end, ':') : NULL;

    if (colon == NULL || (text[0] != '[' && strchr(colon + 1, ':') != NULL))
        return NULL;
    return colon + 1;
}

static gboolean
read_port(const char *text, const char *digits, guint *ret_port, GError **error)
{
    if (meishi_host_number_parse(digits, G_MAXUINT16, ret_port) && *ret_port > 0)
        return TRUE;
    return fail(error, text, "a port is a number from 1 to 65535");
}

static gboolean
read_host(MeishiTarget *target, const char *text, const char *name, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_auto(MeishiHost) host = {0};

    if (!meishi_host_parse(name, &host, &why)) {
        g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, why->message);
        return FALSE;
    }
    if (host.kind == MEISHI_HOST_SSID)
        return fail(error, text, "a network's name cannot be connected to");
    target->is_address = host.kind != MEISHI_HOST_NAME;
    target->host = g_steal_pointer(&host.text);
    return TRUE;
}

static gboolean
read_authority(MeishiTarget *target, const char *text, const char *authority, GError **error)
{
    const char *digits = find_port(authority);
    g_autofree char *name = digits != NULL ? g_strndup(authority, (gsize)(digits - authority - 1))
                                           : g_strdup(authority);

    if (digits != NULL && !read_port(text, digits, &target->port, error))
        return FALSE;
    return read_host(target, text, name, error);
}

/* ---- scheme and path ------------------------------------------------------------------------ */

static void
take_scheme(MeishiTarget *target, gsize row)
{
    target->protocol = g_strdup(schemes[row].protocol);
    target->starttls = schemes[row].starttls;
    if (target->port == 0)
        target->port = schemes[row].port;
}

static gboolean
find_scheme(const char *scheme, gsize *ret_row)
{
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (g_ascii_strcasecmp(schemes[i].scheme, scheme) == 0) {
            *ret_row = i;
            return TRUE;
        }
    }
    return FALSE;
}

static gsize
find_by_port(guint port)
{
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (port != 0 && schemes[i].port == port)
            return i;
    }
    return DEFAULT_SCHEME;
}

/* The path goes into a request line as it is, so that nothing may stand in it that ends the
 * line (RFC 9112 section 3). */
static gboolean
read_path(MeishiTarget *target, const char *text, const char *path, GError **error)
{
    g_autofree char *whole = g_strndup(path, strcspn(path, "#"));

    for (const char *p = whole; *p != '\0'; p++) {
        if (!g_ascii_isgraph(*p))
            return fail(error, text, "its path has blanks or characters that a URL writes as %XX");
    }
    target->path = g_strconcat(whole[0] == '/' ? "" : "/", whole, NULL);
    return TRUE;
}

static gboolean
read_url(MeishiTarget *target, const char *text, const char *mark, GError **error)
{
    g_autofree char *scheme = g_strndup(text, (gsize)(mark - text));
    const char *rest = mark + strlen("://");
    gsize len = strcspn(rest, "/?#");
    g_autofree char *authority = g_strndup(rest, len);
    const char *at = strrchr(authority, '@');
    gsize row;

    if (!find_scheme(scheme, &row))
        return fail_scheme(error, text, scheme);
    if (!read_authority(target, text, at != NULL ? at + 1 : authority, error) ||
        !read_path(target, text, rest + len, error))
        return FALSE;
    take_scheme(target, row);
    return target->port != 0 || fail(error, text, "tls:// needs a port");
}

static gboolean
read_plain(MeishiTarget *target, const char *text, GError **error)
{
    if (!read_authority(target, text, text, error))
        return FALSE;
    target->path = g_strdup("/");
    take_scheme(target, find_by_port(target->port));
    return TRUE;
}

MeishiTarget *
meishi_target_parse(const char *text, GError **error)
{
    g_autoptr(MeishiTarget) target = g_new0(MeishiTarget, 1);
    const char *mark = strstr(text, "://");
    gboolean ok =
        mark != NULL ? read_url(target, text, mark, error) : read_plain(target, text, error);

    return ok ? g_steal_pointer(&target) : NULL;
}

void
meishi_target_free(MeishiTarget *target)
{
    if (target == NULL)
        return;
    g_free(target->protocol);
    g_free(target->host);
    g_free(target->path);
    g_free(target);
}

char *
meishi_target_name(const MeishiTarget *target)
{
    gboolean is_v6 = strchr(target->host, ':') != NULL;

    return g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", target->host, target->port);
}

gboolean
meishi_target_is_web(const MeishiTarget *target)
{
    return g_str_equal(target->protocol, "https") || g_str_equal(target->protocol, "wss");
}
