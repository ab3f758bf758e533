/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packs and unpacks object handles.  The layout is part of what clients remember: it may grow new
 * kinds and never change the old ones.
 */
#include "daemon/server/handle.h"

#define KIND_SHIFT 27
#define ROLE_SHIFT 22 /* four million certificates */
#define ROW_MASK   ((G_GINT64_CONSTANT(1) << ROLE_SHIFT) - 1)

G_STATIC_ASSERT(MEISHI_HANDLE_MAX_ROLES << ROLE_SHIFT == (gint64)MEISHI_HANDLE_NUMBER_MASK + 1);

guint64
meishi_handle_make(MeishiHandleKind kind, gint64 number)
{
    if (number <= 0 || (guint64)number > MEISHI_HANDLE_NUMBER_MASK)
        return 0;
    return (guint64)kind << KIND_SHIFT | (guint64)number;
}

guint64
meishi_handle_make_in_role(MeishiHandleKind kind, guint role, gint64 row)
{
    if (role >= MEISHI_HANDLE_MAX_ROLES || row <= 0 || row > ROW_MASK)
        return 0;
    return meishi_handle_make(kind, (gint64)role << ROLE_SHIFT | row);
}

gboolean
meishi_handle_split(guint64 handle, MeishiHandleKind *ret_kind, gint64 *ret_number)
{
    guint64 kind = handle >> KIND_SHIFT;
    guint64 number = handle & MEISHI_HANDLE_NUMBER_MASK;

    if (kind < MEISHI_HANDLE_PROFILE || kind > MEISHI_HANDLE_ROLE_PRIVATE_KEY || number == 0)
        return FALSE;
    *ret_kind = (MeishiHandleKind)kind;
    *ret_number = (gint64)number;
    return TRUE;
}

void
meishi_handle_split_in_role(gint64 number, guint *ret_role, gint64 *ret_row)
{
    *ret_role = (guint)(number >> ROLE_SHIFT);
    *ret_row = number & ROW_MASK;
}
