/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Object handles: what an object is and which one, in 31 bits.
 *
 * Handles outlive the daemon, because clients keep them while it restarts: they are made from row
 * ids, which the store never reuses, and not from a counter.  Four bits say the kind, 27 the
 * number.  Nothing else in the tree may take a handle apart.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_HANDLE_PROFILE = 1,     /* slot id * 16 + CK_PROFILE_ID */
    MEISHI_HANDLE_CERTIFICATE = 2, /* the certificate's row */
    MEISHI_HANDLE_ISSUER = 3,      /* a hash of slot and certificate */
    MEISHI_HANDLE_PUBLIC_KEY = 4,  /* the key's row */
    MEISHI_HANDLE_PRIVATE_KEY = 5, /* the key's row */
    /* The key once more, for a further certificate of it: the certificate's row. */
    MEISHI_HANDLE_FURTHER_PUBLIC_KEY = 6,
    MEISHI_HANDLE_FURTHER_PRIVATE_KEY = 7,
    /* What a role holds: see meishi_handle_make_in_role(). */
    MEISHI_HANDLE_ROLE_CERTIFICATE = 8,
    MEISHI_HANDLE_ROLE_PUBLIC_KEY = 9,
    MEISHI_HANDLE_ROLE_PRIVATE_KEY = 10,
} MeishiHandleKind;

#define MEISHI_HANDLE_NUMBER_MASK ((G_GUINT64_CONSTANT(1) << 27) - 1)
#define MEISHI_HANDLE_MAX_ROLES   32

/* 0 where @number does not fit; such an object cannot be shown. */
guint64 meishi_handle_make(MeishiHandleKind kind, gint64 number);

/* For the ROLE_ kinds: @role (below MEISHI_HANDLE_MAX_ROLES) and the row of the certificate that it
 * holds.  0 likewise. */
guint64 meishi_handle_make_in_role(MeishiHandleKind kind, guint role, gint64 row);

/* FALSE for what is never made. */
gboolean meishi_handle_split(guint64 handle, MeishiHandleKind *ret_kind, gint64 *ret_number);

/* Takes the number of a ROLE_ kind apart. */
void meishi_handle_split_in_role(gint64 number, guint *ret_role, gint64 *ret_row);
