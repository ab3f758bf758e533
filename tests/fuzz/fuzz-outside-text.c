/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of modules in files of other programs: what is found stands in the file.
 */
#include "cli/doctor/gather/outside-text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_all_in(char **found, const char *text)
{
    for (; *found != NULL; found++) {
        if (strstr(text, *found) == NULL)
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = size <= MAX_SIZE ? g_strndup((const char *)data, size) : g_strdup("");
    g_auto(GStrv) openssl = meishi_outside_text_openssl_modules(text);

    check_all_in(openssl, text);
    return 0;
}
