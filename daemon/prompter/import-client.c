/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls by name, not by proxies: each is a step, and a proxy would only ask for what is not needed.
 * Files and secrets go as descriptors.  There is no time limit: a keyring may wait for the person,
 * and closing the window is the way to give up.
 */
#include "daemon/prompter/import-client.h"

#include "daemon/asking/secret-fd.h"
#include "daemon/bus/error.h"
#include "daemon/prompter/import-file.h"

#define DAEMON  "org.meishi.Agent1"
#define ROOT    "/org/meishi/Agent1"
#define MANAGER "org.meishi.Agent1.Manager"
#define VAULT   "org.meishi.Agent1.Vault"
#define BUS     "org.freedesktop.DBus"
#define SECRETS "org.freedesktop.secrets"

typedef void (*Answered)(MeishiImportClient *client, GVariant *reply, const GError *error);

/* One call on its way. */
typedef struct {
    const char *interface, *method;
    GVariant *parameters; /* NULL where they could not be made: @error says why */
    GUnixFDList *fds;
    GError *error;
    Answered answered;
} Call;

struct MeishiImportClient {
    GDBusConnection *connection; /* NULL before the first call, and after it was lost */
    GCancellable *cancellable;
    Call call;
    guint failure_id;
    MeishiImportDoor door; /* being looked at */
    union {
        MeishiImportReported reported;
        MeishiImportDoorFound found;
        MeishiImportDone done;
    } then;
    gpointer data;
};

/* ---- calling --------------------------------------------------------------------------------- */

static void
clear_call(Call *call)
{
    g_clear_pointer(&call->parameters, g_variant_unref);
    g_clear_object(&call->fds);
    g_clear_error(&call->error);
}

MeishiImportClient *
meishi_import_client_new(void)
{
    MeishiImportClient *client = g_new0(MeishiImportClient, 1);

    meishi_bus_error_register();
    client->cancellable = g_cancellable_new();
    return client;
}

void
meishi_import_client_free(MeishiImportClient *client)
{
    if (client == NULL)
        return;
    g_cancellable_cancel(client->cancellable);
    g_clear_handle_id(&client->failure_id, g_source_remove);
    if (client->connection != NULL)
        g_dbus_connection_close(client->connection, NULL, NULL, NULL);
    g_clear_object(&client->connection);
    g_object_unref(client->cancellable);
    clear_call(&client->call);
    g_free(client);
}

/* After the client is gone there is only its cancelled answer. */
static gboolean
is_over(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
finish(MeishiImportClient *client, GVariant *reply, GError *error)
{
    Answered answered = client->call.answered;

    if (error != NULL)
        g_dbus_error_strip_remote_error(error);
    clear_call(&client->call);
    answered(client, reply, error); /* may begin the next call, or free @client */
}

static void
on_reply(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(source), NULL, result, &error);

    if (!is_over(error))
        finish(data, reply, error);
}

static void
send_call(MeishiImportClient *client)
{
    const Call *call = &client->call;
    gboolean is_bus = g_str_equal(call->interface, BUS);

    g_dbus_connection_call_with_unix_fd_list(
        client->connection, is_bus ? BUS : DAEMON, is_bus ? "/org/freedesktop/DBus" : ROOT,
        call->interface, call->method, call->parameters, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
        call->fds, client->cancellable, on_reply, client);
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);
    MeishiImportClient *client = data;

    if (is_over(error))
        return;
    if (connection == NULL) {
        finish(client, NULL, error);
        return;
    }
    client->connection = connection;
    send_call(client);
}

static void
connect_bus(MeishiImportClient *client, const char *address)
{
    g_dbus_connection_new_for_address(address,
                                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                      NULL, client->cancellable, on_connected, client);
}

static gboolean
deliver_failure(gpointer data)
{
    MeishiImportClient *client = data;
    g_autoptr(GError) error = g_steal_pointer(&client->call.error);

    client->failure_id = 0;
    finish(client, NULL, error);
    return G_SOURCE_REMOVE;
}

/* What is known before anything is sent comes as late as every other answer. */
static void
fail(MeishiImportClient *client, GError *error)
{
    client->call.error = error;
    client->failure_id = g_idle_add(deliver_failure, client);
}

/* Takes over what @call holds. */
static void
start_call(MeishiImportClient *client, const Call *call)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *address = NULL;

    client->call = *call;
    if (call->parameters != NULL)
        g_variant_ref_sink(call->parameters);
    if (client->connection != NULL && g_dbus_connection_is_closed(client->connection))
        g_clear_object(&client->connection);
    if (call->error != NULL) {
        fail(client, call->error);
    } else if (client->connection != NULL) {
        send_call(client);
    } else {
        address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, NULL, &error);
        if (address != NULL)
            connect_bus(client, address);
        else
            fail(client, g_steal_pointer(&error));
    }
}

/* ---- Import ---------------------------------------------------------------------------------- */

static void
on_imported(MeishiImportClient *client, GVariant *reply, const GError *error)
{
    g_autoptr(GVariant) report = NULL;

    if (reply != NULL)
        g_variant_get(reply, "(@a{sv})", &report);
    client->then.reported(report, error, client->data);
}

static gboolean
add_files(GVariantBuilder *builder, GPtrArray *files, GUnixFDList *fds, GError **error)
{
    for (guint i = 0; i < files->len; i++) {
        const MeishiImportFile *file = g_ptr_array_index(files, i);
        gint handle = g_unix_fd_list_append(fds, file->fd, error);

        if (handle < 0)
            return FALSE;
        g_variant_builder_add(builder, "(sh)", file->name, handle);
    }
    return TRUE;
}

static gboolean
add_passwords(GVariantBuilder *builder, GPtrArray *passwords, GUnixFDList *fds, GError **error)
{
    for (guint i = 0; i < passwords->len; i++) {
        gint handle = meishi_secret_fd_append(g_ptr_array_index(passwords, i), fds, error);

        if (handle < 0)
            return FALSE;
        g_variant_builder_add(builder, "h", handle);
    }
    return TRUE;
}

static GVariant *
order_options(const MeishiImportOrder *order)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

    if (order->is_dry_run)
        g_variant_dict_insert(&dict, "dry-run", "b", TRUE);
    if (order->label != NULL)
        g_variant_dict_insert(&dict, "label", "s", order->label);
    return g_variant_dict_end(&dict);
}

void
meishi_import_client_import(MeishiImportClient *client, const MeishiImportOrder *order,
                            MeishiImportReported reported, gpointer data)
{
    g_auto(GVariantBuilder) files = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sh)"));
    g_auto(GVariantBuilder) passwords = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("ah"));
    Call call = {.interface = MANAGER, .method = "Import", .answered = on_imported};

    client->then.reported = reported;
    client->data = data;
    call.fds = g_unix_fd_list_new();
    if (add_files(&files, order->files, call.fds, &call.error) &&
        add_passwords(&passwords, order->passwords, call.fds, &call.error))
        call.parameters =
            g_variant_new("(a(sh)ah@a{sv})", &files, &passwords, order_options(order));
    start_call(client, &call);
}

/* ---- the vault's door ------------------------------------------------------------------------ */

static void
look_at_slots(MeishiImportDoor *door, GVariant *properties)
{
    g_autoptr(GVariant) slots =
        g_variant_lookup_value(properties, "Slots", G_VARIANT_TYPE("aa{sv}"));

    for (gsize i = 0; slots != NULL && i < g_variant_n_children(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);
        const char *kind = "";

        g_variant_lookup(slot, "kind", "&s", &kind);
        if (g_str_equal(kind, "passphrase"))
            door->has_passphrase = TRUE;
        else
            door->has_other = TRUE;
    }
}

static void
ask_bus(MeishiImportClient *client, const char *method, GVariant *parameters, Answered answered)
{
    const Call call = {
        .interface = BUS, .method = method, .parameters = parameters, .answered = answered};

    start_call(client, &call);
}

static void
report_door(MeishiImportClient *client, gboolean has_keyring)
{
    client->door.state =
        has_keyring ? MEISHI_IMPORT_VAULT_NEW_KEYRING : MEISHI_IMPORT_VAULT_NEW_PASSPHRASE;
    client->then.found(&client->door, NULL, client->data);
}

static void
on_names(MeishiImportClient *client, GVariant *reply, const GError *error)
{
    g_autofree const char **names = NULL;

    if (reply != NULL)
        g_variant_get(reply, "(^a&s)", &names);
    report_door(client, names != NULL && g_strv_contains(names, SECRETS));
}

/* A keyring may run without being activatable. */
static void
on_running(MeishiImportClient *client, GVariant *reply, const GError *error)
{
    gboolean is_running = FALSE;

    if (reply != NULL)
        g_variant_get(reply, "(b)", &is_running);
    if (is_running)
        report_door(client, TRUE);
    else
        ask_bus(client, "ListActivatableNames", g_variant_new("()"), on_names);
}

static void
on_properties(MeishiImportClient *client, GVariant *reply, const GError *error)
{
    MeishiImportDoor *door = &client->door;
    g_autoptr(GVariant) properties = NULL;
    const char *state = "";

    if (reply == NULL) {
        client->then.found(NULL, error, client->data);
        return;
    }
    g_variant_get(reply, "(@a{sv})", &properties);
    g_variant_lookup(properties, "State", "&s", &state);
    look_at_slots(door, properties);
    door->is_locked = g_str_equal(state, "locked");
    door->state =
        door->is_locked && !door->has_other ? MEISHI_IMPORT_VAULT_LOCKED : MEISHI_IMPORT_VAULT_OPEN;
    if (g_str_equal(state, "absent"))
        ask_bus(client, "NameHasOwner", g_variant_new("(s)", SECRETS), on_running);
    else
        client->then.found(door, NULL, client->data);
}

void
meishi_import_client_find_door(MeishiImportClient *client, MeishiImportDoorFound found,
                               gpointer data)
{
    Call call = {.interface = "org.freedesktop.DBus.Properties",
                 .method = "GetAll",
                 .answered = on_properties};

    client->then.found = found;
    client->data = data;
    client->door = (MeishiImportDoor){0};
    call.parameters = g_variant_new("(s)", VAULT);
    start_call(client, &call);
}

/* ---- opening and making it ------------------------------------------------------------------- */

static void
on_done(MeishiImportClient *client, GVariant *reply, const GError *error)
{
    client->then.done(error, client->data);
}

/* {"secret": descriptor}, or {}; NULL with @call->error. */
static GVariant *
secret_options(MeishiSecret *passphrase, Call *call)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    gint handle;

    call->fds = g_unix_fd_list_new();
    if (passphrase != NULL) {
        handle = meishi_secret_fd_append(passphrase, call->fds, &call->error);
        if (handle < 0)
            return NULL;
        g_variant_dict_insert(&dict, "secret", "h", handle);
    }
    return g_variant_dict_end(&dict);
}

void
meishi_import_client_unlock(MeishiImportClient *client, MeishiSecret *passphrase,
                            MeishiImportDone done, gpointer data)
{
    Call call = {.interface = VAULT, .method = "Unlock", .answered = on_done};
    GVariant *options = secret_options(passphrase, &call);

    client->then.done = done;
    client->data = data;
    if (options != NULL)
        call.parameters = g_variant_new("(@a{sv})", options);
    start_call(client, &call);
}

void
meishi_import_client_make_vault(MeishiImportClient *client, MeishiSecret *passphrase,
                                MeishiImportDone done, gpointer data)
{
    Call call = {.interface = VAULT, .method = "Init", .answered = on_done};
    GVariant *options = secret_options(passphrase, &call);

    client->then.done = done;
    client->data = data;
    if (options != NULL)
        call.parameters = g_variant_new(
            "(s@a{sv})", passphrase != NULL ? "passphrase" : "secret-service", options);
    start_call(client, &call);
}
