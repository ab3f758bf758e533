/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one error domain of the daemon.
 *
 * A code says what kind of thing went wrong, so that a caller can act; the message says what it
 * was and what to do, in a whole sentence that a person can read.  Each code has one D-Bus name
 * and one wire status, from the tables in daemon/bus/error.c and daemon/server/status.c.
 */
#pragma once

#include <glib.h>

#define MEISHI_ERROR (meishi_error_quark())
GQuark meishi_error_quark(void);

/* How meishid exits where another one has the store, so that whoever started it knows that it is
 * worth waiting for that one.  EX_TEMPFAIL of sysexits(3). */
#define MEISHI_DAEMON_EXIT_BUSY 75

typedef enum {
    MEISHI_ERROR_FAILED,            /* nothing below fits */
    MEISHI_ERROR_INVALID_ARGUMENT,  /* the caller asked for something that cannot be meant */
    MEISHI_ERROR_NOT_FOUND,         /* no such identity, key, key slot, object */
    MEISHI_ERROR_EXISTS,            /* is there already (a vault, a label) */
    MEISHI_ERROR_NO_VAULT,          /* there is no vault yet */
    MEISHI_ERROR_LOCKED,            /* the vault (or the keyring behind it) is locked */
    MEISHI_ERROR_WRONG_SECRET,      /* passphrase or key file does not open the vault */
    MEISHI_ERROR_PASSWORD_REQUIRED, /* the file needs a password and none was given */
    MEISHI_ERROR_WRONG_PASSWORD,    /* the file's check value disagrees with the password */
    MEISHI_ERROR_BAD_FILE,          /* not what it should be: malformed, truncated, damaged */
    MEISHI_ERROR_UNSUPPORTED,       /* well-formed, but an algorithm or form that we cannot do */
    MEISHI_ERROR_TOO_EXPENSIVE,     /* asks for more time or memory than we grant */
    MEISHI_ERROR_KEY_MISMATCH,      /* key and certificate do not belong together; bad key */
    MEISHI_ERROR_DENIED,            /* policy, permission or a person says no */
    MEISHI_ERROR_NOT_PERMITTED,     /* the key does not allow this operation */
    MEISHI_ERROR_MECHANISM,         /* unknown mechanism */
    MEISHI_ERROR_PARAM,             /* mechanism parameters are wrong */
    MEISHI_ERROR_KEY_TYPE,          /* mechanism and key do not fit */
    MEISHI_ERROR_BAD_DATA,          /* input data are malformed */
    MEISHI_ERROR_DATA_LENGTH,       /* input data have an impossible length */
    MEISHI_ERROR_BAD_SIGNATURE,     /* does not verify */
    MEISHI_ERROR_SIGNATURE_LENGTH,
    MEISHI_ERROR_CORRUPT,       /* our own store is damaged */
    MEISHI_ERROR_NEWER_VERSION, /* our own store was written by a newer Meishi */
    MEISHI_ERROR_PERMISSIONS,   /* a file of ours is open to others, or closed to us */
    MEISHI_ERROR_NO_SPACE,      /* disk full */
    MEISHI_ERROR_IO,            /* reading or writing failed */
    MEISHI_ERROR_UNAVAILABLE,   /* a service we need is not there (Secret Service) */
    MEISHI_ERROR_TIMEOUT,
    MEISHI_ERROR_CANCELLED,
    MEISHI_ERROR_BUSY, /* too much at once, or another daemon holds the store */
    MEISHI_ERROR_N,
} MeishiErrorCode;

/* NO_SPACE, PERMISSIONS or, for all the rest, IO. */
MeishiErrorCode meishi_error_code_of_errno(int number);
