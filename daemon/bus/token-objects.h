/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.meishi.Agent1.Token: the PKCS#11 tokens that programs see: those of the vault, one for
 * each role of the policy, and the cards and tokens of foreign modules.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/presentation.h"

/* Brings the tokens below @objects in step with @agent. */
void meishi_token_objects_update(GDBusObjectManagerServer *objects, MeishiAgent *agent);

/* What a program of no particular kind is shown; for meishi_presentation_free(). */
MeishiPresentation *meishi_token_objects_present(MeishiAgent *agent);

/* Path of what @role holds; "/" for nothing.  New. */
char *meishi_token_objects_identity(const MeishiShownRole *role);

/* The label under which the card or token at @path is shown; new.  NOT_FOUND. */
char *meishi_token_objects_label(MeishiAgent *agent, const char *path,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
