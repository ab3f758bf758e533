/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes by descriptor: passwords, files, backups.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include "daemon/base/secret.h"

#define MEISHI_RECEIVE_MAX_SECRET 4096
#define MEISHI_RECEIVE_MAX_FILE   (16 * 1024 * 1024)
#define MEISHI_RECEIVE_MAX_BACKUP (256 * 1024 * 1024)

typedef struct {
    char *name; /* of the argument or file, for messages and look-up */
    int fd;
    gsize max;
    MeishiSecret *content; /* once it is read */
} MeishiReceiveItem;

void meishi_receive_item_free(MeishiReceiveItem *item); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiReceiveItem, meishi_receive_item_free)

/* Takes descriptor number @handle out of @fds.  INVALID_ARGUMENT where there is none or where it
 * is neither a regular file nor a pipe: a terminal or a device may never end. */
MeishiReceiveItem *meishi_receive_item_new(const char *name, GUnixFDList *fds, gint handle,
                                           gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads every item (MeishiReceiveItem) on a worker thread: a regular file from its start, a pipe
 * from where it is, to their ends.  INVALID_ARGUMENT above an item's maximum, TIMEOUT where the
 * writers of the pipes let us wait for more than @deadline_ms altogether. */
void meishi_receive_async(GPtrArray *items, guint deadline_ms, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_receive_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The content as bytes that are wiped when they are freed. */
GBytes *meishi_receive_item_bytes(MeishiReceiveItem *item);
