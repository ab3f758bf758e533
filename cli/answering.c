/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The prompter and the signals that belong to it: whatever ends us, the terminal is restored first.
 */
#include "cli/answering.h"

#include "cli/client.h"
#include "cli/error.h"
#include "cli/pinentry-program.h"

#include <glib-unix.h>
#include <signal.h>

static gboolean
end_by(MeishiAnswering *answering, int number)
{
    answering->signal = number;
    g_main_loop_quit(answering->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt(gpointer data)
{
    MeishiAnswering *answering = data;

    if (meishi_tty_prompter_interrupt(answering->prompter))
        return G_SOURCE_CONTINUE;
    return end_by(answering, SIGINT);
}

static gboolean
on_terminate(gpointer data)
{
    return end_by(data, SIGTERM);
}

static gboolean
on_hangup(gpointer data)
{
    return end_by(data, SIGHUP);
}

/* What a shell or nohup(1) has us ignore stays ignored, here and in what `meishi exec` becomes. */
static gboolean
is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static guint
heed(int number, GSourceFunc func, MeishiAnswering *answering)
{
    return is_ignored(number) ? 0 : g_unix_signal_add(number, func, answering);
}

/* What is wrong with the configuration is said, and is no reason not to ask. */
static char *
configured_pinentry(void)
{
    g_autoptr(GError) error = NULL;
    char *program = NULL;

    if (!meishi_pinentry_program_configured(&program, &error))
        meishi_error_print(error);
    return program;
}

gboolean
meishi_answering_begin(MeishiAnswering *ret, GDBusConnection *connection, gboolean may_ask,
                       gboolean plain, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *pinentry = may_ask ? configured_pinentry() : NULL;
    const MeishiTtyPrompterOptions how = {.plain = plain, .pinentry = pinentry};

    *ret = (MeishiAnswering){0};
    if (may_ask)
        ret->prompter = meishi_tty_prompter_new(connection, &how, &cause);
    if (cause == NULL) {
        ret->loop = g_main_loop_new(NULL, FALSE);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return meishi_client_failed(error);
}

void
meishi_answering_run(MeishiAnswering *answering)
{
    guint interrupt = heed(SIGINT, on_interrupt, answering);
    guint terminate = heed(SIGTERM, on_terminate, answering);
    guint hangup = heed(SIGHUP, on_hangup, answering);

    g_main_loop_run(answering->loop);
    g_clear_handle_id(&interrupt, g_source_remove);
    g_clear_handle_id(&terminate, g_source_remove);
    g_clear_handle_id(&hangup, g_source_remove);
}

void
meishi_answering_end(MeishiAnswering *answering)
{
    meishi_tty_prompter_free(answering->prompter);
    g_main_loop_unref(answering->loop);
    if (answering->signal == 0)
        return;
    /* We leave, which cancels what we asked for. */
    signal(answering->signal, SIG_DFL);
    raise(answering->signal);
}
