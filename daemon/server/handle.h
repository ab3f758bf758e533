/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Object handles: what an object is and which one, in 31 bits.
 *
 * Handles outlive the daemon, because clients keep them while it restarts: they are made from row
 * ids, which the store never reuses, and not from a counter.  Three bits say the kind, 28 the
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
} MeishiHandleKind;

#define MEISHI_HANDLE_NUMBER_MASK ((G_GUINT64_CONSTANT(1) << 28) - 1)

/* 0 where @number does not fit; such an object cannot be shown. */
guint64 meishi_handle_make(MeishiHandleKind kind, gint64 number);

/* FALSE for what meishi_handle_make() never gives. */
gboolean meishi_handle_split(guint64 handle, MeishiHandleKind *ret_kind, gint64 *ret_number);
