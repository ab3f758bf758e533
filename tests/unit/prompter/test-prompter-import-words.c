/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/import-trouble.c and import-secret.c: every error and every secret of an
 * import has words, and the right ways on.
 */
#include "daemon/base/error.h"
#include "daemon/prompter/words/import-secret.h"
#include "daemon/prompter/words/import-trouble.h"

#include "tests/unit/prompter/words.h"

#include <gio/gio.h>
#include <string.h>

static MeishiImportTrouble *
trouble_of(GQuark domain, int code, gboolean used_password)
{
    const MeishiImportStage stage = {.used_password = used_password};
    g_autoptr(GError) error = g_error_new_literal(domain, code, "What it says.");

    return meishi_import_trouble_new(error, "a.p12", stage);
}

static void
test_daemon(void)
{
    static const struct {
        MeishiErrorCode code;
        gboolean may_retry;
        const char *heading;
    } cases[] = {
        {MEISHI_ERROR_BAD_FILE, FALSE, "“a.p12” Cannot Be Read"},
        {MEISHI_ERROR_UNSUPPORTED, FALSE, "“a.p12” Is Not Supported"},
        {MEISHI_ERROR_TOO_EXPENSIVE, FALSE, "“a.p12” Would Take Too Long to Open"},
        {MEISHI_ERROR_KEY_MISMATCH, FALSE, "The Private Key Belongs to Another Certificate"},
        {MEISHI_ERROR_NOT_FOUND, FALSE, "There Is Nothing to Import in “a.p12”"},
        {MEISHI_ERROR_NO_SPACE, TRUE, "The Disk Is Full"},
        {MEISHI_ERROR_PERMISSIONS, TRUE, "The Vault Cannot Be Written"},
        {MEISHI_ERROR_LOCKED, TRUE, "The Keyring Is Locked"},
        {MEISHI_ERROR_IO, TRUE, "The Import Did Not Succeed"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiImportTrouble) trouble =
            trouble_of(MEISHI_ERROR, (int)cases[i].code, FALSE);

        assert_text(trouble->heading, cases[i].heading);
        g_assert_cmpint(trouble->may_retry, ==, cases[i].may_retry);
        g_assert_false(trouble->may_password);
        g_assert_cmpstr(trouble->detail, ==, "What it says.");
    }
}

/* Whatever may come has words that are no format. */
static void
test_every_code(void)
{
    for (int code = 0; code < MEISHI_ERROR_N; code++) {
        g_autoptr(MeishiImportTrouble) trouble = trouble_of(MEISHI_ERROR, code, FALSE);

        g_assert_cmpstr(trouble->heading, !=, "");
        g_assert_cmpstr(trouble->advice, !=, "");
        g_assert_null(strchr(trouble->heading, '%'));
    }
}

/* Not every file has a check value that tells a wrong password from damage. */
static void
test_another_password(void)
{
    g_autoptr(MeishiImportTrouble) without = trouble_of(MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, FALSE);
    g_autoptr(MeishiImportTrouble) with = trouble_of(MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, TRUE);
    g_autoptr(MeishiImportTrouble) full = trouble_of(MEISHI_ERROR, MEISHI_ERROR_NO_SPACE, TRUE);

    g_assert_false(without->may_password);
    g_assert_true(with->may_password);
    g_assert_false(full->may_password);
}

static void
test_files(void)
{
    g_autoptr(MeishiImportTrouble) gone = trouble_of(G_IO_ERROR, G_IO_ERROR_NOT_FOUND, FALSE);
    g_autoptr(MeishiImportTrouble) large =
        trouble_of(G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, FALSE);
    g_autoptr(MeishiImportTrouble) other = trouble_of(G_IO_ERROR, G_IO_ERROR_NO_SPACE, FALSE);

    assert_text(gone->heading, "“a.p12” Is Not There Any More");
    g_assert_true(gone->may_retry);
    g_assert_null(gone->detail);
    assert_text(large->heading, "“a.p12” Is Too Large");
    g_assert_false(large->may_retry);
    g_assert_cmpstr(other->detail, ==, "What it says.");
}

/* A daemon that ended while it stored may have stored everything: nothing else is claimed. */
static void
test_bus(void)
{
    const MeishiImportStage storing = {.was_storing = TRUE};
    g_autoptr(GError) closed = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
    g_autoptr(MeishiImportTrouble) before = trouble_of(G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY, FALSE);
    g_autoptr(MeishiImportTrouble) then = meishi_import_trouble_new(closed, "a.p12", storing);

    g_assert_cmpstr(before->heading, ==, "Meishi Does Not Answer");
    g_assert_nonnull(strstr(before->advice, "Nothing was imported."));
    g_assert_true(before->may_retry);
    g_assert_cmpstr(then->heading, ==, "Meishi Has Stopped Answering");
    g_assert_nonnull(strstr(then->advice, "not certain"));
    g_assert_true(then->may_retry);
}

static void
test_untrusted(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "a\nb\u202e");
    g_autoptr(MeishiImportTrouble) one =
        meishi_import_trouble_new(error, "a\n%s.p12", (MeishiImportStage){0});
    g_autoptr(MeishiImportTrouble) several =
        meishi_import_trouble_new(error, NULL, (MeishiImportStage){0});

    assert_text(one->heading, "“a\uFFFD%s.p12” Cannot Be Read");
    g_assert_cmpstr(one->detail, ==, "a\uFFFDb\uFFFD");
    g_assert_cmpstr(several->heading, ==, "The Files Cannot Be Read");
}

static void
test_secrets(void)
{
    static const struct {
        MeishiImportSecretKind kind;
        const char *file, *heading;
        gboolean is_consent, is_twice;
    } cases[] = {
        {MEISHI_IMPORT_SECRET_FILE, "a.p12", "Password of “a.p12”", FALSE, FALSE},
        {MEISHI_IMPORT_SECRET_FILE, NULL, "Password of the File", FALSE, FALSE},
        {MEISHI_IMPORT_SECRET_KEY, "a.p12", "Password of the Private Key in “a.p12”", FALSE, FALSE},
        {MEISHI_IMPORT_SECRET_KEY, NULL, "Password of the Private Key", FALSE, FALSE},
        {MEISHI_IMPORT_SECRET_VAULT, NULL, "Passphrase of Your Vault", TRUE, FALSE},
        {MEISHI_IMPORT_SECRET_NEW_VAULT, NULL, "Choose a Passphrase for Your Vault", TRUE, TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiImportSecret) secret =
            meishi_import_secret_new(cases[i].kind, cases[i].file, FALSE);

        assert_text(secret->heading, cases[i].heading);
        g_assert_cmpint(secret->is_consent, ==, cases[i].is_consent);
        g_assert_cmpint(secret->again != NULL, ==, cases[i].is_twice);
        g_assert_null(secret->wrong);
    }
}

static void
test_wrong_secret(void)
{
    g_autoptr(MeishiImportSecret) file =
        meishi_import_secret_new(MEISHI_IMPORT_SECRET_FILE, "a.p12", TRUE);
    g_autoptr(MeishiImportSecret) vault =
        meishi_import_secret_new(MEISHI_IMPORT_SECRET_VAULT, NULL, TRUE);

    g_assert_cmpstr(file->wrong, ==, "That is not the password of the file.");
    g_assert_cmpstr(vault->wrong, ==, "That is not the passphrase of your vault.");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/import-trouble/daemon", test_daemon);
    g_test_add_func("/prompter/import-trouble/every-code", test_every_code);
    g_test_add_func("/prompter/import-trouble/another-password", test_another_password);
    g_test_add_func("/prompter/import-trouble/files", test_files);
    g_test_add_func("/prompter/import-trouble/bus", test_bus);
    g_test_add_func("/prompter/import-trouble/untrusted", test_untrusted);
    g_test_add_func("/prompter/import-secret/kinds", test_secrets);
    g_test_add_func("/prompter/import-secret/wrong", test_wrong_secret);
    return g_test_run();
}
