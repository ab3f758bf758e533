/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Facts for a prompter; see question.h.  Nothing here decides: what policy lets a person remember
 * is offered, and what it does not is cut from the answer in agent-remember.c, whatever a prompter
 * has made of the offer.
 */
#include "daemon/agent/question-facts.h"

#include "daemon/base/error.h"
#include "daemon/policy/explain-detail.h"
#include "daemon/policy/explain.h"

#include <string.h>

#define ORGANISATION "2.5.4.10"

static const char *const scope_names[] = {
    [MEISHI_SCOPE_ONCE] = "once",
    [MEISHI_SCOPE_SESSION] = "session",
    [MEISHI_SCOPE_ALWAYS] = "always",
};

static const char *const reach_names[] = {
    [MEISHI_REACH_DOMAIN] = "domain",
    [MEISHI_REACH_HOST] = "host",
    [MEISHI_REACH_HOST_PORT] = "host-port",
};

static const char *
or_empty(const char *text)
{
    return text != NULL ? text : "";
}

GVariant *
meishi_question_facts_text(const char *text)
{
    return g_variant_new_take_string(g_utf8_make_valid(or_empty(text), -1));
}

/* ---- who asks, and where --------------------------------------------------------------------- */

void
meishi_question_facts_add_program(GVariantDict *dict, const MeishiApplication *application,
                                  const MeishiHint *hint)
{
    g_variant_dict_insert_value(dict, "application", meishi_question_facts_text(application->name));
    g_variant_dict_insert(dict, "application-trust", "s",
                          meishi_request_trust_names[application->trust]);
    g_variant_dict_insert(dict, "claimed-application", "s", "");
    g_variant_dict_insert(dict, "pid", "u", (guint32)MAX(application->pid, 0));
    g_variant_dict_insert(dict, "protocol", "s", hint != NULL ? or_empty(hint->protocol) : "");
    g_variant_dict_insert(dict, "host", "s", hint != NULL ? or_empty(hint->host.text) : "");
    g_variant_dict_insert(dict, "port", "u", hint != NULL ? hint->port : 0);
    g_variant_dict_insert(dict, "parent-window", "s", "");
    g_variant_dict_insert(dict, "tty", "s", "");
}

static void
add_caller(GVariantDict *dict, const MeishiSelectCall *call, gint64 deadline)
{
    const MeishiRequest *request = call->request;

    g_variant_dict_insert_value(dict, "application",
                                meishi_question_facts_text(request->application));
    g_variant_dict_insert(dict, "application-trust", "s",
                          meishi_request_trust_names[request->trust]);
    g_variant_dict_insert(dict, "claimed-application", "s", or_empty(call->claimed_application));
    g_variant_dict_insert(dict, "pid", "u", (guint32)MAX(call->application->pid, 0));
    g_variant_dict_insert(dict, "protocol", "s", request->protocol);
    g_variant_dict_insert(dict, "host", "s", or_empty(request->host.text));
    g_variant_dict_insert(dict, "port", "u", request->port);
    g_variant_dict_insert(dict, "deadline", "x", deadline);
    g_variant_dict_insert(dict, "parent-window", "s", or_empty(call->parent_window));
    g_variant_dict_insert(dict, "tty", "s", or_empty(call->tty));
}

/* ---- why, and what the server wants ---------------------------------------------------------- */

static void
add_grounds(GVariantDict *dict, const MeishiDecision *decision)
{
    static const char *const kinds[] = {
        [MEISHI_PROMPT_NONE] = "choose",   [MEISHI_PROMPT_CHOOSE] = "choose",
        [MEISHI_PROMPT_SINGLE] = "single", [MEISHI_PROMPT_OPTIONAL] = "optional",
        [MEISHI_PROMPT_SOFT] = "soft",     [MEISHI_PROMPT_INSERT] = "insert",
        [MEISHI_PROMPT_IMPORT] = "import", [MEISHI_PROMPT_AGAIN] = "again",
    };
    g_autofree char *rule =
        decision->rule != NULL ? meishi_explain_rule(decision->rule) : g_strdup("");

    g_variant_dict_insert(dict, "kind", "s", kinds[decision->prompt]);
    g_variant_dict_insert(dict, "row", "s", decision->row_text);
    g_variant_dict_insert(dict, "code", "s", meishi_code_info(decision->code)->name);
    g_variant_dict_insert_value(dict, "rule", meishi_question_facts_text(rule));
}

/* The name that a certificate is for: of several, the most specific. */
static const char *
server_name_of(const MeishiCert *cert)
{
    if (cert->subject_cn != NULL)
        return cert->subject_cn;
    for (char **san = cert->sans; san != NULL && *san != NULL; san++) {
        if (g_str_has_prefix(*san, "dns:"))
            return *san + strlen("dns:");
    }
    return "";
}

/* What the server's certificate says, and whether the caller has verified it. */
static void
add_server_identity(GVariantDict *dict, const MeishiSelectCall *call)
{
    const MeishiCert *cert = call->server_cert;
    const MeishiNameAttribute *organisation =
        cert != NULL ? meishi_name_find(cert->subject_name, ORGANISATION) : NULL;
    const char *verified = meishi_request_verified_names[call->request->server_verified];

    g_variant_dict_insert(dict, "server-verified", "s", call->says_verified ? verified : "");
    g_variant_dict_insert_value(
        dict, "server-name", meishi_question_facts_text(cert != NULL ? server_name_of(cert) : ""));
    g_variant_dict_insert_value(
        dict, "server-organisation",
        meishi_question_facts_text(organisation != NULL ? organisation->value : ""));
}

static void
add_server(GVariantDict *dict, const MeishiRequest *request)
{
    GPtrArray *names = request->ca_names;
    guint n = names != NULL ? names->len : 0;
    GVariantBuilder accepts;

    g_variant_builder_init(&accepts, G_VARIANT_TYPE_STRING_ARRAY);
    for (guint i = 0; i < MIN(n, MEISHI_QUESTION_MAX_ACCEPTS); i++) {
        g_autofree char *text = meishi_name_to_text(g_ptr_array_index(names, i));
        g_autofree char *line = meishi_explain_detail_line(text);

        g_variant_builder_add(&accepts, "s", line);
    }
    g_variant_dict_insert_value(dict, "accepts", g_variant_builder_end(&accepts));
    g_variant_dict_insert(dict, "n-accepts", "u", n);
    g_variant_dict_insert(dict, "tls-clear", "b",
                          request->tls_version != 0 && request->tls_version < MEISHI_TLS_1_3);
}

/* ---- what happened the last time ------------------------------------------------------------- */

/* The identity that was refused last and not taken since. */
static const MeishiMet *
find_refused(const MeishiWorld *world, const MeishiRequest *request)
{
    GPtrArray *met = meishi_memory_find_history(world->memory, request);
    const MeishiMet *last = NULL;

    for (guint i = 0; met != NULL && i < met->len; i++) {
        const MeishiMet *one = g_ptr_array_index(met, i);

        if (one->history.suspicion != MEISHI_SUSPICION_CLEAR &&
            (last == NULL || one->history.refused_at > last->history.refused_at))
            last = one;
    }
    return last;
}

static const char *
label_of(const MeishiWorld *world, const char *id)
{
    guint index;

    if (!meishi_inventory_find_id(world->inventory, id, &index))
        return "";
    return meishi_inventory_entry(world->inventory, index)->candidate->label;
}

static void
add_last_time(GVariantDict *dict, const MeishiDecision *decision, const MeishiWorld *world,
              const MeishiRequest *request)
{
    const MeishiChoice *choice = decision->choice;
    const MeishiMet *met = find_refused(world, request);
    const char *alert = "", *label = "";

    if (choice != NULL && choice->lineage == NULL && choice->alert != 0) {
        alert = meishi_outcome_alert_text(choice->alert);
    } else if (met != NULL) {
        alert = meishi_outcome_alert_text(met->history.alert);
        label = label_of(world, met->id);
    }
    g_variant_dict_insert(dict, "sign-failed", "b", choice != NULL && choice->ask_once);
    g_variant_dict_insert(dict, "last-alert", "s", alert);
    g_variant_dict_insert(dict, "last-label", "s", label);
}

/* ---- what may be remembered ------------------------------------------------------------------ */

char *
meishi_question_facts_domain(const MeishiHost *host)
{
    const char *dot = host->kind == MEISHI_HOST_NAME ? strchr(host->text, '.') : NULL;

    return dot != NULL && meishi_choice_domain_allowed(dot + 1) ? g_strdup(dot + 1) : NULL;
}

static GVariant *
list_scopes(const MeishiConstraints *limits)
{
    static const char *const scopes[] = {"once", "session", "always"};
    static const gssize n_allowed[] = {
        [MEISHI_REMEMBER_ALWAYS] = 3,
        [MEISHI_REMEMBER_SESSION] = 2,
        [MEISHI_REMEMBER_NONE] = 1,
    };

    return g_variant_new_strv(scopes, n_allowed[limits->remember]);
}

static GVariant *
list_reaches(const MeishiConstraints *limits, const char *domain)
{
    const char *reaches[3] = {reach_names[MEISHI_REACH_HOST_PORT]};
    gssize n = 1;

    if (limits->reach <= MEISHI_REACH_HOST)
        reaches[n++] = reach_names[MEISHI_REACH_HOST];
    if (limits->reach <= MEISHI_REACH_DOMAIN && domain != NULL)
        reaches[n++] = reach_names[MEISHI_REACH_DOMAIN];
    return g_variant_new_strv(reaches, n);
}

static gboolean
was_accepted(const MeishiWorld *world, const MeishiRequest *request)
{
    GPtrArray *met = meishi_memory_find_history(world->memory, request);

    for (guint i = 0; met != NULL && i < met->len; i++) {
        if (((const MeishiMet *)g_ptr_array_index(met, i))->history.accepted > 0)
            return TRUE;
    }
    return FALSE;
}

/* Specification 6.2 rule 5: what to begin with.  "Always" only where policy or an earlier choice
 * for longer than once says so.  Where nobody waits, "once" would be over before the next time. */
static MeishiScope
first_scope(const MeishiDecision *decision, const MeishiWorld *world, const MeishiSelectCall *call)
{
    MeishiRemember most = decision->limits.remember;
    gboolean by_policy = decision->rule != NULL && decision->rule->says_remember;
    gboolean by_choice =
        decision->choice != NULL && decision->choice->scope >= MEISHI_SCOPE_SESSION;
    gboolean comes_again = call->is_for_later || was_accepted(world, call->request);

    if (most == MEISHI_REMEMBER_ALWAYS && (by_policy || by_choice))
        return MEISHI_SCOPE_ALWAYS;
    if (most <= MEISHI_REMEMBER_SESSION && (by_policy || by_choice || comes_again))
        return MEISHI_SCOPE_SESSION;
    return MEISHI_SCOPE_ONCE;
}

static void
add_offer(GVariantDict *dict, const MeishiDecision *decision, const MeishiRequest *request)
{
    const MeishiConstraints *limits = &decision->limits;
    g_autofree char *domain = meishi_question_facts_domain(&request->host);

    g_variant_dict_insert_value(dict, "scopes", list_scopes(limits));
    g_variant_dict_insert_value(dict, "reaches", list_reaches(limits, domain));
    g_variant_dict_insert(dict, "domain", "s", or_empty(domain));
    g_variant_dict_insert(dict, "any-application", "b", !limits->per_application);
}

/* ---- identities ------------------------------------------------------------------------------ */

static char *
place_of(const MeishiCandidate *candidate)
{
    const char *kind = meishi_candidate_token_kind_name(candidate->token_kind);

    if (candidate->token_kind == MEISHI_TOKEN_SOFTWARE || candidate->token_label == NULL)
        return g_strdup(kind);
    return g_strdup_printf("%s “%s”", kind, candidate->token_label);
}

static void
add_certificate(GVariantDict *dict, const MeishiCert *cert)
{
    static const char *const none[] = {NULL};

    g_variant_dict_insert(dict, "subject", "s", cert->subject_text);
    g_variant_dict_insert(dict, "issuer", "s", cert->issuer_text);
    g_variant_dict_insert(dict, "serial", "s", cert->serial_hex);
    g_variant_dict_insert(dict, "key", "s", cert->key->text);
    g_variant_dict_insert(dict, "not-before", "x", cert->not_before);
    g_variant_dict_insert(dict, "not-after", "x", cert->not_after);
    g_variant_dict_insert(dict, "names", "^as", cert->sans != NULL ? cert->sans : (char **)none);
}

static void
add_verdict(GVariantDict *dict, const MeishiVerdict *verdict, const MeishiWorld *world,
            const MeishiRequest *request)
{
    const MeishiCodeInfo *info = meishi_code_info(verdict->code);
    const MeishiHistory *history = verdict->history;
    gboolean is_obstacle = verdict->kind >= MEISHI_KIND_SOFT;
    g_autofree char *detail =
        is_obstacle ? meishi_explain_detail(verdict, world, request) : g_strdup("");

    g_variant_dict_insert(dict, "kind", "s", meishi_code_kind_name(verdict->kind));
    g_variant_dict_insert(dict, "code", "s", info->name);
    g_variant_dict_insert(dict, "reason", "s",
                          *detail == '\0' && is_obstacle ? info->text : detail);
    g_variant_dict_insert(dict, "accepted-here", "u", history != NULL ? history->accepted : 0);
    g_variant_dict_insert(dict, "last-accepted", "x",
                          history != NULL ? history->last_accepted : G_GINT64_CONSTANT(0));
}

static GVariant *
describe(const MeishiVerdict *verdict, const MeishiWorld *world, const MeishiRequest *request)
{
    const MeishiCandidate *candidate =
        meishi_inventory_entry(world->inventory, verdict->index)->candidate;
    g_autofree char *place = place_of(candidate);
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "id", "s", candidate->id);
    g_variant_dict_insert(&dict, "label", "s", candidate->label);
    g_variant_dict_insert(&dict, "place", "s", place);
    if (candidate->cert != NULL)
        add_certificate(&dict, candidate->cert);
    add_verdict(&dict, verdict, world, request);
    return g_variant_dict_end(&dict);
}

/* The first @n, best first.  Where nobody is asked, the one that was selected is marked. */
static void
add_candidates(GVariantDict *dict, const MeishiDecision *decision, guint n,
               const MeishiWorld *world, const MeishiRequest *request)
{
    guint marked = decision->selected != G_MAXUINT ? decision->selected : decision->preselected;
    const char *preselected = "";
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
    for (guint i = 0; i < MIN(n, MEISHI_QUESTION_MAX_CANDIDATES); i++)
        g_variant_builder_add_value(&list, describe(&decision->verdicts[i], world, request));
    g_variant_dict_insert_value(dict, "candidates", g_variant_builder_end(&list));
    g_variant_dict_insert(dict, "n-candidates", "u", n);
    if (marked != G_MAXUINT)
        preselected = meishi_inventory_entry(world->inventory, marked)->candidate->id;
    g_variant_dict_insert(dict, "preselected", "s", preselected);
}

static void
fill(GVariantDict *dict, const MeishiSelectCall *call, const MeishiDecision *decision,
     const MeishiWorld *world, gint64 deadline)
{
    g_variant_dict_init(dict, NULL);
    add_caller(dict, call, deadline);
    add_grounds(dict, decision);
    add_server_identity(dict, call);
    add_server(dict, call->request);
    add_last_time(dict, decision, world, call->request);
    add_offer(dict, decision, call->request);
    g_variant_dict_insert(dict, "scope", "s", scope_names[first_scope(decision, world, call)]);
}

GVariant *
meishi_question_facts_new(const MeishiSelectCall *call, const MeishiDecision *decision,
                          const MeishiWorld *world, gint64 deadline)
{
    GVariantDict dict;

    fill(&dict, call, decision, world, deadline);
    if (call->is_for_later)
        g_variant_dict_insert(&dict, "awaited", "b", FALSE);
    add_candidates(&dict, decision, decision->n_strong + decision->n_soft, world, call->request);
    return g_variant_dict_end(&dict);
}

GVariant *
meishi_question_facts_explain(const MeishiSelectCall *call, const MeishiDecision *decision,
                              const MeishiWorld *world, gint64 deadline)
{
    GVariantDict dict;

    fill(&dict, call, decision, world, deadline);
    g_variant_dict_insert(&dict, "result-name", "s", meishi_result_name(decision->result));
    add_candidates(&dict, decision, decision->n_verdicts, world, call->request);
    return g_variant_dict_end(&dict);
}

/* ---- answers --------------------------------------------------------------------------------- */

void
meishi_person_answer_clear(MeishiPersonAnswer *answer)
{
    g_clear_pointer(&answer->id, g_free);
}

/* The place of the word @key in @names; @ret stays as it is where it was not said. */
static gboolean
read_word(GVariant *dict, const char *key, const char *const *names, gsize n, guint *ret)
{
    const char *word;

    if (!g_variant_lookup(dict, key, "&s", &word))
        return TRUE;
    for (gsize i = 0; i < n; i++) {
        if (strcmp(word, names[i]) == 0) {
            *ret = (guint)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
meishi_question_facts_read_answer(GVariant *dict, MeishiPersonAnswer *ret_answer, GError **error)
{
    guint scope = MEISHI_SCOPE_ONCE, reach = MEISHI_REACH_HOST_PORT;
    gboolean any_application = FALSE;
    const char *id;

    if (!g_variant_lookup(dict, "identity", "&s", &id) ||
        !read_word(dict, "scope", scope_names, G_N_ELEMENTS(scope_names), &scope) ||
        !read_word(dict, "reach", reach_names, G_N_ELEMENTS(reach_names), &reach)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "An answer says which identity, and scope and reach in the words that were "
                    "offered.");
        return FALSE;
    }
    g_variant_lookup(dict, "any-application", "b", &any_application);
    *ret_answer = (MeishiPersonAnswer){
        .id = *id != '\0' ? g_strdup(id) : NULL,
        .scope = (MeishiScope)scope,
        .reach = (MeishiReach)reach,
        .any_application = any_application,
    };
    return TRUE;
}
