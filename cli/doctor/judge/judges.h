/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The checks of `meishi doctor`, in the order in which a person would look.  Pure: facts in,
 * findings out.
 */
#pragma once

#include "cli/doctor/judge/facts.h"
#include "cli/doctor/judge/finding.h"

/* Each adds at least one finding, or none where it does not apply. */
typedef void (*MeishiJudge)(const MeishiFacts *facts, GPtrArray *findings);

typedef struct {
    const char *name;  /* "runtime", for --json */
    const char *title; /* "Runtime directory", for people */
    MeishiJudge judge;
} MeishiCheck;

/* All checks, up to a NULL name. */
extern const MeishiCheck meishi_judges[];

/* XDG_RUNTIME_DIR names a directory that will not do: what mends it. */
void meishi_judge_mend_runtime(const MeishiFacts *facts, MeishiFinding *finding);

/* What all of them say of @facts (MeishiFinding). */
GPtrArray *meishi_judge_all(const MeishiFacts *facts);

/* The title of the check called @name; static. */
const char *meishi_judge_title(const char *name);

void meishi_judge_runtime(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_units(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_daemon(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_store(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_vault(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_keyring(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_identities(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_clock(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_policy(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_module(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_programs(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_p11_kit(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_twins(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_sandboxes(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_tokens(const MeishiFacts *facts, GPtrArray *findings);
void meishi_judge_environment(const MeishiFacts *facts, GPtrArray *findings);

/* "sudo " where only root can change what belongs to @owner, else "". */
const char *meishi_judge_sudo(const MeishiFacts *facts, guint owner);
