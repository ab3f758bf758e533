/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs and modules come from the build, by the environment of the test.
 */
#include "tests/unit/token/host-fixture.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

static void
on_ready(MeishiTokenHost *host, const MeishiHostReply *library, gpointer user_data)
{
    HostFixture *fixture = user_data;

    fixture->n_ready++;
    fixture->library_flags = library->flags;
    g_free(fixture->description);
    fixture->description = host_fixture_dup_text(library->description);
}

static void
on_lost(MeishiTokenHost *host, const GError *why, guint retry_ms, gpointer user_data)
{
    HostFixture *fixture = user_data;

    fixture->n_lost++;
    fixture->retry_ms = retry_ms;
    g_clear_error(&fixture->why);
    fixture->why = g_error_copy(why);
}

static void
on_said(MeishiTokenHost *host, const char *line, gpointer user_data)
{
    HostFixture *fixture = user_data;

    g_test_message("module: %s", line);
    g_ptr_array_add(fixture->lines, g_strdup(line));
}

static void
init(HostFixture *fixture, const char *path, const char *words, gboolean network)
{
    const MeishiTokenHostOptions options = {.module = path,
                                            .reserved = words,
                                            .network = network,
                                            .ready = on_ready,
                                            .lost = on_lost,
                                            .said = on_said,
                                            .user_data = fixture};

    g_assert_nonnull(path);
    g_assert_nonnull(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    *fixture = (HostFixture){0};
    fixture->lines = g_ptr_array_new_with_free_func(g_free);
    fixture->host = meishi_token_host_new(&options);
}

void
host_fixture_init_path(HostFixture *fixture, const char *path, const char *words)
{
    init(fixture, path, words, FALSE);
}

void
host_fixture_init_network(HostFixture *fixture, const char *words)
{
    init(fixture, g_getenv("MEISHI_HOSTILE_MODULE"), words, TRUE);
}

void
host_fixture_init(HostFixture *fixture, const char *words)
{
    host_fixture_init_path(fixture, g_getenv("MEISHI_HOSTILE_MODULE"), words);
}

void
host_fixture_clear(HostFixture *fixture)
{
    g_clear_pointer(&fixture->host, meishi_token_host_free);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    meishi_token_host_set_pace(HOST_FIXTURE_LONG_MS, HOST_FIXTURE_PAUSE_MS);
    g_clear_error(&fixture->why);
    g_clear_pointer(&fixture->lines, g_ptr_array_unref);
    g_clear_pointer(&fixture->description, g_free);
}

void
host_fixture_await_ready(HostFixture *fixture, guint n)
{
    while (fixture->n_ready < n)
        g_main_context_iteration(NULL, TRUE);
}

void
host_fixture_await_lost(HostFixture *fixture, guint n)
{
    while (fixture->n_lost < n)
        g_main_context_iteration(NULL, TRUE);
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

void
host_fixture_begin(HostFixture *fixture, const MeishiHostRequest *request, GAsyncResult **ret)
{
    *ret = NULL;
    meishi_token_host_call_async(fixture->host, request,
                                 request->type == MEISHI_HOST_WAIT ? MEISHI_HOST_NO_DEADLINE
                                                                   : MEISHI_HOST_DEADLINE_QUICK_MS,
                                 on_answer, ret);
}

MeishiHostAnswer *
host_fixture_end(GAsyncResult **result, GError **error)
{
    MeishiHostAnswer *answer;

    while (*result == NULL)
        g_main_context_iteration(NULL, TRUE);
    answer = meishi_token_host_call_finish(*result, error);
    g_clear_object(result);
    return answer;
}

MeishiHostAnswer *
host_fixture_call(HostFixture *fixture, const MeishiHostRequest *request, GError **error)
{
    GAsyncResult *result;

    host_fixture_begin(fixture, request, &result);
    return host_fixture_end(&result, error);
}

guint64
host_fixture_status(HostFixture *fixture, const MeishiHostRequest *request)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiHostAnswer) answer = host_fixture_call(fixture, request, &error);

    g_assert_no_error(error);
    return answer->reply.status;
}

MeishiHostAnswer *
host_fixture_look(HostFixture *fixture, MeishiHostSlot *ret)
{
    const MeishiHostRequest request = {.type = MEISHI_HOST_SLOTS};
    g_autoptr(GError) error = NULL;
    MeishiHostAnswer *answer = host_fixture_call(fixture, &request, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(answer->reply.status, ==, CKR_OK);
    g_assert_cmpuint(answer->reply.n, >=, 1);
    *ret = answer->reply.slots[0];
    return answer;
}

guint64
host_fixture_login(HostFixture *fixture, const MeishiHostSlot *slot, const char *pin)
{
    g_autoptr(MeishiSecret) secret = pin != NULL ? meishi_secret_new_copy(pin, strlen(pin)) : NULL;
    const MeishiHostRequest request = {
        .type = MEISHI_HOST_LOGIN,
        .slot = slot->slot,
        .presence = slot->presence,
        .number = CKU_USER,
        .n_pins = pin != NULL ? 1 : 0,
        .pins = {secret},
    };

    return host_fixture_status(fixture, &request);
}

MeishiHostRequest
host_fixture_sign_request(const MeishiHostSlot *slot)
{
    return (MeishiHostRequest){
        .type = MEISHI_HOST_OPERATE,
        .slot = slot->slot,
        .presence = slot->presence,
        .number = CKO_PRIVATE_KEY + 1,
        .operation = MEISHI_WIRE_SIGN,
        .mechanism = {.type = CKM_RSA_PKCS},
        .data = {(const guint8 *)"data", 4},
    };
}

char *
host_fixture_dup_text(MeishiHostText text)
{
    return g_strndup((const char *)text.data, text.len);
}
