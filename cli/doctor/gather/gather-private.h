/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the parts of gather.h share.  Each part fills its own facts.
 */
#pragma once

#include "cli/client.h"
#include "cli/doctor/judge/facts.h"
#include "cli/setup/surroundings.h"

typedef struct {
    MeishiFacts *facts;
    MeishiSurroundings *around; /* NULL where no module is installed */
    GPtrArray *places;          /* MeishiPlace of cli/setup/place.h; NULL likewise */
    MeishiClient *client;       /* NULL where no daemon answers */
} MeishiGathering;

void meishi_gather_runtime(MeishiGathering *gathering);
void meishi_gather_units(MeishiGathering *gathering);
void meishi_gather_daemon(MeishiGathering *gathering); /* connects */
void meishi_gather_vault(MeishiGathering *gathering);
void meishi_gather_store(MeishiGathering *gathering);
void meishi_gather_identities(MeishiGathering *gathering);
void meishi_gather_policy(MeishiGathering *gathering);
void meishi_gather_module(MeishiGathering *gathering);
void meishi_gather_programs(MeishiGathering *gathering); /* finds the places */
void meishi_gather_p11_kit(MeishiGathering *gathering);
void meishi_gather_twins(MeishiGathering *gathering);
void meishi_gather_tokens(MeishiGathering *gathering);
void meishi_gather_sandboxes(MeishiGathering *gathering);
void meishi_gather_environment(MeishiGathering *gathering);

/* ---- files ---------------------------------------------------------------------------------- */

/* What lies at @path, which is copied. */
MeishiFileFact meishi_gather_file(MeishiFacts *facts, const char *path);

/* What the program or library at @path is for. */
MeishiElfFact meishi_gather_elf(const char *path);

/* Whether both lead to the same file; FALSE where one is not there. */
gboolean meishi_gather_is_same_file(const char *a, const char *b);

/* The text of the file at @path, new; NULL where it cannot be read or is longer than is plausible
 * for a configuration. */
char *meishi_gather_text(const char *path);
