/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether p11-kit finds the module, by its own rules (pkcs11.conf(5)): files of the same name are
 * merged, the person's settings over the administrator's over the packages'.
 */
#include "config.h"

#include "cli/setup/file-state.h"
#include "cli/setup/find.h"
#include "cli/setup/text-lines.h"
#include "daemon/token/module-file.h"

#include <string.h>

/* The most personal first. */
typedef struct {
    char *user, *system, *package; /* directories; NULL where p11-kit looks into none */
} Layers;

static void
layers_clear(Layers *layers)
{
    g_free(layers->user);
    g_free(layers->system);
    g_free(layers->package);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Layers, layers_clear)

/* "user-config" in the file at @path, else @otherwise; new. */
static char *
read_mode(const char *path, const char *otherwise)
{
    g_autoptr(GHashTable) settings = meishi_module_file_read(path, NULL);
    const char *mode = settings != NULL ? g_hash_table_lookup(settings, "user-config") : NULL;

    return g_strdup(mode != NULL ? mode : otherwise);
}

/* A "none" of the administrator's is the last word.  @ret_path: the file that was asked last. */
static char *
find_mode(const MeishiSurroundings *around, char **ret_path)
{
    g_autofree char *global =
        meishi_surroundings_system_path(around, P11_KIT_SYSTEM_DIR "/pkcs11.conf");
    g_autofree char *system = read_mode(global, "merge");

    if (strcmp(system, "none") == 0) {
        *ret_path = g_steal_pointer(&global);
        return g_steal_pointer(&system);
    }
    *ret_path = g_build_filename(around->config, "pkcs11", "pkcs11.conf", NULL);
    return read_mode(*ret_path, system);
}

static void
layers_init(Layers *layers, const MeishiSurroundings *around, const char *mode)
{
    gboolean is_only = strcmp(mode, "only") == 0 || strcmp(mode, "override") == 0;

    *layers = (Layers){.user = NULL};
    if (!around->is_system && strcmp(mode, "none") != 0)
        layers->user = g_build_filename(around->config, "pkcs11", "modules", NULL);
    if (is_only)
        return;
    layers->system = meishi_surroundings_system_path(around, P11_KIT_SYSTEM_DIR "/modules");
    layers->package = meishi_surroundings_system_path(around, P11_KIT_PACKAGE_DIR);
}

static GHashTable *
merge(const Layers *layers)
{
    GHashTable *modules = meishi_module_files_new();
    const char *const dirs[] = {layers->user, layers->system, layers->package};

    for (gsize i = 0; i < G_N_ELEMENTS(dirs); i++) {
        if (dirs[i] != NULL)
            meishi_module_files_merge(modules, dirs[i], NULL);
    }
    return modules;
}

/* The file about module @name in @dir; new, or NULL. */
static char *
find_in(const char *dir, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".module", NULL);
    g_autofree char *path = dir != NULL ? g_build_filename(dir, file, NULL) : NULL;

    return path != NULL && g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static char *
find_file(const Layers *layers, const char *name)
{
    char *path = find_in(layers->user, name);

    if (path == NULL)
        path = find_in(layers->system, name);
    return path != NULL ? path : find_in(layers->package, name);
}

/* ---- judging --------------------------------------------------------------------------------- */

typedef struct {
    const char *name; /* of the module that leads to us, or to another Meishi; NULL */
    GHashTable *settings;
    char *library;
    gboolean is_wanted;
} Found;

static void
found_clear(Found *found)
{
    g_free(found->library);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

static char *
dup_library(GHashTable *settings)
{
    const char *module = g_hash_table_lookup(settings, "module");

    if (module == NULL || g_path_is_absolute(module))
        return g_strdup(module);
    return g_build_filename(P11_KIT_MODULE_DIR, module, NULL);
}

static gboolean
is_wanted(const MeishiSurroundings *around, const char *library)
{
    g_autofree char *path = meishi_surroundings_system_path(around, library);
    g_autofree char *wanted = meishi_surroundings_system_path(around, around->module);

    return meishi_file_state_is_same(path, wanted);
}

/* The one that is right wins over one that is not. */
static void
find_ours(const MeishiSurroundings *around, GHashTable *modules, Found *found)
{
    GHashTableIter iter;
    gpointer name, settings;

    g_hash_table_iter_init(&iter, modules);
    while (!found->is_wanted && g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = dup_library(settings);

        if (library == NULL || !meishi_text_is_our_module(library))
            continue;
        found->name = name;
        found->settings = settings;
        found->is_wanted = is_wanted(around, library);
        g_free(found->library);
        found->library = g_steal_pointer(&library);
    }
}

static void
note_restriction(MeishiPlace *place, const Found *found)
{
    static const char *const keys[] = {"enable-in", "disable-in"};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *programs = g_hash_table_lookup(found->settings, keys[i]);

        if (programs == NULL)
            continue;
        place->state = MEISHI_PLACE_DISABLED;
        g_free(place->detail);
        place->detail = g_strdup_printf("%s says “%s: %s”.", place->path, keys[i], programs);
    }
}

/* What a person may write is a file of the same name; everything else in it stays. */
static void
judge(MeishiPlace *place, const MeishiSurroundings *around, const Layers *layers)
{
    g_autoptr(GHashTable) modules = merge(layers);
    g_auto(Found) found = {.name = NULL};
    const char *dir = around->is_system ? layers->system : layers->user;
    g_autofree char *file = NULL;

    find_ours(around, modules, &found);
    place->module = g_strdup(found.library);
    if (found.is_wanted) {
        place->path = find_file(layers, found.name);
        note_restriction(place, &found);
        return;
    }
    place->state = found.name != NULL ? MEISHI_PLACE_STALE : MEISHI_PLACE_MISSING;
    file = g_strconcat(found.name != NULL ? found.name : "meishi", ".module", NULL);
    if (dir != NULL) {
        place->path = g_build_filename(dir, file, NULL);
        return;
    }
    place->state = MEISHI_PLACE_BROKEN;
}

/* Of a place that is nowhere: why, and what there is to do. */
static void
explain_none(MeishiPlace *place, const char *conf)
{
    place->detail = g_strdup_printf("p11-kit does not read what people configure here "
                                    "(“user-config: none” in %s).",
                                    conf);
    place->hint = g_strdup("sudo meishi setup --system");
}

void
meishi_find_p11_kit(const MeishiSurroundings *around, GPtrArray *places)
{
    g_autofree char *conf = NULL;
    g_autofree char *mode = around->is_system ? g_strdup("merge") : find_mode(around, &conf);
    MeishiPlace *place = meishi_place_new(MEISHI_PLACE_P11_KIT, "p11-kit",
                                          around->is_system ? "p11-kit, for all users"
                                                            : "p11-kit (GnuTLS, GLib, wget, git)");
    g_auto(Layers) layers = {.user = NULL};

    place->wanted = g_strdup(around->module);
    layers_init(&layers, around, mode);
    judge(place, around, &layers);
    if (place->state == MEISHI_PLACE_BROKEN)
        explain_none(place, conf);
    g_ptr_array_add(places, place);
}
