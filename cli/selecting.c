/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SelectIdentity and its Request: we listen on the request's path before it exists, because the
 * answer may come before the call returns.  A connection that closes is an answer as well.
 */
#include "cli/selecting.h"

#include "cli/answering.h"
#include "cli/error.h"

#include <sys/random.h>
#include <unistd.h>

#define ROOT     "/org/meishi/Agent1"
#define SELECTOR "org.meishi.Agent1.Selector"
#define REQUEST  "org.meishi.Agent1.Request"
/* On a private connection nobody has a name. */
#define REQUEST_PATH ROOT "/request/peer/"

/* Nothing waits for us meanwhile: the handshake comes afterwards. */
#define PERSON_LIMIT_MS (10 * 60 * 1000)
/* The daemon answers by itself long before. */
#define CALL_LIMIT_MS (60 * 1000)

/* ---- what is asked --------------------------------------------------------------------------- */

static void
add_text(GVariantDict *options, const char *name, const char *text)
{
    if (text != NULL)
        g_variant_dict_insert(options, name, "s", text);
}

/* @can_ask: whether we ask ourselves. */
static GVariant *
make_options(const MeishiSelecting *what, gboolean can_ask)
{
    GVariantDict options;

    g_variant_dict_init(&options, NULL);
    g_variant_dict_insert(&options, "interactive", "b", what->may_ask);
    /* Somebody typed a command; a script without a terminal is another thing. */
    g_variant_dict_insert(&options, "user-activation", "b", can_ask);
    add_text(&options, "purpose", what->purpose);
    add_text(&options, "context", what->context);
    add_text(&options, "tty", ttyname(STDERR_FILENO));
    if (can_ask)
        g_variant_dict_insert(&options, "timeout-ms", "u", (guint32)PERSON_LIMIT_MS);
    return g_variant_dict_end(&options);
}

static GVariant *
make_trial_options(const MeishiSelecting *what)
{
    GVariantDict options;

    g_variant_dict_init(&options, NULL);
    g_variant_dict_insert(&options, "interactive", "b", what->may_ask);
    g_variant_dict_insert(&options, "user-activation", "b", what->may_ask);
    add_text(&options, "purpose", what->purpose);
    add_text(&options, "context", what->context);
    add_text(&options, "application", what->application);
    if (what->application != NULL)
        add_text(&options, "application-trust", meishi_request_trust_names[what->trust]);
    return g_variant_dict_end(&options);
}

static GVariant *
make_target(const MeishiTarget *target)
{
    return g_variant_new("(ssq)", target->protocol, target->host, (guint16)target->port);
}

static GVariant *
make_constraints(const MeishiSelecting *what)
{
    return what->constraints != NULL ? what->constraints : g_variant_new("a{sv}", NULL);
}

/* Nobody else can guess the request's path. */
static char *
new_token(GError **error)
{
    guint8 bytes[16];
    GString *token;

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The system gives no random numbers.");
        return NULL;
    }
    token = g_string_new(NULL);
    for (gsize i = 0; i < sizeof bytes; i++)
        g_string_append_printf(token, "%02x", bytes[i]);
    return g_string_free(token, FALSE);
}

/* ---- waiting --------------------------------------------------------------------------------- */

typedef struct {
    MeishiClient *client;
    MeishiAnswering answering;
    MeishiSelection *selection;
    GError *error;
    gboolean is_called; /* the call has returned */
} Wait;

/* Call and answer come in either order. */
static void
check_finished(Wait *wait)
{
    if (wait->error != NULL || (wait->is_called && wait->selection != NULL))
        g_main_loop_quit(wait->answering.loop);
}

static void
on_response(GDBusConnection *connection, const char *sender, const char *path,
            const char *interface, const char *signal, GVariant *parameters, gpointer data)
{
    Wait *wait = data;
    GVariant *results;
    guint32 result;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ua{sv})")) || wait->selection != NULL)
        return;
    g_variant_get(parameters, "(u@a{sv})", &result, &results);
    wait->selection = meishi_selection_new(results);
    wait->selection->result = result;
    g_variant_unref(results);
    check_finished(wait);
}

static void
on_called(GObject *source, GAsyncResult *result, gpointer data)
{
    Wait *wait = data;
    g_autoptr(GVariant) reply = g_dbus_connection_call_finish(
        G_DBUS_CONNECTION(source), result, wait->error == NULL ? &wait->error : NULL);

    wait->is_called = TRUE;
    check_finished(wait);
}

static void
on_closed(GDBusConnection *connection, gboolean is_remote, GError *cause, gpointer data)
{
    Wait *wait = data;

    if (wait->error == NULL)
        g_set_error(&wait->error, G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
    check_finished(wait);
}

static void
call(Wait *wait, const MeishiSelecting *what, const char *token)
{
    GVariant *arguments =
        g_variant_new("(@(ssq)@a{sv}s@a{sv})", make_target(what->target), make_constraints(what),
                      token, make_options(what, wait->answering.prompter != NULL));

    g_dbus_connection_call(wait->client->connection, NULL, ROOT, SELECTOR, "SelectIdentity",
                           arguments, G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS,
                           NULL, on_called, wait);
}

static void
run(Wait *wait, const MeishiSelecting *what, const char *token)
{
    GDBusConnection *connection = wait->client->connection;
    g_autofree char *path = g_strconcat(REQUEST_PATH, token, NULL);
    guint subscription =
        g_dbus_connection_signal_subscribe(connection, NULL, REQUEST, "Response", path, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_response, wait, NULL);
    gulong closed = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), wait);

    call(wait, what, token);
    meishi_answering_run(&wait->answering);
    g_signal_handler_disconnect(connection, closed);
    g_dbus_connection_signal_unsubscribe(connection, subscription);
}

MeishiSelection *
meishi_selecting_select(MeishiClient *client, const MeishiSelecting *what, GError **error)
{
    g_autofree char *token = new_token(error);
    Wait wait = {.client = client};

    if (token == NULL || !meishi_answering_begin(&wait.answering, client->connection, what->may_ask,
                                                 what->plain, error))
        return NULL;
    run(&wait, what, token);
    meishi_answering_end(&wait.answering);
    if (wait.error == NULL && wait.selection != NULL)
        return wait.selection;
    meishi_selection_free(wait.selection);
    if (wait.error == NULL)
        g_set_error(&wait.error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_DECLINED, "Interrupted.");
    g_propagate_error(error, wait.error);
    meishi_client_failed(error);
    return NULL;
}

/* ---- dry runs -------------------------------------------------------------------------------- */

static GVariant *
call_sync(MeishiClient *client, const char *method, GVariant *arguments, const char *type,
          GError **error)
{
    GVariant *reply =
        g_dbus_connection_call_sync(client->connection, NULL, ROOT, SELECTOR, method, arguments,
                                    type != NULL ? G_VARIANT_TYPE(type) : NULL,
                                    G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS, NULL, error);

    if (reply == NULL)
        meishi_client_failed(error);
    return reply;
}

static GVariant *
make_trial(const MeishiSelecting *what)
{
    return g_variant_new("(@(ssq)@a{sv}@a{sv})", make_target(what->target), make_constraints(what),
                         make_trial_options(what));
}

gboolean
meishi_selecting_explain(MeishiClient *client, const MeishiSelecting *what,
                         MeishiExplained *ret_explained, GError **error)
{
    g_autoptr(GVariant) reply =
        call_sync(client, "Explain", make_trial(what), "(aa{sv}a{sv}s)", error);
    g_autoptr(GVariant) decision = NULL;

    if (reply == NULL)
        return FALSE;
    g_variant_get(reply, "(@aa{sv}@a{sv}s)", &ret_explained->verdicts, &decision,
                  &ret_explained->text);
    ret_explained->selection = meishi_selection_new(decision);
    return TRUE;
}

void
meishi_explained_clear(MeishiExplained *explained)
{
    g_clear_pointer(&explained->selection, meishi_selection_free);
    g_clear_pointer(&explained->verdicts, g_variant_unref);
    g_clear_pointer(&explained->text, g_free);
}

/* ---- afterwards ------------------------------------------------------------------------------ */

gboolean
meishi_selecting_bind(MeishiClient *client, const MeishiSelection *selection, GError **error)
{
    const char *id = meishi_selection_text(selection, "selection-id");
    g_autoptr(GVariant) reply = call_sync(client, "Bind", g_variant_new("(s)", id), NULL, error);

    return reply != NULL;
}

void
meishi_selecting_report(MeishiClient *client, const MeishiSelection *selection, const char *outcome,
                        guint8 alert)
{
    const char *id = meishi_selection_text(selection, "selection-id");
    g_autoptr(GVariant) reply = NULL;
    GVariantDict details;

    g_variant_dict_init(&details, NULL);
    if (g_str_equal(outcome, "alert"))
        g_variant_dict_insert(&details, "alert", "y", alert);
    reply = call_sync(client, "ReportOutcome",
                      g_variant_new("(ss@a{sv})", id, outcome, g_variant_dict_end(&details)), NULL,
                      NULL);
}
