/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a client says first once TLS is there, so that the server has something to answer.
 */
#pragma once

#include "cli/target.h"

/* The bytes to send: a HEAD request, a harmless command, or nothing where the server speaks first.
 */
GBytes *meishi_tls_hello_make(const MeishiTarget *target);

/* How long silence after it can mean "go on": of @timeout, for everything together, in
 * microseconds. Less where nothing makes the server answer. */
gint64 meishi_tls_hello_patience(const MeishiTarget *target, gint64 timeout);

/* The number in "HTTP/1.1 200 OK"; 0 where @answer does not begin so. */
guint meishi_tls_hello_http_status(const GByteArray *answer);
