/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's side of the Secret Service, against a helper that behaves as the first character of
 * the vault id says (this program, started again), and the real helper without a bus.  The real
 * helper with real keyrings is tests/integration/test_keyring.py.
 */
#include "daemon/base/error.h"
#include "daemon/keyring/exchange.h"
#include "daemon/keyring/keyring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID_REST "0112233445566778899aabbccddeeff"
#define SECRET "0123456789abcdef0123456789abcdef"

typedef struct {
    GMainLoop *loop;
    GAsyncResult *result;
} Wait;

static void
on_ready(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Wait *wait = user_data;

    wait->result = g_object_ref(result);
    g_main_loop_quit(wait->loop);
}

static MeishiSecret *
lookup(char behaviour, guint deadline_ms, GCancellable *cancellable, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GAsyncResult) result = NULL;
    g_autofree char *id = g_strdup_printf("%c" ID_REST, behaviour);
    Wait wait = {.loop = loop};

    meishi_keyring_lookup_async(id, deadline_ms, cancellable, on_ready, &wait);
    g_main_loop_run(loop);
    result = wait.result;
    return meishi_keyring_lookup_finish(result, error);
}

static void
test_lookup(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) secret = lookup('d', 20000, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), SECRET, strlen(SECRET));
}

static void
test_outcomes(void)
{
    static const struct {
        char behaviour;
        MeishiErrorCode code;
    } rows[] = {
        {'u', MEISHI_ERROR_UNAVAILABLE}, {'k', MEISHI_ERROR_LOCKED}, {'n', MEISHI_ERROR_NOT_FOUND},
        {'f', MEISHI_ERROR_FAILED},      {'?', MEISHI_ERROR_FAILED}, {'x', MEISHI_ERROR_FAILED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(lookup(rows[i].behaviour, 20000, NULL, &error));
        g_assert_error(error, MEISHI_ERROR, (gint)rows[i].code);
    }
}

static void
test_deadline(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(lookup('h', 50, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT);
}

static gboolean
cancel(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void
test_cancel(void)
{
    g_autoptr(GCancellable) now = g_cancellable_new();
    g_autoptr(GCancellable) later = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    g_cancellable_cancel(now);
    g_assert_null(lookup('h', 20000, now, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED);
    g_clear_error(&error);
    g_timeout_add(30, cancel, later);
    g_assert_null(lookup('h', 20000, later, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED);
}

static void
test_no_helper(void)
{
    g_autoptr(GError) error = NULL;

    meishi_keyring_set_helper("/nonexistent/meishi-keyring");
    g_assert_null(lookup('d', 20000, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
}

static void
test_no_bus(void)
{
    g_autoptr(GError) error = NULL;

    meishi_keyring_set_helper(g_getenv("MEISHI_KEYRING_PROGRAM"));
    g_assert_null(lookup('d', 20000, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
}

/* The other half: does what the vault id asks for, on descriptor 3. */
static int
behave(void)
{
    char packet[MEISHI_KEYRING_MAX_PACKET];
    ssize_t n = recv(MEISHI_KEYRING_FD, packet, sizeof packet, 0);

    if (n < 1 + MEISHI_KEYRING_ID_LEN || memcmp(packet + 2, ID_REST, strlen(ID_REST)) != 0)
        return EXIT_FAILURE;
    if (packet[1] == 'x')
        return EXIT_SUCCESS;
    while (packet[1] == 'h')
        pause();
    packet[0] = packet[1];
    memcpy(packet + 1, SECRET, strlen(SECRET));
    n = send(MEISHI_KEYRING_FD, packet, 1 + strlen(SECRET), MSG_NOSIGNAL);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    if (g_getenv("MEISHI_TEST_HELPER") != NULL)
        return behave();
    g_setenv("MEISHI_TEST_HELPER", "1", TRUE);
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
    g_test_init(&argc, &argv, NULL);
    meishi_keyring_set_helper(self);
    g_test_add_func("/keyring/lookup", test_lookup);
    g_test_add_func("/keyring/outcomes", test_outcomes);
    g_test_add_func("/keyring/deadline", test_deadline);
    g_test_add_func("/keyring/cancel", test_cancel);
    g_test_add_func("/keyring/no-helper", test_no_helper);
    g_test_add_func("/keyring/no-bus", test_no_bus);
    return g_test_run();
}
