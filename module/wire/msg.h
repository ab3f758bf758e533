/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One struct, one encoder and one decoder for each message of the protocol; the module and the
 * daemon use the same.  doc/protocol.md describes them field by field.
 *
 * Encoders append a whole frame (head and body) to a buffer, whose sticky failure says whether it
 * fits.  Decoders take the body that meishi_msg_head_decode() gave; byte strings point into the
 * frame, so the struct lives no longer than the frame does.  A decoder that returns false has
 * stored nothing of use: the peer broke the protocol.  Nothing here allocates, and nothing knows
 * of sockets; descriptors travel in packet.h, and their owner counts them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "module/wire/buf.h"
#include "module/wire/bytes.h"
#include "module/wire/proto.h"
#include "module/wire/reader.h"

#define MEISHI_MSG_MUST_USE __attribute__((warn_unused_result))

struct meishi_msg_head {
    uint32_t type; /* enum meishi_wire_type, in a reply plus MEISHI_WIRE_REPLY */
    uint32_t call;
};

/* Splits a frame into head and body; false where it is too short or too long for a frame. */
bool meishi_msg_head_decode(const void *frame, size_t len, struct meishi_msg_head *ret_head,
                            struct meishi_bytes *ret_body) MEISHI_MSG_MUST_USE;

/* ---- requests ------------------------------------------------------------------------------ */

struct meishi_msg_hello {
    uint32_t version;
    uint32_t flags; /* enum meishi_wire_hello_flag; unknown ones are to be ignored */
};

struct meishi_msg_mechanism {
    uint64_t type; /* CKM_... */
    unsigned n_numbers;
    unsigned n_strings;
    uint64_t numbers[MEISHI_WIRE_MAX_NUMBERS];
    struct meishi_bytes strings[MEISHI_WIRE_MAX_STRINGS];
};

/* A mechanism as part of a message.  Reading fails with @reader. */
void meishi_msg_mechanism_add(struct meishi_buf *buf, const struct meishi_msg_mechanism *mechanism);
void meishi_msg_mechanism_read(struct meishi_reader *reader, struct meishi_msg_mechanism *ret);

struct meishi_msg_operate {
    uint64_t object;
    enum meishi_wire_operation operation; /* decoded ones are one of the enumerators */
    struct meishi_msg_mechanism mechanism;
    bool in_file;                  /* the input is the descriptor's content, @data is empty */
    struct meishi_bytes signature; /* MEISHI_WIRE_VERIFY alone */
    struct meishi_bytes data;
};

struct meishi_msg_login {
    uint64_t slot_id;
    bool has_pin;
    struct meishi_bytes pin;
};

struct meishi_msg_wait {
    uint64_t slot_events;
};

void
meishi_msg_hello_encode(struct meishi_buf *buf, uint32_t call, const struct meishi_msg_hello *msg);
bool meishi_msg_hello_decode(struct meishi_bytes body,
                             struct meishi_msg_hello *ret_msg) MEISHI_MSG_MUST_USE;

/* SNAPSHOT has no fields. */
void meishi_msg_snapshot_encode(struct meishi_buf *buf, uint32_t call);
bool meishi_msg_snapshot_decode(struct meishi_bytes body) MEISHI_MSG_MUST_USE;

void meishi_msg_operate_encode(struct meishi_buf *buf, uint32_t call,
                               const struct meishi_msg_operate *msg);
bool meishi_msg_operate_decode(struct meishi_bytes body,
                               struct meishi_msg_operate *ret_msg) MEISHI_MSG_MUST_USE;

void
meishi_msg_login_encode(struct meishi_buf *buf, uint32_t call, const struct meishi_msg_login *msg);
bool meishi_msg_login_decode(struct meishi_bytes body,
                             struct meishi_msg_login *ret_msg) MEISHI_MSG_MUST_USE;

void
meishi_msg_wait_encode(struct meishi_buf *buf, uint32_t call, const struct meishi_msg_wait *msg);
bool meishi_msg_wait_decode(struct meishi_bytes body,
                            struct meishi_msg_wait *ret_msg) MEISHI_MSG_MUST_USE;

/* ---- replies ------------------------------------------------------------------------------- *
 *
 * @type is the request's.  With a status other than OK the other fields do not travel; decoders
 * leave them zero. */

struct meishi_msg_hello_reply {
    enum meishi_wire_status status;
    uint32_t version;
    uint64_t instance;
    uint64_t generation;
};

/* The reply of SNAPSHOT (the generation) and of WAIT (the slot event counter). */
struct meishi_msg_counter_reply {
    enum meishi_wire_status status;
    uint64_t counter;
};

/* The reply of OPERATE and, without a result, of LOGIN. */
struct meishi_msg_result_reply {
    enum meishi_wire_status status;
    struct meishi_bytes result;
};

/* An answer to any request that failed. */
void meishi_msg_error_encode(struct meishi_buf *buf, uint32_t type, uint32_t call,
                             enum meishi_wire_status status);

void meishi_msg_hello_reply_encode(struct meishi_buf *buf, uint32_t call,
                                   const struct meishi_msg_hello_reply *msg);
bool meishi_msg_hello_reply_decode(struct meishi_bytes body,
                                   struct meishi_msg_hello_reply *ret_msg) MEISHI_MSG_MUST_USE;

void meishi_msg_snapshot_reply_encode(struct meishi_buf *buf, uint32_t call,
                                      const struct meishi_msg_counter_reply *msg);
void meishi_msg_wait_reply_encode(struct meishi_buf *buf, uint32_t call,
                                  const struct meishi_msg_counter_reply *msg);
bool meishi_msg_counter_reply_decode(struct meishi_bytes body,
                                     struct meishi_msg_counter_reply *ret_msg) MEISHI_MSG_MUST_USE;

void meishi_msg_operate_reply_encode(struct meishi_buf *buf, uint32_t call,
                                     const struct meishi_msg_result_reply *msg);
bool meishi_msg_operate_reply_decode(struct meishi_bytes body,
                                     struct meishi_msg_result_reply *ret_msg) MEISHI_MSG_MUST_USE;

/* The status alone. */
void meishi_msg_login_reply_encode(struct meishi_buf *buf, uint32_t call,
                                   enum meishi_wire_status status);
bool meishi_msg_login_reply_decode(struct meishi_bytes body,
                                   enum meishi_wire_status *ret_status) MEISHI_MSG_MUST_USE;
