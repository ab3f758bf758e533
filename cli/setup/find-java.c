/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Java looks nowhere by itself.  Its places are files of ours below ~/.config/meishi/java: one
 * configuration of SunPKCS11, and for each JDK the security properties that load it and the
 * arguments that name those.  The JDKs themselves are left alone.
 */
#include "cli/setup/file-state.h"
#include "cli/setup/find.h"
#include "cli/setup/java-text.h"

#include <string.h>

#define ALL_JDKS "/usr/lib/jvm"
#define MASTER   "conf/security/java.security"

/* Where JDKs are (home -> nothing), each once. */
static void
add_jdk(GHashTable *jdks, const char *home)
{
    g_autofree char *java = g_build_filename(home, "bin", "java", NULL);
    g_autofree char *master = g_build_filename(home, MASTER, NULL);

    if (g_file_test(java, G_FILE_TEST_IS_EXECUTABLE) && g_file_test(master, G_FILE_TEST_EXISTS))
        g_hash_table_add(jdks, g_strdup(home));
}

/* The one that "java" is. */
static void
add_default(const MeishiSurroundings *around, GHashTable *jdks)
{
    g_autofree char *command = meishi_surroundings_find_program(around, "java");
    g_autoptr(MeishiFileState) java =
        command != NULL ? meishi_file_state_read(command, "", NULL) : NULL;
    g_autofree char *bin = java != NULL ? g_path_get_dirname(java->path) : NULL;
    g_autofree char *home = bin != NULL ? g_path_get_dirname(bin) : NULL;

    if (home != NULL)
        add_jdk(jdks, home);
}

static void
add_installed(const MeishiSurroundings *around, GHashTable *jdks)
{
    g_autofree char *all = meishi_surroundings_system_path(around, ALL_JDKS);
    g_autoptr(GDir) stream = g_dir_open(all, 0, NULL);
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *home = g_build_filename(all, name, NULL);

        if (!g_file_test(home, G_FILE_TEST_IS_SYMLINK))
            add_jdk(jdks, home);
    }
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Takes @text, NULL where it cannot be written. */
static void
judge(MeishiPlace *place, char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiFileState) file = meishi_file_state_read(place->path, "", &error);

    if (text == NULL || file == NULL) {
        place->state = MEISHI_PLACE_BROKEN;
        place->detail = g_strdup(
            error != NULL ? error->message
                          : "Java cannot be told the path of the module: it is not plain ASCII.");
        g_free(text);
        return;
    }
    place->whole = g_bytes_new_take(text, strlen(text));
    if (file->bytes == NULL)
        place->state = MEISHI_PLACE_MISSING;
    else if (!g_bytes_equal(file->bytes, place->whole))
        place->state = MEISHI_PLACE_STALE;
    else
        place->module = g_strdup(place->wanted);
}

static MeishiPlace *
add_place(const MeishiSurroundings *around, const char *title, const char *file, GPtrArray *places)
{
    MeishiPlace *place = meishi_place_new(MEISHI_PLACE_JAVA, "java", title);

    place->wanted = g_strdup(around->module);
    place->path = g_build_filename(around->config, "meishi", "java", file, NULL);
    g_ptr_array_add(places, place);
    return place;
}

static char *
read_master(const char *home)
{
    g_autofree char *path = g_build_filename(home, MASTER, NULL);
    g_autoptr(MeishiFileState) file = meishi_file_state_read(path, "", NULL);

    return file != NULL ? meishi_file_state_text(file, NULL) : NULL;
}

static void
add_for_jdk(const MeishiSurroundings *around, const char *home, const char *configuration,
            GPtrArray *places)
{
    g_autofree char *name = g_path_get_basename(home);
    g_autofree char *security_file = g_strconcat(name, ".security", NULL);
    g_autofree char *arguments_file = g_strconcat(name, ".args", NULL);
    g_autofree char *security_title = g_strdup_printf("Java, properties for %s", name);
    g_autofree char *arguments_title = g_strdup_printf("Java, arguments for %s", name);
    g_autofree char *master = read_master(home);
    MeishiPlace *security, *arguments;

    if (master == NULL)
        return;
    security = add_place(around, security_title, security_file, places);
    judge(security, meishi_java_text_security(meishi_java_text_provider(master), configuration));
    arguments = add_place(around, arguments_title, arguments_file, places);
    judge(arguments, meishi_java_text_arguments(security->path));
    arguments->is_usage = TRUE;
    arguments->hint = g_strdup_printf("%s/bin/java @%s -jar PROGRAM.jar", home, arguments->path);
}

void
meishi_find_java(const MeishiSurroundings *around, GPtrArray *places)
{
    g_autoptr(GHashTable) jdks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GList) homes = NULL;
    const MeishiPlace *configuration;

    add_default(around, jdks);
    add_installed(around, jdks);
    homes = g_list_sort(g_hash_table_get_keys(jdks), compare_names);
    if (homes == NULL)
        return;
    judge(add_place(around, "Java, SunPKCS11", "sunpkcs11.cfg", places),
          meishi_java_text_configuration(around->module));
    configuration = places->pdata[places->len - 1];
    for (GList *home = homes; home != NULL; home = home->next)
        add_for_jdk(around, home->data, configuration->path, places);
}
