/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The foreign PKCS#11 module: loading it, and its functions as ones that can always be called.
 *
 * Nothing that it returns is believed; nothing that it does to this process matters to anybody
 * else.  That is what the process is for.
 */
#pragma once

#include "daemon/tokenhost/message.h"
#include "module/wire/cryptoki.h"

typedef struct {
    CK_FUNCTION_LIST calls; /* a copy; what the module left out says CKR_FUNCTION_NOT_SUPPORTED */
    gint is_serial;         /* one call at a time; atomic */
} MeishiForeign;

/* Loads and initializes the module at @path, and describes it in @ret; its texts are static.
 * Returns what C_Initialize said, or MEISHI_HOST_NO_LOAD.  Once per process. */
guint64 meishi_foreign_start(MeishiForeign *foreign, const char *path, struct meishi_bytes reserved,
                             MeishiHostReply *ret);

/* Leaves the token in order; may hang. */
void meishi_foreign_stop(MeishiForeign *foreign);

/* A padded, unterminated field of the standard's structs, without the padding. */
MeishiHostText meishi_foreign_text(const CK_UTF8CHAR *field, gsize size);
