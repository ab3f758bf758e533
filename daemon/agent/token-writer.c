/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *      log in ──► make, one by one ──► each key signs ──► everybody sees it
 *                      │                    │
 *                      └── what was made is taken away, the last first
 *
 * A token with room for one session loses its login by being written to; then there is a second
 * login, and no third.
 */
#include "daemon/agent/token-writer.h"

#include "daemon/agent/token-keep.h"
#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

#include <string.h>

#define SEEN_MS    5000 /* what a token takes to be read again */
#define SEEN_EVERY 50   /* ms */

struct MeishiTokenWriter {
    MeishiAgent *agent;
    MeishiTokenLock *lock;
    MeishiApplication *application;
    MeishiSecret *pin;
    gboolean was_asked;  /* a second time */
    gboolean has_opened; /* the token, and so used it */
};

/* What a task that writes is about. */
typedef struct {
    MeishiTokenWriter *writer;
    const MeishiTokenPieces *pieces; /* the caller's */
    guint next;                      /* of the pieces, then of the certificates */
    GArray *made;                    /* guint64: handles */
    guint n_left_out;
    GError *error;          /* what went wrong; the rest is taking away */
    guint n_taken, n_stuck; /* what was taken away, and what could not be */
    guint waited_ms;
} Write;

MeishiTokenWriter *
meishi_token_writer_new(MeishiTokenLock *lock, MeishiApplication *application, MeishiSecret *pin)
{
    MeishiTokenWriter *writer = g_new0(MeishiTokenWriter, 1);

    writer->agent = g_object_ref(lock->agent);
    writer->lock = meishi_token_lock_ref(lock);
    writer->application = meishi_application_ref(application);
    writer->pin = pin != NULL ? meishi_secret_ref(pin) : NULL;
    return writer;
}

void
meishi_token_writer_free(MeishiTokenWriter *writer)
{
    if (writer == NULL)
        return;
    if (writer->has_opened && !meishi_token_use_is_lost(writer->lock->use))
        meishi_token_keep_note_use(writer->lock);
    meishi_secret_unref(writer->pin);
    meishi_application_unref(writer->application);
    meishi_token_lock_unref(writer->lock);
    g_object_unref(writer->agent);
    g_free(writer);
}

/* ---- what the token says --------------------------------------------------------------------- */

/* What else the person can do, by the module that would not; a sentence, static. */
static const char *
advise(const MeishiTokenContent *token)
{
    if (strstr(token->module, "tpm2") != NULL)
        return "A TPM makes its own keys: make one with `pkcs11-tool --keypairgen`, have it "
               "certified and import the certificate; or use `tpm2_ptool import`.";
    if (strstr(token->module, "opensc") != NULL)
        return "Write to it with the program that came with the card; PIV cards take "
               "`yubico-piv-tool` or `piv-tool`.";
    return "Write to it with the program that came with it.";
}

static GError *
new_refusal(const MeishiTokenWriter *writer, const char *why)
{
    const MeishiTokenContent *token = meishi_token_use_token(writer->lock->use);

    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED, "%s %s", why, advise(token));
}

gboolean
meishi_token_writer_check(const MeishiTokenWriter *writer, GError **error)
{
    const MeishiTokenContent *token = meishi_token_use_token(writer->lock->use);
    const char *label = writer->lock->place->slot_label;
    g_autofree char *why = NULL;

    if (!meishi_token_content_is_initialized(token)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "The token “%s” has not been set up yet; `meishi token init` does that.",
                    label);
        return FALSE;
    }
    if ((token->flags & CKF_WRITE_PROTECTED) == 0)
        return TRUE;
    why = g_strdup_printf("The token “%s” can only be read through its PKCS#11 module.", label);
    g_propagate_error(error, new_refusal(writer, why));
    return FALSE;
}

/* ---- logging in ------------------------------------------------------------------------------ */

static void
on_logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiTokenWriter *writer = g_task_get_task_data(task);
    GError *error = NULL;
    gboolean ok = meishi_token_use_login_finish(result, &error);

    meishi_agent_announce_hints(writer->agent);
    if (ok)
        meishi_token_keep_note_opened(writer->lock, meishi_token_use_taken_pin(result));
    writer->has_opened = ok;
    if (!ok) {
        meishi_token_lock_explain(writer->lock, &error);
        g_task_return_error(task, error);
        return;
    }
    g_task_return_boolean(task, TRUE);
}

static void
on_asked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiTokenWriter *writer = g_task_get_task_data(task);
    GError *error = NULL;

    writer->has_opened = meishi_opening_ask_finish(result, &error);
    if (writer->has_opened)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

/* What is spent on the last try, or on one that is blocked, wants a person's word for just that;
 * whoever is asked gives it. */
static gboolean
may_try(const MeishiTokenWriter *writer, GError **error)
{
    MeishiLockFacts facts = {0};

    meishi_token_lock_look(writer->lock, &facts);
    if (facts.tries == MEISHI_LOCK_TRIES_NONE)
        g_propagate_error(error, meishi_token_lock_refusal(writer->lock, "that is blocked by now"));
    if (facts.tries == MEISHI_LOCK_TRIES_LAST)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "One try is left for the PIN of the token “%s”, and a wrong one blocks it. "
                    "Import without a PIN in a file, and type it when you are asked.",
                    writer->lock->place->slot_label);
    return facts.tries < MEISHI_LOCK_TRIES_LAST;
}

static void
log_in_async(MeishiTokenWriter *writer, GCancellable *cancellable, GAsyncReadyCallback callback,
             gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);
    const MeishiOpeningCall call = {.application = writer->application};
    MeishiTokenUse *use = writer->lock->use;
    GError *error = NULL;

    g_task_set_task_data(task, writer, NULL);
    if (meishi_token_use_is_logged_in(use) ||
        !meishi_token_content_needs_login(meishi_token_use_token(use))) {
        g_task_return_boolean(task, TRUE);
        g_object_unref(task);
    } else if (writer->pin != NULL && !may_try(writer, &error)) {
        g_task_return_error(task, error);
        g_object_unref(task);
    } else if (writer->pin != NULL) {
        meishi_token_use_login_async(use, writer->pin, on_logged_in, task);
    } else {
        meishi_opening_ask_async(meishi_token_lock_opening(writer->lock), &call, cancellable,
                                 on_asked, task);
    }
}

static gboolean
log_in_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- opening --------------------------------------------------------------------------------- */

static void
on_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    GPtrArray *objects = meishi_token_use_list_finish(result, &error);

    if (objects != NULL)
        g_task_return_pointer(task, objects, (GDestroyNotify)g_ptr_array_unref);
    else
        g_task_return_error(task, error);
}

static void
on_open_logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiTokenWriter *writer = g_task_get_task_data(task);
    GError *error = NULL;

    if (log_in_finish(result, &error))
        meishi_token_use_list_async(writer->lock->use, writer->application, on_listed,
                                    g_object_ref(task));
    else
        g_task_return_error(task, error);
}

void
meishi_token_writer_open_async(MeishiTokenWriter *writer, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);

    g_task_set_task_data(task, writer, NULL);
    log_in_async(writer, cancellable, on_open_logged_in, task);
}

GPtrArray *
meishi_token_writer_open_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- taking away ----------------------------------------------------------------------------- */

static void take_away_last(GTask *task);

static void
on_taken_away(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Write *write = g_task_get_task_data(task);

    if (meishi_token_use_destroy_finish(result, NULL))
        write->n_taken++;
    else
        write->n_stuck++;
    take_away_last(task);
}

/* What became of what was written; new. */
static char *
describe_rest(const Write *write)
{
    if (write->n_stuck > 0)
        return g_strdup_printf(" %u of the objects that were written are still on the token; "
                               "importing the same once more completes them.",
                               write->n_stuck);
    return g_strdup(write->n_taken > 0 ? " What was written was taken away again." : "");
}

static void
finish_failed(GTask *task)
{
    Write *write = g_task_get_task_data(task);
    GError *error = g_steal_pointer(&write->error);
    g_autofree char *rest = describe_rest(write);
    char *message = g_strconcat(error->message, rest, NULL);

    meishi_token_use_read_again(write->writer->lock->use);
    g_free(error->message);
    error->message = message;
    g_task_return_error(task, error);
}

static void
take_away_last(GTask *task)
{
    Write *write = g_task_get_task_data(task);
    guint64 object;

    if (write->made->len == 0) {
        finish_failed(task);
        return;
    }
    object = g_array_index(write->made, guint64, write->made->len - 1);
    g_array_set_size(write->made, write->made->len - 1);
    meishi_token_use_destroy_async(write->writer->lock->use, write->writer->application, object,
                                   on_taken_away, g_object_ref(task));
}

/* Takes @error over. */
static void
fail(GTask *task, GError *error)
{
    Write *write = g_task_get_task_data(task);

    write->error = error;
    take_away_last(task);
}

/* ---- being seen ------------------------------------------------------------------------------ */

static gboolean
is_seen(const Write *write)
{
    const MeishiTokenShelf *shelf = write->writer->agent->shelf;

    for (guint i = 0; shelf != NULL && i < write->pieces->certs->len; i++) {
        if (meishi_token_shelf_find(shelf, write->pieces->certs->pdata[i]) == NULL)
            return FALSE;
    }
    return TRUE;
}

/* Whoever imported looks for it now. */
static gboolean
on_time_to_see(gpointer user_data)
{
    GTask *task = user_data;
    Write *write = g_task_get_task_data(task);

    write->waited_ms += SEEN_EVERY;
    if (!is_seen(write) && write->waited_ms < SEEN_MS)
        return G_SOURCE_CONTINUE;
    g_task_return_boolean(task, TRUE);
    return G_SOURCE_REMOVE;
}

static void
await_seen(GTask *task)
{
    Write *write = g_task_get_task_data(task);

    meishi_token_use_read_again(write->writer->lock->use);
    g_timeout_add_full(G_PRIORITY_DEFAULT, SEEN_EVERY, on_time_to_see, g_object_ref(task),
                       g_object_unref);
}

/* ---- proving --------------------------------------------------------------------------------- */

static void prove_next(GTask *task);

/* Something to sign, and how to tell that it was. */
typedef struct {
    MeishiCert *cert;
    MeishiMechanism mechanism;
    guint8 data[32];
} Proof;

static void
proof_free(gpointer data)
{
    Proof *proof = data;

    meishi_cert_unref(proof->cert);
    g_free(proof);
}

static Proof *
proof_new(MeishiCert *cert)
{
    static const guint64 types[] = {
        [MEISHI_KEY_RSA] = CKM_SHA256_RSA_PKCS, [MEISHI_KEY_RSA_PSS] = CKM_SHA256_RSA_PKCS_PSS,
        [MEISHI_KEY_EC] = CKM_ECDSA_SHA256,     [MEISHI_KEY_ED25519] = CKM_EDDSA,
        [MEISHI_KEY_ED448] = CKM_EDDSA,
    };
    Proof *proof = g_new0(Proof, 1);

    proof->cert = meishi_cert_ref(cert);
    proof->mechanism.type = types[cert->key->type];
    if (cert->key->type == MEISHI_KEY_RSA_PSS) {
        proof->mechanism.n_numbers = 3;
        proof->mechanism.numbers[0] = CKM_SHA256;
        proof->mechanism.numbers[1] = CKG_MGF1_SHA256;
        proof->mechanism.numbers[2] = sizeof proof->data;
    }
    meishi_crypto_random(proof->data, sizeof proof->data);
    return proof;
}

static gboolean
verify(struct meishi_bytes result, gpointer user_data)
{
    const Proof *proof = user_data;

    return meishi_public_verify(proof->cert->key->spki, &proof->mechanism, proof->data,
                                sizeof proof->data, result.data, result.len, NULL);
}

static void
on_proven(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    g_autoptr(MeishiSecret) signature = meishi_token_use_operate_finish(result, &error);

    if (signature != NULL) {
        prove_next(task);
        return;
    }
    g_prefix_error(&error, "What was written to the token cannot be used. ");
    fail(task, error);
}

static void
prove(GTask *task, MeishiCert *cert)
{
    const Write *write = g_task_get_task_data(task);
    Proof *proof = proof_new(cert);
    const MeishiTokenIdentity identity = {.cert = cert};
    MeishiTokenJob job = {
        .who = write->writer->application,
        .identity = &identity,
        .operation = MEISHI_OP_SIGN,
        .verify = verify,
        .verify_data = proof,
        .verify_free = proof_free,
    };
    g_auto(MeishiAway) away = {0};
    GError *error = NULL;

    if (!meishi_away_plan(cert->key->spki, MEISHI_OP_SIGN, &proof->mechanism, proof->data,
                          sizeof proof->data, &away, &error)) {
        proof_free(proof);
        fail(task, error);
        return;
    }
    meishi_token_job_set_ways(&job, &away);
    meishi_token_use_operate_async(write->writer->lock->use, &job, NULL, on_proven,
                                   g_object_ref(task));
}

static void
prove_next(GTask *task)
{
    Write *write = g_task_get_task_data(task);

    if (write->next < write->pieces->certs->len)
        prove(task, write->pieces->certs->pdata[write->next++]);
    else
        await_seen(task);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void make_next(GTask *task);

static void
on_logged_in_again(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (log_in_finish(result, &error))
        make_next(task);
    else
        fail(task, error);
}

static void
take_failure(GTask *task, GError *error)
{
    Write *write = g_task_get_task_data(task);
    MeishiTokenWriter *writer = write->writer;
    const MeishiTokenPiece *piece = write->pieces->pieces->pdata[write->next];
    g_autoptr(GError) owned = error;

    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED) && !writer->was_asked) {
        writer->was_asked = TRUE;
        log_in_async(writer, g_task_get_cancellable(task), on_logged_in_again, g_object_ref(task));
    } else if (piece->is_optional &&
               !g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE)) {
        write->n_left_out++;
        write->next++;
        make_next(task);
    } else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED)) {
        fail(task, new_refusal(writer, error->message));
    } else {
        fail(task, g_steal_pointer(&owned));
    }
}

static void
on_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Write *write = g_task_get_task_data(task);
    GError *error = NULL;
    guint64 object = 0;

    if (!meishi_token_use_create_finish(result, &object, &error)) {
        take_failure(task, error);
        return;
    }
    g_array_append_val(write->made, object);
    write->next++;
    make_next(task);
}

static void
make_next(GTask *task)
{
    Write *write = g_task_get_task_data(task);
    const GPtrArray *pieces = write->pieces->pieces;
    const MeishiTokenPiece *piece = write->next < pieces->len ? pieces->pdata[write->next] : NULL;
    GError *error = NULL;

    if (g_cancellable_set_error_if_cancelled(g_task_get_cancellable(task), &error)) {
        fail(task, error);
    } else if (piece != NULL) {
        meishi_token_use_create_async(write->writer->lock->use, write->writer->application,
                                      piece->template, on_made, g_object_ref(task));
    } else {
        write->next = 0;
        prove_next(task);
    }
}

static void
write_free(gpointer data)
{
    Write *write = data;

    g_array_unref(write->made);
    g_clear_error(&write->error);
    g_free(write);
}

void
meishi_token_writer_write_async(MeishiTokenWriter *writer, const MeishiTokenPieces *pieces,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    Write *write = g_new0(Write, 1);

    write->writer = writer;
    write->pieces = pieces;
    write->made = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_task_set_check_cancellable(task, FALSE); /* what was done is told */
    g_task_set_task_data(task, write, write_free);
    make_next(task);
}

gboolean
meishi_token_writer_write_finish(GAsyncResult *result, guint *ret_n_left_out, GError **error)
{
    const Write *write = g_task_get_task_data(G_TASK(result));

    if (!g_task_propagate_boolean(G_TASK(result), error))
        return FALSE;
    *ret_n_left_out = write->n_left_out;
    return TRUE;
}
