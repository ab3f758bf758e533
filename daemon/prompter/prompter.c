/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bus side.  Only whoever owns the daemon's name may ask: a window of ours speaks for the
 * daemon.  A question that the daemon takes back leaves at once, shown or not.
 */
#include "daemon/prompter/prompter.h"

#include "cli/question.h"
#include "daemon/bus/agent1.h"
#include "daemon/prompter/chooser-window.h"
#include "daemon/prompter/confirm-window.h"

#include <unistd.h>

#define DAEMON "org.meishi.Agent1"
#define ROOT   "/org/meishi/Agent1"
#define PATH   "/org/meishi/Prompter"

/* org.meishi.Agent1.Agents.Respond */
#define RESULT_ANSWERED  0
#define RESULT_DISMISSED 1

#define MAX_WAITING      64

typedef struct {
    char *cookie;
    MeishiQuestion *question;
    MeishiChooserWindow *chooser; /* one of both while it is shown */
    MeishiConfirmWindow *confirm;
} Open;

struct MeishiPrompter {
    GDBusConnection *connection;
    MeishiBusPrompter *object;
    guint watch_id;
    char *daemon;   /* its unique name; NULL: there is none */
    GQueue waiting; /* Open; the head is the one that is shown */
};

static void
free_open(gpointer data)
{
    Open *open = data;

    meishi_chooser_window_free(open->chooser);
    meishi_confirm_window_free(open->confirm);
    meishi_question_free(open->question);
    g_free(open->cookie);
    g_free(open);
}

/* ---- one at a time --------------------------------------------------------------------------- */

/* The only failure is that the question is over, and then there is nothing to do about it. */
static void
respond(MeishiPrompter *prompter, const char *cookie, GVariant *answer)
{
    guint result = answer != NULL ? RESULT_ANSWERED : RESULT_DISMISSED;

    g_dbus_connection_call(prompter->connection, prompter->daemon, ROOT, DAEMON ".Agents",
                           "Respond",
                           g_variant_new("(su@a{sv})", cookie, result,
                                         answer != NULL ? answer : g_variant_new("a{sv}", NULL)),
                           NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void show_next(MeishiPrompter *prompter);

static void
on_answered(GVariant *answer, gpointer data)
{
    MeishiPrompter *prompter = data;
    Open *open = g_queue_pop_head(&prompter->waiting);

    respond(prompter, open->cookie, answer);
    free_open(open);
    show_next(prompter);
}

static void
show_next(MeishiPrompter *prompter)
{
    Open *open = g_queue_peek_head(&prompter->waiting);

    if (open == NULL || open->chooser != NULL || open->confirm != NULL)
        return;
    if (open->question->is_confirm)
        open->confirm = meishi_confirm_window_new(open->question, on_answered, prompter);
    else
        open->chooser = meishi_chooser_window_new(open->question, on_answered, prompter);
}

static void
close_all(MeishiPrompter *prompter)
{
    g_queue_clear_full(&prompter->waiting, free_open);
    g_queue_init(&prompter->waiting);
}

/* ---- org.meishi.Agent1.Prompter -------------------------------------------------------------- */

/* Refuses whoever is not the daemon. */
static gboolean
is_from_daemon(MeishiPrompter *prompter, GDBusMethodInvocation *invocation)
{
    if (g_strcmp0(g_dbus_method_invocation_get_sender(invocation), prompter->daemon) == 0)
        return TRUE;
    g_dbus_method_invocation_return_error_literal(invocation, G_DBUS_ERROR,
                                                  G_DBUS_ERROR_ACCESS_DENIED,
                                                  "Only meishid asks through this object.");
    return FALSE;
}

static gboolean
on_begin(MeishiBusPrompter *object, GDBusMethodInvocation *invocation, const char *cookie,
         const char *kind, GVariant *dict, gpointer data)
{
    MeishiPrompter *prompter = data;
    g_autoptr(MeishiQuestion) question = NULL;
    Open *open;

    if (!is_from_daemon(prompter, invocation))
        return TRUE;
    meishi_bus_prompter_complete_begin(object, invocation);
    question = meishi_question_new(kind, dict, (guint)getpid());
    if (question == NULL || g_queue_get_length(&prompter->waiting) >= MAX_WAITING) {
        respond(prompter, cookie, NULL);
        return TRUE;
    }
    open = g_new0(Open, 1);
    open->cookie = g_strdup(cookie);
    open->question = g_steal_pointer(&question);
    g_queue_push_tail(&prompter->waiting, open);
    show_next(prompter);
    return TRUE;
}

static GList *
find_open(MeishiPrompter *prompter, const char *cookie)
{
    for (GList *link = prompter->waiting.head; link != NULL; link = link->next) {
        const Open *open = link->data;

        if (g_str_equal(open->cookie, cookie))
            return link;
    }
    return NULL;
}

static gboolean
on_cancel(MeishiBusPrompter *object, GDBusMethodInvocation *invocation, const char *cookie,
          const char *reason, gpointer data)
{
    MeishiPrompter *prompter = data;
    GList *link;

    if (!is_from_daemon(prompter, invocation))
        return TRUE;
    meishi_bus_prompter_complete_cancel(object, invocation);
    link = find_open(prompter, cookie);
    if (link != NULL) {
        free_open(link->data);
        g_queue_delete_link(&prompter->waiting, link);
        show_next(prompter);
    }
    return TRUE;
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void
on_registered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (reply == NULL)
        g_warning("meishid does not take this prompter: %s", error->message);
}

static void
on_daemon(GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
    MeishiPrompter *prompter = data;

    g_free(prompter->daemon);
    prompter->daemon = g_strdup(owner);
    g_dbus_connection_call(connection, owner, ROOT, DAEMON ".Agents", "Register",
                           g_variant_new("(oa{sv})", PATH, NULL), NULL,
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, on_registered, NULL);
}

/* Nobody is left whom an answer could reach. */
static void
on_daemon_gone(GDBusConnection *connection, const char *name, gpointer data)
{
    MeishiPrompter *prompter = data;

    g_clear_pointer(&prompter->daemon, g_free);
    close_all(prompter);
}

MeishiPrompter *
meishi_prompter_new(GDBusConnection *connection, GError **error)
{
    MeishiPrompter *prompter = g_new0(MeishiPrompter, 1);

    prompter->connection = g_object_ref(connection);
    prompter->object = meishi_bus_prompter_skeleton_new();
    g_queue_init(&prompter->waiting);
    g_signal_connect(prompter->object, "handle-begin", G_CALLBACK(on_begin), prompter);
    g_signal_connect(prompter->object, "handle-cancel", G_CALLBACK(on_cancel), prompter);
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(prompter->object), connection,
                                          PATH, error)) {
        meishi_prompter_free(prompter);
        return NULL;
    }
    prompter->watch_id =
        g_bus_watch_name_on_connection(connection, DAEMON, G_BUS_NAME_WATCHER_FLAGS_NONE, on_daemon,
                                       on_daemon_gone, prompter, NULL);
    return prompter;
}

void
meishi_prompter_free(MeishiPrompter *prompter)
{
    GDBusInterfaceSkeleton *object;

    if (prompter == NULL)
        return;
    object = G_DBUS_INTERFACE_SKELETON(prompter->object);
    g_clear_handle_id(&prompter->watch_id, g_bus_unwatch_name);
    for (GList *link = prompter->waiting.head; link != NULL; link = link->next)
        respond(prompter, ((const Open *)link->data)->cookie, NULL);
    close_all(prompter);
    if (g_dbus_interface_skeleton_get_connection(object) != NULL)
        g_dbus_interface_skeleton_unexport(object);
    g_object_unref(prompter->object);
    g_object_unref(prompter->connection);
    g_free(prompter->daemon);
    g_free(prompter);
}
