/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads arguments, calls the agent, answers.
 */
#include "daemon/bus/token-setup.h"

#include "daemon/agent/token-inspect.h"
#include "daemon/agent/token-setup.h"
#include "daemon/bus/options.h"
#include "daemon/bus/receive.h"
#include "daemon/bus/token-subject.h"

#define SO_PIN "security officer's PIN"
#define PIN    "PIN"

/* ---- Initialize ------------------------------------------------------------------------------ */

static const MeishiOption options_known[] = {{"erase", "b"}, {NULL, NULL}};

static void
on_set_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = meishi_agent_set_up_token_finish(MEISHI_AGENT(source), result, &error);

    meishi_call_end(user_data, ok, error);
}

/* The label of the token is the call's data. */
static void
received(MeishiCall *call)
{
    g_autoptr(GVariant) options = NULL;
    MeishiTokenSetup setup = {
        .token = meishi_call_data(call),
        .so_pin = meishi_token_subject_secret(call, SO_PIN),
        .pin = meishi_token_subject_secret(call, PIN),
    };

    g_variant_get(meishi_call_parameters(call), "(&shh@a{sv})", &setup.label, NULL, NULL, &options);
    g_variant_lookup(options, "erase", "b", &setup.erases);
    meishi_agent_set_up_token_async(meishi_call_agent(call), &setup, on_set_up, call);
}

static gboolean
expect_pins(MeishiCall *call, GError **error)
{
    gint so_pin, pin;

    g_variant_get(meishi_call_parameters(call), "(&shh@a{sv})", NULL, &so_pin, &pin, NULL);
    return meishi_call_expect(call, SO_PIN, so_pin, MEISHI_RECEIVE_MAX_SECRET, error) &&
           meishi_call_expect(call, PIN, pin, MEISHI_RECEIVE_MAX_SECRET, error);
}

static gboolean
on_initialize(const MeishiTokenSubject *subject, GDBusMethodInvocation *invocation,
              GUnixFDList *fds)
{
    MeishiCall *call = meishi_call_new(subject->agent, invocation, fds);
    g_autoptr(GVariant) options = g_variant_get_child_value(meishi_call_parameters(call), 3);
    GError *error = NULL;

    meishi_call_set_data(call, g_strdup(meishi_bus_token_get_label(subject->skeleton)), g_free);
    if (meishi_options_check(options, options_known, &error) && expect_pins(call, &error))
        meishi_call_receive(call, received);
    else
        meishi_call_fail(call, error);
    return TRUE;
}

/* ---- Inspect --------------------------------------------------------------------------------- */

static gboolean
on_inspect(const MeishiTokenSubject *subject, GDBusMethodInvocation *invocation)
{
    GError *error = NULL;
    GVariant *values = meishi_agent_inspect_token(
        subject->agent, meishi_bus_token_get_label(subject->skeleton), &error);

    if (values != NULL)
        meishi_bus_token_complete_inspect(subject->skeleton, invocation, values);
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

void
meishi_token_setup_connect(MeishiBusToken *skeleton, MeishiAgent *agent)
{
    meishi_token_subject_connect(skeleton, agent, "handle-initialize", G_CALLBACK(on_initialize));
    meishi_token_subject_connect(skeleton, agent, "handle-inspect", G_CALLBACK(on_inspect));
}
