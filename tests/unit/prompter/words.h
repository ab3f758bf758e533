/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the tests of words have in common: a text is compared as it is heard, and a case is what is
 * given and what has to be said.
 */
#pragma once

#include "daemon/base/untrusted.h"

static inline void
assert_text(const char *text, const char *expected)
{
    g_autofree char *plain = text != NULL ? meishi_untrusted_spoken(text) : NULL;

    g_assert_cmpstr(plain, ==, expected);
}

typedef struct {
    const char *name, *given, *text; /* @text may be NULL */
} WordsCase;

/* One test for each of @cases, called @prefix and its name. */
static inline void
add_words_cases(const char *prefix, const WordsCase *cases, gsize n, GTestDataFunc func)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *path = g_strconcat(prefix, cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], func);
    }
}
