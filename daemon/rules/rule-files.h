/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRuleFiles: policy files as they lie on disk, with the layer that each belongs to and the
 * owner that it must have.  The one way from directories to rules, which the daemon and `meishi
 * policy check` share; what the files say is for daemon/policy.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"

typedef struct MeishiRuleFiles MeishiRuleFiles;

MeishiRuleFiles *meishi_rule_files_new(void);
void meishi_rule_files_free(MeishiRuleFiles *files); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiRuleFiles, meishi_rule_files_free)

/* Everything that is installed: the four directories of meishi-policy(5), or those below @root,
 * where this user stands for root.  What cannot be read is an error that merging repeats. */
MeishiRuleFiles *meishi_rule_files_new_installed(const char *root);

/* Adds files that somebody named: whose they are does not count. */
void meishi_rule_files_add_dir(MeishiRuleFiles *files, MeishiLayer layer, const char *dir);
void meishi_rule_files_add_text(MeishiRuleFiles *files, MeishiLayer layer, const char *path,
                                GBytes *text);

guint meishi_rule_files_count(const MeishiRuleFiles *files);

/* The rules of all files; NULL where one has an error.  Remarks are added to @lints. */
MeishiPolicySet *meishi_rule_files_merge(const MeishiRuleFiles *files, GPtrArray *lints);

/* The rules of the files that have no error; never NULL.  The remarks are those about all files,
 * and @ret_complete says whether none was left out.  A file of a lower layer that one with an error
 * would have replaced is in force again. */
MeishiPolicySet *meishi_rule_files_merge_good(const MeishiRuleFiles *files, GPtrArray *lints,
                                              gboolean *ret_complete);

/* The group that begins at @line of the file shown as @path, without its first line and without
 * comments, as it stands; "" where there is none.  New. */
char *meishi_rule_files_group_text(const MeishiRuleFiles *files, const char *path, guint line);
