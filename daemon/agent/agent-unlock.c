/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a person for the vault's passphrase.  However many programs need the vault, there is one
 * question; it is asked anew after a wrong answer, and withdrawn when nobody waits any more or the
 * vault was opened in another way.  Who says "not now" is left alone for a while (quiet.h), by all
 * programs: it is the vault that they ask about, not one of them.
 *
 * A vault that a person locked stays locked until a person opens it; to answer here is just that.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/crowd.h"
#include "daemon/agent/presentation.h"
#include "daemon/agent/question-facts.h"
#include "daemon/agent/quiet.h"
#include "daemon/base/error.h"

#define ASKING_TIMEOUT_MS 60000
#define MAX_TRIES         3
#define QUIET_KEY         "vault"

/* What is going on, and who waits for its outcome. */
typedef struct {
    MeishiAgent *agent;
    MeishiCrowd *crowd;        /* data of each task: its MeishiApplication */
    GCancellable *cancellable; /* of the question */
    gboolean is_trying;        /* a passphrase, and asks nothing meanwhile */
    guint n_wrong;
} Asking;

struct MeishiUnlocking {
    MeishiQuiet *quiet;
    Asking *asking; /* that more may wait for; NULL */
};

static gboolean
is_unlocked(MeishiAgent *agent)
{
    return meishi_agent_vault_state(agent) == MEISHI_VAULT_UNLOCKED;
}

gboolean
meishi_agent_opens_with_passphrase(MeishiAgent *agent)
{
    g_autoptr(GPtrArray) slots = NULL;

    if (meishi_agent_vault_state(agent) != MEISHI_VAULT_LOCKED)
        return FALSE;
    slots = meishi_agent_vault_slots(agent);
    for (guint i = 0; i < slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(slots, i);

        if (slot->kind == MEISHI_SLOT_PASSPHRASE)
            return TRUE;
    }
    return FALSE;
}

/* Opened, by whomever: the question is answered, and the person has acted. */
static void
on_vault_changed(MeishiAgent *agent, gpointer user_data)
{
    MeishiUnlocking *unlocking = user_data;
    Asking *asking = unlocking->asking;

    if (!is_unlocked(agent))
        return;
    meishi_quiet_end(unlocking->quiet, QUIET_KEY);
    if (asking != NULL && !asking->is_trying)
        meishi_prompters_withdraw(agent->prompters, asking->cancellable);
}

static MeishiUnlocking *
find_unlocking(MeishiAgent *agent)
{
    MeishiUnlocking *unlocking = agent->unlocking;

    if (unlocking != NULL)
        return unlocking;
    unlocking = agent->unlocking = g_new0(MeishiUnlocking, 1);
    unlocking->quiet = meishi_quiet_new();
    g_signal_connect(agent, "vault-changed", G_CALLBACK(on_vault_changed), unlocking);
    return unlocking;
}

void
meishi_unlocking_free(MeishiUnlocking *unlocking)
{
    if (unlocking == NULL)
        return;
    meishi_quiet_free(unlocking->quiet);
    g_free(unlocking);
}

/* ---- who waits ------------------------------------------------------------------------------- */

/* Nobody joins @asking any more. */
static void
close_asking(Asking *asking)
{
    MeishiUnlocking *unlocking = asking->agent->unlocking;

    if (unlocking->asking == asking)
        unlocking->asking = NULL;
}

/* What is being tried is tried to its end: a right passphrase was meant to open the vault. */
static void
on_deserted(gpointer data)
{
    Asking *asking = data;

    if (asking->is_trying)
        return;
    close_asking(asking);
    g_cancellable_cancel(asking->cancellable);
}

static Asking *
asking_new(MeishiAgent *agent)
{
    Asking *asking = g_new0(Asking, 1);

    asking->agent = g_object_ref(agent);
    asking->crowd = meishi_crowd_new(on_deserted, asking);
    asking->cancellable = g_cancellable_new();
    return asking;
}

static void
asking_free(Asking *asking)
{
    meishi_crowd_free(asking->crowd);
    g_object_unref(asking->cancellable);
    g_object_unref(asking->agent);
    g_free(asking);
}

/* @error: NULL where the vault is open. */
static void
finish(Asking *asking, const GError *error)
{
    close_asking(asking);
    meishi_crowd_tell(asking->crowd, error);
    asking_free(asking);
}

static GError *
new_refusal(const char *why)
{
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                       "The vault is locked, and %s. `meishi unlock` opens it.", why);
}

static void
refuse(Asking *asking, const char *why)
{
    g_autoptr(GError) error = new_refusal(why);

    finish(asking, error);
}

/* The person does not want to be asked, or does not know the answer. */
static void
refuse_for_a_while(Asking *asking, const char *why)
{
    meishi_quiet_dismissed(asking->agent->unlocking->quiet, QUIET_KEY, meishi_agent_now());
    refuse(asking, why);
}

/* ---- the question ---------------------------------------------------------------------------- */

static void ask(Asking *asking);

static void
on_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Asking *asking = user_data;
    g_autoptr(GError) error = NULL;
    gboolean is_open = meishi_vault_finish(result, &error) || is_unlocked(asking->agent);

    asking->is_trying = FALSE;
    if (is_open || meishi_crowd_is_empty(asking->crowd))
        finish(asking, NULL);
    else if (!g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET))
        finish(asking, error);
    else if (++asking->n_wrong < MAX_TRIES)
        ask(asking);
    else
        refuse_for_a_while(asking, "none of the passphrases that were given was the right one");
}

static void
try(Asking *asking, MeishiSecret *passphrase)
{
    asking->is_trying = TRUE;
    meishi_vault_unlock_async(asking->agent->vault, passphrase, MEISHI_VAULT_ON_DEMAND, NULL,
                              on_tried, asking);
}

static void
take_reply(Asking *asking, MeishiReply reply, MeishiSecret *passphrase)
{
    switch (reply) {
    case MEISHI_REPLY_ANSWERED:
        try(asking, passphrase);
        break;
    case MEISHI_REPLY_DISMISSED:
        refuse_for_a_while(asking, "the person who was asked for its passphrase said “not now”");
        break;
    case MEISHI_REPLY_NOBODY:
        refuse(asking, "no program is there that could ask for its passphrase");
        break;
    }
}

static void
on_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Asking *asking = user_data;
    g_auto(MeishiSecretAnswer) answer = {NULL, NULL};
    g_autoptr(GError) error = NULL;
    MeishiReply reply;
    gboolean ok = meishi_prompters_ask_secret_finish(result, &reply, &answer, &error);

    if (ok && reply == MEISHI_REPLY_ANSWERED && answer.secret == NULL)
        reply = MEISHI_REPLY_DISMISSED; /* not understood */

    if (is_unlocked(asking->agent) || meishi_crowd_is_empty(asking->crowd))
        finish(asking, NULL);
    else if (ok)
        take_reply(asking, reply, answer.secret);
    else
        refuse(asking, "nobody gave its passphrase in time");
}

/* Of the first who still waits: the question is named after it. */
static const MeishiApplication *
first_application(const Asking *asking)
{
    return g_task_get_task_data(meishi_crowd_first(asking->crowd));
}

static GVariant *
describe(const Asking *asking)
{
    const MeishiApplication *application = first_application(asking);
    gint64 now = meishi_agent_now();
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    meishi_question_facts_add_program(&dict, application,
                                      meishi_hints_find(asking->agent->hints, application, now));
    g_variant_dict_insert(&dict, "deadline", "x", now + ASKING_TIMEOUT_MS / 1000);
    g_variant_dict_insert(&dict, "wrong", "b", asking->n_wrong > 0);
    g_variant_dict_insert(&dict, "tries-left", "u", MAX_TRIES - asking->n_wrong);
    return g_variant_dict_end(&dict);
}

static void
ask(Asking *asking)
{
    const MeishiAsker asker = {.application = first_application(asking)};

    meishi_prompters_ask_async(asking->agent->prompters, &asker, "unlock", describe(asking),
                               ASKING_TIMEOUT_MS, asking->cancellable, on_answered, asking);
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void
join(MeishiAgent *agent, GTask *task)
{
    MeishiUnlocking *unlocking = agent->unlocking;
    Asking *asking = unlocking->asking;

    if (asking != NULL) {
        meishi_crowd_join(asking->crowd, task);
        return;
    }
    asking = unlocking->asking = asking_new(agent);
    meishi_crowd_join(asking->crowd, task);
    ask(asking);
}

void
meishi_agent_ask_to_unlock_async(MeishiAgent *agent, MeishiApplication *application,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);
    MeishiUnlocking *unlocking = find_unlocking(agent);

    g_task_set_task_data(task, meishi_application_ref(application),
                         (GDestroyNotify)meishi_application_unref);
    if (is_unlocked(agent))
        g_task_return_boolean(task, TRUE);
    else if (!meishi_agent_opens_with_passphrase(agent))
        g_task_return_error(task, new_refusal("it has no passphrase that could be asked for"));
    else if (meishi_quiet_holds(unlocking->quiet, QUIET_KEY, meishi_agent_now()))
        g_task_return_error(task, new_refusal("the person does not want to be asked now"));
    else
        join(agent, task);
}

gboolean
meishi_agent_ask_to_unlock_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
