/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * p11-kit's configuration (pkcs11.conf(5)): what keeps programs from our module, and which modules
 * show them a card beside us.  p11-kit itself is not asked: it would load every module into this
 * process.
 */
#include "config.h"

#include "cli/doctor/gather/gather-private.h"

#include "cli/setup/place.h"
#include "daemon/asking/dict.h"
#include "daemon/token/module-file.h"

#include <string.h>
#include <sys/stat.h>

#define PROXY  "p11-kit-proxy.so"
#define SUFFIX ".module"

typedef struct {
    MeishiGathering *gathering;
    char *user_dir;      /* NULL where it is not read */
    gboolean is_ignored; /* it would be read for anybody but root */
    GPtrArray *dirs;     /* const char *, the strongest first */
    GHashTable *modules; /* name -> settings, put together */
    GArray *troubles, *twins;
} Look;

/* ---- which directories ----------------------------------------------------------------------- */

static char *
read_mode(const char *path, const char *otherwise)
{
    g_autoptr(GHashTable) settings = meishi_module_file_read(path, NULL);
    const char *mode = settings != NULL ? g_hash_table_lookup(settings, "user-config") : NULL;

    return g_strdup(mode != NULL ? mode : otherwise);
}

static void
find_dirs(Look *look)
{
    const MeishiSurroundings *around = look->gathering->around;
    g_autofree char *conf = g_build_filename(around->config, "pkcs11", "pkcs11.conf", NULL);
    g_autofree char *system = read_mode(P11_KIT_SYSTEM_DIR "/pkcs11.conf", "merge");
    g_autofree char *mode =
        strcmp(system, "none") == 0 ? g_strdup(system) : read_mode(conf, system);
    gboolean is_only = strcmp(mode, "only") == 0 || strcmp(mode, "override") == 0;

    look->user_dir = g_build_filename(around->config, "pkcs11", "modules", NULL);
    look->is_ignored = look->gathering->facts->uid == 0;
    look->dirs = g_ptr_array_new();
    if (strcmp(mode, "none") != 0 && !look->is_ignored)
        g_ptr_array_add(look->dirs, look->user_dir);
    if (is_only && !look->is_ignored)
        return;
    g_ptr_array_add(look->dirs, (char *)P11_KIT_SYSTEM_DIR "/modules");
    g_ptr_array_add(look->dirs, (char *)P11_KIT_PACKAGE_DIR);
}

/* ---- files that stop p11-kit ----------------------------------------------------------------- */

static void
add_trouble(Look *look, MeishiP11KitTrouble trouble, const char *file, const char *value)
{
    MeishiFacts *facts = look->gathering->facts;
    const MeishiP11KitFact fact = {
        .trouble = trouble,
        .file = meishi_facts_copy(facts, file),
        .uid = meishi_gather_file(facts, file).uid,
        .value = meishi_facts_copy(facts, value),
    };

    g_array_append_val(look->troubles, fact);
}

static void
find_bad_files(Look *look, const char *dir)
{
    g_autoptr(GDir) stream = g_dir_open(dir, 0, NULL);
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GHashTable) settings = NULL;

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            continue;
        settings = meishi_module_file_read(path, &error);
        if (settings == NULL)
            add_trouble(look, MEISHI_P11_KIT_BAD_FILE, path, error->message);
    }
}

/* ---- what is said of us -----------------------------------------------------------------------
 */

static char *
dup_library(GHashTable *settings)
{
    const char *module = g_hash_table_lookup(settings, "module");

    if (module == NULL || module[0] == '\0' || g_path_is_absolute(module))
        return g_strdup(module);
    return g_build_filename(P11_KIT_MODULE_DIR, module, NULL);
}

/* The file that says @key about the module @name, by the order of strength; new, or NULL. */
static char *
find_file(const Look *look, const char *name, const char *key)
{
    for (guint i = 0; i < look->dirs->len; i++) {
        g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
        g_autofree char *path = g_build_filename(look->dirs->pdata[i], file, NULL);
        g_autoptr(GHashTable) settings = meishi_module_file_read(path, NULL);

        if (settings != NULL && g_hash_table_contains(settings, key))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static void
find_restriction(Look *look, const char *name, GHashTable *settings)
{
    static const struct {
        const char *key;
        MeishiP11KitTrouble trouble;
    } keys[] = {
        {"enable-in", MEISHI_P11_KIT_ENABLED_IN},
        {"disable-in", MEISHI_P11_KIT_DISABLED_IN},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *programs = g_hash_table_lookup(settings, keys[i].key);
        g_autofree char *file = programs != NULL ? find_file(look, name, keys[i].key) : NULL;

        if (file != NULL)
            add_trouble(look, keys[i].trouble, file, programs);
    }
}

static gboolean
is_ours(const Look *look, const char *library)
{
    return meishi_gather_is_same_file(library, look->gathering->around->module);
}

/* Returns whether p11-kit shows our module. */
static gboolean
look_at_ours(Look *look)
{
    GHashTableIter iter;
    gpointer name, settings;
    gboolean is_shown = FALSE;

    g_hash_table_iter_init(&iter, look->modules);
    while (g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = dup_library(settings);

        if (!is_ours(look, library))
            continue;
        is_shown = TRUE;
        find_restriction(look, name, settings);
    }
    return is_shown;
}

/* A person's file that names us, and is not read because the person is root. */
static void
look_at_ignored(Look *look)
{
    g_autoptr(GHashTable) modules = meishi_module_files_new();
    GHashTableIter iter;
    gpointer name, settings;

    meishi_module_files_merge(modules, look->user_dir, NULL);
    g_hash_table_iter_init(&iter, modules);
    while (g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = dup_library(settings);
        g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
        g_autofree char *path = g_build_filename(look->user_dir, file, NULL);

        if (is_ours(look, library))
            add_trouble(look, MEISHI_P11_KIT_USER_IGNORED, path, NULL);
    }
}

/* ---- what is shown twice ----------------------------------------------------------------------
 */

/* Libraries whose tokens the daemon shows: path -> label of such a token, of which there is one at
 * least.  NULL where it cannot be asked. */
static GHashTable *
list_served(MeishiClient *client)
{
    g_autoptr(GVariant) modules = NULL;
    g_autoptr(GPtrArray) tokens = meishi_client_tokens(client, NULL);
    GHashTable *served;

    if (tokens == NULL ||
        !meishi_bus_manager_call_list_modules_sync(client->manager, &modules, NULL, NULL, NULL))
        return NULL;
    served = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (gsize i = 0; i < g_variant_n_children(modules); i++) {
        g_autoptr(GVariant) module = g_variant_get_child_value(modules, i);

        for (guint k = 0; k < tokens->len; k++) {
            if (meishi_dict_flag(tokens->pdata[k], "Present") &&
                strcmp(meishi_dict_text(tokens->pdata[k], "Module"),
                       meishi_dict_text(module, "name")) == 0)
                g_hash_table_replace(served, g_strdup(meishi_dict_text(module, "path")),
                                     g_strdup(meishi_dict_text(tokens->pdata[k], "Label")));
        }
    }
    return served;
}

/* The label of a token that the daemon shows from @library; NULL where there is none. */
static const char *
find_served(GHashTable *served, const char *library)
{
    GHashTableIter iter;
    gpointer path, label;

    g_hash_table_iter_init(&iter, served);
    while (g_hash_table_iter_next(&iter, &path, &label)) {
        if (meishi_gather_is_same_file(path, library))
            return label;
    }
    return NULL;
}

/* Programs other than the daemon see it. */
static gboolean
is_for_others(GHashTable *settings)
{
    const char *enable = g_hash_table_lookup(settings, "enable-in");

    return enable == NULL || strcmp(enable, "meishid") != 0;
}

static void
add_p11_kit_twin(Look *look, const char *name, const char *token)
{
    MeishiFacts *facts = look->gathering->facts;
    const char *dir = look->is_ignored ? P11_KIT_SYSTEM_DIR "/modules" : look->user_dir;
    g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
    const MeishiTwinFact fact = {
        .title = "p11-kit",
        .module = meishi_facts_copy(facts, name),
        .token = meishi_facts_copy(facts, token),
        .file = meishi_facts_keep(facts, g_build_filename(dir, file, NULL)),
        .needs_dir = !g_file_test(dir, G_FILE_TEST_IS_DIR),
    };

    g_array_append_val(look->twins, fact);
}

static void
find_p11_kit_twins(Look *look, GHashTable *served)
{
    GHashTableIter iter;
    gpointer name, settings;

    g_hash_table_iter_init(&iter, look->modules);
    while (g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = dup_library(settings);
        const char *token = library != NULL ? find_served(served, library) : NULL;

        if (token != NULL && is_for_others(settings))
            add_p11_kit_twin(look, name, token);
    }
}

/* ---- in browsers ------------------------------------------------------------------------------
 */

/* p11-kit's proxy shows what p11-kit shows, and so all of ours. */
static const char *
find_twin_token(Look *look, GHashTable *served, const char *library)
{
    GHashTableIter iter;
    gpointer label = NULL;

    if (!g_str_has_suffix(library, "/" PROXY) && strcmp(library, PROXY) != 0)
        return find_served(served, library);
    g_hash_table_iter_init(&iter, served);
    return g_hash_table_iter_next(&iter, NULL, &label) ? label : NULL;
}

static void
look_at_stanza(Look *look, GHashTable *served, const MeishiPlace *place, const char *stanza)
{
    MeishiFacts *facts = look->gathering->facts;
    g_auto(GStrv) lines = g_strsplit(stanza, "\n", -1);
    const char *library = NULL, *name = NULL, *token;
    MeishiTwinFact fact = {.title = meishi_facts_copy(facts, place->title)};

    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, "library="))
            library = *line + strlen("library=");
        else if (g_str_has_prefix(*line, "name="))
            name = *line + strlen("name=");
    }
    if (library == NULL || name == NULL || is_ours(look, library))
        return;
    token = find_twin_token(look, served, library);
    if (token == NULL)
        return;
    fact.module = meishi_facts_copy(facts, name);
    fact.token = meishi_facts_copy(facts, token);
    fact.database = meishi_facts_keep(facts, g_path_get_dirname(place->path));
    g_array_append_val(look->twins, fact);
}

/* Stanzas of pkcs11.txt lie between empty lines. */
static void
find_nss_twins(Look *look, GHashTable *served)
{
    const GPtrArray *places = look->gathering->places;

    for (guint i = 0; i < places->len; i++) {
        const MeishiPlace *place = places->pdata[i];
        gboolean is_set_up = place->kind == MEISHI_PLACE_NSS && place->state == MEISHI_PLACE_READY;
        g_autofree char *text = is_set_up ? meishi_gather_text(place->path) : NULL;
        g_auto(GStrv) stanzas = text != NULL ? g_strsplit(text, "\n\n", -1) : NULL;

        for (char **stanza = stanzas; stanza != NULL && *stanza != NULL; stanza++)
            look_at_stanza(look, served, place, *stanza);
    }
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void
find_twins(Look *look, gboolean is_shown)
{
    MeishiClient *client = look->gathering->client;
    g_autoptr(GHashTable) served = client != NULL ? list_served(client) : NULL;

    if (served == NULL)
        return;
    if (is_shown)
        find_p11_kit_twins(look, served);
    find_nss_twins(look, served);
}

static void
look_clear(Look *look)
{
    g_free(look->user_dir);
    g_clear_pointer(&look->dirs, g_ptr_array_unref);
    g_clear_pointer(&look->modules, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

void
meishi_gather_p11_kit(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    g_auto(Look) look = {.gathering = gathering};
    gboolean is_shown;

    if (gathering->around == NULL)
        return;
    find_dirs(&look);
    look.troubles = g_array_new(FALSE, FALSE, sizeof(MeishiP11KitFact));
    look.twins = g_array_new(FALSE, FALSE, sizeof(MeishiTwinFact));
    look.modules = meishi_module_files_new();
    for (guint i = 0; i < look.dirs->len; i++) {
        find_bad_files(&look, look.dirs->pdata[i]);
        meishi_module_files_merge(look.modules, look.dirs->pdata[i], NULL);
    }
    is_shown = look_at_ours(&look);
    if (look.is_ignored && !is_shown)
        look_at_ignored(&look);
    find_twins(&look, is_shown);
    facts->p11_kit = meishi_facts_keep_array(facts, look.troubles, &facts->n_p11_kit);
    facts->twins = meishi_facts_keep_array(facts, look.twins, &facts->n_twins);
}
