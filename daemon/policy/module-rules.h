/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What policy files say about foreign PKCS#11 modules, [Modules].  Which libraries may be loaded is
 * for the administrator; a person may only want less.
 */
#pragma once

#include <glib.h>

/* Of one file or, put together, of all.  Paths are of a library or of a directory with such. */
typedef struct {
    GPtrArray *allow;    /* char *: although others than root can change them; NULL: none */
    GPtrArray *deny;     /* char *: whoever configured them; NULL: none */
    gboolean no_p11_kit; /* what p11-kit knows is not loaded */
    guint line;          /* where the group begins; 0: there is none */
} MeishiModuleRules;

void meishi_module_rules_clear(MeishiModuleRules *rules);

/* Takes in one key.  NOT_FOUND: no such key; INVALID_ARGUMENT. */
gboolean meishi_module_rules_read(MeishiModuleRules *rules, const char *key, char **items,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what a file says; of @is_users nothing is allowed. */
void meishi_module_rules_merge(MeishiModuleRules *rules, const MeishiModuleRules *from,
                               gboolean is_users);

gboolean meishi_module_rules_equal(const MeishiModuleRules *a, const MeishiModuleRules *b);
