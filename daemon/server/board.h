/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The board: what is published to one program at the moment, its view and the pulse page.
 *
 * The main loop puts up a new view; workers read it.  The pulse page is a page of shared memory
 * that the program maps and only the daemon may write.
 */
#pragma once

#include "daemon/server/view.h"

typedef struct MeishiBoard MeishiBoard;

/* An empty board; put a view up before anybody asks.  UNSUPPORTED where the kernel cannot keep
 * clients from writing to the pulse page (before Linux 5.1), IO. */
MeishiBoard *meishi_board_new(GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_board_free(MeishiBoard *board); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiBoard, meishi_board_free)

/* Main loop: replaces the view (a reference is taken) and tells clients through the pulse page.
 * TRUE where a token came or went since the last one. */
gboolean meishi_board_publish(MeishiBoard *board, MeishiView *view);

/* Any thread.  A reference. */
MeishiView *meishi_board_view(MeishiBoard *board) G_GNUC_WARN_UNUSED_RESULT;

/* Any thread: the number of arrivals and departures of tokens. */
guint64 meishi_board_slot_events(MeishiBoard *board);

/* A random number that names the pulse page, never 0. */
guint64 meishi_board_instance(const MeishiBoard *board);

/* The pulse page's file, which nobody can map writable; stays the board's. */
int meishi_board_pulse(MeishiBoard *board);
