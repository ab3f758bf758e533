/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The installed module: who can load it, and what it is for.
 */
#include "config.h"

#include "cli/doctor/gather/gather-private.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What keeps strangers from @path: the first directory on the way that they cannot pass, or the
 * file. */
static void
find_closed(MeishiFacts *facts, const char *path)
{
    g_autofree char *place = g_strdup(path);
    struct stat st;

    for (char *end = place; end != NULL;) {
        end = strchr(end + 1, '/');
        if (end != NULL)
            *end = '\0';
        if (stat(place, &st) == 0 && (st.st_mode & (S_ISDIR(st.st_mode) ? 0001 : 0004)) == 0) {
            facts->module.closed_at = meishi_facts_copy(facts, place);
            facts->module.closed_uid = st.st_uid;
            return;
        }
        if (end != NULL)
            *end = '/';
    }
}

void
meishi_gather_module(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    MeishiModuleFacts *module = &facts->module;

    module->path = meishi_facts_copy(facts, gathering->around != NULL ? gathering->around->module
                                                                      : MEISHI_MODULE);
    module->exists = gathering->around != NULL;
    module->is_readable = access(module->path, R_OK) == 0;
    module->elf = meishi_gather_elf(module->path);
    module->own = meishi_gather_elf("/proc/self/exe");
    find_closed(facts, module->path);
}
