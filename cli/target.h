/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTarget: the server that a person means with HOST[:PORT] or with a URL.
 */
#pragma once

#include <glib.h>

typedef struct {
    char
        *protocol; /* as a request names it: "https", "wss", "smtp", "imap", "pop", "ldap", "tls" */
    char *host;    /* in the normal form of daemon/policy/host.h; IPv6 without brackets */
    guint port;
    gboolean starttls;   /* the server speaks in clear first */
    gboolean is_address; /* @host is an IP address, for which there is no SNI */
    char *path;          /* of a URL, with its query, "/" at least; what a HEAD may ask for */
} MeishiTarget;

/* Reads HOST, HOST:PORT, [IPV6]:PORT or a URL.  The port follows from the scheme; without a scheme
 * the protocol follows from the port (443, 993, 636 ...), and what no port says is https.  A user
 * name in a URL is passed over.  MEISHI_CLI_ERROR_USAGE says what is wrong. */
MeishiTarget *meishi_target_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_target_free(MeishiTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTarget, meishi_target_free)

/* "host:port", "[addr]:port" for IPv6; new. */
char *meishi_target_name(const MeishiTarget *target);

/* Whether a server of this kind answers an HTTP request. */
gboolean meishi_target_is_web(const MeishiTarget *target);
