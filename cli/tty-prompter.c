/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal's end of org.meishi.Agent1.Prompter: one question at a time, in the order in which
 * they came.  What is shown and what an answer means is dialog.c's.  The terminal stays as it is
 * (lines, echo, signals), but for a secret, which tty-secret.c reads.  What was typed before a
 * question was shown does not answer it.
 */
#include "cli/tty-prompter.h"

#include "cli/dialog.h"
#include "cli/secret-option.h"
#include "cli/tty-secret.h"
#include "cli/tty.h"
#include "daemon/bus/agent1.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ROOT     "/org/meishi/Agent1"
#define PATH     "/org/meishi/Prompter"
#define TERMINAL "/dev/tty"
#define MAX_LINE 1024
#define COLUMNS  80

/* org.meishi.Agent1.Agents.Respond */
#define RESULT_ANSWERED  0
#define RESULT_DISMISSED 1

typedef struct {
    char *cookie;
    MeishiDialog *dialog;
} Open;

struct MeishiTtyPrompter {
    GDBusConnection *connection;
    MeishiBusPrompter *object;
    gboolean plain;
    int fd;
    guint source;            /* of @fd; 0: nothing is asked, or a secret */
    GQueue waiting;          /* Open; the head is the one that is shown */
    GString *line;           /* what was typed so far */
    MeishiTtySecret *secret; /* that is being typed; NULL */
};

static void
free_open(gpointer data)
{
    Open *open = data;

    g_free(open->cookie);
    meishi_dialog_free(open->dialog);
    g_free(open);
}

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

/* The only failure is that the question is over, and then there is nothing to do about it. */
static void
respond_with(MeishiTtyPrompter *prompter, const char *cookie, guint result, GVariant *answer,
             GUnixFDList *fds)
{
    g_dbus_connection_call_with_unix_fd_list(
        prompter->connection, NULL, ROOT, "org.meishi.Agent1.Agents", "Respond",
        g_variant_new("(su@a{sv})", cookie, result, answer), NULL, G_DBUS_CALL_FLAGS_NONE, -1, fds,
        NULL, NULL, NULL);
}

static void
respond(MeishiTtyPrompter *prompter, const char *cookie, guint result, GVariant *answer)
{
    respond_with(prompter, cookie, result, answer, NULL);
}

static void show_next(MeishiTtyPrompter *prompter);

static void
close_shown(MeishiTtyPrompter *prompter)
{
    free_open(g_queue_pop_head(&prompter->waiting));
    g_clear_handle_id(&prompter->source, g_source_remove);
    g_clear_pointer(&prompter->secret, meishi_tty_secret_free);
    show_next(prompter);
}

static void
dismiss_shown(MeishiTtyPrompter *prompter)
{
    Open *open = g_queue_peek_head(&prompter->waiting);

    respond(prompter, open->cookie, RESULT_DISMISSED, g_variant_new("a{sv}", NULL));
    close_shown(prompter);
}

/* @line: NULL at the end of input. */
static void
take_line(MeishiTtyPrompter *prompter, const char *line)
{
    Open *open = g_queue_peek_head(&prompter->waiting);
    g_autofree char *text = NULL;

    switch (meishi_dialog_take(open->dialog, line, &text)) {
    case MEISHI_DIALOG_ASKING:
        show(prompter, text);
        break;
    case MEISHI_DIALOG_ANSWERED:
        respond(prompter, open->cookie, RESULT_ANSWERED, meishi_dialog_answer(open->dialog));
        close_shown(prompter);
        break;
    case MEISHI_DIALOG_DISMISSED:
        dismiss_shown(prompter);
        break;
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

/* All whole lines that have come; stops where a line ended the question, because the rest was not
 * typed for the next one. */
static void
take_lines(MeishiTtyPrompter *prompter)
{
    const Open *open = g_queue_peek_head(&prompter->waiting);
    char *end;

    while ((end = strchr(prompter->line->str, '\n')) != NULL) {
        g_autofree char *line = g_strndup(prompter->line->str, (gsize)(end - prompter->line->str));

        g_string_erase(prompter->line, 0, end - prompter->line->str + 1);
        take_line(prompter, line);
        if (g_queue_peek_head(&prompter->waiting) != open)
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

static gboolean
send_secret(MeishiTtyPrompter *prompter, const char *cookie, MeishiSecret *secret)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    gint handle = meishi_secret_option_send(secret, fds, NULL);
    GVariantDict answer = G_VARIANT_DICT_INIT(NULL);

    if (handle < 0)
        return FALSE;
    g_variant_dict_insert(&answer, "secret", "h", handle);
    respond_with(prompter, cookie, RESULT_ANSWERED, g_variant_dict_end(&answer), fds);
    return TRUE;
}

/* A secret that cannot be handed over is none: it is asked for again when it is needed again. */
static void
on_secret(MeishiSecret *secret, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    const Open *open = g_queue_peek_head(&prompter->waiting);

    if (secret != NULL && send_secret(prompter, open->cookie, secret))
        close_shown(prompter);
    else
        dismiss_shown(prompter);
}

/* ---- one after the other --------------------------------------------------------------------- */

static void
await_line(MeishiTtyPrompter *prompter)
{
    g_string_truncate(prompter->line, 0);
    tcflush(prompter->fd, TCIFLUSH);
    prompter->source =
        g_unix_fd_add(prompter->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, prompter);
}

static void
show_next(MeishiTtyPrompter *prompter)
{
    const Open *open = g_queue_peek_head(&prompter->waiting);
    g_autofree char *text = NULL;

    if (open == NULL || prompter->source != 0 || prompter->secret != NULL)
        return;
    text = meishi_dialog_open(open->dialog);
    if (!meishi_dialog_wants_secret(open->dialog)) {
        await_line(prompter);
        show(prompter, text);
        return;
    }
    prompter->secret = meishi_tty_secret_new(prompter->fd, on_secret, prompter);
    if (prompter->secret != NULL)
        show(prompter, text);
    else
        dismiss_shown(prompter);
}

/* ---- org.meishi.Agent1.Prompter -------------------------------------------------------------- */

static gboolean
on_begin(MeishiBusPrompter *object, GDBusMethodInvocation *invocation, const char *cookie,
         const char *kind, GVariant *question, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    MeishiQuestion *read = meishi_question_new(kind, question, (guint)getpid());
    MeishiQuestionLayout how = layout(prompter);
    Open *open;

    meishi_bus_prompter_complete_begin(object, invocation);
    if (read == NULL) {
        respond(prompter, cookie, RESULT_DISMISSED, g_variant_new("a{sv}", NULL));
        return TRUE;
    }
    open = g_new0(Open, 1);
    open->cookie = g_strdup(cookie);
    open->dialog = meishi_dialog_new(read, &how);
    g_queue_push_tail(&prompter->waiting, open);
    show_next(prompter);
    return TRUE;
}

static GList *
find_open(MeishiTtyPrompter *prompter, const char *cookie)
{
    for (GList *link = prompter->waiting.head; link != NULL; link = link->next) {
        const Open *open = link->data;

        if (g_str_equal(open->cookie, cookie))
            return link;
    }
    return NULL;
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

static gboolean
on_cancel(MeishiBusPrompter *object, GDBusMethodInvocation *invocation, const char *cookie,
          const char *reason, gpointer data)
{
    MeishiTtyPrompter *prompter = data;
    GList *link = find_open(prompter, cookie);

    meishi_bus_prompter_complete_cancel(object, invocation);
    if (link == NULL)
        return TRUE;
    if (link == prompter->waiting.head) {
        show(prompter, end_text(reason));
        close_shown(prompter);
    } else {
        free_open(link->data);
        g_queue_delete_link(&prompter->waiting, link);
    }
    return TRUE;
}

/* ---- coming and going ------------------------------------------------------------------------ */

static GVariant *
make_options(void)
{
    static const char *const kinds[] = {"choose", "confirm", "unlock", NULL};
    GVariantDict options = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&options, "kinds", "^as", kinds);
    g_variant_dict_insert(&options, "tty", "s", TERMINAL);
    return g_variant_dict_end(&options);
}

static gboolean export(MeishiTtyPrompter *prompter, GError **error)
{
    g_autoptr(GVariant) reply = NULL;

    prompter->object = meishi_bus_prompter_skeleton_new();
    g_signal_connect(prompter->object, "handle-begin", G_CALLBACK(on_begin), prompter);
    g_signal_connect(prompter->object, "handle-cancel", G_CALLBACK(on_cancel), prompter);
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(prompter->object),
                                          prompter->connection, PATH, error))
        return FALSE;
    reply =
        g_dbus_connection_call_sync(prompter->connection, NULL, ROOT, "org.meishi.Agent1.Agents",
                                    "Register", g_variant_new("(o@a{sv})", PATH, make_options()),
                                    NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
    return reply != NULL;
}

MeishiTtyPrompter *
meishi_tty_prompter_new(GDBusConnection *connection, gboolean plain, GError **error)
{
    int fd = open(TERMINAL, O_RDWR | O_CLOEXEC);
    MeishiTtyPrompter *prompter;

    if (fd < 0)
        return NULL;
    prompter = g_new0(MeishiTtyPrompter, 1);
    prompter->connection = g_object_ref(connection);
    prompter->plain = plain;
    prompter->fd = fd;
    prompter->line = g_string_new(NULL);
    g_queue_init(&prompter->waiting);
    if (!export(prompter, error))
        g_clear_pointer(&prompter, meishi_tty_prompter_free);
    return prompter;
}

void
meishi_tty_prompter_free(MeishiTtyPrompter *prompter)
{
    GDBusInterfaceSkeleton *object;

    if (prompter == NULL)
        return;
    object = G_DBUS_INTERFACE_SKELETON(prompter->object);
    if (prompter->source != 0)
        show(prompter, "\n");
    g_clear_pointer(&prompter->secret, meishi_tty_secret_free);
    for (GList *link = prompter->waiting.head; link != NULL; link = link->next) {
        const Open *open = link->data;

        respond(prompter, open->cookie, RESULT_DISMISSED, g_variant_new("a{sv}", NULL));
    }
    g_clear_handle_id(&prompter->source, g_source_remove);
    g_queue_clear_full(&prompter->waiting, free_open);
    g_dbus_connection_call(prompter->connection, NULL, ROOT, "org.meishi.Agent1.Agents",
                           "Unregister", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    if (g_dbus_interface_skeleton_get_connection(object) != NULL)
        g_dbus_interface_skeleton_unexport(object);
    g_object_unref(prompter->object);
    g_object_unref(prompter->connection);
    g_string_free(prompter->line, TRUE);
    close(prompter->fd);
    g_free(prompter);
}

gboolean
meishi_tty_prompter_interrupt(MeishiTtyPrompter *prompter)
{
    if (prompter == NULL || g_queue_is_empty(&prompter->waiting))
        return FALSE;
    if (prompter->source != 0)
        show(prompter, "\n");
    dismiss_shown(prompter);
    return TRUE;
}
