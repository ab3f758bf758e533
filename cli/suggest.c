/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Likeness of words by their edit distance (optimal string alignment: a swap of neighbours is one
 * slip of the fingers).  A suggestion that is not close is worse than none.
 */
#include "cli/suggest.h"

#include <string.h>

#define MAX_WORD 64

/* Compares bytes: commands, options and most labels are ASCII, and for the rest it is close
 * enough. */
static guint
distance(const char *a, const char *b)
{
    gsize n = strlen(b);
    guint rows[3][MAX_WORD + 1];
    guint *before = rows[0], *above = rows[1], *row = rows[2];

    for (gsize j = 0; j <= n; j++)
        above[j] = (guint)j;
    for (gsize i = 1; a[i - 1] != '\0'; i++) {
        guint *oldest = before;

        row[0] = (guint)i;
        for (gsize j = 1; j <= n; j++) {
            guint change = a[i - 1] != b[j - 1];

            row[j] = MIN(MIN(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = oldest;
    }
    return above[n];
}

const char *
meishi_suggest_word(const char *typed, const char *const *words)
{
    g_autofree char *wanted = g_utf8_casefold(typed, -1);
    const char *best = NULL;
    guint best_distance = (guint)strlen(wanted) / 3 + 1;

    if (strlen(wanted) > MAX_WORD)
        return NULL;
    for (; *words != NULL; words++) {
        g_autofree char *word = g_utf8_casefold(*words, -1);
        guint far = strlen(word) <= MAX_WORD ? distance(wanted, word) : G_MAXUINT;

        if (far <= best_distance && (best == NULL || far < best_distance)) {
            best = *words;
            best_distance = far;
        }
    }
    return best;
}
