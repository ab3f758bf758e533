/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packs and unpacks object handles.  The layout is part of what clients remember: it may grow new
 * kinds and never change the old ones.
 */
#include "daemon/server/handle.h"

#define KIND_SHIFT 28

guint64
meishi_handle_make(MeishiHandleKind kind, gint64 number)
{
    if (number <= 0 || (guint64)number > MEISHI_HANDLE_NUMBER_MASK)
        return 0;
    return (guint64)kind << KIND_SHIFT | (guint64)number;
}

gboolean
meishi_handle_split(guint64 handle, MeishiHandleKind *ret_kind, gint64 *ret_number)
{
    guint64 kind = handle >> KIND_SHIFT;
    guint64 number = handle & MEISHI_HANDLE_NUMBER_MASK;

    if (kind < MEISHI_HANDLE_PROFILE || kind > MEISHI_HANDLE_FURTHER_PRIVATE_KEY || number == 0)
        return FALSE;
    *ret_kind = (MeishiHandleKind)kind;
    *ret_number = (gint64)number;
    return TRUE;
}
