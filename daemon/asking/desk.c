/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The object that the daemon calls, and the questions that wait.  Only the daemon that we have
 * registered with may ask: what a window of ours says is said in its name.
 *
 * Invariant: the head of the queue, and it alone, is shown, and each cookie is answered once: by
 * what is left of the queue when it goes, or not at all where the daemon took it back.
 */
#include "daemon/asking/desk.h"

#include "daemon/asking/secret-fd.h"
#include "daemon/bus/agent1.h"

#include <unistd.h>

#define ROOT   "/org/meishi/Agent1"
#define AGENTS "org.meishi.Agent1.Agents"
#define PATH   "/org/meishi/Prompter"

/* org.meishi.Agent1.Agents.Respond */
#define RESULT_ANSWERED  0
#define RESULT_DISMISSED 1

#define MAX_WAITING      64

typedef struct {
    char *cookie;
    MeishiQuestion *question;
} Open;

struct MeishiDesk {
    GDBusConnection *connection;
    MeishiBusPrompter *object;
    const MeishiDeskClass *class;
    gpointer user_data;
    gboolean is_registered; /* with @daemon */
    char *daemon;           /* NULL on a private connection */
    GQueue waiting;         /* Open; the head is the one that is shown */
    gboolean is_shown;
};

static void
open_free(gpointer data)
{
    Open *open = data;

    g_free(open->cookie);
    meishi_question_free(open->question);
    g_free(open);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* What comes back is of no use: where it fails, the question is over. */
static void
call(MeishiDesk *desk, const char *method, GVariant *parameters, GUnixFDList *fds)
{
    g_dbus_connection_call_with_unix_fd_list(desk->connection, desk->daemon, ROOT, AGENTS, method,
                                             parameters, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                                             fds, NULL, NULL, NULL);
}

static void
respond(MeishiDesk *desk, const char *cookie, guint result, GVariant *answer, GUnixFDList *fds)
{
    if (answer == NULL)
        answer = g_variant_new("a{sv}", NULL);
    call(desk, "Respond", g_variant_new("(su@a{sv})", cookie, result, answer), fds);
}

/* ---- one at a time --------------------------------------------------------------------------- */

static void
show_next(MeishiDesk *desk)
{
    Open *open;

    while (!desk->is_shown && (open = g_queue_peek_head(&desk->waiting)) != NULL) {
        desk->is_shown = TRUE;
        if (desk->class->show(open->question, desk->user_data))
            return;
        desk->is_shown = FALSE;
        g_queue_pop_head(&desk->waiting);
        respond(desk, open->cookie, RESULT_DISMISSED, NULL, NULL);
        open_free(open);
    }
}

static void
close_shown(MeishiDesk *desk, const char *reason)
{
    Open *open = g_queue_pop_head(&desk->waiting);

    desk->class->close(open->question, reason, desk->user_data);
    desk->is_shown = FALSE;
    open_free(open);
    show_next(desk);
}

const MeishiQuestion *
meishi_desk_question(const MeishiDesk *desk)
{
    const Open *open = desk->is_shown ? g_queue_peek_head((GQueue *)&desk->waiting) : NULL;

    return open != NULL ? open->question : NULL;
}

static void
end_shown(MeishiDesk *desk, guint result, GVariant *answer, GUnixFDList *fds)
{
    const Open *open = g_queue_peek_head(&desk->waiting);

    g_return_if_fail(desk->is_shown);
    respond(desk, open->cookie, result, answer, fds);
    close_shown(desk, NULL);
}

void
meishi_desk_answer(MeishiDesk *desk, GVariant *answer)
{
    end_shown(desk, RESULT_ANSWERED, answer, NULL);
}

void
meishi_desk_dismiss(MeishiDesk *desk)
{
    end_shown(desk, RESULT_DISMISSED, NULL, NULL);
}

gboolean
meishi_desk_answer_secret(MeishiDesk *desk, MeishiSecret *secret, GVariant *answer)
{
    g_autoptr(GVariant) given = answer != NULL ? g_variant_ref_sink(answer) : NULL;
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    gint handle = meishi_secret_fd_append(secret, fds, NULL);
    GVariantDict dict;

    if (handle < 0) {
        meishi_desk_dismiss(desk);
        return FALSE;
    }
    g_variant_dict_init(&dict, given);
    g_variant_dict_insert(&dict, "secret", "h", handle);
    end_shown(desk, RESULT_ANSWERED, g_variant_dict_end(&dict), fds);
    return TRUE;
}

void
meishi_desk_extend(MeishiDesk *desk)
{
    const Open *open = g_queue_peek_head(&desk->waiting);

    g_return_if_fail(desk->is_shown);
    call(desk, "Extend", g_variant_new("(s)", open->cookie), NULL);
}

/* ---- org.meishi.Agent1.Prompter -------------------------------------------------------------- */

/* Refuses whoever is not the daemon. */
static gboolean
is_from_daemon(MeishiDesk *desk, GDBusMethodInvocation *invocation)
{
    if (desk->is_registered &&
        g_strcmp0(g_dbus_method_invocation_get_sender(invocation), desk->daemon) == 0)
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
    MeishiDesk *desk = data;
    g_autoptr(MeishiQuestion) question = NULL;
    Open *open;

    if (!is_from_daemon(desk, invocation))
        return TRUE;
    meishi_bus_prompter_complete_begin(object, invocation);
    /* Now, because a terminal that is not ours stops this process, with what has not been sent. */
    (void)g_dbus_connection_flush_sync(g_dbus_method_invocation_get_connection(invocation), NULL,
                                       NULL);
    question = meishi_question_new(kind, dict, (guint)getpid());
    if (question == NULL || g_queue_get_length(&desk->waiting) >= MAX_WAITING) {
        respond(desk, cookie, RESULT_DISMISSED, NULL, NULL);
        return TRUE;
    }
    open = g_new0(Open, 1);
    open->cookie = g_strdup(cookie);
    open->question = g_steal_pointer(&question);
    g_queue_push_tail(&desk->waiting, open);
    show_next(desk);
    return TRUE;
}

static GList *
find_open(MeishiDesk *desk, const char *cookie)
{
    for (GList *link = desk->waiting.head; link != NULL; link = link->next) {
        const Open *open = link->data;

        if (g_str_equal(open->cookie, cookie))
            return link;
    }
    return NULL;
}

static gboolean
on_update(MeishiBusPrompter *object, GDBusMethodInvocation *invocation, const char *cookie,
          GVariant *changes, gpointer data)
{
    MeishiDesk *desk = data;
    GList *link;
    Open *open;

    if (!is_from_daemon(desk, invocation))
        return TRUE;
    meishi_bus_prompter_complete_update(object, invocation);
    link = find_open(desk, cookie);
    if (link == NULL)
        return TRUE;
    open = link->data;
    meishi_question_update(open->question, changes);
    if (link == desk->waiting.head)
        desk->class->update(open->question, desk->user_data);
    return TRUE;
}

static gboolean
on_cancel(MeishiBusPrompter *object, GDBusMethodInvocation *invocation, const char *cookie,
          const char *reason, gpointer data)
{
    MeishiDesk *desk = data;
    GList *link;

    if (!is_from_daemon(desk, invocation))
        return TRUE;
    meishi_bus_prompter_complete_cancel(object, invocation);
    link = find_open(desk, cookie);
    if (link != NULL && link == desk->waiting.head) {
        close_shown(desk, reason);
    } else if (link != NULL) {
        open_free(link->data);
        g_queue_delete_link(&desk->waiting, link);
    }
    return TRUE;
}

/* ---- registering ----------------------------------------------------------------------------- */

static void
on_registered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GTask) task = data;
    GError *error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (reply != NULL)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static GVariant *
make_options(const char *tty)
{
    GVariantDict options = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&options, "kinds", "^as", meishi_question_kinds());
    if (tty != NULL)
        g_variant_dict_insert(&options, "tty", "s", tty);
    return g_variant_dict_end(&options);
}

/* From here on the daemon may ask: its first question may come before its reply is read. */
void
meishi_desk_register(MeishiDesk *desk, const char *name, const char *tty,
                     GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(NULL, NULL, callback, user_data);

    g_free(desk->daemon);
    desk->daemon = g_strdup(name);
    desk->is_registered = TRUE;
    g_dbus_connection_call(desk->connection, name, ROOT, AGENTS, "Register",
                           g_variant_new("(o@a{sv})", PATH, make_options(tty)), NULL,
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, on_registered, task);
}

gboolean
meishi_desk_register_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* Those that wait go first, so that none of them is shown. */
static void
drop_all(MeishiDesk *desk)
{
    while (g_queue_get_length(&desk->waiting) > (desk->is_shown ? 1u : 0u))
        open_free(g_queue_pop_tail(&desk->waiting));
    if (desk->is_shown)
        close_shown(desk, "withdrawn");
}

void
meishi_desk_forget_daemon(MeishiDesk *desk)
{
    drop_all(desk);
    desk->is_registered = FALSE;
    g_clear_pointer(&desk->daemon, g_free);
}

/* ---- coming and going ------------------------------------------------------------------------ */

MeishiDesk *
meishi_desk_new(GDBusConnection *connection, const MeishiDeskClass *class, gpointer user_data,
                GError **error)
{
    MeishiDesk *desk = g_new0(MeishiDesk, 1);

    desk->connection = g_object_ref(connection);
    desk->class = class;
    desk->user_data = user_data;
    g_queue_init(&desk->waiting);
    desk->object = meishi_bus_prompter_skeleton_new();
    g_signal_connect(desk->object, "handle-begin", G_CALLBACK(on_begin), desk);
    g_signal_connect(desk->object, "handle-update", G_CALLBACK(on_update), desk);
    g_signal_connect(desk->object, "handle-cancel", G_CALLBACK(on_cancel), desk);
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(desk->object), connection, PATH,
                                          error))
        g_clear_pointer(&desk, meishi_desk_free);
    return desk;
}

void
meishi_desk_free(MeishiDesk *desk)
{
    GDBusInterfaceSkeleton *object;

    if (desk == NULL)
        return;
    object = G_DBUS_INTERFACE_SKELETON(desk->object);
    for (GList *link = desk->waiting.head; link != NULL; link = link->next)
        respond(desk, ((const Open *)link->data)->cookie, RESULT_DISMISSED, NULL, NULL);
    drop_all(desk);
    if (desk->is_registered)
        call(desk, "Unregister", NULL, NULL);
    if (g_dbus_interface_skeleton_get_connection(object) != NULL)
        g_dbus_interface_skeleton_unexport(object);
    g_object_unref(desk->object);
    g_object_unref(desk->connection);
    g_free(desk->daemon);
    g_free(desk);
}
