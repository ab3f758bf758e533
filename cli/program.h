/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a person names a program: "exe:/usr/bin/curl", "flatpak:ID", "snap:NAME", "unit:NAME", as the
 * daemon does.
 */
#pragma once

#include "daemon/policy/request.h"

/* *@ret_trust: how far such a name can be trusted where the kernel gives it.
 * MEISHI_CLI_ERROR_USAGE. */
gboolean meishi_program_parse(const char *name, MeishiTrust *ret_trust,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
