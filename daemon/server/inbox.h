/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inbox: workers put things in, the main loop takes them out.
 *
 * The only way from a worker to the main loop.  Locks are pthread's, so that ThreadSanitizer sees
 * the passage.
 */
#pragma once

#include <glib.h>

typedef struct MeishiInbox MeishiInbox;

typedef void (*MeishiInboxFunc)(gpointer item, gpointer user_data);

/* @func is called on the thread-default context of the creator, once per item and in order. */
MeishiInbox *meishi_inbox_new(MeishiInboxFunc func, gpointer user_data,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Any thread; @item is not NULL. */
void meishi_inbox_post(MeishiInbox *inbox, gpointer item);

/* Items that were not delivered are forgotten; NULL is fine. */
void meishi_inbox_free(MeishiInbox *inbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiInbox, meishi_inbox_free)
