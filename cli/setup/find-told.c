/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs that are told which certificate to use: curl, openssl and git on their command lines or
 * by settings that are theirs alone, and ssh, which setup changes only where it is named, because
 * it would offer every key to every host.
 */
#include "cli/setup/file-state.h"
#include "cli/setup/find.h"
#include "cli/setup/ssh-config.h"

static MeishiPlace *
add_told(const MeishiSurroundings *around, const char *command, const char *title,
         GPtrArray *places)
{
    g_autofree char *path = meishi_surroundings_find_program(around, command);
    MeishiPlace *place;

    if (path == NULL)
        return NULL;
    place = meishi_place_new(MEISHI_PLACE_NOTHING, command, title);
    place->state = MEISHI_PLACE_ADVICE;
    place->wanted = g_strdup(around->module);
    g_ptr_array_add(places, place);
    return place;
}

/* ---- OpenSSL --------------------------------------------------------------------------------- */

/* As distributions name the directories of engines and providers. */
static const char *const plugins[] = {
    "engines-3/pkcs11.so",
    "engines-3/libpkcs11.so",
    "ossl-modules/pkcs11.so",
};

static gboolean
has_plugin(const MeishiSurroundings *around, const char *libraries)
{
    for (gsize i = 0; i < G_N_ELEMENTS(plugins); i++) {
        g_autofree char *inner = g_build_filename(libraries, plugins[i], NULL);
        g_autofree char *path = meishi_surroundings_system_path(around, inner);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return TRUE;
    }
    return FALSE;
}

/* /usr/lib/x86_64-linux-gnu, beside which our own module may lie. */
static gboolean
is_plugged(const MeishiSurroundings *around)
{
    g_autofree char *lib = meishi_surroundings_system_path(around, "/usr/lib");
    g_autoptr(GDir) stream = g_dir_open(lib, 0, NULL);
    const char *name;

    if (has_plugin(around, "/usr/lib64") || has_plugin(around, "/usr/lib"))
        return TRUE;
    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *dir = g_build_filename("/usr/lib", name, NULL);

        if (has_plugin(around, dir))
            return TRUE;
    }
    return FALSE;
}

static void
advise_plugin(const MeishiSurroundings *around, MeishiPlace *place, const char *use)
{
    if (is_plugged(around)) {
        place->detail = g_strdup("Finds the module through p11-kit; nothing to set up.");
        place->hint = g_strdup(use);
        place->is_usage = TRUE;
    } else {
        place->detail = g_strdup("OpenSSL needs its PKCS#11 engine for that (Debian has it in "
                                 "libengine-pkcs11-openssl).");
    }
}

void
meishi_find_openssl(const MeishiSurroundings *around, GPtrArray *places)
{
    MeishiPlace *place = add_told(around, "openssl", "openssl", places);

    if (place != NULL)
        advise_plugin(around, place,
                      "openssl s_client -engine pkcs11 -keyform engine -key "
                      "\"$(meishi select URL)\" -cert FILE -connect HOST:PORT");
}

void
meishi_find_curl(const MeishiSurroundings *around, GPtrArray *places)
{
    MeishiPlace *place = add_told(around, "curl", "curl", places);

    if (place != NULL)
        advise_plugin(
            around, place,
            "curl --cert \"$(meishi select URL)\" URL\n"
            "# for every host, in ~/.curlrc:  cert = \"pkcs11:token=Meishi;object=NAME\"");
}

void
meishi_find_git(const MeishiSurroundings *around, GPtrArray *places)
{
    MeishiPlace *place = add_told(around, "git", "git", places);

    if (place == NULL)
        return;
    place->detail = g_strdup("Finds the module through p11-kit; is told the certificate by host.");
    place->hint =
        g_strdup("git config --global http.https://HOST/.sslCert 'pkcs11:...;type=cert'\n"
                 "git config --global http.https://HOST/.sslKey 'pkcs11:...;type=private'");
    place->is_usage = TRUE;
}

/* ---- ssh ------------------------------------------------------------------------------------- */

static void
judge_ssh(MeishiPlace *place)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiFileState) file = meishi_file_state_read(place->path, "", &error);
    g_autofree char *text = file != NULL ? meishi_file_state_text(file, &error) : NULL;

    if (text == NULL) {
        place->state = MEISHI_PLACE_BROKEN;
        place->detail = g_strdup(error->message);
        return;
    }
    place->module = meishi_ssh_config_find(text);
    if (place->module == NULL)
        place->state = MEISHI_PLACE_MISSING;
    else if (!meishi_file_state_is_same(place->module, place->wanted))
        place->state = MEISHI_PLACE_STALE;
}

void
meishi_find_ssh(const MeishiSurroundings *around, GPtrArray *places)
{
    MeishiPlace *place = add_told(around, "ssh", "ssh", places);

    if (place == NULL)
        return;
    place->kind = MEISHI_PLACE_SSH;
    place->state = MEISHI_PLACE_READY;
    place->path = g_build_filename(around->home, ".ssh", "config", NULL);
    place->is_default = FALSE;
    judge_ssh(place);
    if (place->state == MEISHI_PLACE_STALE)
        place->detail = g_strdup("It names another Meishi; `meishi setup ssh` changes that.");
    else if (place->state == MEISHI_PLACE_MISSING)
        place->detail =
            g_strdup("Set up by `meishi setup ssh` only: every host would be offered the "
                     "keys of all your certificates.");
}
