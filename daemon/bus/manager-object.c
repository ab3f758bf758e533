/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Manager interface: import, modules, statistics, quit.  Reads arguments, calls the agent,
 * answers; how files are read and keys stored is not known here.
 */
#include "config.h"

#include "daemon/bus/root-objects.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/base/program.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/options.h"
#include "daemon/bus/receive.h"
#include "daemon/bus/report.h"
#include "daemon/bus/token-objects.h"

#include <unistd.h>

#define MAX_FILES     64
#define MAX_PASSWORDS 64
#define PASSWORD      "password"

#define PIN           "PIN"

static const MeishiOption import_options[] = {
    {"dry-run", "b"}, {"label", "s"}, {"token", "o"}, {"pin", "h"}, {NULL, NULL}};

/* ---- Import --------------------------------------------------------------------------------- */

static gboolean
check_counts(GVariant *files, GVariant *passwords, GError **error)
{
    if (g_variant_n_children(files) == 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, "No file to import");
        return FALSE;
    }
    if (g_variant_n_children(files) > MAX_FILES ||
        g_variant_n_children(passwords) > MAX_PASSWORDS) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "At most %d files and %d passwords can be taken at once: import them in turns",
                    MAX_FILES, MAX_PASSWORDS);
        return FALSE;
    }
    return TRUE;
}

static gboolean
expect_files(MeishiCall *call, GVariant *files, GError **error)
{
    for (gsize i = 0; i < g_variant_n_children(files); i++) {
        const char *name;
        gint handle;

        g_variant_get_child(files, i, "(&sh)", &name, &handle);
        if (!meishi_call_expect(call, name, handle, MEISHI_RECEIVE_MAX_FILE, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
expect_passwords(MeishiCall *call, GVariant *passwords, GError **error)
{
    for (gsize i = 0; i < g_variant_n_children(passwords); i++) {
        gint handle;

        g_variant_get_child(passwords, i, "h", &handle);
        if (!meishi_call_expect(call, PASSWORD, handle, MEISHI_RECEIVE_MAX_SECRET, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
expect_pin(MeishiCall *call, GVariant *options, GError **error)
{
    gint handle;

    return !g_variant_lookup(options, "pin", "h", &handle) ||
           meishi_call_expect(call, PIN, handle, MEISHI_RECEIVE_MAX_SECRET, error);
}

/* What is known of an import before anything is received. */
typedef struct {
    MeishiApplication *application;
    char *token; /* label; NULL: the vault */
} Import;

static void
import_free(gpointer data)
{
    Import *import = data;

    meishi_application_unref(import->application);
    g_free(import->token);
    g_free(import);
}

/* Reads the target; it lives as long as @call. */
static gboolean
take_target(MeishiCall *call, GDBusMethodInvocation *invocation, GVariant *options, GError **error)
{
    Import *import = g_new0(Import, 1);
    const char *path;

    meishi_call_set_data(call, import, import_free);
    import->application = meishi_caller_application(invocation, error);
    if (import->application == NULL)
        return FALSE;
    if (!g_variant_lookup(options, "token", "&o", &path))
        return TRUE;
    import->token = meishi_token_objects_label(meishi_call_agent(call), path, error);
    return import->token != NULL;
}

static void
on_imported(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiCall *call = user_data;
    GError *error = NULL;
    g_autoptr(MeishiImportReport) report =
        meishi_agent_import_finish(MEISHI_AGENT(source), result, &error);

    if (report != NULL)
        meishi_call_return(call, g_variant_new("(@a{sv})", meishi_report_import(report)));
    else
        meishi_call_fail(call, error);
}

static GPtrArray *
received_files(GPtrArray *items, gsize n_files)
{
    GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_file_free);

    for (gsize i = 0; i < n_files; i++) {
        MeishiImportFile *file = g_new0(MeishiImportFile, 1);
        MeishiReceiveItem *item = items->pdata[i];

        file->name = g_strdup(item->name);
        file->data = meishi_receive_item_bytes(item);
        g_ptr_array_add(files, file);
    }
    return files;
}

static GPtrArray *
received_passwords(GPtrArray *items, gsize first, gsize n)
{
    GPtrArray *passwords = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);

    for (gsize i = first; i < first + n; i++) {
        MeishiReceiveItem *item = items->pdata[i];

        g_ptr_array_add(passwords, meishi_secret_ref(item->content));
    }
    return passwords;
}

static void
import_received(MeishiCall *call)
{
    g_autoptr(GVariant) names = g_variant_get_child_value(meishi_call_parameters(call), 0);
    g_autoptr(GVariant) handles = g_variant_get_child_value(meishi_call_parameters(call), 1);
    g_autoptr(GVariant) dict = g_variant_get_child_value(meishi_call_parameters(call), 2);
    gsize n_files = g_variant_n_children(names);
    g_autoptr(GPtrArray) files = received_files(meishi_call_items(call), n_files);
    g_autoptr(GPtrArray) passwords =
        received_passwords(meishi_call_items(call), n_files, g_variant_n_children(handles));
    const Import *import = meishi_call_data(call);
    MeishiImportOptions options = {.token = import->token,
                                   .pin = meishi_call_secret(call, PIN),
                                   .application = import->application};

    g_variant_lookup(dict, "dry-run", "b", &options.dry_run);
    g_variant_lookup(dict, "label", "&s", &options.label);
    meishi_agent_import_async(meishi_call_agent(call), files, passwords, &options,
                              meishi_call_cancellable(call), on_imported, call);
}

/* Connected swapped: the arguments that it leaves out are in the invocation. */
static gboolean
on_import(const MeishiDoorContext *context, GDBusMethodInvocation *invocation, GUnixFDList *fds)
{
    MeishiCall *call = meishi_call_new(context->agent, invocation, fds);
    g_autoptr(GVariant) files = NULL;
    g_autoptr(GVariant) passwords = NULL;
    g_autoptr(GVariant) options = NULL;
    GError *error = NULL;

    g_variant_get(meishi_call_parameters(call), "(@a(sh)@ah@a{sv})", &files, &passwords, &options);
    if (meishi_options_check(options, import_options, &error) &&
        check_counts(files, passwords, &error) && expect_files(call, files, &error) &&
        expect_passwords(call, passwords, &error) && expect_pin(call, options, &error) &&
        take_target(call, invocation, options, &error))
        meishi_call_receive(call, import_received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

/* ---- Statistics, Quit ----------------------------------------------------------------------- */

static gboolean
on_statistics(MeishiBusManager *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    const MeishiDoorContext *context = user_data;
    const MeishiBusStats *stats = &context->stats;
    GVariantDict values = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&values, "clients", "u", stats->n_clients(stats->user_data));
    g_variant_dict_insert(&values, "questions", "u",
                          meishi_prompters_n_questions(meishi_agent_prompters(context->agent)));
    g_variant_dict_insert(&values, "settled", "b", meishi_agent_has_seen_tokens(context->agent));
    g_variant_dict_insert(&values, "replaced", "b", meishi_program_is_replaced());
    meishi_bus_manager_complete_statistics(skeleton, invocation, g_variant_dict_end(&values));
    return TRUE;
}

/* ---- modules --------------------------------------------------------------------------------- */

static void
on_module_added(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = meishi_agent_add_token_module_finish(MEISHI_AGENT(source), result, &error);

    meishi_call_end(user_data, ok, error);
}

static gboolean
on_add_module(MeishiBusManager *skeleton, GDBusMethodInvocation *invocation, const char *path,
              gpointer user_data)
{
    const MeishiDoorContext *context = user_data;

    meishi_agent_add_token_module_async(context->agent, path, on_module_added,
                                        meishi_call_new(context->agent, invocation, NULL));
    return TRUE;
}

static gboolean
on_list_modules(MeishiBusManager *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    const MeishiDoorContext *context = user_data;
    g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) modules = meishi_agent_list_token_modules(context->agent, remarks);

    g_ptr_array_add(remarks, NULL);
    meishi_bus_manager_complete_list_modules(skeleton, invocation, meishi_report_modules(modules),
                                             (const char *const *)remarks->pdata);
    return TRUE;
}

static gboolean
on_remove_module(MeishiBusManager *skeleton, GDBusMethodInvocation *invocation, const char *path,
                 gpointer user_data)
{
    const MeishiDoorContext *context = user_data;
    GError *error = NULL;
    gboolean ok = meishi_agent_remove_token_module(context->agent, path, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

/* ---- Quit ------------------------------------------------------------------------------------ */

typedef struct {
    GSourceFunc quit;
    gpointer user_data;
} Farewell;

static void
on_flushed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree Farewell *farewell = user_data;

    (void)g_dbus_connection_flush_finish(G_DBUS_CONNECTION(source), result, NULL);
    farewell->quit(farewell->user_data);
}

/* The answer has to leave before the process does. */
static gboolean
on_quit(MeishiBusManager *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    const MeishiDoorContext *context = user_data;
    g_autoptr(GDBusConnection) connection =
        g_object_ref(g_dbus_method_invocation_get_connection(invocation));
    Farewell *farewell;

    meishi_bus_manager_complete_quit(skeleton, invocation);
    if (context->quit == NULL)
        return TRUE;
    farewell = g_new0(Farewell, 1);
    farewell->quit = context->quit;
    farewell->user_data = context->quit_data;
    g_dbus_connection_flush(connection, NULL, on_flushed, farewell);
    return TRUE;
}

/* ---- the object ------------------------------------------------------------------------------ */

GDBusInterfaceSkeleton *
meishi_manager_object_new(const MeishiDoorContext *context)
{
    MeishiBusManager *skeleton = meishi_bus_manager_skeleton_new();
    gpointer data = (gpointer)context;
    g_autofree char *store = meishi_paths_data_dir();
    g_autofree char *socket = meishi_paths_pkcs11_socket();

    g_object_set(skeleton, "version", MEISHI_VERSION, "store-directory", store, "module-socket",
                 socket, "pid", (guint)getpid(), NULL);
    g_signal_connect_swapped(skeleton, "handle-import", G_CALLBACK(on_import), data);
    g_signal_connect(skeleton, "handle-add-module", G_CALLBACK(on_add_module), data);
    g_signal_connect(skeleton, "handle-list-modules", G_CALLBACK(on_list_modules), data);
    g_signal_connect(skeleton, "handle-remove-module", G_CALLBACK(on_remove_module), data);
    g_signal_connect(skeleton, "handle-statistics", G_CALLBACK(on_statistics), data);
    g_signal_connect(skeleton, "handle-quit", G_CALLBACK(on_quit), data);
    return G_DBUS_INTERFACE_SKELETON(skeleton);
}
