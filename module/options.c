/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PKCS #11 wants pReserved to be NULL, and everybody passes a module's configuration in it: p11-kit
 * the x-init-reserved of a module's file, NSS the parameters that modutil -string was given (in a
 * field that it calls LibraryParameters).  Both are words NAME=VALUE between blanks, the value
 * perhaps in quotes.  Words that we do not know are for somebody else.
 */
#include "module/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RESERVED 4096
#define FIRST_PAGE   4096 /* no text lies there: a conformance test passes (void *)1 */

#define NAME         "layout="
#define BLANKS       " \t\r\n"

static bool
is_text(const char *text)
{
    size_t len = 0;

    if ((uintptr_t)text < FIRST_PAGE)
        return false;
    for (; text[len] != '\0' && len < MAX_RESERVED; len++) {
        unsigned char c = (unsigned char)text[len];

        if (c == 0x7f || (c < ' ' && strchr(BLANKS, c) == NULL))
            return false;
    }
    return len < MAX_RESERVED;
}

static bool
equals(const char *value, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(value, word, len) == 0;
}

static bool
read_layout(const char *value, size_t len, struct meishi_options *options)
{
    if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
        value++;
        len -= 2;
    }
    if (equals(value, len, "slot-per-identity"))
        options->slot_per_identity = true;
    else if (equals(value, len, "vault"))
        options->slot_per_identity = false;
    else
        return false;
    return true;
}

static bool
read_words(const char *text, struct meishi_options *options)
{
    size_t len;

    for (text += strspn(text, BLANKS); *text != '\0'; text += len, text += strspn(text, BLANKS)) {
        len = strcspn(text, BLANKS);
        if (len >= strlen(NAME) && memcmp(text, NAME, strlen(NAME)) == 0 &&
            !read_layout(text + strlen(NAME), len - strlen(NAME), options))
            return false;
    }
    return true;
}

/* What the variable says wrongly counts for nothing: a slip in a shell must not take the module
 * away from every program that is started from it. */
static void
read_environment(struct meishi_options *options)
{
    const char *layout = secure_getenv("MEISHI_LAYOUT");

    if (layout != NULL)
        (void)!read_layout(layout, strlen(layout), options);
}

bool
meishi_options_read(const char *reserved, struct meishi_options *ret_options)
{
    struct meishi_options options = {false};

    if (reserved != NULL && (!is_text(reserved) || !read_words(reserved, &options)))
        return false;
    read_environment(&options);
    *ret_options = options;
    return true;
}
