/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Paths of requests; see request-path.h.  D-Bus Specification, "Valid Object Paths": an element is
 * made of letters, digits and underscores.
 */
#include "daemon/bus/request-path.h"

#include "daemon/bus/door.h"

#include <string.h>

#define MAX_TOKEN 64

gboolean
meishi_request_path_is_token(const char *token)
{
    gsize len = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return len > 0 && len <= MAX_TOKEN && token[len] == '\0';
}

char *
meishi_request_path_format(const char *sender, const char *token)
{
    g_autofree char *name = g_strdup(sender != NULL ? sender : "peer");

    /* A unique name has digits, dots and one colon in front. */
    g_strdelimit(name, ".-", '_');
    return g_strdup_printf(MEISHI_BUS_PATH "/request/%s/%s", name[0] == ':' ? name + 1 : name,
                           token);
}
