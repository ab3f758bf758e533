/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/journal-entry.c: what is written is read, by this version and by later ones.
 */
#include "cli/setup/journal-entry.h"

#include "daemon/base/error.h"

#include <string.h>

/* As the first version wrote it: this has to be read for ever. */
static const char first_version[] = "[Meishi setup]\n"
                                    "Version=1\n"
                                    "Path=/h/alice/.pki/nssdb/pkcs11.txt\n"
                                    "Kind=nss\n"
                                    "Program=chromium\n"
                                    "Title=Chromium\n"
                                    "Before=absent\n"
                                    "After=aa;bb;\n"
                                    "Mode=0640\n"
                                    "Owner=1000:1001\n"
                                    "Time=1700000000.000000009\n";

static MeishiJournalEntry *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    MeishiJournalEntry *entry = meishi_journal_entry_parse(text, strlen(text), &error);

    g_assert_no_error(error);
    return entry;
}

static void
test_first_version(void)
{
    g_autoptr(MeishiJournalEntry) entry = parse(first_version);
    g_autofree char *again = meishi_journal_entry_format(entry);

    g_assert_cmpstr(entry->path, ==, "/h/alice/.pki/nssdb/pkcs11.txt");
    g_assert_cmpint(entry->kind, ==, MEISHI_PLACE_NSS);
    g_assert_true(meishi_journal_entry_has_written(entry, "aa"));
    g_assert_true(meishi_journal_entry_has_written(entry, "bb"));
    g_assert_false(meishi_journal_entry_has_written(entry, "absent"));
    g_assert_cmpuint(entry->look.mode, ==, 0640);
    g_assert_cmpuint(entry->look.uid, ==, 1000);
    g_assert_cmpuint(entry->look.gid, ==, 1001);
    g_assert_true(entry->look.has_time);
    g_assert_cmpint(entry->look.time.tv_sec, ==, 1700000000);
    g_assert_cmpint(entry->look.time.tv_nsec, ==, 9);
    g_assert_cmpstr(again, ==, first_version);
}

/* A path is bytes: blanks at its ends, line breaks, no UTF-8. */
static void
test_any_path(void)
{
    static const char path[] = "/h/\xff\n[x]\n=;\\ ";
    g_autoptr(MeishiJournalEntry) entry = meishi_journal_entry_new(path);
    g_autoptr(MeishiJournalEntry) again = NULL;
    g_autofree char *text = NULL;

    entry->is_directory = TRUE;
    text = meishi_journal_entry_format(entry);
    again = parse(text);
    g_assert_cmpstr(again->path, ==, path);
    g_assert_true(again->is_directory);
}

static void
test_newer(void)
{
    g_autoptr(GError) error = NULL;
    static const char text[] = "[Meishi setup]\nVersion=2\nPath=/x\nKind=directory\n";

    g_assert_null(meishi_journal_entry_parse(text, strlen(text), &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NEWER_VERSION);
}

/* Each line is needed. */
static void
test_incomplete(void)
{
    g_auto(GStrv) lines = g_strsplit(first_version, "\n", -1);

    for (guint i = 0; lines[i][0] != '\0'; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GError) error = NULL;

        for (guint j = 0; lines[j] != NULL; j++) {
            if (i != j)
                g_string_append_printf(text, "%s\n", lines[j]);
        }
        if (g_str_has_prefix(lines[i], "After=")) /* nothing was written yet */
            meishi_journal_entry_free(meishi_journal_entry_parse(text->str, text->len, NULL));
        else
            g_assert_null(meishi_journal_entry_parse(text->str, text->len, &error));
    }
}

static void
test_damaged(void)
{
    static const char *const bad[] = {
        "Path=x",   "Kind=wrong",        "Mode=9",     "Mode=",
        "Owner=1",  "Owner=1:2:3",       "Owner=-1:0", "Time=1",
        "Time=1.x", "Time=1.1000000000", "Version=-1", "Version=none",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strconcat(first_version, bad[i], "\n", NULL);
        g_autoptr(GError) error = NULL;

        /* The last of several lines counts. */
        g_assert_null(meishi_journal_entry_parse(text, strlen(text), &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal-entry/first-version", test_first_version);
    g_test_add_func("/journal-entry/any-path", test_any_path);
    g_test_add_func("/journal-entry/newer", test_newer);
    g_test_add_func("/journal-entry/incomplete", test_incomplete);
    g_test_add_func("/journal-entry/damaged", test_damaged);
    return g_test_run();
}
