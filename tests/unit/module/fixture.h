/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module that is initialised against a fake agent in a runtime directory of its own, with one
 * session on each of the two tokens.
 */
#pragma once

#include "module/cryptoki3.h"
#include "tests/lib/fake-agent.h"
#include "tests/lib/snapshot-sample.h"

typedef struct {
    char *dir;
    FakeAgent *agent;
    CK_SESSION_HANDLE session; /* on slot 1 */
    CK_SESSION_HANDLE eddsa;   /* on slot 2 */
} Fixture;

#define assert_rv(call, expected) g_assert_cmphex((call), ==, (expected))

/* To be called once, first in main(): the environment is read by threads later. */
char *fixture_make_runtime_dir(void);
void fixture_remove_runtime_dir(char *dir);

void fixture_set_up(Fixture *f, gconstpointer unused); /* all of the above */
void fixture_set_up_without_agent(Fixture *f, gconstpointer unused);
void fixture_tear_down(Fixture *f, gconstpointer unused);

/* Ends the agent as SIGKILL would; starts another one. */
void fixture_kill_agent(Fixture *f);
void fixture_start_agent(Fixture *f);

CK_SESSION_HANDLE fixture_open(CK_SLOT_ID slot);

/* The handles that a search finds, as "11 12"; new. */
char *fixture_find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG n);

/* Signs with @key; the rv of C_Sign.  The signature is checked where that is CKR_OK. */
CK_RV fixture_sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type);
