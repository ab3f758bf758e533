/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Findings are made here and nowhere changed but by who made them.
 */
#include "cli/doctor/judge/finding.h"

#include <string.h>

static void
finding_free(MeishiFinding *finding)
{
    g_free(finding->text);
    g_free(finding->meaning);
    g_free(finding->command);
    g_free(finding);
}

GPtrArray *
meishi_finding_list_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
}

MeishiFinding *
meishi_finding_add(GPtrArray *findings, MeishiFindingLevel level, const char *code,
                   const char *format, ...)
{
    MeishiFinding *finding = g_new0(MeishiFinding, 1);
    va_list arguments;

    finding->level = level;
    finding->check = "";
    finding->code = code;
    va_start(arguments, format);
    finding->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(findings, finding);
    return finding;
}

void
meishi_finding_means(MeishiFinding *finding, const char *format, ...)
{
    va_list arguments;

    g_free(finding->meaning);
    va_start(arguments, format);
    finding->meaning = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

void
meishi_finding_mends(MeishiFinding *finding, const char *format, ...)
{
    va_list arguments;

    g_free(finding->command);
    va_start(arguments, format);
    finding->command = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

guint
meishi_finding_count(GPtrArray *findings, MeishiFindingLevel level)
{
    guint n = 0;

    for (guint i = 0; i < findings->len; i++)
        n += ((const MeishiFinding *)findings->pdata[i])->level == level ? 1 : 0;
    return n;
}

const char *
meishi_finding_level_name(MeishiFindingLevel level)
{
    static const char *const names[] = {
        [MEISHI_FINDING_OK] = "ok",
        [MEISHI_FINDING_NOTE] = "note",
        [MEISHI_FINDING_PROBLEM] = "problem",
    };

    return names[level];
}

/* POSIX shells take these for themselves anywhere in a word but "~" and "=" at its start. */
char *
meishi_finding_quote(const char *word)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-+:,@%";

    return word[0] != '\0' && word[strspn(word, plain)] == '\0' ? g_strdup(word)
                                                                : g_shell_quote(word);
}
