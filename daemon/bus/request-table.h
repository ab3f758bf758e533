/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The requests that are open on one connection, and how many of them a caller may have.  Private to
 * daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/selector.h"

/* Of one caller. */
#define MEISHI_REQUEST_TABLE_MAX 16

typedef struct MeishiRequestTable MeishiRequestTable;

MeishiRequestTable *meishi_request_table_new(MeishiAgent *agent);
/* Gives up what is open: whoever is still connected is told.  NULL is fine. */
void meishi_request_table_free(MeishiRequestTable *table);

/* Opens a request for the caller of @invocation under @token, "" for one of ours, and answers the
 * invocation; takes both.  @size: of the caller's dictionaries, in bytes.  INVALID_ARGUMENT, BUSY,
 * EXISTS; then neither is taken. */
gboolean meishi_request_table_open(MeishiRequestTable *table, GDBusMethodInvocation *invocation,
                                   const char *token, MeishiSelectCall *call, gsize size,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
