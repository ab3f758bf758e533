/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's side of the Secret Service, against a helper that behaves as the first character of
 * the item says (this program, started again), and the real helper without a bus.  The real helper
 * with real keyrings is tests/integration/test_keyring.py.
 */
#include "daemon/keyring/keyring.h"

#include "daemon/base/error.h"
#include "daemon/keyring/message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECRET "0123456789abcdef0123456789abcdef"

/* ---- the helper that behaves --------------------------------------------------------------- */

static const struct {
    char behaviour;
    guint8 status;
    gsize len; /* of the secret that comes with it */
} replies[] = {
    {'o', MEISHI_KEYRING_OK, 32},
    {'s', MEISHI_KEYRING_OK, 31},
    {'l', MEISHI_KEYRING_OK, 33},
    {'e', MEISHI_KEYRING_OK, 0},
    {'u', MEISHI_KEYRING_UNAVAILABLE, 5},
    {'k', MEISHI_KEYRING_LOCKED, 5},
    {'n', MEISHI_KEYRING_NOT_FOUND, 5},
    {'t', MEISHI_KEYRING_TIMEOUT, 5},
    {'f', MEISHI_KEYRING_FAILED, 5},
    {'?', 99, 5},
    {'0', 0, 5},
    {'m', MEISHI_KEYRING_LOCKED, 0},
};

/* What the request says: whether it is interactive, and whether the secret arrived. */
static guint8
judge(const char *packet, gsize len, char behaviour)
{
    static const char pin[] = {(char)(MEISHI_KEYRING_STORE | MEISHI_KEYRING_PIN),
                               0,
                               21,
                               1,
                               'p',
                               4,
                               'C',
                               'o',
                               'r',
                               'p',
                               '1',
                               '2',
                               '3',
                               '4',
                               '5',
                               '6'};

    if (behaviour == 'p')
        return len == sizeof pin && memcmp(packet, pin, len) == 0 ? MEISHI_KEYRING_OK
                                                                  : MEISHI_KEYRING_FAILED;
    if (behaviour == 'i')
        return packet[1] ? MEISHI_KEYRING_LOCKED : MEISHI_KEYRING_UNAVAILABLE;
    if (packet[0] != MEISHI_KEYRING_STORE || packet[3] != 1)
        return MEISHI_KEYRING_FAILED;
    if (len != MEISHI_KEYRING_HEADER_LEN + 1 + strlen(SECRET) ||
        memcmp(packet + MEISHI_KEYRING_HEADER_LEN + 1, SECRET, strlen(SECRET)) != 0)
        return MEISHI_KEYRING_FAILED;
    return MEISHI_KEYRING_OK;
}

static int
reply(guint8 status, gsize len)
{
    char packet[64] = {0};

    packet[0] = (char)status;
    memcpy(packet + 1, SECRET "!", len);
    return send(MEISHI_KEYRING_FD, packet, 1 + len, MSG_NOSIGNAL) > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
behave(void)
{
    char packet[MEISHI_KEYRING_MAX_PACKET];
    ssize_t n = recv(MEISHI_KEYRING_FD, packet, sizeof packet, 0);
    char behaviour = n > MEISHI_KEYRING_HEADER_LEN ? packet[MEISHI_KEYRING_HEADER_LEN] : 'x';
    guint8 status;

    while (behaviour == 'h')
        pause();
    for (gsize i = 0; i < G_N_ELEMENTS(replies); i++) {
        if (replies[i].behaviour == behaviour)
            return reply(replies[i].status, replies[i].len);
    }
    if (behaviour == 'x')
        return EXIT_SUCCESS;
    status = judge(packet, (gsize)n, behaviour);
    return reply(status, status == MEISHI_KEYRING_OK ? 0 : 5);
}

/* ---- the tests ----------------------------------------------------------------------------- */

static void
on_ready(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static GAsyncResult *
wait_for(GAsyncResult **result)
{
    while (*result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return *result;
}

static MeishiSecret *
lookup(char behaviour, guint deadline_ms, GCancellable *cancellable, GError **error)
{
    const char item[] = {behaviour, '\0'};
    g_autoptr(GAsyncResult) result = NULL;

    meishi_keyring_lookup_async(item, deadline_ms, cancellable, on_ready, &result);
    return meishi_keyring_lookup_finish(wait_for(&result), error);
}

static void
test_lookup(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) secret = lookup('o', 20000, NULL, &error);

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
        {'t', MEISHI_ERROR_TIMEOUT},     {'f', MEISHI_ERROR_FAILED}, {'?', MEISHI_ERROR_FAILED},
        {'0', MEISHI_ERROR_FAILED},      {'x', MEISHI_ERROR_FAILED}, {'m', MEISHI_ERROR_FAILED},
        {'s', MEISHI_ERROR_FAILED},      {'l', MEISHI_ERROR_FAILED}, {'e', MEISHI_ERROR_FAILED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%c", rows[i].behaviour);
        g_assert_null(lookup(rows[i].behaviour, 20000, NULL, &error));
        g_assert_error(error, MEISHI_ERROR, (gint)rows[i].code);
    }
}

static void
test_store(void)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(SECRET, strlen(SECRET));
    g_autoptr(GAsyncResult) kept = NULL;
    g_autoptr(GAsyncResult) refused = NULL;
    g_autoptr(GError) error = NULL;

    meishi_keyring_store_async("j", secret, 20000, NULL, on_ready, &kept);
    g_assert_true(meishi_keyring_store_finish(wait_for(&kept), &error));
    g_assert_no_error(error);
    meishi_keyring_store_async("k", secret, 20000, NULL, on_ready, &refused);
    g_assert_false(meishi_keyring_store_finish(wait_for(&refused), &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
}

static void
test_clear(void)
{
    g_autoptr(GAsyncResult) removed = NULL;
    g_autoptr(GAsyncResult) absent = NULL;
    g_autoptr(GError) error = NULL;

    meishi_keyring_clear_async("e", 20000, NULL, on_ready, &removed);
    g_assert_true(meishi_keyring_clear_finish(wait_for(&removed), &error));
    g_assert_no_error(error);
    meishi_keyring_clear_async("n", 20000, NULL, on_ready, &absent);
    g_assert_false(meishi_keyring_clear_finish(wait_for(&absent), &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static gboolean
store_pin(const char *pin, GError **error)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(pin, strlen(pin));
    g_autoptr(GAsyncResult) result = NULL;

    meishi_keyring_store_pin_async("p", "Corp", secret, NULL, on_ready, &result);
    return meishi_keyring_store_finish(wait_for(&result), error);
}

static void
test_store_pin(void)
{
    g_autoptr(GError) error = NULL, empty = NULL, too_long = NULL;
    g_autofree char *text = g_strnfill(MEISHI_KEYRING_MAX_PIN + 1, '1');

    g_assert_true(store_pin("123456", &error));
    g_assert_no_error(error);
    g_assert_false(store_pin("", &empty));
    g_assert_error(empty, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_false(store_pin(text, &too_long));
    g_assert_error(too_long, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

/* Has any length but none. */
static void
test_lookup_pin(void)
{
    g_autoptr(GAsyncResult) there = NULL, empty = NULL, absent = NULL;
    g_autoptr(MeishiSecret) pin = NULL;
    g_autoptr(GError) error = NULL, not_there = NULL;

    meishi_keyring_lookup_pin_async("s", NULL, on_ready, &there);
    pin = meishi_keyring_lookup_finish(wait_for(&there), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(meishi_secret_len(pin), ==, 31);
    meishi_keyring_lookup_pin_async("e", NULL, on_ready, &empty);
    g_assert_null(meishi_keyring_lookup_finish(wait_for(&empty), &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED);
    meishi_keyring_lookup_pin_async("n", NULL, on_ready, &absent);
    g_assert_null(meishi_keyring_lookup_finish(wait_for(&absent), &not_there));
    g_assert_error(not_there, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static void
test_clear_pin(void)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;

    meishi_keyring_clear_pin_async("e", NULL, on_ready, &result);
    g_assert_true(meishi_keyring_clear_finish(wait_for(&result), &error));
    g_assert_no_error(error);
}

/* Only a call that has the time for a person may ask one. */
static void
test_interactive(void)
{
    g_autoptr(GError) quiet = NULL;
    g_autoptr(GError) asking = NULL;

    g_assert_null(lookup('i', MEISHI_KEYRING_DEADLINE_MS, NULL, &quiet));
    g_assert_error(quiet, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    g_assert_null(lookup('i', MEISHI_KEYRING_PROMPT_DEADLINE_MS, NULL, &asking));
    g_assert_error(asking, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
}

static void
test_deadline(void)
{
    g_autoptr(GError) own = NULL;
    g_autoptr(GError) shortened = NULL;

    g_assert_null(lookup('h', 50, NULL, &own));
    g_assert_error(own, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT);
    meishi_keyring_set_deadline(50);
    g_assert_null(lookup('h', MEISHI_KEYRING_DEADLINE_MS, NULL, &shortened));
    g_assert_error(shortened, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT);
    meishi_keyring_set_deadline(G_MAXUINT);
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
    g_assert_null(lookup('o', 20000, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
}

/* A bus that is gone, none at all, and no display to make GIO start one. */
static void
test_no_bus(void)
{
    g_autofree char *empty = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    g_autoptr(GError) dead = NULL;
    g_autoptr(GError) none = NULL;

    meishi_keyring_set_helper(g_getenv("MEISHI_KEYRING_PROGRAM"));
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
    g_assert_null(lookup('o', 20000, NULL, &dead));
    g_assert_error(dead, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
    g_setenv("XDG_RUNTIME_DIR", empty, TRUE);
    g_setenv("DISPLAY", ":77", TRUE);
    g_assert_null(lookup('o', 20000, NULL, &none));
    g_assert_error(none, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    g_assert_cmpint(rmdir(empty), ==, 0);
}

int
main(int argc, char **argv)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    if (g_getenv("MEISHI_TEST_HELPER") != NULL)
        return behave();
    g_setenv("MEISHI_TEST_HELPER", "1", TRUE);
    g_test_init(&argc, &argv, NULL);
    meishi_keyring_set_helper(self);
    g_test_add_func("/keyring/lookup", test_lookup);
    g_test_add_func("/keyring/outcomes", test_outcomes);
    g_test_add_func("/keyring/store", test_store);
    g_test_add_func("/keyring/clear", test_clear);
    g_test_add_func("/keyring/clear-pin", test_clear_pin);
    g_test_add_func("/keyring/store-pin", test_store_pin);
    g_test_add_func("/keyring/lookup-pin", test_lookup_pin);
    g_test_add_func("/keyring/interactive", test_interactive);
    g_test_add_func("/keyring/deadline", test_deadline);
    g_test_add_func("/keyring/cancel", test_cancel);
    g_test_add_func("/keyring/no-helper", test_no_helper);
    g_test_add_func("/keyring/no-bus", test_no_bus);
    return g_test_run();
}
