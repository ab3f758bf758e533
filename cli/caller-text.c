/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of programs and servers; see caller-text.h.  What the daemon has found out stands apart
 * from what the program says of itself.
 */
#include "cli/caller-text.h"

#include "cli/text.h"

#include <string.h>

#define MAX_TEXT 80 /* of a stranger's; all of it is shown by "?" */

char *
meishi_caller_text_bounded(const char *text)
{
    g_autofree char *clean = meishi_text_clean(text);

    return meishi_text_ellipsize(clean, MAX_TEXT);
}

/* A network's name is no host's: it has no second form, and its case is its own. */
static gboolean
is_network(const char *host)
{
    return g_str_has_prefix(host, "ssid:");
}

/* Another form of @host that people can read; NULL where there is none. */
static char *
readable_form(const char *host)
{
    g_autofree char *unicode = is_network(host) ? NULL : g_hostname_to_unicode(host);

    if (unicode == NULL || g_ascii_strcasecmp(unicode, host) == 0)
        return NULL;
    return meishi_caller_text_bounded(unicode);
}

/* Both forms of a name that is not ASCII: one to read, one that nobody can imitate. */
char *
meishi_caller_text_host(const MeishiQuestion *question)
{
    gboolean v6 = strchr(question->host, ':') != NULL && !is_network(question->host);
    g_autofree char *host = meishi_caller_text_bounded(question->host);
    g_autofree char *readable = readable_form(question->host);
    g_autofree char *port =
        question->port != 0 ? g_strdup_printf(":%u", question->port) : g_strdup("");

    if (question->host[0] == '\0')
        return g_strdup("a server that the program does not name");
    if (readable == NULL)
        return g_strdup_printf("%s%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
    return g_strdup_printf("%s%s (%s)", host, port, readable);
}

static void
append_name(GString *text, const char *application)
{
    const char *colon = strchr(application, ':');
    const char *value = colon != NULL ? colon + 1 : application;

    if (application[0] == '\0')
        g_string_append(text, "an unknown program");
    else if (g_str_has_prefix(application, "exe:") && strrchr(value, '/') != NULL)
        g_string_append(text, strrchr(value, '/') + 1);
    else
        g_string_append(text, value);
}

char *
meishi_caller_text_program(const MeishiQuestion *question)
{
    g_autofree char *application = meishi_caller_text_bounded(question->application);
    g_autofree char *claimed = meishi_caller_text_bounded(question->claimed);
    GString *text = g_string_new(NULL);

    append_name(text, application);
    if (g_str_equal(question->trust, "sandbox"))
        g_string_append(text, ", sandboxed");
    if (question->pid != 0)
        g_string_append_printf(text, ", pid %u", question->pid);
    if (g_str_has_prefix(application, "exe:"))
        g_string_append_printf(text, ", %s", application + strlen("exe:"));
    if (claimed[0] != '\0')
        g_string_append_printf(text, ", says it is “%s”", claimed);
    return g_string_free(text, FALSE);
}
