/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Task is one errand under way: the connection, a cancellable for what the agent does, and a
 * watch on the socket.  It ends in one place, finish(); the agent's callback comes exactly once,
 * cancelled or not, so a task with one is freed there.  When errands end before a task's callback
 * has come, the task is cut loose (no errands, no connection) and frees itself then.
 */
#include "daemon/server/errands.h"

#include "daemon/base/error.h"
#include "daemon/base/source.h"
#include "daemon/server/status.h"

#include <glib-unix.h>

/* Logins and uses that wait at the same time, of all programs and of one; a person answers them one
 * by one, and more than this is no person's work.  Waiting for a key has no such limit: each
 * connection waits for one at most, and hundreds of first signatures at once are a busy program's
 * start. */
#define MAX_QUESTIONS        256
#define MAX_QUESTIONS_OF_ONE 64

struct MeishiErrands {
    MeishiErrandsOptions options;
    GQueue tasks;      /* Task */
    guint n_questions; /* that the agent works on */
    gboolean is_winding_up;
};

typedef struct {
    MeishiErrands *errands; /* NULL: cut loose */
    MeishiConn *conn;       /* NULL as well then */
    GCancellable *cancellable;
    GSource *watch;
    GList link;
    gboolean has_callback; /* the agent works on it */
    gboolean is_question;  /* a person may have to answer; counted in n_questions */
    gboolean was_asked;    /* the person, for the passphrase */
    gboolean has_hung_up;
} Task;

static void
task_free(Task *task)
{
    meishi_source_clear(&task->watch);
    g_object_unref(task->cancellable);
    g_free(task);
}

static void
begin_question(Task *task)
{
    task->is_question = TRUE;
    task->errands->n_questions++;
}

static void
end_question(Task *task)
{
    if (task->is_question && task->errands != NULL)
        task->errands->n_questions--;
    task->is_question = FALSE;
}

static gboolean
has_too_many(const MeishiErrands *errands, const MeishiAudience *audience)
{
    guint n = 0;

    for (const GList *link = errands->tasks.head; link != NULL; link = link->next) {
        const Task *task = link->data;

        n += task->is_question && task->conn->audience == audience;
    }
    return errands->n_questions >= MAX_QUESTIONS || n >= MAX_QUESTIONS_OF_ONE;
}

/* Gives the connection back and forgets the task. */
static void
finish(Task *task, enum meishi_wire_status status)
{
    MeishiErrands *errands = task->errands;
    MeishiConn *conn = task->conn;
    gboolean has_hung_up = task->has_hung_up;

    end_question(task);
    if (errands != NULL)
        g_queue_unlink(&errands->tasks, &task->link);
    task_free(task);
    if (conn == NULL)
        return;
    conn->errand->status = status;
    conn->errand->is_done = TRUE;
    if (has_hung_up)
        errands->options.drop(conn, errands->options.user_data);
    else
        errands->options.resume(conn, errands->options.user_data);
}

/* The agent answers a cancelled request, too; the task ends then. */
static void
cancel(Task *task)
{
    g_autoptr(GCancellable) cancellable = g_object_ref(task->cancellable);

    if (task->has_callback)
        g_cancellable_cancel(cancellable);
    else
        finish(task, MEISHI_WIRE_CANCELLED);
}

static gboolean
on_hang_up(int fd, GIOCondition condition, gpointer user_data)
{
    Task *task = user_data;

    task->has_hung_up = TRUE;
    g_clear_pointer(&task->watch, g_source_unref); /* removed by what we return */
    cancel(task);
    return G_SOURCE_REMOVE;
}

static Task *
task_new(MeishiErrands *errands, MeishiConn *conn)
{
    Task *task = g_new0(Task, 1);

    task->errands = errands;
    task->conn = conn;
    task->cancellable = g_cancellable_new();
    task->watch = g_unix_fd_source_new(conn->fd, G_IO_HUP | G_IO_ERR);
    g_source_set_callback(task->watch, G_SOURCE_FUNC(on_hang_up), task, NULL);
    g_source_attach(task->watch, g_main_context_get_thread_default());
    task->link.data = task;
    g_queue_push_tail_link(&errands->tasks, &task->link);
    return task;
}

/* ---- layouts -------------------------------------------------------------------------------- */

static void
change_layout(Task *task)
{
    MeishiConn *conn = task->conn;
    g_autoptr(GError) error = NULL;
    MeishiAudience *audience = meishi_audiences_join(task->errands->options.audiences,
                                                     meishi_audience_application(conn->audience),
                                                     conn->errand->layout, &error);

    if (audience == NULL) {
        g_warning("a program does not get the layout that it wants: %s", error->message);
        finish(task, meishi_status_from_error(error));
        return;
    }
    meishi_audience_unref(conn->audience);
    conn->audience = audience;
    finish(task, MEISHI_WIRE_OK);
}

/* ---- keys and logins ----------------------------------------------------------------------- */

static void
finish_result(Task *task, gboolean is_done, const GError *error)
{
    finish(task, is_done ? MEISHI_WIRE_OK : meishi_status_from_error(error));
}

/* ---- asking for the passphrase ---- */

static void load_key(Task *task);

static void
on_asked_to_unlock(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Task *task = user_data;
    g_autoptr(GError) error = NULL;
    gboolean is_open = meishi_agent_ask_to_unlock_finish(MEISHI_AGENT(source), result, &error);

    end_question(task);
    if (error != NULL)
        g_debug("a program's request fails: %s", error->message);
    if (is_open && task->conn != NULL && !task->has_hung_up &&
        task->conn->head.type == MEISHI_WIRE_OPERATE)
        load_key(task);
    else
        finish_result(task, is_open, error);
}

/* Is it only the passphrase that is missing, and may the person be asked for it?  Who gave a PIN
 * has answered already. */
static gboolean
may_ask_to_unlock(const Task *task, const GError *error)
{
    const MeishiErrands *errands = task->errands;

    return errands != NULL && !errands->is_winding_up && !task->was_asked &&
           !g_cancellable_is_cancelled(task->cancellable) && task->conn->errand->pin == NULL &&
           meishi_status_from_error(error) == MEISHI_WIRE_LOCKED &&
           (task->is_question || !has_too_many(errands, task->conn->audience)) &&
           meishi_agent_opens_with_passphrase(errands->options.agent);
}

static void
ask_to_unlock(Task *task)
{
    task->was_asked = TRUE;
    if (!task->is_question)
        begin_question(task);
    meishi_agent_ask_to_unlock_async(task->errands->options.agent,
                                     meishi_audience_application(task->conn->audience),
                                     task->cancellable, on_asked_to_unlock, task);
}

/* ---- keys ---- */

static void
on_key_loaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Task *task = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiKey) key = meishi_agent_load_key_finish(MEISHI_AGENT(source), result, &error);

    if (key == NULL && may_ask_to_unlock(task, error)) {
        ask_to_unlock(task);
        return;
    }
    if (key == NULL && meishi_status_from_error(error) == MEISHI_WIRE_FAILED)
        g_warning("a private key cannot be used: %s", error->message);
    if (task->conn != NULL && key != NULL)
        task->conn->errand->key = meishi_key_ref(key);
    finish_result(task, key != NULL, error);
}

static void
on_token_used(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Task *task = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) secret =
        meishi_agent_use_token_finish(MEISHI_AGENT(source), result, &error);

    if (secret == NULL)
        g_debug("a key on a token cannot be used: %s", error->message);
    if (task->conn != NULL && secret != NULL)
        task->conn->errand->result = meishi_secret_ref(secret);
    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE))
        finish(task, MEISHI_WIRE_GONE);
    else
        finish_result(task, secret != NULL, error);
}

/* The person may be asked for a PIN. */
static void
use_token(Task *task)
{
    MeishiErrand *errand = task->conn->errand;

    begin_question(task);
    meishi_agent_use_token_async(
        task->errands->options.agent, meishi_audience_application(task->conn->audience),
        errand->identity, errand->op, &errand->away, task->cancellable, on_token_used, task);
}

static void
load_key(Task *task)
{
    task->has_callback = TRUE;
    if (task->conn->errand->identity->place != NULL) {
        use_token(task);
        return;
    }
    meishi_agent_load_key_async(task->errands->options.agent, task->conn->errand->identity->key_id,
                                task->cancellable, on_key_loaded, task);
}

static void
report_refusal(const MeishiConn *conn, const GError *error)
{
    g_autofree char *program = meishi_audience_describe(conn->audience);

    if (meishi_audience_note_refusal(conn->audience, conn->errand->identity))
        g_message("%s was refused: %s", program, error->message);
}

/* The person's word, then the key: a key is not unsealed for what is not agreed to. */
static void
on_confirmed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Task *task = user_data;
    g_autoptr(GError) error = NULL;
    gboolean is_agreed = meishi_agent_confirm_finish(MEISHI_AGENT(source), result, &error);

    end_question(task);
    if (is_agreed && task->conn != NULL && !task->has_hung_up) {
        load_key(task);
        return;
    }
    if (task->conn != NULL && g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_DENIED))
        report_refusal(task->conn, error);
    finish_result(task, is_agreed, error);
}

static void
confirm(Task *task)
{
    const MeishiErrand *errand = task->conn->errand;

    task->has_callback = TRUE;
    begin_question(task);
    meishi_agent_confirm_async(task->errands->options.agent,
                               meishi_audience_application(task->conn->audience), errand->identity,
                               errand->confirm, task->cancellable, on_confirmed, task);
}

static void
on_unlocked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    gboolean is_unlocked = meishi_agent_vault_finish(MEISHI_AGENT(source), result, &error);

    if (!is_unlocked && may_ask_to_unlock(user_data, error))
        ask_to_unlock(user_data);
    else
        finish_result(user_data, is_unlocked, error);
}

/* The token needs no login, so one succeeds with any PIN unless the vault is locked.  A PIN is
 * then the vault's passphrase; where the vault has none, the client was made to send one by its
 * configuration and it counts for nothing. */
static void
log_in(Task *task)
{
    MeishiAgent *agent = task->errands->options.agent;
    MeishiSecret *pin = meishi_agent_opens_with_passphrase(agent) ? task->conn->errand->pin : NULL;

    if (meishi_agent_vault_state(agent) != MEISHI_VAULT_LOCKED) {
        finish(task, MEISHI_WIRE_OK);
        return;
    }
    task->has_callback = TRUE;
    begin_question(task);
    meishi_agent_vault_unlock_async(agent, pin, task->cancellable, on_unlocked, task);
}

/* ---- running ------------------------------------------------------------------------------- */

static void
run_wait(Task *task)
{
    const MeishiConn *conn = task->conn;
    MeishiBoard *board = meishi_audience_board(conn->audience);

    if (task->errands->is_winding_up)
        finish(task, MEISHI_WIRE_CANCELLED);
    else if (meishi_board_slot_events(board) != conn->errand->counter)
        finish(task, MEISHI_WIRE_OK);
}

static gboolean
needs_person(const MeishiConn *conn)
{
    return conn->head.type == MEISHI_WIRE_LOGIN || conn->errand->confirm != MEISHI_CONFIRM_NEVER;
}

void
meishi_errands_run(MeishiErrands *errands, MeishiConn *conn)
{
    Task *task = task_new(errands, conn);

    if (conn->head.type == MEISHI_WIRE_WAIT)
        run_wait(task);
    else if (conn->head.type == MEISHI_WIRE_HELLO)
        change_layout(task);
    else if (!needs_person(conn))
        load_key(task);
    else if (errands->is_winding_up)
        finish(task, MEISHI_WIRE_CANCELLED);
    else if (has_too_many(errands, conn->audience))
        finish(task, MEISHI_WIRE_BUSY);
    else if (conn->head.type == MEISHI_WIRE_LOGIN)
        log_in(task);
    else
        confirm(task);
}

/* Calls @func for every task that is there now; it may end the task. */
static void
for_each(MeishiErrands *errands, void (*func)(Task *task, gconstpointer data), gconstpointer data)
{
    GList *next;

    for (GList *link = errands->tasks.head; link != NULL; link = next) {
        next = link->next;
        func(link->data, data);
    }
}

static void
look_again(Task *task, gconstpointer audience)
{
    if (task->conn->head.type == MEISHI_WIRE_WAIT && task->conn->audience == audience)
        run_wait(task);
}

void
meishi_errands_slot_event(MeishiErrands *errands, MeishiAudience *audience)
{
    for_each(errands, look_again, audience);
}

static void
cancel_unless_key(Task *task, gconstpointer unused)
{
    if (task->conn->head.type != MEISHI_WIRE_OPERATE || task->is_question)
        cancel(task);
}

static void
cancel_any(Task *task, gconstpointer unused)
{
    cancel(task);
}

void
meishi_errands_wind_up(MeishiErrands *errands)
{
    errands->is_winding_up = TRUE;
    for_each(errands, cancel_unless_key, NULL);
}

void
meishi_errands_cancel(MeishiErrands *errands)
{
    for_each(errands, cancel_any, NULL);
}

/* ---- life ---------------------------------------------------------------------------------- */

MeishiErrands *
meishi_errands_new(const MeishiErrandsOptions *options)
{
    MeishiErrands *errands = g_new0(MeishiErrands, 1);

    errands->options = *options;
    g_queue_init(&errands->tasks);
    return errands;
}

/* Whoever waits for the agent still has its callback to come. */
static void
cut_loose(Task *task, gconstpointer unused)
{
    MeishiErrands *errands = task->errands;
    MeishiConn *conn = g_steal_pointer(&task->conn);

    g_queue_unlink(&errands->tasks, &task->link);
    task->errands = NULL;
    if (task->watch != NULL)
        g_source_destroy(task->watch);
    cancel(task);
    errands->options.drop(conn, errands->options.user_data);
}

void
meishi_errands_free(MeishiErrands *errands)
{
    if (errands == NULL)
        return;
    for_each(errands, cut_loose, NULL);
    g_free(errands);
}
