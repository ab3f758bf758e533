/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/template.c and daemon/tokenhost/writing.c: objects made and taken away on a token,
 * with a real host and the hostile module.
 */
#include "tests/unit/token/host-fixture.h"

#include "daemon/base/error.h"
#include "daemon/token/template.h"
#include "module/wire/cryptoki.h"

#include <string.h>

typedef struct {
    HostFixture host;
    MeishiHostSlot slot;
    MeishiHostAnswer *slots;
} Fixture;

static void
fixture_init(Fixture *fixture, const char *words)
{
    host_fixture_init(&fixture->host, words);
    host_fixture_await_ready(&fixture->host, 1);
    fixture->slots = host_fixture_look(&fixture->host, &fixture->slot);
}

static void
fixture_clear(Fixture *fixture)
{
    meishi_host_answer_free(fixture->slots);
    host_fixture_clear(&fixture->host);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static MeishiHostRequest
about_token(const Fixture *fixture, MeishiHostType type)
{
    return (MeishiHostRequest){
        .type = type, .slot = fixture->slot.slot, .presence = fixture->slot.presence};
}

/* What C_CreateObject returned. */
static guint64
create(Fixture *fixture, const MeishiHostObject *object, guint64 *ret_handle)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) encoded = meishi_template_encode(object, &error);
    MeishiHostRequest request = about_token(fixture, MEISHI_HOST_CREATE);
    g_autoptr(MeishiHostAnswer) answer = NULL;

    g_assert_no_error(error);
    request.n_pins = 1;
    request.pins[0] = encoded;
    answer = host_fixture_call(&fixture->host, &request, &error);
    g_assert_no_error(error);
    if (answer->reply.status == CKR_OK)
        *ret_handle = answer->reply.object;
    return answer->reply.status;
}

static guint64
destroy(Fixture *fixture, guint64 handle)
{
    MeishiHostRequest request = about_token(fixture, MEISHI_HOST_DESTROY);

    request.number = handle;
    return host_fixture_status(&fixture->host, &request);
}

/* The object with @handle as the token lists it now, into @ret, which points into the answer. */
static MeishiHostAnswer *
find(Fixture *fixture, guint64 handle, MeishiHostObject *ret)
{
    MeishiHostRequest request = about_token(fixture, MEISHI_HOST_OBJECTS);
    g_autoptr(GError) error = NULL;
    MeishiHostAnswer *answer;
    struct meishi_reader reader;

    request.number = MEISHI_HOST_ANY_CLASS;
    answer = host_fixture_call(&fixture->host, &request, &error);
    g_assert_no_error(error);
    meishi_reader_init(&reader, answer->listing.data, answer->listing.len);
    (void)meishi_reader_u8(&reader);
    while (meishi_host_object_decode(&reader, ret))
        if (ret->handle == handle)
            return answer;
    ret->handle = 0;
    return answer;
}

/* ---- templates ------------------------------------------------------------------------------ */

static void
fill_key(MeishiHostObject *object)
{
    static const gulong key_type = CKK_RSA;

    *object = (MeishiHostObject){.class = CKO_PRIVATE_KEY};
    meishi_template_add_number(object, CKA_KEY_TYPE, &key_type);
    meishi_template_add_flag(object, CKA_TOKEN, TRUE);
    meishi_template_add_flag(object, CKA_EXTRACTABLE, FALSE);
    meishi_template_add_text(object, CKA_LABEL, "Written");
    meishi_template_add(object, CKA_ID, (struct meishi_bytes){(const guint8 *)"\1\2\3", 3});
}

static void
test_template(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) encoded = NULL;
    MeishiHostObject object, back;
    struct meishi_reader reader;

    fill_key(&object);
    encoded = meishi_template_encode(&object, &error);
    g_assert_no_error(error);
    meishi_reader_init(&reader, meishi_secret_data(encoded), meishi_secret_len(encoded));
    g_assert_true(meishi_host_object_decode(&reader, &back));
    g_assert_true(meishi_reader_end(&reader));
    g_assert_cmpuint(back.class, ==, CKO_PRIVATE_KEY);
    g_assert_cmpuint(back.n, ==, 5);
    g_assert_cmpmem(meishi_host_object_find(&back, CKA_LABEL)->data, 7, "Written", 7);
    g_assert_cmpmem(meishi_host_object_find(&back, CKA_TOKEN)->data, 1, "\1", 1);
    g_assert_cmpmem(meishi_host_object_find(&back, CKA_EXTRACTABLE)->data, 1, "\0", 1);
}

static void
test_template_too_large(void)
{
    g_autoptr(GBytes) much =
        g_bytes_new_take(g_malloc0(MEISHI_HOST_MAX_TEMPLATE), MEISHI_HOST_MAX_TEMPLATE);
    g_autoptr(GError) error = NULL;
    MeishiHostObject object = {.class = CKO_CERTIFICATE};

    meishi_template_add_bytes(&object, CKA_VALUE, much);
    g_assert_null(meishi_template_encode(&object, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE);
}

/* ---- objects -------------------------------------------------------------------------------- */

static void
test_create_and_destroy(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiHostAnswer) listed = NULL, after = NULL;
    MeishiHostObject object, found;
    guint64 handle = 0;

    fixture_init(&fixture, NULL);
    g_assert_cmpuint(host_fixture_login(&fixture.host, &fixture.slot, "1234"), ==, CKR_OK);
    fill_key(&object);
    g_assert_cmpuint(create(&fixture, &object, &handle), ==, CKR_OK);
    g_assert_cmpuint(handle, !=, 0);
    /* The login of the session that reads holds: the private key is seen, and signs. */
    listed = find(&fixture, handle, &found);
    g_assert_cmpuint(found.handle, ==, handle);
    g_assert_cmpuint(found.class, ==, CKO_PRIVATE_KEY);
    g_assert_cmpmem(meishi_host_object_find(&found, CKA_ID)->data, 3, "\1\2\3", 3);
    g_assert_cmpuint(destroy(&fixture, handle), ==, CKR_OK);
    after = find(&fixture, handle, &found);
    g_assert_cmpuint(found.handle, ==, 0);
    g_assert_cmpuint(destroy(&fixture, handle), ==, CKR_OBJECT_HANDLE_INVALID);
}

/* More than a page, as large keys and certificates are. */
static void
test_large(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GBytes) value = g_bytes_new_take(g_malloc0(20000), 20000);
    g_autoptr(MeishiHostAnswer) listed = NULL;
    MeishiHostObject object = {.class = CKO_CERTIFICATE}, found;
    guint64 handle = 0;

    fixture_init(&fixture, NULL);
    g_assert_cmpuint(host_fixture_login(&fixture.host, &fixture.slot, "1234"), ==, CKR_OK);
    meishi_template_add_bytes(&object, CKA_VALUE, value);
    g_assert_cmpuint(create(&fixture, &object, &handle), ==, CKR_OK);
    listed = find(&fixture, handle, &found);
    g_assert_cmpuint(meishi_host_object_find(&found, CKA_VALUE)->len, ==, 20000);
}

static void
test_refusals(void)
{
    static const struct {
        const char *words;
        const char *pin;
        guint64 status;
    } cases[] = {
        {NULL, NULL, CKR_USER_NOT_LOGGED_IN},
        {"read-only", "1234", CKR_TOKEN_WRITE_PROTECTED},
        {"create-refused", "1234", CKR_ATTRIBUTE_VALUE_INVALID},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Fixture) fixture = {0};
        MeishiHostObject object;
        guint64 handle = 0;

        fixture_init(&fixture, cases[i].words);
        if (cases[i].pin != NULL)
            g_assert_cmpuint(host_fixture_login(&fixture.host, &fixture.slot, cases[i].pin), ==,
                             CKR_OK);
        fill_key(&object);
        g_assert_cmpuint(create(&fixture, &object, &handle), ==, cases[i].status);
    }
}

/* With room for one session the one that writes takes the place of the one that reads.  The login
 * goes with it, once; from then on both is done in one. */
static void
test_one_session(void)
{
    g_auto(Fixture) fixture = {0};
    MeishiHostObject object;
    guint64 handle = 0;

    fixture_init(&fixture, "sessions=1");
    g_assert_cmpuint(host_fixture_login(&fixture.host, &fixture.slot, "1234"), ==, CKR_OK);
    fill_key(&object);
    g_assert_cmpuint(create(&fixture, &object, &handle), ==, CKR_USER_NOT_LOGGED_IN);
    g_assert_cmpuint(host_fixture_login(&fixture.host, &fixture.slot, "1234"), ==, CKR_OK);
    g_assert_cmpuint(create(&fixture, &object, &handle), ==, CKR_OK);
    g_assert_cmpuint(destroy(&fixture, handle), ==, CKR_OK);
}

static void
test_nonsense(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiSecret) nonsense = meishi_secret_new_copy("no object", 9);
    MeishiHostRequest request;

    fixture_init(&fixture, NULL);
    request = about_token(&fixture, MEISHI_HOST_CREATE);
    request.n_pins = 1;
    request.pins[0] = nonsense;
    g_assert_cmpuint(host_fixture_status(&fixture.host, &request), ==, CKR_ARGUMENTS_BAD);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/writing/template", test_template);
    g_test_add_func("/token/writing/template-too-large", test_template_too_large);
    g_test_add_func("/token/writing/create-and-destroy", test_create_and_destroy);
    g_test_add_func("/token/writing/large", test_large);
    g_test_add_func("/token/writing/refusals", test_refusals);
    g_test_add_func("/token/writing/one-session", test_one_session);
    g_test_add_func("/token/writing/nonsense", test_nonsense);
    return g_test_run();
}
