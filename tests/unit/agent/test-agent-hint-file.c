/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a process is bound to is there again after the daemon was, for that process alone.
 */
#include "daemon/agent/hint-file.h"

#include "daemon/base/paths.h"
#include "tests/lib/children.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#define NOW 1000000

typedef struct {
    MeishiHints *hints;
    ChildrenFamily family;
    MeishiApplication *parent, *child;
} Fixture;

static MeishiApplication *
describe(pid_t pid)
{
    int pidfd = children_pidfd(pid);
    MeishiApplication *application = meishi_application_new(pid, pidfd, NULL);

    close(pidfd);
    g_assert_nonnull(application);
    return application;
}

static char *
file_path(void)
{
    g_autofree char *dir = meishi_paths_runtime_dir();

    return g_build_filename(dir, "bound", NULL);
}

static void
add(Fixture *f, MeishiHintKind kind, MeishiApplication *process, const char *host, const char *id)
{
    g_autoptr(MeishiRequest) request = meishi_request_new();

    request->protocol = g_strdup("https");
    request->port = 8443;
    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    g_assert_true(meishi_hints_add(f->hints, kind, process, request, id, NOW));
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->hints = meishi_hints_new();
    children_make_family(&f->family);
    f->parent = describe(f->family.parent);
    f->child = describe(f->family.child);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = file_path();

    children_end_family(&f->family);
    if (f->family.parent > 0)
        children_end(f->family.parent, TRUE);
    meishi_application_unref(f->parent);
    meishi_application_unref(f->child);
    meishi_hints_free(f->hints);
    g_unlink(path);
}

/* A new daemon. */
static MeishiHints *
load(void)
{
    MeishiHints *hints = meishi_hints_new();

    meishi_hint_file_load(hints, NOW);
    return hints;
}

static void
test_again(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = file_path();
    MeishiHints *hints;
    const MeishiHint *hint;
    struct stat st;

    add(f, MEISHI_HINT_BOUND, f->parent, "[2001:db8::1]", "abcd");
    g_assert_true(meishi_hint_file_save(f->hints, &error));
    g_assert_no_error(error);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
    hints = load();
    hint = meishi_hints_find(hints, f->child, NOW);
    g_assert_nonnull(hint);
    g_assert_cmpint(hint->kind, ==, MEISHI_HINT_BOUND);
    g_assert_cmpstr(hint->protocol, ==, "https");
    g_assert_cmpstr(hint->host.text, ==, "2001:db8::1");
    g_assert_cmpuint(hint->port, ==, 8443);
    g_assert_cmpstr(hint->id, ==, "abcd");
    meishi_hints_free(hints);
}

static void
test_none(Fixture *f, gconstpointer unused)
{
    MeishiHints *hints;
    const MeishiHint *hint;

    add(f, MEISHI_HINT_BOUND, f->parent, "www.example.com", NULL);
    g_assert_true(meishi_hint_file_save(f->hints, NULL));
    hints = load();
    hint = meishi_hints_find(hints, f->parent, NOW);
    g_assert_nonnull(hint);
    g_assert_null(hint->id);
    meishi_hints_free(hints);
}

/* What a program selected by itself is worth two minutes and no file. */
static void
test_recent(Fixture *f, gconstpointer unused)
{
    MeishiHints *hints;

    add(f, MEISHI_HINT_RECENT, f->parent, "www.example.com", "abcd");
    g_assert_true(meishi_hint_file_save(f->hints, NULL));
    hints = load();
    g_assert_null(meishi_hints_find(hints, f->parent, NOW));
    meishi_hints_free(hints);
}

/* Groups that name no living process, or nothing at all, reach nobody. */
static void
test_others(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = file_path();
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *text = g_strdup_printf(
        "[%d %" G_GUINT64_FORMAT "]\nProtocol=https\nHost=h\nPort=1\nIdentity=a\n"
        "[%d %" G_GUINT64_FORMAT "]\nProtocol=https\nPort=1\nIdentity=a\n"
        "[-1 5]\nProtocol=https\nHost=h\nIdentity=a\n"
        "[0 0]\nProtocol=https\nHost=h\nIdentity=a\n"
        "[what]\nHost=h\n",
        (int)f->parent->pid, f->parent->start_time + 1, (int)f->child->pid, f->child->start_time);
    MeishiHints *hints;

    g_assert_true(meishi_paths_ensure_private_dir(dir, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    hints = load();
    g_assert_null(meishi_hints_find(hints, f->parent, NOW));
    g_assert_null(meishi_hints_find(hints, f->child, NOW));
    meishi_hints_free(hints);
    g_assert_true(g_file_set_contents(path, "\xff no key file", -1, NULL));
    hints = load();
    g_assert_null(meishi_hints_find(hints, f->parent, NOW));
    meishi_hints_free(hints);
}

static void
test_no_place(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = file_path();
    g_autofree char *dir = g_path_get_dirname(path);

    add(f, MEISHI_HINT_BOUND, f->parent, "www.example.com", "abcd");
    g_assert_true(meishi_paths_ensure_private_dir(dir, NULL));
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    g_assert_false(meishi_hint_file_save(f->hints, &error));
    g_assert_nonnull(strstr(error->message, path));
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

int
main(int argc, char **argv)
{
    g_autofree char *dir = NULL;
    g_autofree char *own = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    own = g_build_filename(dir, "meishi", NULL);
    g_test_add("/agent/hint-file/again", Fixture, NULL, set_up, test_again, tear_down);
    g_test_add("/agent/hint-file/none", Fixture, NULL, set_up, test_none, tear_down);
    g_test_add("/agent/hint-file/recent", Fixture, NULL, set_up, test_recent, tear_down);
    g_test_add("/agent/hint-file/others", Fixture, NULL, set_up, test_others, tear_down);
    g_test_add("/agent/hint-file/no-place", Fixture, NULL, set_up, test_no_place, tear_down);
    status = g_test_run();
    g_rmdir(own);
    g_rmdir(dir);
    return status;
}
