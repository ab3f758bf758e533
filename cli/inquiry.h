/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a server asks for, as the constraints of org.meishi.Agent1.Selector: from the server itself,
 * or from a file with the authorities that it accepts.
 */
#pragma once

#include "cli/target.h"
#include "cli/tls.h"

typedef struct {
    gboolean probe;      /* ask the server */
    char *cas;           /* file of the authorities that it accepts; NULL */
    const char *ca_file; /* trusted beside the system's when the server is asked; NULL */
} MeishiInquiry;

/* @ret_constraints: a{sv}, a reference; empty where nothing is known.  @ret_asked: FALSE where the
 * server was asked and wants no certificate.  A server that is not trusted is told on standard
 * error. */
gboolean meishi_inquiry_run(const MeishiInquiry *inquiry, const MeishiTarget *target,
                            GVariant **ret_constraints, gboolean *ret_asked,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
