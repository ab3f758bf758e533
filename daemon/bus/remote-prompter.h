/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A prompter of another process (org.meishi.Agent1.Prompter) behind the functions of
 * daemon/agent/prompters.h.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"

typedef struct MeishiRemotePrompter MeishiRemotePrompter;

/* Called where the other side has gone or does not do what a prompter has to: free it. */
typedef void (*MeishiRemotePrompterGone)(MeishiRemotePrompter *prompter, gpointer user_data);

typedef struct {
    MeishiAgent *agent;
    MeishiRemotePrompterGone gone;
    gpointer user_data;
} MeishiRemotePrompterUser;

/* The object at @path of the caller of @invocation; it can be asked from now on.  @options are
 * those of Agents.Register.  BUSY where that caller has one already; DENIED for a login session or
 * a terminal that is not its own. */
MeishiRemotePrompter *
meishi_remote_prompter_new(const MeishiRemotePrompterUser *user, GDBusMethodInvocation *invocation,
                           const char *path, GVariant *options,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_remote_prompter_free(MeishiRemotePrompter *prompter); /* NULL is fine */

gpointer meishi_remote_prompter_owner(const MeishiRemotePrompter *prompter);
