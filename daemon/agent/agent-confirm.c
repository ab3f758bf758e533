/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a person before a key is used.  What was agreed to for the session is kept per program and
 * identity until the vault is locked or the policy changes; it is never stored.
 *
 * Signatures that wait for the same answer wait for one question.  A question that nobody waits for
 * any more is withdrawn.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/crowd.h"
#include "daemon/agent/presentation.h"
#include "daemon/agent/question-facts.h"
#include "daemon/base/error.h"
#include "daemon/base/source.h"

#define ASKING_TIMEOUT_MS 60000

struct MeishiConfirmations {
    GHashTable *granted; /* set of keys (make_key()) */
    GHashTable *asking;  /* key to Question that more may wait for */
    guint epoch;         /* what was agreed to before belongs to another session */
};

/* One question and who waits for its answer. */
typedef struct {
    MeishiAgent *agent;
    MeishiApplication *application;
    MeishiIdentity *identity;
    MeishiConfirm confirm;
    char *key;
    guint epoch;
    MeishiCrowd *waiters; /* the signatures */
    GCancellable *cancellable;
} Question;

/* ---- what was agreed to ---------------------------------------------------------------------- */

static void
forget(MeishiConfirmations *confirmations)
{
    g_hash_table_remove_all(confirmations->granted);
    g_hash_table_remove_all(confirmations->asking);
    confirmations->epoch++;
}

static void
on_vault_changed(MeishiAgent *agent, gpointer confirmations)
{
    if (meishi_agent_vault_state(agent) != MEISHI_VAULT_UNLOCKED)
        forget(confirmations);
}

static void
on_policy_reloaded(MeishiAgent *agent, gpointer confirmations)
{
    forget(confirmations);
}

static MeishiConfirmations *
find_confirmations(MeishiAgent *agent)
{
    MeishiConfirmations *confirmations = agent->confirmations;

    if (confirmations != NULL)
        return confirmations;
    confirmations = agent->confirmations = g_new0(MeishiConfirmations, 1);
    confirmations->granted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    confirmations->asking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_signal_connect(agent, "vault-changed", G_CALLBACK(on_vault_changed), confirmations);
    g_signal_connect(agent, "policy-reloaded", G_CALLBACK(on_policy_reloaded), confirmations);
    return confirmations;
}

void
meishi_confirmations_free(MeishiConfirmations *confirmations)
{
    if (confirmations == NULL)
        return;
    g_hash_table_unref(confirmations->granted);
    g_hash_table_unref(confirmations->asking);
    g_free(confirmations);
}

/* A program whose name may be somebody else's is known by its process alone. */
static char *
make_key(const MeishiApplication *application, const MeishiIdentity *identity)
{
    g_autofree char *id = meishi_identity_id(identity);

    if (application->trust != MEISHI_TRUST_ANY && application->name != NULL &&
        g_strv_contains((const char *const *)application->names, application->name))
        return g_strdup_printf("%s %s", id, application->name);
    return g_strdup_printf("%s %d %" G_GUINT64_FORMAT, id, (int)application->pid,
                           application->start_time);
}

/* ---- the question ---------------------------------------------------------------------------- */

static void on_deserted(gpointer question);

static Question *
question_new(MeishiAgent *agent, MeishiApplication *application, MeishiIdentity *identity,
             MeishiConfirm confirm, char *key)
{
    Question *question = g_new0(Question, 1);

    question->agent = g_object_ref(agent);
    question->application = meishi_application_ref(application);
    question->identity = meishi_identity_ref(identity);
    question->confirm = confirm;
    question->key = key;
    question->epoch = agent->confirmations->epoch;
    question->waiters = meishi_crowd_new(on_deserted, question);
    question->cancellable = g_cancellable_new();
    return question;
}

static void
question_free(Question *question)
{
    meishi_crowd_free(question->waiters);
    g_object_unref(question->cancellable);
    meishi_application_unref(question->application);
    meishi_identity_unref(question->identity);
    g_object_unref(question->agent);
    g_free(question->key);
    g_free(question);
}

static GVariant *
describe(const Question *question)
{
    g_autofree char *id = meishi_identity_id(question->identity);
    gint64 now = meishi_agent_now();
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    meishi_question_facts_add_program(
        &dict, question->application,
        meishi_hints_find(question->agent->hints, question->application, now));
    g_variant_dict_insert(&dict, "deadline", "x", now + ASKING_TIMEOUT_MS / 1000);
    g_variant_dict_insert(&dict, "id", "s", id);
    g_variant_dict_insert(&dict, "label", "s", question->identity->label);
    g_variant_dict_insert(&dict, "each-use", "b", question->confirm == MEISHI_CONFIRM_EACH_USE);
    return g_variant_dict_end(&dict);
}

/* ---- who waits ------------------------------------------------------------------------------- */

/* Nobody joins @question any more. */
static void
close_question(Question *question)
{
    GHashTable *asking = question->agent->confirmations->asking;

    if (g_hash_table_lookup(asking, question->key) == question)
        g_hash_table_remove(asking, question->key);
}

static void
on_deserted(gpointer data)
{
    Question *question = data;

    close_question(question);
    g_cancellable_cancel(question->cancellable);
}

static void
tell_all(Question *question, const GError *error)
{
    close_question(question);
    meishi_crowd_tell(question->waiters, error);
    question_free(question);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void ask(Question *question);

static void
refuse_all(Question *question, MeishiReply reply)
{
    const char *why = reply == MEISHI_REPLY_NOBODY ? "no program is there that could ask"
                                                   : "the person did not agree";
    g_autoptr(GError) error =
        g_error_new(MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "Policy wants a person to agree to the use of “%s”, and %s.",
                    question->identity->label, why);

    tell_all(question, error);
}

static void
allow_session(Question *question)
{
    MeishiConfirmations *confirmations = question->agent->confirmations;

    if (question->epoch == confirmations->epoch)
        g_hash_table_add(confirmations->granted, g_strdup(question->key));
    tell_all(question, NULL);
}

/* One agreement is one signature; the others are asked about anew. */
static void
allow_once(Question *question)
{
    g_autoptr(GTask) task = meishi_crowd_take(question->waiters);

    if (!meishi_crowd_is_empty(question->waiters)) {
        ask(question);
    } else {
        close_question(question);
        question_free(question);
    }
    g_task_return_boolean(task, TRUE);
}

static void
take_answer(Question *question, GVariant *answer)
{
    const char *allow = "no";

    g_variant_lookup(answer, "allow", "&s", &allow);
    if (g_str_equal(allow, "session") && question->confirm == MEISHI_CONFIRM_EACH_SESSION)
        allow_session(question);
    else if (g_str_equal(allow, "session") || g_str_equal(allow, "once"))
        allow_once(question);
    else
        refuse_all(question, MEISHI_REPLY_ANSWERED);
}

static void
on_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Question *question = user_data;
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GError) error = NULL;
    MeishiReply reply;

    if (!meishi_prompters_ask_finish(result, &reply, &answer, &error) ||
        meishi_crowd_is_empty(question->waiters))
        tell_all(question, error);
    else if (reply == MEISHI_REPLY_ANSWERED)
        take_answer(question, answer);
    else
        refuse_all(question, reply);
}

static void
ask(Question *question)
{
    const MeishiAsker asker = {.application = question->application};

    meishi_prompters_ask_async(question->agent->prompters, &asker, "confirm", describe(question),
                               ASKING_TIMEOUT_MS, question->cancellable, on_answered, question);
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void
ask_anew(GTask *task, Question *question)
{
    GHashTable *asking = question->agent->confirmations->asking;

    if (question->confirm == MEISHI_CONFIRM_EACH_SESSION)
        g_hash_table_insert(asking, g_strdup(question->key), question);
    meishi_crowd_join(question->waiters, task);
    ask(question);
}

void
meishi_agent_confirm_async(MeishiAgent *agent, MeishiApplication *application,
                           MeishiIdentity *identity, MeishiConfirm confirm,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);
    MeishiConfirmations *confirmations = find_confirmations(agent);
    g_autofree char *key = make_key(application, identity);
    gboolean is_kept = confirm == MEISHI_CONFIRM_EACH_SESSION;
    Question *question = is_kept ? g_hash_table_lookup(confirmations->asking, key) : NULL;

    if (confirm == MEISHI_CONFIRM_NEVER ||
        (is_kept && g_hash_table_contains(confirmations->granted, key)))
        g_task_return_boolean(task, TRUE);
    else if (question != NULL)
        meishi_crowd_join(question->waiters, task);
    else
        ask_anew(task, question_new(agent, application, identity, confirm, g_steal_pointer(&key)));
}

gboolean
meishi_agent_confirm_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
