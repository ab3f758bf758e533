/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where things live under each environment, and which directories are refused.
 */
#include "daemon/base/paths.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static char *top;

/* ---- names --------------------------------------------------------------------------------- */

typedef struct {
    const char *variable, *value; /* NULL: unset */
    char *(*get)(void);
    const char *expected;
} Name;

static const Name names[] = {
    {"XDG_DATA_HOME", "/x/data", meishi_paths_data_dir, "/x/data/meishi"},
    {"XDG_DATA_HOME", "/x/data/", meishi_paths_data_dir, "/x/data/meishi"},
    {"XDG_DATA_HOME", NULL, meishi_paths_data_dir, "/h/.local/share/meishi"},
    {"XDG_DATA_HOME", "", meishi_paths_data_dir, "/h/.local/share/meishi"},
    {"XDG_DATA_HOME", "relative", meishi_paths_data_dir, "/h/.local/share/meishi"},
    {"XDG_CONFIG_HOME", "/x/config", meishi_paths_config_dir, "/x/config/meishi"},
    {"XDG_CONFIG_HOME", NULL, meishi_paths_config_dir, "/h/.config/meishi"},
    {"XDG_CONFIG_HOME", "./a", meishi_paths_config_dir, "/h/.config/meishi"},
    {"XDG_RUNTIME_DIR", "/x/run", meishi_paths_runtime_dir, "/x/run/meishi"},
    {"XDG_RUNTIME_DIR", "/x/run", meishi_paths_pkcs11_socket, "/x/run/meishi/pkcs11"},
    {"XDG_RUNTIME_DIR", "/x/run", meishi_paths_bus_socket, "/x/run/meishi/bus"},
};

static void
test_names(void)
{
    g_setenv("HOME", "/h", TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *got = NULL;

        if (names[i].value != NULL)
            g_setenv(names[i].variable, names[i].value, TRUE);
        else
            g_unsetenv(names[i].variable);
        got = names[i].get();
        g_assert_cmpstr(got, ==, names[i].expected);
        g_unsetenv(names[i].variable);
    }
}

/* The first three lie where the build says, so what is tested of them is their end. */
static void
test_policy_dirs(void)
{
    g_auto(GStrv) dirs = NULL, below = NULL;

    g_setenv("XDG_CONFIG_HOME", "/x/config", TRUE);
    dirs = meishi_paths_policy_dirs(NULL);
    below = meishi_paths_policy_dirs("/r");
    g_unsetenv("XDG_CONFIG_HOME");
    g_assert_cmpuint(g_strv_length(dirs), ==, 4);
    g_assert_true(g_str_has_suffix(dirs[0], "/share/meishi/policy.d"));
    g_assert_true(g_str_has_suffix(dirs[1], "etc/meishi/policy.d"));
    g_assert_cmpstr(dirs[2], ==, "/run/meishi/policy.d");
    g_assert_cmpstr(dirs[3], ==, "/x/config/meishi/policy.d");
    g_assert_cmpuint(g_strv_length(below), ==, 4);
    g_assert_cmpstr(below[0], ==, "/r/usr/share/meishi/policy.d");
    g_assert_cmpstr(below[1], ==, "/r/etc/meishi/policy.d");
    g_assert_cmpstr(below[2], ==, "/r/run/meishi/policy.d");
    g_assert_cmpstr(below[3], ==, "/r/user/meishi/policy.d");
}

static void
test_home_from_passwd(void)
{
    g_autofree char *got = NULL;

    g_setenv("HOME", "not/absolute", TRUE);
    g_unsetenv("XDG_DATA_HOME");
    got = meishi_paths_data_dir();
    g_assert_true(g_str_has_suffix(got, "/.local/share/meishi"));
}

/* Whether /run/user/UID exists is the machine's business; both answers have one right outcome. */
static void
test_runtime_fallback(void)
{
    static const char *const unusable[] = {NULL, "", "relative/run"};
    g_autofree char *run = g_strdup_printf("/run/user/%u", getuid());
    g_autofree char *in_run = g_strdup_printf("%s/meishi", run);
    g_autofree char *in_tmp = g_strdup_printf("/tmp/meishi-%u/meishi", getuid());
    struct stat st;
    gboolean have_run = lstat(run, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid();

    for (gsize i = 0; i < G_N_ELEMENTS(unusable); i++) {
        g_autofree char *got = NULL;

        g_unsetenv("XDG_RUNTIME_DIR");
        if (unusable[i] != NULL)
            g_setenv("XDG_RUNTIME_DIR", unusable[i], TRUE);
        got = meishi_paths_runtime_dir();
        g_assert_cmpstr(got, ==, have_run ? in_run : in_tmp);
    }
    g_unsetenv("XDG_RUNTIME_DIR");
}

/* ---- directories --------------------------------------------------------------------------- */

static char *
at(const char *name)
{
    return g_build_filename(top, name, NULL);
}

static void
make_dir(const char *name, mode_t mode)
{
    g_autofree char *path = at(name);

    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static void
make_link(const char *target, const char *name)
{
    g_autofree char *path = at(name);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void
assert_ensured(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at(name);
    struct stat st;

    g_assert_true(meishi_paths_ensure_private_dir(path, &error));
    g_assert_no_error(error);
    g_assert_cmpint(lstat(path, &st), ==, 0);
    g_assert_true(S_ISDIR(st.st_mode));
    g_assert_true((st.st_mode & 022) == 0);
}

static void
assert_refused(const char *name, const char *said)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at(name);

    g_assert_false(meishi_paths_ensure_private_dir(path, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, said));
}

static void
test_makes_parents(void)
{
    struct stat st;
    g_autofree char *middle = at("new/a");
    mode_t old = umask(0);

    assert_ensured("new/a/b/meishi");
    umask(old);
    g_assert_cmpint(lstat(middle, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0700);
    assert_ensured("new/a/b/meishi"); /* and again */
    assert_ensured("new/a/b/meishi/");
}

static void
test_accepts(void)
{
    make_dir("readable", 0755);
    assert_ensured("readable");

    /* A home directory that its owner's group may write to, as some distributions make it, and
     * one behind a link. */
    make_dir("shared", 0775);
    assert_ensured("shared/meishi");
    make_link("shared", "link-to-home");
    assert_ensured("link-to-home/other");
}

static void
test_refuses(void)
{
    make_dir("group", 0770);
    assert_refused("group", "chmod 700");
    make_dir("world", 0707);
    assert_refused("world", "can be written to by others");
    make_dir("real", 0700);
    make_link("real", "link");
    assert_refused("link", "symbolic link");
    make_link("nowhere", "dangling");
    assert_refused("dangling", "symbolic link");

    g_autofree char *file = at("file");
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    assert_refused("file", "not a directory");
}

/* What a stranger can prepare in /tmp: a name is taken before we come. */
static void
test_public_parent(void)
{
    make_dir("tmp", 01777);
    assert_ensured("tmp/meishi-1/meishi");
    make_dir("tmp/open", 0777);
    assert_refused("tmp/open/meishi", "can be written to by others");
    make_dir("behind", 0700);
    make_link("../behind", "tmp/link");
    assert_refused("tmp/link/meishi", "symbolic link");
}

/* Only root can give a directory away; others meet the same rule at a directory of root's. */
static void
test_foreign_owner(void)
{
    g_autoptr(GError) error = NULL;

    if (getuid() != 0) {
        g_assert_false(meishi_paths_ensure_private_dir("/usr", &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS);
        return;
    }
    g_autofree char *foreign = at("foreign");
    g_autofree char *parent = at("tmp/stranger");

    make_dir("foreign", 0700);
    g_assert_cmpint(chown(foreign, NOBODY, NOBODY), ==, 0);
    assert_refused("foreign", "belongs to somebody else");
    make_dir("tmp/stranger", 0700);
    g_assert_cmpint(chown(parent, NOBODY, NOBODY), ==, 0);
    assert_refused("tmp/stranger/meishi", "belongs to somebody else");
}

static void
test_cannot_make(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(meishi_paths_ensure_private_dir("/proc/self/meishi", &error));
    g_assert_nonnull(error);
    g_assert_cmpuint(error->domain, ==, MEISHI_ERROR);
    g_assert_nonnull(strstr(error->message, "/proc/self/meishi"));
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *entry = g_build_filename(path, name, NULL);

        if (g_file_test(entry, G_FILE_TEST_IS_DIR) && !g_file_test(entry, G_FILE_TEST_IS_SYMLINK))
            remove_tree(entry);
        else
            g_unlink(entry);
    }
    g_rmdir(path);
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    top = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    g_assert_nonnull(top);
    g_test_add_func("/base/paths/names", test_names);
    g_test_add_func("/base/paths/policy-dirs", test_policy_dirs);
    g_test_add_func("/base/paths/home-from-passwd", test_home_from_passwd);
    g_test_add_func("/base/paths/runtime-fallback", test_runtime_fallback);
    g_test_add_func("/base/paths/makes-parents", test_makes_parents);
    g_test_add_func("/base/paths/accepts", test_accepts);
    g_test_add_func("/base/paths/refuses", test_refuses);
    g_test_add_func("/base/paths/public-parent", test_public_parent);
    g_test_add_func("/base/paths/foreign-owner", test_foreign_owner);
    g_test_add_func("/base/paths/cannot-make", test_cannot_make);
    status = g_test_run();
    remove_tree(top);
    g_free(top);
    return status;
}
