/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads distinguished names from text: RFC 4514 section 3, and the slash form that `openssl -subj`
 * takes and its one-line output shows ("/C=JP/O=Example").  Bounded; never more than one pass.
 *
 * RFC 4514 text runs from the leaf to the root, the slash form and MeishiName from the root.
 */
#include "daemon/policy/name.h"

#include "daemon/base/error.h"
#include "daemon/policy/name-type.h"

#include <string.h>

typedef struct {
    const char *oid;
    char *oid_text;
    char *value;
    guint rdn;
} Part;

static void
clear_part(gpointer data)
{
    Part *part = data;

    g_free(part->oid_text);
    g_free(part->value);
}

static gboolean
fail(GError **error, const char *text, const char *why)
{
    g_autofree char *shown = g_utf8_make_valid(text, (gssize)strnlen(text, 60));

    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "not a distinguished name at “%s”: %s", shown, why);
    return FALSE;
}

static const char *
skip_spaces(const char *p)
{
    while (*p == ' ')
        p++;
    return p;
}

/* attributeType "=": leaves @p after the "=". */
static gboolean
parse_type(const char **p, Part *part, GError **error)
{
    const char *start = skip_spaces(*p);
    const char *equals = start + strcspn(start, "=,+;/\\\"");
    g_autofree char *type = NULL;

    if (*equals != '=')
        return fail(error, start, "expected TYPE=value, as in CN=Example");
    type = g_strstrip(g_strndup(start, (gsize)(equals - start)));
    if (g_ascii_strncasecmp(type, "OID.", 4) == 0)
        memmove(type, type + 4, strlen(type) - 3);
    part->oid = meishi_name_keyword_oid(type);
    if (part->oid == NULL && !meishi_name_type_is_oid(type))
        return fail(error, start,
                    "the attribute type is unknown; use CN, L, ST, O, OU, C, STREET, DC, UID or a "
                    "dotted OID");
    part->oid_text = g_steal_pointer(&type);
    *p = equals + 1;
    return TRUE;
}

/* What a backslash stands for: RFC 4514 `pair`. */
static gboolean
parse_escape(const char **p, GString *out, GError **error)
{
    const char *s = *p + 1;

    if (g_ascii_isxdigit(s[0]) && g_ascii_isxdigit(s[1])) {
        int byte = g_ascii_xdigit_value(s[0]) * 16 + g_ascii_xdigit_value(s[1]);

        if (byte == 0)
            return fail(error, *p, "a value cannot hold a NUL");
        g_string_append_c(out, (char)byte);
        *p = s + 2;
        return TRUE;
    }
    if (s[0] == '\0' || strchr(" \"#+,;<=>\\/", s[0]) == NULL)
        return fail(error, *p,
                    "a backslash must stand before one of the characters \"#+,;<=>\\, a space or "
                    "two hex digits");
    g_string_append_c(out, s[0]);
    *p = s + 1;
    return TRUE;
}

/* RFC 2253 allowed quoted values and people still write them. */
static gboolean
parse_quoted(const char **p, GString *out, GError **error)
{
    const char *s = *p + 1;

    while (*s != '"') {
        if (*s == '\0')
            return fail(error, *p, "the closing quotation mark is missing");
        if (*s == '\\') {
            if (!parse_escape(&s, out, error))
                return FALSE;
        } else {
            g_string_append_c(out, *s++);
        }
    }
    *p = skip_spaces(s + 1);
    return TRUE;
}

/* Does a new attribute of the slash form begin at @p?  A slash inside a value is common
 * ("Department A/B"), so only one that a known type follows separates. */
static gboolean
is_slash_separator(const char *p)
{
    g_autofree char *type = NULL;
    gsize len;

    if (*p != '/')
        return FALSE;
    len = strcspn(p + 1, "=/");
    if (p[1 + len] != '=')
        return FALSE;
    type = g_strndup(p + 1, len);
    return meishi_name_keyword_oid(type) != NULL || meishi_name_type_is_oid(type);
}

static gboolean
ends_value(const char *p, gboolean slash)
{
    if (*p == '\0')
        return TRUE;
    return slash ? is_slash_separator(p) : strchr(",;+", *p) != NULL;
}

/* Spaces that were not escaped are not part of a value's end. */
static gboolean
parse_plain(const char **p, gboolean slash, GString *out, GError **error)
{
    gsize keep = 0;

    while (!ends_value(*p, slash)) {
        if (**p == '\\') {
            if (!parse_escape(p, out, error))
                return FALSE;
            keep = out->len;
            continue;
        }
        if (!slash && strchr("\"<>", **p))
            return fail(error, *p, "this character must be escaped with a backslash");
        g_string_append_c(out, **p);
        if (**p != ' ')
            keep = out->len;
        (*p)++;
    }
    g_string_truncate(out, keep);
    return TRUE;
}

static gboolean
check_value(Part *part, const char *start, gboolean slash, GError **error)
{
    if (part->value[0] == '\0')
        return fail(error, start, "a value is empty");
    if (!g_utf8_validate(part->value, -1, NULL))
        return fail(error, start, "a value is not UTF-8");
    if (!slash && *start == '#' && !meishi_name_type_is_hex(part->value + 1))
        return fail(error, start,
                    "after # come pairs of hex digits; a value that begins with # "
                    "is written \\#");
    return TRUE;
}

static gboolean
parse_value(const char **p, gboolean slash, Part *part, GError **error)
{
    const char *start = *p = skip_spaces(*p);
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean ok;

    if (!slash && **p == '"')
        ok = parse_quoted(p, out, error);
    else
        ok = parse_plain(p, slash, out, error);
    if (!ok)
        return FALSE;
    if (!ends_value(*p, slash))
        return fail(error, *p, "expected a comma or the end");
    part->value = g_string_free(g_steal_pointer(&out), FALSE);
    return check_value(part, start, slash, error);
}

/* Reads all attributes in the order of the text. */
static gboolean
parse_parts(const char *text, gboolean slash, GArray *parts, GError **error)
{
    const char *p = slash ? text + 1 : text;
    guint rdn = 0;

    for (;;) {
        Part part = {.rdn = rdn};
        gboolean ok = parse_type(&p, &part, error) && parse_value(&p, slash, &part, error);

        g_array_append_val(parts, part);
        if (!ok)
            return FALSE;
        if (*p == '\0')
            return TRUE;
        if (parts->len >= MEISHI_NAME_MAX_ATTRIBUTES)
            return fail(error, text, "it has too many attributes");
        if (*p++ != '+')
            rdn++;
    }
}

static MeishiName *
assemble(GArray *parts, gboolean slash)
{
    MeishiName *name = meishi_name_new(NULL);
    guint last = g_array_index(parts, Part, parts->len - 1).rdn;

    /* The text of RFC 4514 is turned round RDN by RDN; inside one the order stays. */
    for (guint rdn = 0; rdn <= last; rdn++) {
        for (guint i = 0; i < parts->len; i++) {
            const Part *part = &g_array_index(parts, Part, i);

            if (part->rdn == (slash ? rdn : last - rdn))
                meishi_name_add(name, rdn, part->oid ? part->oid : part->oid_text, part->value);
        }
    }
    meishi_name_end(name);
    return name;
}

MeishiName *
meishi_name_parse(const char *text, gboolean *ret_slash, GError **error)
{
    gboolean slash = text[0] == '/';
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(Part));

    g_array_set_clear_func(parts, clear_part);
    if (*skip_spaces(text) == '\0') {
        fail(error, text, "it is empty");
        return NULL;
    }
    if (strlen(text) > MEISHI_NAME_MAX_TEXT) {
        fail(error, text, "it is too long");
        return NULL;
    }
    if (!parse_parts(text, slash, parts, error))
        return NULL;
    if (ret_slash)
        *ret_slash = slash;
    return assemble(parts, slash);
}
