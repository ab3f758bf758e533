/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Has each part look, in the order in which they need each other.
 */
#include "cli/doctor/gather/gather.h"

#include "cli/doctor/gather/gather-private.h"

#include <unistd.h>

MeishiFacts *
meishi_gather(void)
{
    g_autoptr(MeishiSurroundings) around = meishi_surroundings_new(FALSE, NULL, NULL);
    MeishiGathering gathering = {.facts = meishi_facts_new(), .around = around};

    gathering.facts->uid = getuid();
    meishi_gather_runtime(&gathering);
    meishi_gather_units(&gathering);
    meishi_gather_daemon(&gathering);
    meishi_gather_store(&gathering);
    meishi_gather_vault(&gathering);
    meishi_gather_identities(&gathering);
    meishi_gather_policy(&gathering);
    meishi_gather_module(&gathering);
    meishi_gather_programs(&gathering);
    meishi_gather_p11_kit(&gathering);
    meishi_gather_twins(&gathering);
    meishi_gather_tokens(&gathering);
    meishi_gather_sandboxes(&gathering);
    meishi_gather_environment(&gathering);
    g_clear_pointer(&gathering.places, g_ptr_array_unref);
    g_clear_pointer(&gathering.client, meishi_client_free);
    return gathering.facts;
}
