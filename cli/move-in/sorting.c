/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys are never looked at here: what is in a file is what the daemon says of it in a dry run.
 */
#include "cli/move-in/sorting.h"

#include "cli/error.h"
#include "daemon/asking/imported.h"
#include "daemon/base/error.h"
#include "daemon/base/secret.h"

#include <string.h>
#include <unistd.h>

#define MAX_POOLED  (2 * 1024 * 1024)
#define BASE64_LINE 64

gboolean
meishi_sorting_is_about_files(const GError *error)
{
    static const MeishiErrorCode codes[] = {
        MEISHI_ERROR_BAD_FILE,          MEISHI_ERROR_UNSUPPORTED,    MEISHI_ERROR_KEY_MISMATCH,
        MEISHI_ERROR_PASSWORD_REQUIRED, MEISHI_ERROR_WRONG_PASSWORD, MEISHI_ERROR_TOO_EXPENSIVE,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (g_error_matches(error, MEISHI_ERROR, (gint)codes[i]))
            return TRUE;
    }
    return FALSE;
}

/* ---- certificates alone -----------------------------------------------------------------------
 */

static MeishiSecret *
read_again(const MeishiInputFile *file)
{
    if (lseek(file->fd, 0, SEEK_SET) != 0)
        return NULL;
    return meishi_secret_new_from_fd(file->fd, MAX_POOLED, NULL);
}

static void
append_der(GString *pool, const guint8 *der, gsize len)
{
    g_autofree char *base64 = g_base64_encode(der, len);

    g_string_append(pool, "-----BEGIN CERTIFICATE-----\n");
    for (const char *line = base64; *line != '\0'; line += MIN(strlen(line), BASE64_LINE))
        g_string_append_printf(pool, "%.*s\n", BASE64_LINE, line);
    g_string_append(pool, "-----END CERTIFICATE-----\n");
}

/* What the daemon has read without finding a key.  PKCS#12 is not taken apart here. */
static void
put_by(MeishiHaulItem *item, GString *pool)
{
    g_autoptr(MeishiSecret) content = read_again(item->file);

    item->is_put_by = TRUE;
    if (content == NULL)
        return;
    if (item->kind == MEISHI_SNIFF_CERTIFICATE) {
        append_der(pool, meishi_secret_data(content), meishi_secret_len(content));
    } else if (item->kind == MEISHI_SNIFF_PEM) {
        g_string_append_len(pool, (const char *)meishi_secret_data(content),
                            (gssize)meishi_secret_len(content));
        g_string_append_c(pool, '\n');
    }
}

/* ---- one item ---------------------------------------------------------------------------------
 */

static void
note_contents(MeishiHaulItem *item, GVariant *report)
{
    g_autoptr(MeishiImported) imported = meishi_imported_new(report);

    for (guint i = 0; i < imported->items->len; i++) {
        const MeishiImportedItem *found = imported->items->pdata[i];

        if (!found->is_identity)
            continue;
        if (found->outcome == MEISHI_IMPORTED_KEY_ADDED)
            item->n_bare_keys++;
        else
            item->is_identity = TRUE;
        item->is_new |= found->outcome != MEISHI_IMPORTED_UNCHANGED;
    }
}

static GVariant *
try_alone(const MeishiHaulItem *item, const MeishiImporting *whole, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    MeishiImporting alone = {
        .client = whole->client,
        .files = files,
        .passwords = whole->passwords,
        .given = whole->given,
        .is_dry_run = TRUE,
    };
    GVariant *report;

    g_ptr_array_add(files, item->file);
    report = meishi_importing_run(&alone, error);
    alone.client = NULL; /* borrowed */
    meishi_importing_clear(&alone);
    return report;
}

/* What the daemon says of a password begins with the name, which our report says as well. */
static void
take_trouble(MeishiHaulItem *item, GError *trouble)
{
    g_autofree char *lead = g_strconcat(item->name, ": ", NULL);
    gboolean is_led = g_str_has_prefix(trouble->message, lead);

    item->trouble = g_error_new_literal(trouble->domain, trouble->code,
                                        trouble->message + (is_led ? strlen(lead) : 0));
}

/* FALSE with an error that ends everything. */
static gboolean
sort_item(MeishiHaulItem *item, const MeishiImporting *importing, GString *pool, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GVariant) report = try_alone(item, importing, &cause);

    if (report != NULL)
        note_contents(item, report);
    else if (g_error_matches(cause, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND))
        put_by(item, pool);
    else if (meishi_sorting_is_about_files(cause) ||
             g_error_matches(cause, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_SECRET))
        take_trouble(item, cause);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return report != NULL || item->is_put_by || item->trouble != NULL;
}

/* The same command, given again, takes the next ones: what is here already goes first. */
static void
drop_what_is_too_much(MeishiHaul *haul)
{
    g_autoptr(GPtrArray) files = meishi_haul_files(haul);
    guint n = 0;

    for (guint i = 0; files->len > MEISHI_SORTING_MAX && i < haul->items->len; i++) {
        MeishiHaulItem *item = haul->items->pdata[i];

        if (item->trouble != NULL || item->is_put_by)
            continue;
        item->is_put_by = !item->is_new;
        if (item->is_new && ++n > MEISHI_SORTING_MAX)
            g_set_error(&item->trouble, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                        "At most %d are taken at once; the same command takes the next ones",
                        MEISHI_SORTING_MAX);
    }
}

gboolean
meishi_sorting_try_each(MeishiHaul *haul, const MeishiImporting *importing,
                        MeishiInputFile **ret_pool, GError **error)
{
    g_autoptr(GString) pool = g_string_new(NULL);

    *ret_pool = NULL;
    for (guint i = 0; i < haul->items->len; i++) {
        MeishiHaulItem *item = haul->items->pdata[i];

        if (item->trouble == NULL && !sort_item(item, importing, pool, error))
            return FALSE;
    }
    drop_what_is_too_much(haul);
    if (pool->len == 0)
        return TRUE;
    *ret_pool =
        meishi_input_file_new_for_bytes("the other certificates", pool->str, pool->len, error);
    return *ret_pool != NULL;
}

/* ---- all together -----------------------------------------------------------------------------
 */

static guint
count_bare_keys(const MeishiImported *imported, const char *file)
{
    guint n = 0;

    for (guint i = 0; i < imported->items->len; i++) {
        const MeishiImportedItem *found = imported->items->pdata[i];

        n += found->outcome == MEISHI_IMPORTED_KEY_ADDED && g_str_equal(found->file, file);
    }
    return n;
}

void
meishi_sorting_drop_bare_keys(MeishiHaul *haul, GVariant *report)
{
    g_autoptr(MeishiImported) imported = meishi_imported_new(report);

    for (guint i = 0; i < haul->items->len; i++) {
        MeishiHaulItem *item = haul->items->pdata[i];

        if (item->trouble != NULL || item->is_put_by || item->is_identity ||
            item->n_bare_keys == 0 || count_bare_keys(imported, item->name) < item->n_bare_keys)
            continue;
        g_set_error(&item->trouble, MEISHI_ERROR, MEISHI_ERROR_KEY_MISMATCH,
                    "There is no certificate for this private key here. To keep the key all the "
                    "same, import the file by name");
    }
}

guint
meishi_sorting_count(GVariant *report)
{
    g_autoptr(MeishiImported) imported = report != NULL ? meishi_imported_new(report) : NULL;
    guint n = 0;

    for (guint i = 0; imported != NULL && i < imported->items->len; i++) {
        const MeishiImportedItem *found = imported->items->pdata[i];

        n += found->is_identity;
    }
    return n;
}
