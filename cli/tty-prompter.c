/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal behind a MeishiDesk.  What is shown and what an answer means is dialog.c's.  The
 * terminal stays as it is (lines, echo, signals), but for a secret, which tty-secret.c or a
 * pinentry reads.  What was typed before a question was shown does not answer it.
 *
 * Invariant: one of three listens for the question that is shown, and none without one:
 * @lines, @secret or @pinentry.
 */
#include "cli/tty-prompter.h"

#include "cli/dialog.h"
#include "cli/permit-text.h"
#include "cli/text.h"
#include "cli/tty-jobs.h"
#include "cli/tty-lines.h"
#include "cli/tty-pinentry.h"
#include "cli/tty-secret.h"
#include "cli/tty.h"
#include "daemon/asking/desk.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TERMINAL "/dev/tty"
#define COLUMNS  80
/* So near to the end, whoever types needs more time. */
#define LATE_S    20
#define MORE_TIME "+"

struct MeishiTtyPrompter {
    MeishiDesk *desk;
    gboolean plain;
    char *program; /* pinentry; NULL */
    int fd;
    MeishiTtyJobs *jobs;
    const MeishiQuestion *question; /* that is shown; NULL: none is */
    MeishiDialog *dialog;           /* about it */
    MeishiTtyLines *lines;
    MeishiTtySecret *secret;
    MeishiTtyPinentry *pinentry;
    gboolean is_pinentry_broken; /* for this question */

    guint late;        /* comes LATE_S before the deadline; 0 */
    gboolean is_late;  /* it came */
    gint64 deadline;   /* as it was told; 0 */
    gboolean is_alone; /* told that nobody waits any more */
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

    if (prompter->pinentry != NULL)
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

static gboolean
on_late(gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    const char *how = prompter->secret != NULL ? "any key" : "“" MORE_TIME "” and Enter";
    gint64 left = MAX(prompter->deadline - g_get_real_time() / G_USEC_PER_SEC, 0);
    g_autofree char *text =
        g_strdup_printf("\n%d seconds are left; %s asks for more time.\n", (int)left, how);

    prompter->late = 0;
    prompter->is_late = TRUE;
    interject(prompter, text);
    return G_SOURCE_REMOVE;
}

static void
watch_deadline(MeishiTtyPrompter *prompter, const MeishiQuestion *question)
{
    gint64 left = question->deadline - g_get_real_time() / G_USEC_PER_SEC - LATE_S;

    g_clear_handle_id(&prompter->late, g_source_remove);
    prompter->is_late = FALSE;
    prompter->deadline = question->deadline;
    if (question->deadline != 0 && left < G_MAXINT)
        prompter->late = g_timeout_add_seconds((guint)MAX(left, 1), on_late, prompter);
}

/* Asked for once; what comes of it is told by update_question(). */
static void
ask_more_time(MeishiTtyPrompter *prompter)
{
    prompter->is_late = FALSE;
    meishi_desk_extend(prompter->desk);
}

/* ---- pinentry -------------------------------------------------------------------------------- */

static gboolean
wants_pinentry(const MeishiTtyPrompter *prompter)
{
    return prompter->program != NULL && !prompter->is_pinentry_broken &&
           (meishi_dialog_wants_secret(prompter->dialog) ||
            prompter->question->asks == MEISHI_ASKS_CONFIRM);
}

static void
on_pinentry(MeishiPinentryEnd end, MeishiSecret *secret, const char *problem, gpointer data);

static void
tell_no_pinentry(MeishiTtyPrompter *prompter, const char *problem)
{
    g_autofree char *clean = meishi_text_clean(problem);
    g_autofree char *text =
        g_strdup_printf("\n%s cannot ask: %s. You are asked here.\n", prompter->program, clean);

    prompter->is_pinentry_broken = TRUE;
    show(prompter, text);
}

/* @problem: what was wrong with what was typed into it before; NULL. */
static gboolean
start_pinentry(MeishiTtyPrompter *prompter, const char *problem)
{
    const MeishiTtyPinentryHow how = {.program = prompter->program,
                                      .fd = prompter->fd,
                                      .path = TERMINAL,
                                      .plain = prompter->plain};
    g_autoptr(GError) error = NULL;

    prompter->pinentry =
        meishi_tty_pinentry_new(&how, prompter->question, problem, on_pinentry, prompter, &error);
    if (error != NULL)
        tell_no_pinentry(prompter, error->message);
    return prompter->pinentry != NULL;
}

/* ---- listening ------------------------------------------------------------------------------- */

static void on_line(const char *line, gpointer data);
static void on_typed(gpointer data);
static void on_secret(MeishiSecret *secret, gpointer data);

static const MeishiTtySecretClass secret_class = {.typed = on_typed, .done = on_secret};

/* Whoever changes a terminal from the background is stopped, and cannot say why then. */
static void
tell_if_in_background(MeishiTtyPrompter *prompter)
{
    pid_t group = tcgetpgrp(prompter->fd);

    if (group >= 0 && group != getpgrp())
        show(prompter, "\nmeishi: A question waits; bring meishi to the foreground.\n");
}

/* FALSE where the terminal cannot be made to hide what is typed. */
static gboolean
start_listening(MeishiTtyPrompter *prompter, const char *problem)
{
    tell_if_in_background(prompter);
    if (wants_pinentry(prompter) && start_pinentry(prompter, problem))
        return TRUE;
    if (!meishi_dialog_wants_secret(prompter->dialog)) {
        prompter->lines = meishi_tty_lines_new(prompter->fd, on_line, prompter);
        return TRUE;
    }
    prompter->secret = meishi_tty_secret_new(prompter->fd, &secret_class, prompter);
    return prompter->secret != NULL;
}

static void
stop_listening(MeishiTtyPrompter *prompter)
{
    g_clear_pointer(&prompter->lines, meishi_tty_lines_free);
    g_clear_pointer(&prompter->secret, meishi_tty_secret_free);
    g_clear_pointer(&prompter->pinentry, meishi_tty_pinentry_free);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The same question, another turn, which may be answered in another way.  @text says so. */
static void
ask_on(MeishiTtyPrompter *prompter, const char *problem, const char *text)
{
    if (prompter->lines == NULL || meishi_dialog_wants_secret(prompter->dialog)) {
        stop_listening(prompter);
        if (!start_listening(prompter, problem)) {
            meishi_desk_dismiss(prompter->desk);
            return;
        }
    }
    if (prompter->pinentry == NULL)
        show(prompter, text);
}

/* @line: NULL at the end of input. */
static void
take_line(MeishiTtyPrompter *prompter, const char *line)
{
    g_autofree char *text = NULL;

    switch (meishi_dialog_take(prompter->dialog, line, &text)) {
    case MEISHI_DIALOG_ASKING:
        if (prompter->is_late)
            ask_more_time(prompter);
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

/* It is the terminal's turn, from the beginning: what the pinentry showed is gone. */
static void
take_over(MeishiTtyPrompter *prompter, const char *problem)
{
    g_autofree char *text = meishi_dialog_open(prompter->dialog);

    tell_no_pinentry(prompter, problem);
    ask_on(prompter, NULL, text);
}

static void
on_pinentry(MeishiPinentryEnd end, MeishiSecret *secret, const char *problem, gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    g_clear_pointer(&prompter->pinentry, meishi_tty_pinentry_free);
    if (end == MEISHI_PINENTRY_FAILED)
        take_over(prompter, problem);
    else if (end == MEISHI_PINENTRY_DISMISSED)
        meishi_desk_dismiss(prompter->desk);
    else if (secret != NULL)
        take_secret(prompter, secret);
    else
        take_line(prompter, end == MEISHI_PINENTRY_GIVEN ? "y" : "n");
}

/* ---- input ----------------------------------------------------------------------------------- */

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
    ask_more_time(prompter);
    interject(prompter, "");
}

static void
on_typed(gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    if (prompter->is_late)
        ask_more_time(prompter);
}

static void
on_secret(MeishiSecret *secret, gpointer data)
{
    take_secret(data, secret);
}

/* ---- MeishiDeskClass ------------------------------------------------------------------------- */

/* A pinentry says itself what it asks; that it does is said here, for one that has a window. */
static void
show_opening(MeishiTtyPrompter *prompter)
{
    g_autofree char *text = meishi_dialog_open(prompter->dialog);
    g_autofree char *name =
        prompter->program != NULL ? g_path_get_basename(prompter->program) : NULL;

    if (prompter->pinentry == NULL) {
        show(prompter, text);
        return;
    }
    show(prompter, name);
    show(prompter, " asks.\n");
}

static void
forget_question(MeishiTtyPrompter *prompter)
{
    stop_listening(prompter);
    g_clear_handle_id(&prompter->late, g_source_remove);
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
    prompter->is_pinentry_broken = FALSE;
    prompter->is_alone = !question->is_awaited;
    if (!start_listening(prompter, NULL)) {
        forget_question(prompter);
        return FALSE;
    }
    show_opening(prompter);
    watch_deadline(prompter, question);
    return TRUE;
}

static void
update_question(const MeishiQuestion *question, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    gboolean is_longer = question->deadline > prompter->deadline;

    if (question->deadline != prompter->deadline)
        watch_deadline(prompter, question);
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

    g_clear_pointer(&prompter->secret, meishi_tty_secret_free);
}

/* Who was away for long has been dropped by the daemon; where not, it says so and all is well. */
static void
come_back(gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    meishi_desk_register(prompter->desk, NULL, TERMINAL, NULL, NULL);
    if (prompter->dialog == NULL || prompter->pinentry != NULL)
        return;
    if (prompter->lines == NULL && prompter->secret == NULL && !start_listening(prompter, NULL))
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
