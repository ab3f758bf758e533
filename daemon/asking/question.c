/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the daemon's dictionary to a struct.  The daemon sends facts and is newer or older than we
 * are: nothing here is an error, and what we do not know is passed over.
 */
#include "daemon/asking/question.h"

#include "daemon/asking/dict.h"

static char *
text_of(GVariant *dict, const char *key)
{
    return g_strdup(meishi_dict_text(dict, key));
}

static char **
list_of(GVariant *dict, const char *key)
{
    g_auto(GStrv) list = NULL;

    g_variant_lookup(dict, key, "^as", &list);
    return list != NULL ? g_steal_pointer(&list) : g_new0(char *, 1);
}

static char *
path_of(GVariant *dict, const char *key)
{
    g_autofree char *path = NULL;

    g_variant_lookup(dict, key, "o", &path);
    return path != NULL ? g_steal_pointer(&path) : g_strdup("/");
}

/* ---- candidates ------------------------------------------------------------------------------ */

static void
free_candidate(gpointer data)
{
    MeishiQuestionCandidate *candidate = data;

    g_free(candidate->path);
    g_free(candidate->id);
    g_free(candidate->label);
    g_free(candidate->subject);
    g_free(candidate->issuer);
    g_free(candidate->serial);
    g_free(candidate->key);
    g_free(candidate->place);
    g_strfreev(candidate->names);
    g_free(candidate->code);
    g_free(candidate->reason);
    g_free(candidate);
}

/* What is neither soft nor hard fits, whatever it is called. */
static const char *
fitness_of(GVariant *dict)
{
    const char *kind = meishi_dict_text(dict, "kind");

    return g_str_equal(kind, "soft") || g_str_equal(kind, "hard") ? kind : "ok";
}

static MeishiQuestionCandidate *
read_candidate(GVariant *dict)
{
    MeishiQuestionCandidate *candidate = g_new0(MeishiQuestionCandidate, 1);
    const char *kind = fitness_of(dict);

    candidate->path = path_of(dict, "identity");
    candidate->id = text_of(dict, "id");
    candidate->label = text_of(dict, "label");
    candidate->subject = text_of(dict, "subject");
    candidate->issuer = text_of(dict, "issuer");
    candidate->serial = text_of(dict, "serial");
    candidate->key = text_of(dict, "key");
    candidate->place = text_of(dict, "place");
    candidate->names = list_of(dict, "names");
    candidate->not_before = meishi_dict_number(dict, "not-before");
    candidate->not_after = meishi_dict_number(dict, "not-after");
    candidate->is_soft = g_str_equal(kind, "soft");
    candidate->is_hard = g_str_equal(kind, "hard");
    candidate->code = text_of(dict, "code");
    candidate->reason = text_of(dict, "reason");
    candidate->accepted_here = (guint)meishi_dict_number(dict, "accepted-here");
    candidate->last_accepted = meishi_dict_number(dict, "last-accepted");
    return candidate;
}

static void
read_candidates_of(MeishiQuestion *question, GVariant *list, const char *kind)
{
    for (gsize i = 0; i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) dict = g_variant_get_child_value(list, i);

        if (g_str_equal(fitness_of(dict), kind))
            g_ptr_array_add(question->candidates, read_candidate(dict));
    }
}

/* Those that fit come first, so that a number stays the same when the others are shown. */
static void
read_candidates(MeishiQuestion *question, GVariant *dict)
{
    g_autoptr(GVariant) list = g_variant_lookup_value(dict, "candidates", G_VARIANT_TYPE("aa{sv}"));
    guint n_candidates;

    question->candidates = g_ptr_array_new_with_free_func(free_candidate);
    if (list == NULL)
        return;
    read_candidates_of(question, list, "ok");
    question->n_offered = question->candidates->len;
    read_candidates_of(question, list, "soft");
    read_candidates_of(question, list, "hard");
    n_candidates = (guint)meishi_dict_number(dict, "n-candidates");
    question->n_left_out = n_candidates - MIN(question->candidates->len, n_candidates);
}

static guint
find_candidate(const MeishiQuestion *question, const char *path)
{
    for (guint i = 0; i < question->candidates->len; i++) {
        if (g_str_equal(meishi_question_candidate(question, i)->path, path))
            return i;
    }
    return G_MAXUINT;
}

/* ---- the question ---------------------------------------------------------------------------- */

static void
read_who(MeishiQuestion *question, GVariant *dict)
{
    question->application = text_of(dict, "application");
    question->trust = text_of(dict, "application-trust");
    question->claimed = text_of(dict, "claimed-application");
    question->pid = (guint)meishi_dict_number(dict, "pid");
    question->host = text_of(dict, "host");
    question->port = (guint)meishi_dict_number(dict, "port");
    question->deadline = meishi_dict_number(dict, "deadline");
    question->parent_window = text_of(dict, "parent-window");
}

static void
read_choice(MeishiQuestion *question, GVariant *dict)
{
    g_autofree char *preselected = path_of(dict, "preselected");

    question->server_verified = text_of(dict, "server-verified");
    question->server_name = text_of(dict, "server-name");
    question->server_organisation = text_of(dict, "server-organisation");
    question->kind = text_of(dict, "kind");
    question->row = text_of(dict, "row");
    question->rule = text_of(dict, "rule");
    question->tls_clear = meishi_dict_flag(dict, "tls-clear");
    question->accepts = list_of(dict, "accepts");
    question->n_accepts = (guint)meishi_dict_number(dict, "n-accepts");
    question->last_alert = text_of(dict, "last-alert");
    question->last_label = text_of(dict, "last-label");
    question->sign_failed = meishi_dict_flag(dict, "sign-failed");
    question->scopes = list_of(dict, "scopes");
    question->reaches = list_of(dict, "reaches");
    question->scope = text_of(dict, "scope");
    question->domain = text_of(dict, "domain");
    question->any_application = meishi_dict_flag(dict, "any-application");
    read_candidates(question, dict);
    question->preselected = find_candidate(question, preselected);
}

static const char *const kinds[] = {
    [MEISHI_ASKS_CHOOSE] = "choose",   [MEISHI_ASKS_CONFIRM] = "confirm",
    [MEISHI_ASKS_UNLOCK] = "unlock",   [MEISHI_ASKS_PIN] = "pin",
    [MEISHI_ASKS_EXPLAIN] = "explain", NULL,
};

const char *const *
meishi_question_kinds(void)
{
    return kinds;
}

static MeishiTries
tries_of(GVariant *dict)
{
    const char *text = meishi_dict_text(dict, "tries");

    return g_str_equal(text, "last")  ? MEISHI_TRIES_LAST
           : g_str_equal(text, "few") ? MEISHI_TRIES_FEW
                                      : MEISHI_TRIES_ENOUGH;
}

static void
read_secret(MeishiQuestion *question, GVariant *dict)
{
    question->is_wrong = meishi_dict_flag(dict, "wrong");
    question->tries_left = (guint)meishi_dict_number(dict, "tries-left");
    question->token = text_of(dict, "token");
    question->reader = text_of(dict, "reader");
    question->tries = tries_of(dict);
    question->is_pad = meishi_dict_flag(dict, "pad");
    question->is_trying = meishi_dict_flag(dict, "trying");
    question->min_len = (guint)meishi_dict_number(dict, "min-length");
    question->max_len = (guint)meishi_dict_number(dict, "max-length");
}

MeishiQuestion *
meishi_question_new(const char *kind, GVariant *dict, guint own_pid)
{
    MeishiAsks asks = MEISHI_ASKS_CHOOSE;
    MeishiQuestion *question;

    while (kinds[asks] != NULL && !g_str_equal(kinds[asks], kind))
        asks++;
    if (kinds[asks] == NULL)
        return NULL;
    question = g_new0(MeishiQuestion, 1);
    question->asks = asks;
    question->is_awaited = TRUE;
    g_variant_lookup(dict, "awaited", "b", &question->is_awaited);
    read_who(question, dict);
    read_choice(question, dict);
    read_secret(question, dict);
    question->result_name = text_of(dict, "result-name");
    question->label = text_of(dict, "label");
    question->each_use = meishi_dict_flag(dict, "each-use");
    question->is_own = question->pid != 0 && question->pid == own_pid;
    return question;
}

void
meishi_question_update(MeishiQuestion *question, GVariant *changes)
{
    g_variant_lookup(changes, "deadline", "x", &question->deadline);
    g_variant_lookup(changes, "awaited", "b", &question->is_awaited);
}

void
meishi_question_free(MeishiQuestion *question)
{
    if (question == NULL)
        return;
    g_free(question->application);
    g_free(question->trust);
    g_free(question->claimed);
    g_free(question->host);
    g_free(question->server_verified);
    g_free(question->server_name);
    g_free(question->server_organisation);
    g_free(question->kind);
    g_free(question->row);
    g_free(question->rule);
    g_strfreev(question->accepts);
    g_free(question->last_alert);
    g_free(question->last_label);
    g_strfreev(question->scopes);
    g_strfreev(question->reaches);
    g_free(question->scope);
    g_free(question->domain);
    g_ptr_array_unref(question->candidates);
    g_free(question->result_name);
    g_free(question->label);
    g_free(question->parent_window);
    g_free(question->token);
    g_free(question->reader);
    g_free(question);
}

const MeishiQuestionCandidate *
meishi_question_candidate(const MeishiQuestion *question, guint index)
{
    return g_ptr_array_index(question->candidates, index);
}

gboolean
meishi_question_allows_scope(const MeishiQuestion *question, const char *scope)
{
    return g_strv_contains((const char *const *)question->scopes, scope);
}

gboolean
meishi_question_allows_reach(const MeishiQuestion *question, const char *reach)
{
    return g_strv_contains((const char *const *)question->reaches, reach);
}
