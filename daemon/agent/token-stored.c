/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A token's PIN in the Secret Service, where the person wants that and policy allows it.
 *
 * The item is named by a digest of all that the token is known by: its serial number, model, maker,
 * label and the certificates on it.  So another card is never given the PIN, whatever it calls
 * itself, unless it shows the very same certificates.  A stored PIN that is wrong is forgotten
 * before anybody is asked, and never tried again; it is not tried where one try is left.
 *
 * Keys that want the PIN for each use are not given it: they want the person.
 */
#include "daemon/agent/token-keep.h"

#include "daemon/base/error.h"
#include "daemon/keyring/keyring.h"

#include <string.h>

#define MAX_TITLE 200 /* bytes */

/* ---- which item ----------------------------------------------------------------------------- */

static void
add_bytes(GChecksum *sum, gconstpointer data, gsize len)
{
    const guint32 size = GUINT32_TO_BE((guint32)len);

    g_checksum_update(sum, (const guchar *)&size, sizeof size);
    g_checksum_update(sum, data, (gssize)len);
}

static int
compare_der(gconstpointer a, gconstpointer b)
{
    return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

static char *
name_item(const MeishiKnownToken *known)
{
    const MeishiStoreToken *facts = known->facts;
    const char *const texts[] = {"meishi-token-pin", facts->serial, facts->model,
                                 facts->manufacturer, facts->label};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GPtrArray) certs = g_ptr_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        add_bytes(sum, texts[i], strlen(texts[i]));
    for (guint i = 0; i < known->identities->len; i++)
        g_ptr_array_add(certs,
                        ((const MeishiStoreTokenIdentity *)known->identities->pdata[i])->der);
    g_ptr_array_sort(certs, compare_der);
    for (guint i = 0; i < certs->len; i++) {
        gsize len;
        const guint8 *der = g_bytes_get_data(certs->pdata[i], &len);

        add_bytes(sum, der, len);
    }
    return g_strdup(g_checksum_get_string(sum));
}

static void
tell_trouble(MeishiAgent *agent, const char *label, const char *what, const GError *error)
{
    g_autofree char *text =
        g_strdup_printf("The PIN of the token “%s” %s: %s", label, what, error->message);

    g_signal_emit_by_name(agent, "token-trouble", text);
}

/* ---- storing and forgetting ----------------------------------------------------------------- */

typedef struct {
    MeishiAgent *agent; /* held */
    guint number;       /* of the token in the book */
    char *label;
} Errand;

static Errand *
errand_new(MeishiAgent *agent, const MeishiKnownToken *known)
{
    Errand *errand = g_new0(Errand, 1);

    errand->agent = g_object_ref(agent);
    errand->number = known->number;
    errand->label = g_strdup(known->facts->label);
    return errand;
}

static void
errand_free(Errand *errand)
{
    g_object_unref(errand->agent);
    g_free(errand->label);
    g_free(errand);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Errand, errand_free)

static void
on_stored(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Errand) errand = user_data;
    g_autoptr(GError) error = NULL;

    if (!meishi_keyring_store_finish(result, &error))
        tell_trouble(errand->agent, errand->label, "is not stored", error);
}

void
meishi_token_stored_keep(MeishiTokenLock *lock, MeishiSecret *pin)
{
    g_autofree char *item = name_item(lock->known);
    g_autofree char *title =
        g_strdup_printf("Meishi: PIN of the token “%.*s”", MAX_TITLE, lock->known->facts->label);
    g_autofree char *valid = g_utf8_make_valid(title, -1);

    meishi_token_keep_of(lock)->has_failed = FALSE;
    meishi_keyring_store_pin_async(item, valid, pin, NULL, on_stored,
                                   errand_new(lock->agent, lock->known));
}

static MeishiKnownToken *
find_known(const Errand *errand)
{
    GPtrArray *list = meishi_token_book_list(errand->agent->token_book);

    for (guint i = 0; i < list->len; i++) {
        if (((MeishiKnownToken *)list->pdata[i])->number == errand->number)
            return list->pdata[i];
    }
    return NULL;
}

/* A PIN that the keyring does not let go is looked for no more, by any daemon to come. */
static void
on_forgotten(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Errand) errand = user_data;
    g_autoptr(GError) error = NULL;
    MeishiKnownToken *known = find_known(errand);

    if (meishi_keyring_clear_finish(result, &error) ||
        g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND))
        return;
    tell_trouble(errand->agent, errand->label, "may still be stored, and is not used any more",
                 error);
    if (known != NULL)
        (void)!meishi_token_book_set_pin(errand->agent->token_book, known, 0, 0, NULL);
    meishi_agent_announce_hints(errand->agent);
}

void
meishi_token_stored_forget(MeishiAgent *agent, const MeishiKnownToken *known)
{
    g_autofree char *item = name_item(known);

    meishi_keyring_clear_pin_async(item, NULL, on_forgotten, errand_new(agent, known));
}

/* ---- trying it ------------------------------------------------------------------------------ */

/* Whoever locked by hand opens by hand. */
static gboolean
is_closed(const MeishiAgent *agent)
{
    return agent->shelf->was_closed &&
           meishi_agent_vault_state((MeishiAgent *)agent) != MEISHI_VAULT_UNLOCKED;
}

static gboolean
may_try(const MeishiTokenLock *lock)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);
    MeishiPinTries tries = meishi_token_use_pin_tries(lock->use);

    if (lock->agent == NULL || lock->known == NULL || meishi_token_use_is_lost(lock->use) ||
        meishi_token_use_is_logged_in(lock->use) || lock->keep->has_failed)
        return FALSE;
    if (meishi_token_content_has_pin_pad(token) || is_closed(lock->agent) ||
        (tries != MEISHI_PIN_UNKNOWN && tries != MEISHI_PIN_LOW))
        return FALSE;
    return meishi_token_keep_in_force(lock->agent, lock->known).kind == MEISHI_PIN_KEYRING;
}

static gboolean
is_open(const MeishiTokenLock *lock)
{
    return !meishi_token_use_is_lost(lock->use) && meishi_token_use_is_logged_in(lock->use);
}

/* Takes over the reference to @lock that the try has. */
static void
tell(MeishiTokenLock *lock)
{
    g_autoptr(MeishiTokenLock) mine = lock;
    g_autoptr(GPtrArray) waiting = g_steal_pointer(&lock->keep->waiting);

    for (guint i = 0; i < waiting->len; i++)
        g_task_return_boolean(waiting->pdata[i], is_open(lock));
}

/* Is that about the PIN, and so the PIN a wrong one? */
static gboolean
is_wrong(const GError *error)
{
    return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET) ||
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT) ||
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
}

static void
give_up(MeishiTokenLock *lock, const GError *error)
{
    lock->keep->has_failed = TRUE;
    if (lock->agent == NULL || lock->known == NULL)
        return;
    tell_trouble(lock->agent, lock->known->facts->label,
                 "that is stored is not right, and is forgotten", error);
    meishi_token_stored_forget(lock->agent, lock->known);
}

static void
on_logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiTokenLock *lock = user_data;
    g_autoptr(GError) error = NULL;

    if (meishi_token_use_login_finish(result, &error))
        meishi_token_keep_note_login(lock);
    else if (is_wrong(error))
        give_up(lock, error);
    if (lock->agent != NULL)
        meishi_agent_announce_hints(lock->agent);
    tell(lock);
}

static gboolean
fits(const MeishiSecret *pin, const MeishiTokenContent *token)
{
    gsize len = meishi_secret_len(pin);

    return len >= token->min_pin && (token->max_pin == 0 || len <= token->max_pin);
}

static void
on_looked_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiTokenLock *lock = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) pin = meishi_keyring_lookup_finish(result, &error);

    if (pin == NULL && lock->agent != NULL &&
        !g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND))
        tell_trouble(lock->agent, lock->place->label, "is not read from the keyring", error);
    if (pin == NULL || !may_try(lock) || !fits(pin, meishi_token_use_token(lock->use)))
        tell(lock);
    else
        meishi_token_use_login_async(lock->use, pin, on_logged_in, lock);
}

static void
begin(MeishiTokenLock *lock)
{
    g_autofree char *item = name_item(lock->known);

    lock->keep->waiting = g_ptr_array_new_with_free_func(g_object_unref);
    meishi_keyring_lookup_pin_async(item, NULL, on_looked_up, meishi_token_lock_ref(lock));
}

void
meishi_token_stored_try_async(MeishiTokenLock *lock, GAsyncReadyCallback callback,
                              gpointer user_data)
{
    GTask *task = g_task_new(NULL, NULL, callback, user_data);
    MeishiTokenKeep *keep = meishi_token_keep_of(lock);

    if (keep->waiting == NULL && may_try(lock))
        begin(lock);
    if (keep->waiting != NULL) {
        g_ptr_array_add(keep->waiting, task);
        return;
    }
    g_task_return_boolean(task, FALSE);
    g_object_unref(task);
}

gboolean
meishi_token_stored_try_finish(GAsyncResult *result)
{
    return g_task_propagate_boolean(G_TASK(result), NULL);
}
