/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every number of the protocol between the daemon and meishi-tokenhost; no code.  The section
 * "Token hosts" of doc/protocol.md is the specification, this header its transcription.
 */
#pragma once

#include <glib.h>

#include "module/wire/proto.h"

#define MEISHI_HOST_FD             3           /* the host's end of the socket pair */
#define MEISHI_HOST_NETWORK        "--network" /* the module may talk to other machines */

#define MEISHI_HOST_MAX_SLOTS      64u
#define MEISHI_HOST_MAX_MECHANISMS 512u
#define MEISHI_HOST_MAX_OBJECTS    4096u
#define MEISHI_HOST_MAX_ATTRIBUTES 32u        /* of one object */
#define MEISHI_HOST_MAX_VALUE      65536u     /* bytes of one attribute */
#define MEISHI_HOST_MAX_LISTING    (8u << 20) /* bytes of the memory file with a token's objects */
#define MEISHI_HOST_MAX_RESERVED   4096u      /* bytes of x-init-reserved */
#define MEISHI_HOST_MAX_PIN        MEISHI_WIRE_MAX_PIN
#define MEISHI_HOST_MAX_PINS       MEISHI_WIRE_MAX_FDS
#define MEISHI_HOST_MAX_TEMPLATE   32768u /* bytes of an object to be made */

typedef enum {
    MEISHI_HOST_INITIALIZE = 1, /* reserved -> versions, names, flags */
    MEISHI_HOST_SLOTS,          /* - -> the slots and the tokens in them */
    MEISHI_HOST_OBJECTS,        /* slot, class -> [listing] */
    MEISHI_HOST_MECHANISMS,     /* slot -> mechanisms */
    MEISHI_HOST_LOGIN,          /* slot, user [PIN] -> - */
    MEISHI_HOST_LOGOUT,         /* slot -> - */
    MEISHI_HOST_OPERATE,        /* slot, object, mechanism, data [PIN] -> result */
    MEISHI_HOST_SET_PIN,        /* slot, user [old PIN, new PIN] -> - */
    MEISHI_HOST_INIT_PIN,       /* slot [SO PIN, new PIN] -> - */
    MEISHI_HOST_INIT_TOKEN,     /* slot, label [SO PIN] -> - */
    MEISHI_HOST_WAIT,           /* - -> slot, when a token came or went */
    MEISHI_HOST_CREATE,         /* slot [object] -> object */
    MEISHI_HOST_DESTROY,        /* slot, object -> - */
    MEISHI_HOST_N_TYPES,
    MEISHI_HOST_REPLY = MEISHI_WIRE_REPLY, /* added to the request's type */
} MeishiHostType;

/* A reply's status is the CK_RV that the module returned, or one of these, which are above all that
 * a CK_RV can be in the standard. */
#define MEISHI_HOST_STALE    (G_GUINT64_CONSTANT(1) << 32) /* another token than the one meant */
#define MEISHI_HOST_TOO_LONG (MEISHI_HOST_STALE + 1)       /* the answer does not fit */
#define MEISHI_HOST_NO_LOAD  (MEISHI_HOST_STALE + 2)       /* no PKCS#11 module; stderr says why */

/* For OBJECTS: of every class. */
#define MEISHI_HOST_ANY_CLASS G_MAXUINT64

/* Flags of INITIALIZE's reply. */
#define MEISHI_HOST_SERIAL 1u /* the module takes one call at a time: no WAIT beside others */
