/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Distinguished names as values; see name.h.  Reading their text is in name-parse.c.
 *
 * The canonical form is a string in which RDNs and attributes are set apart by control characters
 * that folding never leaves in a value, so that equal strings mean equal names.
 */
#include "daemon/policy/name.h"

#include "daemon/policy/name-type.h"

#include <string.h>

#define RDN_END       '\x1d'
#define ATTRIBUTE_END '\x1e'
#define OID_END       '\x1f'

static void
clear_attribute(gpointer data)
{
    MeishiNameAttribute *attr = data;

    g_free(attr->oid);
    g_free(attr->value);
    g_free(attr->folded);
}

MeishiName *
meishi_name_new(GBytes *der)
{
    MeishiName *name = g_new0(MeishiName, 1);

    name->refs = 1;
    name->der = der ? g_bytes_ref(der) : NULL;
    name->attrs = g_array_new(FALSE, FALSE, sizeof(MeishiNameAttribute));
    g_array_set_clear_func(name->attrs, clear_attribute);
    return name;
}

void
meishi_name_add(MeishiName *name, guint rdn, const char *oid, const char *value)
{
    MeishiNameAttribute attr = {
        .oid = g_strdup(oid),
        .value = g_utf8_make_valid(value, -1),
        .rdn = rdn,
    };

    attr.folded = meishi_name_fold(attr.value);
    g_array_append_val(name->attrs, attr);
}

MeishiName *
meishi_name_ref(MeishiName *name)
{
    g_atomic_int_inc(&name->refs);
    return name;
}

void
meishi_name_unref(MeishiName *name)
{
    if (name == NULL || !g_atomic_int_dec_and_test(&name->refs))
        return;
    g_clear_pointer(&name->der, g_bytes_unref);
    g_array_unref(name->attrs);
    g_free(name->canonical);
    g_free(name);
}

static gboolean
is_space(gunichar c)
{
    return g_unichar_isspace(c) || g_unichar_iscntrl(c);
}

/* RFC 4518 2.6.1: insignificant spaces; control characters count as such (2.2). */
static char *
squeeze(const char *text)
{
    GString *out = g_string_new(NULL);
    gboolean pending = FALSE;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (is_space(c)) {
            pending = out->len > 0;
            continue;
        }
        if (pending)
            g_string_append_c(out, ' ');
        pending = FALSE;
        g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}

char *
meishi_name_fold(const char *value)
{
    g_autofree char *normal = g_utf8_normalize(value, -1, G_NORMALIZE_ALL_COMPOSE);
    g_autofree char *folded = g_utf8_casefold(normal ? normal : "", -1);

    return squeeze(folded);
}

/* The order inside one RDN is not significant (X.501 9.3); everything else is. */
static int
compare_attributes(gconstpointer a, gconstpointer b)
{
    const MeishiNameAttribute *x = *(const MeishiNameAttribute *const *)a;
    const MeishiNameAttribute *y = *(const MeishiNameAttribute *const *)b;
    int by_type;

    if (x->rdn != y->rdn)
        return x->rdn < y->rdn ? -1 : 1;
    by_type = strcmp(x->oid, y->oid);
    return by_type != 0 ? by_type : strcmp(x->folded, y->folded);
}

void
meishi_name_end(MeishiName *name)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < name->attrs->len; i++)
        g_ptr_array_add(sorted, &g_array_index(name->attrs, MeishiNameAttribute, i));
    g_ptr_array_sort(sorted, compare_attributes);

    for (guint i = 0; i < sorted->len; i++) {
        const MeishiNameAttribute *attr = g_ptr_array_index(sorted, i);
        const MeishiNameAttribute *next =
            i + 1 < sorted->len ? g_ptr_array_index(sorted, i + 1) : NULL;

        g_string_append(out, attr->oid);
        g_string_append_c(out, OID_END);
        g_string_append(out, attr->folded);
        g_string_append_c(out, next && next->rdn == attr->rdn ? ATTRIBUTE_END : RDN_END);
    }
    g_free(name->canonical);
    name->canonical = g_string_free(out, FALSE);
}

MeishiNameMatch
meishi_name_compare(const MeishiName *a, const MeishiName *b)
{
    if (a == NULL || b == NULL)
        return MEISHI_NAME_DIFFERENT;
    if (a->der && b->der && g_bytes_equal(a->der, b->der))
        return MEISHI_NAME_EQUAL;
    if (strcmp(a->canonical, b->canonical) == 0)
        return MEISHI_NAME_NORMALISED;
    return MEISHI_NAME_DIFFERENT;
}

const MeishiNameAttribute *
meishi_name_find(const MeishiName *name, const char *oid)
{
    if (name == NULL)
        return NULL;
    for (guint i = name->attrs->len; i > 0; i--) {
        const MeishiNameAttribute *attr = &g_array_index(name->attrs, MeishiNameAttribute, i - 1);

        if (strcmp(attr->oid, oid) == 0)
            return attr;
    }
    return NULL;
}

/* RFC 4514 2.4: what must be escaped where. */
static void
append_value(GString *out, const char *value)
{
    gsize len = strlen(value);

    if (value[0] == '#' && meishi_name_type_is_hex(value + 1)) {
        g_string_append(out, value);
        return;
    }
    for (gsize i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        gboolean edge = (i == 0 && (c == '#' || c == ' ')) || (i + 1 == len && c == ' ');

        if (c < 0x20 || c == 0x7f)
            g_string_append_printf(out, "\\%02X", c);
        else if (edge || strchr("\"+,;<>\\", c))
            g_string_append_printf(out, "\\%c", c);
        else
            g_string_append_c(out, (char)c);
    }
}

char *
meishi_name_to_text(const MeishiName *name)
{
    GString *out = g_string_new(NULL);
    guint end = name->attrs->len;

    /* RFC 4514 2.1: RDNs from last to first, the attributes of one in their order. */
    while (end > 0) {
        guint rdn = g_array_index(name->attrs, MeishiNameAttribute, end - 1).rdn;
        guint start = end - 1;

        while (start > 0 && g_array_index(name->attrs, MeishiNameAttribute, start - 1).rdn == rdn)
            start--;
        for (guint i = start; i < end; i++) {
            const MeishiNameAttribute *attr = &g_array_index(name->attrs, MeishiNameAttribute, i);

            if (out->len > 0)
                g_string_append_c(out, i == start ? ',' : '+');
            g_string_append_printf(out, "%s=", meishi_name_type_keyword(attr->oid));
            append_value(out, attr->value);
        }
        end = start;
    }
    return g_string_free(out, FALSE);
}
