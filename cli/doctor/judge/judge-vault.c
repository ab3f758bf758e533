/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault: who can read its files, whether it is open, and what opens it.
 */
#include "cli/doctor/judge/judges.h"

#include "cli/old-copies.h"

#include <string.h>
#include <sys/stat.h>

/* ---- files ---------------------------------------------------------------------------------- */

/* By the rule of daemon/store/store-file.c, in its words. */
static gboolean
judge_file(const MeishiFacts *facts, const MeishiStoreFact *store, GPtrArray *findings)
{
    const MeishiFileFact *file = &store->file;
    const char *mode = store->is_directory ? "700" : "600";
    guint type = store->is_directory ? S_IFDIR : S_IFREG;
    g_autofree char *quoted = meishi_finding_quote(file->path);
    MeishiFinding *finding;

    if ((file->mode & S_IFMT) != type) {
        finding = meishi_finding_problem(findings, "store-kind", "%s is not a %s", file->path,
                                         store->is_directory ? "directory" : "regular file");
        meishi_finding_means(finding,
                             "Meishi refuses it. Put the vault itself there, not a link to "
                             "it.");
        meishi_finding_mends(finding, "mv %s %s.away", quoted, quoted);
    } else if (file->uid != facts->uid) {
        finding = meishi_finding_problem(findings, "store-owner", "%s belongs to somebody else",
                                         file->path);
        meishi_finding_means(finding, "Meishi refuses it: a vault is its owner's alone.");
        meishi_finding_mends(finding, "sudo chown %u %s", facts->uid, quoted);
    } else if ((file->mode & 077) != 0) {
        finding =
            meishi_finding_problem(findings, "store-open", "%s is open to others", file->path);
        meishi_finding_means(finding, "Meishi refuses it until it is closed.");
        meishi_finding_mends(finding, "chmod %s %s", mode, quoted);
    } else if ((file->mode & 0600) != 0600) {
        finding =
            meishi_finding_problem(findings, "store-closed", "%s is not writable", file->path);
        meishi_finding_means(finding, "Meishi refuses it until you may write to it.");
        meishi_finding_mends(finding, "chmod u+rw%s %s", store->is_directory ? "x" : "", quoted);
    } else {
        return TRUE;
    }
    return FALSE;
}

static void
judge_copy(const MeishiStoreFact *store, GPtrArray *findings)
{
    g_autofree char *quoted = meishi_finding_quote(store->file.path);
    MeishiFinding *finding = meishi_finding_note(findings, "store-old-copy",
                                                 "%s " MEISHI_OLD_COPIES_IS, store->file.path);

    meishi_finding_means(finding, "It " MEISHI_OLD_COPIES_MEANS ".");
    meishi_finding_mends(finding, "rm %s", quoted);
}

void
meishi_judge_store(const MeishiFacts *facts, GPtrArray *findings)
{
    gboolean is_well = TRUE;

    for (guint i = 0; i < facts->n_store; i++) {
        const MeishiStoreFact *store = &facts->store[i];

        if (!store->file.exists)
            continue;
        is_well = judge_file(facts, store, findings) && is_well;
        if (store->is_old_copy)
            judge_copy(store, findings);
    }
    if (is_well && facts->n_store > 0 && facts->store[0].file.exists)
        meishi_finding_ok(findings, "store", "%s", facts->store[0].file.path);
}

/* ---- open or not ---------------------------------------------------------------------------- */

static gboolean
opens_by_itself(const MeishiVaultFacts *vault)
{
    return !vault->stays_locked &&
           (vault->n_key_file > 0 ||
            (vault->n_keyring > 0 && vault->keyring <= MEISHI_KEYRING_STARTABLE));
}

/* Who only has to answer a question is not in trouble. */
static void
judge_locked(const MeishiVaultFacts *vault, GPtrArray *findings)
{
    gboolean will_ask = vault->n_passphrase > 0 && vault->can_ask;
    MeishiFinding *finding;

    if (opens_by_itself(vault)) {
        meishi_finding_ok(findings, "vault-sleeps", "locked; it opens when it is needed");
        return;
    }
    if (vault->n_passphrase == 0 && !vault->stays_locked)
        return; /* the keyring's check says why */
    finding = will_ask ? meishi_finding_note(findings, "vault-locked", "locked")
                       : meishi_finding_problem(findings, "vault-locked", "locked");
    meishi_finding_means(finding, "%s",
                         will_ask ? "You are asked for the passphrase when a program needs a key."
                                  : "Programs that need a key are refused until it is unlocked.");
    meishi_finding_mends(finding, "meishi unlock");
}

void
meishi_judge_vault(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiVaultFacts *vault = &facts->vault;

    if (vault->state == NULL)
        return;
    if (strcmp(vault->state, "absent") == 0)
        meishi_finding_ok(findings, "vault-absent", "none yet; the first `meishi import` makes it");
    else if (strcmp(vault->state, "locked") == 0)
        judge_locked(vault, findings);
    else
        meishi_finding_ok(findings, "vault", "%s", vault->state);
    for (guint i = 0; vault->damage != NULL && vault->damage[i] != NULL; i++) {
        MeishiFinding *finding =
            meishi_finding_problem(findings, "vault-damaged", "something in it is damaged");

        meishi_finding_means(finding, "%s A backup has it whole, or the file that it came in.",
                             vault->damage[i]);
    }
}

/* ---- the Secret Service --------------------------------------------------------------------- */

static void
mend_keyring(const MeishiVaultFacts *vault, MeishiFinding *finding)
{
    if (vault->keyring == MEISHI_KEYRING_NO_BUS && vault->session_bus != NULL) {
        g_autofree char *quoted = meishi_finding_quote(vault->session_bus);

        meishi_finding_mends(finding, "export DBUS_SESSION_BUS_ADDRESS=%s", quoted);
    } else if (vault->keyring == MEISHI_KEYRING_ABSENT && vault->keyring_program != NULL) {
        g_autofree char *quoted = meishi_finding_quote(vault->keyring_program);

        meishi_finding_mends(finding, "%s --start --components=secrets", quoted);
    } else if (vault->keyring == MEISHI_KEYRING_ABSENT) {
        meishi_finding_mends(finding, "sudo apt install gnome-keyring");
    } else {
        meishi_finding_mends(finding, "dbus-run-session -- \"$SHELL\"");
    }
}

static void
judge_no_keyring(const MeishiVaultFacts *vault, GPtrArray *findings)
{
    const char *state = vault->state != NULL ? vault->state : "";
    const char *text = vault->keyring == MEISHI_KEYRING_NO_BUS
                           ? "There is no session bus, and so no Secret Service"
                           : "Nobody offers the Secret Service on the session bus";
    gboolean is_only_way =
        vault->n_keyring > 0 && vault->n_passphrase == 0 && vault->n_key_file == 0;
    MeishiFinding *finding;

    if (is_only_way && strcmp(state, "locked") == 0) {
        finding = meishi_finding_problem(findings, "keyring-absent", "%s", text);
        meishi_finding_means(finding, "The vault's key lies there and nowhere else, so the vault "
                                      "cannot be opened.");
        mend_keyring(vault, finding);
    } else if (strcmp(state, "absent") == 0) {
        finding = meishi_finding_note(findings, "keyring-absent", "%s", text);
        meishi_finding_means(finding, "The first import will keep the vault's key in a file, which "
                                      "protects it from nobody who has the disk.");
        meishi_finding_mends(finding, "meishi vault init passphrase");
    } else {
        meishi_finding_ok(findings, "keyring-not-needed", "none; the vault does without");
    }
}

void
meishi_judge_keyring(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiVaultFacts *vault = &facts->vault;

    if (vault->keyring == MEISHI_KEYRING_RUNNING)
        meishi_finding_ok(findings, "keyring", "running");
    else if (vault->keyring == MEISHI_KEYRING_STARTABLE)
        meishi_finding_ok(findings, "keyring", "started when it is needed");
    else if (vault->state != NULL)
        judge_no_keyring(vault, findings);
}
