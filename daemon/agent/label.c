/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels.  What people type is refused with a reason where it will not do; what certificates bring
 * is made to fit, since nobody is there to ask.
 */
#include "daemon/agent/label.h"

#include "daemon/base/error.h"

#include <string.h>

#define MAX_SUFFIX 16 /* " (4294967295)" and some */

/* Format characters go with the control characters, because a bidi override makes one label look
 * like another; but Persian and emoji need the joiners. */
static gboolean
is_allowed(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    case G_UNICODE_FORMAT:
        return c == 0x200C || c == 0x200D;
    default:
        return TRUE;
    }
}

static gboolean
has_only_allowed(const char *text)
{
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        if (!is_allowed(g_utf8_get_char(text)))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_blank(const char *text)
{
    g_autofree char *stripped = g_strstrip(g_strdup(text));

    return *stripped == '\0';
}

gboolean
meishi_label_check(const char *label, GError **error)
{
    const char *problem = NULL;

    if (label == NULL || is_blank(label))
        problem = "must not be empty";
    else if (strlen(label) > MEISHI_LABEL_MAX)
        problem = "must not be longer than 255 bytes";
    else if (!g_utf8_validate(label, -1, NULL))
        problem = "must be UTF-8 text";
    else if (!has_only_allowed(label))
        problem = "must not hold control characters";
    if (problem != NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, "A label %s.", problem);
    return problem == NULL;
}

/* @wish without what a label may not hold, at most @max bytes. */
static GString *
cleaned(const char *wish, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(wish, -1);
    GString *label = g_string_new(NULL);

    for (const char *p = g_strstrip(valid); *p != '\0'; p = g_utf8_next_char(p)) {
        if (!is_allowed(g_utf8_get_char(p)))
            continue;
        if (label->len + (gsize)(g_utf8_next_char(p) - p) > max)
            break;
        g_string_append_len(label, p, g_utf8_next_char(p) - p);
    }
    if (is_blank(label->str))
        g_string_assign(label, "unnamed");
    return label;
}

char *
meishi_label_unique(const char *wish, GHashTable *taken)
{
    g_autoptr(GString) label = cleaned(wish, MEISHI_LABEL_MAX - MAX_SUFFIX);
    gsize len = label->len;

    for (guint n = 2; g_hash_table_contains(taken, label->str); n++) {
        g_string_truncate(label, len);
        g_string_append_printf(label, " (%u)", n);
    }
    return g_string_free(g_steal_pointer(&label), FALSE);
}
