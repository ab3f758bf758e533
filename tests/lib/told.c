/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A string to search in.
 */
#include "tests/lib/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char words[1024];

void
tell(const char *told)
{
    snprintf(words, sizeof words, "%s", told != NULL ? told : "");
}

static const char *
find_word(const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' ' || at[len] == '='))
            return at + len;
    return NULL;
}

bool
is_told(const char *word)
{
    return find_word(word) != NULL;
}

int
number_of(const char *word)
{
    const char *at = find_word(word);

    return at != NULL && *at == '=' ? (int)strtol(at + 1, NULL, 10) : 0;
}

void
text_of(const char *word, char *ret, size_t size)
{
    const char *at = find_word(word);

    snprintf(ret, size, "%.*s", at != NULL ? (int)strcspn(at + 1, " ") : 0,
             at != NULL ? at + 1 : "");
}
