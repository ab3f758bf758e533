/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon says of the vault, and who could keep its key.
 */
#include "cli/doctor/gather/gather-private.h"

#include "daemon/asking/dict.h"

#include <string.h>
#include <sys/stat.h>

#define SECRET_SERVICE "org.freedesktop.secrets"
#define BUS            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"
#define CALL_LIMIT_MS  5000

static void
count_slots(MeishiVaultFacts *vault, GVariant *slots)
{
    for (gsize i = 0; slots != NULL && i < g_variant_n_children(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);
        const char *kind = meishi_dict_text(slot, "kind");

        vault->n_keyring += strcmp(kind, "secret-service") == 0;
        vault->n_passphrase += strcmp(kind, "passphrase") == 0;
        vault->n_key_file += strcmp(kind, "key-file") == 0;
    }
}

static gboolean
can_ask(MeishiClient *client)
{
    g_autoptr(MeishiBusSelector) selector = meishi_bus_selector_proxy_new_sync(
        client->connection, G_DBUS_PROXY_FLAGS_NONE, NULL, "/org/meishi/Agent1", NULL, NULL);

    return selector != NULL && meishi_bus_selector_get_agent_available(selector);
}

/* Of an open vault only: checking a locked one would open it. */
static void
check_records(MeishiGathering *gathering)
{
    MeishiVaultFacts *vault = &gathering->facts->vault;
    char **findings = NULL;
    guint n_records;

    if (strcmp(vault->state, "unlocked") == 0 &&
        meishi_bus_vault_call_check_sync(gathering->client->vault, &n_records, &findings, NULL,
                                         NULL))
        vault->damage = meishi_facts_keep_list(gathering->facts, findings);
}

static void
read_vault(MeishiGathering *gathering)
{
    MeishiVaultFacts *vault = &gathering->facts->vault;
    MeishiClient *client = gathering->client;

    vault->state = meishi_facts_copy(gathering->facts, meishi_bus_vault_get_state(client->vault));
    vault->stays_locked = meishi_bus_vault_get_stays_locked(client->vault);
    count_slots(vault, meishi_bus_vault_get_slots(client->vault));
    vault->can_ask = can_ask(client);
    if (vault->state != NULL)
        check_records(gathering);
}

/* ---- the Secret Service --------------------------------------------------------------------- */

/* GLib would start a bus of its own where none is named. */
static char *
dup_bus_address(const MeishiFacts *facts)
{
    const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");
    g_autofree char *usual = g_build_filename(facts->runtime.base.path, "bus", NULL);

    if (address != NULL && address[0] != '\0')
        return g_strdup(address);
    return g_file_test(usual, G_FILE_TEST_EXISTS) ? g_strconcat("unix:path=", usual, NULL) : NULL;
}

static gboolean
has_owner(GDBusConnection *bus)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        bus, BUS, "NameHasOwner", g_variant_new("(s)", SECRET_SERVICE), G_VARIANT_TYPE("(b)"),
        G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS, NULL, NULL);
    gboolean is_owned = FALSE;

    if (reply != NULL)
        g_variant_get(reply, "(b)", &is_owned);
    return is_owned;
}

static gboolean
is_startable(GDBusConnection *bus)
{
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_sync(bus, BUS, "ListActivatableNames", NULL, G_VARIANT_TYPE("(as)"),
                                    G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS, NULL, NULL);
    g_autofree const char **names = NULL;

    if (reply == NULL)
        return FALSE;
    g_variant_get(reply, "(^a&s)", &names);
    return g_strv_contains(names, SECRET_SERVICE);
}

static MeishiKeyringState
find_keyring(const MeishiFacts *facts)
{
    g_autofree char *address = dup_bus_address(facts);
    g_autoptr(GDBusConnection) bus = NULL;

    if (address != NULL)
        bus = g_dbus_connection_new_for_address_sync(
            address,
            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
            NULL, NULL, NULL);
    if (bus == NULL)
        return MEISHI_KEYRING_NO_BUS;
    if (has_owner(bus))
        return MEISHI_KEYRING_RUNNING;
    return is_startable(bus) ? MEISHI_KEYRING_STARTABLE : MEISHI_KEYRING_ABSENT;
}

void
meishi_gather_vault(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    MeishiVaultFacts *vault = &facts->vault;
    g_autofree char *usual = g_strdup_printf("/run/user/%u/bus", facts->uid);

    vault->keyring = find_keyring(facts);
    vault->keyring_program =
        meishi_facts_keep(facts, g_find_program_in_path("gnome-keyring-daemon"));
    if (facts->runtime.has_own && g_file_test(usual, G_FILE_TEST_EXISTS))
        vault->session_bus = meishi_facts_keep(facts, g_strconcat("unix:path=", usual, NULL));
    if (gathering->client != NULL)
        read_vault(gathering);
}
