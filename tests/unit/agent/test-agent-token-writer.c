/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Importing onto a token that takes things badly: with a real host and the hostile module, whose
 * signatures never verify.  Whatever went wrong, nothing of it stays on the token.
 */
#include "daemon/agent/token-piece.h"
#include "daemon/agent/token-writer.h"

#include "daemon/base/error.h"
#include "daemon/token/host.h"
#include "module/wire/cryptoki.h"
#include "tests/lib/await.h"
#include "tests/lib/sample-identities.h"
#include "tests/unit/agent/world.h"

#include <string.h>

static void
set_module(World *world, const char *words)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);
    MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

    module->name = g_strdup("hostile");
    module->path = g_strdup(g_getenv("MEISHI_HOSTILE_MODULE"));
    module->reserved = g_strdup(words);
    g_ptr_array_add(modules, module);
    meishi_agent_set_token_modules(world->agent, modules);
    while (world->agent->shelf->locks->len == 0)
        g_main_context_iteration(NULL, TRUE);
}

static MeishiTokenUse *
use_of(const World *world)
{
    g_assert_cmpuint(world->agent->shelf->locks->len, ==, 1);
    return ((MeishiTokenLock *)world->agent->shelf->locks->pdata[0])->use;
}

/* How many objects are on the token, as who is logged in sees it. */
static guint
count_objects(const World *world)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GPtrArray) objects = NULL;
    g_autoptr(GError) error = NULL;

    meishi_token_use_list_async(use_of(world), world, await_note, &result);
    await_result(&result);
    objects = meishi_token_use_list_finish(result, &error);
    g_assert_no_error(error);
    return objects->len;
}

static void
add_file(GPtrArray *files, const char *name, const char *text)
{
    MeishiImportFile *file = g_new0(MeishiImportFile, 1);

    file->name = g_strdup(name);
    file->data = g_bytes_new(text, strlen(text));
    g_ptr_array_add(files, file);
}

static MeishiImportReport *
import(World *world, const char *pem, const char *pin, GError **error)
{
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_file_free);
    g_autoptr(GPtrArray) passwords = g_ptr_array_new();
    g_autoptr(MeishiSecret) secret = world_secret(pin);
    g_autoptr(MeishiApplication) me = meishi_application_new_unknown();
    const MeishiImportOptions options = {.token = "Hostile", .pin = secret, .application = me};
    g_autoptr(GAsyncResult) result = NULL;

    add_file(files, "identity.pem", pem);
    meishi_agent_import_async(world->agent, files, passwords, &options, NULL, await_note, &result);
    await_result(&result);
    return meishi_agent_import_finish(world->agent, result, error);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *words;
    const char *pin;
    MeishiErrorCode code;
    const char *said;
} cases[] = {
    {"cannot-sign", "", "1234", MEISHI_ERROR_KEY_MISMATCH, "was taken away again"},
    {"refused", "create-refused", "1234", MEISHI_ERROR_UNSUPPORTED, "CKR_ATTRIBUTE_VALUE_INVALID"},
    {"read-only", "read-only", "1234", MEISHI_ERROR_UNSUPPORTED, "can only be read"},
    /* The private key, the public key, which it does without, and the certificate. */
    {"certificate-refused", "create-fail=3", "1234", MEISHI_ERROR_UNSUPPORTED, "does not take"},
    {"wrong-pin", "", "4321", MEISHI_ERROR_WRONG_SECRET, "is not the PIN"},
    {"one-session", "sessions=1", "1234", MEISHI_ERROR_KEY_MISMATCH, "was taken away again"},
};

static void
check_case(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiSecret) pin = world_secret("1234");
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;

    set_module(world, cases[i].words);
    g_assert_null(import(world, sample_identity_pem(SAMPLE_RSA), cases[i].pin, &error));
    g_assert_error(error, MEISHI_ERROR, (int)cases[i].code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, cases[i].said));
    meishi_token_use_login_async(use_of(world), pin, await_note, &result);
    await_result(&result);
    g_assert_true(meishi_token_use_login_finish(result, NULL));
    /* Its own certificate, public key and private key. */
    g_assert_cmpuint(count_objects(world), ==, 3);
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, MEISHI_VAULT_ABSENT);
}

/* A module that dies in the middle: what is left cannot be taken away, and the person is told. */
static void
test_dies(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    set_module(world, "sign-crash");
    g_assert_null(import(world, sample_identity_pem(SAMPLE_EC), "1234", &error));
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, "are still on the token"));
}

/* The last try is spent by nobody but a person who was told that it is the last. */
static void
test_last_try(void)
{
    g_autoptr(World) world = world_new();

    set_module(world, "");
    for (int i = 0; i < 4; i++) {
        const int code = i < 2 ? MEISHI_ERROR_WRONG_SECRET : MEISHI_ERROR_DENIED;
        g_autoptr(GError) error = NULL;

        g_assert_null(
            import(world, sample_identity_pem(SAMPLE_EC), i < 2 ? "4321" : "1234", &error));
        g_test_message("%s", error->message);
        g_assert_error(error, MEISHI_ERROR, code);
    }
}

/* ---- what is made ---------------------------------------------------------------------------- */

static const struct meishi_bytes *
find(const MeishiHostObject *object, guint64 type)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, type);

    g_assert_nonnull(value);
    return value;
}

static void
assert_flag(const MeishiHostObject *object, guint64 type, gboolean flag)
{
    const struct meishi_bytes *value = find(object, type);

    g_assert_cmpuint(value->len, ==, 1);
    g_assert_cmpuint(value->data[0], ==, flag);
}

static void
decode(const MeishiTokenPieces *pieces, guint index, MeishiHostObject *ret)
{
    const MeishiTokenPiece *piece = pieces->pieces->pdata[index];
    struct meishi_reader reader;

    meishi_reader_init(&reader, meishi_secret_data(piece->template),
                       meishi_secret_len(piece->template));
    g_assert_true(meishi_host_object_decode(&reader, ret));
    g_assert_true(meishi_reader_end(&reader));
}

static MeishiImportPlan *
plan(const char *pem)
{
    g_autoptr(GBytes) data = g_bytes_new(pem, strlen(pem));
    g_autoptr(GPtrArray) passwords = g_ptr_array_new(), nothing = g_ptr_array_new();
    g_autoptr(MeishiBundle) bundle = meishi_bundle_read(data, "x", passwords, NULL);
    const MeishiImportSource source = {"x", bundle};
    const MeishiImportInput input = {.sources = &source,
                                     .n_sources = 1,
                                     .identities = nothing,
                                     .issuers = nothing,
                                     .now = meishi_agent_now(),
                                     .verify = meishi_x509_is_issued_by};
    g_autoptr(GError) error = NULL;
    MeishiImportPlan *made = meishi_import_plan_new(&input, &error);

    g_assert_no_error(error);
    return made;
}

/* The private key cannot be read from the token, and nobody uses it without the PIN. */
static void
test_pieces(gconstpointer data)
{
    const SampleKind kind = GPOINTER_TO_INT(data);
    g_autoptr(MeishiImportPlan) made = plan(sample_identity_pem(kind));
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiTokenPieces) pieces = meishi_token_pieces_new(made, nothing, &error);
    const MeishiCert *cert;
    MeishiHostObject key, public, object;

    g_assert_no_error(error);
    g_assert_cmpuint(pieces->pieces->len, ==, 3);
    g_assert_cmpuint(pieces->certs->len, ==, 1);
    cert = pieces->certs->pdata[0];
    decode(pieces, 0, &key);
    g_assert_cmpuint(key.class, ==, CKO_PRIVATE_KEY);
    assert_flag(&key, CKA_TOKEN, TRUE);
    assert_flag(&key, CKA_PRIVATE, TRUE);
    assert_flag(&key, CKA_SENSITIVE, TRUE);
    assert_flag(&key, CKA_EXTRACTABLE, FALSE);
    assert_flag(&key, CKA_SIGN, TRUE);
    decode(pieces, 1, &public);
    g_assert_cmpuint(public.class, ==, CKO_PUBLIC_KEY);
    assert_flag(&public, CKA_PRIVATE, FALSE);
    g_assert_null(meishi_host_object_find(&public, CKA_PRIVATE_EXPONENT));
    decode(pieces, 2, &object);
    g_assert_cmpuint(object.class, ==, CKO_CERTIFICATE);
    g_assert_cmpmem(find(&object, CKA_VALUE)->data, find(&object, CKA_VALUE)->len,
                    g_bytes_get_data(cert->der, NULL), g_bytes_get_size(cert->der));
    /* RFC 5280, 4.2.1.2 (1): what other programs look for. */
    for (const MeishiHostObject *const *at =
             (const MeishiHostObject *const[]){&key, &public, &object, NULL};
         *at != NULL; at++)
        g_assert_cmpmem(find(*at, CKA_ID)->data, find(*at, CKA_ID)->len, cert->key->key_id,
                        sizeof cert->key->key_id);
}

int
main(int argc, char **argv)
{
    static const char *const kinds[] = {"ec", "rsa", "ed25519"};

    world_init(&argc, &argv);
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/agent/token-writer/", cases[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_case);
    }
    g_test_add_func("/agent/token-writer/dies", test_dies);
    g_test_add_func("/agent/token-writer/last-try", test_last_try);
    for (int kind = 0; kind < SAMPLE_N; kind++) {
        g_autofree char *path = g_strconcat("/agent/token-writer/pieces/", kinds[kind], NULL);

        g_test_add_data_func(path, GINT_TO_POINTER(kind), test_pieces);
    }
    return world_run();
}
