/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lock file: one daemon per store, and the note that a vault was made here.
 *
 * The note outlives the database, so that a database that vanished is told from one that never
 * was.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_STORE_NOTE_NONE,    /* no vault was ever made here */
    MEISHI_STORE_NOTE_MAKING,  /* one was being made; whether it is there, the database says */
    MEISHI_STORE_NOTE_MADE,    /* one was made */
    MEISHI_STORE_NOTE_GARBLED, /* something else: to be taken for MADE */
} MeishiStoreNote;

/* Opens and locks @path, made 0600 where missing; BUSY where somebody else has it for
 * longer than half a second.  The lock goes with the last descriptor. */
int meishi_store_lock_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @ret_id: hex digits, new; NULL where there are none. */
gboolean meishi_store_lock_read(int fd, MeishiStoreNote *ret_note, char **ret_id,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Durable when it returns.  NONE takes no id. */
gboolean meishi_store_lock_write(int fd, MeishiStoreNote note, const char *id,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
