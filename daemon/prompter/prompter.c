/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The windows behind a MeishiDesk: for each kind of question the one that asks it, for the daemon
 * that owns its name on the session bus.
 */
#include "daemon/prompter/prompter.h"

#include "daemon/asking/desk.h"
#include "daemon/prompter/chooser-window.h"
#include "daemon/prompter/confirm-window.h"
#include "daemon/prompter/explain-window.h"

#define DAEMON "org.meishi.Agent1"

/* Which window asks which question. */
static MeishiShell *(*const windows[])(const MeishiQuestion *question, MeishiShellAnswered answered,
                                       gpointer data) = {
    [MEISHI_ASKS_CHOOSE] = meishi_chooser_window_new,
    [MEISHI_ASKS_CONFIRM] = meishi_confirm_window_new,
    [MEISHI_ASKS_EXPLAIN] = meishi_explain_window_new,
};

struct MeishiPrompter {
    MeishiDesk *desk;
    guint watch_id;
    MeishiShell *window; /* of the question that is shown; NULL */
};

/* ---- MeishiDeskClass ------------------------------------------------------------------------- */

static void
on_answered(GVariant *answer, MeishiSecret *secret, gpointer data)
{
    MeishiPrompter *prompter = data;

    if (secret != NULL)
        (void)!meishi_desk_answer_secret(prompter->desk, secret, answer);
    else if (answer != NULL)
        meishi_desk_answer(prompter->desk, answer);
    else
        meishi_desk_dismiss(prompter->desk);
}

static void
on_more_time(gpointer data)
{
    MeishiPrompter *prompter = data;

    meishi_desk_extend(prompter->desk);
}

static gboolean
show_question(const MeishiQuestion *question, gpointer data)
{
    MeishiPrompter *prompter = data;

    if (question->asks >= G_N_ELEMENTS(windows) || windows[question->asks] == NULL)
        return FALSE;
    prompter->window = windows[question->asks](question, on_answered, prompter);
    meishi_shell_set_more_time(prompter->window, on_more_time);
    g_application_hold(g_application_get_default());
    return TRUE;
}

static void
update_question(const MeishiQuestion *question, gpointer data)
{
    MeishiPrompter *prompter = data;

    meishi_shell_update(prompter->window, question);
}

static void
close_question(const MeishiQuestion *question, const char *reason, gpointer data)
{
    MeishiPrompter *prompter = data;

    g_clear_pointer(&prompter->window, meishi_shell_free);
    g_application_release(g_application_get_default());
}

static const MeishiDeskClass desk_class = {
    .show = show_question,
    .update = update_question,
    .close = close_question,
};

/* ---- coming and going ------------------------------------------------------------------------ */

static void
on_registered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!meishi_desk_register_finish(result, &error))
        g_warning("meishid does not take this prompter: %s", error->message);
}

static void
on_daemon(GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
    MeishiPrompter *prompter = data;

    meishi_desk_register(prompter->desk, owner, NULL, on_registered, NULL);
}

static void
on_daemon_gone(GDBusConnection *connection, const char *name, gpointer data)
{
    MeishiPrompter *prompter = data;

    meishi_desk_forget_daemon(prompter->desk);
}

MeishiPrompter *
meishi_prompter_new(GDBusConnection *connection, GError **error)
{
    MeishiPrompter *prompter = g_new0(MeishiPrompter, 1);

    prompter->desk = meishi_desk_new(connection, &desk_class, prompter, error);
    if (prompter->desk == NULL) {
        g_free(prompter);
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
    if (prompter == NULL)
        return;
    g_clear_handle_id(&prompter->watch_id, g_bus_unwatch_name);
    meishi_desk_free(prompter->desk);
    g_free(prompter);
}
