/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Audiences: the programs that are connected, each with the board that it reads.
 *
 * An audience is one process in one layout; all its connections share it, and it goes with the last
 * of them.  Audiences to which the same is shown share one view, so that a hundred programs cost
 * the memory of one snapshot unless policy tells them apart.
 */
#pragma once

#include "daemon/server/board.h"

typedef struct MeishiAudiences MeishiAudiences;
typedef struct MeishiAudience MeishiAudience;

/* Borrows @agent. */
MeishiAudiences *meishi_audiences_new(MeishiAgent *agent);
void meishi_audiences_free(MeishiAudiences *audiences); /* when nobody is left; NULL is fine */

/* Main loop: that of @application's process, which is made where it is the first of its
 * connections.  A reference.  NO_SPACE, IO and the like. */
MeishiAudience *
meishi_audiences_join(MeishiAudiences *audiences, MeishiApplication *application,
                      MeishiLayout layout, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Main loop, after a change: looks what each audience is shown now and publishes where that is
 * something else.  @moved is called for those to whom a token came or went. */
void meishi_audiences_refresh(MeishiAudiences *audiences,
                              void (*moved)(MeishiAudience *audience, gpointer user_data),
                              gpointer user_data);

guint meishi_audiences_count(MeishiAudiences *audiences);

/* ---- any thread ----------------------------------------------------------------------------- */

MeishiAudience *meishi_audience_ref(MeishiAudience *audience);
void meishi_audience_unref(MeishiAudience *audience); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiAudience, meishi_audience_unref)

/* These stay the audience's. */
MeishiBoard *meishi_audience_board(const MeishiAudience *audience);
MeishiApplication *meishi_audience_application(const MeishiAudience *audience);
MeishiLayout meishi_audience_layout(const MeishiAudience *audience);

/* "process 4711 (/usr/bin/curl)", for the log; new. */
char *meishi_audience_describe(const MeishiAudience *audience);

/* The use of a key was refused.  TRUE the first time for this identity: what a program tries in a
 * loop is worth one line of the log. */
gboolean meishi_audience_note_refusal(MeishiAudience *audience, const MeishiIdentity *identity);
