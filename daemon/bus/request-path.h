/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the Request of a caller lies, so that both sides can work it out beforehand, as
 * xdg-desktop-portal has it: .../request/SENDER/TOKEN.  Private to daemon/bus.
 */
#pragma once

#include <glib.h>

/* May it be a part of a path: up to 64 letters, digits and underscores?  An empty one may not. */
gboolean meishi_request_path_is_token(const char *token);

/* @sender: the unique name (":1.42" becomes "1_42"), NULL on a private connection ("peer").  New.
 */
char *meishi_request_path_format(const char *sender, const char *token);
