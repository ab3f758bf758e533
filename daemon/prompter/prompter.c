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
#include "daemon/prompter/secret-window.h"

#define DAEMON     "org.meishi.Agent1"
#define ROOT       "/org/meishi/Agent1"
#define VAULT      "org.meishi.Agent1.Vault"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* How long a window waits to learn whether its passphrase was right. */
#define TRIAL_MS 8000

/* Which window asks which question. */
static MeishiShell *(*const windows[])(const MeishiQuestion *question, MeishiShellAnswered answered,
                                       gpointer data) = {
    [MEISHI_ASKS_CHOOSE] = meishi_chooser_window_new,
    [MEISHI_ASKS_CONFIRM] = meishi_confirm_window_new,
    [MEISHI_ASKS_UNLOCK] = meishi_secret_window_new,
    [MEISHI_ASKS_PIN] = meishi_secret_window_new,
    [MEISHI_ASKS_EXPLAIN] = meishi_explain_window_new,
};

struct MeishiPrompter {
    GDBusConnection *connection;
    MeishiDesk *desk;
    guint watch_id, vault_id;
    MeishiShell *window; /* of the question that is shown; NULL */
    MeishiShell *trial;  /* whose passphrase is being tried: to ask again where it stands; NULL */
    guint trial_id;
};

/* ---- whether it was right -------------------------------------------------------------------- */

static void
end_trial(MeishiPrompter *prompter)
{
    g_clear_handle_id(&prompter->trial_id, g_source_remove);
    g_clear_pointer(&prompter->trial, meishi_shell_free);
}

static gboolean
on_trial_over(gpointer data)
{
    MeishiPrompter *prompter = data;

    prompter->trial_id = 0;
    end_trial(prompter);
    return G_SOURCE_REMOVE;
}

/* Only where a wrong one is asked for anew, and a right one shows. */
static void
begin_trial(MeishiPrompter *prompter)
{
    const MeishiQuestion *question = meishi_desk_question(prompter->desk);

    if (question->asks != MEISHI_ASKS_UNLOCK || question->tries_left < 2)
        return;
    prompter->trial = g_steal_pointer(&prompter->window);
    prompter->trial_id = g_timeout_add(TRIAL_MS, on_trial_over, prompter);
}

/* What has become of the vault: the daemon asks anew before, or it is open. */
static void
on_vault(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
         const char *signal, GVariant *parameters, gpointer data)
{
    end_trial(data);
}

/* The window of the wrong one asks @question as well.  FALSE: that is another one. */
static gboolean
ask_again(MeishiPrompter *prompter, const MeishiQuestion *question)
{
    if (prompter->trial == NULL || question->asks != MEISHI_ASKS_UNLOCK || !question->is_wrong)
        return FALSE;
    g_clear_handle_id(&prompter->trial_id, g_source_remove);
    prompter->window = g_steal_pointer(&prompter->trial);
    meishi_secret_window_ask_again(prompter->window, question);
    return TRUE;
}

/* ---- MeishiDeskClass ------------------------------------------------------------------------- */

static void
on_answered(GVariant *answer, MeishiSecret *secret, gpointer data)
{
    MeishiPrompter *prompter = data;

    if (prompter->trial != NULL) {
        end_trial(prompter); /* it was closed meanwhile */
    } else if (secret != NULL) {
        begin_trial(prompter);
        if (!meishi_desk_answer_secret(prompter->desk, secret, answer))
            end_trial(prompter);
    } else if (answer != NULL) {
        meishi_desk_answer(prompter->desk, answer);
    } else {
        meishi_desk_dismiss(prompter->desk);
    }
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
    if (!ask_again(prompter, question)) {
        end_trial(prompter);
        prompter->window = windows[question->asks](question, on_answered, prompter);
    }
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

    end_trial(prompter);
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
    prompter->connection = g_object_ref(connection);
    prompter->watch_id =
        g_bus_watch_name_on_connection(connection, DAEMON, G_BUS_NAME_WATCHER_FLAGS_NONE, on_daemon,
                                       on_daemon_gone, prompter, NULL);
    prompter->vault_id = g_dbus_connection_signal_subscribe(
        connection, DAEMON, PROPERTIES, "PropertiesChanged", ROOT, VAULT, G_DBUS_SIGNAL_FLAGS_NONE,
        on_vault, prompter, NULL);
    return prompter;
}

void
meishi_prompter_free(MeishiPrompter *prompter)
{
    if (prompter == NULL)
        return;
    g_clear_handle_id(&prompter->watch_id, g_bus_unwatch_name);
    g_dbus_connection_signal_unsubscribe(prompter->connection, prompter->vault_id);
    end_trial(prompter);
    meishi_desk_free(prompter->desk);
    g_object_unref(prompter->connection);
    g_free(prompter);
}
