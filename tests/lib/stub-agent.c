/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/stub-agent.h"

#include "daemon/base/error.h"

#include <pthread.h>
#include <string.h>

struct MeishiKeyCache {
    pthread_mutex_t mutex;
    GHashTable *keys; /* gint64 to MeishiKey */
    gboolean is_empty;
};

struct _MeishiAgent {
    GObject parent;
    GPtrArray *identities;
    MeishiKeyCache cache;
    gboolean holds, holds_keys;
    GQueue held; /* GTask */
    guint n_cancelled;
    gboolean is_locked;
    char *passphrase;
    StubPolicy policy;
    gpointer policy_data;
    gboolean agrees;
    guint n_asked;
};

G_DEFINE_TYPE(MeishiAgent, meishi_agent, G_TYPE_OBJECT)

static guint view_changed;

static void
meishi_agent_finalize(GObject *object)
{
    MeishiAgent *agent = MEISHI_AGENT(object);

    g_ptr_array_unref(agent->identities);
    g_hash_table_unref(agent->cache.keys);
    pthread_mutex_destroy(&agent->cache.mutex);
    g_free(agent->passphrase);
    G_OBJECT_CLASS(meishi_agent_parent_class)->finalize(object);
}

static void
meishi_agent_class_init(MeishiAgentClass *class)
{
    G_OBJECT_CLASS(class)->finalize = meishi_agent_finalize;
    view_changed = g_signal_new("view-changed", MEISHI_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 0);
}

static void
meishi_agent_init(MeishiAgent *agent)
{
    agent->identities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    pthread_mutex_init(&agent->cache.mutex, NULL);
    agent->cache.keys = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                              (GDestroyNotify)meishi_key_unref);
    g_queue_init(&agent->held);
}

MeishiAgent *
stub_agent_new(void)
{
    return g_object_new(MEISHI_TYPE_AGENT, NULL);
}

/* ---- what the test says -------------------------------------------------------------------- */

void
stub_agent_add(MeishiAgent *agent, MeishiIdentity *identity, MeishiKey *key)
{
    g_ptr_array_add(agent->identities, meishi_identity_ref(identity));
    if (key == NULL)
        return;
    pthread_mutex_lock(&agent->cache.mutex);
    g_hash_table_insert(agent->cache.keys, g_memdup2(&identity->key_id, sizeof identity->key_id),
                        meishi_key_ref(key));
    pthread_mutex_unlock(&agent->cache.mutex);
}

void
stub_agent_forget(MeishiAgent *agent, guint n)
{
    g_ptr_array_set_size(agent->identities, (int)(agent->identities->len - n));
}

void
stub_agent_emit_view_changed(MeishiAgent *agent)
{
    g_signal_emit(agent, view_changed, 0);
}

static void
set_empty(MeishiAgent *agent, gboolean is_empty)
{
    pthread_mutex_lock(&agent->cache.mutex);
    agent->cache.is_empty = is_empty;
    pthread_mutex_unlock(&agent->cache.mutex);
}

void
stub_agent_empty_cache(MeishiAgent *agent)
{
    set_empty(agent, TRUE);
}

void
stub_agent_fill_cache(MeishiAgent *agent)
{
    set_empty(agent, FALSE);
}

void
stub_agent_hold(MeishiAgent *agent)
{
    agent->holds = agent->holds_keys = TRUE;
}

void
stub_agent_hold_questions(MeishiAgent *agent)
{
    agent->holds = TRUE;
    agent->holds_keys = FALSE;
}

guint
stub_agent_n_held(MeishiAgent *agent)
{
    return agent->held.length;
}

guint
stub_agent_n_cancelled(MeishiAgent *agent)
{
    return agent->n_cancelled;
}

void
stub_agent_lock(MeishiAgent *agent, const char *passphrase)
{
    agent->is_locked = TRUE;
    g_free(agent->passphrase);
    agent->passphrase = g_strdup(passphrase);
}

void
stub_agent_set_policy(MeishiAgent *agent, StubPolicy policy, gpointer user_data)
{
    agent->policy = policy;
    agent->policy_data = user_data;
}

void
stub_agent_agree(MeishiAgent *agent, gboolean agrees)
{
    agent->agrees = agrees;
}

guint
stub_agent_n_asked(MeishiAgent *agent)
{
    return agent->n_asked;
}

/* ---- answering ----------------------------------------------------------------------------- */

static MeishiKey *
find_key(MeishiKeyCache *cache, gint64 key_id, gboolean whatever_is_cached)
{
    MeishiKey *key = NULL;

    pthread_mutex_lock(&cache->mutex);
    if (whatever_is_cached || !cache->is_empty)
        key = g_hash_table_lookup(cache->keys, &key_id);
    if (key != NULL)
        meishi_key_ref(key);
    pthread_mutex_unlock(&cache->mutex);
    return key;
}

static gboolean
is_opened_by(MeishiAgent *agent, MeishiSecret *secret)
{
    return agent->passphrase != NULL && secret != NULL &&
           meishi_secret_len(secret) == strlen(agent->passphrase) &&
           memcmp(meishi_secret_data(secret), agent->passphrase, strlen(agent->passphrase)) == 0;
}

static void
answer_key(MeishiAgent *agent, GTask *task)
{
    const gint64 *key_id = g_task_get_task_data(task);
    MeishiKey *key = agent->is_locked ? NULL : find_key(&agent->cache, *key_id, TRUE);

    if (key != NULL)
        g_task_return_pointer(task, key, (GDestroyNotify)meishi_key_unref);
    else
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_LOCKED, "the vault is locked");
}

static void
answer_unlock(MeishiAgent *agent, GTask *task)
{
    MeishiSecret *secret = g_task_get_task_data(task);

    if (is_opened_by(agent, secret)) {
        agent->is_locked = FALSE;
        g_task_return_boolean(task, TRUE);
        return;
    }
    g_task_return_new_error(task, MEISHI_ERROR,
                            secret != NULL ? MEISHI_ERROR_WRONG_SECRET : MEISHI_ERROR_LOCKED,
                            "it does not open");
}

static void
answer_confirm(MeishiAgent *agent, GTask *task)
{
    if (agent->agrees)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_DENIED, "nobody agreed");
}

static void
answer_asking(MeishiAgent *agent, GTask *task)
{
    agent->n_asked++;
    if (agent->agrees)
        agent->is_locked = FALSE;
    if (agent->is_locked)
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_LOCKED, "nobody knows it");
    else
        g_task_return_boolean(task, TRUE);
}

static void
answer(MeishiAgent *agent, GTask *task)
{
    if (g_task_get_source_tag(task) == meishi_agent_load_key_async)
        answer_key(agent, task);
    else if (g_task_get_source_tag(task) == meishi_agent_ask_to_unlock_async)
        answer_asking(agent, task);
    else if (g_task_get_source_tag(task) == meishi_agent_confirm_async)
        answer_confirm(agent, task);
    else
        answer_unlock(agent, task);
}

static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    GTask *task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);

    if (!g_queue_remove(&agent->held, task))
        return;
    agent->n_cancelled++;
    g_task_return_error_if_cancelled(task);
    g_object_unref(task);
}

static void
start(MeishiAgent *agent, GTask *task)
{
    GCancellable *cancellable = g_task_get_cancellable(task);

    gboolean is_key = g_task_get_source_tag(task) == meishi_agent_load_key_async;

    if (!agent->holds || (is_key && !agent->holds_keys)) {
        answer(agent, task);
        g_object_unref(task);
        return;
    }
    g_queue_push_tail(&agent->held, task);
    g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), task, NULL);
}

void
stub_agent_release(MeishiAgent *agent)
{
    GTask *task;

    agent->holds = FALSE;
    while ((task = g_queue_pop_head(&agent->held)) != NULL) {
        answer(agent, task);
        g_object_unref(task);
    }
}

/* ---- agent.h ------------------------------------------------------------------------------- */

GPtrArray *
meishi_agent_list(MeishiAgent *agent)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);

    for (guint i = 0; i < agent->identities->len; i++)
        g_ptr_array_add(list, meishi_identity_ref(agent->identities->pdata[i]));
    return list;
}

MeishiKeyCache *
meishi_agent_key_cache(MeishiAgent *agent)
{
    return &agent->cache;
}

MeishiKey *
meishi_key_cache_lookup(MeishiKeyCache *cache, gint64 key_id)
{
    return find_key(cache, key_id, FALSE);
}

void
meishi_agent_load_key_async(MeishiAgent *agent, gint64 key_id, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    g_task_set_source_tag(task, meishi_agent_load_key_async);
    g_task_set_task_data(task, g_memdup2(&key_id, sizeof key_id), g_free);
    start(agent, task);
}

MeishiKey *
meishi_agent_load_key_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* There are no tokens here. */
void
meishi_agent_use_token_async(MeishiAgent *agent, MeishiApplication *application,
                             MeishiIdentity *identity, MeishiOperation op, MeishiAway *away,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);

    g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE, "no token");
}

MeishiSecret *
meishi_agent_use_token_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

MeishiVaultState
meishi_agent_vault_state(MeishiAgent *agent)
{
    return agent->is_locked ? MEISHI_VAULT_LOCKED : MEISHI_VAULT_UNLOCKED;
}

GPtrArray *
meishi_agent_vault_slots(MeishiAgent *agent)
{
    GPtrArray *slots = g_ptr_array_new_with_free_func(g_free);
    MeishiStoreSlot *slot = g_new0(MeishiStoreSlot, 1);

    slot->kind = agent->passphrase != NULL ? MEISHI_SLOT_PASSPHRASE : MEISHI_SLOT_SECRET_SERVICE;
    g_ptr_array_add(slots, slot);
    return slots;
}

gboolean
meishi_agent_opens_with_passphrase(MeishiAgent *agent)
{
    return agent->is_locked && agent->passphrase != NULL;
}

void
meishi_agent_ask_to_unlock_async(MeishiAgent *agent, MeishiApplication *application,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    g_task_set_source_tag(task, meishi_agent_ask_to_unlock_async);
    start(agent, task);
}

gboolean
meishi_agent_ask_to_unlock_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

void
meishi_agent_vault_unlock_async(MeishiAgent *agent, MeishiSecret *passphrase,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    g_task_set_source_tag(task, meishi_agent_vault_unlock_async);
    if (passphrase != NULL)
        g_task_set_task_data(task, meishi_secret_ref(passphrase),
                             (GDestroyNotify)meishi_secret_unref);
    start(agent, task);
}

gboolean
meishi_agent_vault_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- presentation.h -------------------------------------------------------------------------- */

static MeishiShown *
shown_new(MeishiIdentity *identity, MeishiConfirm confirm)
{
    MeishiShown *shown = g_new0(MeishiShown, 1);

    shown->identity = meishi_identity_ref(identity);
    shown->confirm = confirm;
    return shown;
}

static void
shown_free(gpointer data)
{
    MeishiShown *shown = data;

    meishi_identity_unref(shown->identity);
    g_free(shown);
}

static void
role_free(gpointer data)
{
    MeishiShownRole *role = data;

    g_clear_pointer((gpointer *)&role->now, shown_free);
    g_free(role->name);
    g_free(role->label);
    g_free(role);
}

void
meishi_presentation_free(MeishiPresentation *presentation)
{
    if (presentation == NULL)
        return;
    g_ptr_array_unref(presentation->shown);
    g_ptr_array_unref(presentation->withheld);
    g_ptr_array_unref(presentation->roles);
    g_free(presentation->fingerprint);
    g_free(presentation);
}

static guint
find_shown(MeishiPresentation *presentation, gint64 cert_id)
{
    for (guint i = 0; i < presentation->shown->len; i++)
        if (((MeishiShown *)presentation->shown->pdata[i])->identity->cert_id == cert_id)
            return i;
    g_error("no such identity is shown");
}

void
stub_presentation_withhold(MeishiPresentation *presentation, gint64 cert_id)
{
    guint index = find_shown(presentation, cert_id);
    MeishiShown *shown = presentation->shown->pdata[index];

    g_ptr_array_add(presentation->withheld, meishi_identity_ref(shown->identity));
    g_ptr_array_remove_index(presentation->shown, index);
}

void
stub_presentation_confirm(MeishiPresentation *presentation, gint64 cert_id, MeishiConfirm confirm)
{
    MeishiShown *shown = presentation->shown->pdata[find_shown(presentation, cert_id)];

    shown->confirm = confirm;
}

void
stub_presentation_add_role(MeishiPresentation *presentation, const char *name, const char *label,
                           MeishiIdentity *identity, MeishiConfirm confirm)
{
    MeishiShownRole *role = g_new0(MeishiShownRole, 1);

    role->name = g_strdup(name);
    role->label = g_strdup(label);
    role->now = identity != NULL ? shown_new(identity, confirm) : NULL;
    g_ptr_array_add(presentation->roles, role);
}

/* An identity is a value that never changes, so its address says what it is. */
static void
append_shown(GString *fingerprint, const MeishiShown *shown)
{
    if (shown != NULL)
        g_string_append_printf(fingerprint, " %p/%d", shown->identity, (int)shown->confirm);
}

static char *
make_fingerprint(const MeishiPresentation *presentation)
{
    GString *fingerprint = g_string_new(NULL);

    for (guint i = 0; i < presentation->shown->len; i++)
        append_shown(fingerprint, presentation->shown->pdata[i]);
    for (guint i = 0; i < presentation->withheld->len; i++)
        g_string_append_printf(fingerprint, " -%p", presentation->withheld->pdata[i]);
    for (guint i = 0; i < presentation->roles->len; i++) {
        const MeishiShownRole *role = presentation->roles->pdata[i];

        g_string_append_printf(fingerprint, " [%s|%s]", role->name, role->label);
        append_shown(fingerprint, role->now);
    }
    return g_string_free(fingerprint, FALSE);
}

MeishiPresentation *
stub_presentation_new(GPtrArray *identities)
{
    MeishiPresentation *presentation = g_new0(MeishiPresentation, 1);

    presentation->shown = g_ptr_array_new_with_free_func(shown_free);
    presentation->withheld = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    presentation->roles = g_ptr_array_new_with_free_func(role_free);
    for (guint i = 0; i < identities->len; i++)
        g_ptr_array_add(presentation->shown, shown_new(identities->pdata[i], MEISHI_CONFIRM_NEVER));
    return presentation;
}

MeishiPresentation *
meishi_agent_present(MeishiAgent *agent, MeishiApplication *application)
{
    MeishiPresentation *presentation = stub_presentation_new(agent->identities);

    if (agent->policy != NULL)
        agent->policy(presentation, application, agent->policy_data);
    presentation->fingerprint = make_fingerprint(presentation);
    return presentation;
}

void
meishi_agent_confirm_async(MeishiAgent *agent, MeishiApplication *application,
                           MeishiIdentity *identity, MeishiConfirm confirm,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    agent->n_asked++;
    g_task_set_source_tag(task, meishi_agent_confirm_async);
    start(agent, task);
}

gboolean
meishi_agent_confirm_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
