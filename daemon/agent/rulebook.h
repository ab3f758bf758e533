/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRulebook: the policy that is in force.  Reads the four directories of meishi-policy(5),
 * watches them, and puts a new generation into force 500 ms after the last change: all of it or,
 * where a file has an error, none of it, and the previous generation stays.
 *
 * Signals:
 *   reloaded ()  a new generation is in force, or a reload failed (see meishi_rulebook_failed())
 */
#pragma once

#include <glib-object.h>

#include "daemon/policy/lint.h"
#include "daemon/policy/rule-set.h"

#define MEISHI_TYPE_RULEBOOK (meishi_rulebook_get_type())
G_DECLARE_FINAL_TYPE(MeishiRulebook, meishi_rulebook, MEISHI, RULEBOOK, GObject)

/* For tests, before the first rulebook is made: all four directories lie below @root, and this user
 * stands for root (usr/share/meishi/policy.d, etc/..., run/..., user/...). */
void meishi_rulebook_set_root(const char *root);

/* Reads once and begins to watch.  At the start there is no previous generation: where a file has
 * an error, the files without one are in force and meishi_rulebook_failed() says so, because no
 * policy at all would be the laxest of all. */
MeishiRulebook *meishi_rulebook_new(void);

/* In force; borrowed until the main loop turns. */
const MeishiPolicySet *meishi_rulebook_set(MeishiRulebook *rulebook);
guint64 meishi_rulebook_generation(MeishiRulebook *rulebook);

/* The keys of a rule or role that is in force, as they stand at @line of its @file, without
 * comments; new. */
char *meishi_rulebook_text(MeishiRulebook *rulebook, const char *file, guint line);

/* MeishiLint of the last reading, sorted; borrowed likewise. */
GPtrArray *meishi_rulebook_lints(MeishiRulebook *rulebook);

/* Whether the last reading was refused. */
gboolean meishi_rulebook_failed(MeishiRulebook *rulebook);

/* Reads now.  BAD_FILE where a file has an error; the message names the first one. */
gboolean meishi_rulebook_reload(MeishiRulebook *rulebook, GError **error) G_GNUC_WARN_UNUSED_RESULT;
