/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Remarks about policy files; see lint.h.
 */
#include "daemon/policy/lint.h"

#include <string.h>

static void
free_lint(gpointer data)
{
    MeishiLint *lint = data;

    g_free(lint->file);
    g_free(lint->group);
    g_free(lint->key);
    g_free(lint->message);
    g_free(lint);
}

GPtrArray *
meishi_lint_list_new(void)
{
    return g_ptr_array_new_with_free_func(free_lint);
}

void
meishi_lint_add(GPtrArray *lints, MeishiSeverity severity, const MeishiLintPlace *place,
                const char *format, ...)
{
    MeishiLint *lint = g_new0(MeishiLint, 1);
    va_list args;

    lint->severity = severity;
    lint->file = g_strdup(place->file);
    lint->line = place->line;
    lint->group = g_strdup(place->group);
    lint->key = g_strdup(place->key);
    va_start(args, format);
    lint->message = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(lints, lint);
}

static int
compare_places(gconstpointer a, gconstpointer b)
{
    const MeishiLint *x = *(const MeishiLint *const *)a, *y = *(const MeishiLint *const *)b;
    int by_file = g_strcmp0(x->file, y->file);

    if (by_file != 0)
        return by_file;
    return (x->line > y->line) - (x->line < y->line);
}

/* g_ptr_array_sort() is a stable merge sort up to GLib 2.80 and stable by promise after. */
void
meishi_lint_sort(GPtrArray *lints)
{
    g_ptr_array_sort(lints, compare_places);
}

const MeishiLint *
meishi_lint_first_error(GPtrArray *lints)
{
    for (guint i = 0; i < lints->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(lints, i);

        if (lint->severity == MEISHI_LINT_ERROR)
            return lint;
    }
    return NULL;
}

int
meishi_lint_exit_status(GPtrArray *lints)
{
    int status = 0;

    for (guint i = 0; i < lints->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(lints, i);

        status = MAX(status, lint->severity == MEISHI_LINT_ERROR ? 2 : 1);
    }
    return status;
}

char *
meishi_lint_to_text(const MeishiLint *lint)
{
    GString *out = g_string_new(lint->file ? lint->file : "policy");

    if (lint->line > 0)
        g_string_append_printf(out, ":%u", lint->line);
    g_string_append(out, lint->severity == MEISHI_LINT_ERROR ? ": error: " : ": warning: ");
    if (lint->group)
        g_string_append_printf(out, "[%s] ", lint->group);
    if (lint->key)
        g_string_append_printf(out, "%s: ", lint->key);
    g_string_append(out, lint->message);
    return g_string_free(out, FALSE);
}
