/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRemotePrompter.  No call to the other side is waited for: Begin has a deadline, and what is
 * late or fails means that nobody is there; Cancel and Update are courtesies without an answer.
 */
#include "daemon/bus/remote-prompter.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/place-options.h"
#include "daemon/bus/question-paths.h"

#define INTERFACE         "org.meishi.Agent1.Prompter"
#define BEGIN_DEADLINE_MS 10000

struct MeishiRemotePrompter {
    MeishiRemotePrompterUser user;
    gpointer owner;
    GDBusConnection *connection;
    char *name; /* NULL on a private connection */
    char *path;
    guint watch_id;
    GCancellable *cancellable; /* its calls; cancelled with it */
};

static void
on_begun(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiRemotePrompter *prompter = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (reply != NULL || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* cancelled: @prompter is freed */
    g_message("a prompter cannot ask and is dropped: %s", error->message);
    prompter->user.gone(prompter, prompter->user.user_data);
}

static void
begin(gpointer data, const char *cookie, const char *kind, GVariant *question)
{
    MeishiRemotePrompter *prompter = data;

    g_dbus_connection_call(prompter->connection, prompter->name, prompter->path, INTERFACE, "Begin",
                           g_variant_new("(ss@a{sv})", cookie, kind,
                                         meishi_question_paths_add(prompter->user.agent, question)),
                           NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, BEGIN_DEADLINE_MS,
                           prompter->cancellable, on_begun, prompter);
}

static void
tell(const MeishiRemotePrompter *prompter, const char *method, GVariant *parameters)
{
    g_dbus_connection_call(prompter->connection, prompter->name, prompter->path, INTERFACE, method,
                           parameters, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, BEGIN_DEADLINE_MS,
                           NULL, NULL, NULL);
}

static void
cancel(gpointer data, const char *cookie, const char *reason)
{
    tell(data, "Cancel", g_variant_new("(ss)", cookie, reason));
}

static void
update(gpointer data, const char *cookie, GVariant *changes)
{
    tell(data, "Update", g_variant_new("(s@a{sv})", cookie, changes));
}

static const MeishiPrompterClass prompter_class = {
    .begin = begin,
    .cancel = cancel,
    .update = update,
};

static void
on_vanished(GDBusConnection *connection, const char *name, gpointer user_data)
{
    MeishiRemotePrompter *prompter = user_data;

    prompter->user.gone(prompter, prompter->user.user_data);
}

static MeishiRemotePrompter *
prompter_new(const MeishiRemotePrompterUser *user, GDBusMethodInvocation *invocation,
             const char *path)
{
    MeishiRemotePrompter *prompter = g_new0(MeishiRemotePrompter, 1);

    prompter->user = *user;
    prompter->connection = g_object_ref(g_dbus_method_invocation_get_connection(invocation));
    prompter->name = g_strdup(g_dbus_method_invocation_get_sender(invocation));
    prompter->path = g_strdup(path);
    prompter->cancellable = g_cancellable_new();
    return prompter;
}

static gboolean
add(MeishiRemotePrompter *prompter, GDBusMethodInvocation *invocation, GVariant *options,
    GError **error)
{
    g_autoptr(MeishiApplication) program = meishi_caller_application(invocation, error);
    gpointer owner = meishi_caller_owner(invocation);
    g_auto(MeishiPlaceOptions) place = {.kinds = NULL};

    if (program == NULL || !meishi_place_options_read(options, program, &place, error) ||
        !meishi_prompters_add(meishi_agent_prompters(prompter->user.agent), owner, &place.place,
                              &prompter_class, prompter, error))
        return FALSE;
    prompter->owner = owner;
    return TRUE;
}

MeishiRemotePrompter *
meishi_remote_prompter_new(const MeishiRemotePrompterUser *user, GDBusMethodInvocation *invocation,
                           const char *path, GVariant *options, GError **error)
{
    MeishiRemotePrompter *prompter = prompter_new(user, invocation, path);

    if (!add(prompter, invocation, options, error)) {
        meishi_remote_prompter_free(prompter);
        return NULL;
    }
    if (prompter->name != NULL)
        prompter->watch_id = g_bus_watch_name_on_connection(prompter->connection, prompter->name,
                                                            G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                                            on_vanished, prompter, NULL);
    g_signal_emit_by_name(user->agent, "prompters-changed");
    return prompter;
}

/* Its questions go to the next prompter while it can still be told that they do. */
void
meishi_remote_prompter_free(MeishiRemotePrompter *prompter)
{
    if (prompter == NULL)
        return;
    if (prompter->owner != NULL) {
        meishi_prompters_remove(meishi_agent_prompters(prompter->user.agent), prompter->owner);
        g_signal_emit_by_name(prompter->user.agent, "prompters-changed");
    }
    if (prompter->watch_id != 0)
        g_bus_unwatch_name(prompter->watch_id);
    g_cancellable_cancel(prompter->cancellable);
    g_object_unref(prompter->cancellable);
    g_object_unref(prompter->connection);
    g_free(prompter->name);
    g_free(prompter->path);
    g_free(prompter);
}

gpointer
meishi_remote_prompter_owner(const MeishiRemotePrompter *prompter)
{
    return prompter->owner;
}
