/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A real meishi-tokenhost with the hostile module in it, and calls that wait for their answer.
 */
#pragma once

#include "daemon/token/host.h"

/* The pace of all tests but those in which something hangs; clearing a fixture goes back to it. */
#define HOST_FIXTURE_LONG_MS  30000
#define HOST_FIXTURE_PAUSE_MS 20

typedef struct {
    MeishiTokenHost *host;
    guint n_ready, n_lost;
    GError *why; /* of the last loss */
    guint retry_ms;
    GPtrArray *lines;
    guint32 library_flags;
    char *description;
} HostFixture;

/* The hostile module, told @words. */
void host_fixture_init(HostFixture *fixture, const char *words);
/* The same, allowed to talk to other machines. */
void host_fixture_init_network(HostFixture *fixture, const char *words);
/* The module at @path. */
void host_fixture_init_path(HostFixture *fixture, const char *path, const char *words);
void host_fixture_clear(HostFixture *fixture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostFixture, host_fixture_clear)

/* Runs the main loop until the fixture was ready, or lost, @n times. */
void host_fixture_await_ready(HostFixture *fixture, guint n);
void host_fixture_await_lost(HostFixture *fixture, guint n);

/* Begins a call; its result is there when *@ret is not NULL. */
void host_fixture_begin(HostFixture *fixture, const MeishiHostRequest *request, GAsyncResult **ret);
MeishiHostAnswer *host_fixture_end(GAsyncResult **result, GError **error);

/* Both; the answer, or an error. */
MeishiHostAnswer *
host_fixture_call(HostFixture *fixture, const MeishiHostRequest *request, GError **error);

/* The status of a call that is answered. */
guint64 host_fixture_status(HostFixture *fixture, const MeishiHostRequest *request);

/* The first slot, which has a token, as an answer to SLOTS. */
MeishiHostAnswer *host_fixture_look(HostFixture *fixture, MeishiHostSlot *ret);

/* Logs in with @pin. */
guint64 host_fixture_login(HostFixture *fixture, const MeishiHostSlot *slot, const char *pin);

/* A request to sign "data" with the hostile module's key. */
MeishiHostRequest host_fixture_sign_request(const MeishiHostSlot *slot);

char *host_fixture_dup_text(MeishiHostText text);
