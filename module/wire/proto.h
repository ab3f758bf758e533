/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every number of the wire protocol between the PKCS#11 module and the daemon; no code.
 * doc/protocol.md is the specification, this header its transcription.
 */
#pragma once

#include <stdint.h>

/* Raised when a message changes its meaning; both ends speak the lower of the two versions. */
#define MEISHI_WIRE_VERSION 1u

/* One frame is one SOCK_SEQPACKET packet.  Longer input travels in a sealed memory file. */
#define MEISHI_WIRE_MAX_FRAME   65536u
#define MEISHI_WIRE_MAX_INLINE  61440u      /* bytes of input data inside an OPERATE frame */
#define MEISHI_WIRE_MAX_DATA    (64u << 20) /* bytes of input data in a memory file */
#define MEISHI_WIRE_MAX_RESULT  16384u      /* bytes of a result */
#define MEISHI_WIRE_MAX_PIN     1024u       /* bytes of a PIN */
#define MEISHI_WIRE_MAX_PARAM   4096u       /* bytes of one string parameter */
#define MEISHI_WIRE_MAX_NUMBERS 4u          /* number parameters of a mechanism */
#define MEISHI_WIRE_MAX_STRINGS 2u          /* string parameters of a mechanism */
#define MEISHI_WIRE_MAX_FDS     2u          /* descriptors that one frame may carry */

/* The stream socket for D-Bus is "bus" in the same directory. */
/* Slots that a client has before it has seen them: programs list slots once, and a token that comes
 * later has to come into a slot that is in the list. */
#define MEISHI_WIRE_SLOT_VAULT       1u
#define MEISHI_WIRE_SLOT_VAULT_EDDSA 2u
#define MEISHI_WIRE_SLOT_TOKENS      48u
#define MEISHI_WIRE_N_TOKEN_SLOTS    4u /* with it; tokens have more where that does not do */

#define MEISHI_WIRE_SOCKET_DIR       "meishi"
#define MEISHI_WIRE_SOCKET_NAME      "pkcs11"

enum meishi_wire_type {
    MEISHI_WIRE_HELLO = 1, /* version, flags -> version, instance, generation [pulse, snapshot] */
    MEISHI_WIRE_SNAPSHOT = 2, /* - -> generation [snapshot] */
    MEISHI_WIRE_OPERATE = 3,  /* a key operation, whole in itself -> its result */
    MEISHI_WIRE_LOGIN = 4,    /* slot, optional PIN -> - */
    MEISHI_WIRE_WAIT = 5,     /* slot event counter -> counter, when it has changed */
    MEISHI_WIRE_REPLY = 128,  /* added to the request's type */
};

enum meishi_wire_hello_flag {
    MEISHI_WIRE_WANT_SNAPSHOT = 1,     /* send pulse page and snapshot with the reply */
    MEISHI_WIRE_SLOT_PER_IDENTITY = 2, /* show each identity in a slot of its own */
};

enum meishi_wire_operation {
    MEISHI_WIRE_SIGN = 1,
    MEISHI_WIRE_SIGN_RECOVER = 2,
    MEISHI_WIRE_VERIFY = 3, /* the signature travels beside the data */
    MEISHI_WIRE_ENCRYPT = 4,
    MEISHI_WIRE_DECRYPT = 5,
    MEISHI_WIRE_DERIVE = 6,
    MEISHI_WIRE_DIGEST = 7, /* object handle 0 */
    MEISHI_WIRE_VERIFY_RECOVER = 8,
};

/* The daemon's answer; daemon/server/status.c maps MEISHI_ERROR to it, module/rv.c to CK_RV. */
enum meishi_wire_status {
    MEISHI_WIRE_OK = 0,
    MEISHI_WIRE_FAILED = 1,      /* something else; the daemon's log says what */
    MEISHI_WIRE_BAD_MESSAGE = 2, /* the frame breaks the protocol; the connection ends */
    MEISHI_WIRE_BAD_VERSION = 3,
    MEISHI_WIRE_NO_OBJECT = 4,     /* no such object in this view (any more) */
    MEISHI_WIRE_LOCKED = 5,        /* the vault is locked and nobody unlocked it */
    MEISHI_WIRE_DENIED = 6,        /* policy or a person said no */
    MEISHI_WIRE_NOT_PERMITTED = 7, /* this key does not allow this operation or mechanism */
    MEISHI_WIRE_BAD_MECHANISM = 8,
    MEISHI_WIRE_BAD_PARAM = 9,
    MEISHI_WIRE_KEY_TYPE = 10, /* mechanism and key do not fit */
    MEISHI_WIRE_BAD_DATA = 11, /* malformed input (padding, DigestInfo, point) */
    MEISHI_WIRE_DATA_LENGTH = 12,
    MEISHI_WIRE_BAD_SIGNATURE = 13,    /* VERIFY: does not verify */
    MEISHI_WIRE_SIGNATURE_LENGTH = 14, /* VERIFY: wrong length */
    MEISHI_WIRE_BAD_PIN = 15,
    MEISHI_WIRE_TIMEOUT = 16,
    MEISHI_WIRE_CANCELLED = 17,
    MEISHI_WIRE_BUSY = 18, /* too many requests from this client */
    MEISHI_WIRE_GONE = 19, /* the token that holds the key is not there */
};
