/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What daemon and meishi-keyring say to each other: one packet each way on a SOCK_SEQPACKET pair.
 *
 *   request  operation (1) | interactive (1) | deadline in seconds (1) | length of item (1) | item
 *            STORE: | secret (32)
 *            STORE with PIN: | length of title (1) | title | PIN
 *   reply    status (1) | secret (OK to LOOKUP only) or UTF-8 text
 */
#pragma once

#define MEISHI_KEYRING_FD         3 /* the helper's end */
#define MEISHI_KEYRING_MAX_PACKET 2048
#define MEISHI_KEYRING_HEADER_LEN 4

enum {
    MEISHI_KEYRING_LOOKUP = 1,
    MEISHI_KEYRING_STORE,
    MEISHI_KEYRING_CLEAR,
    MEISHI_KEYRING_PIN = 0x80, /* added to one of these: the item is a token's PIN */
};

enum {
    MEISHI_KEYRING_OK = 1,
    MEISHI_KEYRING_UNAVAILABLE,
    MEISHI_KEYRING_LOCKED,
    MEISHI_KEYRING_NOT_FOUND,
    MEISHI_KEYRING_TIMEOUT,
    MEISHI_KEYRING_FAILED,
};
