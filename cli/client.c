/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiClient.  Everything is synchronous: a command does one thing and ends.  The daemon has its
 * own deadlines; ours is only there for a daemon that hangs.
 */
#include "cli/client.h"

#include "cli/error.h"
#include "cli/launch.h"
#include "cli/name.h"
#include "cli/tokens.h"
#include "daemon/asking/dict.h"
#include "daemon/base/paths.h"
#include "daemon/bus/error.h"

#include <string.h>

#define ROOT     "/org/meishi/Agent1"
#define IDENTITY "org.meishi.Agent1.Identity"
#define TOKEN    "org.meishi.Agent1.Token"
/* A person may be typing into the keyring's window meanwhile. */
#define CALL_LIMIT_MS (10 * 60 * 1000)
/* What modules that work take to tell of their cards. */
#define SETTLE_LIMIT_MS 2000
#define SETTLE_EVERY_MS 20

gboolean
meishi_client_failed(GError **error)
{
    if (error == NULL || *error == NULL)
        return FALSE;
    if (g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CLOSED) ||
        g_error_matches(*error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)) {
        g_clear_error(error);
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The daemon went away before it answered. Try again; `meishi status` tells "
                    "how things are.");
        return FALSE;
    }
    g_dbus_error_strip_remote_error(*error);
    return FALSE;
}

gboolean
meishi_client_is_absent(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static GSocketConnection *
open_socket(gboolean start, GError **error)
{
    g_autofree char *path = meishi_paths_bus_socket();
    g_autoptr(GError) cause = NULL;
    GSocketConnection *connection = meishi_launch_connect(path, &cause);

    if (connection == NULL && start && meishi_client_is_absent(cause))
        return meishi_launch_daemon(path, error);
    if (connection == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return connection;
}

static gboolean
open_proxies(MeishiClient *client, GError **error)
{
    client->manager = meishi_bus_manager_proxy_new_sync(client->connection, G_DBUS_PROXY_FLAGS_NONE,
                                                        NULL, ROOT, NULL, error);
    if (client->manager == NULL)
        return FALSE;
    client->vault = meishi_bus_vault_proxy_new_sync(client->connection, G_DBUS_PROXY_FLAGS_NONE,
                                                    NULL, ROOT, NULL, error);
    if (client->vault == NULL)
        return FALSE;
    client->choices = meishi_bus_choices_proxy_new_sync(
        client->connection, G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES, NULL, ROOT, NULL, error);
    if (client->choices == NULL)
        return FALSE;
    g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(client->manager), CALL_LIMIT_MS);
    g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(client->vault), CALL_LIMIT_MS);
    return TRUE;
}

MeishiClient *
meishi_client_connect(gboolean start, GError **error)
{
    g_autoptr(MeishiClient) client = g_new0(MeishiClient, 1);
    g_autoptr(GSocketConnection) socket = NULL;

    meishi_bus_error_register();
    socket = open_socket(start, error);
    if (socket == NULL)
        return NULL;
    client->connection = g_dbus_connection_new_sync(G_IO_STREAM(socket), NULL,
                                                    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                                    NULL, NULL, error);
    if (client->connection == NULL) {
        g_prefix_error(error, "The daemon does not let us in: ");
        return NULL;
    }
    if (!open_proxies(client, error)) {
        meishi_client_failed(error);
        return NULL;
    }
    return g_steal_pointer(&client);
}

void
meishi_client_free(MeishiClient *client)
{
    g_clear_object(&client->manager);
    g_clear_object(&client->vault);
    g_clear_object(&client->choices);
    g_clear_object(&client->connection);
    g_free(client);
}

typedef void (*TakeObject)(GPtrArray *list, const char *path, GVariant *properties);

/* Has @take put each object with @interface into @list. */
static gboolean
collect(MeishiClient *client, const char *interface, TakeObject take, GPtrArray *list,
        GError **error)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        client->connection, NULL, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
        NULL, G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS, NULL,
        error);
    g_autoptr(GVariantIter) objects = NULL;
    const char *path;
    GVariant *interfaces;

    if (reply == NULL)
        return meishi_client_failed(error);
    g_variant_get(reply, "(a{oa{sa{sv}}})", &objects);
    while (g_variant_iter_next(objects, "{&o@a{sa{sv}}}", &path, &interfaces)) {
        g_autoptr(GVariant) properties =
            g_variant_lookup_value(interfaces, interface, G_VARIANT_TYPE_VARDICT);

        if (properties != NULL)
            take(list, path, properties);
        g_variant_unref(interfaces);
    }
    return TRUE;
}

static void
take_card(GPtrArray *list, const char *path, GVariant *properties)
{
    g_ptr_array_add(list, meishi_card_new(path, properties));
}

/* A daemon that was just started does not know yet which cards are there. */
static void
settle(MeishiClient *client)
{
    gint64 until = g_get_monotonic_time() + SETTLE_LIMIT_MS * G_TIME_SPAN_MILLISECOND;
    gboolean is_settled = FALSE;

    while (!is_settled && g_get_monotonic_time() < until) {
        g_autoptr(GVariant) values = NULL;

        if (!meishi_bus_manager_call_statistics_sync(client->manager, &values, NULL, NULL) ||
            !g_variant_lookup(values, "settled", "b", &is_settled))
            return;
        if (!is_settled)
            g_usleep(SETTLE_EVERY_MS * G_TIME_SPAN_MILLISECOND);
    }
}

GPtrArray *
meishi_client_cards(MeishiClient *client, GError **error)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_card_free);

    settle(client);
    if (!collect(client, IDENTITY, take_card, cards, error))
        return NULL;
    g_ptr_array_sort(cards, meishi_card_compare);
    meishi_card_link(cards);
    return g_steal_pointer(&cards);
}

static void
take_token(GPtrArray *list, const char *path, GVariant *properties)
{
    const char *kind = meishi_dict_text(properties, "Kind");
    GVariantDict dict;

    if (strcmp(kind, "vault") == 0 || strcmp(kind, "role") == 0)
        return;
    g_variant_dict_init(&dict, properties);
    g_variant_dict_insert(&dict, MEISHI_TOKEN_PATH, "s", path);
    g_ptr_array_add(list, g_variant_ref_sink(g_variant_dict_end(&dict)));
}

GPtrArray *
meishi_client_tokens(MeishiClient *client, GError **error)
{
    g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);

    settle(client);
    if (!collect(client, TOKEN, take_token, tokens, error))
        return NULL;
    return g_steal_pointer(&tokens);
}

GVariant *
meishi_client_find_token(MeishiClient *client, const char *name, MeishiBusToken **ret_object,
                         GError **error)
{
    g_autoptr(GPtrArray) tokens = meishi_client_tokens(client, error);
    GVariant *token = tokens != NULL ? meishi_tokens_resolve(tokens, name, error) : NULL;
    MeishiBusToken *object;

    if (token == NULL)
        return NULL;
    object = meishi_bus_token_proxy_new_sync(
        client->connection, G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES, NULL,
        meishi_dict_text(token, MEISHI_TOKEN_PATH), NULL, error);
    if (object == NULL)
        return NULL;
    g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(object), CALL_LIMIT_MS);
    *ret_object = object;
    return g_variant_ref(token);
}

MeishiCard *
meishi_client_find(MeishiClient *client, const char *name, MeishiBusIdentity **ret_object,
                   GError **error)
{
    g_autoptr(GPtrArray) cards = meishi_client_cards(client, error);
    MeishiCard *card = cards != NULL ? meishi_name_resolve(cards, name, error) : NULL;
    MeishiBusIdentity *object;
    guint index;

    if (card == NULL)
        return NULL;
    object = meishi_bus_identity_proxy_new_sync(client->connection,
                                                G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES, NULL,
                                                card->path, NULL, error);
    if (object == NULL)
        return NULL;
    g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(object), CALL_LIMIT_MS);
    *ret_object = object;
    return g_ptr_array_find(cards, card, &index) ? g_ptr_array_steal_index(cards, index) : NULL;
}

gboolean
meishi_client_has_slot(MeishiClient *client, const char *kind)
{
    GVariant *slots = meishi_bus_vault_get_slots(client->vault);

    for (gsize i = 0; slots != NULL && i < g_variant_n_children(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);
        g_autofree char *found = NULL;

        if (!g_variant_lookup(slot, "kind", "s", &found))
            continue;
        if (kind != NULL ? g_str_equal(found, kind) : !g_str_equal(found, "passphrase"))
            return TRUE;
    }
    return FALSE;
}
