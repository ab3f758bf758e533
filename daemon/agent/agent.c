/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: puts store, vault, roster and cache together and says what changed.  There is one
 * way by which anything becomes visible: the store is changed, then read anew, and the difference
 * between the two readings is what the signals tell.  The passing of time is such a change, too.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/hint-file.h"
#include "daemon/agent/label.h"
#include "daemon/agent/opening.h"
#include "daemon/agent/selector.h"
#include "daemon/agent/selector.h"
#include "daemon/agent/slot.h"
#include "daemon/agent/token-keep.h"
#include "daemon/base/error.h"

#include <string.h>

/* Timers stand still while the machine sleeps, so none is trusted for longer than this. */
#define CLOCK_MAX_SECONDS 3600

G_DEFINE_TYPE(MeishiAgent, meishi_agent, G_TYPE_OBJECT)

enum {
    IDENTITY_ADDED,
    IDENTITY_CHANGED,
    IDENTITY_REMOVED,
    VIEW_CHANGED,
    VAULT_CHANGED,
    POLICY_RELOADED,
    CHOICES_CHANGED,
    FLUSH_CONNECTIONS,
    PROMPTERS_CHANGED,
    TOKEN_TROUBLE,
    N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
meishi_agent_finalize(GObject *object)
{
    MeishiAgent *agent = MEISHI_AGENT(object);

    g_clear_handle_id(&agent->view_source, g_source_remove);
    g_clear_handle_id(&agent->clock_source, g_source_remove);
    g_clear_handle_id(&agent->hint_source, g_source_remove);
    if (agent->vault != NULL)
        g_signal_handlers_disconnect_by_data(agent->vault, agent);
    g_clear_object(&agent->vault);
    if (agent->rulebook != NULL)
        g_signal_handlers_disconnect_by_data(agent->rulebook, agent);
    g_clear_pointer(&agent->notifying, meishi_notifying_free);
    g_clear_pointer(&agent->selector, meishi_selector_free); /* ahead of the questions it asked */
    g_clear_pointer(&agent->shelf, meishi_token_shelf_free);
    meishi_module_rules_clear(&agent->module_rules);
    g_clear_pointer(&agent->token_book, meishi_token_book_free);
    g_clear_pointer(&agent->prompters, meishi_prompters_free);
    g_clear_pointer(&agent->confirmations, meishi_confirmations_free);
    g_clear_pointer(&agent->opening, meishi_opening_free);
    g_clear_pointer(&agent->hints, meishi_hints_free);
    meishi_agent_drop_presentations(agent);
    g_clear_pointer(&agent->inventory, meishi_inventory_free);
    g_clear_pointer(&agent->choice_book, meishi_choice_book_free);
    g_clear_object(&agent->rulebook);
    g_clear_pointer(&agent->cache, meishi_key_cache_free);
    g_clear_pointer(&agent->identities, g_ptr_array_unref);
    g_clear_pointer(&agent->keys, g_hash_table_unref);
    g_clear_pointer(&agent->roster, meishi_roster_free);
    g_clear_pointer(&agent->store, meishi_store_close);
    G_OBJECT_CLASS(meishi_agent_parent_class)->finalize(object);
}

static guint
new_signal(const char *name, guint n_params)
{
    return g_signal_new(name, MEISHI_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                        G_TYPE_NONE, n_params, G_TYPE_POINTER);
}

static void
meishi_agent_class_init(MeishiAgentClass *class)
{
    G_OBJECT_CLASS(class)->finalize = meishi_agent_finalize;
    signals[IDENTITY_ADDED] = new_signal("identity-added", 1);
    signals[IDENTITY_CHANGED] = new_signal("identity-changed", 1);
    signals[IDENTITY_REMOVED] = new_signal("identity-removed", 1);
    signals[VIEW_CHANGED] = new_signal("view-changed", 0);
    signals[VAULT_CHANGED] = new_signal("vault-changed", 0);
    signals[POLICY_RELOADED] = new_signal("policy-reloaded", 0);
    signals[CHOICES_CHANGED] = new_signal("choices-changed", 0);
    signals[FLUSH_CONNECTIONS] = new_signal("flush-connections", 1);
    signals[PROMPTERS_CHANGED] = new_signal("prompters-changed", 0);
    signals[TOKEN_TROUBLE] = new_signal("token-trouble", 1);
}

static GPtrArray *
new_identity_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
}

static GHashTable *
new_key_table(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                 (GDestroyNotify)meishi_store_key_free);
}

static void
meishi_agent_init(MeishiAgent *agent)
{
    agent->roster = meishi_roster_new();
    agent->cache = meishi_key_cache_new();
    agent->identities = new_identity_array();
    agent->keys = new_key_table();
    agent->hints = meishi_hints_new();
    agent->prompters = meishi_prompters_new();
    agent->selector = meishi_selector_new(agent);
    agent->notifying = meishi_notifying_new(agent);
}

gint64
meishi_agent_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

void
meishi_agent_work(GTask *task, GTaskThreadFunc func, GAsyncReadyCallback callback)
{
    g_autoptr(GTask) inner =
        g_task_new(NULL, g_task_get_cancellable(task), callback, g_object_ref(task));

    g_task_set_task_data(inner, g_task_get_task_data(task),
                         NULL); /* @task outlives @inner's work */
    g_task_run_in_thread(inner, func);
}

void
meishi_agent_pass_bytes(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    GBytes *file = g_task_propagate_pointer(G_TASK(result), &error);

    if (file != NULL)
        g_task_return_pointer(task, file, (GDestroyNotify)g_bytes_unref);
    else
        g_task_return_error(task, error);
}

/* ---- what changed ------------------------------------------------------------------------- */

static MeishiIdentity *
find_in(GPtrArray *identities, gint64 cert_id, gint64 key_id)
{
    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);

        if (identity->cert_id == cert_id && (cert_id != 0 || identity->key_id == key_id))
            return identity;
    }
    return NULL;
}

static gboolean
on_view_changed(gpointer user_data)
{
    MeishiAgent *agent = user_data;

    agent->view_source = 0;
    g_signal_emit(agent, signals[VIEW_CHANGED], 0);
    return G_SOURCE_REMOVE;
}

/* Ahead of the answers to whoever caused the change, so that a program started after `meishi
 * import` returned finds what was imported. */
void
meishi_agent_announce_view(MeishiAgent *agent)
{
    meishi_agent_drop_presentations(agent);
    meishi_agent_announce_hints(agent);
}

void
meishi_agent_announce_hints(MeishiAgent *agent)
{
    if (agent->view_source == 0)
        agent->view_source = g_idle_add_full(G_PRIORITY_HIGH, on_view_changed, agent, NULL);
}

void
meishi_agent_flush_view(MeishiAgent *agent)
{
    if (agent->view_source == 0)
        return;
    g_clear_handle_id(&agent->view_source, g_source_remove);
    g_signal_emit(agent, signals[VIEW_CHANGED], 0);
}

static gboolean
tell_gone(MeishiAgent *agent, GPtrArray *before)
{
    gboolean any = FALSE;

    for (guint i = 0; i < before->len; i++) {
        MeishiIdentity *old = g_ptr_array_index(before, i);

        if (find_in(agent->identities, old->cert_id, old->key_id) != NULL)
            continue;
        any = TRUE;
        if (!g_hash_table_contains(agent->keys, &old->key_id))
            meishi_key_cache_remove(agent->cache, old->key_id);
        g_signal_emit(agent, signals[IDENTITY_REMOVED], 0, old);
    }
    return any;
}

static gboolean
tell_come_and_changed(MeishiAgent *agent, GPtrArray *now, GPtrArray *before)
{
    gboolean any = FALSE;

    for (guint i = 0; i < now->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(now, i);
        MeishiIdentity *old = find_in(before, identity->cert_id, identity->key_id);

        if (old != NULL && meishi_roster_is_same(old, identity)) {
            any |= i >= before->len || g_ptr_array_index(before, i) != old; /* another rank */
            continue;
        }
        any = TRUE;
        g_signal_emit(agent, signals[old != NULL ? IDENTITY_CHANGED : IDENTITY_ADDED], 0, identity);
    }
    return any;
}

static void set_clock(MeishiAgent *agent);

static gboolean
on_clock(gpointer user_data)
{
    MeishiAgent *agent = user_data;
    g_autoptr(GError) error = NULL;

    agent->clock_source = 0;
    if (!meishi_agent_reload(agent, &error)) {
        g_debug("cannot read the store: %s", error->message);
        set_clock(agent);
    }
    /* Rules look at the clock, too (Identity-Validity-Left, roles); nobody is told who sees the
     * same as before. */
    if (meishi_rulebook_set(agent->rulebook)->rules->len > 0)
        meishi_agent_announce_view(agent);
    return G_SOURCE_REMOVE;
}

static void
set_clock(MeishiAgent *agent)
{
    gint64 now = meishi_agent_now();
    gint64 next = MIN(meishi_roster_next_change(agent->identities, now),
                      meishi_choice_book_expire(agent->choice_book, now));

    g_clear_handle_id(&agent->clock_source, g_source_remove);
    if (next < G_MAXINT64)
        agent->clock_source =
            g_timeout_add_seconds((guint)CLAMP(next - now, 1, CLOCK_MAX_SECONDS), on_clock, agent);
}

static gboolean
read_rows(MeishiStore *store, MeishiRosterRows *rows, GError **error)
{
    rows->keys = meishi_store_list_keys(store, error);
    rows->certs = rows->keys != NULL ? meishi_store_list_certs(store, error) : NULL;
    rows->issuers = rows->certs != NULL ? meishi_store_list_issuers(store, error) : NULL;
    rows->lineages = rows->issuers != NULL ? meishi_store_list_lineages(store, error) : NULL;
    return rows->lineages != NULL;
}

static void
clear_rows(MeishiRosterRows *rows)
{
    g_clear_pointer(&rows->keys, g_ptr_array_unref);
    g_clear_pointer(&rows->certs, g_ptr_array_unref);
    g_clear_pointer(&rows->issuers, g_ptr_array_unref);
    g_clear_pointer(&rows->lineages, g_ptr_array_unref);
}

/* Takes the rows out of @keys. */
static GHashTable *
table_of_keys(GPtrArray *keys)
{
    GHashTable *table = new_key_table();

    g_ptr_array_set_free_func(keys, NULL);
    for (guint i = 0; i < keys->len; i++) {
        MeishiStoreKey *key = g_ptr_array_index(keys, i);

        g_hash_table_insert(table, &key->id, key);
    }
    g_ptr_array_set_size(keys, 0);
    return table;
}

gboolean
meishi_agent_reload(MeishiAgent *agent, GError **error)
{
    g_autoptr(GPtrArray) before = g_ptr_array_ref(agent->identities);
    g_autoptr(GPtrArray) now = NULL;
    G_GNUC_UNUSED g_autoptr(MeishiAgent) alive = g_object_ref(agent);
    MeishiRosterRows rows = {0};
    gboolean any;

    if (!read_rows(agent->store, &rows, error)) {
        clear_rows(&rows);
        return FALSE;
    }
    if (agent->shelf != NULL)
        meishi_token_shelf_add_rows(agent->shelf, &rows);
    now = meishi_roster_build(agent->roster, &rows, meishi_agent_now(), NULL);
    g_hash_table_unref(agent->keys);
    agent->keys = table_of_keys(rows.keys);
    clear_rows(&rows);
    g_ptr_array_unref(agent->identities);
    agent->identities = g_ptr_array_ref(now);
    meishi_agent_drop_world(agent); /* before anybody who is told looks into it */
    any = tell_gone(agent, before);
    any |= tell_come_and_changed(agent, now, before);
    if (any)
        meishi_agent_announce_view(agent);
    set_clock(agent);
    return TRUE;
}

static void
on_vault_changed(MeishiVault *vault, gpointer user_data)
{
    MeishiAgent *agent = user_data;

    if (meishi_vault_state(vault) != MEISHI_VAULT_UNLOCKED)
        meishi_key_cache_clear(agent->cache);
    meishi_agent_save_tokens(agent);
    g_signal_emit(agent, signals[VAULT_CHANGED], 0);
}

static void
on_policy_reloaded(MeishiRulebook *rulebook, gpointer user_data)
{
    MeishiAgent *agent = user_data;

    if (agent->shelf != NULL)
        meishi_token_keep_review_all(agent->shelf);
    meishi_agent_announce_view(agent);
    g_signal_emit(agent, signals[POLICY_RELOADED], 0);
}

MeishiAgent *
meishi_agent_new(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiAgent) agent = g_object_new(MEISHI_TYPE_AGENT, NULL);

    agent->store = store;
    agent->vault = meishi_vault_new(store);
    g_signal_connect(agent->vault, "vault-changed", G_CALLBACK(on_vault_changed), agent);
    agent->rulebook = meishi_rulebook_new();
    g_signal_connect(agent->rulebook, "reloaded", G_CALLBACK(on_policy_reloaded), agent);
    agent->choice_book = meishi_choice_book_new(store, error);
    if (agent->choice_book == NULL)
        return NULL;
    agent->token_book = meishi_token_book_new(store, error);
    if (agent->token_book == NULL)
        return NULL;
    meishi_hint_file_load(agent->hints, meishi_agent_now());
    return meishi_agent_reload(agent, error) ? g_steal_pointer(&agent) : NULL;
}

/* ---- looking ------------------------------------------------------------------------------ */

static gpointer
ref_identity(gconstpointer identity, gpointer unused)
{
    return meishi_identity_ref((MeishiIdentity *)identity);
}

GPtrArray *
meishi_agent_list(MeishiAgent *agent)
{
    return g_ptr_array_copy(agent->identities, ref_identity, NULL);
}

MeishiIdentity *
meishi_agent_find(MeishiAgent *agent, gint64 cert_id, gint64 key_id)
{
    MeishiIdentity *identity = find_in(agent->identities, cert_id, key_id);

    return identity != NULL ? meishi_identity_ref(identity) : NULL;
}

MeishiKeyCache *
meishi_agent_key_cache(MeishiAgent *agent)
{
    return agent->cache;
}

/* ---- changing ----------------------------------------------------------------------------- */

static gboolean
check_free_label(MeishiAgent *agent, const MeishiIdentity *identity, const char *label,
                 GError **error)
{
    for (guint i = 0; i < agent->identities->len; i++) {
        const MeishiIdentity *other = g_ptr_array_index(agent->identities, i);

        if (g_strcmp0(other->label, label) != 0 ||
            (other->cert_id == identity->cert_id && other->key_id == identity->key_id))
            continue;
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS,
                    "Another identity is called “%s” already.", label);
        return FALSE;
    }
    return TRUE;
}

gboolean
meishi_agent_check_in_vault(const MeishiIdentity *identity, GError **error)
{
    if (identity->is_in_vault)
        return TRUE;
    g_set_error(
        error, MEISHI_ERROR, MEISHI_ERROR_NOT_PERMITTED,
        "“%s” lies on the token “%s” and not in the vault; the token's own tools change it.",
        identity->label, identity->place->label);
    return FALSE;
}

gboolean
meishi_agent_rename(MeishiAgent *agent, MeishiIdentity *identity, const char *label, GError **error)
{
    gboolean renamed;

    if (!meishi_agent_check_in_vault(identity, error) || !meishi_label_check(label, error) ||
        !check_free_label(agent, identity, label, error))
        return FALSE;
    if (identity->cert_id != 0)
        renamed = meishi_store_rename_cert(agent->store, identity->cert_id, label, error);
    else
        renamed = meishi_store_rename_key(agent->store, identity->key_id, label, error);
    return renamed && meishi_agent_reload(agent, error);
}

gboolean
meishi_agent_set_allow_raw(MeishiAgent *agent, MeishiIdentity *identity, gboolean allow,
                           GError **error)
{
    if (!meishi_agent_check_in_vault(identity, error))
        return FALSE;
    if (identity->key->type != MEISHI_KEY_RSA) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "Raw RSA needs an RSA key; the key of “%s” is %s.", identity->label,
                    identity->key->text);
        return FALSE;
    }
    return meishi_store_set_allow_raw(agent->store, identity->key_id, allow, error) &&
           meishi_agent_reload(agent, error);
}

static gboolean
has_lineage(MeishiAgent *agent, const char *lineage)
{
    for (guint i = 0; i < agent->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(agent->identities, i);

        if (strcmp(identity->lineage, lineage) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Best effort: choices of nobody do no more harm than a question. */
void
meishi_agent_forget_extinct(MeishiAgent *agent, const char *lineage)
{
    const MeishiChoiceFilter filter = {.lineage = lineage};
    g_autoptr(GError) error = NULL;
    guint n;

    if (!has_lineage(agent, lineage) && !meishi_agent_forget(agent, &filter, &n, &error))
        g_debug("cannot forget what was chosen of a removed identity: %s", error->message);
}

gboolean
meishi_agent_remove(MeishiAgent *agent, MeishiIdentity *identity, GError **error)
{
    g_autofree char *lineage = g_strdup(identity->lineage);
    gboolean removed;

    if (!meishi_agent_check_in_vault(identity, error))
        return FALSE;
    if (identity->cert_id != 0)
        removed = meishi_store_remove_cert(agent->store, identity->cert_id, error);
    else
        removed = meishi_store_remove_key(agent->store, identity->key_id, error);
    if (!removed || !meishi_agent_reload(agent, error))
        return FALSE;
    meishi_agent_forget_extinct(agent, lineage);
    return TRUE;
}

/* ---- keys --------------------------------------------------------------------------------- */

const MeishiStoreKey *
meishi_agent_key_row(MeishiAgent *agent, gint64 key_id, GError **error)
{
    const MeishiStoreKey *row = g_hash_table_lookup(agent->keys, &key_id);

    if (row == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "There is no such private key; it may have been removed.");
    return row;
}

MeishiSecret *
meishi_agent_vault_key(MeishiAgent *agent, GError **error)
{
    MeishiSecret *key = meishi_vault_key(agent->vault);

    if (key == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                    "The vault is locked; run `meishi unlock`.");
    return key;
}

MeishiSecret *
meishi_agent_unseal(MeishiAgent *agent, MeishiSecret *vault_key, const MeishiStoreKey *row,
                    GError **error)
{
    g_autoptr(GBytes) vault_id = meishi_store_vault_id(agent->store);
    g_autoptr(GError) local = NULL;
    MeishiSecret *pkcs8 =
        meishi_slot_unseal_key(vault_key, vault_id, row->spki, row->sealed, &local);

    if (pkcs8 == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                    "The private key “%s” cannot be opened: its record in the vault is damaged. "
                    "Remove it and import it again.",
                    row->label);
    return pkcs8;
}
