/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/host.c and daemon/tokenhost/ together: a real process with a module in it that does
 * whatever modules should not.  Each time the question is the same: does whoever waits get an
 * answer in time, and does the next call work?
 */
#include "tests/unit/token/host-fixture.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SHORT_MS 700 /* where something hangs */

/* For a test in which something hangs; until its end. */
static void
hurry(void)
{
    meishi_token_host_set_pace(SHORT_MS, HOST_FIXTURE_PAUSE_MS);
}

/* ---- a decent module ------------------------------------------------------------------------ */

static void
test_ready(void)
{
    g_auto(HostFixture) fixture = {0};

    host_fixture_init(&fixture, NULL);
    g_assert_false(meishi_token_host_is_ready(fixture.host));
    host_fixture_await_ready(&fixture, 1);
    g_assert_true(meishi_token_host_is_ready(fixture.host));
    g_assert_cmpstr(fixture.description, ==, "Hostile module");
    g_assert_cmpuint(fixture.library_flags, ==, 0);
}

static void
test_slots(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) first = NULL, second = NULL;
    g_autofree char *label = NULL;
    MeishiHostSlot slot, again;

    host_fixture_init(&fixture, "slots=3 pin-max-huge");
    host_fixture_await_ready(&fixture, 1);
    first = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(first->reply.n, ==, 3);
    g_assert_cmpuint(slot.slot, ==, 7);
    g_assert_cmpuint(slot.presence, !=, 0);
    g_assert_cmpuint(slot.slot_flags & CKF_TOKEN_PRESENT, !=, 0);
    g_assert_cmpuint(slot.max_pin, ==, G_MAXUINT32);
    label = host_fixture_dup_text(slot.label);
    g_assert_cmpstr(label, ==, "Hostile");
    second = host_fixture_look(&fixture, &again);
    g_assert_cmpuint(again.presence, ==, slot.presence);
}

static guint
count_objects(const MeishiHostAnswer *answer, guint64 class)
{
    struct meishi_reader reader;
    MeishiHostObject object;
    guint n = 0;

    meishi_reader_init(&reader, answer->listing.data, answer->listing.len);
    g_assert_cmpuint(meishi_reader_u8(&reader), ==, 0);
    while (meishi_host_object_decode(&reader, &object))
        n += object.class == class;
    g_assert_true(meishi_reader_end(&reader));
    return n;
}

static guint
list_objects(HostFixture *fixture, const MeishiHostSlot *slot, guint64 class)
{
    const MeishiHostRequest request = {.type = MEISHI_HOST_OBJECTS,
                                       .slot = slot->slot,
                                       .presence = slot->presence,
                                       .number = MEISHI_HOST_ANY_CLASS};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiHostAnswer) answer = host_fixture_call(fixture, &request, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(answer->reply.status, ==, CKR_OK);
    return count_objects(answer, class);
}

/* Keys are seen by who is logged in, and certificates by everybody. */
static void
test_objects_and_login(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    MeishiHostSlot slot;
    MeishiHostRequest logout = {.type = MEISHI_HOST_LOGOUT};

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(list_objects(&fixture, &slot, CKO_CERTIFICATE), ==, 1);
    g_assert_cmpuint(list_objects(&fixture, &slot, CKO_PRIVATE_KEY), ==, 0);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "4321"), ==, CKR_PIN_INCORRECT);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK); /* already */
    g_assert_cmpuint(list_objects(&fixture, &slot, CKO_PRIVATE_KEY), ==, 1);
    logout.slot = slot.slot;
    logout.presence = slot.presence;
    g_assert_cmpuint(host_fixture_status(&fixture, &logout), ==, CKR_OK);
    g_assert_cmpuint(list_objects(&fixture, &slot, CKO_PRIVATE_KEY), ==, 0);
}

static void
assert_signs(HostFixture *fixture, const MeishiHostSlot *slot)
{
    const MeishiHostRequest request = host_fixture_sign_request(slot);
    static const guint8 inverted[] = {(guint8) ~'d', (guint8) ~'a', (guint8) ~'t', (guint8) ~'a'};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiHostAnswer) answer = host_fixture_call(fixture, &request, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(answer->reply.status, ==, CKR_OK);
    g_assert_cmpmem(answer->reply.result.data, answer->reply.result.len, inverted, 4);
}

static void
test_sign(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    MeishiHostSlot slot;
    MeishiHostRequest request;

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    request = host_fixture_sign_request(&slot);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_USER_NOT_LOGGED_IN);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK);
    assert_signs(&fixture, &slot);
    request.number = 4711;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_KEY_HANDLE_INVALID);
    assert_signs(&fixture, &slot); /* a failure does not cost the login */
}

/* CKA_ALWAYS_AUTHENTICATE: the login is part of the operation. */
static void
test_context_login(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    g_autoptr(MeishiSecret) pin = meishi_secret_new_copy("1234", 4);
    MeishiHostSlot slot;
    MeishiHostRequest request;

    host_fixture_init(&fixture, "always");
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK);
    request = host_fixture_sign_request(&slot);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_USER_NOT_LOGGED_IN);
    request.login = TRUE;
    request.n_pins = 1;
    request.pins[0] = pin;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_OK);
}

static void
test_pins(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL, before = NULL;
    g_autoptr(MeishiSecret) right = meishi_secret_new_copy("1234", 4);
    g_autoptr(MeishiSecret) wrong = meishi_secret_new_copy("0000", 4);
    g_autoptr(MeishiSecret) so_pin = meishi_secret_new_copy("12345678", 8);
    MeishiHostSlot slot;
    MeishiHostRequest request = {.n_pins = 2, .number = CKU_USER};

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    before = host_fixture_look(&fixture, &slot);
    request.slot = slot.slot;
    request.presence = slot.presence;
    request.type = MEISHI_HOST_SET_PIN;
    request.pins[0] = wrong;
    request.pins[1] = right;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_PIN_INCORRECT);
    request.pins[0] = right;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_OK);
    for (int i = 0; i < 2; i++)
        g_assert_cmpuint(host_fixture_login(&fixture, &slot, "0000"), ==, CKR_PIN_INCORRECT);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "0000"), ==, CKR_PIN_LOCKED);
    answer = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(slot.token_flags & CKF_USER_PIN_LOCKED, !=, 0);
    request.type = MEISHI_HOST_INIT_PIN;
    request.pins[0] = so_pin;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_OK);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK);
}

/* Where there is no security officer, a PUK is for a PIN that is blocked, and for nothing else. */
static void
test_puk(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    g_autoptr(MeishiSecret) puk = meishi_secret_new_copy("12345678", 8);
    g_autoptr(MeishiSecret) new = meishi_secret_new_copy("5678", 4);
    MeishiHostSlot slot;
    MeishiHostRequest request = {.type = MEISHI_HOST_INIT_PIN, .n_pins = 2, .pins = {new, new}};

    host_fixture_init(&fixture, "no-officer puk");
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    request.slot = slot.slot;
    request.presence = slot.presence;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_FUNCTION_NOT_SUPPORTED);
    for (int i = 0; i < 3; i++)
        (void)host_fixture_login(&fixture, &slot, "0000");
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_PIN_INCORRECT);
    request.pins[0] = puk;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_OK);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "5678"), ==, CKR_OK);
}

static void
test_init_token(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) before = NULL, after = NULL;
    g_autoptr(MeishiSecret) so_pin = meishi_secret_new_copy("12345678", 8);
    g_autofree char *label = NULL;
    MeishiHostSlot slot, fresh;
    MeishiHostRequest request = {.type = MEISHI_HOST_INIT_TOKEN, .n_pins = 1, .pins = {so_pin}};

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    before = host_fixture_look(&fixture, &slot);
    request.slot = slot.slot;
    request.presence = slot.presence;
    request.data = (struct meishi_bytes){(const guint8 *)"New name", 8};
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_OK);
    after = host_fixture_look(&fixture, &fresh);
    label = host_fixture_dup_text(fresh.label);
    g_assert_cmpstr(label, ==, "New name");
    g_assert_cmpuint(fresh.presence, !=, slot.presence);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, MEISHI_HOST_STALE);
}

/* Handles and logins are of one token: whoever means the one that went is told so. */
static void
test_stale(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) before = NULL, after = NULL;
    MeishiHostSlot slot, fresh;
    MeishiHostRequest request;

    host_fixture_init(&fixture, "vanish=2");
    host_fixture_await_ready(&fixture, 1);
    before = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK);
    assert_signs(&fixture, &slot);
    request = host_fixture_sign_request(&slot);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_DEVICE_REMOVED);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, MEISHI_HOST_STALE);
    after = host_fixture_look(&fixture, &fresh);
    g_assert_cmpuint(fresh.presence, ==, 0);
    g_clear_pointer(&after, meishi_host_answer_free);
    after = host_fixture_look(&fixture, &fresh);
    g_assert_cmpuint(fresh.presence, !=, slot.presence);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, MEISHI_HOST_STALE);
    g_assert_cmpuint(host_fixture_login(&fixture, &fresh, "1234"), ==, CKR_OK);
    assert_signs(&fixture, &fresh);
}

/* Another card within one look: only its serial number tells. */
static void
test_swapped(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) before = NULL, after = NULL;
    MeishiHostSlot slot, fresh;
    MeishiHostRequest request;

    host_fixture_init(&fixture, "swap public-keys");
    host_fixture_await_ready(&fixture, 1);
    before = host_fixture_look(&fixture, &slot);
    assert_signs(&fixture, &slot);
    after = host_fixture_look(&fixture, &fresh);
    g_assert_cmpuint(fresh.presence, !=, slot.presence);
    request = host_fixture_sign_request(&slot);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, MEISHI_HOST_STALE);
}

static void
test_mechanisms(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL, answer = NULL;
    g_autoptr(GError) error = NULL;
    MeishiHostSlot slot;
    MeishiHostRequest request = {.type = MEISHI_HOST_MECHANISMS};

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    request.slot = slot.slot;
    request.presence = slot.presence;
    answer = host_fixture_call(&fixture, &request, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(answer->reply.n, ==, 3);
    g_assert_cmpuint(answer->reply.mechanisms[1].type, ==, CKM_RSA_X_509);
    g_assert_cmpuint(answer->reply.mechanisms[1].max_size, ==, 4096);
}

/* What waits for cards is in nobody's way. */
static void
test_wait(void)
{
    g_auto(HostFixture) fixture = {0};
    const MeishiHostRequest request = {.type = MEISHI_HOST_WAIT};
    g_autoptr(MeishiHostAnswer) slots = NULL, answer = NULL;
    g_autoptr(GError) error = NULL;
    GAsyncResult *waiting;
    MeishiHostSlot slot;

    host_fixture_init(&fixture, "wait=300");
    host_fixture_await_ready(&fixture, 1);
    host_fixture_begin(&fixture, &request, &waiting);
    slots = host_fixture_look(&fixture, &slot);
    g_assert_null(waiting);
    answer = host_fixture_end(&waiting, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(answer->reply.slot, ==, 7);
}

static void
test_wait_unsupported(void)
{
    g_auto(HostFixture) fixture = {0};
    const MeishiHostRequest request = {.type = MEISHI_HOST_WAIT};

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_FUNCTION_NOT_SUPPORTED);
}

/* One slow card, another one that is not: neither waits for the other. */
static void
test_slots_are_independent(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL, slow = NULL;
    g_autoptr(GError) error = NULL;
    GAsyncResult *signing;
    MeishiHostSlot slot;
    MeishiHostRequest request, other = {.type = MEISHI_HOST_MECHANISMS};

    host_fixture_init(&fixture, "slots=2 sign-slow=300 public-keys");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    request = host_fixture_sign_request(&slot);
    host_fixture_begin(&fixture, &request, &signing);
    other.slot = slots->reply.slots[1].slot;
    other.presence = slots->reply.slots[1].presence;
    g_assert_cmpuint(host_fixture_status(&fixture, &other), ==, CKR_OK);
    g_assert_null(signing);
    slow = host_fixture_end(&signing, &error);
    g_assert_no_error(error);
}

/* A module that takes one call at a time gets one at a time. */
static void
test_serial(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    const MeishiHostRequest wait = {.type = MEISHI_HOST_WAIT};
    GAsyncResult *results[8];
    MeishiHostSlot slot;

    host_fixture_init(&fixture, "serial slots=4 public-keys");
    host_fixture_await_ready(&fixture, 1);
    g_assert_cmpuint(fixture.library_flags, ==, MEISHI_HOST_SERIAL);
    slots = host_fixture_look(&fixture, &slot);
    for (guint i = 0; i < G_N_ELEMENTS(results); i++) {
        MeishiHostRequest request = host_fixture_sign_request(&slots->reply.slots[i % 4]);

        host_fixture_begin(&fixture, &request, &results[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiHostAnswer) answer = host_fixture_end(&results[i], &error);

        g_assert_no_error(error);
        g_assert_cmpuint(answer->reply.status, ==, CKR_OK);
    }
    g_assert_cmpuint(host_fixture_status(&fixture, &wait), ==, CKR_FUNCTION_NOT_SUPPORTED);
    g_assert_cmpuint(fixture.n_lost, ==, 0);
}

/* ---- modules that fail ---------------------------------------------------------------------- */

/* What a module does, what whoever waits is told, and in which words the loss is reported. */
static const struct {
    const char *words;
    MeishiHostType type;
    gint code;
    const char *why;
} failures[] = {
    {"slots-abort", MEISHI_HOST_SLOTS, MEISHI_ERROR_UNAVAILABLE, "was ended by signal 6"},
    {"slots-crash", MEISHI_HOST_SLOTS, MEISHI_ERROR_UNAVAILABLE, "was ended by signal 11"},
    {"slots-exit", MEISHI_HOST_SLOTS, MEISHI_ERROR_UNAVAILABLE, "ended with status 0"},
    {"slots-hang", MEISHI_HOST_SLOTS, MEISHI_ERROR_TIMEOUT, "did not finish SLOTS within"},
    {"slots-garble", MEISHI_HOST_SLOTS, MEISHI_ERROR_UNAVAILABLE, "answers nonsense"},
    {"slots-close", MEISHI_HOST_SLOTS, MEISHI_ERROR_UNAVAILABLE, "ended"},
    {"token-crash", MEISHI_HOST_SLOTS, MEISHI_ERROR_UNAVAILABLE, "was ended by signal 11"},
    {"sign-abort", MEISHI_HOST_OPERATE, MEISHI_ERROR_UNAVAILABLE, "was ended by signal 6"},
    {"sign-hang", MEISHI_HOST_OPERATE, MEISHI_ERROR_TIMEOUT, "did not finish OPERATE within"},
    {"login-hang", MEISHI_HOST_LOGIN, MEISHI_ERROR_TIMEOUT, "did not finish LOGIN within"},
    {"find-hang", MEISHI_HOST_OBJECTS, MEISHI_ERROR_TIMEOUT, "did not finish OBJECTS within"},
    {"open-crash", MEISHI_HOST_OBJECTS, MEISHI_ERROR_UNAVAILABLE, "was ended by signal 11"},
};

static void
test_failure(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL, answer = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *words = g_strdup_printf("%s public-keys pinpad", failures[i].words);
    MeishiHostSlot slot = {0};
    MeishiHostRequest request;

    if (failures[i].code == MEISHI_ERROR_TIMEOUT)
        hurry();
    host_fixture_init(&fixture, words);
    host_fixture_await_ready(&fixture, 1);
    if (failures[i].type != MEISHI_HOST_SLOTS)
        slots = host_fixture_look(&fixture, &slot);
    request = host_fixture_sign_request(&slot);
    if (failures[i].type != MEISHI_HOST_OPERATE)
        request = (MeishiHostRequest){.slot = slot.slot, .presence = slot.presence};
    request.type = failures[i].type;
    request.number = request.type == MEISHI_HOST_OBJECTS ? MEISHI_HOST_ANY_CLASS : request.number;
    answer = host_fixture_call(&fixture, &request, &error);
    g_assert_error(error, MEISHI_ERROR, failures[i].code);
    host_fixture_await_lost(&fixture, 1);
    g_assert_nonnull(strstr(fixture.why->message, failures[i].why));
    host_fixture_await_ready(&fixture, 2);
}

/* One call hangs; the others that were under way are told that the module went. */
static void
test_late_call_takes_others_along(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    g_autoptr(GError) late = NULL, other = NULL;
    const MeishiHostRequest wait = {.type = MEISHI_HOST_WAIT};
    MeishiHostSlot slot;
    MeishiHostRequest request;
    GAsyncResult *signing, *waiting;

    hurry();
    host_fixture_init(&fixture, "sign-hang public-keys wait=60000");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    host_fixture_begin(&fixture, &wait, &waiting);
    request = host_fixture_sign_request(&slot);
    host_fixture_begin(&fixture, &request, &signing);
    g_assert_null(host_fixture_end(&signing, &late));
    g_assert_error(late, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT);
    g_assert_null(host_fixture_end(&waiting, &other));
    g_assert_error(other, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
}

/* Whoever queues behind a slow call is not late for that: three calls of more than half a deadline
 * each. */
static void
test_deadline_is_from_ones_turn(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    MeishiHostSlot slot;
    GAsyncResult *results[3];

    hurry();
    host_fixture_init(&fixture, "sign-slow=450 public-keys");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    for (guint i = 0; i < G_N_ELEMENTS(results); i++) {
        MeishiHostRequest request = host_fixture_sign_request(&slot);

        host_fixture_begin(&fixture, &request, &results[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiHostAnswer) answer = host_fixture_end(&results[i], &error);

        g_assert_no_error(error);
    }
    g_assert_cmpuint(fixture.n_lost, ==, 0);
}

/* What never starts is tried again, each time after a longer pause. */
static void
test_starts_that_fail(void)
{
    static const char *const words[] = {"init-fail", "init-abort", "init-hang", "init-exit"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_auto(HostFixture) fixture = {0};
        guint first;

        hurry();
        host_fixture_init(&fixture, words[i]);
        host_fixture_await_lost(&fixture, 1);
        first = fixture.retry_ms;
        host_fixture_await_lost(&fixture, 2);
        g_assert_cmpuint(fixture.retry_ms, ==, 2 * first);
        g_assert_cmpuint(fixture.n_ready, ==, 0);
        g_assert_error(fixture.why, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    }
}

static void
test_constructors(void)
{
    static const char *const rows[] = {"crash", "hang"};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(HostFixture) fixture = {0};

        hurry();
        g_setenv("HOSTILE_CONSTRUCTOR", rows[i], TRUE);
        host_fixture_init(&fixture, NULL);
        host_fixture_await_lost(&fixture, 1);
        g_unsetenv("HOSTILE_CONSTRUCTOR");
        g_assert_cmpuint(fixture.n_ready, ==, 0);
    }
}

static void
test_no_module(void)
{
    static const char *const paths[] = {"/nonexistent/module.so", "/etc/passwd"};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_auto(HostFixture) fixture = {0};

        host_fixture_init_path(&fixture, paths[i], NULL);
        host_fixture_await_lost(&fixture, 1);
        g_assert_nonnull(strstr(fixture.why->message, "cannot be loaded as a PKCS#11 module"));
        g_assert_cmpuint(fixture.lines->len, ==, 1);
        g_assert_nonnull(strstr(fixture.lines->pdata[0], paths[i]));
    }
}

static void
test_no_program(void)
{
    g_auto(HostFixture) fixture = {0};

    host_fixture_init(&fixture, NULL);
    meishi_token_host_set_program("/nonexistent/meishi-tokenhost");
    host_fixture_await_lost(&fixture, 1);
    g_assert_nonnull(strstr(fixture.why->message, "cannot be started"));
}

static void
test_not_ready(void)
{
    g_auto(HostFixture) fixture = {0};
    const MeishiHostRequest request = {.type = MEISHI_HOST_SLOTS};
    g_autoptr(GError) error = NULL;

    host_fixture_init(&fixture, "init-hang");
    g_assert_null(host_fixture_call(&fixture, &request, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
}

static void
test_restart(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) before = NULL, after = NULL;
    MeishiHostSlot slot;

    host_fixture_init(&fixture, NULL);
    host_fixture_await_ready(&fixture, 1);
    before = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(host_fixture_login(&fixture, &slot, "1234"), ==, CKR_OK);
    meishi_token_host_restart(fixture.host, "a test wants it");
    g_assert_false(meishi_token_host_is_ready(fixture.host));
    g_assert_cmpuint(fixture.n_lost, ==, 1);
    host_fixture_await_ready(&fixture, 2);
    after = host_fixture_look(&fixture, &slot);
    g_assert_cmpuint(list_objects(&fixture, &slot, CKO_PRIVATE_KEY), ==, 0); /* no login */
}

/* The end of the daemon, or of a module's use, in the middle of things. */
static void
test_free_while_busy(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    g_autoptr(GError) error = NULL;
    MeishiHostSlot slot;
    MeishiHostRequest request;
    GAsyncResult *signing;

    hurry();
    host_fixture_init(&fixture, "sign-hang public-keys");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    request = host_fixture_sign_request(&slot);
    host_fixture_begin(&fixture, &request, &signing);
    g_clear_pointer(&fixture.host, meishi_token_host_free);
    g_assert_null(host_fixture_end(&signing, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED);
}

/* ---- modules that lie ----------------------------------------------------------------------- */

static void
test_lies_about_slots(void)
{
    static const struct {
        const char *words;
        guint64 status;
        guint n;
    } rows[] = {
        {"slots-huge", CKR_DEVICE_ERROR, 0},
        {"slots-lie", CKR_DEVICE_ERROR, 0},
        {"slots-grow", CKR_OK, 2},
        {"slots=200", CKR_OK, MEISHI_HOST_MAX_SLOTS},
        {"slots=0", CKR_OK, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(HostFixture) fixture = {0};
        const MeishiHostRequest request = {.type = MEISHI_HOST_SLOTS};
        g_autoptr(MeishiHostAnswer) answer = NULL;
        g_autoptr(GError) error = NULL;

        host_fixture_init(&fixture, rows[i].words);
        host_fixture_await_ready(&fixture, 1);
        answer = host_fixture_call(&fixture, &request, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(answer->reply.status, ==, rows[i].status);
        g_assert_cmpuint(answer->reply.n, ==, rows[i].n);
    }
}

static guint64
list_status(HostFixture *fixture, const MeishiHostSlot *slot)
{
    const MeishiHostRequest request = {.type = MEISHI_HOST_OBJECTS,
                                       .slot = slot->slot,
                                       .presence = slot->presence,
                                       .number = MEISHI_HOST_ANY_CLASS};

    return host_fixture_status(fixture, &request);
}

static void
test_lies_about_objects(void)
{
    static const struct {
        const char *words;
        guint64 status;
    } rows[] = {
        {"find-lie", CKR_DEVICE_ERROR}, {"find-endless", CKR_OK}, /* up to the limit */
        {"value-huge", CKR_OK},         {"value-lie", CKR_OK},    {"sessions=0", CKR_SESSION_COUNT},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(HostFixture) fixture = {0};
        g_autoptr(MeishiHostAnswer) slots = NULL;
        MeishiHostSlot slot;

        host_fixture_init(&fixture, rows[i].words);
        host_fixture_await_ready(&fixture, 1);
        slots = host_fixture_look(&fixture, &slot);
        g_assert_cmpuint(list_status(&fixture, &slot), ==, rows[i].status);
    }
}

static void
test_lies_about_signatures(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    MeishiHostSlot slot;
    MeishiHostRequest request;

    host_fixture_init(&fixture, "sign-lie public-keys");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    request = host_fixture_sign_request(&slot);
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_DEVICE_ERROR);
    request.operation = MEISHI_WIRE_DECRYPT; /* a function that the module left out */
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_FUNCTION_NOT_SUPPORTED);
    request.operation = 99;
    g_assert_cmpuint(host_fixture_status(&fixture, &request), ==, CKR_FUNCTION_NOT_SUPPORTED);
}

/* A session more than a card has is never asked for, however many fail. */
static void
test_few_sessions(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    MeishiHostSlot slot;

    host_fixture_init(&fixture, "sessions=1 public-keys");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    for (int i = 0; i < 10; i++)
        assert_signs(&fixture, &slot);
}

static void
test_leaks(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) slots = NULL;
    MeishiHostSlot slot;

    host_fixture_init(&fixture, "leak public-keys");
    host_fixture_await_ready(&fixture, 1);
    slots = host_fixture_look(&fixture, &slot);
    for (int i = 0; i < 400; i++)
        assert_signs(&fixture, &slot);
}

/* ---- what a module prints ------------------------------------------------------------------- */

static void
test_prints(void)
{
    g_auto(HostFixture) fixture = {0};

    host_fixture_init(&fixture, "print print-escape");
    while (fixture.lines->len < 2)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(fixture.lines->pdata[0], ==, "hello from the module");
    g_assert_null(strchr(fixture.lines->pdata[1], '\033'));
    g_assert_null(strchr(fixture.lines->pdata[1], '\007'));
    g_assert_true(g_utf8_validate(fixture.lines->pdata[1], -1, NULL));
    g_assert_nonnull(strstr(fixture.lines->pdata[1], "red"));
}

static void
test_prints_much(void)
{
    static const char *const words[] = {"print-much", "print-long"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_auto(HostFixture) fixture = {0};

        host_fixture_init(&fixture, words[i]);
        host_fixture_await_ready(&fixture, 1);
        g_assert_cmpuint(fixture.lines->len, <=, 20);
        for (guint j = 0; j < fixture.lines->len; j++)
            g_assert_cmpuint(strlen(fixture.lines->pdata[j]), <=, 256);
    }
}

/* ---- confinement ---------------------------------------------------------------------------- */

/* What the module tries, and what it says in its label came of it. */
static const struct {
    const char *words, *label;
} attempts[] = {
    {"fork", "fork: Operation not permitted"},
    {"exec", "exec: Operation not permitted"},
    {"ptrace", "ptrace: Operation not permitt"},
    {"kill", "kill: Operation not permitted"},
    {"setsid", "setsid: Operation not permitt"},
    {"tty", "tty: No such device or addres"},
    {"count-fds", "4 descriptors"},
    {"socket-inet", "inet: Address family not suppor"},
    {"socket-inet6", "inet6: Address family not suppo"},
    {"socket-packet", "packet: Address family not supp"},
    {"socket-unix", "unix: done"},
    {"memory", "memory: Permission denied"},
    {"socket-netlink", "netlink: done"},
};

static void
test_confined(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    g_autofree char *label = NULL;
    MeishiHostSlot slot;

    host_fixture_init(&fixture, attempts[i].words);
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    label = host_fixture_dup_text(slot.label);
    g_assert_true(g_str_has_prefix(label, attempts[i].label));
}

static char *
try_file(const char *words, const char *path)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    MeishiHostSlot slot;

    g_setenv("HOSTILE_FILE", path, TRUE);
    host_fixture_init(&fixture, words);
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    return host_fixture_dup_text(slot.label);
}

static void
assert_file(const char *words, const char *path, const char *expected)
{
    g_autofree char *label = try_file(words, path);

    g_assert_cmpstr(label, ==, expected);
}

/* The vault is closed to it, by whatever name; what lies beside it is not. */
static void
test_own_files_are_withheld(void)
{
    g_autofree char *home = g_dir_make_tmp("meishi-withhold-XXXXXX", NULL);
    g_autofree char *data = g_build_filename(home, "share", NULL);
    g_autofree char *own = g_build_filename(data, "meishi", NULL);
    g_autofree char *vault = g_build_filename(own, "store.db", NULL);
    g_autofree char *fresh = g_build_filename(own, "fresh", NULL);
    g_autofree char *other = g_build_filename(data, "softhsm", "token", NULL);
    g_autofree char *other_dir = g_path_get_dirname(other);
    g_autofree char *link = g_build_filename(home, "link", NULL);
    g_autofree char *through = g_build_filename(link, "store.db", NULL);

    g_assert_cmpint(g_mkdir_with_parents(own, 0700), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(other_dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(vault, "secret", -1, NULL));
    g_assert_true(g_file_set_contents(other, "token", -1, NULL));
    g_assert_cmpint(symlink(own, link), ==, 0);
    g_setenv("XDG_DATA_HOME", data, TRUE);
    g_setenv("XDG_CONFIG_HOME", home, TRUE);
    assert_file("open-file", vault, "open: Permission denied");
    assert_file("open-file", through, "open: Permission denied");
    assert_file("write-file", fresh, "write: Permission denied");
    assert_file("open-file", other, "open: done");
    assert_file("write-file", other, "write: done");
    assert_file("open-file", "/etc/passwd", "open: done");
    g_unsetenv("XDG_DATA_HOME");
    g_unsetenv("XDG_CONFIG_HOME");
    (void)g_unlink(link);
    (void)g_unlink(fresh);
    (void)g_unlink(vault);
    (void)g_unlink(other);
    (void)g_rmdir(other_dir);
    (void)g_rmdir(own);
    (void)g_rmdir(data);
    (void)g_rmdir(home);
}

/* A vault that is made later is no less withheld. */
static void
test_own_files_to_come_are_withheld(void)
{
    g_autofree char *home = g_dir_make_tmp("meishi-withhold-XXXXXX", NULL);
    g_autofree char *own = g_build_filename(home, "meishi", NULL);
    g_autofree char *vault = g_build_filename(own, "store.db", NULL);

    g_setenv("XDG_DATA_HOME", home, TRUE);
    assert_file("make-file", vault, "make: Permission denied");
    g_unsetenv("XDG_DATA_HOME");
    (void)g_unlink(vault);
    (void)g_rmdir(own);
    (void)g_rmdir(home);
}

/* A module that was given the network by its file. */
static void
test_network(void)
{
    g_auto(HostFixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) answer = NULL;
    g_autofree char *label = NULL;
    MeishiHostSlot slot;

    host_fixture_init_network(&fixture, "socket-inet");
    host_fixture_await_ready(&fixture, 1);
    answer = host_fixture_look(&fixture, &slot);
    label = host_fixture_dup_text(slot.label);
    g_assert_cmpstr(label, ==, "inet: done");
}

static void
add_rows(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(failures); i++) {
        g_autofree char *path = g_strdup_printf("/token/host/fails/%s", failures[i].words);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_failure);
    }
    for (guint i = 0; i < G_N_ELEMENTS(attempts); i++) {
        g_autofree char *path = g_strdup_printf("/token/host/confined/%s", attempts[i].words);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_confined);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    meishi_token_host_set_pace(HOST_FIXTURE_LONG_MS, HOST_FIXTURE_PAUSE_MS);
    g_test_add_func("/token/host/ready", test_ready);
    g_test_add_func("/token/host/slots", test_slots);
    g_test_add_func("/token/host/objects-and-login", test_objects_and_login);
    g_test_add_func("/token/host/sign", test_sign);
    g_test_add_func("/token/host/context-login", test_context_login);
    g_test_add_func("/token/host/pins", test_pins);
    g_test_add_func("/token/host/puk", test_puk);
    g_test_add_func("/token/host/init-token", test_init_token);
    g_test_add_func("/token/host/stale", test_stale);
    g_test_add_func("/token/host/swapped", test_swapped);
    g_test_add_func("/token/host/mechanisms", test_mechanisms);
    g_test_add_func("/token/host/wait", test_wait);
    g_test_add_func("/token/host/wait-unsupported", test_wait_unsupported);
    g_test_add_func("/token/host/slots-are-independent", test_slots_are_independent);
    g_test_add_func("/token/host/serial", test_serial);
    g_test_add_func("/token/host/late-call-takes-others-along", test_late_call_takes_others_along);
    g_test_add_func("/token/host/deadline-is-from-ones-turn", test_deadline_is_from_ones_turn);
    g_test_add_func("/token/host/starts-that-fail", test_starts_that_fail);
    g_test_add_func("/token/host/constructors", test_constructors);
    g_test_add_func("/token/host/no-module", test_no_module);
    g_test_add_func("/token/host/no-program", test_no_program);
    g_test_add_func("/token/host/not-ready", test_not_ready);
    g_test_add_func("/token/host/restart", test_restart);
    g_test_add_func("/token/host/free-while-busy", test_free_while_busy);
    g_test_add_func("/token/host/lies/slots", test_lies_about_slots);
    g_test_add_func("/token/host/lies/objects", test_lies_about_objects);
    g_test_add_func("/token/host/lies/signatures", test_lies_about_signatures);
    g_test_add_func("/token/host/few-sessions", test_few_sessions);
    g_test_add_func("/token/host/leaks", test_leaks);
    g_test_add_func("/token/host/prints", test_prints);
    g_test_add_func("/token/host/prints-much", test_prints_much);
    g_test_add_func("/token/host/own-files-are-withheld", test_own_files_are_withheld);
    g_test_add_func("/token/host/own-files-to-come-are-withheld",
                    test_own_files_to_come_are_withheld);
    g_test_add_func("/token/host/network", test_network);
    add_rows();
    return g_test_run();
}
