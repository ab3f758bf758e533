/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files of the store, vault, Secret Service and identities.
 */
#include "tests/unit/doctor/judging.h"

#define ME    1000
#define OTHER 1001
#define STORE "/h/.local/share/meishi"

static const MeishiStoreFact usual[] = {
    {.file = DIRECTORY(STORE, 0700, ME), .is_directory = TRUE},
    {.file = REGULAR(STORE "/vault.db", 0600, ME)},
    {.file = {.path = STORE "/vault.db-wal"}},
};
static const MeishiStoreFact empty[] = {{.file = {.path = STORE}, .is_directory = TRUE}};
static const MeishiStoreFact open_store[] = {
    {.file = DIRECTORY(STORE, 0755, ME), .is_directory = TRUE},
    {.file = REGULAR(STORE "/vault.db", 0644, ME)},
};
static const MeishiStoreFact foreign[] = {{.file = REGULAR(STORE "/vault.db", 0600, OTHER)}};
static const MeishiStoreFact linked[] = {
    {.file = {.path = STORE, .exists = TRUE, .mode = 0120777, .uid = ME}, .is_directory = TRUE}};
static const MeishiStoreFact closed[] = {{.file = REGULAR(STORE "/vault.db", 0400, ME)}};
static const MeishiStoreFact copied[] = {
    {.file = DIRECTORY(STORE, 0700, ME), .is_directory = TRUE},
    {.file = REGULAR(STORE "/vault.db.v1", 0600, ME), .is_old_copy = TRUE},
};

static const JudgingCase stores[] = {
    {"store/usual", meishi_judge_store, {.uid = ME, .store = usual, .n_store = 3}, "ok store"},
    {"store/none", meishi_judge_store, {.uid = ME, .store = empty, .n_store = 1}, ""},
    {"store/open",
     meishi_judge_store,
     {.uid = ME, .store = open_store, .n_store = 2},
     "problem store-open: chmod 700 " STORE "\n"
     "problem store-open: chmod 600 " STORE "/vault.db"},
    {"store/foreign",
     meishi_judge_store,
     {.uid = ME, .store = foreign, .n_store = 1},
     "problem store-owner: sudo chown 1000 " STORE "/vault.db"},
    {"store/link",
     meishi_judge_store,
     {.uid = ME, .store = linked, .n_store = 1},
     "problem store-kind: mv " STORE " " STORE ".away"},
    {"store/closed",
     meishi_judge_store,
     {.uid = ME, .store = closed, .n_store = 1},
     "problem store-closed: chmod u+rw " STORE "/vault.db"},
    {"store/old-copy",
     meishi_judge_store,
     {.uid = ME, .store = copied, .n_store = 2},
     "note store-old-copy: rm " STORE "/vault.db.v1\nok store"},
};

static const char *const damage[] = {"The private key “a” is damaged.", NULL};

static const JudgingCase vaults[] = {
    {"vault/not-known", meishi_judge_vault, {.uid = ME}, ""},
    {"vault/absent", meishi_judge_vault, {.vault = {.state = "absent"}}, "ok vault-absent"},
    {"vault/unlocked", meishi_judge_vault, {.vault = {.state = "unlocked"}}, "ok vault"},
    {"vault/damaged",
     meishi_judge_vault,
     {.vault = {.state = "unlocked", .damage = damage}},
     "ok vault\nproblem vault-damaged"},
    {"vault/key-file",
     meishi_judge_vault,
     {.vault = {.state = "locked", .n_key_file = 1}},
     "ok vault-sleeps"},
    {"vault/keyring",
     meishi_judge_vault,
     {.vault = {.state = "locked", .n_keyring = 1, .keyring = MEISHI_KEYRING_STARTABLE}},
     "ok vault-sleeps"},
    {"vault/locked-by-somebody",
     meishi_judge_vault,
     {.vault = {.state = "locked", .n_key_file = 1, .stays_locked = TRUE}},
     "problem vault-locked: meishi unlock"},
    {"vault/passphrase",
     meishi_judge_vault,
     {.vault = {.state = "locked", .n_passphrase = 1}},
     "problem vault-locked: meishi unlock"},
    {"vault/passphrase-and-somebody-asks",
     meishi_judge_vault,
     {.vault = {.state = "locked", .n_passphrase = 1, .can_ask = TRUE}},
     "note vault-locked: meishi unlock"},
    {"vault/keyring-gone",
     meishi_judge_vault,
     {.vault = {.state = "locked", .n_keyring = 1, .keyring = MEISHI_KEYRING_ABSENT}},
     ""},
};

#define ONLY_KEYRING .state = "locked", .n_keyring = 1

static const JudgingCase keyrings[] = {
    {"keyring/running",
     meishi_judge_keyring,
     {.vault = {.state = "absent", .keyring = MEISHI_KEYRING_RUNNING}},
     "ok keyring"},
    {"keyring/startable",
     meishi_judge_keyring,
     {.vault = {.state = "absent", .keyring = MEISHI_KEYRING_STARTABLE}},
     "ok keyring"},
    {"keyring/absent-at-first",
     meishi_judge_keyring,
     {.vault = {.state = "absent", .keyring = MEISHI_KEYRING_NO_BUS}},
     "note keyring-absent: meishi vault init passphrase"},
    {"keyring/not-needed",
     meishi_judge_keyring,
     {.vault = {.state = "locked", .n_passphrase = 1, .keyring = MEISHI_KEYRING_ABSENT}},
     "ok keyring-not-needed"},
    {"keyring/was-there",
     meishi_judge_keyring,
     {.vault = {.state = "unlocked", .n_keyring = 1, .keyring = MEISHI_KEYRING_ABSENT}},
     "ok keyring-not-needed"},
    {"keyring/installed",
     meishi_judge_keyring,
     {.vault = {ONLY_KEYRING, .keyring = MEISHI_KEYRING_ABSENT,
                .keyring_program = "/usr/bin/gnome-keyring-daemon"}},
     "problem keyring-absent: /usr/bin/gnome-keyring-daemon --start --components=secrets"},
    {"keyring/not-installed",
     meishi_judge_keyring,
     {.vault = {ONLY_KEYRING, .keyring = MEISHI_KEYRING_ABSENT}},
     "problem keyring-absent: sudo apt install gnome-keyring"},
    {"keyring/another-bus",
     meishi_judge_keyring,
     {.vault = {ONLY_KEYRING, .keyring = MEISHI_KEYRING_NO_BUS,
                .session_bus = "unix:path=/run/user/1000/bus"}},
     "problem keyring-absent: export DBUS_SESSION_BUS_ADDRESS='unix:path=/run/user/1000/bus'"},
    {"keyring/no-bus",
     meishi_judge_keyring,
     {.vault = {ONLY_KEYRING, .keyring = MEISHI_KEYRING_NO_BUS}},
     "problem keyring-absent: dbus-run-session -- \"$SHELL\""},
};

#define WARNS(...)        \
    {                     \
        __VA_ARGS__, NULL \
    }
static const char *const nothing[] = {NULL};
static const char *const expired[] = WARNS("expired");
static const char *const several[] = WARNS("expires-soon", "missing-issuer", "weak-key");
static const char *const future[] = WARNS("not-yet-valid");
static const char *const keyless[] = WARNS("no-certificate");
static const char *const sentences[] = WARNS("It is so.", "It is so.", "It is so.");

static const MeishiIdentityFact well[] = {{.label = "a", .warnings = nothing, .messages = nothing}};
static const MeishiIdentityFact old[] = {
    {.label = "a", .warnings = nothing, .messages = nothing},
    {.label = "b", .warnings = expired, .messages = sentences},
};
static const MeishiIdentityFact renewed[] = {
    {.label = "b", .is_superseded = TRUE, .warnings = expired, .messages = sentences}};
static const MeishiIdentityFact odd[] = {
    {.label = "a", .warnings = several, .messages = sentences},
    {.label = "b", .warnings = future, .messages = sentences},
    {.label = "c", .warnings = keyless, .messages = sentences},
};

static const JudgingCase identities[] = {
    {"identities/not-known", meishi_judge_identities, {.uid = ME}, ""},
    {"identities/none",
     meishi_judge_identities,
     {.daemon = {.is_known = TRUE}},
     "note identities-none: meishi import FILE"},
    {"identities/well",
     meishi_judge_identities,
     {.daemon = {.is_known = TRUE}, .identities = well, .n_identities = 1},
     "ok identities"},
    {"identities/expired",
     meishi_judge_identities,
     {.daemon = {.is_known = TRUE}, .identities = old, .n_identities = 2},
     "problem expired: meishi import FILE\nok identities"},
    {"identities/expired-and-renewed",
     meishi_judge_identities,
     {.daemon = {.is_known = TRUE}, .identities = renewed, .n_identities = 1},
     "ok identities"},
    {"identities/odd",
     meishi_judge_identities,
     {.daemon = {.is_known = TRUE}, .identities = odd, .n_identities = 3},
     "note expires-soon: meishi import FILE\nnote missing-issuer: meishi import FILE\n"
     "note identity-warning\nnote not-yet-valid\nnote no-certificate: meishi import FILE"},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    judging_add(stores, G_N_ELEMENTS(stores));
    judging_add(vaults, G_N_ELEMENTS(vaults));
    judging_add(keyrings, G_N_ELEMENTS(keyrings));
    judging_add(identities, G_N_ELEMENTS(identities));
    return g_test_run();
}
