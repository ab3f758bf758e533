/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The places where programs look for modules, as cli/setup finds them, and the programs themselves.
 */
#include "cli/doctor/gather/gather-private.h"

#include "cli/setup/places.h"

#include <string.h>
#include <unistd.h>

/* What a distribution starts is a script more often than not; the program lies beside its
 * libraries. */
static char *
find_executable(const MeishiSurroundings *around, const char *name)
{
    static const char *const libraries[] = {"/usr/lib", "/usr/lib64"};
    g_autofree char *command = meishi_surroundings_find_program(around, name);

    if (command == NULL || meishi_gather_elf(command).is_elf)
        return g_steal_pointer(&command);
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autofree char *path = g_build_filename(libraries[i], name, name, NULL);

        if (meishi_gather_elf(path).is_elf)
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* The executable that reads @place; NULL where it is several programs, or in a sandbox. */
static char *
find_program(const MeishiSurroundings *around, const MeishiPlace *place)
{
    static const struct {
        const char *program, *command;
    } commands[] = {
        {"firefox", "firefox"},   {"firefox", "firefox-esr"}, {"thunderbird", "thunderbird"},
        {"chromium", "chromium"}, {"java", "java"},           {"ssh", "ssh"},
    };
    char *path = NULL;

    if (place->sandbox != NULL)
        return NULL;
    for (gsize i = 0; path == NULL && i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(place->program, commands[i].program) == 0)
            path = find_executable(around, commands[i].command);
    }
    return path;
}

static MeishiProgramState
translate(MeishiPlaceState state)
{
    static const MeishiProgramState states[] = {
        [MEISHI_PLACE_READY] = MEISHI_PROGRAM_READY,
        [MEISHI_PLACE_MISSING] = MEISHI_PROGRAM_MISSING,
        [MEISHI_PLACE_STALE] = MEISHI_PROGRAM_STALE,
        [MEISHI_PLACE_DISABLED] = MEISHI_PROGRAM_DISABLED,
        [MEISHI_PLACE_UNREACHABLE] = MEISHI_PROGRAM_UNREACHABLE,
        [MEISHI_PLACE_BROKEN] = MEISHI_PROGRAM_BROKEN,
        [MEISHI_PLACE_ADVICE] = MEISHI_PROGRAM_READY,
    };

    return states[state];
}

static MeishiProgramFact
read_place(MeishiGathering *gathering, const MeishiPlace *place)
{
    MeishiFacts *facts = gathering->facts;
    MeishiProgramFact fact = {
        .state = translate(place->state),
        .program = meishi_facts_copy(facts, place->program),
        .title = meishi_facts_copy(facts, place->title),
        .path = meishi_facts_copy(facts, place->path),
        .module = meishi_facts_copy(facts, place->module),
        .detail = meishi_facts_copy(facts, place->detail),
        .hint = meishi_facts_copy(facts, place->hint),
        .in_use_by = meishi_facts_copy(facts, place->in_use_by),
        .executable = meishi_facts_keep(facts, find_program(gathering->around, place)),
        .module_elf = meishi_gather_elf(place->module),
    };

    fact.elf = meishi_gather_elf(fact.executable);
    fact.module_is_gone = place->module != NULL && access(place->module, F_OK) != 0;
    return fact;
}

/* What nobody would set up unasked is not missed, nor is what root's own home lacks: setup does
 * not write there. */
static gboolean
counts(const MeishiGathering *gathering, const MeishiPlace *place)
{
    if (place->state == MEISHI_PLACE_ADVICE ||
        (gathering->facts->uid == 0 && place->kind != MEISHI_PLACE_P11_KIT))
        return FALSE;
    return place->is_default || place->state != MEISHI_PLACE_MISSING;
}

void
meishi_gather_programs(MeishiGathering *gathering)
{
    GArray *programs;

    if (gathering->around == NULL)
        return;
    gathering->places = meishi_places_find(gathering->around, NULL);
    programs = g_array_new(FALSE, FALSE, sizeof(MeishiProgramFact));
    for (guint i = 0; i < gathering->places->len; i++) {
        const MeishiPlace *place = gathering->places->pdata[i];

        if (counts(gathering, place)) {
            const MeishiProgramFact fact = read_place(gathering, place);

            g_array_append_val(programs, fact);
        }
    }
    gathering->facts->programs =
        meishi_facts_keep_array(gathering->facts, programs, &gathering->facts->n_programs);
}
