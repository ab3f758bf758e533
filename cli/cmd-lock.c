/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi lock: forget every key.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"

static gboolean
report(const char *state, const char *sentence)
{
    if (meishi_command_json())
        meishi_json_print_pairs("state", state, NULL);
    else
        g_print("%s\n", sentence);
    return TRUE;
}

/* Never starts a daemon: one that is not there holds no key. */
static gboolean
run(char **args, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(MeishiClient) client = meishi_client_connect(FALSE, &cause);

    if (client == NULL && meishi_client_is_absent(cause))
        return report("locked", "The daemon is not running; nothing is unlocked.");
    if (client == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (!meishi_bus_vault_call_lock_sync(client->vault, NULL, error))
        return meishi_client_failed(error);
    if (g_strcmp0(meishi_bus_vault_get_state(client->vault), "absent") == 0)
        return report("absent", "There is no vault yet; nothing is unlocked.");
    return report("locked", "The vault is locked.");
}

const MeishiCommand meishi_command_lock = {
    .name = "lock",
    .usage = "",
    .summary = "Forget every key until the vault is unlocked",
    .text = "Makes the daemon forget the vault key and every private key in memory, and ends the "
            "logins of cards and tokens. Where the keyring or a key file opens the vault, the next "
            "use opens it again; a PIN that is stored is not used until you have given one or "
            "unlocked the vault.",
    .example = "meishi lock",
    .run = run,
};
