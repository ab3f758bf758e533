/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where sockets live, and what systemd's user manager has of our units.  The units are read as
 * files: a manager that hangs must not keep us.
 */
#include "config.h"

#include "cli/doctor/gather/gather-private.h"

#include "daemon/base/paths.h"

#include <string.h>
#include <sys/stat.h>

#define SOCKET_UNIT "meishid.socket"

void
meishi_gather_runtime(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    MeishiRuntimeFacts *runtime = &facts->runtime;
    g_autofree char *dir = meishi_paths_runtime_dir();
    g_autofree char *base = g_path_get_dirname(dir);
    g_autofree char *socket = meishi_paths_pkcs11_socket();
    g_autofree char *own = g_strdup_printf("/run/user/%u", facts->uid);
    struct stat st;

    runtime->variable = meishi_facts_copy(facts, g_getenv("XDG_RUNTIME_DIR"));
    runtime->base = meishi_gather_file(facts, base);
    runtime->dir = meishi_gather_file(facts, dir);
    runtime->has_own = lstat(own, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == facts->uid;
    runtime->socket_path_len = strlen(socket);
}

/* ---- units ---------------------------------------------------------------------------------- */

/* systemd.unit(5), "User Unit Search Path", the strongest first; for g_strfreev(). */
static char **
list_unit_dirs(const char *runtime_base)
{
    static const char *const fixed[] = {
        "/etc/systemd/user",       "/run/systemd/user",           "/usr/local/share/systemd/user",
        "/usr/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
    };
    g_autofree char *config = meishi_paths_config_dir();
    g_autofree char *config_base = g_path_get_dirname(config);
    g_autofree char *data = meishi_paths_data_dir();
    g_autofree char *data_base = g_path_get_dirname(data);
    g_autoptr(GStrvBuilder) dirs = g_strv_builder_new();
    const char *const personal[] = {config_base, runtime_base, data_base};

    for (gsize i = 0; i < G_N_ELEMENTS(personal); i++) {
        g_autofree char *dir = g_build_filename(personal[i], "systemd", "user", NULL);

        g_strv_builder_add(dirs, dir);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_strv_builder_add(dirs, fixed[i]);
    return g_strv_builder_end(dirs);
}

/* "systemctl mask" makes such a link. */
static gboolean
is_mask(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);

    return target != NULL && strcmp(target, "/dev/null") == 0;
}

/* The first directory that has the unit says what it is; any can have the link that enables it. */
static void
look_into(MeishiFacts *facts, const char *dir)
{
    MeishiUnitFacts *unit = &facts->unit;
    g_autofree char *path = g_build_filename(dir, SOCKET_UNIT, NULL);
    g_autofree char *link = g_build_filename(dir, "sockets.target.wants", SOCKET_UNIT, NULL);

    if (unit->unit == NULL && unit->masked == NULL && is_mask(path))
        unit->masked = meishi_facts_copy(facts, path);
    else if (unit->unit == NULL && g_file_test(path, G_FILE_TEST_IS_REGULAR))
        unit->unit = meishi_facts_copy(facts, path);
    if (unit->enabled == NULL && g_file_test(link, G_FILE_TEST_IS_SYMLINK))
        unit->enabled = meishi_facts_copy(facts, link);
}

void
meishi_gather_units(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    MeishiUnitFacts *unit = &facts->unit;
    g_auto(GStrv) dirs = list_unit_dirs(facts->runtime.base.path);
    g_autofree char *manager =
        g_build_filename(facts->runtime.base.path, "systemd", "private", NULL);
    g_autofree char *installed = g_build_filename(MEISHI_UNITDIR, SOCKET_UNIT, NULL);

    unit->has_manager = g_file_test(manager, G_FILE_TEST_EXISTS);
    for (char **dir = dirs; *dir != NULL; dir++)
        look_into(facts, *dir);
    if (unit->unit == NULL && g_file_test(installed, G_FILE_TEST_EXISTS))
        unit->installed = meishi_facts_copy(facts, installed);
}
