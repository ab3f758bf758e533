/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks and for whom.  A program's name comes from the kernel and is worth what its trust says;
 * what it says of itself is marked as that.
 */
#include "daemon/prompter/words/program.h"

#include "daemon/base/untrusted.h"

#include <glib/gi18n.h>
#include <string.h>

static const char *
value_of(const MeishiQuestion *question)
{
    const char *colon = strchr(question->application, ':');

    return colon != NULL ? colon + 1 : question->application;
}

gboolean
meishi_program_asks(const MeishiQuestion *question)
{
    return !question->is_own;
}

char *
meishi_program_name(const MeishiQuestion *question)
{
    const char *value = value_of(question);

    if (value[0] == '\0')
        return g_strdup(_("An unknown program"));
    if (g_str_has_prefix(question->application, "exe:") && strrchr(value, '/') != NULL)
        value = strrchr(value, '/') + 1;
    return meishi_untrusted_isolated(value);
}

static char *
say_trust(const MeishiQuestion *question)
{
    g_autofree char *value = meishi_untrusted_isolated(value_of(question));

    if (g_str_equal(question->trust, "sandbox"))
        return g_strdup(_("sandboxed, its name is certain"));
    if (value[0] == '\0')
        return g_strdup(_("who it is could not be found out"));
    if (g_str_equal(question->trust, "exe"))
        return g_strdup_printf(_("recognised by its file %s"), value);
    if (g_str_equal(question->trust, "unit"))
        return g_strdup_printf(_("recognised by its service %s"), value);
    return g_strdup(_("its name is not verified"));
}

static void
append(GString *text, const char *part)
{
    g_string_append_printf(text, "%s%s", text->len > 0 ? " · " : "", part);
}

char *
meishi_program_detail(const MeishiQuestion *question)
{
    g_autofree char *trust = say_trust(question);
    g_autofree char *claimed = meishi_untrusted_isolated(question->claimed);
    GString *text = g_string_new(trust);

    if (question->pid != 0) {
        g_autofree char *pid = g_strdup_printf(_("process %u"), question->pid);

        append(text, pid);
    }
    if (claimed[0] != '\0') {
        g_autofree char *says = g_strdup_printf(_("says it is “%s”"), claimed);

        append(text, says);
    }
    return g_string_free(text, FALSE);
}

/* RFC 3986 3.2.2: the colons of an address are not the one before the port. */
static char *
with_port(const MeishiQuestion *question)
{
    gboolean is_ssid = g_str_has_prefix(question->host, "ssid:");
    gboolean is_v6 = !is_ssid && strchr(question->host, ':') != NULL;
    g_autofree char *host = meishi_untrusted_host(question->host);

    if (question->port == 0)
        return g_strdup(host);
    return g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", host, question->port);
}

char *
meishi_program_target(const MeishiQuestion *question)
{
    gboolean is_encoded = g_hostname_is_ascii_encoded(question->host);
    g_autofree char *unicode = is_encoded ? g_hostname_to_unicode(question->host) : NULL;
    g_autofree char *host = with_port(question);
    g_autofree char *isolated = meishi_untrusted_isolated(host);
    g_autofree char *shown = NULL;
    g_autofree char *readable = NULL;

    if (question->host[0] == '\0')
        return NULL;
    if (unicode == NULL)
        return g_steal_pointer(&isolated);
    shown = meishi_untrusted_host(unicode);
    readable = meishi_untrusted_isolated(shown);
    return g_strdup_printf("%s (%s)", isolated, readable);
}
