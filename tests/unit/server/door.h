/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole server on a socket of its own, in front of an agent that does what the test says.
 */
#pragma once

#include "daemon/server/server.h"
#include "tests/lib/sample-identities.h"
#include "tests/lib/stub-agent.h"
#include "tests/unit/server/client.h"

#define EC_ROW  1
#define RSA_ROW 2

typedef struct {
    char *dir;
    char *path;
    MeishiAgent *agent;
    MeishiServer *server; /* NULL where the test has freed it */
} Door;

/* With an EC and an RSA key, in the rows above.  @n_workers: GUINT_TO_POINTER(). */
void door_set_up(Door *door, gconstpointer n_workers);
void door_tear_down(Door *door, gconstpointer unused);

void door_add_identity(Door *door, SampleKind kind, gint64 row);

guint64 door_private_key(gint64 row);
guint64 door_public_key(gint64 row);

/* Sends what was put, and waits for the status. */
enum meishi_wire_status door_ask(Client *client);

/* An ECDSA signature with the key in EC_ROW. */
void door_put_sign(Client *client);
