/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Has the session bus start org.meishi.Prompter when daemon/agent/prompters.h misses a window.
 * Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"

typedef struct MeishiPrompterStarter MeishiPrompterStarter;

/* Without a bus. */
MeishiPrompterStarter *meishi_prompter_starter_new(MeishiAgent *agent);
void meishi_prompter_starter_free(MeishiPrompterStarter *starter); /* NULL is fine */

/* There may soon be one: who asks meanwhile waits for that. */
void meishi_prompter_starter_expect_bus(MeishiPrompterStarter *starter);
void
meishi_prompter_starter_set_bus(MeishiPrompterStarter *starter, GDBusConnection *bus); /* NULL */
