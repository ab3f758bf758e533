/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/server/server.h"

#include "daemon/base/error.h"
#include "daemon/server/listen-watch.h"
#include "daemon/server/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    char *dir;
    char *path;
} Place;

static void
set_up(Place *place, gconstpointer unused)
{
    place->dir = g_dir_make_tmp("meishi-listen-XXXXXX", NULL);
    g_assert_nonnull(place->dir);
    place->path = g_build_filename(place->dir, "pkcs11", NULL);
}

static void
tear_down(Place *place, gconstpointer unused)
{
    g_unlink(place->path);
    g_rmdir(place->dir);
    g_free(place->dir);
    g_free(place->path);
}

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- meishi_listen() ----------------------------------------------------------------------- */

static void
test_makes_socket(Place *place, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int fd = meishi_listen(place->path, SOCK_SEQPACKET, &error);
    struct stat st;
    int client;

    g_assert_no_error(error);
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    g_assert_cmpint(lstat(place->path, &st), ==, 0);
    g_assert_true(S_ISSOCK(st.st_mode));
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
    client = connect_to(place->path);
    g_assert_cmpint(client, >=, 0);
    close(client);
    close(fd);
}

static void
test_replaces_dead(Place *place, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int first = meishi_listen(place->path, SOCK_SEQPACKET, &error);
    int second;

    close(first);
    second = meishi_listen(place->path, SOCK_SEQPACKET, &error);
    g_assert_no_error(error);
    g_assert_cmpint(second, >=, 0);
    close(second);
}

static void
test_refuses_live(Place *place, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int first = meishi_listen(place->path, SOCK_SEQPACKET, &error);
    int client;

    g_assert_cmpint(meishi_listen(place->path, SOCK_SEQPACKET, &error), ==, -1);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY);
    client = connect_to(place->path);
    g_assert_cmpint(client, >=, 0);
    close(client);
    close(first);
}

static void
test_leaves_file_alone(Place *place, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_assert_true(g_file_set_contents(place->path, "mine", -1, NULL));
    g_assert_cmpint(meishi_listen(place->path, SOCK_SEQPACKET, &error), ==, -1);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS);
    g_assert_true(g_file_get_contents(place->path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
}

static void
test_refuses_long_path(Place *place, gconstpointer unused)
{
    g_autofree char *name = g_strnfill(120, 'x');
    g_autofree char *path = g_build_filename(place->dir, name, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(meishi_listen(path, SOCK_SEQPACKET, &error), ==, -1);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

static void
test_says_where_it_failed(Place *place, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(place->dir, "absent", "pkcs11", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(meishi_listen(path, SOCK_SEQPACKET, &error), ==, -1);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_IO);
    g_assert_nonnull(strstr(error->message, path));
}

/* ---- meishi_listen_inherited() ------------------------------------------------------------- */

/* Descriptors 3 and 4 as a service manager passes them; in a child, whose descriptors are its
 * own. */
typedef struct {
    const char *names;
    gboolean is_for_us;
    const char *wanted;
    int type;
    int result;
} Inheritance;

static void
child_inherits(const Place *place, const Inheritance *row)
{
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid() + (row->is_for_us ? 0 : 1));
    g_autofree char *other = g_build_filename(place->dir, "bus", NULL);
    int seqpacket = meishi_listen(place->path, SOCK_SEQPACKET, NULL);
    int stream = meishi_listen(other, SOCK_STREAM, NULL);
    int result;

    seqpacket = fcntl(seqpacket, F_DUPFD, 100);
    stream = fcntl(stream, F_DUPFD, 100);
    dup2(seqpacket, 3);
    dup2(stream, 4);
    g_setenv("LISTEN_PID", pid, TRUE);
    g_setenv("LISTEN_FDS", "2", TRUE);
    if (row->names != NULL)
        g_setenv("LISTEN_FDNAMES", row->names, TRUE);
    result = meishi_listen_inherited(row->wanted, row->type);
    unlink(other);
    if (result >= 0 && (fcntl(result, F_GETFD) & FD_CLOEXEC) == 0)
        _exit(100);
    _exit(result + 10);
}

static void
test_inherits(Place *place, gconstpointer unused)
{
    static const Inheritance rows[] = {
        {"pkcs11:bus", TRUE, "pkcs11", SOCK_SEQPACKET, 3},
        {"pkcs11:bus", TRUE, "bus", SOCK_STREAM, 4},
        {"bus:pkcs11", TRUE, "pkcs11", SOCK_SEQPACKET, -1}, /* name and type disagree */
        {NULL, TRUE, "pkcs11", SOCK_SEQPACKET, 3},
        {NULL, TRUE, "bus", SOCK_STREAM, 4},
        {"unknown:unknown", TRUE, "bus", SOCK_STREAM, 4},
        {"pkcs11", TRUE, "bus", SOCK_STREAM, 4},
        {"pkcs11:bus", FALSE, "pkcs11", SOCK_SEQPACKET, -1},
        {"pkcs11:bus", TRUE, "pkcs11", SOCK_DGRAM, -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        pid_t pid = fork();
        int status;

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
            child_inherits(place, &rows[i]);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status) - 10, ==, rows[i].result);
        g_unlink(place->path);
    }
}

static void
test_inherits_nothing(void)
{
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_PID");
    g_assert_cmpint(meishi_listen_inherited("pkcs11", SOCK_SEQPACKET), ==, -1);
}

/* ---- peers --------------------------------------------------------------------------------- */

static void
test_knows_peer(Place *place, gconstpointer unused)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    int listener = meishi_listen(place->path, SOCK_SEQPACKET, NULL);
    int client = connect_to(place->path);
    int fd = accept(listener, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiPeer) peer = meishi_peer_new(fd, &error);

    g_assert_no_error(error);
    g_assert_cmpint(peer->application->pid, ==, getpid());
    g_assert_cmpstr(peer->application->exe, ==, self);
    g_assert_true(meishi_application_is_alive(peer->application));
    close(fd);
    close(client);
    close(listener);
}

static void
test_sees_peer_end(Place *place, gconstpointer unused)
{
    int listener = meishi_listen(place->path, SOCK_SEQPACKET, NULL);
    g_autoptr(MeishiPeer) peer = NULL;
    g_autoptr(GError) error = NULL;
    pid_t pid = fork();
    int fd;

    if (pid == 0) {
        g_assert_cmpint(connect_to(place->path), >=, 0);
        pause();
    }
    fd = accept(listener, NULL, NULL);
    peer = meishi_peer_new(fd, &error);
    g_assert_no_error(error);
    g_assert_cmpint(peer->application->pid, ==, pid);
    g_assert_true(meishi_application_is_alive(peer->application));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    g_assert_false(meishi_application_is_alive(peer->application));
    close(fd);
    close(listener);
}

/* Root may not either: the vault belongs to one person. */
static void
test_who_may_call(void)
{
    g_assert_true(meishi_application_may_call(1000, 1000));
    g_assert_true(meishi_application_may_call(0, 0));
    g_assert_false(meishi_application_may_call(1001, 1000));
    g_assert_false(meishi_application_may_call(0, 1000));
    g_assert_false(meishi_application_may_call(1000, 0));
}

/* With root's help, for real: another user who can reach the socket. */
static void
test_refuses_other_user(Place *place, gconstpointer unused)
{
    int listener = meishi_listen(place->path, SOCK_SEQPACKET, NULL);
    g_autoptr(MeishiPeer) peer = NULL;
    g_autoptr(GError) error = NULL;
    pid_t pid;
    int fd;

    g_assert_cmpint(chmod(place->dir, 0755), ==, 0);
    g_assert_cmpint(chmod(place->path, 0777), ==, 0);
    pid = fork();
    if (pid == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0 || connect_to(place->path) < 0)
            _exit(1);
        pause();
    }
    fd = accept(listener, NULL, NULL);
    peer = meishi_peer_new(fd, &error);
    g_assert_null(peer);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
    close(listener);
}

#define ADD(path, func) g_test_add(path, Place, NULL, set_up, func, tear_down)

/* ---- meishi_listen_watch --------------------------------------------------------------------- */

static void
count(gpointer user_data)
{
    guint *n_gone = user_data;

    ++*n_gone;
}

static void
turn_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void
test_sees_socket_go(Place *place, gconstpointer unused)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autofree char *other = g_build_filename(place->dir, "log", NULL);
    int fd = meishi_listen(place->path, SOCK_SEQPACKET, NULL);
    MeishiListenWatch *watch;
    guint n_gone = 0;

    g_ptr_array_add(paths, place->path);
    watch = meishi_listen_watch_new(paths, count, &n_gone);
    g_assert_nonnull(watch);
    g_assert_true(g_file_set_contents(other, "", 0, NULL));
    g_assert_cmpint(g_unlink(other), ==, 0);
    turn_loop();
    g_assert_cmpuint(n_gone, ==, 0); /* not ours */
    g_assert_cmpint(g_unlink(place->path), ==, 0);
    turn_loop();
    g_assert_cmpuint(n_gone, ==, 1);
    meishi_listen_watch_free(watch);
    meishi_listen_watch_free(NULL);
    close(fd);
}

/* They went after they were made and before anybody watched: the one alone, or with the whole
 * directory, as at a logout. */
static void
test_sees_what_is_gone(Place *place, gconstpointer with_directory)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    int fd = meishi_listen(place->path, SOCK_SEQPACKET, NULL);
    MeishiListenWatch *watch;
    guint n_gone = 0;

    g_ptr_array_add(paths, place->path);
    g_assert_cmpint(g_unlink(place->path), ==, 0);
    if (with_directory != NULL)
        g_assert_cmpint(g_rmdir(place->dir), ==, 0);
    watch = meishi_listen_watch_new(paths, count, &n_gone);
    g_assert_nonnull(watch);
    g_assert_cmpuint(n_gone, ==, 0); /* not before the loop runs */
    turn_loop();
    g_assert_cmpuint(n_gone, ==, 1);
    meishi_listen_watch_free(watch);
    close(fd);
    if (with_directory != NULL)
        g_assert_cmpint(g_mkdir(place->dir, 0700), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/server/listen/makes-socket", test_makes_socket);
    ADD("/server/listen/replaces-dead", test_replaces_dead);
    ADD("/server/listen/refuses-live", test_refuses_live);
    ADD("/server/listen/leaves-file-alone", test_leaves_file_alone);
    ADD("/server/listen/refuses-long-path", test_refuses_long_path);
    ADD("/server/listen/says-where-it-failed", test_says_where_it_failed);
    ADD("/server/listen/inherits", test_inherits);
    ADD("/server/listen/sees-socket-go", test_sees_socket_go);
    ADD("/server/listen/sees-socket-gone", test_sees_what_is_gone);
    g_test_add("/server/listen/sees-directory-gone", Place, "with the directory", set_up,
               test_sees_what_is_gone, tear_down);
    g_test_add_func("/server/listen/inherits-nothing", test_inherits_nothing);
    ADD("/server/peer/is-known", test_knows_peer);
    ADD("/server/peer/end-is-seen", test_sees_peer_end);
    g_test_add_func("/server/peer/who-may-call", test_who_may_call);
    if (getuid() == 0)
        ADD("/server/peer/refuses-other-user", test_refuses_other_user);
    return g_test_run();
}
