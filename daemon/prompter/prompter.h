/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPrompter: org.meishi.Agent1.Prompter on the session bus, answered with windows.  One window
 * at a time, in the order in which the questions came.
 */
#pragma once

#include <gio/gio.h>

typedef struct MeishiPrompter MeishiPrompter;

/* Registers with the daemon now and whenever one appears. */
MeishiPrompter *meishi_prompter_new(GDBusConnection *connection, GError **error);

/* What is not answered is "not now"; NULL is fine. */
void meishi_prompter_free(MeishiPrompter *prompter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPrompter, meishi_prompter_free)
