/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A token's objects with the attributes that say what they are.  Never one that is secret.
 */
#pragma once

#include "daemon/tokenhost/session.h"

/* Appends the objects of @class (MEISHI_HOST_ANY_CLASS: of those that are of use to us) to @buf.
 * @buf fails where there is too much of them. */
CK_RV meishi_listing_read(MeishiSession *session, guint64 class, struct meishi_buf *buf);
