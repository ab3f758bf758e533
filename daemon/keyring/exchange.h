/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon and meishi-keyring say to each other: one packet each way on a socket pair of
 * type SOCK_SEQPACKET that the helper finds as descriptor 3.
 *
 *   request   operation (1 byte) | vault id (32 hex digits) | secret (STORE only)
 *   reply     outcome (1 byte)   | secret (LOOKUP with DONE) or a sentence, UTF-8
 *
 * Both ends are ours and of one build; the lengths are checked all the same.
 */
#pragma once

#define MEISHI_KEYRING_FD         3
#define MEISHI_KEYRING_ID_LEN     32
#define MEISHI_KEYRING_MAX_SECRET 256
#define MEISHI_KEYRING_MAX_PACKET 1024

typedef enum {
    MEISHI_KEYRING_LOOKUP = 'l',
    MEISHI_KEYRING_STORE = 's',
    MEISHI_KEYRING_CLEAR = 'c',
} MeishiKeyringOperation;

typedef enum {
    MEISHI_KEYRING_DONE = 'd',
    MEISHI_KEYRING_UNAVAILABLE = 'u',
    MEISHI_KEYRING_LOCKED = 'k',
    MEISHI_KEYRING_NOT_FOUND = 'n',
    MEISHI_KEYRING_FAILED = 'f',
} MeishiKeyringOutcome;
