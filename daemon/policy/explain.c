/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Explanations; see explain.h.  What is said about a code is in explain-detail.c.
 */
#include "daemon/policy/explain.h"

#include "daemon/policy/explain-detail.h"

#include <string.h>

static void
free_explanation(gpointer data)
{
    MeishiExplanation *explanation = data;

    g_free(explanation->label);
    g_free(explanation->facts);
    g_free(explanation->detail);
    g_free(explanation->rank);
    g_free(explanation);
}

/* In the order of the enumeration. */
static const char *const rank_names[MEISHI_N_RANKS] = {
    "preferred", "remembered", "ca",    "eku",      "validity",
    "accepted",  "recent",     "token", "hardware", "scheme",
};

static char *
rank_text(const MeishiVerdict *verdict)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; verdict->kind != MEISHI_KIND_HARD && i < MEISHI_N_RANKS; i++)
        g_string_append_printf(out, "%s%s=%u", i > 0 ? " " : "", rank_names[i], verdict->rank[i]);
    return g_string_free(out, FALSE);
}

static char *
facts_text(const MeishiCandidate *candidate)
{
    const char *kind = meishi_candidate_token_kind_name(candidate->token_kind);
    g_autofree char *until = NULL, *token = NULL;

    if (candidate->cert == NULL)
        return g_strdup("no certificate");
    until = meishi_explain_detail_date(candidate->cert->not_after);
    token = candidate->token_label ? meishi_explain_detail_line(candidate->token_label) : NULL;
    return g_strdup_printf("%s  %s%s%s%s  until %s",
                           candidate->cert->key ? candidate->cert->key->text : "no key", kind,
                           token ? " \"" : "", token ? token : "", token ? "\"" : "", until);
}

GPtrArray *
meishi_explain_identities(const MeishiDecision *decision, const MeishiWorld *world,
                          const MeishiRequest *request)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(free_explanation);

    for (guint i = 0; i < decision->n_verdicts; i++) {
        const MeishiVerdict *verdict = &decision->verdicts[i];
        const MeishiCandidate *candidate =
            meishi_inventory_entry(world->inventory, verdict->index)->candidate;
        const MeishiCodeInfo *info = meishi_code_info(verdict->code);
        MeishiExplanation *explanation = g_new0(MeishiExplanation, 1);

        explanation->place = verdict->kind == MEISHI_KIND_OK ? i + 1 : 0;
        explanation->id = candidate->id;
        explanation->code = info->name;
        explanation->step = info->step;
        explanation->kind = meishi_code_kind_name(verdict->kind);
        explanation->clause = info->clause;
        explanation->label = meishi_explain_detail_line(candidate->label);
        explanation->facts = facts_text(candidate);
        explanation->detail = meishi_explain_detail(verdict, world, request);
        explanation->rank = rank_text(verdict);
        g_ptr_array_add(list, explanation);
    }
    return list;
}

char *
meishi_explain_decision(const MeishiDecision *decision)
{
    g_autofree char *result = g_ascii_strup(meishi_result_name(decision->result), -1);

    if (decision->code == MEISHI_CODE_OK)
        return g_strdup_printf("%s (%s: %s)", result, decision->row, decision->row_text);
    return g_strdup_printf("%s, %s (%s: %s; %s)", result, meishi_code_info(decision->code)->name,
                           decision->row, decision->row_text,
                           meishi_code_info(decision->code)->text);
}

char *
meishi_explain_rule(const MeishiRule *rule)
{
    if (rule == NULL)
        return g_strdup("none");
    return g_strdup_printf("rule %s (%s:%u, %s%s)", rule->name, rule->file, rule->line,
                           meishi_layer_name(rule->layer), rule->locked ? ", locked" : "");
}

static char *
choice_text(const MeishiChoice *choice)
{
    static const char *const scopes[] = {"once", "session", "always"};

    if (choice == NULL)
        return g_strdup("none");
    return g_strdup_printf("choice %" G_GINT64_FORMAT " (%s%s%s)", choice->id,
                           scopes[choice->scope], choice->lineage ? "" : ", send none",
                           choice->suspicion == MEISHI_SUSPICION_SUSPECT ? ", refused since" : "");
}

static const char *
trust_text(MeishiTrust trust)
{
    static const char *const names[] = {"not verified", "by its file", "by its unit", "sandboxed"};

    return names[trust];
}

static char *
target_text(const MeishiRequest *request)
{
    gboolean v6 = request->host.kind == MEISHI_HOST_IPV6;

    if (request->host.kind == MEISHI_HOST_UNKNOWN)
        return g_strdup("unknown target");
    if (request->port == 0)
        return g_strdup(request->host.text);
    return g_strdup_printf("%s%s%s:%u", v6 ? "[" : "", request->host.text, v6 ? "]" : "",
                           request->port);
}

static void
append_head(GString *out, const MeishiDecision *decision, const MeishiRequest *request)
{
    g_autofree char *target = target_text(request);
    g_autofree char *rule = meishi_explain_rule(decision->rule);
    g_autofree char *choice = choice_text(decision->choice);
    g_autofree char *application =
        meishi_explain_detail_line(request->application ? request->application : "unknown");

    g_string_append_printf(out, "%s  %s  app=%s (%s)  policy: %s  memory: %s\n", target,
                           request->protocol ? request->protocol : "unknown protocol", application,
                           trust_text(request->trust), rule, choice);
}

static void
append_identity(GString *out, const MeishiExplanation *explanation)
{
    if (explanation->place > 0)
        g_string_append_printf(out, " %u OK  \"%s\"  %s\n", explanation->place, explanation->label,
                               explanation->facts);
    else
        g_string_append_printf(out, " - %s (%u, %s)  \"%s\"  %s\n", explanation->code,
                               explanation->step, explanation->kind, explanation->label,
                               explanation->facts);
    if (*explanation->detail != '\0')
        g_string_append_printf(out, "        %s\n", explanation->detail);
}

/* 8446 4.2.5: what is not understood is skipped; it is also said. */
static void
append_skipped_filters(GString *out, GPtrArray *filters)
{
    for (guint i = 0; filters && i < filters->len; i++) {
        const MeishiOidFilter *filter = g_ptr_array_index(filters, i);

        if (!filter->known)
            g_string_append_printf(out, " note: the server's filter %s is not understood\n",
                                   filter->oid);
    }
}

char *
meishi_explain_to_text(const MeishiDecision *decision, const MeishiWorld *world,
                       const MeishiRequest *request)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GPtrArray) list = meishi_explain_identities(decision, world, request);
    g_autofree char *text = meishi_explain_decision(decision);

    append_head(out, decision, request);
    for (guint i = 0; i < list->len; i++)
        append_identity(out, g_ptr_array_index(list, i));
    append_skipped_filters(out, request->oid_filters);
    g_string_append_printf(out, " decision: %s\n", text);
    return g_string_free(out, FALSE);
}
