/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Connects; see connect.h.  A look-up has no time limit of its own, so both steps run in a main
 * context that nobody else uses, with a timer beside them.
 */
#include "cli/connect.h"

#include "cli/error.h"

typedef struct {
    GMainContext *context;
    GCancellable *cancellable;
    GSocketConnection *connection;
    GError *error;
    gboolean done;
} Attempt;

static void
on_connected(GObject *client, GAsyncResult *result, gpointer data)
{
    Attempt *attempt = data;

    attempt->connection =
        g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(client), result, &attempt->error);
    attempt->done = TRUE;
}

static gboolean
on_deadline(gpointer data)
{
    Attempt *attempt = data;

    g_cancellable_cancel(attempt->cancellable);
    return G_SOURCE_REMOVE;
}

/* Runs until connected, failed, or cancelled by the timer. */
static void
run_attempt(Attempt *attempt, const MeishiTarget *target, gint64 deadline)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    gint64 left_ms = MAX(deadline - g_get_monotonic_time(), 0) / 1000;
    GSource *timer = g_timeout_source_new((guint)left_ms);

    g_source_set_callback(timer, on_deadline, attempt, NULL);
    g_source_attach(timer, attempt->context);
    g_main_context_push_thread_default(attempt->context);
    /* What a proxy would answer is not what the server does. */
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_connect_to_host_async(client, target->host, (guint16)target->port,
                                          attempt->cancellable, on_connected, attempt);
    while (!attempt->done)
        g_main_context_iteration(attempt->context, TRUE);
    g_main_context_pop_thread_default(attempt->context);
    g_source_destroy(timer);
    g_source_unref(timer);
}

static void
explain(const MeishiTarget *target, const GError *cause, GError **error)
{
    g_autofree char *name = meishi_target_name(target);
    g_autofree char *text = NULL;

    if (g_error_matches(cause, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
        text = g_strdup_printf("There is no server called “%s”: the name has no address.",
                               target->host);
    else if (cause->domain == G_RESOLVER_ERROR)
        text = g_strdup_printf("“%s” cannot be looked up: %s", target->host, cause->message);
    else if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        text = g_strdup_printf("Nobody listens at %s.", name);
    else if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
             g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        text = g_strdup_printf("%s did not answer in time.", name);
    else
        text = g_strdup_printf("%s cannot be reached: %s", name, cause->message);
    g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, text);
}

GSocketConnection *
meishi_connect_open(const MeishiTarget *target, gint64 deadline, GError **error)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Attempt attempt = {.context = context, .cancellable = cancellable};

    run_attempt(&attempt, target, deadline);
    if (attempt.connection == NULL) {
        explain(target, attempt.error, error);
        g_clear_error(&attempt.error);
        return NULL;
    }
    g_socket_set_blocking(g_socket_connection_get_socket(attempt.connection), FALSE);
    return attempt.connection;
}

static gboolean
fail_late(GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "The server did not answer in time.");
    return FALSE;
}

gboolean
meishi_connect_check(gint64 deadline, GError **error)
{
    return g_get_monotonic_time() < deadline || fail_late(error);
}

/* A server that always has one byte more must not keep us either, so time is looked at first. */
gboolean
meishi_connect_wait(GSocket *socket, GIOCondition condition, gint64 deadline, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gint64 left = deadline - g_get_monotonic_time();

    if (left <= 0)
        return fail_late(error);
    if (g_socket_condition_timed_wait(socket, condition, left, NULL, &cause))
        return TRUE;
    if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return fail_late(error);
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "The connection cannot be waited for: %s", cause->message);
    return FALSE;
}
