/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads arguments, calls the agent, answers.  A token whose PIN is typed at keys of its own is sent
 * empty ones.
 */
#include "daemon/bus/token-pin.h"

#include "daemon/agent/token-pin.h"
#include "daemon/bus/options.h"
#include "daemon/bus/receive.h"
#include "daemon/bus/token-subject.h"

static const MeishiOption options_known[] = {{"last-try", "b"}, {NULL, NULL}};

/* What is kept of a call until its secrets have been read. */
typedef struct {
    char *label;
    gboolean is_unblocking;
    gboolean spends_last_try;
} Wish;

static void
wish_free(gpointer data)
{
    Wish *wish = data;

    g_free(wish->label);
    g_free(wish);
}

static void
on_changed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = meishi_agent_change_pin_finish(MEISHI_AGENT(source), result, &error);

    meishi_call_end(user_data, ok, error);
}

static void
received(MeishiCall *call)
{
    const Wish *wish = meishi_call_data(call);
    const MeishiPinChange change = {
        .token = wish->label,
        .by = meishi_token_subject_secret(call, "by"),
        .pin = meishi_token_subject_secret(call, "pin"),
        .is_unblocking = wish->is_unblocking,
        .spends_last_try = wish->spends_last_try,
    };

    meishi_agent_change_pin_async(meishi_call_agent(call), &change, on_changed, call);
}

static gboolean
expect_secrets(MeishiCall *call, GError **error)
{
    gint by, pin;

    g_variant_get_child(meishi_call_parameters(call), 0, "h", &by);
    g_variant_get_child(meishi_call_parameters(call), 1, "h", &pin);
    return meishi_call_expect(call, "by", by, MEISHI_RECEIVE_MAX_SECRET, error) &&
           meishi_call_expect(call, "pin", pin, MEISHI_RECEIVE_MAX_SECRET, error);
}

/* Connected swapped: the arguments that it leaves out are in the invocation. */
static gboolean
on_pin(const MeishiTokenSubject *subject, GDBusMethodInvocation *invocation, GUnixFDList *fds)
{
    MeishiCall *call = meishi_call_new(subject->agent, invocation, fds);
    const char *method = g_dbus_method_invocation_get_method_name(invocation);
    g_autoptr(GVariant) options = g_variant_get_child_value(meishi_call_parameters(call), 2);
    Wish *wish = g_new0(Wish, 1);
    GError *error = NULL;

    meishi_call_set_data(call, wish, wish_free);
    wish->label = g_strdup(meishi_bus_token_get_label(subject->skeleton));
    wish->is_unblocking = g_str_equal(method, "UnblockPin");
    g_variant_lookup(options, "last-try", "b", &wish->spends_last_try);
    if (meishi_options_check(options, options_known, &error) && expect_secrets(call, &error))
        meishi_call_receive(call, received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

/* ---- giving it, and taking that back ---------------------------------------------------------
 */

static void
on_given(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = meishi_agent_give_pin_finish(MEISHI_AGENT(source), result, &error);

    meishi_call_end(user_data, ok, error);
}

static void
received_pin(MeishiCall *call)
{
    const Wish *wish = meishi_call_data(call);
    const MeishiPinGift gift = {
        .token = wish->label,
        .pin = meishi_token_subject_secret(call, "pin"),
        .spends_last_try = wish->spends_last_try,
    };

    meishi_agent_give_pin_async(meishi_call_agent(call), &gift, on_given, call);
}

static gboolean
on_log_in(const MeishiTokenSubject *subject, GDBusMethodInvocation *invocation, GUnixFDList *fds)
{
    MeishiCall *call = meishi_call_new(subject->agent, invocation, fds);
    GVariant *parameters = meishi_call_parameters(call);
    g_autoptr(GVariant) options = g_variant_get_child_value(parameters, 1);
    Wish *wish = g_new0(Wish, 1);
    GError *error = NULL;
    gint pin;

    meishi_call_set_data(call, wish, wish_free);
    wish->label = g_strdup(meishi_bus_token_get_label(subject->skeleton));
    g_variant_lookup(options, "last-try", "b", &wish->spends_last_try);
    g_variant_get_child(parameters, 0, "h", &pin);
    if (meishi_options_check(options, options_known, &error) &&
        meishi_call_expect(call, "pin", pin, MEISHI_RECEIVE_MAX_SECRET, &error))
        meishi_call_receive(call, received_pin);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

static gboolean
on_log_out(const MeishiTokenSubject *subject, GDBusMethodInvocation *invocation)
{
    const char *label = meishi_bus_token_get_label(subject->skeleton);
    GError *error = NULL;
    gboolean ok = meishi_agent_close_token(subject->agent, label, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

/* ---- for how long it holds --------------------------------------------------------------------
 */

static gboolean
read_keep(GVariant *parameters, MeishiPinKeep *ret_keep, GError **error)
{
    g_autofree char *text = NULL;
    const char *kind;
    guint minutes;

    g_variant_get(parameters, "(&su)", &kind, &minutes);
    text = g_str_equal(kind, meishi_pin_keep_kind_name(MEISHI_PIN_MINUTES))
               ? g_strdup_printf("%um", minutes)
               : g_strdup(kind);
    return meishi_pin_keep_parse(text, ret_keep, error);
}

static gboolean
on_set_keep(const MeishiTokenSubject *subject, GDBusMethodInvocation *invocation)
{
    const char *label = meishi_bus_token_get_label(subject->skeleton);
    GError *error = NULL;
    MeishiPinKeep keep;
    gboolean ok = read_keep(g_dbus_method_invocation_get_parameters(invocation), &keep, &error) &&
                  meishi_agent_set_pin_keep(subject->agent, label, &keep, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

void
meishi_token_pin_connect(MeishiBusToken *skeleton, MeishiAgent *agent)
{
    meishi_token_subject_connect(skeleton, agent, "handle-change-pin", G_CALLBACK(on_pin));
    meishi_token_subject_connect(skeleton, agent, "handle-unblock-pin", G_CALLBACK(on_pin));
    meishi_token_subject_connect(skeleton, agent, "handle-log-in", G_CALLBACK(on_log_in));
    meishi_token_subject_connect(skeleton, agent, "handle-log-out", G_CALLBACK(on_log_out));
    meishi_token_subject_connect(skeleton, agent, "handle-set-pin-keep", G_CALLBACK(on_set_keep));
}
