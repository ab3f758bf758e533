/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Browsers and mail programs that are installed as Flatpaks or Snaps, and what Flatpak lets them
 * see: metadata and overrides are key files of flatpak-metadata(5).
 */
#include "cli/doctor/gather/gather-private.h"

#include "daemon/base/paths.h"

#include <string.h>

#define SYSTEM_FLATPAK "/var/lib/flatpak"
#define SOCKETS        "xdg-run/meishi"

static const struct {
    const char *flatpak, *snap, *title;
} known[] = {
    {"org.mozilla.firefox", "firefox", "Firefox"},
    {"org.mozilla.Thunderbird", "thunderbird", "Thunderbird"},
    {"org.mozilla.thunderbird", NULL, "Thunderbird"},
    {"org.chromium.Chromium", "chromium", "Chromium"},
    {"io.github.ungoogled_software.ungoogled_chromium", NULL, "Chromium (ungoogled)"},
    {"com.google.Chrome", NULL, "Chrome"},
    {"com.brave.Browser", "brave", "Brave"},
    {"com.microsoft.Edge", NULL, "Edge"},
    {"com.vivaldi.Vivaldi", NULL, "Vivaldi"},
    {"com.opera.Opera", "opera", "Opera"},
    {"org.libreoffice.LibreOffice", "libreoffice", "LibreOffice"},
};

/* Where Flatpak keeps what one person has installed; new. */
static char *
dup_user_flatpak(void)
{
    g_autofree char *data = meishi_paths_data_dir();
    g_autofree char *base = g_path_get_dirname(data);

    return g_build_filename(base, "flatpak", NULL);
}

/* The last word about the sockets in @path's [Context] wins over @otherwise. */
static gboolean
read_permission(const char *path, gboolean otherwise)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) list = NULL;
    gboolean may = otherwise;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return otherwise;
    list = g_key_file_get_string_list(file, "Context", "filesystems", NULL, NULL);
    for (char **word = list; word != NULL && *word != NULL; word++) {
        gboolean is_refusal = (*word)[0] == '!';
        const char *place = *word + is_refusal;
        gsize len = strcspn(place, ":"); /* ":ro", ":create" */

        if (len == strlen(SOCKETS) && strncmp(place, SOCKETS, len) == 0)
            may = !is_refusal;
    }
    return may;
}

/* In the order in which Flatpak puts permissions together. */
static gboolean
reaches_socket(const char *base, const char *user, const char *app)
{
    g_autofree char *metadata =
        g_build_filename(base, "app", app, "current", "active", "metadata", NULL);
    const char *const bases[] = {SYSTEM_FLATPAK, user};
    const char *const names[] = {"global", app};
    gboolean may = read_permission(metadata, FALSE);

    for (gsize i = 0; i < G_N_ELEMENTS(bases); i++) {
        for (gsize k = 0; k < G_N_ELEMENTS(names); k++) {
            g_autofree char *path = g_build_filename(bases[i], "overrides", names[k], NULL);

            may = read_permission(path, may);
        }
    }
    return may;
}

static gboolean
has_flatpak(const char *base, const char *app)
{
    g_autofree char *dir = g_build_filename(base, "app", app, NULL);

    return g_file_test(dir, G_FILE_TEST_IS_DIR);
}

static void
add_flatpak(GArray *boxes, const char *user, gsize index)
{
    const char *app = known[index].flatpak;
    const char *base = has_flatpak(user, app) ? user : SYSTEM_FLATPAK;
    MeishiSandboxFact fact = {.id = app, .title = known[index].title};

    if (!has_flatpak(base, app))
        return;
    fact.reaches_socket = reaches_socket(base, user, app);
    g_array_append_val(boxes, fact);
}

/* A person has a directory for each Snap that they have started. */
static gboolean
has_snap(const char *home, const char *name)
{
    g_autofree char *own = g_build_filename(home, "snap", name, "current", NULL);
    g_autofree char *installed = g_build_filename("/snap", name, "current", NULL);

    return g_file_test(own, G_FILE_TEST_EXISTS) || g_file_test(installed, G_FILE_TEST_EXISTS);
}

static void
add_snap(GArray *boxes, const char *home, const char *user, gsize index)
{
    const char *app = known[index].flatpak;
    const MeishiSandboxFact fact = {
        .id = known[index].snap,
        .title = known[index].title,
        .is_snap = TRUE,
        .flatpak = app,
        .has_flatpak = has_flatpak(user, app) || has_flatpak(SYSTEM_FLATPAK, app),
    };

    if (known[index].snap != NULL && has_snap(home, known[index].snap))
        g_array_append_val(boxes, fact);
}

void
meishi_gather_sandboxes(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    g_autofree char *user = dup_user_flatpak();
    const char *home = gathering->around != NULL ? gathering->around->home : g_get_home_dir();
    GArray *boxes = g_array_new(FALSE, FALSE, sizeof(MeishiSandboxFact));

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        add_flatpak(boxes, user, i);
        add_snap(boxes, home, user, i);
    }
    facts->sandboxes = meishi_facts_keep_array(facts, boxes, &facts->n_sandboxes);
}
