/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How rules speak of hosts and ports; see host.h.  A pattern is brought into the normal form of
 * hosts when it is read, so that matching compares bytes.
 */
#include "daemon/policy/host.h"

#include "daemon/base/error.h"

#include <string.h>

static gboolean
fail(GError **error, const char *text, const char *why)
{
    g_autofree char *shown = g_utf8_make_valid(text, (gssize)strnlen(text, 80));

    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” is not a host pattern: %s", shown, why);
    return FALSE;
}

void
meishi_host_pattern_free(MeishiHostPattern *pattern)
{
    if (pattern == NULL)
        return;
    g_free(pattern->name);
    g_free(pattern);
}

static guint
family_bits(MeishiHostKind kind)
{
    return kind == MEISHI_HOST_IPV4 ? 32 : 128;
}

/* Compares the first @bits of two addresses. */
static gboolean
same_prefix(const guint8 *a, const guint8 *b, guint bits)
{
    guint whole = bits / 8;
    guint8 mask = (guint8)(0xff00 >> (bits % 8));

    if (memcmp(a, b, whole) != 0)
        return FALSE;
    return bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

static gboolean
is_clear_after(const guint8 *addr, guint bits, guint total)
{
    for (guint bit = bits; bit < total; bit++) {
        if (addr[bit / 8] & (0x80 >> (bit % 8)))
            return FALSE;
    }
    return TRUE;
}

static gboolean
parse_net(const char *text, const char *slash, MeishiHostPattern *pattern, GError **error)
{
    g_autofree char *address = g_strndup(text, (gsize)(slash - text));
    g_auto(MeishiHost) host = {0};

    if (!meishi_host_parse(address, &host, NULL) ||
        (host.kind != MEISHI_HOST_IPV4 && host.kind != MEISHI_HOST_IPV6) || strchr(address, '%'))
        return fail(error, text, "leave out the path; only an IP network has a slash");
    if (!meishi_host_number_parse(slash + 1, family_bits(host.kind), &pattern->prefix_len))
        return fail(error, text,
                    "after the slash comes the length of the prefix, at most 32 for "
                    "IPv4 and 128 for IPv6");
    if (!is_clear_after(host.addr, pattern->prefix_len, family_bits(host.kind)))
        return fail(error, text, "the address has bits set after its prefix");
    pattern->kind = MEISHI_PATTERN_NET;
    pattern->family = host.kind;
    memcpy(pattern->addr, host.addr, sizeof(host.addr));
    return TRUE;
}

static gboolean
is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((guchar)*text >= 0x80)
            return FALSE;
    }
    return TRUE;
}

static gboolean
parse_named(const char *text, MeishiHostPattern *pattern, GError **error)
{
    g_auto(MeishiHost) host = {0};
    const char *name = text;

    pattern->kind = MEISHI_PATTERN_EXACT;
    if (g_str_has_prefix(text, "*.")) {
        pattern->kind = MEISHI_PATTERN_BELOW;
        name = text + 2;
    } else if (*text == '.') {
        pattern->kind = MEISHI_PATTERN_DOMAIN;
        name = text + 1;
    }
    if (!g_str_has_prefix(name, "ssid:") && strchr(name, '*'))
        return fail(error, text, "* stands alone or as the first label: *, *.example.com");
    if (!meishi_host_parse(name, &host, error))
        return FALSE;
    if (pattern->kind != MEISHI_PATTERN_EXACT && host.kind != MEISHI_HOST_NAME)
        return fail(error, text, "only a name has something below it");
    pattern->was_utf8 = host.kind == MEISHI_HOST_NAME && !is_ascii(name);
    pattern->family = host.kind;
    memcpy(pattern->addr, host.addr, sizeof(host.addr));
    pattern->name = g_steal_pointer(&host.text);
    return TRUE;
}

static gboolean
parse_positive(const char *text, MeishiHostPattern *pattern, GError **error)
{
    const char *slash = g_str_has_prefix(text, "ssid:") ? NULL : strchr(text, '/');

    if (strcmp(text, "*") == 0) {
        pattern->kind = MEISHI_PATTERN_ANY;
        return TRUE;
    }
    if (slash && !strstr(text, "://"))
        return parse_net(text, slash, pattern, error);
    return parse_named(text, pattern, error);
}

MeishiHostPattern *
meishi_host_pattern_parse(const char *text, GError **error)
{
    g_autoptr(MeishiHostPattern) pattern = g_new0(MeishiHostPattern, 1);

    pattern->exclude = *text == '!';
    if (!parse_positive(text + pattern->exclude, pattern, error))
        return NULL;
    return g_steal_pointer(&pattern);
}

/* Is @name at or below @domain, and if below, may it be? */
static gboolean
is_below(const char *name, const char *domain, gboolean or_same)
{
    gsize len = strlen(name), domain_len = strlen(domain);

    if (len == domain_len)
        return or_same && strcmp(name, domain) == 0;
    return len > domain_len && name[len - domain_len - 1] == '.' &&
           strcmp(name + len - domain_len, domain) == 0;
}

gboolean
meishi_host_pattern_matches(const MeishiHostPattern *pattern, const MeishiHost *host)
{
    switch (pattern->kind) {
    case MEISHI_PATTERN_ANY:
        return TRUE;
    case MEISHI_PATTERN_BELOW:
    case MEISHI_PATTERN_DOMAIN:
        return host->kind == MEISHI_HOST_NAME &&
               is_below(host->text, pattern->name, pattern->kind == MEISHI_PATTERN_DOMAIN);
    case MEISHI_PATTERN_NET:
        return host->kind == pattern->family &&
               same_prefix(host->addr, pattern->addr, pattern->prefix_len);
    case MEISHI_PATTERN_EXACT:
        return host->kind == pattern->family && strcmp(host->text, pattern->name) == 0;
    }
    return FALSE;
}

static guint
specificity(const MeishiHostPattern *pattern)
{
    switch (pattern->kind) {
    case MEISHI_PATTERN_ANY:
        return MEISHI_SPECIFIC_ANY;
    case MEISHI_PATTERN_BELOW:
    case MEISHI_PATTERN_DOMAIN:
        return 1 + (guint)strlen(pattern->name);
    case MEISHI_PATTERN_NET:
        return 1 + pattern->prefix_len;
    case MEISHI_PATTERN_EXACT:
        break;
    }
    return MEISHI_SPECIFIC_EXACT;
}

/* An unknown host fits what all hosts fit; of anything else nobody can tell. */
static MeishiFit
match_unknown(GPtrArray *patterns)
{
    gboolean any = FALSE;

    for (guint i = 0; i < patterns->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(patterns, i);

        if (pattern->exclude)
            return MEISHI_FIT_UNKNOWN;
        any |= pattern->kind == MEISHI_PATTERN_ANY;
    }
    return any ? MEISHI_FIT_YES : MEISHI_FIT_UNKNOWN;
}

static MeishiFit
match_known(GPtrArray *patterns, const MeishiHost *host, guint *specific)
{
    gboolean any_include = FALSE, included = FALSE;

    for (guint i = 0; i < patterns->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(patterns, i);

        any_include |= !pattern->exclude;
        if (!meishi_host_pattern_matches(pattern, host))
            continue;
        if (pattern->exclude)
            return MEISHI_FIT_NO;
        included = TRUE;
        *specific = MAX(*specific, specificity(pattern));
    }
    return included || !any_include ? MEISHI_FIT_YES : MEISHI_FIT_NO;
}

MeishiFit
meishi_host_list_match(GPtrArray *patterns, const MeishiHost *host, guint *ret_specific)
{
    guint specific = MEISHI_SPECIFIC_ANY;
    MeishiFit fit = MEISHI_FIT_YES;

    if (patterns && patterns->len > 0)
        fit = host->kind == MEISHI_HOST_UNKNOWN ? match_unknown(patterns)
                                                : match_known(patterns, host, &specific);
    if (fit == MEISHI_FIT_YES && ret_specific)
        *ret_specific = specific;
    return fit;
}

gboolean
meishi_host_port_parse(const char *text, MeishiPortRange *ret_range, GError **error)
{
    const char *dash = strchr(text, '-');
    g_autofree char *first = dash ? g_strndup(text, (gsize)(dash - text)) : g_strdup(text);
    guint low, high;

    if (!meishi_host_number_parse(first, G_MAXUINT16, &low) ||
        !meishi_host_number_parse(dash ? dash + 1 : first, G_MAXUINT16, &high) || low > high) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "“%.20s” is not a port or a range of ports: N or N-M, 0 to 65535", text);
        return FALSE;
    }
    *ret_range = (MeishiPortRange){.low = (guint16)low, .high = (guint16)high};
    return TRUE;
}
