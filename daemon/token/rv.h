/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a module's return value means to us.  Modules agree on little: a card that went is
 * CKR_DEVICE_REMOVED on one, CKR_OBJECT_HANDLE_INVALID on another and CKR_GENERAL_ERROR on a third.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_RV_OK,
    MEISHI_RV_GONE,     /* the token is not there any more */
    MEISHI_RV_CONFUSED, /* the module may be itself again after a new start */
    MEISHI_RV_LOGGED_OUT,
    MEISHI_RV_WRONG_PIN,
    MEISHI_RV_BAD_PIN, /* one that cannot be right */
    MEISHI_RV_BLOCKED,
    MEISHI_RV_BUSY,      /* other programs are in the way */
    MEISHI_RV_CANCELLED, /* at the token's keys */
    MEISHI_RV_REFUSED,   /* this request, by its nature */
} MeishiRv;

MeishiRv meishi_rv_judge(guint64 status);

/* A PIN was given, and did not do. */
gboolean meishi_rv_is_about_pin(guint64 status);

/* An error for @status that a person can read; @what is what was tried: "sign". */
GError *meishi_rv_error(guint64 status, const char *token, const char *what);

/* "CKR_PIN_LOCKED", or the number; new. */
char *meishi_rv_name(guint64 status);
