/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/find-*.c: homes as packages, Flatpaks and Snaps leave them.
 */
#include "cli/setup/places.h"
#include "cli/setup/surroundings.h"

#include "tests/unit/setup/sample-home.h"

#include <string.h>

#define PROFILES "[Profile0]\nName=p\nIsRelative=1\nPath=p\n"

/* The machine's own configuration is none of this test's business. */
static void
set_up(Home *home, gconstpointer unused)
{
    home_set_up(home, unused);
    g_free(home->around.root);
    home->around.root = home_path(home, "root");
    home_make_dir(home, "root");
}

static GPtrArray *
find(const Home *home, const char *program)
{
    const char *const programs[] = {program, NULL};

    return meishi_places_find(&home->around, programs);
}

static void
add_profile(const Home *home, const char *dir, const char *list)
{
    g_autofree char *ini = g_build_filename(dir, "profiles.ini", NULL);
    g_autofree char *profile = g_build_filename(dir, "p", NULL);
    g_autofree char *path = g_build_filename(profile, "pkcs11.txt", NULL);

    home_write(home, ini, PROFILES);
    home_make_dir(home, profile);
    if (list != NULL)
        home_write(home, path, list);
}

/* "program state" of each, in a row. */
static void
assert_places(GPtrArray *places, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < places->len; i++) {
        const MeishiPlace *place = places->pdata[i];

        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "",
                               meishi_place_kind_name(place->kind),
                               meishi_place_state_name(place->state));
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
assert_found(const Home *home, const char *program, const char *expected)
{
    g_autoptr(GPtrArray) places = find(home, program);

    assert_places(places, expected);
}

/* ---- Mozilla --------------------------------------------------------------------------------- */

static void
test_firefox(Home *home, gconstpointer unused)
{
    g_autofree char *ours = g_strdup_printf("library=%s\nname=x\n\n", home->around.module);

    assert_found(home, "firefox", "");
    home_write_program(home, "firefox-esr");
    assert_found(home, "firefox", "nothing advice");
    add_profile(home, "home/.config/mozilla/firefox", NULL);
    assert_found(home, "firefox", "nss missing");
    add_profile(home, "home/.mozilla/firefox", ours);
    assert_found(home, "firefox", "nss missing, nss ready");
    add_profile(home, "home/.mozilla/firefox", "library=/old/meishi-pkcs11.so\nname=x\n\n");
    assert_found(home, "firefox", "nss missing, nss stale");
}

static void
test_firefox_by_policy(Home *home, gconstpointer unused)
{
    g_autofree char *policies = g_strdup_printf(
        "{\"policies\":{\"SecurityDevices\":{\"Add\":{\"x\":\"%s\"}}}}", home->around.module);

    home_write(home, "root/etc/firefox/policies/policies.json", policies);
    home_write_program(home, "firefox");
    assert_found(home, "firefox", "nothing ready");
    add_profile(home, "home/.mozilla/firefox", NULL);
    assert_found(home, "firefox", "nss ready");
}

/* Both a link and the directory that it leads to are one place. */
static void
test_firefox_twice(Home *home, gconstpointer unused)
{
    g_autofree char *link = home_path(home, "home/.mozilla");

    add_profile(home, "home/.config/mozilla/firefox", "");
    g_assert_cmpint(symlink(".config/mozilla", link), ==, 0);
    assert_found(home, "firefox", "nss missing");
}

static void
test_sandboxes(Home *home, gconstpointer unused)
{
    g_autoptr(GPtrArray) places = NULL;
    const MeishiPlace *copy, *database;

    add_profile(home, "home/.var/app/org.mozilla.firefox/.mozilla/firefox", NULL);
    add_profile(home, "home/snap/firefox/common/.mozilla/firefox", NULL);
    places = find(home, "firefox");
    assert_places(places, "library missing, nss missing, nss unreachable");
    copy = places->pdata[0];
    database = places->pdata[1];
    g_assert_cmpstr(copy->path, ==, database->wanted);
    g_assert_cmpstr(database->sandbox, ==, "flatpak:org.mozilla.firefox");
    g_assert_nonnull(strstr(database->hint, "--filesystem=xdg-run/meishi:ro org.mozilla.firefox"));
    home_write(home, "home/.var/app/org.mozilla.firefox/data/meishi/meishi-pkcs11.so", "old");
    assert_found(home, "firefox", "library stale, nss missing, nss unreachable");
    home_write(home, "home/.var/app/org.mozilla.firefox/data/meishi/meishi-pkcs11.so", "a module");
    assert_found(home, "firefox", "library ready, nss missing, nss unreachable");
}

static void
test_broken(Home *home, gconstpointer unused)
{
    add_profile(home, "home/.thunderbird", NULL);
    assert_found(home, "thunderbird", "nss missing");
    home_write(home, "home/.thunderbird/p/cert8.db", "");
    assert_found(home, "thunderbird", "nss broken");
    home_write(home, "home/.thunderbird/p/cert9.db", "");
    assert_found(home, "thunderbird", "nss missing");
    home_make_dir(home, "home/.thunderbird/p/pkcs11.txt");
    assert_found(home, "thunderbird", "nss broken");
}

/* ---- Chromium -------------------------------------------------------------------------------- */

static void
assert_first_path(const Home *home, const char *program, const char *expected)
{
    g_autoptr(GPtrArray) places = find(home, program);
    g_autofree char *path = home_path(home, expected);
    const MeishiPlace *first;

    g_assert_cmpuint(places->len, >, 0);
    first = places->pdata[0];
    g_assert_cmpstr(first->path, ==, path);
}

static void
test_chromium(Home *home, gconstpointer unused)
{
    assert_found(home, "chromium", "");
    home_write_program(home, "google-chrome");
    assert_first_path(home, "chromium", "home/.pki/nssdb/pkcs11.txt");
    home_make_dir(home, "home/.local/share/pki/nssdb");
    assert_first_path(home, "chromium", "home/.local/share/pki/nssdb/pkcs11.txt");
    home_make_dir(home, "home/.pki/nssdb");
    assert_found(home, "chromium", "nss missing, nss missing");
}

static void
test_chromium_sandboxes(Home *home, gconstpointer unused)
{
    g_autoptr(GPtrArray) places = NULL;
    const MeishiPlace *database;
    g_autofree char *path =
        home_path(home, "home/.var/app/com.brave.Browser/.pki/nssdb/pkcs11.txt");

    home_make_dir(home, "home/.var/app/org.chromium.Chromium");
    home_make_dir(home, "home/.var/app/com.brave.Browser/.pki");
    home_make_dir(home, "home/snap/chromium/current");
    places = find(home, "chromium");
    assert_places(places, "library missing, nss missing, library missing, nss missing, "
                          "nss unreachable");
    database = places->pdata[3];
    g_assert_cmpstr(database->path, ==, path);
}

/* ---- p11-kit --------------------------------------------------------------------------------- */

static void
write_module(const Home *home, const char *path, const char *library, const char *more)
{
    g_autofree char *text = g_strdup_printf("module: %s\n%s", library, more);

    home_write(home, path, text);
}

static void
test_p11_kit(Home *home, gconstpointer unused)
{
    static const char user[] = "home/.config/pkcs11/modules/meishi.module";
    const char *module = home->around.module;

    home_write(home, "root/etc/pkcs11/modules/other.module", "module: /other.so\n");
    assert_found(home, "p11-kit", "p11-kit missing");
    assert_first_path(home, "p11-kit", user);
    write_module(home, "root/etc/pkcs11/modules/cards.module", "/old/meishi-pkcs11.so", "");
    assert_found(home, "p11-kit", "p11-kit stale");
    /* A person changes what is the administrator's by a file of the same name. */
    assert_first_path(home, "p11-kit", "home/.config/pkcs11/modules/cards.module");
    write_module(home, user, module, "");
    assert_found(home, "p11-kit", "p11-kit ready");
    write_module(home, user, module, "disable-in: firefox\n");
    assert_found(home, "p11-kit", "p11-kit disabled");
    write_module(home, user, module, "enable-in: curl\n");
    assert_found(home, "p11-kit", "p11-kit disabled");
}

static void
assert_forbidden_by(const Home *home, const char *relative)
{
    static const char *const names[] = {"p11-kit", NULL};
    g_autoptr(GPtrArray) places = meishi_places_find(&home->around, names);
    const MeishiPlace *place = places->pdata[0];
    g_autofree char *path = home_path(home, relative);

    g_assert_cmpint(place->state, ==, MEISHI_PLACE_BROKEN);
    g_assert_nonnull(strstr(place->detail, path));
}

static void
test_p11_kit_user_config(Home *home, gconstpointer unused)
{
    const char *module = home->around.module;

    write_module(home, "root/etc/pkcs11/modules/meishi.module", module, "");
    assert_found(home, "p11-kit", "p11-kit ready");
    home_write(home, "home/.config/pkcs11/pkcs11.conf", "user-config: only\n");
    assert_found(home, "p11-kit", "p11-kit missing");
    home_write(home, "root/etc/pkcs11/pkcs11.conf", "user-config: none\n");
    assert_found(home, "p11-kit", "p11-kit ready");
    write_module(home, "root/etc/pkcs11/modules/meishi.module", "/old/meishi-pkcs11.so", "");
    assert_found(home, "p11-kit", "p11-kit broken");
    assert_forbidden_by(home, "root/etc/pkcs11/pkcs11.conf");
    home_write(home, "root/etc/pkcs11/pkcs11.conf", "user-config: merge\n");
    home_write(home, "home/.config/pkcs11/pkcs11.conf", "user-config: none\n");
    assert_forbidden_by(home, "home/.config/pkcs11/pkcs11.conf");
}

/* ---- the others ------------------------------------------------------------------------------ */

static void
test_java(Home *home, gconstpointer unused)
{
    g_autoptr(GPtrArray) places = NULL;
    g_autofree char *java = home_path(home, "root/usr/lib/jvm/jdk-1/bin/java");
    const MeishiPlace *security;

    assert_found(home, "java", "");
    home_write(home, "root/usr/lib/jvm/jdk-1/conf/security/java.security",
               "security.provider.4=SunPKCS11\n");
    home_write(home, "root/usr/lib/jvm/jdk-1/bin/java", "");
    home_make_dir(home, "root/usr/lib/jvm/no-jdk");
    assert_found(home, "java", "");
    g_assert_cmpint(g_chmod(java, 0755), ==, 0);
    places = find(home, "java");
    assert_places(places, "java missing, java missing, java missing");
    security = places->pdata[1];
    g_assert_nonnull(
        strstr(g_bytes_get_data(security->whole, NULL), "\nsecurity.provider.4=SunPKCS11 "));
    home_write(home, "home/.config/meishi/java/sunpkcs11.cfg", "of another version\n");
    assert_found(home, "java", "java stale, java missing, java missing");
}

static void
test_ssh(Home *home, gconstpointer unused)
{
    g_autofree char *line = g_strdup_printf("PKCS11Provider %s\n", home->around.module);
    g_autoptr(GPtrArray) places = NULL;
    const MeishiPlace *ssh;

    assert_found(home, "ssh", "");
    home_write_program(home, "ssh");
    places = find(home, "ssh");
    assert_places(places, "ssh missing");
    ssh = places->pdata[0];
    g_assert_false(ssh->is_default);
    home_write(home, "home/.ssh/config", line);
    assert_found(home, "ssh", "ssh ready");
    home_write(home, "home/.ssh/config", "PKCS11Provider /old/meishi-pkcs11.so\n");
    assert_found(home, "ssh", "ssh stale");
}

/* For everybody, no home is looked into. */
static void
test_system(Home *home, gconstpointer unused)
{
    home->around.is_system = TRUE;
    add_profile(home, "home/.mozilla/firefox", NULL);
    assert_found(home, "firefox", "");
    assert_found(home, "chromium", "");
    assert_found(home, "p11-kit", "p11-kit missing");
    assert_first_path(home, "p11-kit", "root/etc/pkcs11/modules/meishi.module");
}

/* The file in /etc hides the one of the installation. */
static void
test_policies(Home *home, gconstpointer unused)
{
    home->around.is_system = TRUE;
    home_write_program(home, "firefox");
    assert_first_path(home, "firefox", "root/etc/firefox/policies/policies.json");
    home_write(home, "root/usr/lib/firefox/distribution/policies.json", "{}");
    assert_first_path(home, "firefox", "root/usr/lib/firefox/distribution/policies.json");
    assert_found(home, "firefox", "policies missing");
    home_write(home, "root/etc/firefox/policies/policies.json", "{");
    assert_found(home, "firefox", "policies broken");
}

/* An application may write below its own directory, and a link there would let it write where
 * setup may, too. */
static void
test_sandbox_leads_out(Home *home, gconstpointer unused)
{
    static const char own[] = "home/.var/app/org.mozilla.firefox";
    g_autofree char *profiles = g_build_filename(own, ".mozilla", "firefox", NULL);
    g_autofree char *list =
        home_path(home, "home/.var/app/org.mozilla.firefox/.mozilla/firefox/p/pkcs11.txt");
    g_autofree char *data = home_path(home, "home/.var/app/org.mozilla.firefox/data");
    g_autofree char *target = home_path(home, "home/.profile");

    add_profile(home, profiles, NULL);
    assert_found(home, "firefox", "library missing, nss missing");
    home_write(home, "home/.profile", "");
    g_assert_cmpint(symlink(target, list), ==, 0);
    assert_found(home, "firefox", "library missing, nss broken");
    home_make_dir(home, "home/elsewhere");
    g_assert_cmpint(symlink("../../../elsewhere", data), ==, 0);
    assert_found(home, "firefox", "library broken, nss broken");
}

static void
add(const char *path, void (*test)(Home *, gconstpointer))
{
    g_test_add(path, Home, NULL, set_up, test, home_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/find/firefox", test_firefox);
    add("/find/firefox/policy", test_firefox_by_policy);
    add("/find/firefox/twice", test_firefox_twice);
    add("/find/sandboxes", test_sandboxes);
    add("/find/sandboxes/leads-out", test_sandbox_leads_out);
    add("/find/broken", test_broken);
    add("/find/chromium", test_chromium);
    add("/find/chromium/sandboxes", test_chromium_sandboxes);
    add("/find/p11-kit", test_p11_kit);
    add("/find/p11-kit/user-config", test_p11_kit_user_config);
    add("/find/java", test_java);
    add("/find/ssh", test_ssh);
    add("/find/system", test_system);
    add("/find/policies", test_policies);
    return g_test_run();
}
