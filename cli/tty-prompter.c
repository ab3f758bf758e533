/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal behind a MeishiDesk.  What is shown and what an answer means is dialog.c's.  The
 * terminal stays as it is (lines, echo, signals), but for a secret, which tty-secret.c reads.  What
 * was typed before a question was shown does not answer it.
 */
#include "cli/tty-prompter.h"

#include "cli/dialog.h"
#include "cli/tty-secret.h"
#include "cli/tty.h"
#include "daemon/asking/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TERMINAL "/dev/tty"
#define MAX_LINE 1024
#define COLUMNS  80

struct MeishiTtyPrompter {
    MeishiDesk *desk;
    gboolean plain;
    int fd;
    MeishiDialog *dialog;    /* about the question that is shown; NULL: none is */
    guint source;            /* of @fd; 0: nothing is asked, or a secret */
    GString *line;           /* what was typed so far */
    MeishiTtySecret *secret; /* that is being typed; NULL */
};

/* ---- the terminal ---------------------------------------------------------------------------- */

/* A terminal that does not take it is one that will not answer either. */
static void
show(MeishiTtyPrompter *prompter, const char *text)
{
    (void)meishi_tty_write(prompter->fd, text);
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

/* ---- answers --------------------------------------------------------------------------------- */

/* @line: NULL at the end of input. */
static void
take_line(MeishiTtyPrompter *prompter, const char *line)
{
    g_autofree char *text = NULL;

    switch (meishi_dialog_take(prompter->dialog, line, &text)) {
    case MEISHI_DIALOG_ASKING:
        show(prompter, text);
        break;
    case MEISHI_DIALOG_ANSWERED:
        meishi_desk_answer(prompter->desk, meishi_dialog_answer(prompter->dialog));
        break;
    case MEISHI_DIALOG_DISMISSED:
        meishi_desk_dismiss(prompter->desk);
        break;
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

/* All whole lines that have come; stops where a line ended the question, because the rest was not
 * typed for the next one. */
static void
take_lines(MeishiTtyPrompter *prompter)
{
    const MeishiQuestion *question = meishi_desk_question(prompter->desk);
    char *end;

    while ((end = strchr(prompter->line->str, '\n')) != NULL) {
        g_autofree char *line = g_strndup(prompter->line->str, (gsize)(end - prompter->line->str));

        g_string_erase(prompter->line, 0, end - prompter->line->str + 1);
        take_line(prompter, line);
        if (meishi_desk_question(prompter->desk) != question)
            return;
    }
    g_string_truncate(prompter->line, MIN(prompter->line->len, MAX_LINE));
}

static gboolean
on_input(int fd, GIOCondition condition, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    char bytes[MAX_LINE];
    gssize n = read(fd, bytes, sizeof bytes);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        show(prompter, "\n");
        take_line(prompter, NULL);
    } else {
        g_string_append_len(prompter->line, bytes, n);
        take_lines(prompter);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- secrets --------------------------------------------------------------------------------- */

/* A secret that cannot be handed over is none: it is asked for again when it is needed again. */
static void
on_secret(MeishiSecret *secret, gpointer data)
{
    MeishiTtyPrompter *prompter = data;

    if (secret != NULL)
        (void)meishi_desk_answer_secret(prompter->desk, secret, NULL);
    else
        meishi_desk_dismiss(prompter->desk);
}

/* ---- MeishiDeskClass ------------------------------------------------------------------------- */

static void
await_line(MeishiTtyPrompter *prompter)
{
    g_string_truncate(prompter->line, 0);
    tcflush(prompter->fd, TCIFLUSH);
    prompter->source =
        g_unix_fd_add(prompter->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, prompter);
}

/* FALSE where the terminal cannot be made to hide what is typed. */
static gboolean
await_answer(MeishiTtyPrompter *prompter)
{
    if (!meishi_dialog_wants_secret(prompter->dialog)) {
        await_line(prompter);
        return TRUE;
    }
    prompter->secret = meishi_tty_secret_new(prompter->fd, on_secret, prompter);
    return prompter->secret != NULL;
}

static gboolean
show_question(const MeishiQuestion *question, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    MeishiQuestionLayout how = layout(prompter);
    g_autofree char *text = NULL;

    prompter->dialog = meishi_dialog_new(question, &how);
    if (!await_answer(prompter)) {
        g_clear_pointer(&prompter->dialog, meishi_dialog_free);
        return FALSE;
    }
    text = meishi_dialog_open(prompter->dialog);
    show(prompter, text);
    return TRUE;
}

static void
update_question(const MeishiQuestion *question, gpointer data)
{
    if (!question->is_awaited)
        show(data, "\nThe program does not wait any more; your answer is for the next time.\n");
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

    if (reason != NULL)
        show(prompter, end_text(reason));
    g_clear_handle_id(&prompter->source, g_source_remove);
    g_clear_pointer(&prompter->secret, meishi_tty_secret_free);
    g_clear_pointer(&prompter->dialog, meishi_dialog_free);
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
meishi_tty_prompter_new(GDBusConnection *connection, gboolean plain, GError **error)
{
    int fd = open(TERMINAL, O_RDWR | O_CLOEXEC);
    MeishiTtyPrompter *prompter;

    if (fd < 0)
        return NULL;
    prompter = g_new0(MeishiTtyPrompter, 1);
    prompter->plain = plain;
    prompter->fd = fd;
    prompter->line = g_string_new(NULL);
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
    g_string_free(prompter->line, TRUE);
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
