/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: import.  Read the files (worker thread), plan, see that the vault is open, plan once
 * more against what is in it by then, seal, and store everything as one transaction.  Between the
 * second plan and the transaction nothing else runs, so what is stored is what was planned.
 */
#include "daemon/agent/import-private.h"

#include "daemon/agent/import-item.h"
#include "daemon/agent/import-lineage.h"
#include "daemon/agent/label.h"
#include "daemon/agent/slot.h"
#include "daemon/base/error.h"

static void
import_free(MeishiImport *import)
{
    g_ptr_array_unref(import->files);
    g_ptr_array_unref(import->passwords);
    g_clear_pointer(&import->bundles, g_ptr_array_unref);
    g_free(import->label);
    g_free(import->vault_created);
    g_free(import->vault_message);
    g_free(import->token);
    meishi_token_writer_free(import->writer);
    g_clear_pointer(&import->objects, g_ptr_array_unref);
    meishi_import_plan_free(import->plan);
    meishi_token_pieces_free(import->pieces);
    g_free(import);
}

void
meishi_import_file_free(MeishiImportFile *file)
{
    if (file == NULL)
        return;
    g_free(file->name);
    g_clear_pointer(&file->data, g_bytes_unref);
    g_free(file);
}

void
meishi_import_report_free(MeishiImportReport *report)
{
    if (report == NULL)
        return;
    g_clear_pointer(&report->items, g_ptr_array_unref);
    g_clear_pointer(&report->warnings, g_ptr_array_unref);
    g_clear_pointer(&report->notes, g_ptr_array_unref);
    g_free(report->vault_created);
    g_free(report->vault_message);
    g_free(report->token);
    g_free(report);
}

void
meishi_import_return(GTask *task, MeishiImportPlan *plan)
{
    MeishiImport *import = g_task_get_task_data(task);
    MeishiImportReport *report = g_new0(MeishiImportReport, 1);

    report->dry_run = import->dry_run;
    report->items = g_ptr_array_ref(plan->items);
    report->warnings = g_ptr_array_ref(plan->warnings);
    report->notes = g_ptr_array_ref(plan->notes);
    report->n_file_notes = plan->n_file_notes;
    report->vault_created = g_steal_pointer(&import->vault_created);
    report->vault_message = g_steal_pointer(&import->vault_message);
    report->token = g_strdup(import->token);
    g_task_return_pointer(task, report, (GDestroyNotify)meishi_import_report_free);
}

MeishiImportPlan *
meishi_import_make_plan(GTask *task, GPtrArray *identities, GPtrArray *issuers, GError **error)
{
    MeishiAgent *agent = g_task_get_source_object(task);
    const MeishiImport *import = g_task_get_task_data(task);
    g_autofree MeishiImportSource *sources = g_new0(MeishiImportSource, import->files->len);
    const MeishiImportInput input = {
        .sources = sources,
        .n_sources = import->files->len,
        .identities = identities,
        .issuers = issuers,
        .label = import->label,
        .now = meishi_agent_now(),
        .verify = meishi_roster_verify,
        .verify_data = agent->roster,
    };
    MeishiImportPlan *plan;

    for (guint i = 0; i < import->files->len; i++) {
        const MeishiImportFile *file = g_ptr_array_index(import->files, i);

        sources[i].name = file->name;
        sources[i].bundle = g_ptr_array_index(import->bundles, i);
    }
    plan = meishi_import_plan_new(&input, error);
    if (plan != NULL && import->writer == NULL)
        meishi_import_lineage_plan(&input, meishi_rulebook_set(agent->rulebook), plan);
    return plan;
}

/* An identity that only a token has is no reason not to keep it here as well. */
static GPtrArray *
list_in_vault(const MeishiAgent *agent)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < agent->identities->len; i++) {
        MeishiIdentity *identity = agent->identities->pdata[i];

        if (identity->key_id < MEISHI_FIRST_TOKEN_ROW)
            g_ptr_array_add(list, identity);
    }
    return list;
}

static MeishiImportPlan *
make_plan(GTask *task, GError **error)
{
    const MeishiAgent *agent = g_task_get_source_object(task);
    g_autoptr(GPtrArray) identities = list_in_vault(agent);

    return meishi_import_make_plan(task, identities, meishi_roster_issuers(agent->roster), error);
}

/* ---- storing ------------------------------------------------------------------------------ */

static GPtrArray *
seal_keys(MeishiAgent *agent, MeishiSecret *vault_key, GPtrArray *keys)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_key_free);
    g_autoptr(GBytes) vault_id = meishi_store_vault_id(agent->store);

    for (guint i = 0; i < keys->len; i++) {
        const MeishiImportKey *key = g_ptr_array_index(keys, i);
        MeishiStoreKey *row = g_new0(MeishiStoreKey, 1);

        row->spki = g_bytes_ref(key->spki);
        row->sealed = meishi_slot_seal_key(vault_key, vault_id, key->spki, key->pkcs8);
        row->label = g_strdup(key->label);
        row->created = meishi_agent_now();
        g_ptr_array_add(rows, row);
    }
    return rows;
}

static gboolean
store_plan(MeishiAgent *agent, MeishiImportPlan *plan, GError **error)
{
    MeishiSecret *vault_key = meishi_agent_vault_key(agent, error);
    g_autoptr(GPtrArray) keys = NULL;

    if (vault_key == NULL)
        return FALSE;
    keys = seal_keys(agent, vault_key, plan->keys);
    return meishi_store_import(agent->store, keys, plan->certs, plan->issuers, error) &&
           meishi_agent_reload(agent, error);
}

static void
store_and_return(GTask *task)
{
    GError *error = NULL;
    g_autoptr(MeishiImportPlan) plan = NULL;

    if (g_task_return_error_if_cancelled(task))
        return;
    plan = make_plan(task, &error);
    if (plan == NULL || (meishi_import_plan_stores(plan) &&
                         !store_plan(g_task_get_source_object(task), plan, &error)))
        g_task_return_error(task, error);
    else
        meishi_import_return(task, plan);
}

/* ---- the vault ---------------------------------------------------------------------------- */

static void open_vault(GTask *task);

static void
on_vault_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    MeishiImport *import = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(MeishiStoreSlot) slot = meishi_vault_init_finish(result, &error);

    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS)) {
        g_error_free(error); /* another import was faster */
        open_vault(task);
        return;
    }
    if (slot == NULL) {
        g_task_return_error(task, error);
        return;
    }
    import->vault_created = g_strdup(meishi_slot_kind_name(slot->kind));
    import->vault_message = meishi_agent_vault_describe(agent, FALSE);
    store_and_return(task);
}

static void
on_vault_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (meishi_vault_finish(result, &error))
        store_and_return(task);
    else
        g_task_return_error(task, error);
}

static void
open_vault(GTask *task)
{
    const MeishiSlotRequest best_at_hand = {0};
    MeishiAgent *agent = g_task_get_source_object(task);

    if (meishi_vault_state(agent->vault) == MEISHI_VAULT_ABSENT)
        meishi_vault_init_async(agent->vault, &best_at_hand, FALSE, g_task_get_cancellable(task),
                                on_vault_made, g_object_ref(task));
    else
        meishi_vault_unlock_async(agent->vault, NULL, MEISHI_VAULT_SILENTLY,
                                  g_task_get_cancellable(task), on_vault_opened,
                                  g_object_ref(task));
}

/* ---- reading ------------------------------------------------------------------------------ */

static GPtrArray *
read_all(const MeishiImport *import, GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) bundles =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_bundle_free);

    for (guint i = 0; i < import->files->len; i++) {
        const MeishiImportFile *file = g_ptr_array_index(import->files, i);
        MeishiBundle *bundle = NULL;

        if (!g_cancellable_set_error_if_cancelled(cancellable, error))
            bundle = meishi_bundle_read(file->data, file->name, import->passwords, error);
        if (bundle == NULL)
            return NULL;
        g_ptr_array_add(bundles, bundle);
    }
    return g_steal_pointer(&bundles);
}

static void
run_read(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    GError *error = NULL;
    GPtrArray *bundles = read_all(task_data, cancellable, &error);

    if (bundles != NULL)
        g_task_return_pointer(task, bundles, (GDestroyNotify)g_ptr_array_unref);
    else
        g_task_return_error(task, error);
}

static void
on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiImport *import = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(MeishiImportPlan) plan = NULL;

    import->bundles = g_task_propagate_pointer(G_TASK(result), &error);
    if (import->bundles != NULL && import->writer != NULL) {
        meishi_import_token_go_on(task);
        return;
    }
    if (import->bundles != NULL)
        plan = make_plan(task, &error);
    if (plan == NULL)
        g_task_return_error(task, error);
    else if (import->dry_run || !meishi_import_plan_stores(plan))
        meishi_import_return(task, plan);
    else
        open_vault(task);
}

static gboolean
check_request(GPtrArray *files, const char *label, GError **error)
{
    if (files->len == 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "There is nothing to import; name at least one file.");
        return FALSE;
    }
    return label == NULL || meishi_label_check(label, error);
}

void
meishi_agent_import_async(MeishiAgent *agent, GPtrArray *files, GPtrArray *passwords,
                          const MeishiImportOptions *options, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);
    MeishiImport *import = g_new0(MeishiImport, 1);
    GError *error = NULL;

    import->files = g_ptr_array_ref(files);
    import->passwords = g_ptr_array_ref(passwords);
    import->dry_run = options->dry_run;
    import->label = g_strdup(options->label);
    g_task_set_task_data(task, import, (GDestroyNotify)import_free);
    if (!check_request(files, import->label, &error) ||
        (options->token != NULL && !meishi_import_token_begin(agent, import, options, &error))) {
        g_task_return_error(task, error);
        return;
    }
    meishi_agent_work(task, run_read, on_read);
}

MeishiImportReport *
meishi_agent_import_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
