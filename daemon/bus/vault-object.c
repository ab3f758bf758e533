/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Vault interface: state, key slots, check, backup.  Reads arguments, calls the agent, answers.
 * Passphrases arrive by descriptor and are handed on as MeishiSecret.
 */
#include "daemon/bus/root-objects.h"

#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/options.h"
#include "daemon/bus/receive.h"
#include "daemon/bus/report.h"

#include <gio/gunixoutputstream.h>

static const MeishiOption slot_options[] = {
    {"secret", "h"}, {"path", "s"}, {"proof", "h"}, {NULL, NULL}};
static const MeishiOption backup_options[] = {{"proof", "h"}, {NULL, NULL}};
static const MeishiOption unlock_options[] = {{"secret", "h"}, {NULL, NULL}};

/* ---- arguments ------------------------------------------------------------------------------- */

static gboolean
expect_option(MeishiCall *call, GVariant *options, const char *name, GError **error)
{
    gint handle;

    if (!g_variant_lookup(options, name, "h", &handle))
        return TRUE;
    return meishi_call_expect(call, name, handle, MEISHI_RECEIVE_MAX_SECRET, error);
}

static gboolean
check_path(GVariant *options, GError **error)
{
    const char *path;

    if (!g_variant_lookup(options, "path", "&s", &path) || g_path_is_absolute(path))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The path of a key file has to be absolute, and “%s” is not", path);
    return FALSE;
}

static void
free_slot(MeishiSlotRequest *slot)
{
    g_free((char *)slot->path);
    g_free(slot);
}

/* Reads the request for a new slot; it lives as long as @call. */
static gboolean
take_slot(MeishiCall *call, const char *kind, GVariant *options, GError **error)
{
    MeishiSlotRequest *slot = g_new0(MeishiSlotRequest, 1);

    meishi_call_set_data(call, slot, (GDestroyNotify)free_slot);
    if (!meishi_report_parse_slot_kind(kind, &slot->kind)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "There is no key slot of kind “%s”; there are secret-service, passphrase and "
                    "key-file",
                    kind);
        return FALSE;
    }
    g_variant_lookup(options, "path", "s", &slot->path);
    return meishi_options_check(options, slot_options, error) && check_path(options, error) &&
           expect_option(call, options, "secret", error) &&
           expect_option(call, options, "proof", error);
}

static const MeishiSlotRequest *
received_slot(MeishiCall *call)
{
    MeishiSlotRequest *slot = meishi_call_data(call);

    slot->secret = meishi_call_secret(call, "secret");
    return slot;
}

static void
on_vault_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = meishi_agent_vault_finish(MEISHI_AGENT(source), result, &error);

    meishi_call_end(user_data, ok, error);
}

/* ---- Init, AddSlot, RemoveSlot ----------------------------------------------------------------
 */

/* Init and Restore answer alike: the kind that was made, and what a person should know of it. */
static void
on_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiAgent *agent = MEISHI_AGENT(source);
    MeishiCall *call = user_data;
    const MeishiSlotRequest *request = meishi_call_data(call);
    g_autoptr(GPtrArray) slots = NULL;
    g_autofree char *message = NULL;
    GError *error = NULL;
    const char *kind = "";

    if (!meishi_agent_vault_finish(agent, result, &error)) {
        meishi_call_fail(call, error);
        return;
    }
    slots = meishi_agent_vault_slots(agent);
    if (slots->len > 0)
        kind = meishi_report_slot_kind(((MeishiStoreSlot *)slots->pdata[0])->kind);
    message = meishi_agent_vault_describe(agent, request->kind != 0);
    meishi_call_return(call, g_variant_new("(ss)", kind, message));
}

static void
init_received(MeishiCall *call)
{
    meishi_agent_vault_init_async(meishi_call_agent(call), received_slot(call),
                                  meishi_call_cancellable(call), on_made, call);
}

static gboolean
on_init(MeishiBusVault *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
        const char *kind, GVariant *options, gpointer user_data)
{
    MeishiCall *call = meishi_call_new(MEISHI_AGENT(user_data), invocation, fds);
    GError *error = NULL;

    if (take_slot(call, kind, options, &error))
        meishi_call_receive(call, init_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

static void
add_slot_received(MeishiCall *call)
{
    meishi_agent_vault_add_slot_async(meishi_call_agent(call), received_slot(call),
                                      meishi_call_secret(call, "proof"),
                                      meishi_call_cancellable(call), on_vault_done, call);
}

static gboolean
on_add_slot(MeishiBusVault *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
            const char *kind, GVariant *options, gpointer user_data)
{
    MeishiCall *call = meishi_call_new(MEISHI_AGENT(user_data), invocation, fds);
    GError *error = NULL;

    if (take_slot(call, kind, options, &error))
        meishi_call_receive(call, add_slot_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

static gboolean
on_remove_slot(MeishiBusVault *skeleton, GDBusMethodInvocation *invocation, gint64 id,
               gpointer user_data)
{
    MeishiCall *call = meishi_call_new(MEISHI_AGENT(user_data), invocation, NULL);

    meishi_agent_vault_remove_slot_async(meishi_call_agent(call), id, meishi_call_cancellable(call),
                                         on_vault_done, call);
    return TRUE;
}

/* ---- Unlock, Lock -----------------------------------------------------------------------------
 */

static void
unlock_received(MeishiCall *call)
{
    meishi_agent_vault_unlock_async(meishi_call_agent(call), meishi_call_secret(call, "secret"),
                                    meishi_call_cancellable(call), on_vault_done, call);
}

static gboolean
on_unlock(MeishiBusVault *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
          GVariant *options, gpointer user_data)
{
    MeishiCall *call = meishi_call_new(MEISHI_AGENT(user_data), invocation, fds);
    GError *error = NULL;

    if (meishi_options_check(options, unlock_options, &error) &&
        expect_option(call, options, "secret", &error))
        meishi_call_receive(call, unlock_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

static gboolean
on_lock(MeishiBusVault *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    meishi_agent_vault_lock(MEISHI_AGENT(user_data));
    meishi_bus_vault_complete_lock(skeleton, invocation);
    return TRUE;
}

/* ---- Check, Backup, Restore -------------------------------------------------------------------
 */

static void
on_checked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiCall *call = user_data;
    GError *error = NULL;
    guint n_records = 0;
    g_autoptr(GPtrArray) findings =
        meishi_agent_vault_check_finish(MEISHI_AGENT(source), result, &n_records, &error);

    if (findings != NULL)
        meishi_call_return(call,
                           g_variant_new("(u@as)", n_records,
                                         g_variant_new_strv((const char *const *)findings->pdata,
                                                            (gssize)findings->len)));
    else
        meishi_call_fail(call, error);
}

static gboolean
on_check(MeishiBusVault *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    MeishiCall *call = meishi_call_new(MEISHI_AGENT(user_data), invocation, NULL);

    meishi_agent_vault_check_async(meishi_call_agent(call), meishi_call_cancellable(call),
                                   on_checked, call);
    return TRUE;
}

static void
on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, &error);

    g_prefix_error(&error, "Cannot write the backup: ");
    meishi_call_end(user_data, ok, error);
}

static void
on_backed_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiCall *call = user_data;
    GError *error = NULL;
    GBytes *bytes = meishi_agent_vault_backup_finish(MEISHI_AGENT(source), result, &error);
    g_autoptr(GOutputStream) out = NULL;
    gint handle;
    int fd;

    g_variant_get_child(meishi_call_parameters(call), 0, "h", &handle);
    fd = bytes != NULL ? meishi_call_dup_fd(call, handle, &error) : -1;
    if (bytes != NULL)
        meishi_call_set_data(call, bytes, (GDestroyNotify)g_bytes_unref);
    if (fd < 0) {
        meishi_call_fail(call, error);
        return;
    }
    out = g_unix_output_stream_new(fd, TRUE);
    g_output_stream_write_all_async(out, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                                    G_PRIORITY_DEFAULT, meishi_call_cancellable(call), on_written,
                                    call);
}

static void
backup_received(MeishiCall *call)
{
    meishi_agent_vault_backup_async(meishi_call_agent(call), meishi_call_secret(call, "passphrase"),
                                    meishi_call_secret(call, "proof"),
                                    meishi_call_cancellable(call), on_backed_up, call);
}

/* Connected swapped: the arguments that it leaves out are in the invocation. */
static gboolean
on_backup(MeishiAgent *agent, GDBusMethodInvocation *invocation, GUnixFDList *fds)
{
    MeishiCall *call = meishi_call_new(agent, invocation, fds);
    g_autoptr(GVariant) options = NULL;
    gint passphrase;
    GError *error = NULL;

    g_variant_get_child(meishi_call_parameters(call), 1, "h", &passphrase);
    options = g_variant_get_child_value(meishi_call_parameters(call), 2);
    if (meishi_call_expect(call, "passphrase", passphrase, MEISHI_RECEIVE_MAX_SECRET, &error) &&
        meishi_options_check(options, backup_options, &error) &&
        expect_option(call, options, "proof", &error))
        meishi_call_receive(call, backup_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

static void
restore_received(MeishiCall *call)
{
    g_autoptr(GBytes) backup = meishi_call_bytes(call, "backup");

    meishi_agent_vault_restore_async(meishi_call_agent(call), backup,
                                     meishi_call_secret(call, "passphrase"), received_slot(call),
                                     meishi_call_cancellable(call), on_made, call);
}

static gboolean
expect_backup(MeishiCall *call, GError **error)
{
    gint in, passphrase;

    g_variant_get_child(meishi_call_parameters(call), 0, "h", &in);
    g_variant_get_child(meishi_call_parameters(call), 1, "h", &passphrase);
    return meishi_call_expect(call, "backup", in, MEISHI_RECEIVE_MAX_BACKUP, error) &&
           meishi_call_expect(call, "passphrase", passphrase, MEISHI_RECEIVE_MAX_SECRET, error);
}

/* As on_backup(). */
static gboolean
on_restore(MeishiAgent *agent, GDBusMethodInvocation *invocation, GUnixFDList *fds)
{
    MeishiCall *call = meishi_call_new(agent, invocation, fds);
    g_autoptr(GVariant) options = NULL;
    const char *kind;
    GError *error = NULL;

    g_variant_get_child(meishi_call_parameters(call), 2, "&s", &kind);
    options = g_variant_get_child_value(meishi_call_parameters(call), 3);
    if (expect_backup(call, &error) && take_slot(call, kind, options, &error))
        meishi_call_receive(call, restore_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

/* ---- the object -------------------------------------------------------------------------------
 */

static void
update(MeishiAgent *agent, MeishiBusVault *skeleton)
{
    static const char *const states[] = {[MEISHI_VAULT_ABSENT] = "absent",
                                         [MEISHI_VAULT_LOCKED] = "locked",
                                         [MEISHI_VAULT_UNLOCKED] = "unlocked"};
    g_autoptr(GPtrArray) slots = meishi_agent_vault_slots(agent);

    meishi_bus_vault_set_state(skeleton, states[meishi_agent_vault_state(agent)]);
    meishi_bus_vault_set_stays_locked(skeleton, meishi_agent_vault_stays_locked(agent));
    meishi_bus_vault_set_slots(skeleton, meishi_report_slots(slots));
}

static void
connect_handlers(MeishiBusVault *skeleton, MeishiAgent *agent)
{
    const struct {
        const char *signal;
        GCallback handler;
    } handlers[] = {
        {"handle-init", G_CALLBACK(on_init)},
        {"handle-unlock", G_CALLBACK(on_unlock)},
        {"handle-lock", G_CALLBACK(on_lock)},
        {"handle-add-slot", G_CALLBACK(on_add_slot)},
        {"handle-remove-slot", G_CALLBACK(on_remove_slot)},
        {"handle-check", G_CALLBACK(on_check)},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++)
        g_signal_connect(skeleton, handlers[i].signal, handlers[i].handler, agent);
    g_signal_connect_swapped(skeleton, "handle-backup", G_CALLBACK(on_backup), agent);
    g_signal_connect_swapped(skeleton, "handle-restore", G_CALLBACK(on_restore), agent);
}

GDBusInterfaceSkeleton *
meishi_vault_object_new(const MeishiDoorContext *context)
{
    MeishiBusVault *skeleton = meishi_bus_vault_skeleton_new();

    update(context->agent, skeleton);
    connect_handlers(skeleton, context->agent);
    g_signal_connect_object(context->agent, "vault-changed", G_CALLBACK(update), skeleton, 0);
    return G_DBUS_INTERFACE_SKELETON(skeleton);
}
