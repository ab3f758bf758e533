/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files of the store, and the clock beside them.
 */
#include "cli/doctor/gather/gather-private.h"

#include "cli/old-copies.h"
#include "daemon/base/paths.h"

#include <sys/stat.h>

static void
add_file(MeishiFacts *facts, GArray *files, const char *path, gboolean is_old_copy)
{
    const MeishiStoreFact fact = {
        .file = meishi_gather_file(facts, path),
        .is_old_copy = is_old_copy,
    };

    g_array_append_val(files, fact);
}

static void
add_named(MeishiFacts *facts, GArray *files, const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    add_file(facts, files, path, FALSE);
}

/* The time of the newest file in @dir. */
static void
find_newest(MeishiFacts *facts, const char *dir)
{
    g_autoptr(GDir) stream = g_dir_open(dir, 0, NULL);
    g_autofree char *newest = NULL;
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        struct stat st;

        if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_mtime <= facts->clock.store_time)
            continue;
        facts->clock.store_time = st.st_mtime;
        g_free(newest);
        newest = g_steal_pointer(&path);
    }
    facts->clock.store_file = meishi_facts_keep(facts, g_steal_pointer(&newest));
}

/* Packages give their files the time of their own release or an earlier one. */
static void
read_clock(MeishiFacts *facts)
{
    struct stat st;

    facts->clock.now = g_get_real_time() / G_USEC_PER_SEC;
    if (stat("/proc/self/exe", &st) == 0)
        facts->clock.program_time = st.st_mtime;
}

void
meishi_gather_store(MeishiGathering *gathering)
{
    static const char *const names[] = {"vault.db", "vault.db-wal", "vault.db-shm"};
    MeishiFacts *facts = gathering->facts;
    g_autofree char *dir = meishi_paths_data_dir();
    g_autofree char *config = meishi_paths_config_dir();
    g_auto(GStrv) copies = meishi_old_copies_find(dir);
    GArray *files = g_array_new(FALSE, FALSE, sizeof(MeishiStoreFact));

    add_file(facts, files, dir, FALSE);
    g_array_index(files, MeishiStoreFact, 0).is_directory = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        add_named(facts, files, dir, names[i]);
    add_named(facts, files, config, "vault.key");
    for (char **copy = copies; *copy != NULL; copy++)
        add_file(facts, files, *copy, TRUE);
    facts->store = meishi_facts_keep_array(facts, files, &facts->n_store);
    find_newest(facts, dir);
    read_clock(facts);
}
