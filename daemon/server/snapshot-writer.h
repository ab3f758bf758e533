/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes the snapshot that module/wire/snapshot.h describes: slots, mechanisms, objects and their
 * attributes in, a sealed memory file out.
 *
 * Knows the format and nothing of certificates.  The same calls give the same bytes.  Slots come
 * in the order of the slot list; within a slot first its mechanisms, then its objects by class
 * and rank.
 */
#pragma once

#include <glib.h>

#include "module/wire/snapshot.h"

typedef struct MeishiSnapshotWriter MeishiSnapshotWriter;

/* Bytes that lie in the file already; any number of attributes may have them. */
typedef struct {
    guint64 off;
    guint32 len;
} MeishiSnapshotValue;

MeishiSnapshotWriter *meishi_snapshot_writer_new(void);
void meishi_snapshot_writer_free(MeishiSnapshotWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSnapshotWriter, meishi_snapshot_writer_free)

/* Begins a slot.  The ranges in @slot are filled in here, the texts are as they are. */
void meishi_snapshot_writer_add_slot(MeishiSnapshotWriter *writer,
                                     const struct meishi_snapshot_slot *slot);
void meishi_snapshot_writer_add_mechanism(MeishiSnapshotWriter *writer,
                                          const struct meishi_snapshot_mech *mech);

/* Begins an object, whose class is not below that of the one before. */
void meishi_snapshot_writer_add_object(MeishiSnapshotWriter *writer, guint64 handle, guint64 class);

/* Stores bytes (NULL: none) or a number in CK_ULONG's form; numbers are stored once. */
MeishiSnapshotValue
meishi_snapshot_writer_put(MeishiSnapshotWriter *writer, gconstpointer data, gsize len);
MeishiSnapshotValue meishi_snapshot_writer_put_bytes(MeishiSnapshotWriter *writer, GBytes *bytes);
MeishiSnapshotValue meishi_snapshot_writer_put_number(MeishiSnapshotWriter *writer, guint64 number);

/* Gives the object an attribute; in any order, each type once. */
void
meishi_snapshot_writer_add(MeishiSnapshotWriter *writer, guint64 type, MeishiSnapshotValue value);

/* One that exists and is never revealed. */
void meishi_snapshot_writer_add_sensitive(MeishiSnapshotWriter *writer, guint64 type);

/* The sealed file (the caller closes it), or -1: NO_SPACE where it would be larger than a
 * module maps, IO. */
int meishi_snapshot_writer_finish(MeishiSnapshotWriter *writer, guint64 generation, gsize *ret_size,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
