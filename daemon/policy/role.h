/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Roles: a virtual token whose name never changes and whose content is what a rule selects today.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/engine.h"

/* Each role is a slot that every program lists. */
#define MEISHI_ROLE_MAX 32

/* The identity that @role shows to the caller of @request (its application and trust count, its
 * target does not: the rule's first host and port stand for it); G_MAXUINT for none.  Of several
 * it is the best, because nobody can be asked on this way. */
guint
meishi_role_resolve(const MeishiWorld *world, const MeishiRole *role, const MeishiRequest *request);
