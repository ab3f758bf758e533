/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/modules.c: which modules are loaded.  Where p11-kit has an opinion it is asked: the
 * same directories are given to its own loader, and both must come to the same list.
 */
#define P11_KIT_FUTURE_UNSTABLE_API

#include "daemon/token/modules.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

#include <glib/gstdio.h>
#include <p11-kit/p11-kit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_LIBRARIES 4

/* A directory with p11-kit's directories in it, and libraries "0.so" to "3.so". */
typedef struct {
    char *root;
    char *package_dir, *system_dir, *system_conf, *user_dir, *user_conf, *added_dir, *module_dir;
    MeishiTokenPlaces places;
    const char *allowed[2];
    GPtrArray *remarks;
} World;

static void
copy_library(const World *world, int number)
{
    g_autofree char *name = g_strdup_printf("%d.so", number);
    g_autofree char *path = g_build_filename(world->module_dir, name, NULL);
    g_autofree char *data = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(g_getenv("MEISHI_HOSTILE_MODULE"), &data, &len, NULL));
    g_assert_true(
        g_file_set_contents_full(path, data, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

static char *
make_dir(const World *world, const char *name)
{
    char *path = g_build_filename(world->root, name, NULL);

    g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
    return path;
}

/* Whether what this test makes may be loaded by it at all: it may run a program of somebody else's.
 */
static gboolean
owns_program(void)
{
    GStatBuf st;

    return g_stat("/proc/self/exe", &st) == 0 && (getuid() == 0 || st.st_uid == getuid());
}

static void
world_init(World *world)
{
    g_autofree char *root = g_dir_make_tmp("meishi-modules-XXXXXX", NULL);
    char *real = realpath(root, NULL);

    world->root = g_strdup(real);
    free(real);
    world->package_dir = make_dir(world, "package");
    world->system_dir = make_dir(world, "system");
    world->user_dir = make_dir(world, "user");
    world->module_dir = make_dir(world, "lib");
    world->added_dir = g_build_filename(world->root, "added", NULL);
    world->system_conf = g_build_filename(world->root, "system.conf", NULL);
    world->user_conf = g_build_filename(world->root, "user.conf", NULL);
    world->remarks = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < N_LIBRARIES; i++)
        copy_library(world, i);
    world->places = (MeishiTokenPlaces){
        .package_dir = world->package_dir,
        .system_dir = world->system_dir,
        .system_conf = world->system_conf,
        .user_dir = world->user_dir,
        .user_conf = world->user_conf,
        .module_dir = world->module_dir,
        .added_dir = world->added_dir,
    };
    world->allowed[0] = world->module_dir;
    if (!owns_program())
        world->places.allowed = world->allowed;
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        if (!g_file_test(child, G_FILE_TEST_IS_SYMLINK) && g_file_test(child, G_FILE_TEST_IS_DIR))
            remove_tree(child);
        else
            g_unlink(child);
    }
    g_rmdir(path);
}

static void
world_clear(World *world)
{
    if (world->root == NULL)
        return;
    remove_tree(world->root);
    g_free(world->root);
    g_free(world->package_dir);
    g_free(world->system_dir);
    g_free(world->user_dir);
    g_free(world->module_dir);
    g_free(world->added_dir);
    g_free(world->system_conf);
    g_free(world->user_conf);
    g_ptr_array_unref(world->remarks);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

/* "@" in @text is the directory with the libraries. */
static void
put(const World *world, const char *dir, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_auto(GStrv) parts = g_strsplit(text, "@", -1);
    g_autofree char *full = g_strjoinv(world->module_dir, parts);

    g_assert_true(g_file_set_contents(path, full, -1, NULL));
}

/* "name=0.so name=1.so", in order. */
static char *
list_ours(World *world)
{
    g_autoptr(GPtrArray) list = meishi_token_modules_list(&world->places, world->remarks);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const MeishiTokenModule *module = list->pdata[i];
        g_autofree char *base = g_path_get_basename(module->path);

        g_string_append_printf(text, "%s%s=%s", i > 0 ? " " : "", module->name, base);
    }
    return g_string_free(text, FALSE);
}

static void
assert_ours(World *world, const char *expected)
{
    g_autofree char *ours = list_ours(world);

    g_assert_cmpstr(ours, ==, expected);
}

/* ---- p11-kit's opinion ----------------------------------------------------------------------- */

/* The same text from p11-kit; "failed" where it gives up. */
static char *
list_theirs(const World *world)
{
    CK_FUNCTION_LIST **modules;
    GString *text = g_string_new(NULL);

    p11_kit_set_progname("meishid");
    p11_kit_override_system_files(world->system_conf, world->user_conf, world->package_dir,
                                  world->system_dir, world->user_dir);
    modules = p11_kit_modules_load(NULL, 0);
    if (modules == NULL)
        return g_string_free(g_string_assign(text, "failed"), FALSE);
    for (guint i = 0; modules[i] != NULL; i++) {
        char *name = p11_kit_module_get_name(modules[i]);
        char *path = p11_kit_module_get_filename(modules[i]);
        g_autofree char *base = g_path_get_basename(path);

        g_string_append_printf(text, "%s%s=%s", i > 0 ? " " : "", name, base);
        free(name);
        free(path);
    }
    p11_kit_modules_release(modules);
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *name;
    struct {
        const char *where, *file, *text; /* "p"ackage, "s"ystem, "u"ser; or a .conf */
    } files[5];
    const char *expected;
} Case;

static const Case cases[] = {
    {"none", {{0}}, ""},
    {"one", {{"p", "a.module", "module: @/0.so\n"}}, "a=0.so"},
    {"by-name",
     {{"p", "b.module", "module: @/0.so\n"}, {"s", "a.module", "module: @/1.so\n"}},
     "a=1.so b=0.so"},
    {"by-priority",
     {{"p", "a.module", "module: @/0.so\npriority: -1\n"},
      {"p", "b.module", "module: @/1.so\npriority: 5\n"},
      {"p", "c.module", "module: @/2.so\n"}},
     "b=1.so c=2.so a=0.so"},
    {"merged",
     {{"p", "a.module", "module: @/0.so\n"}, {"s", "a.module", "priority: 3\nmodule: @/1.so\n"}},
     "a=1.so"},
    {"switched-off", {{"p", "a.module", "module: @/0.so\n"}, {"s", "a.module", "module:\n"}}, ""},
    {"comments-and-blanks",
     {{"p", "a.module", "# a\n\n   module :   @/0.so   \n  # b: c\nx-own: y\n"}},
     "a=0.so"},
    {"enable-in",
     {{"p", "a.module", "module: @/0.so\nenable-in: firefox, meishid\n"},
      {"p", "b.module", "module: @/1.so\nenable-in: firefox\n"}},
     "a=0.so"},
    {"disable-in",
     {{"p", "a.module", "module: @/0.so\ndisable-in: firefox meishid\n"},
      {"p", "b.module", "module: @/1.so\ndisable-in: firefox\n"}},
     "b=1.so"},
    {"enabled-and-disabled",
     {{"p", "a.module", "module: @/0.so\nenable-in: meishid\ndisable-in: meishid\n"},
      {"p", "b.module", "module: @/1.so\nenable-in: x\ndisable-in: meishid\n"}},
     "a=0.so"},
    {"any-file-name",
     {{"p", "nosuffix", "module: @/0.so\n"}, {"p", "b.module~", "module: @/1.so\n"}},
     "b.module~=1.so nosuffix=0.so"},
    {"same-library-twice",
     {{"p", "a.module", "module: @/0.so\n"}, {"p", "b.module", "module: @/0.so\n"}},
     "*"},
    {"missing-library",
     {{"p", "a.module", "module: @/nothing.so\n"}, {"p", "b.module", "module: @/1.so\n"}},
     "b=1.so"},
    {"user",
     {{"p", "a.module", "module: @/0.so\n"}, {"u", "a.module", "module: @/1.so\n"}},
     "a=1.so"},
    {"user-none",
     {{"p", "a.module", "module: @/0.so\n"},
      {"u", "b.module", "module: @/1.so\n"},
      {"system.conf", "", "user-config: none\n"}},
     "a=0.so"},
    {"user-only",
     {{"p", "a.module", "module: @/0.so\n"},
      {"u", "b.module", "module: @/1.so\n"},
      {"user.conf", "", "user-config: only\n"}},
     "b=1.so"},
    {"user-cannot-overrule-none",
     {{"p", "a.module", "module: @/0.so\n"},
      {"u", "b.module", "module: @/1.so\n"},
      {"system.conf", "", "user-config: none\n"},
      {"user.conf", "", "user-config: only\n"}},
     "a=0.so"},
};

static void
lay_out(const World *world, const Case *row)
{
    for (gsize i = 0; i < G_N_ELEMENTS(row->files) && row->files[i].where != NULL; i++) {
        const char *where = row->files[i].where;
        const char *dir = where[0] == 'p'   ? world->package_dir
                          : where[0] == 'u' ? world->user_dir
                                            : world->system_dir;

        if (strchr(where, '.') != NULL)
            put(world, world->root, where, row->files[i].text);
        else
            put(world, dir, row->files[i].file, row->files[i].text);
    }
}

/* root's p11-kit does not look at the person's files; then there is nothing to compare. */
static gboolean
concerns_user(const Case *row)
{
    for (gsize i = 0; i < G_N_ELEMENTS(row->files) && row->files[i].where != NULL; i++) {
        if (row->files[i].where[0] == 'u')
            return TRUE;
    }
    return FALSE;
}

static void
test_case(gconstpointer data)
{
    const Case *row = data;
    g_auto(World) world = {0};
    g_autofree char *ours = NULL, *theirs = NULL;

    world_init(&world);
    lay_out(&world, row);
    ours = list_ours(&world);
    if (strcmp(row->expected, "*") != 0)
        g_assert_cmpstr(ours, ==, row->expected);
    if (concerns_user(row) && getuid() == 0)
        return;
    theirs = list_theirs(&world);
    if (strcmp(row->expected, "*") != 0)
        g_assert_cmpstr(ours, ==, theirs);
    else
        g_assert_cmpuint(strlen(ours), ==, strlen(theirs)); /* either of the two */
}

/* ---- where p11-kit gives up or goes on ------------------------------------------------------- */

static void
test_bad_file(void)
{
    g_auto(World) world = {0};
    g_autofree char *theirs = NULL;

    world_init(&world);
    put(&world, world.package_dir, "a.module", "module: @/0.so\n");
    put(&world, world.package_dir, "b.module", "a line without one\n");
    assert_ours(&world, "a=0.so");
    g_assert_cmpuint(world.remarks->len, ==, 1);
    g_assert_nonnull(strstr(world.remarks->pdata[0], "b.module is passed over"));
    theirs = list_theirs(&world);
    g_assert_cmpstr(theirs, ==, "failed");
}

static void
test_odd_files(void)
{
    g_auto(World) world = {0};
    g_autofree char *path = NULL;

    world_init(&world);
    put(&world, world.package_dir, "a.module", "module: @/0.so\n");
    put(&world, world.package_dir, "b.module", "module: \xff\xfe\n");
    path = g_build_filename(world.package_dir, "c.module", NULL);
    g_assert_true(g_file_set_contents(path, "\0\0", 2, NULL));
    assert_ours(&world, "a=0.so");
    g_assert_cmpuint(world.remarks->len, ==, 2);
}

static void
test_passed_over(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    put(&world, world.package_dir, "trust.module", "module: @/0.so\ntrust-policy: yes\n");
    put(&world, world.package_dir, "remote.module", "remote: |ssh host p11-kit remote x.so\n");
    put(&world, world.package_dir, "local.module", "remote: |p11-kit remote @/1.so\n");
    assert_ours(&world, "local=1.so");
    g_assert_cmpuint(world.remarks->len, ==, 1);
    g_assert_nonnull(strstr(world.remarks->pdata[0], "“remote” is passed over"));
}

/* Ourselves, by any name, and what would list us. */
static void
test_never(void)
{
    g_auto(World) world = {0};
    g_autofree char *library = NULL, *proxy = NULL, *own = NULL;

    world_init(&world);
    library = g_build_filename(world.module_dir, "0.so", NULL);
    proxy = g_build_filename(world.module_dir, "p11-kit-proxy.so", NULL);
    own = g_build_filename(world.module_dir, "1.so", NULL);
    g_assert_cmpint(g_rename(library, proxy), ==, 0);
    g_assert_cmpint(symlink(own, library), ==, 0);
    world.places.own = own;
    put(&world, world.package_dir, "a.module", "module: @/0.so\n");
    put(&world, world.package_dir, "b.module", "module: p11-kit-proxy.so\n");
    put(&world, world.package_dir, "c.module", "module: 2.so\n");
    assert_ours(&world, "c=2.so");
}

static void
test_reserved(void)
{
    g_auto(World) world = {0};
    g_autoptr(GPtrArray) list = NULL;

    world_init(&world);
    put(&world, world.package_dir, "a.module",
        "module: 0.so\nx-init-reserved: configdir='sql:/x' flags=readOnly\n");
    list = meishi_token_modules_list(&world.places, NULL);
    g_assert_cmpstr(((MeishiTokenModule *)list->pdata[0])->reserved, ==,
                    "configdir='sql:/x' flags=readOnly");
    g_assert_false(((MeishiTokenModule *)list->pdata[0])->network);
}

static void
test_network(void)
{
    g_auto(World) world = {0};
    g_autoptr(GPtrArray) list = NULL;

    world_init(&world);
    put(&world, world.package_dir, "a.module", "module: 0.so\nx-meishi-network: yes\n");
    list = meishi_token_modules_list(&world.places, NULL);
    g_assert_true(((MeishiTokenModule *)list->pdata[0])->network);
}

/* ---- who could have put it there ------------------------------------------------------------- */

static void
test_permissions(void)
{
    g_auto(World) world = {0};
    g_autofree char *library = NULL;

    world_init(&world);
    library = g_build_filename(world.module_dir, "0.so", NULL);
    put(&world, world.package_dir, "a.module", "module: 0.so\n");
    put(&world, world.package_dir, "b.module", "module: 1.so\n");
    world.places.allowed = NULL;
    if (!owns_program()) {
        assert_ours(&world, "");
        return;
    }
    g_assert_cmpint(g_chmod(library, 0777), ==, 0);
    assert_ours(&world, "b=1.so");
    g_assert_nonnull(strstr(world.remarks->pdata[0], "can be changed by others"));
    g_assert_cmpint(g_chmod(library, 0755), ==, 0);
    g_assert_cmpint(g_chmod(world.module_dir, 0777), ==, 0);
    assert_ours(&world, "");
    world.allowed[0] = library;
    world.places.allowed = world.allowed;
    assert_ours(&world, "a=0.so");
    world.allowed[0] = world.module_dir;
    assert_ours(&world, "a=0.so b=1.so");
    g_assert_cmpint(g_chmod(world.module_dir, 01777), ==, 0);
    world.places.allowed = NULL;
    assert_ours(&world, "a=0.so b=1.so");
}

/* Somebody else's library is not loaded, and neither is one in somebody else's directory. */
static void
test_owner(void)
{
    g_auto(World) world = {0};
    g_autofree char *library = NULL;

    if (getuid() != 0)
        return; /* cannot give files away */
    world_init(&world);
    library = g_build_filename(world.module_dir, "0.so", NULL);
    put(&world, world.package_dir, "a.module", "module: 0.so\n");
    g_assert_cmpint(chown(library, 12345, 12345), ==, 0);
    assert_ours(&world, "");
    g_assert_cmpint(chown(library, 0, 0), ==, 0);
    g_assert_cmpint(chown(world.module_dir, 12345, 0), ==, 0);
    assert_ours(&world, "");
}

/* ---- adding ---------------------------------------------------------------------------------- */

static void
test_add_and_remove(void)
{
    g_auto(World) world = {0};
    g_autofree char *library = NULL, *nothing = NULL;
    g_autoptr(GError) again = NULL, absent = NULL, error = NULL, gone = NULL;

    world_init(&world);
    library = g_build_filename(world.module_dir, "3.so", NULL);
    nothing = g_build_filename(world.module_dir, "9.so", NULL);
    put(&world, world.package_dir, "a.module", "module: 0.so\n");
    g_assert_true(meishi_token_modules_add(&world.places, library, &error));
    g_assert_no_error(error);
    assert_ours(&world, "3.so=3.so a=0.so");
    g_assert_false(meishi_token_modules_add(&world.places, library, &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    g_assert_false(meishi_token_modules_add(&world.places, nothing, &absent));
    g_assert_error(absent, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_assert_true(meishi_token_modules_remove(&world.places, library, &error));
    assert_ours(&world, "a=0.so");
    g_assert_false(meishi_token_modules_remove(&world.places, library, &gone));
    g_assert_error(gone, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* Where p11-kit looks in truth. */
static void
test_places(void)
{
    MeishiTokenPlaces places;

    meishi_token_places_init(&places);
    g_assert_true(g_path_is_absolute(places.package_dir));
    g_assert_true(g_path_is_absolute(places.system_conf));
    g_assert_true(g_path_is_absolute(places.module_dir));
    g_assert_true(g_str_has_suffix(places.added_dir, "/meishi/modules"));
    g_assert_cmpint(places.user_dir == NULL, ==, getuid() == 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/token/modules/as-p11-kit/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/token/modules/bad-file", test_bad_file);
    g_test_add_func("/token/modules/odd-files", test_odd_files);
    g_test_add_func("/token/modules/passed-over", test_passed_over);
    g_test_add_func("/token/modules/never", test_never);
    g_test_add_func("/token/modules/reserved", test_reserved);
    g_test_add_func("/token/modules/network", test_network);
    g_test_add_func("/token/modules/permissions", test_permissions);
    g_test_add_func("/token/modules/owner", test_owner);
    g_test_add_func("/token/modules/add-and-remove", test_add_and_remove);
    g_test_add_func("/token/modules/places", test_places);
    return g_test_run();
}
