/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a role holds; see role.h.
 */
#include "daemon/policy/role.h"

#include "daemon/policy/rule-match.h"

/* The target that the rule is about, as far as it names one. */
static void
copy_target(const MeishiRuleTarget *target, MeishiRequest *request)
{
    for (guint i = 0; target->hosts && i < target->hosts->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(target->hosts, i);

        if (!pattern->exclude && pattern->kind == MEISHI_PATTERN_EXACT &&
            meishi_host_parse(pattern->name, &request->host, NULL))
            break;
    }
    if (target->ports && target->ports->len > 0)
        request->port = g_array_index(target->ports, MeishiPortRange, 0).low;
    request->protocol = g_strdup(target->protocols ? target->protocols[0] : "tls");
}

static MeishiRequest *
make_request(const MeishiRule *rule, const MeishiRequest *caller)
{
    MeishiRequest *request = meishi_request_new();

    copy_target(&rule->target, request);
    request->application = g_strdup(caller->application);
    request->application_names = g_strdupv(caller->application_names);
    request->trust = caller->trust;
    request->interactive = FALSE;
    request->purpose = MEISHI_PURPOSE_API;
    request->tls_version = caller->tls_version;
    return request;
}

static guint
find_best(MeishiEngine *engine, const MeishiRule *rule)
{
    const MeishiVerdict *best = NULL;

    meishi_filter_identities(engine);
    meishi_rank_verdicts(engine, NULL, NULL);
    for (guint i = 0; i < engine->world.inventory->entries->len; i++) {
        const MeishiVerdict *verdict = &engine->verdicts[i];

        if (verdict->kind == MEISHI_KIND_OK &&
            meishi_rule_match_obstacle(rule, engine->world.inventory, i, engine->world.now, 0) ==
                NULL &&
            (best == NULL || meishi_rank_compare(engine, verdict, best) < 0))
            best = verdict;
    }
    return best ? best->index : G_MAXUINT;
}

guint
meishi_role_resolve(const MeishiWorld *world, const MeishiRole *role, const MeishiRequest *caller)
{
    const MeishiRule *rule = meishi_rule_set_find_rule(world->policy, role->rule);
    g_autoptr(MeishiRequest) request = NULL;
    MeishiEngine engine;
    guint index = G_MAXUINT;

    if (rule == NULL)
        return G_MAXUINT;
    request = make_request(rule, caller);
    if (meishi_rule_match_target(rule, request, NULL) == MEISHI_FIT_NO)
        return G_MAXUINT; /* not for this program */
    meishi_engine_init(&engine, world, request);
    if (meishi_filter_request(&engine) == MEISHI_CODE_OK)
        index = find_best(&engine, rule);
    meishi_engine_clear(&engine);
    return index;
}
