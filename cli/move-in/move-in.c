/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who keeps identities where, and the order of things: find, sort out what would spoil the rest,
 * import the rest as one, say what became of each.
 */
#include "cli/move-in/move-in.h"

#include "cli/command.h"
#include "cli/error.h"
#include "cli/move-in/directory-source.h"
#include "cli/move-in/haul.h"
#include "cli/move-in/nss-places.h"
#include "cli/move-in/nss-source.h"
#include "cli/move-in/report.h"
#include "cli/move-in/sorting.h"
#include "cli/prompt.h"
#include "daemon/base/error.h"

typedef enum {
    KIND_PROFILES,  /* the NSS databases of a program */
    KIND_DATABASE,  /* one NSS database */
    KIND_KEYRINGS,  /* GNOME Keyring's files */
    KIND_DIRECTORY, /* files that somebody has put there */
} Kind;

typedef struct {
    const char *name;
    Kind kind;
} Origin;

static const Origin origins[] = {
    {"firefox", KIND_PROFILES},       {"chromium", KIND_PROFILES}, {"thunderbird", KIND_PROFILES},
    {"gnome-keyring", KIND_KEYRINGS}, {"nssdb", KIND_DATABASE},    {"openssl", KIND_DIRECTORY},
};

/* ---- what is asked for ------------------------------------------------------------------------
 */

static const Origin *
find_origin(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(origins); i++) {
        if (g_str_equal(origins[i].name, name))
            return &origins[i];
    }
    return NULL;
}

static gboolean
fail_usage(GError **error, const char *text)
{
    g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, text);
    return FALSE;
}

static gboolean
check_path(const MeishiMoveInRequest *request, Kind kind, GError **error)
{
    if (kind == KIND_DATABASE && request->path == NULL)
        return fail_usage(error, "Name the directory of the database: meishi import --from nssdb "
                                 "DIRECTORY");
    if (kind == KIND_DIRECTORY && request->path == NULL)
        return fail_usage(error, "Name the directory: meishi import --from openssl DIRECTORY");
    if (kind == KIND_PROFILES && request->path != NULL)
        return fail_usage(error, "Its profiles are found without a path; --profile names one of "
                                 "them, and --from nssdb DIRECTORY one that is elsewhere.");
    if (kind == KIND_KEYRINGS && request->path != NULL)
        return fail_usage(error, "GNOME Keyring has one place, which is found without a path.");
    return TRUE;
}

gboolean
meishi_move_in_check(const MeishiMoveInRequest *request, GError **error)
{
    const Origin *origin = find_origin(request->from);

    if (origin == NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Meishi imports from firefox, chromium, thunderbird, gnome-keyring, nssdb and "
                    "openssl, not from “%s”.",
                    request->from);
        return FALSE;
    }
    if (request->profile != NULL && origin->kind != KIND_PROFILES)
        return fail_usage(error, "--profile is for programs that have profiles.");
    return check_path(request, origin->kind, error);
}

/* ---- finding ----------------------------------------------------------------------------------
 */

/* A profile without a database is one that has never had a certificate. */
static gboolean
find_in_profiles(const MeishiMoveInRequest *request, MeishiHaul *haul, MeishiImporting *importing,
                 GError **error)
{
    if (!meishi_nss_places_add(haul, request->from, request->profile, error))
        return FALSE;
    for (guint i = 0; i < haul->places->len; i++) {
        MeishiHaulPlace *place = haul->places->pdata[i];

        meishi_nss_source_read(haul, place, importing->passwords, importing->given);
        if (g_error_matches(place->trouble, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND))
            g_clear_error(&place->trouble);
    }
    return TRUE;
}

/* What it is asked with the name of a file alone does not say. */
static void
explain_keyring(const MeishiHaul *haul, const MeishiImporting *importing)
{
    if (haul->items->len > 0 && !importing->given && meishi_prompt_is_possible())
        g_printerr("GNOME Keyring encrypts private keys with the password of its key storage, "
                   "which is the one that you log in with unless you chose another.\n");
}

static gboolean
find_in_keyrings(MeishiHaul *haul, const MeishiImporting *importing, GError **error)
{
    g_autofree char *path = g_build_filename(g_get_user_data_dir(), "keyrings", NULL);

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "GNOME Keyring has stored nothing here: there is no %s", path);
        return FALSE;
    }
    meishi_directory_source_read(haul, meishi_haul_add_place(haul, "GNOME Keyring", path), FALSE);
    explain_keyring(haul, importing);
    return TRUE;
}

/* One that the person has named, who wants to know when it cannot be read. */
static gboolean
find_in_named(const MeishiMoveInRequest *request, Kind kind, MeishiHaul *haul,
              MeishiImporting *importing, GError **error)
{
    g_autofree char *title = g_filename_display_name(request->path);
    MeishiHaulPlace *place = meishi_haul_add_place(haul, title, request->path);

    if (kind == KIND_DATABASE)
        meishi_nss_source_read(haul, place, importing->passwords, importing->given);
    else
        meishi_directory_source_read(haul, place, TRUE);
    if (place->trouble == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&place->trouble));
    return FALSE;
}

static gboolean
find_all(const MeishiMoveInRequest *request, MeishiHaul *haul, MeishiImporting *importing,
         GError **error)
{
    const Origin *origin = find_origin(request->from);
    Kind kind = origin != NULL ? origin->kind : KIND_PROFILES;

    if (kind == KIND_PROFILES)
        return find_in_profiles(request, haul, importing, error);
    if (kind == KIND_KEYRINGS)
        return find_in_keyrings(haul, importing, error);
    return find_in_named(request, kind, haul, importing, error);
}

/* ---- importing --------------------------------------------------------------------------------
 */

static GVariant *
import_files(const MeishiHaul *haul, MeishiInputFile *pool, MeishiImporting *importing,
             GError **error)
{
    g_autoptr(GPtrArray) files = meishi_haul_files(haul);
    GVariant *report;

    if (pool != NULL)
        g_ptr_array_add(files, pool);
    importing->files = files;
    report = meishi_importing_run(importing, error);
    importing->files = NULL;
    return report;
}

/* TRUE without a report where there is nothing that can be imported. */
static gboolean
sort_and_import(MeishiHaul *haul, MeishiImporting *importing, GVariant **ret_report, GError **error)
{
    g_autoptr(MeishiInputFile) pool = NULL;
    gboolean is_dry_run = importing->is_dry_run;
    g_autoptr(GVariant) plan = NULL;

    if (!meishi_sorting_try_each(haul, importing, &pool, error))
        return FALSE;
    if (!meishi_haul_has_files(haul))
        return TRUE;
    importing->is_dry_run = TRUE;
    plan = import_files(haul, pool, importing, error);
    importing->is_dry_run = is_dry_run;
    if (plan == NULL)
        return FALSE;
    meishi_sorting_drop_bare_keys(haul, plan);
    if (!meishi_haul_has_files(haul))
        return TRUE;
    *ret_report = import_files(haul, pool, importing, error);
    return *ret_report != NULL;
}

/* What comes out of a database can hardly spoil anything, so that it is tried as a whole first. */
static gboolean
import_database(MeishiHaul *haul, MeishiImporting *importing, GVariant **ret_report, GError **error)
{
    g_autoptr(GPtrArray) files = meishi_haul_files(haul);
    g_autoptr(GError) cause = NULL;

    g_ptr_array_insert(importing->passwords, 0, meishi_secret_ref(haul->seal));
    if (files->len > MEISHI_SORTING_MAX)
        return sort_and_import(haul, importing, ret_report, error);
    *ret_report = import_files(haul, NULL, importing, &cause);
    if (*ret_report != NULL)
        return TRUE;
    if (meishi_sorting_is_about_files(cause))
        return sort_and_import(haul, importing, ret_report, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static gboolean
import_all(MeishiHaul *haul, MeishiImporting *importing, GVariant **ret_report, GError **error)
{
    if (!meishi_haul_has_files(haul))
        return TRUE;
    return haul->seal != NULL ? import_database(haul, importing, ret_report, error)
                              : sort_and_import(haul, importing, ret_report, error);
}

gboolean
meishi_move_in_run(const MeishiMoveInRequest *request, MeishiImporting *importing, GError **error)
{
    g_autoptr(MeishiHaul) haul = meishi_haul_new();
    g_autoptr(GVariant) report = NULL;

    if (!find_all(request, haul, importing, error) || !import_all(haul, importing, &report, error))
        return FALSE;
    if (haul->seal == NULL) /* only now it is known which key belongs to which certificate */
        ((MeishiHaulPlace *)haul->places->pdata[0])->n_found = meishi_sorting_count(report);
    if (meishi_command_json())
        meishi_move_in_report_print_json(haul, report, importing->is_dry_run);
    else
        meishi_move_in_report_print(haul, report);
    return meishi_haul_verdict(haul, error);
}
