/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See place-options.h.  What is said is compared and not taken: a question about a program in one
 * login session must not go to whoever claims to be there.  Keys that are not known are passed
 * over, since a prompter may be newer than we are.
 */
#include "daemon/bus/place-options.h"

#include "daemon/base/error.h"

#include <string.h>
#include <sys/stat.h>

#define OWN_TERMINAL   "/dev/tty" /* of every process: claims nothing */
#define DEVICES        "/dev/"
#define TERMINALS      "pts/"

#define MAX_KINDS      64
#define MAX_KINDS_SIZE 4096

/* Those of the first prompters, which did not say. */
static const char *const old_kinds[] = {"choose", "confirm", NULL};

void
meishi_place_options_clear(MeishiPlaceOptions *options)
{
    g_clear_pointer(&options->kinds, g_strfreev);
}

static gboolean
check_type(GVariant *dict, const char *key, const char *type, GError **error)
{
    g_autoptr(GVariant) value = g_variant_lookup_value(dict, key, NULL);

    if (value == NULL || g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "Option “%s” has the wrong type", key);
    return FALSE;
}

/* All of them are looked at for each question. */
static gboolean
check_kinds(GVariant *dict, GError **error)
{
    g_autoptr(GVariant) kinds = g_variant_lookup_value(dict, "kinds", G_VARIANT_TYPE_STRING_ARRAY);

    if (kinds == NULL ||
        (g_variant_n_children(kinds) <= MAX_KINDS && g_variant_get_size(kinds) <= MAX_KINDS_SIZE))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "Option “kinds” has to be at most %d words, %d bytes together", MAX_KINDS,
                MAX_KINDS_SIZE);
    return FALSE;
}

static gboolean
check_session(GVariant *dict, const MeishiApplication *program, GError **error)
{
    const char *session;

    if (!g_variant_lookup(dict, "session", "&s", &session) ||
        g_strcmp0(session, program->session) == 0)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "You are not in the login session “%s”, by what the kernel says", session);
    return FALSE;
}

/* Where the system alone makes files.  To look at one in a directory of the program's choice, or
 * through a link of its own, may take as long as that program likes, and everybody would wait. */
static gboolean
is_among_devices(const char *path)
{
    const char *name = path;

    if (!g_str_has_prefix(name, DEVICES))
        return FALSE;
    name += strlen(DEVICES);
    if (g_str_has_prefix(name, TERMINALS))
        name += strlen(TERMINALS);
    return strchr(name, '/') == NULL;
}

static gboolean
is_terminal(const char *path, dev_t tty)
{
    struct stat file;

    return tty != 0 && is_among_devices(path) && lstat(path, &file) == 0 && S_ISCHR(file.st_mode) &&
           file.st_rdev == tty;
}

static gboolean
read_tty(GVariant *dict, const MeishiApplication *program, dev_t *ret_tty, GError **error)
{
    const char *path;

    *ret_tty = 0;
    if (!g_variant_lookup(dict, "tty", "&s", &path))
        return TRUE;
    *ret_tty = program->tty;
    if (g_str_equal(path, OWN_TERMINAL) || is_terminal(path, program->tty))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED, "“%s” is not your controlling terminal",
                path);
    return FALSE;
}

gboolean
meishi_place_options_read(GVariant *dict, const MeishiApplication *program,
                          MeishiPlaceOptions *ret_options, GError **error)
{
    dev_t tty;

    if (!check_type(dict, "session", "s", error) || !check_type(dict, "tty", "s", error) ||
        !check_type(dict, "kinds", "as", error) || !check_kinds(dict, error) ||
        !check_session(dict, program, error) || !read_tty(dict, program, &tty, error))
        return FALSE;
    ret_options->kinds = NULL;
    if (!g_variant_lookup(dict, "kinds", "^as", &ret_options->kinds))
        ret_options->kinds = g_strdupv((char **)old_kinds);
    ret_options->place = (MeishiPrompterPlace){
        .session = program->session,
        .tty = tty,
        .kinds = (const char *const *)ret_options->kinds,
    };
    return TRUE;
}
