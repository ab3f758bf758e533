/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal behind a MeishiDesk.  What is shown and what an answer means is dialog.c's.  The
 * terminal stays as it is (lines, echo, signals), but for a secret or a pinentry, of which
 * tty-listener.c knows.  What was typed before a question was shown does not answer it.
 *
 * Invariant: the listener hears, and the clock runs, while a question is shown.
 */
#include "cli/tty-prompter.h"

#include "cli/dialog.h"
#include "cli/permit-text.h"
#include "cli/tty-clock.h"
#include "cli/tty-jobs.h"
#include "cli/tty-listener.h"
#include "cli/tty.h"
#include "daemon/asking/desk.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TERMINAL  "/dev/tty"
#define COLUMNS   80
#define MORE_TIME "+"

struct MeishiTtyPrompter {
    MeishiDesk *desk;
    gboolean plain;
    char *program; /* pinentry; NULL */
    int fd;
    MeishiTtyJobs *jobs;
    MeishiTtyListener *listener;
    MeishiTtyClock *clock;
    const MeishiQuestion *question; /* that is shown; NULL: none is */
    MeishiDialog *dialog;           /* about it */
    gboolean is_alone;              /* told that nobody waits any more */
};

/* ---- the terminal ---------------------------------------------------------------------------- */

/* A terminal that does not take it is one that will not answer either. */
static void
show(MeishiTtyPrompter *prompter, const char *text)
{
    (void)meishi_tty_write(prompter->fd, text);
}

/* @text in the middle of a question, and the question's last line once more; nothing while a
 * pinentry draws. */
static void
interject(MeishiTtyPrompter *prompter, const char *text)
{
    g_autofree char *prompt = meishi_dialog_prompt(prompter->dialog);

    if (meishi_tty_listener_hears(prompter->listener) == MEISHI_TTY_HEARS_PINENTRY)
        return;
    show(prompter, text);
    show(prompter, prompt);
}

static MeishiQuestionLayout
layout(const MeishiTtyPrompter *prompter)
{
    MeishiQuestionLayout layout = {.columns = 0, .now = g_get_real_time() / G_USEC_PER_SEC};
    struct winsize size = {0};

    if (prompter->plain)
        return layout;
    layout.columns = COLUMNS;
    if (ioctl(prompter->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        layout.columns = size.ws_col;
    return layout;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void
on_late(guint seconds, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    gboolean is_secret = meishi_tty_listener_hears(prompter->listener) == MEISHI_TTY_HEARS_SECRET;
    const char *how = is_secret ? "any key" : "“" MORE_TIME "” and Enter";
    g_autofree char *text =
        g_strdup_printf("\n%u seconds are left; %s asks for more time.\n", seconds, how);

    interject(prompter, text);
}

/* What comes of it is told by update_question(). */
static void
ask_more_time_if_late(MeishiTtyPrompter *prompter)
{
    if (meishi_tty_clock_take_late(prompter->clock))
        meishi_desk_extend(prompter->desk);
}

/* ---- answers --------------------------------------------------------------------------------- */

static gboolean
listen(MeishiTtyPrompter *prompter, const char *problem)
{
    return meishi_tty_listener_start(prompter->listener,
                                     meishi_dialog_wants_secret(prompter->dialog), problem);
}

/* The same question, another turn, which may be answered in another way.  @text says so. */
static void
ask_on(MeishiTtyPrompter *prompter, const char *problem, const char *text)
{
    gboolean hears_lines = meishi_tty_listener_hears(prompter->listener) == MEISHI_TTY_HEARS_LINES;
    gboolean goes_on = hears_lines && !meishi_dialog_wants_secret(prompter->dialog);

    if (!goes_on && !listen(prompter, problem))
        meishi_desk_dismiss(prompter->desk);
    else if (meishi_tty_listener_hears(prompter->listener) != MEISHI_TTY_HEARS_PINENTRY)
        show(prompter, text);
}

/* @line: NULL at the end of input. */
static void
take_line(MeishiTtyPrompter *prompter, const char *line)
{
    g_autofree char *text = NULL;

    switch (meishi_dialog_take(prompter->dialog, line, &text)) {
    case MEISHI_DIALOG_ASKING:
        ask_more_time_if_late(prompter);
        ask_on(prompter, NULL, text);
        break;
    case MEISHI_DIALOG_ANSWERED:
        meishi_desk_answer(prompter->desk, meishi_dialog_answer(prompter->dialog));
        break;
    case MEISHI_DIALOG_DISMISSED:
        meishi_desk_dismiss(prompter->desk);
        break;
    }
}

/* A secret that cannot be handed over is none: it is asked for again when it is needed again. */
static void
take_secret(MeishiTtyPrompter *prompter, MeishiSecret *secret)
{
    gsize len = secret != NULL ? meishi_secret_len(secret) : 0;
    g_autofree char *problem = meishi_permit_text_check_pin(prompter->question, len);
    g_autofree char *text = NULL;

    switch (meishi_dialog_take_secret(prompter->dialog, len, &text)) {
    case MEISHI_DIALOG_ASKING:
        ask_on(prompter, problem, text);
        break;
    case MEISHI_DIALOG_ANSWERED:
        (void)meishi_desk_answer_secret(prompter->desk, secret,
                                        meishi_dialog_answer(prompter->dialog));
        break;
    case MEISHI_DIALOG_DISMISSED:
        meishi_desk_dismiss(prompter->desk);
        break;
    }
}

/* ---- MeishiTtyListenerClass ------------------------------------------------------------------ */

static void
on_line(const char *line, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    g_autofree char *stripped = line != NULL ? g_strstrip(g_strdup(line)) : NULL;

    if (line == NULL)
        show(prompter, "\n");
    if (g_strcmp0(stripped, MORE_TIME) != 0) {
        take_line(prompter, line);
        return;
    }
    (void)meishi_tty_clock_take_late(prompter->clock);
    meishi_desk_extend(prompter->desk);
    interject(prompter, "");
}

static void
on_typed(gpointer data)
{
    ask_more_time_if_late(data);
}

static void
on_secret(MeishiSecret *secret, gpointer data)
{
    take_secret(data, secret);
}

static void
on_dismissed(gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    meishi_desk_dismiss(prompter->desk);
}

/* It is the terminal's turn, from the beginning. */
static void
on_left_alone(gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    g_autofree char *text = meishi_dialog_open(prompter->dialog);

    ask_on(prompter, NULL, text);
}

static const MeishiTtyListenerClass listener_class = {
    .line = on_line,
    .typed = on_typed,
    .secret = on_secret,
    .dismissed = on_dismissed,
    .left_alone = on_left_alone,
};

/* ---- MeishiDeskClass ------------------------------------------------------------------------- */

/* A pinentry says itself what it asks; that it does is said here, for one that has a window. */
static void
show_opening(MeishiTtyPrompter *prompter)
{
    g_autofree char *text = meishi_dialog_open(prompter->dialog);
    g_autofree char *name =
        prompter->program != NULL ? g_path_get_basename(prompter->program) : NULL;

    if (meishi_tty_listener_hears(prompter->listener) != MEISHI_TTY_HEARS_PINENTRY) {
        show(prompter, text);
        return;
    }
    show(prompter, name);
    show(prompter, " asks.\n");
}

static void
forget_question(MeishiTtyPrompter *prompter)
{
    meishi_tty_listener_set_question(prompter->listener, NULL);
    meishi_tty_clock_stop(prompter->clock);
    g_clear_pointer(&prompter->dialog, meishi_dialog_free);
    prompter->question = NULL;
}

static gboolean
show_question(const MeishiQuestion *question, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    MeishiQuestionLayout how = layout(prompter);

    prompter->question = question;
    prompter->dialog = meishi_dialog_new(question, &how);
    prompter->is_alone = !question->is_awaited;
    meishi_tty_listener_set_question(prompter->listener, question);
    if (!listen(prompter, NULL)) {
        forget_question(prompter);
        return FALSE;
    }
    show_opening(prompter);
    (void)meishi_tty_clock_set(prompter->clock, question->deadline);
    return TRUE;
}

static void
update_question(const MeishiQuestion *question, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    gboolean is_longer = meishi_tty_clock_set(prompter->clock, question->deadline);

    if (!question->is_awaited && !prompter->is_alone) {
        prompter->is_alone = TRUE;
        interject(prompter,
                  "\nThe program does not wait any more; your answer is for the next time.\n");
    } else if (is_longer) {
        interject(prompter, "\nThere is more time now.\n");
    }
}

static const char *
end_text(const char *reason)
{
    if (g_str_equal(reason, "timeout"))
        return "\nNobody answered in time; the question is over.\n";
    if (g_str_equal(reason, "answered"))
        return "\nThis was answered elsewhere.\n";
    return "\nThe program does not wait for an answer any more.\n";
}

static void
close_question(const MeishiQuestion *question, const char *reason, gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    forget_question(prompter);
    if (reason != NULL)
        show(prompter, end_text(reason));
}

static const MeishiDeskClass desk_class = {
    .show = show_question,
    .update = update_question,
    .close = close_question,
};

/* ---- Ctrl-Z ---------------------------------------------------------------------------------- */

static void
leave_terminal(gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    meishi_tty_listener_leave_terminal(prompter->listener);
}

/* Who was away for long has been dropped by the daemon; where not, it says so and all is well. */
static void
come_back(gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    meishi_desk_register(prompter->desk, NULL, TERMINAL, NULL, NULL);
    if (prompter->dialog == NULL)
        return;
    if (meishi_tty_listener_hears(prompter->listener) == MEISHI_TTY_NOT_HEARD &&
        !listen(prompter, NULL))
        meishi_desk_dismiss(prompter->desk);
    else
        interject(prompter, "\n");
}

static const MeishiTtyJobsClass jobs_class = {.leave = leave_terminal, .come_back = come_back};

/* ---- coming and going ------------------------------------------------------------------------ */

static void
on_registered(GObject *source, GAsyncResult *result, gpointer data)
{
    *(GAsyncResult **)data = g_object_ref(result);
}

/* Waits: nothing else is done before the daemon knows whom to ask. */
static gboolean
register_desk(MeishiDesk *desk, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_desk_register(desk, NULL, TERMINAL, on_registered, &result);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return meishi_desk_register_finish(result, error);
}

static MeishiTtyListener *
new_listener(MeishiTtyPrompter *prompter)
{
    const MeishiTtyListenerHow how = {.fd = prompter->fd,
                                      .path = TERMINAL,
                                      .pinentry = prompter->program,
                                      .plain = prompter->plain};

    return meishi_tty_listener_new(&how, &listener_class, prompter);
}

MeishiTtyPrompter *
meishi_tty_prompter_new(GDBusConnection *connection, const MeishiTtyPrompterOptions *options,
                        GError **error)
{
    int fd = open(TERMINAL, O_RDWR | O_CLOEXEC);
    MeishiTtyPrompter *prompter;

    if (fd < 0)
        return NULL;
    prompter = g_new0(MeishiTtyPrompter, 1);
    prompter->plain = options->plain;
    prompter->program = g_strdup(options->pinentry);
    prompter->fd = fd;
    prompter->listener = new_listener(prompter);
    prompter->clock = meishi_tty_clock_new(on_late, prompter);
    prompter->jobs = meishi_tty_jobs_new(&jobs_class, prompter);
    prompter->desk = meishi_desk_new(connection, &desk_class, prompter, error);
    if (prompter->desk == NULL || !register_desk(prompter->desk, error))
        g_clear_pointer(&prompter, meishi_tty_prompter_free);
    return prompter;
}

void
meishi_tty_prompter_free(MeishiTtyPrompter *prompter)
{
    if (prompter == NULL)
        return;
    meishi_desk_free(prompter->desk);
    meishi_tty_jobs_free(prompter->jobs);
    meishi_tty_listener_free(prompter->listener);
    meishi_tty_clock_free(prompter->clock);
    g_free(prompter->program);
    close(prompter->fd);
    g_free(prompter);
}

gboolean
meishi_tty_prompter_interrupt(MeishiTtyPrompter *prompter)
{
    if (prompter == NULL || meishi_desk_question(prompter->desk) == NULL)
        return FALSE;
    show(prompter, "\n");
    meishi_desk_dismiss(prompter->desk);
    return TRUE;
}
