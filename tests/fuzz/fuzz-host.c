/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host from a caller and a pattern from a policy file, with a newline between them.  The normal
 * form is its own normal form, and a host fits the pattern that is its own name.
 */
#include "daemon/policy/host.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_host(const MeishiHost *host)
{
    g_auto(MeishiHost) again = {0};
    g_autoptr(MeishiHostPattern) own = NULL;

    if (!meishi_host_parse(host->text, &again, NULL) || again.kind != host->kind ||
        strcmp(again.text, host->text) != 0)
        abort();
    own = meishi_host_pattern_parse(host->text, NULL);
    if (own == NULL || !meishi_host_pattern_matches(own, host))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char *newline = strchr(text, '\n');
    g_auto(MeishiHost) host = {0};
    g_autoptr(MeishiHostPattern) pattern = NULL;
    MeishiPortRange range;

    if (newline)
        *newline = '\0';
    if (meishi_host_parse(text, &host, NULL))
        check_host(&host);
    if (newline == NULL)
        return 0;
    pattern = meishi_host_pattern_parse(newline + 1, NULL);
    if (pattern && host.text)
        meishi_host_pattern_matches(pattern, &host);
    if (meishi_host_port_parse(newline + 1, &range, NULL) && range.low > range.high)
        abort();
    return 0;
}
