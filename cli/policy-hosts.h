/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests as a person writes them down, to try policy files on.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/request.h"

typedef struct {
    const char *host;        /* HOST, HOST:PORT or a URL */
    guint port;              /* 0: as @host says */
    const char *protocol;    /* NULL: as @host says */
    const char *application; /* "exe:/usr/bin/curl"; NULL: unknown */
    const char *trust;       /* "any", "exe", "unit", "sandbox"; NULL: what fits the application */
} MeishiPolicyTarget;

/* A request of a person who is there and did something; MEISHI_CLI_ERROR_USAGE. */
MeishiRequest *meishi_policy_hosts_request(const MeishiPolicyTarget *target,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads lines "HOST[:PORT] [PROTOCOL] [app=APPLICATION]" (MeishiRequest); empty lines and those
 * that begin with "#" are passed over.  @name stands in errors, with the line. */
GPtrArray *
meishi_policy_hosts_read(GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "host:port protocol app=...", as such a line; new. */
char *meishi_policy_hosts_name(const MeishiRequest *request);
