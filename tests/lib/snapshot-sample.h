/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Snapshots for tests, put together by hand: slots in order, under each slot its objects in order
 * (class, then rank), under each object its attributes in any order.
 *
 * This is a second implementation of the format in doc/protocol.md; the daemon's is
 * daemon/server/snapshot-writer.c.
 */
#pragma once

#include <glib.h>

#include "module/wire/snapshot.h"

typedef struct MeishiSample MeishiSample;

MeishiSample *meishi_sample_new(guint64 generation);
void meishi_sample_free(MeishiSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSample, meishi_sample_free)

void meishi_sample_add_slot(MeishiSample *sample, guint64 slot_id, const char *label,
                            gboolean is_present);

/* The last slot's token was put in another time than the one before; 1 unless set. */
void meishi_sample_set_insertion(MeishiSample *sample, guint64 insertion);

void meishi_sample_add_mech(MeishiSample *sample, guint64 type, guint64 min_bits, guint64 max_bits,
                            guint64 flags);
void meishi_sample_add_object(MeishiSample *sample, guint64 handle, guint64 class);
void meishi_sample_add_bytes(MeishiSample *sample, guint64 type, const void *value, gsize len);
void meishi_sample_add_text(MeishiSample *sample, guint64 type, const char *text);
void meishi_sample_add_ulong(MeishiSample *sample, guint64 type, guint64 value);
void meishi_sample_add_bool(MeishiSample *sample, guint64 type, gboolean value);
void meishi_sample_add_sensitive(MeishiSample *sample, guint64 type);

/* The whole file. */
GBytes *meishi_sample_end(MeishiSample *sample);

/* ---- a usual token ------------------------------------------------------------------------- */

/* Handles in the sample below.  "RSA" 2048 bits, "EC" P-256, "ED" Ed25519. */
enum {
    SAMPLE_CERT_RSA = 11,
    SAMPLE_CERT_EC = 12,
    SAMPLE_CERT_CA = 13,
    SAMPLE_PUBLIC_RSA = 21,
    SAMPLE_PUBLIC_EC = 22,
    SAMPLE_PRIVATE_RSA = 31,
    SAMPLE_PRIVATE_EC = 32,
    SAMPLE_PRIVATE_ED = 41,
};

/* Slot 1 "Meishi" (certificates, RSA and EC keys), slot 2 "Meishi (EdDSA)" (one key); a third slot
 * "Reader" that is empty unless @with_reader.  Values are stand-ins: nothing here is real DER. */
GBytes *meishi_sample_usual(guint64 generation, gboolean with_reader);
