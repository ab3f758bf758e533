/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests from text; see policy-hosts.h.
 */
#include "cli/policy-hosts.h"

#include "cli/error.h"
#include "cli/program.h"
#include "cli/target.h"

#include <string.h>

static gboolean
fail_usage(GError **error, const char *why, const char *what)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "“%s” %s", what, why);
    return FALSE;
}

static gboolean
set_application(MeishiRequest *request, const char *application, GError **error)
{
    const char *names[] = {application, NULL};

    if (application == NULL)
        return TRUE;
    if (!meishi_program_parse(application, &request->trust, error))
        return FALSE;
    request->application = g_strdup(application);
    request->application_names = g_strdupv((char **)names);
    return TRUE;
}

static gboolean
set_trust(MeishiRequest *request, const char *trust, GError **error)
{
    if (trust == NULL)
        return TRUE;
    for (guint i = 0; meishi_request_trust_names[i] != NULL; i++) {
        if (g_str_equal(meishi_request_trust_names[i], trust)) {
            request->trust = (MeishiTrust)i;
            return TRUE;
        }
    }
    return fail_usage(error, "is not one of any, exe, unit, sandbox", trust);
}

MeishiRequest *
meishi_policy_hosts_request(const MeishiPolicyTarget *target, GError **error)
{
    g_autoptr(MeishiRequest) request = meishi_request_new();
    g_autoptr(MeishiTarget) server = meishi_target_parse(target->host, error);

    if (server == NULL || !meishi_host_parse(server->host, &request->host, error) ||
        !set_application(request, target->application, error) ||
        !set_trust(request, target->trust, error))
        return NULL;
    request->port = target->port != 0 ? target->port : server->port;
    request->protocol = g_strdup(target->protocol != NULL ? target->protocol : server->protocol);
    request->user_activation = TRUE;
    return meishi_request_check(request, error) ? g_steal_pointer(&request) : NULL;
}

static MeishiRequest *
read_line(char **words, GError **error)
{
    MeishiPolicyTarget target = {.host = words[0]};

    for (words++; *words != NULL; words++) {
        if (**words == '\0')
            continue; /* several blanks */
        if (g_str_has_prefix(*words, "app="))
            target.application = *words + strlen("app=");
        else if (target.protocol == NULL)
            target.protocol = *words;
        else {
            fail_usage(error, "is too much: a line has a host, a protocol and app=APPLICATION",
                       *words);
            return NULL;
        }
    }
    return meishi_policy_hosts_request(&target, error);
}

GPtrArray *
meishi_policy_hosts_read(GBytes *text, const char *name, GError **error)
{
    g_autoptr(GPtrArray) requests =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_request_free);
    g_autofree char *copy = g_strndup(g_bytes_get_data(text, NULL), g_bytes_get_size(text));
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = NULL;
        MeishiRequest *request;

        g_strdelimit(g_strstrip(lines[i]), "\t", ' ');
        if (lines[i][0] == '\0' || lines[i][0] == '#')
            continue;
        words = g_strsplit(lines[i], " ", -1);
        request = read_line(words, error);
        if (request == NULL) {
            g_prefix_error(error, "%s:%u: ", name, i + 1);
            return NULL;
        }
        g_ptr_array_add(requests, request);
    }
    return g_steal_pointer(&requests);
}

char *
meishi_policy_hosts_name(const MeishiRequest *request)
{
    gboolean v6 = request->host.kind == MEISHI_HOST_IPV6;

    return g_strdup_printf("%s%s%s:%u %s%s%s", v6 ? "[" : "", request->host.text, v6 ? "]" : "",
                           request->port, request->protocol, request->application ? " app=" : "",
                           request->application ? request->application : "");
}
