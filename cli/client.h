/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon as a command sees it: peer-to-peer D-Bus on the private socket, always.
 */
#pragma once

#include "cli/card.h"
#include "daemon/bus/agent1.h"

typedef struct {
    GDBusConnection *connection;
    MeishiBusManager *manager;
    MeishiBusVault *vault;
    MeishiBusChoices *choices;
} MeishiClient;

/* Connects; with @start, starts the daemon where nobody listens.  Without, the error is
 * G_IO_ERROR_NOT_FOUND or G_IO_ERROR_CONNECTION_REFUSED then. */
MeishiClient *meishi_client_connect(gboolean start, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_client_free(MeishiClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiClient, meishi_client_free)

/* Whether connecting failed because no daemon is there. */
gboolean meishi_client_is_absent(const GError *error);

/* Every identity (MeishiCard), sorted. */
GPtrArray *meishi_client_cards(MeishiClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The properties (GVariant a{sv}) of each card and token that is there, in no order, and the path
 * of its object under MEISHI_TOKEN_PATH. */
#define MEISHI_TOKEN_PATH "Path"
GPtrArray *meishi_client_tokens(MeishiClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The identity that @name means: its card and the object to call. */
MeishiCard *
meishi_client_find(MeishiClient *client, const char *name, MeishiBusIdentity **ret_object,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The card or token that @name means: its properties as above and the object to call. */
GVariant *
meishi_client_find_token(MeishiClient *client, const char *name, MeishiBusToken **ret_object,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a slot of @kind ("passphrase") opens the vault; NULL: of any kind but a passphrase. */
gboolean meishi_client_has_slot(MeishiClient *client, const char *kind);

/* Takes GDBus's own words out of an error that came over the bus; FALSE, for a tail call. */
gboolean meishi_client_failed(GError **error);
