/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Configuration files of other programs, which setup reads and changes: whatever is in them, our
 * entry is found once it is there, put there once only, and gone once it is taken out.
 */
#include "cli/setup/firefox-policies.h"
#include "cli/setup/java-text.h"
#include "cli/setup/journal-entry.h"
#include "cli/setup/module-text.h"
#include "cli/setup/nss-modules.h"
#include "cli/setup/profiles-ini.h"
#include "cli/setup/ssh-config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MODULE   "/usr/lib/pkcs11/meishi-pkcs11.so"
#define MAX_SIZE 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(gboolean holds)
{
    if (!holds)
        abort();
}

static void
check_same(const char *a, const char *b)
{
    check(strcmp(a, b) == 0);
}

static void
try_nss(const char *text)
{
    g_autofree char *added = meishi_nss_modules_add(text, MODULE);
    g_autofree char *again = meishi_nss_modules_add(added, MODULE);
    g_autofree char *others = meishi_nss_modules_remove(text);
    g_autofree char *removed = meishi_nss_modules_remove(added);
    g_auto(GStrv) found = meishi_nss_modules_find(added);
    g_auto(GStrv) none = meishi_nss_modules_find(removed);
    g_auto(GStrv) all = meishi_nss_modules_list(text);

    check(g_strv_length(found) == 1 && none[0] == NULL);
    check(g_strv_length(all) % 2 == 0);
    check_same(found[0], MODULE);
    check_same(added, again);
    check(g_str_has_prefix(removed, others));
}

static void
try_ssh(const char *text)
{
    g_autofree char *added = meishi_ssh_config_add(text, MODULE);
    g_autofree char *again = meishi_ssh_config_add(added, MODULE);
    g_autofree char *others = meishi_ssh_config_remove(text);
    g_autofree char *removed = meishi_ssh_config_remove(added);
    g_autofree char *found = meishi_ssh_config_find(added);

    check(found != NULL);
    check_same(added, again);
    check(g_str_has_prefix(removed, others));
}

static void
try_policies(const char *text)
{
    g_autofree char *added = meishi_firefox_policies_add(text, MODULE, NULL);
    g_autofree char *again = NULL, *removed = NULL, *found = NULL, *none = NULL;

    if (added == NULL)
        return;
    again = meishi_firefox_policies_add(added, MODULE, NULL);
    check_same(added, again);
    check(meishi_firefox_policies_find(added, &found, NULL));
    check_same(found, MODULE);
    removed = meishi_firefox_policies_remove(added, NULL);
    check(removed != NULL && meishi_firefox_policies_find(removed, &none, NULL) && none == NULL);
}

static void
try_profiles(const char *text)
{
    g_autoptr(GPtrArray) profiles = meishi_profiles_ini_parse(text, "/dir");

    check(profiles->len <= MEISHI_PROFILES_INI_MAX);
    for (guint i = 0; i < profiles->len; i++) {
        const MeishiProfile *profile = profiles->pdata[i];

        check(g_path_is_absolute(profile->path));
    }
}

static void
try_small(const char *text)
{
    g_autofree char *set = meishi_module_text_set(text, MODULE);
    g_autofree char *again = meishi_module_text_set(set, MODULE);
    guint number = meishi_java_text_provider(text);

    check_same(set, again);
    check(number > 0 && number <= 101);
}

static void
try_journal(const char *text, gsize len)
{
    g_autoptr(MeishiJournalEntry) entry = meishi_journal_entry_parse(text, len, NULL);
    g_autoptr(MeishiJournalEntry) again = NULL;
    g_autofree char *written = NULL, *rewritten = NULL;

    if (entry == NULL)
        return;
    written = meishi_journal_entry_format(entry);
    again = meishi_journal_entry_parse(written, strlen(written), NULL);
    check(again != NULL);
    rewritten = meishi_journal_entry_format(again);
    check_same(written, rewritten);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    if (size > MAX_SIZE)
        return 0;
    try_nss(text);
    try_ssh(text);
    try_policies(text);
    try_profiles(text);
    try_small(text);
    try_journal((const char *)data, size);
    return 0;
}
