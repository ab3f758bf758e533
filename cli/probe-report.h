/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `meishi probe` prints.
 */
#pragma once

#include "cli/json.h"
#include "cli/probe.h"

/* @reports: MeishiTlsReport, of one connection without certificate for each version of TLS, at
 * least one of which the server speaks. */
void meishi_probe_report_print(const MeishiTarget *target, GPtrArray *reports);
void meishi_probe_report_print_json(const MeishiTarget *target, GPtrArray *reports);

/* The members that say what a server asked for; of the object that is being built. */
void meishi_probe_report_add_request(const MeishiCertificateRequest *request, JsonBuilder *json);

/* A DER Name as RFC 4514 text; "#" and hex where it cannot be read.  New. */
char *meishi_probe_report_name(GBytes *der);
