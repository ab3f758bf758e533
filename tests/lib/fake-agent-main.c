/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fake agent as a process that can be killed: fake-agent DIR [DELAY_MS].  Says "ready" and
 * serves until its standard input ends.
 */
#include "tests/lib/fake-agent.h"

#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    FakeAgent *agent;
    char byte;

    if (argc < 2)
        return 2;
    agent = fake_agent_new(argv[1]);
    if (argc > 2)
        fake_agent_set_delay(agent, (guint)atoi(argv[2]));
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    fake_agent_free(agent);
    return 0;
}
