/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A distinguished name in text, from a policy file or the command line.  What is read and printed
 * and read again is the same name.
 */
#include "daemon/policy/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiName) name = meishi_name_parse(text, NULL, &error);
    g_autoptr(MeishiName) again = NULL;
    g_autofree char *printed = NULL;

    if (name == NULL) {
        if (error == NULL || !g_utf8_validate(error->message, -1, NULL))
            abort();
        return 0;
    }
    printed = meishi_name_to_text(name);
    if (!g_utf8_validate(printed, -1, NULL))
        abort();
    again = meishi_name_parse(printed, NULL, NULL);
    /* Printing can only make it longer than what is read at all. */
    if (again == NULL && strlen(printed) <= MEISHI_NAME_MAX_TEXT)
        abort();
    if (again && meishi_name_compare(name, again) == MEISHI_NAME_DIFFERENT)
        abort();
    return 0;
}
