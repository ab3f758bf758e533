/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishid: composes the parts and runs the loop.  In order: harden the process, parse options,
 * take the sockets (from the service manager or by itself), open the store, build the agent,
 * serve the module and the management bus; on SIGTERM, SIGINT, Quit, or when our sockets are gone,
 * take them down again after the operations under way.  Nothing is decided here.
 */
#include "config.h"

#include "daemon/agent/agent.h"
#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/base/harden.h"
#include "daemon/base/paths.h"
#include "daemon/bus/bus.h"
#include "daemon/keyring/keyring.h"
#include "daemon/server/listen-watch.h"
#include "daemon/server/server.h"
#include "daemon/token/modules.h"

#include <glib-unix.h>
#include <libintl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STOP_GRACE_MS 5000

typedef struct {
    gboolean show_version;
    int n_workers;
    int keyring_deadline_ms;
    char *policy_root;
    char *token_modules;
    char *locale_dir;
} Options;

typedef struct {
    int pkcs11_fd;
    int bus_fd;
    GPtrArray *own_sockets; /* paths that we made and take away again */
    MeishiListenWatch *watch;
    MeishiAgent *agent;
    MeishiServer *server;
    MeishiBus *bus;
    GMainLoop *loop;
} Daemon;

static gboolean
parse_options(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->show_version, "Print the version", NULL},
        {"workers", 0, 0, G_OPTION_ARG_INT, &options->n_workers,
         "Threads for private-key operations (default: one per processor)", "N"},
        {"keyring-deadline-ms", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT,
         &options->keyring_deadline_ms, NULL, NULL},
        {"token-modules", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &options->token_modules,
         NULL, NULL},
        {"policy-root", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &options->policy_root, NULL,
         NULL},
        {"locale-dir", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &options->locale_dir, NULL,
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- keep and lend certificates");

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (*argc > 1 || options->n_workers < 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "meishid takes no arguments but its options; see meishid --help");
        return FALSE;
    }
    return TRUE;
}

/* Tells the service manager @state (sd_notify(3)); without one, does nothing. */
static void
notify(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
    close(fd);
}

static int
take_socket(Daemon *daemon, const char *name, const char *path, int type, GError **error)
{
    int fd = meishi_listen_inherited(name, type);

    if (fd >= 0)
        return fd;
    fd = meishi_listen(path, type, error);
    if (fd >= 0)
        g_ptr_array_add(daemon->own_sockets, g_strdup(path));
    return fd;
}

static gboolean
take_sockets(Daemon *daemon, GError **error)
{
    g_autofree char *dir = meishi_paths_runtime_dir();
    g_autofree char *pkcs11 = meishi_paths_pkcs11_socket();
    g_autofree char *bus = meishi_paths_bus_socket();

    if (!meishi_paths_ensure_private_dir(dir, error))
        return FALSE;
    daemon->pkcs11_fd = take_socket(daemon, "pkcs11", pkcs11, SOCK_SEQPACKET, error);
    if (daemon->pkcs11_fd < 0)
        return FALSE;
    daemon->bus_fd = take_socket(daemon, "bus", bus, SOCK_STREAM, error);
    return daemon->bus_fd >= 0;
}

/* Files, lines and reasons; what the rules say of hosts stays in their files. */
static void
log_policy(MeishiAgent *agent, gpointer unused)
{
    MeishiRulebook *rulebook = meishi_agent_rulebook(agent);
    GPtrArray *lints = meishi_rulebook_lints(rulebook);

    for (guint i = 0; i < lints->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(lints, i);
        g_autofree char *text = meishi_lint_to_text(lint);

        if (lint->severity == MEISHI_LINT_ERROR)
            g_warning("%s", text);
        else
            g_message("%s", text);
    }
    if (meishi_rulebook_failed(rulebook))
        g_warning("the policy files have errors; generation %" G_GUINT64_FORMAT " is in force",
                  meishi_rulebook_generation(rulebook));
}

static void
log_damage(const MeishiStore *store)
{
    guint n = meishi_store_n_passed_over(store);

    if (n > 0)
        g_warning(
            "%u of the things remembered about servers, renewals and cards cannot be read and %s "
            "passed over; `meishi vault check` tells more",
            n, n == 1 ? "is" : "are");
}

static gboolean
open_agent(Daemon *daemon, GError **error)
{
    g_autofree char *dir = meishi_paths_data_dir();
    MeishiStore *store = meishi_store_open(dir, error);

    if (store == NULL)
        return FALSE;
    daemon->agent = meishi_agent_new(store, error);
    if (daemon->agent == NULL)
        return FALSE;
    log_damage(store);
    log_policy(daemon->agent, NULL);
    g_signal_connect(daemon->agent, "policy-reloaded", G_CALLBACK(log_policy), NULL);
    return TRUE;
}

static void
log_token_trouble(MeishiAgent *agent, const char *text, gpointer unused)
{
    g_message("%s", text);
}

/* A directory of somebody's own stands in for all of p11-kit's.  That opens no door: libraries in
 * it have to belong to whom they always have to (daemon/token/modules.h). */
static void
choose_token_places(const Options *options, MeishiTokenPlaces *ret_places)
{
    const char *dir =
        options->token_modules != NULL ? options->token_modules : g_getenv("MEISHI_TOKEN_MODULES");
    MeishiTokenPlaces only = {.package_dir = g_intern_string(dir)};

    meishi_token_places_init(ret_places);
    if (dir == NULL || dir[0] == '\0')
        return;
    only.added_dir = ret_places->added_dir;
    only.own = ret_places->own;
    *ret_places = only;
}

static void
start_tokens(Daemon *daemon, const Options *options)
{
    MeishiTokenPlaces places;

    choose_token_places(options, &places);
    g_signal_connect(daemon->agent, "token-trouble", G_CALLBACK(log_token_trouble), NULL);
    meishi_agent_set_token_places(daemon->agent, &places);
}

static guint
count_clients(gpointer user_data)
{
    Daemon *daemon = user_data;

    return meishi_server_n_clients(daemon->server);
}

static gboolean
on_quit(gpointer user_data)
{
    Daemon *daemon = user_data;

    g_main_loop_quit(daemon->loop);
    return G_SOURCE_CONTINUE;
}

/* Whoever looks for a daemon starts the next one, for which the store has to be free. */
static void
on_sockets_gone(gpointer user_data)
{
    Daemon *daemon = user_data;

    g_message("our sockets were taken away; ending");
    g_main_loop_quit(daemon->loop);
}

/* Opens the store before it listens: a second daemon stops at the store's lock and never touches
 * the sockets of the first. */
static gboolean
start(Daemon *daemon, const Options *options, GError **error)
{
    const MeishiBusStats stats = {.n_clients = count_clients, .user_data = daemon};

    if (!meishi_crypto_init(error) || !open_agent(daemon, error) || !take_sockets(daemon, error))
        return FALSE;
    daemon->server = meishi_server_new(daemon->agent, g_steal_fd(&daemon->pkcs11_fd),
                                       (guint)options->n_workers, error);
    if (daemon->server == NULL)
        return FALSE;
    daemon->bus = meishi_bus_new(daemon->agent, g_steal_fd(&daemon->bus_fd), &stats, error);
    if (daemon->bus == NULL)
        return FALSE;
    start_tokens(daemon, options);
    meishi_bus_on_quit(daemon->bus, on_quit, daemon);
    if (daemon->own_sockets->len > 0)
        daemon->watch = meishi_listen_watch_new(daemon->own_sockets, on_sockets_gone, daemon);
    return TRUE;
}

/* The store, and with it the lock that keeps a second daemon from these sockets, is let go last. */
static void
stop(Daemon *daemon)
{
    g_clear_pointer(&daemon->watch, meishi_listen_watch_free);
    for (guint i = 0; i < daemon->own_sockets->len; i++)
        unlink(g_ptr_array_index(daemon->own_sockets, i));
    if (daemon->server != NULL)
        meishi_server_stop(daemon->server, STOP_GRACE_MS);
    g_clear_pointer(&daemon->bus, meishi_bus_free);
    g_clear_pointer(&daemon->server, meishi_server_free);
    g_clear_object(&daemon->agent);
}

/* Notifications alone are in the person's language (bus/notice-text.c): no setlocale(). */
static void
bind_catalogue(const char *dir)
{
    bindtextdomain("meishi", dir != NULL ? dir : MEISHI_LOCALEDIR);
    bind_textdomain_codeset("meishi", "UTF-8");
    textdomain("meishi");
}

static int
run(const Options *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GPtrArray) own_sockets = g_ptr_array_new_with_free_func(g_free);
    Daemon daemon = {.pkcs11_fd = -1, .bus_fd = -1, .own_sockets = own_sockets, .loop = loop};

    /* Before there is a socket: whoever can connect can also end us cleanly. */
    g_unix_signal_add(SIGTERM, on_quit, &daemon);
    g_unix_signal_add(SIGINT, on_quit, &daemon);
    if (!start(&daemon, options, &error)) {
        g_printerr("meishid: %s\n", error->message);
        stop(&daemon);
        return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_BUSY) ? MEISHI_DAEMON_EXIT_BUSY
                                                                       : EXIT_FAILURE;
    }
    notify("READY=1");
    g_main_loop_run(loop);
    notify("STOPPING=1");
    stop(&daemon);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    Options options = {0};
    g_autoptr(GError) error = NULL;

    meishi_harden_process();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to report, like a full disk */
    if (!parse_options(&argc, &argv, &options, &error)) {
        g_printerr("meishid: %s\n", error->message);
        return 2;
    }
    if (options.show_version) {
        g_print("meishid %s\n", MEISHI_VERSION);
        return EXIT_SUCCESS;
    }
    if (options.keyring_deadline_ms > 0)
        meishi_keyring_set_deadline((guint)options.keyring_deadline_ms);
    meishi_rulebook_set_root(options.policy_root);
    bind_catalogue(options.locale_dir);
    g_free(options.locale_dir);
    return run(&options);
}
