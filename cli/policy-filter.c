/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chromium's filters and URL patterns; see policy-filter.h.  Chromium looks up "https://host:port"
 * whatever the page is; a pattern without a port fits every port.
 */
#include "cli/policy-filter.h"

#include "cli/policy-json.h"
#include "daemon/policy/host.h"

#include <string.h>

const MeishiPolicyFilterAttribute meishi_policy_filter_attributes[MEISHI_POLICY_FILTER_ATTRIBUTES] =
    {
        {"ISSUER", "CN", "Identity-Issuer-CN"},   {"ISSUER", "L", "Identity-Issuer-L"},
        {"ISSUER", "O", "Identity-Issuer-O"},     {"ISSUER", "OU", "Identity-Issuer-OU"},
        {"SUBJECT", "CN", "Identity-Subject-CN"}, {"SUBJECT", "L", "Identity-Subject-L"},
        {"SUBJECT", "O", "Identity-Subject-O"},   {"SUBJECT", "OU", "Identity-Subject-OU"},
};

MeishiPolicyFilter *
meishi_policy_filter_new(const char *pattern)
{
    MeishiPolicyFilter *filter = g_new0(MeishiPolicyFilter, 1);

    filter->pattern = g_strdup(pattern);
    return filter;
}

void
meishi_policy_filter_free(MeishiPolicyFilter *filter)
{
    if (filter == NULL)
        return;
    g_free(filter->pattern);
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++)
        g_free(filter->values[i]);
    g_free(filter);
}

/* ---- filters ----------------------------------------------------------------------------------
 */

void
meishi_policy_filter_lose(GPtrArray *losses, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(losses, g_strdup_vprintf(format, args));
    va_end(args);
}

static gssize
find_attribute(const char *section, const char *attribute)
{
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        if (g_str_equal(meishi_policy_filter_attributes[i].section, section) &&
            g_str_equal(meishi_policy_filter_attributes[i].attribute, attribute))
            return (gssize)i;
    }
    return -1;
}

static void
read_section(MeishiPolicyFilter *filter, const char *section, JsonObject *object, GPtrArray *losses)
{
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *name = names; name != NULL; name = name->next) {
        gssize index = find_attribute(section, name->data);
        const char *value = meishi_policy_json_string(object, name->data);

        if (index < 0 || value == NULL)
            meishi_policy_filter_lose(losses,
                                      "%s: Chromium does not look at %s.%s, and so do we not",
                                      filter->pattern, section, (const char *)name->data);
        else if (*value != '\0' && g_ascii_isspace(value[strlen(value) - 1]))
            meishi_policy_filter_lose(losses,
                                      "%s: %s.%s ends with blanks, which no value of ours can",
                                      filter->pattern, section, (const char *)name->data);
        else if (*value != '\0')
            filter->values[index] = g_strdup(value);
    }
}

static void
read_filter(MeishiPolicyFilter *filter, JsonObject *object, GPtrArray *losses)
{
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *name = names; name != NULL; name = name->next) {
        JsonObject *section = meishi_policy_json_object(object, name->data);
        gboolean is_known = g_str_equal(name->data, "ISSUER") || g_str_equal(name->data, "SUBJECT");

        if (is_known && section != NULL)
            read_section(filter, name->data, section, losses);
        else
            meishi_policy_filter_lose(losses, "%s: Chromium does not look at %s, and so do we not",
                                      filter->pattern, (const char *)name->data);
    }
}

MeishiPolicyFilter *
meishi_policy_filter_read(JsonObject *entry, GPtrArray *losses)
{
    const char *pattern = meishi_policy_json_string(entry, "pattern");
    JsonObject *object = meishi_policy_json_object(entry, "filter");
    MeishiPolicyFilter *filter;

    if (pattern == NULL || object == NULL) {
        meishi_policy_filter_lose(losses, "%s: an entry without %s, which Chromium passes over",
                                  pattern != NULL ? pattern : "?",
                                  pattern == NULL ? "a pattern" : "a filter");
        return NULL;
    }
    filter = meishi_policy_filter_new(pattern);
    read_filter(filter, object, losses);
    return filter;
}

static void
add_section(JsonBuilder *json, const MeishiPolicyFilter *filter, const char *section)
{
    gboolean is_open = FALSE;

    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        const MeishiPolicyFilterAttribute *attribute = &meishi_policy_filter_attributes[i];

        if (filter->values[i] == NULL || !g_str_equal(attribute->section, section))
            continue;
        if (!is_open) {
            json_builder_set_member_name(json, section);
            json_builder_begin_object(json);
            is_open = TRUE;
        }
        json_builder_set_member_name(json, attribute->attribute);
        json_builder_add_string_value(json, filter->values[i]);
    }
    if (is_open)
        json_builder_end_object(json);
}

char *
meishi_policy_filter_format(const MeishiPolicyFilter *filter)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "pattern");
    json_builder_add_string_value(json, filter->pattern);
    json_builder_set_member_name(json, "filter");
    json_builder_begin_object(json);
    add_section(json, filter, "ISSUER");
    add_section(json, filter, "SUBJECT");
    json_builder_end_object(json);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    return meishi_policy_json_format(root, FALSE);
}

/* ---- URL patterns -----------------------------------------------------------------------------
 */

/* Takes "scheme://" from the front; FALSE for one that is never looked up. */
static gboolean
skip_scheme(const char **text)
{
    const char *end = strstr(*text, "://");
    g_autofree char *scheme = NULL;

    if (end == NULL)
        return TRUE;
    scheme = g_strndup(*text, (gsize)(end - *text));
    *text = end + strlen("://");
    return g_str_equal(scheme, "https") || g_str_equal(scheme, "*");
}

/* Our own form of a host; NULL for what is none. */
static char *
convert_host(const char *text)
{
    gboolean is_domain = g_str_has_prefix(text, "[*.]");
    g_auto(MeishiHost) host = {0};

    if (g_str_equal(text, "*"))
        return g_strdup("*");
    if (!meishi_host_parse(text + (is_domain ? strlen("[*.]") : 0), &host, NULL) ||
        host.kind == MEISHI_HOST_SSID || (is_domain && host.kind != MEISHI_HOST_NAME))
        return NULL;
    return g_strconcat(is_domain ? "." : "", host.text, NULL);
}

/* Where the host ends: at the port or the path, behind the brackets of "[*.]" or an address. */
static const char *
find_host_end(const char *text)
{
    const char *bracket = *text == '[' ? strchr(text, ']') : NULL;

    text = bracket != NULL ? bracket : text;
    return text + strcspn(text, ":/");
}

static gboolean
read_port(const char *text, guint *ret_port)
{
    *ret_port = 0;
    return g_str_equal(text, "*") ||
           (meishi_host_number_parse(text, 65535, ret_port) && *ret_port > 0);
}

gboolean
meishi_policy_filter_pattern(const char *pattern, MeishiPolicyPattern *ret_pattern,
                             const char **ret_why)
{
    const char *text = pattern, *end;
    g_autofree char *host = NULL, *port = NULL, *converted = NULL;
    guint number = 0;

    *ret_why = "its scheme is not https, and no other asks for a certificate";
    if (!skip_scheme(&text))
        return FALSE;
    end = find_host_end(text);
    host = g_strndup(text, (gsize)(end - text));
    converted = convert_host(host);
    *ret_why = "it names no host that there can be";
    if (converted == NULL)
        return FALSE;
    *ret_why = "its port is no port";
    if (*end == ':') {
        port = g_strndup(end + 1, strcspn(end + 1, "/"));
        end += 1 + strlen(port);
        if (!read_port(port, &number))
            return FALSE;
    }
    *ret_why = "it has a path, and a server asks before it knows one";
    if (*end != '\0' && !g_str_equal(end, "/") && !g_str_equal(end, "/*"))
        return FALSE;
    ret_pattern->host = g_steal_pointer(&converted);
    ret_pattern->port = number;
    return TRUE;
}
