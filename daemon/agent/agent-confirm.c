/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a person before a key is used.  What was agreed to for the session is kept per program and
 * identity until the vault is locked or the policy changes; it is never stored.
 *
 * Signatures that wait for the same answer wait for one question.  A question that nobody waits for
 * any more is withdrawn.  Some programs take a refused signature for one that failed and try again
 * at once; so after "no" and after "not now" they are refused for a while without a question, and
 * so is what waits for the same already.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/crowd.h"
#include "daemon/agent/presentation.h"
#include "daemon/agent/question-facts.h"
#include "daemon/agent/quiet.h"
#include "daemon/base/error.h"

#define ASKING_TIMEOUT_MS 60000

struct MeishiConfirmations {
    GHashTable *granted;  /* set of keys (make_key()) */
    GPtrArray *questions; /* Question: all that are open; borrowed */
    MeishiQuiet *quiet;   /* by the same keys */
    guint epoch;          /* what was agreed to before belongs to another session */
};

/* One question and who waits for its answer. */
typedef struct {
    MeishiAgent *agent;
    MeishiApplication *application;
    MeishiIdentity *identity;
    MeishiConfirm confirm;
    char *key;
    guint epoch;
    gboolean is_refused;  /* with another one of the same key, while it waited */
    MeishiCrowd *waiters; /* the signatures */
    GCancellable *cancellable;
} Question;

/* ---- what was agreed to ---------------------------------------------------------------------- */

static void
forget(MeishiConfirmations *confirmations)
{
    g_hash_table_remove_all(confirmations->granted);
    meishi_quiet_free(confirmations->quiet);
    confirmations->quiet = meishi_quiet_new();
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
    confirmations->questions = g_ptr_array_new();
    confirmations->quiet = meishi_quiet_new();
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
    g_ptr_array_unref(confirmations->questions);
    meishi_quiet_free(confirmations->quiet);
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
    g_ptr_array_add(agent->confirmations->questions, question);
    return question;
}

static void
question_free(Question *question)
{
    g_ptr_array_remove(question->agent->confirmations->questions, question);
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

static void
on_deserted(gpointer data)
{
    Question *question = data;

    g_cancellable_cancel(question->cancellable); /* nobody joins it any more */
}

static void
tell_all(Question *question, const GError *error)
{
    g_autoptr(MeishiCrowd) waiters = g_steal_pointer(&question->waiters);

    question_free(question); /* who is told may ask anew */
    meishi_crowd_tell(waiters, error);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void ask(Question *question);

static GError *
new_refusal(const MeishiIdentity *identity, const char *why)
{
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_DENIED,
                       "Policy wants a person to agree to the use of “%s”, and %s.",
                       identity->label, why);
}

static void
refuse(Question *question, const char *why)
{
    g_autoptr(GError) error = new_refusal(question->identity, why);

    tell_all(question, error);
}

/* What is asked for the same use is not put before the person any more. */
static void
refuse_alike(const Question *refused)
{
    GPtrArray *questions = refused->agent->confirmations->questions;
    g_autoptr(GPtrArray) alike = g_ptr_array_new();

    for (guint i = 0; i < questions->len; i++) {
        Question *question = g_ptr_array_index(questions, i);

        if (question != refused && g_str_equal(question->key, refused->key))
            g_ptr_array_add(alike, question);
    }
    for (guint i = 0; i < alike->len; i++)
        ((Question *)g_ptr_array_index(alike, i))->is_refused = TRUE;
    for (guint i = 0; i < alike->len; i++)
        meishi_prompters_withdraw(refused->agent->prompters,
                                  ((Question *)g_ptr_array_index(alike, i))->cancellable);
}

static void
take_no(Question *question)
{
    meishi_quiet_refused(question->agent->confirmations->quiet, question->key, meishi_agent_now());
    refuse_alike(question);
    refuse(question, "the person did not agree");
}

static void
take_not_now(Question *question)
{
    meishi_quiet_dismissed(question->agent->confirmations->quiet, question->key,
                           meishi_agent_now());
    refuse_alike(question);
    refuse(question, "the person who was asked said “not now”");
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

    if (!meishi_crowd_is_empty(question->waiters))
        ask(question);
    else
        question_free(question);
    g_task_return_boolean(task, TRUE);
}

/* What does not say yes does not: whatever cannot be understood is "not now". */
static void
take_answer(Question *question, GVariant *answer)
{
    const char *allow = "";

    g_variant_lookup(answer, "allow", "&s", &allow);
    if (g_str_equal(allow, "session") && question->confirm == MEISHI_CONFIRM_EACH_SESSION)
        allow_session(question);
    else if (g_str_equal(allow, "session") || g_str_equal(allow, "once"))
        allow_once(question);
    else if (g_str_equal(allow, "no"))
        take_no(question);
    else
        take_not_now(question);
}

static void
take_reply(Question *question, MeishiReply reply, GVariant *answer)
{
    switch (reply) {
    case MEISHI_REPLY_ANSWERED:
        take_answer(question, answer);
        break;
    case MEISHI_REPLY_DISMISSED:
        take_not_now(question);
        break;
    case MEISHI_REPLY_NOBODY:
        refuse(question, "no program is there that could ask");
        break;
    }
}

static void
on_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Question *question = user_data;
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GError) error = NULL;
    MeishiReply reply;
    gboolean ok = meishi_prompters_ask_finish(result, &reply, &answer, &error);

    if (meishi_crowd_is_empty(question->waiters))
        tell_all(question, NULL);
    else if (question->is_refused)
        refuse(question, "the person has just refused the same");
    else if (ok)
        take_reply(question, reply, answer);
    else
        tell_all(question, error);
}

static void
ask(Question *question)
{
    const MeishiAsker asker = {.application = question->application};

    meishi_prompters_ask_async(question->agent->prompters, &asker, "confirm", describe(question),
                               ASKING_TIMEOUT_MS, question->cancellable, on_answered, question);
}

/* ---- the calls ------------------------------------------------------------------------------- */

/* An open one that is good for all who come until it ends; NULL. */
static Question *
find_joinable(const MeishiConfirmations *confirmations, const char *key)
{
    for (guint i = 0; i < confirmations->questions->len; i++) {
        Question *question = g_ptr_array_index(confirmations->questions, i);

        if (question->confirm == MEISHI_CONFIRM_EACH_SESSION &&
            question->epoch == confirmations->epoch && g_str_equal(question->key, key) &&
            !g_cancellable_is_cancelled(question->cancellable))
            return question;
    }
    return NULL;
}

static gboolean
may_ask(MeishiAgent *agent, const MeishiApplication *application, const MeishiIdentity *identity,
        const char *key, GError **error)
{
    if (!meishi_quiet_holds(agent->confirmations->quiet, key, meishi_agent_now()))
        return meishi_prompters_check_room(agent->prompters, "confirm", application, error);
    g_propagate_error(error,
                      new_refusal(identity, "the person does not want to be asked again now"));
    return FALSE;
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
    Question *question = is_kept ? find_joinable(confirmations, key) : NULL;
    GError *error = NULL;

    if (confirm == MEISHI_CONFIRM_NEVER ||
        (is_kept && g_hash_table_contains(confirmations->granted, key))) {
        g_task_return_boolean(task, TRUE);
    } else if (question != NULL) {
        meishi_crowd_join(question->waiters, task);
    } else if (!may_ask(agent, application, identity, key, &error)) {
        g_task_return_error(task, error);
    } else {
        question = question_new(agent, application, identity, confirm, g_steal_pointer(&key));
        meishi_crowd_join(question->waiters, task);
        ask(question);
    }
}

gboolean
meishi_agent_confirm_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

void
meishi_agent_confirm_again(MeishiAgent *agent, const MeishiApplication *application,
                           const MeishiIdentity *identity)
{
    g_autofree char *key = make_key(application, identity);

    meishi_quiet_end(find_confirmations(agent)->quiet, key);
}
