/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes to a token host beside a request, and in no frame: PINs, and objects to be made.
 */
#pragma once

#include "daemon/tokenhost/message.h"
#include "module/wire/packet.h"

/* Opens a descriptor for each of @request's.  FALSE where one is too long for the protocol, or
 * there is no room for it; those that are in @ret by then are to be closed as well. */
gboolean meishi_host_secrets_open(const MeishiHostRequest *request,
                                  struct meishi_packet_fds *ret) G_GNUC_WARN_UNUSED_RESULT;
