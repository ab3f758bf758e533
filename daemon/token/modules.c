/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From settings to modules: which are on, where their libraries are, and who could have put them
 * there.
 */
#include "daemon/token/modules.h"

#include "config.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/token/module-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "meishid" /* in enable-in and disable-in */

/* A module that lists the modules of others, ours among them, would ask us about ourselves. */
static const char *const never[] = {"p11-kit-proxy.so", "p11-kit-trust.so", "meishi-pkcs11.so"};

void
meishi_token_module_free(MeishiTokenModule *module)
{
    if (module == NULL)
        return;
    g_free(module->name);
    g_free(module->path);
    g_free(module->reserved);
    g_free(module);
}

G_GNUC_PRINTF(2, 3)
static void
remark(GPtrArray *remarks, const char *format, ...)
{
    va_list arguments;

    if (remarks == NULL)
        return;
    va_start(arguments, format);
    g_ptr_array_add(remarks, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* ---- who could have put a library there ------------------------------------------------------ */

/* Whoever owns the program that loads it can do as they like anyway. */
static gboolean
is_good_owner(const struct stat *st)
{
    struct stat program;

    return st->st_uid == 0 ||
           (stat("/proc/self/exe", &program) == 0 && program.st_uid == st->st_uid);
}

/* In a directory with the sticky bit others can make files, and not replace those of root. */
static gboolean
is_closed_to_others(const struct stat *st)
{
    gboolean is_sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;
    gboolean is_open_to_group = (st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 && st->st_uid == 0;

    return is_sticky || ((st->st_mode & S_IWOTH) == 0 && !is_open_to_group);
}

static gboolean
check_place(const char *path, GError **error)
{
    g_autofree char *place = g_strdup(path);

    for (;;) {
        g_autofree char *parent = g_path_get_dirname(place);
        struct stat st;

        if (stat(place, &st) != 0 || !is_good_owner(&st) || !is_closed_to_others(&st)) {
            g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS,
                        "%s is not loaded as a PKCS#11 module: %s can be changed by others than "
                        "the administrator, who may install it elsewhere or allow it by policy.",
                        path, place);
            return FALSE;
        }
        if (strcmp(parent, place) == 0)
            return TRUE;
        g_free(place);
        place = g_steal_pointer(&parent);
    }
}

/* @places: libraries and directories without a slash at their ends, but for the root's. */
static gboolean
lies_in_any(const char *path, const char *const *places)
{
    for (; places != NULL && *places != NULL; places++) {
        gsize len = strlen(*places);

        if (strncmp(path, *places, len) == 0 && (path[len] == '/' || path[len] == '\0' || len == 1))
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_token_modules_check(const char *path, const char *const *allowed, char **ret_real,
                           GError **error)
{
    char *resolved = realpath(path, NULL);
    g_autofree char *real = g_strdup(resolved);

    free(resolved);
    if (real == NULL || !g_file_test(real, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "There is no PKCS#11 module %s.",
                    path);
        return FALSE;
    }
    if (!lies_in_any(real, allowed) && !check_place(real, error))
        return FALSE;
    *ret_real = g_steal_pointer(&real);
    return TRUE;
}

/* ---- one module ------------------------------------------------------------------------------ */

/* pkcs11.conf(5): "enable-in", "disable-in".  With both, being enabled wins. */
static gboolean
is_enabled(GHashTable *settings)
{
    const char *enable = g_hash_table_lookup(settings, "enable-in");
    const char *disable = g_hash_table_lookup(settings, "disable-in");

    if (enable != NULL && meishi_module_file_has_word(enable, PROGRAM))
        return TRUE;
    if (disable != NULL)
        return !meishi_module_file_has_word(disable, PROGRAM);
    return enable == NULL;
}

static gboolean
is_trust_store(GHashTable *settings)
{
    return g_strcmp0(g_hash_table_lookup(settings, "trust-policy"), "yes") == 0;
}

/* "remote: |p11-kit remote LIBRARY" keeps the library in a process of its own, as we do. */
static char *
dup_remote_library(const char *remote)
{
    g_auto(GStrv) words = g_strsplit_set(remote, " \t", -1);
    const char *found[4] = {NULL};
    guint n = 0;

    for (guint i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0' && n < G_N_ELEMENTS(found))
            found[n++] = words[i];
    }
    if (n == 3 && strcmp(found[0], "|p11-kit") == 0 && strcmp(found[1], "remote") == 0 &&
        found[2][0] == '/')
        return g_strdup(found[2]);
    return NULL;
}

/* NULL where it names none, or is switched off by an empty name. */
static char *
dup_library(const MeishiTokenPlaces *places, const char *name, GHashTable *settings,
            GPtrArray *remarks)
{
    const char *remote = g_hash_table_lookup(settings, "remote");
    const char *module = g_hash_table_lookup(settings, "module");
    char *path;

    if (remote != NULL) {
        path = dup_remote_library(remote);
        if (path == NULL)
            remark(remarks,
                   "The PKCS#11 module “%s” is passed over: Meishi runs modules in processes of "
                   "its own; add the library itself with \"meishi token add-module\".",
                   name);
        return path;
    }
    if (module == NULL || module[0] == '\0')
        return NULL;
    return g_path_is_absolute(module) || places->module_dir == NULL
               ? g_strdup(module)
               : g_build_filename(places->module_dir, module, NULL);
}

static gboolean
is_never(const MeishiTokenPlaces *places, const char *real)
{
    g_autofree char *base = g_path_get_basename(real);

    for (gsize i = 0; i < G_N_ELEMENTS(never); i++) {
        if (strcmp(base, never[i]) == 0)
            return TRUE;
    }
    return g_strcmp0(real, places->own) == 0;
}

static int
read_priority(GHashTable *settings)
{
    const char *text = g_hash_table_lookup(settings, "priority");

    return text != NULL ? (int)g_ascii_strtoll(text, NULL, 10) : 0;
}

/* NULL where it is none for us. */
static MeishiTokenModule *
make_module(const MeishiTokenPlaces *places, const char *name, GHashTable *settings,
            GPtrArray *remarks)
{
    g_autofree char *library = NULL, *real = NULL;
    g_autoptr(GError) error = NULL;
    MeishiTokenModule *module;

    if (!is_enabled(settings) || is_trust_store(settings))
        return NULL;
    library = dup_library(places, name, settings, remarks);
    if (library == NULL)
        return NULL;
    if (!meishi_token_modules_check(library, places->allowed, &real, &error)) {
        remark(remarks, "%s", error->message);
        return NULL;
    }
    if (is_never(places, real))
        return NULL;
    if (lies_in_any(real, places->denied)) {
        remark(remarks, "The PKCS#11 module %s is not loaded: policy forbids it.", real);
        return NULL;
    }
    module = g_new0(MeishiTokenModule, 1);
    module->name = g_strdup(name);
    module->path = g_steal_pointer(&real);
    module->reserved = g_strdup(g_hash_table_lookup(settings, "x-init-reserved"));
    module->network = g_strcmp0(g_hash_table_lookup(settings, "x-meishi-network"), "yes") == 0;
    module->priority = read_priority(settings);
    return module;
}

/* ---- all modules ----------------------------------------------------------------------------- */

typedef enum {
    USER_NONE,
    USER_MERGE,
    USER_ONLY,
    USER_BAD,
} UserConfig;

static UserConfig
read_user_config(const char *path, UserConfig otherwise, GPtrArray *remarks)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) settings = path != NULL ? meishi_module_file_read(path, &error) : NULL;
    const char *mode = settings != NULL ? g_hash_table_lookup(settings, "user-config") : NULL;

    if (error != NULL && !g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND))
        remark(remarks, "%s is passed over: %s.", path, error->message);
    if (mode == NULL)
        return otherwise;
    if (strcmp(mode, "none") == 0)
        return USER_NONE;
    if (strcmp(mode, "merge") == 0)
        return USER_MERGE;
    if (strcmp(mode, "only") == 0 || strcmp(mode, "override") == 0)
        return USER_ONLY;
    remark(remarks, "%s is passed over: \"user-config: %s\" means nothing.", path, mode);
    return otherwise;
}

static GHashTable *
read_settings(const MeishiTokenPlaces *places, GPtrArray *remarks)
{
    GHashTable *modules = meishi_module_files_new();
    UserConfig user = read_user_config(places->system_conf, USER_MERGE, remarks);

    if (user != USER_NONE)
        user = read_user_config(places->user_conf, user, remarks);
    if (user != USER_NONE && places->user_dir != NULL)
        meishi_module_files_merge(modules, places->user_dir, remarks);
    if (user != USER_ONLY && places->system_dir != NULL)
        meishi_module_files_merge(modules, places->system_dir, remarks);
    if (user != USER_ONLY && places->package_dir != NULL)
        meishi_module_files_merge(modules, places->package_dir, remarks);
    return modules;
}

static int
compare_modules(gconstpointer a, gconstpointer b)
{
    const MeishiTokenModule *x = *(MeishiTokenModule *const *)a;
    const MeishiTokenModule *y = *(MeishiTokenModule *const *)b;

    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void
collect(const MeishiTokenPlaces *places, GHashTable *settings, gboolean is_added, GPtrArray *list,
        GPtrArray *remarks)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, settings);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        MeishiTokenModule *module = make_module(places, name, value, remarks);

        if (module == NULL)
            continue;
        module->is_added = is_added;
        g_ptr_array_add(list, module);
    }
}

static void
drop_duplicates(GPtrArray *list)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < list->len;) {
        const MeishiTokenModule *module = list->pdata[i];

        if (g_hash_table_add(seen, module->path))
            i++;
        else
            g_ptr_array_remove_index(list, i);
    }
}

GPtrArray *
meishi_token_modules_list(const MeishiTokenPlaces *places, GPtrArray *remarks)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);
    g_autoptr(GHashTable) configured = read_settings(places, remarks);
    g_autoptr(GHashTable) added = meishi_module_files_new();

    collect(places, configured, FALSE, list, remarks);
    if (places->added_dir != NULL)
        meishi_module_files_merge(added, places->added_dir, remarks);
    collect(places, added, TRUE, list, remarks);
    g_ptr_array_sort(list, compare_modules);
    drop_duplicates(list);
    return list;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* p11-kit does not read what a person configured into a process of root's. */
static gboolean
reads_user_config(void)
{
    return getuid() != 0 && g_getenv("P11_KIT_NO_USER_CONFIG") == NULL;
}

static const char *
intern_take(char *text)
{
    const char *interned = g_intern_string(text);

    g_free(text);
    return interned;
}

void
meishi_token_places_init(MeishiTokenPlaces *places)
{
    g_autofree char *config = meishi_paths_config_dir();
    g_autofree char *base = g_path_get_dirname(config);

    *places = (MeishiTokenPlaces){
        .package_dir = P11_KIT_PACKAGE_DIR,
        .system_dir = P11_KIT_SYSTEM_DIR "/modules",
        .system_conf = P11_KIT_SYSTEM_DIR "/pkcs11.conf",
        .module_dir = P11_KIT_MODULE_DIR,
        .added_dir = intern_take(g_build_filename(config, "modules", NULL)),
        .own = MEISHI_MODULE,
    };
    if (!reads_user_config())
        return;
    places->user_dir = intern_take(g_build_filename(base, "pkcs11", "modules", NULL));
    places->user_conf = intern_take(g_build_filename(base, "pkcs11", "pkcs11.conf", NULL));
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Named after the library, so that adding it again is noticed. */
static char *
dup_added_file(const MeishiTokenPlaces *places, const char *real)
{
    g_autofree char *base = g_path_get_basename(real);
    g_autofree char *file = g_strdup_printf("%s.module", base);

    return g_build_filename(places->added_dir, file, NULL);
}

static gboolean
runs_already(const MeishiTokenPlaces *places, const char *real)
{
    g_autoptr(GPtrArray) modules = meishi_token_modules_list(places, NULL);

    for (guint i = 0; i < modules->len; i++) {
        if (strcmp(((MeishiTokenModule *)modules->pdata[i])->path, real) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_token_modules_check_new(const MeishiTokenPlaces *places, const char *path, char **ret_real,
                               GError **error)
{
    g_autofree char *real = NULL, *file = NULL;

    if (!meishi_token_modules_check(path, places->allowed, &real, error))
        return FALSE;
    if (lies_in_any(real, places->denied)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "%s cannot be added: policy forbids it.", real);
        return FALSE;
    }
    file = dup_added_file(places, real);
    if (g_file_test(file, G_FILE_TEST_EXISTS) || is_never(places, real) ||
        runs_already(places, real)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS, "%s is there already.", real);
        return FALSE;
    }
    *ret_real = g_steal_pointer(&real);
    return TRUE;
}

gboolean
meishi_token_modules_add(const MeishiTokenPlaces *places, const char *path, GError **error)
{
    g_autofree char *real = NULL, *file = NULL, *text = NULL;
    g_autoptr(GError) cause = NULL;

    if (!meishi_token_modules_check_new(places, path, &real, error) ||
        !meishi_paths_ensure_private_dir(places->added_dir, error))
        return FALSE;
    file = dup_added_file(places, real);
    text = g_strdup_printf("module: %s\n", real);
    if (g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &cause))
        return TRUE;
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_IO, cause->message);
    return FALSE;
}

gboolean
meishi_token_modules_remove(const MeishiTokenPlaces *places, const char *path, GError **error)
{
    char *resolved = realpath(path, NULL);
    g_autofree char *real = g_strdup(resolved != NULL ? resolved : path);
    g_autofree char *file = dup_added_file(places, real);
    int status = g_unlink(file);

    free(resolved);
    if (status == 0)
        return TRUE;
    g_set_error(error, MEISHI_ERROR,
                errno == ENOENT ? MEISHI_ERROR_NOT_FOUND : meishi_error_code_of_errno(errno),
                "%s was not added: %s.", path, g_strerror(errno));
    return FALSE;
}
