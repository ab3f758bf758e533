/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copy, let the helper open the copy, take it away: once for each password that is tried, so that
 * no copy lies about while a person thinks.
 */
#include "cli/move-in/nss-source.h"

#include "cli/error.h"
#include "cli/move-in/nss-copy.h"
#include "cli/move-in/nss-helper.h"
#include "cli/move-in/nss-library.h"
#include "cli/nss/export.h"
#include "cli/prompt.h"
#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"

#include <signal.h>

#define TRIES    3
#define SEAL_LEN 32

/* ---- one try --------------------------------------------------------------------------------- */

/* Random, in ASCII. */
static MeishiSecret *
new_seal(void)
{
    static const char digits[] = "0123456789abcdef";
    g_autoptr(MeishiSecret) random = meishi_secret_new(SEAL_LEN);
    MeishiSecret *seal = meishi_secret_new(2 * SEAL_LEN);
    const guint8 *from = meishi_secret_data(random);
    guint8 *to = meishi_secret_writable(seal);

    meishi_crypto_random(meishi_secret_writable(random), SEAL_LEN);
    for (gsize i = 0; i < SEAL_LEN; i++) {
        to[2 * i] = (guint8)digits[from[i] >> 4];
        to[2 * i + 1] = (guint8)digits[from[i] & 15];
    }
    return seal;
}

/* Whoever ends us meanwhile has to wait until the copy is gone. */
static void
hold_signals(sigset_t *ret_old)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &held, ret_old);
}

static gboolean
is_failed(GVariant *result)
{
    const char *state;

    if (result == NULL)
        return TRUE;
    g_variant_get_child(result, 0, "&s", &state);
    return g_str_equal(state, MEISHI_NSS_EXPORT_FAILED);
}

/* With the NSS that wrote it where there is one, else, or where that does not run here, with the
 * system's. */
static GVariant *
export_copy(const MeishiHaul *haul, const char *path, const char *library,
            const MeishiSecret *password, GError **error)
{
    g_autoptr(MeishiNssCopy) copy = meishi_nss_copy_new(path, error);
    g_autoptr(GVariant) result = NULL;

    if (copy != NULL && library != NULL)
        result =
            meishi_nss_helper_run(meishi_nss_copy_path(copy), library, haul->seal, password, NULL);
    if (copy == NULL || !is_failed(result))
        return g_steal_pointer(&result);
    return meishi_nss_helper_run(meishi_nss_copy_path(copy), NULL, haul->seal, password, error);
}

static gboolean
check_state(const MeishiHaulPlace *place, GVariant *result, const char *library,
            gboolean had_password, GError **error)
{
    const char *doubt = ", or it was set by a newer NSS than this machine has";
    const char *state, *detail;

    g_variant_get_child(result, 0, "&s", &state);
    g_variant_get_child(result, 1, "&s", &detail);
    if (g_str_equal(state, MEISHI_NSS_EXPORT_OK))
        return TRUE;
    if (!g_str_equal(state, MEISHI_NSS_EXPORT_PASSWORD))
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "NSS cannot read the database in %s (%s)", place->path, detail);
    else if (had_password)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_PASSWORD,
                    "That is not the primary password of %s%s", place->title,
                    library == NULL ? doubt : "");
    else
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED,
                    "%s is protected by a primary password", place->title);
    return FALSE;
}

/* What the helper found, or an error. */
static GVariant *
try_once(const MeishiHaul *haul, const MeishiHaulPlace *place, const MeishiSecret *password,
         GError **error)
{
    g_autofree char *library = meishi_nss_library_find(place->path, 0);
    g_autoptr(GVariant) result = NULL;
    sigset_t old;

    hold_signals(&old);
    result = export_copy(haul, place->path, library, password, error);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (result == NULL || !check_state(place, result, library, password != NULL, error))
        return NULL;
    return g_steal_pointer(&result);
}

/* ---- passwords ------------------------------------------------------------------------------- */

static gboolean
is_about_password(const GError *error)
{
    return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED) ||
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_PASSWORD);
}

/* Without one, then with each that is at hand. */
static GVariant *
try_all(const MeishiHaul *haul, const MeishiHaulPlace *place, GPtrArray *passwords, GError **error)
{
    GError *cause = NULL;
    GVariant *result = try_once(haul, place, NULL, &cause);

    for (guint i = 0; result == NULL && is_about_password(cause) && i < passwords->len; i++) {
        g_clear_error(&cause);
        result = try_once(haul, place, passwords->pdata[i], &cause);
    }
    if (result == NULL)
        g_propagate_error(error, cause);
    return result;
}

static GVariant *
ask_and_try(const MeishiHaul *haul, const MeishiHaulPlace *place, GPtrArray *passwords,
            GError **error)
{
    g_autofree char *question = g_strdup_printf("Primary password of %s", place->title);
    GError *cause = NULL;

    for (guint i = 0; i < TRIES; i++) {
        g_autoptr(MeishiSecret) password = NULL;
        GVariant *result;

        if (cause != NULL)
            meishi_error_print(cause);
        g_clear_error(&cause);
        password = meishi_prompt_secret(question, error);
        if (password == NULL)
            return NULL;
        result = try_once(haul, place, password, &cause);
        if (result != NULL)
            g_ptr_array_add(passwords, g_steal_pointer(&password));
        if (result != NULL || !is_about_password(cause)) {
            if (result == NULL)
                g_propagate_error(error, cause);
            return result;
        }
    }
    g_propagate_error(error, cause);
    return NULL;
}

static GVariant *
open_database(const MeishiHaul *haul, const MeishiHaulPlace *place, GPtrArray *passwords,
              gboolean given, GError **error)
{
    g_autoptr(GError) cause = NULL;
    GVariant *result = try_all(haul, place, passwords, &cause);

    if (result == NULL && is_about_password(cause) && !given && meishi_prompt_is_possible())
        return ask_and_try(haul, place, passwords, error);
    if (g_error_matches(cause, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED))
        g_set_error(error, cause->domain, cause->code,
                    "%s. There is no terminal to ask on; use --password-file or --password-fd.",
                    cause->message);
    else if (cause != NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return result;
}

/* ---- what is in it ----------------------------------------------------------------------------
 */

static void
add_identity(MeishiHaul *haul, MeishiHaulPlace *place, const char *name, const char *trouble,
             GVariant *file)
{
    gsize len = 0;
    gconstpointer bytes = g_variant_get_fixed_array(file, &len, 1);
    GError *error = NULL;
    MeishiInputFile *input = NULL;

    place->n_found++;
    if (*trouble != '\0')
        g_set_error(&error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "NSS does not give it away (%s)", trouble);
    else
        input = meishi_input_file_new_for_bytes(name, bytes, len, &error);
    if (input != NULL)
        meishi_haul_add_item(haul, place, input);
    else
        meishi_haul_add_refused(haul, place, name, error);
}

static void
add_identities(MeishiHaul *haul, MeishiHaulPlace *place, GVariant *result)
{
    g_autoptr(GVariant) identities = g_variant_get_child_value(result, 2);

    for (gsize i = 0; i < g_variant_n_children(identities); i++) {
        g_autoptr(GVariant) file = NULL;
        const char *name, *trouble;

        g_variant_get_child(identities, i, "(&s&s@ay)", &name, &trouble, &file);
        add_identity(haul, place, name, trouble, file);
    }
}

void
meishi_nss_source_read(MeishiHaul *haul, MeishiHaulPlace *place, GPtrArray *passwords,
                       gboolean given)
{
    g_autoptr(GVariant) result = NULL;

    if (haul->seal == NULL)
        haul->seal = new_seal();
    result = open_database(haul, place, passwords, given, &place->trouble);
    if (result != NULL)
        add_identities(haul, place, result);
}
