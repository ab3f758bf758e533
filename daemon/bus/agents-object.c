/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Agents interface: who can ask the person, and their answers.  Which prompter is asked, and
 * whether an answer is still wanted, is decided by daemon/agent/prompters.h.
 */
#include "daemon/bus/root-objects.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/question-paths.h"
#include "daemon/bus/receive.h"
#include "daemon/bus/remote-prompter.h"

typedef struct {
    MeishiAgent *agent;
    GPtrArray *registered; /* MeishiRemotePrompter */
} Object;

static void
on_gone(MeishiRemotePrompter *prompter, gpointer user_data)
{
    Object *object = user_data;

    g_ptr_array_remove(object->registered, prompter);
}

static gboolean
on_register(MeishiBusAgents *skeleton, GDBusMethodInvocation *invocation, const char *path,
            GVariant *options, gpointer user_data)
{
    Object *object = user_data;
    const MeishiRemotePrompterUser user = {object->agent, on_gone, object};
    GError *error = NULL;
    MeishiRemotePrompter *prompter =
        meishi_remote_prompter_new(&user, invocation, path, options, &error);

    if (prompter != NULL)
        g_ptr_array_add(object->registered, prompter);
    meishi_call_answer(invocation, prompter != NULL, error);
    return TRUE;
}

static MeishiRemotePrompter *
find_own(Object *object, GDBusMethodInvocation *invocation)
{
    gpointer owner = meishi_caller_owner(invocation);

    for (guint i = 0; i < object->registered->len; i++) {
        if (meishi_remote_prompter_owner(object->registered->pdata[i]) == owner)
            return object->registered->pdata[i];
    }
    return NULL;
}

static gboolean
on_unregister(MeishiBusAgents *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    Object *object = user_data;
    MeishiRemotePrompter *prompter = find_own(object, invocation);
    GError *error = NULL;

    if (prompter == NULL)
        g_set_error(&error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "You have not registered a prompter");
    else
        g_ptr_array_remove(object->registered, prompter);
    meishi_call_answer(invocation, prompter != NULL, error);
    return TRUE;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static gboolean
take_response(Object *object, GDBusMethodInvocation *invocation, const char *cookie, guint result,
              GVariant *answer, GError **error)
{
    g_autoptr(GVariant) translated = NULL;

    if (result > 1) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "The result has to be 0 (answered) or 1 (dismissed)");
        return FALSE;
    }
    translated = meishi_question_paths_remove(object->agent, answer, error);
    if (translated == NULL)
        return FALSE;
    g_variant_ref_sink(translated);
    return meishi_prompters_respond(
        meishi_agent_prompters(object->agent), meishi_caller_owner(invocation), cookie,
        result == 0 ? MEISHI_REPLY_ANSWERED : MEISHI_REPLY_DISMISSED, translated, error);
}

static void
secret_received(MeishiCall *call)
{
    gpointer owner = meishi_call_data(call);
    GVariant *parameters = meishi_call_parameters(call);
    g_autoptr(GVariant) beside = g_variant_get_child_value(parameters, 2);
    const MeishiSecretAnswer answer = {meishi_call_secret(call, "secret"), beside};
    GError *error = NULL;
    const char *cookie;
    gboolean ok;

    g_variant_get_child(parameters, 0, "&s", &cookie);
    ok = meishi_prompters_respond_secret(meishi_agent_prompters(meishi_call_agent(call)), owner,
                                         cookie, &answer, &error);
    meishi_call_end(call, ok, error);
}

/* Who was not asked has nothing read for it: a pipe that says nothing holds a thread.  The question
 * may be over when the secret is here, which is wiped then. */
static void
take_secret(MeishiAgent *agent, GDBusMethodInvocation *invocation, GUnixFDList *fds,
            const char *cookie, gint handle)
{
    gpointer owner = meishi_caller_owner(invocation);
    MeishiCall *call = meishi_call_new(agent, invocation, fds);
    GError *error = NULL;

    meishi_call_set_data(call, owner, NULL);
    if (meishi_prompters_check_secret(meishi_agent_prompters(agent), owner, cookie, &error) &&
        meishi_call_expect(call, "secret", handle, MEISHI_RECEIVE_MAX_SECRET, &error))
        meishi_call_receive(call, secret_received);
    else
        meishi_call_fail(call, error);
}

static gboolean
on_respond(MeishiBusAgents *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
           const char *cookie, guint result, GVariant *answer, gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    gint32 handle;
    gboolean ok;

    if (result == 0 && g_variant_lookup(answer, "secret", "h", &handle)) {
        take_secret(object->agent, invocation, fds, cookie, handle);
        return TRUE;
    }
    ok = take_response(object, invocation, cookie, result, answer, &error);
    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static gboolean
on_extend(MeishiBusAgents *skeleton, GDBusMethodInvocation *invocation, const char *cookie,
          gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    gboolean ok = meishi_prompters_extend(meishi_agent_prompters(object->agent),
                                          meishi_caller_owner(invocation), cookie, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static void
free_object(Object *object)
{
    g_ptr_array_unref(object->registered);
    g_object_unref(object->agent);
    g_free(object);
}

GDBusInterfaceSkeleton *
meishi_agents_object_new(const MeishiDoorContext *context)
{
    MeishiBusAgents *skeleton = meishi_bus_agents_skeleton_new();
    Object *object = g_new0(Object, 1);

    object->agent = g_object_ref(context->agent);
    object->registered =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_remote_prompter_free);
    g_object_set_data_full(G_OBJECT(skeleton), MEISHI_ROOT_DATA, object,
                           (GDestroyNotify)free_object);
    g_signal_connect(skeleton, "handle-register", G_CALLBACK(on_register), object);
    g_signal_connect(skeleton, "handle-unregister", G_CALLBACK(on_unregister), object);
    g_signal_connect(skeleton, "handle-respond", G_CALLBACK(on_respond), object);
    g_signal_connect(skeleton, "handle-extend", G_CALLBACK(on_extend), object);
    return G_DBUS_INTERFACE_SKELETON(skeleton);
}
