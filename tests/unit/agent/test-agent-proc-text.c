/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel and sandboxes write about processes, the kind that tries to be something else
 * included.
 */
#include "daemon/agent/proc-text.h"

#include <string.h>
#include <sys/sysmacros.h>

/* Fields 5 to 21 and what follows the start time. */
#define MIDDLE "714 714 0 -1 4194560 71 0 0 0 0 0 0 0 20 0 1 0"
#define TAIL   "2600960 216 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n"

static void
test_stat(void)
{
    static const struct {
        const char *text;
        char state; /* 0: not readable */
        int parent;
        guint64 start_time;
    } rows[] = {
        {"715 (cat) R 714 " MIDDLE " 4711 " TAIL, 'R', 714, 4711},
        {"715 (Web Content) S 1 " MIDDLE " 4711 " TAIL, 'S', 1, 4711},
        {"715 (a) R 1 (b)) S 12 " MIDDLE " 99 " TAIL, 'S', 12, 99},
        {"715 (x) S 1 " MIDDLE " 1) Z 9 " MIDDLE " 4711 " TAIL, 'Z', 9, 4711},
        {"715 (\n) S 12 " MIDDLE " 99 " TAIL, 'S', 12, 99},
        {"715 () S 12 " MIDDLE " 99", 'S', 12, 99},
        {"715 (cat) S 12 " MIDDLE " 99\n", 'S', 12, 99},
        {"715 (cat) S 12 " MIDDLE " 18446744073709551615 0", 'S', 12, G_MAXUINT64},
        {"715 (cat) S 12 " MIDDLE " 18446744073709551616 0", 0, 0, 0},
        {"715 (cat) S 12 " MIDDLE " -1 0", 0, 0, 0},
        {"715 (cat) S 12 " MIDDLE, 0, 0, 0},
        {"715 (cat) S -1 " MIDDLE " 99 0", 0, 0, 0},
        {"715 (cat) S 2147483648 " MIDDLE " 99 0", 0, 0, 0},
        {"715 (cat) SS 12 " MIDDLE " 99 0", 0, 0, 0},
        {"715 (cat)", 0, 0, 0},
        {"715 (cat)S 12 " MIDDLE " 99 0", 0, 0, 0},
        {"715 cat S 12 " MIDDLE " 99 0", 0, 0, 0},
        {")", 0, 0, 0},
        {"", 0, 0, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MeishiProcStat stat;

        g_test_message("%s", rows[i].text);
        g_assert_cmpint(meishi_proc_text_stat(rows[i].text, &stat), ==, rows[i].state != 0);
        if (rows[i].state == 0)
            continue;
        g_assert_cmpint(stat.state, ==, rows[i].state);
        g_assert_cmpint(stat.parent, ==, rows[i].parent);
        g_assert_cmpuint(stat.start_time, ==, rows[i].start_time);
    }
}

static void
test_tty(void)
{
    static const struct {
        const char *number;
        guint major, minor;
    } rows[] = {
        {"0", 0, 0},
        {"34818", 136, 2}, /* /dev/pts/2 */
        {"1025", 4, 1},
        {"1083424", 136, 0x100 + 0x20}, /* the upper bits of the minor */
        {"-2146369023", 0x102, 0x80101},
        {"x", 0, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf(
            "715 (cat) S 12 714 714 %s -1 4194560 71 0 0 0 0 0 0 0 20 0 1 0 99 0", rows[i].number);
        MeishiProcStat stat;

        g_test_message("%s", text);
        g_assert_true(meishi_proc_text_stat(text, &stat));
        g_assert_cmpuint(major(stat.tty), ==, rows[i].major);
        g_assert_cmpuint(minor(stat.tty), ==, rows[i].minor);
    }
}

static void
test_session(void)
{
    static const struct {
        const char *cgroup, *sessionid, *session;
    } rows[] = {
        {"0::/user.slice/user-1000.slice/session-5.scope\n", "4294967295", "5"},
        {"0::/user.slice/user-1000.slice/session-c2.scope\n", "7", "c2"},
        {"0::/user.slice/user-1000.slice/session-c2.scope/own\n", NULL, "c2"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope\n", "3", "3"},
        /* of the process's own making */
        {"0::/user.slice/user-1000.slice/user@1000.service/session-9.scope\n", "3", "3"},
        {"0::/user.slice/user-1000.slice/user@1000.service/session-9.scope\n", "4294967295", NULL},
        {"0::/\n", "0", "0"},
        {"0::/\n", "4294967295", NULL},
        {"0::/\n", "x", NULL},
        {NULL, NULL, NULL},
        {"", "", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *session = meishi_proc_text_session(rows[i].cgroup, rows[i].sessionid);

        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(session, ==, rows[i].session);
    }
}

#define USER   "/user.slice/user-1000.slice/user@1000.service"
#define LEGACY "12:pids:/user.slice\n1:name=systemd:"

static void
test_unit(void)
{
    static const struct {
        const char *text;
        const char *unit; /* NULL: none */
    } rows[] = {
        /* units of the system */
        {"0::/system.slice/nginx.service\n", "nginx.service"},
        {"0::/system.slice/nginx.service", "nginx.service"},
        {"0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service"},
        {"0::/system.slice/postgresql.service/worker/1\n", "postgresql.service"},
        {"0::/machine.slice/libpod-0123.scope/container\n", "libpod-0123.scope"},
        {"0::/system.slice/systemd-fsck@dev-disk-by\\x2duuid.service\n",
         "systemd-fsck@dev-disk-by\\x2duuid.service"},
        /* of the user */
        {"0::" USER "/app.slice/app-gnome-firefox-4711.scope\n", "app-gnome-firefox-4711.scope"},
        {"0::" USER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-01.scope\n",
         "vte-spawn-01.scope"},
        {"0::" USER "/app.slice/app-org.mozilla.firefox@01ab.service\n",
         "app-org.mozilla.firefox@01ab.service"},
        {"0::" USER "/session.slice/pipewire.service\n", "pipewire.service"},
        {"0::" USER "/sync.service/x\n", "sync.service"},
        /* what is below a user's manager is that user's, whatever it is called */
        {"0::" USER "/app.slice/user@0.service/system.slice/nginx.service\n", "user@0.service"},
        /* no program of its own */
        {"0::/user.slice/user-1000.slice/session-2.scope\n", NULL},
        {"0::/user.slice/user-1000.slice/session-2.scope/app.slice/nginx.service\n", NULL},
        {"0::" USER "\n", NULL},
        {"0::" USER "/app.slice\n", NULL},
        {"0::/system.slice\n", NULL},
        {"0::/\n", NULL},
        {"0::/../../system.slice/nginx.service\n", NULL},
        {"0::/docker/0123456789abcdef\n", NULL},
        {"0::/system.slice/x.socket\n", NULL},
        {"0::/system.slice/.service\n", NULL},
        {"0::/system.slice/a b.service\n", NULL},
        {"0::/system.slice/nginx.service (deleted)\n", NULL},
        {"0::system.slice/nginx.service\n", NULL},
        {"0::/system.slice//nginx.service\n", NULL},
        /* version 1, alone and beside version 2 */
        {LEGACY "/system.slice/nginx.service\n", "nginx.service"},
        {LEGACY "/system.slice/nginx.service\n0::/\n", "nginx.service"},
        {LEGACY "/system.slice/a.service\n0::/system.slice/b.service\n", "a.service"},
        {"0::/system.slice/b.service\n" LEGACY "/system.slice/a.service\n", "a.service"},
        {LEGACY "/\n0::/system.slice/b.service\n", "b.service"},
        {"9:memory:/system.slice/a.service\n8:cpu,cpuacct:/system.slice/a.service\n", NULL},
        /* a directory that tries to be a line's head */
        {"4:cpu:/x:name=systemd:/system.slice/nginx.service\n", NULL},
        {"10::/system.slice/nginx.service\n", NULL},
        {"", NULL},
        {"\n\n:", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *unit = meishi_proc_text_unit(rows[i].text);

        g_test_message("%s", rows[i].text);
        g_assert_cmpstr(unit, ==, rows[i].unit);
    }
}

static void
test_unit_length(void)
{
    g_autofree char *name = g_strnfill(255 - strlen(".service"), 'a');
    g_autofree char *longest = g_strdup_printf("0::/%s.service", name);
    g_autofree char *too_long = g_strdup_printf("0::/a%s.service", name);
    g_autofree char *unit = meishi_proc_text_unit(longest);

    g_assert_cmpuint(strlen(unit), ==, 255);
    g_assert_null(meishi_proc_text_unit(too_long));
}

static void
test_snap(void)
{
    static const struct {
        const char *label;
        const char *snap; /* NULL: none */
        gboolean is_confined;
    } rows[] = {
        {"snap.firefox.firefox (enforce)\n", "firefox", TRUE},
        {"snap.firefox.firefox (enforce)", "firefox", TRUE},
        {"snap.firefox_dev.geckodriver (enforce)\n", "firefox_dev", TRUE},
        {"snap.code.code (complain)\n", "code", FALSE},
        {"snap.code.code\n", "code", FALSE},
        {"snap.code.code (enforce) (complain)\n", "code", FALSE},
        {"snap-update-ns.firefox (enforce)\n", NULL, FALSE},
        {"snap.firefox (enforce)\n", NULL, FALSE},
        {"snap..x (enforce)\n", NULL, FALSE},
        {"snap.Fire fox.x (enforce)\n", NULL, FALSE},
        {"/usr/bin/snap.firefox.x (enforce)\n", NULL, FALSE},
        {"unconfined\n", NULL, FALSE},
        {"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\n", NULL, FALSE},
        {"", NULL, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gboolean is_confined = FALSE;
        g_autofree char *snap = meishi_proc_text_snap_label(rows[i].label, &is_confined);

        g_test_message("%s", rows[i].label);
        g_assert_cmpstr(snap, ==, rows[i].snap);
        g_assert_cmpint(is_confined, ==, rows[i].is_confined);
    }
}

static void
test_snap_unit(void)
{
    g_autofree char *scope = meishi_proc_text_snap_unit("snap.firefox.firefox-01ab.scope");
    g_autofree char *service = meishi_proc_text_snap_unit("snap.lxd.daemon.service");

    g_assert_cmpstr(scope, ==, "firefox");
    g_assert_cmpstr(service, ==, "lxd");
    g_assert_null(meishi_proc_text_snap_unit("snap.scope"));
    g_assert_null(meishi_proc_text_snap_unit("app-snap.firefox.x.scope"));
}

static void
test_flatpak(void)
{
    static const struct {
        const char *text;
        const char *id; /* NULL: none */
    } rows[] = {
        {"[Application]\nname=org.gnome.Epiphany\nruntime=runtime/org.gnome.Platform/x86_64/44\n",
         "org.gnome.Epiphany"},
        {"# comment\n[Instance]\ninstance-id=1\n[Application]\nname=org.a-b.C_d.e1\n",
         "org.a-b.C_d.e1"},
        {"[Application]\nname=\n", NULL},
        {"[Application]\nname=noperiod\n", NULL},
        {"[Application]\nname=.org\n", NULL},
        {"[Application]\nname=org.x/../../y\n", NULL},
        {"[Application]\nname=org.x y\n", NULL},
        {"[Application]\nname=org.*\n", NULL},
        {"[Application]\nname=org.\xc3\xa9\n", NULL},
        {"[Application]\nname=org.\xff\n", NULL},
        {"[Application]\nname=org.x\\n\n", NULL},
        {"[Application]\n", NULL},
        {"[Runtime]\nname=org.gnome.Platform\n", NULL},
        {"name=org.gnome.Epiphany\n", NULL},
        {"[Application\nname=org.gnome.Epiphany\n", NULL},
        {"", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *id = meishi_proc_text_flatpak(rows[i].text, strlen(rows[i].text));

        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(id, ==, rows[i].id);
    }
}

#define ROOT_LINE "22 27 0:21 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"

static void
test_mounts(void)
{
    static const struct {
        const char *text;
        gboolean found;
    } rows[] = {
        {ROOT_LINE "90 22 0:44 /x /.flatpak-info ro,nosuid - tmpfs tmpfs rw\n", TRUE},
        {"90 22 0:44 /x /.flatpak-info ro,nosuid - tmpfs tmpfs rw", TRUE},
        {ROOT_LINE "90 22 0:44 /x /srv/.flatpak-info ro - tmpfs tmpfs rw\n", FALSE},
        {ROOT_LINE "90 22 0:44 /.flatpak-info /x ro - tmpfs tmpfs rw\n", FALSE},
        {ROOT_LINE "90 22 0:44 /x /.flatpak-info\\040x ro - tmpfs tmpfs rw\n", FALSE},
        {ROOT_LINE "90 22 0:44 /x /.flatpak-info\n", FALSE},
        {ROOT_LINE, FALSE},
        {"", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(meishi_proc_text_has_mount(rows[i].text, "/.flatpak-info"), ==,
                        rows[i].found);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/proc-text/stat", test_stat);
    g_test_add_func("/agent/proc-text/tty", test_tty);
    g_test_add_func("/agent/proc-text/session", test_session);
    g_test_add_func("/agent/proc-text/unit", test_unit);
    g_test_add_func("/agent/proc-text/unit-length", test_unit_length);
    g_test_add_func("/agent/proc-text/snap", test_snap);
    g_test_add_func("/agent/proc-text/snap-unit", test_snap_unit);
    g_test_add_func("/agent/proc-text/flatpak", test_flatpak);
    g_test_add_func("/agent/proc-text/mounts", test_mounts);
    return g_test_run();
}
