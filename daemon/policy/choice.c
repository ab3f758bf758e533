/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One choice; see choice.h.  Looking them up is in memory.c.
 */
#include "daemon/policy/choice.h"

#include <string.h>

MeishiChoice *
meishi_choice_new(const MeishiRequest *request, const char *lineage)
{
    MeishiChoice *choice = g_new0(MeishiChoice, 1);

    choice->reach = MEISHI_REACH_HOST_PORT;
    choice->protocol_class = g_strdup(meishi_request_protocol_class(request));
    choice->host = g_strdup(request->host.text);
    choice->port = request->port;
    choice->application = g_strdup(request->application);
    choice->context = g_strdup(request->context ? request->context : "");
    choice->lineage = g_strdup(lineage);
    meishi_request_digest(request, choice->digest);
    return choice;
}

MeishiChoice *
meishi_choice_copy(const MeishiChoice *choice)
{
    MeishiChoice *copy = g_memdup2(choice, sizeof *choice);

    copy->protocol_class = g_strdup(choice->protocol_class);
    copy->host = g_strdup(choice->host);
    copy->application = g_strdup(choice->application);
    copy->context = g_strdup(choice->context);
    copy->lineage = g_strdup(choice->lineage);
    copy->group = g_strdup(choice->group);
    return copy;
}

void
meishi_choice_free(MeishiChoice *choice)
{
    if (choice == NULL)
        return;
    g_free(choice->protocol_class);
    g_free(choice->host);
    g_free(choice->application);
    g_free(choice->context);
    g_free(choice->lineage);
    g_free(choice->group);
    g_free(choice);
}

gboolean
meishi_choice_apply(MeishiChoice *choice, MeishiOutcomeClass class, guint8 alert)
{
    choice->suspicion = meishi_outcome_next(choice->suspicion, class);
    if (class == MEISHI_OUTCOME_CLASS_LOCAL)
        return TRUE;
    choice->alert = class == MEISHI_OUTCOME_CLASS_GOOD ? 0 : alert;
    choice->ask_once &= class != MEISHI_OUTCOME_CLASS_GOOD;
    /* A lasting choice is kept, so that the next question can show it and say what happened. */
    return choice->suspicion != MEISHI_SUSPICION_SUSPECT || choice->scope == MEISHI_SCOPE_ALWAYS;
}

gboolean
meishi_choice_domain_allowed(const char *domain)
{
    g_auto(MeishiHost) host = {0};

    return meishi_host_parse(domain, &host, NULL) && meishi_host_labels(&host) >= 3;
}
