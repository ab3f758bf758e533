/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The messages between the daemon and meishi-tokenhost; both use the same code.  One struct holds
 * every request and one every reply; which fields travel is a table of the types.
 *
 * Decoders check every bound and take nothing for granted: behind the host's end lies a foreign
 * module, which may have written over the host's memory.  Byte strings point into the frame that
 * was decoded and live no longer than it.  PINs are in no frame: they travel as descriptors.
 */
#pragma once

#include "daemon/base/secret.h"
#include "daemon/tokenhost/protocol.h"
#include "module/wire/msg.h"

typedef struct meishi_bytes MeishiHostText; /* as the module wrote it, without the padding */

typedef struct {
    MeishiHostType type;
    guint32 call;
    guint64 slot;
    guint64 presence; /* which token it is that is meant; from MeishiHostSlot */
    guint64 number;   /* OBJECTS: class; OPERATE, DESTROY: object; LOGIN, SET_PIN: CKU_... */
    guint operation;  /* OPERATE: enum meishi_wire_operation */
    gboolean login;   /* OPERATE: log in for this very use (CKU_CONTEXT_SPECIFIC) */
    struct meishi_msg_mechanism mechanism;
    struct meishi_bytes data;                 /* OPERATE: input; INITIALIZE: reserved;
                                                 INIT_TOKEN: label */
    guint n_pins;                             /* descriptors that come with it */
    MeishiSecret *pins[MEISHI_HOST_MAX_PINS]; /* no part of the frame; CREATE: the object, as
                                                 meishi_host_object_encode() has it */
} MeishiHostRequest;

typedef struct {
    guint64 slot;
    guint64 slot_flags; /* CKF_TOKEN_PRESENT ... */
    MeishiHostText description, manufacturer;
    /* Of the token; empty and 0 without one. */
    guint64 presence; /* changes with every token that is put in; never 0 where one is */
    guint64 token_flags;
    MeishiHostText label, maker, model, serial;
    guint32 min_pin, max_pin;
} MeishiHostSlot;

typedef struct {
    guint64 type;
    guint64 min_size, max_size;
    guint64 flags;
} MeishiHostMechanism;

typedef struct {
    MeishiHostType type; /* of the request */
    guint32 call;
    guint64 status; /* CK_RV, or MEISHI_HOST_STALE and the like; the rest only where it is 0 */
    /* INITIALIZE */
    guint8 cryptoki[2], version[2];
    guint32 flags;
    MeishiHostText manufacturer, description;
    /* SLOTS, MECHANISMS; allocated by the decoder, borrowed by the encoder */
    guint n;
    MeishiHostSlot *slots;
    MeishiHostMechanism *mechanisms;
    /* OPERATE */
    struct meishi_bytes result;
    /* WAIT */
    guint64 slot;
    /* CREATE */
    guint64 object;
} MeishiHostReply;

/* Appends a whole frame; what does not fit the protocol makes @buf fail. */
void meishi_host_request_encode(struct meishi_buf *buf, const MeishiHostRequest *request);
void meishi_host_reply_encode(struct meishi_buf *buf, const MeishiHostReply *reply);

gboolean meishi_host_request_decode(gconstpointer frame, gsize len,
                                    MeishiHostRequest *ret) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_host_reply_decode(gconstpointer frame, gsize len,
                                  MeishiHostReply *ret) G_GNUC_WARN_UNUSED_RESULT;

/* Frees what the decoder allocated. */
void meishi_host_reply_clear(MeishiHostReply *reply);
/* Drops the PINs. */
void meishi_host_request_clear(MeishiHostRequest *request);

/* How much may be in each descriptor that comes with a request. */
gsize meishi_host_request_max_secret(const MeishiHostRequest *request);

/* How many descriptors come with a reply. */
guint meishi_host_reply_n_fds(const MeishiHostReply *reply);

/* "SLOTS", for messages. */
const char *meishi_host_type_name(MeishiHostType type);

/* ---- listings: a token's objects, in a memory file ----------------------------------------- */

typedef struct {
    guint64 type;
    struct meishi_bytes value;
} MeishiHostAttribute;

typedef struct {
    guint64 handle;
    guint64 class;
    guint n;
    MeishiHostAttribute attributes[MEISHI_HOST_MAX_ATTRIBUTES];
} MeishiHostObject;

void meishi_host_object_encode(struct meishi_buf *buf, const MeishiHostObject *object);

/* Takes one object off @reader.  FALSE at the end and where it is malformed; meishi_reader_end()
 * tells which. */
gboolean meishi_host_object_decode(struct meishi_reader *reader,
                                   MeishiHostObject *ret) G_GNUC_WARN_UNUSED_RESULT;

/* NULL where the object has none of that type. */
const struct meishi_bytes *meishi_host_object_find(const MeishiHostObject *object, guint64 type);
