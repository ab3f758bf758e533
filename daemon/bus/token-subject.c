/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A subject lives as long as the connection of its handler.
 */
#include "daemon/bus/token-subject.h"

static void
free_subject(gpointer subject, GClosure *closure)
{
    g_free(subject);
}

void
meishi_token_subject_connect(MeishiBusToken *skeleton, MeishiAgent *agent, const char *signal,
                             GCallback handler)
{
    MeishiTokenSubject *subject = g_new(MeishiTokenSubject, 1);

    *subject = (MeishiTokenSubject){skeleton, agent};
    g_signal_connect_data(skeleton, signal, handler, subject, free_subject, G_CONNECT_SWAPPED);
}

MeishiSecret *
meishi_token_subject_secret(MeishiCall *call, const char *name)
{
    MeishiSecret *secret = meishi_call_secret(call, name);

    return secret != NULL && meishi_secret_len(secret) > 0 ? secret : NULL;
}
