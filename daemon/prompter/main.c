/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi-prompter: asks the person with windows, for the daemon of the same session bus, and
 * imports the files that the person opens.  Runs once per session, under the name
 * org.meishi.Prompter: started by the bus, it stays until for some minutes there was nothing to
 * show; started with files, where no other runs that would take them, until the last window is
 * closed.
 */
#include "config.h"

#include "daemon/base/harden.h"
#include "daemon/prompter/import-window.h"
#include "daemon/prompter/prompter.h"

#include <adwaita.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>

#define NAME           "org.meishi.Prompter"
#define LINGER_SECONDS 300
#define BUS_PATIENCE   1000

typedef struct {
    AdwApplication *application;
    MeishiPrompter *prompter;
    char *locale_dir; /* NULL: where it is installed */
    gboolean show_version;
    int linger_seconds; /* without anything to show */
    int status;
} Program;

static gboolean
on_end(gpointer data)
{
    Program *program = data;

    g_application_quit(G_APPLICATION(program->application));
    return G_SOURCE_CONTINUE;
}

/* Windows hold the application; when the last one lets go, the time begins. */
static void
linger(const Program *program)
{
    GApplication *application = G_APPLICATION(program->application);

    g_application_set_inactivity_timeout(application, (guint)program->linger_seconds * 1000);
    g_application_hold(application);
    g_application_release(application);
}

/* From here on nobody of the same user reads our memory, and nobody is asked anything before.  Not
 * earlier: the desktop's settings (dark, contrast) come from the portal, which looks at the process
 * that asks first, and refuses one that it cannot look at. */
static void
on_startup(GApplication *application, gpointer data)
{
    Program *program = data;
    GDBusConnection *connection = g_application_get_dbus_connection(application);
    g_autoptr(GError) error = NULL;

    meishi_harden_self();
    program->prompter = meishi_prompter_new(connection, &error);
    if (program->prompter == NULL) {
        g_printerr("meishi-prompter: %s\n", error->message);
        program->status = EXIT_FAILURE;
        return;
    }
    if (g_application_get_flags(application) & G_APPLICATION_IS_SERVICE)
        linger(program);
}

static void
on_open(GApplication *application, GFile **files, gint n_files, const char *hint, gpointer data)
{
    meishi_import_window_open(application, files, n_files);
}

/* Before the daemon learns that we leave: a question that comes then has the bus start another of
 * us, which it would not while we have the name. */
static void
give_up_name(GDBusConnection *connection)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "ReleaseName", g_variant_new("(s)", NAME), NULL, G_DBUS_CALL_FLAGS_NONE, BUS_PATIENCE, NULL,
        NULL);
}

static void
on_shutdown(GApplication *application, gpointer data)
{
    Program *program = data;

    if (g_application_get_dbus_connection(application) != NULL)
        give_up_name(g_application_get_dbus_connection(application));
    g_clear_pointer(&program->prompter, meishi_prompter_free);
}

static gboolean
parse_options(int *argc, char ***argv, Program *program, GError **error)
{
    const GOptionEntry entries[] = {
        {"version", 0, 0, G_OPTION_ARG_NONE, &program->show_version, "Print the version", NULL},
        {"locale-dir", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &program->locale_dir, NULL,
         NULL},
        {"linger", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &program->linger_seconds, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("[FILE…] - ask for meishid, and import files");

    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static void
choose_language(const Program *program)
{
    setlocale(LC_ALL, "");
    bindtextdomain("meishi", program->locale_dir != NULL ? program->locale_dir : MEISHI_LOCALEDIR);
    bind_textdomain_codeset("meishi", "UTF-8");
    textdomain("meishi");
}

/* For some lines of text, GL takes longer to start than to draw, and its drivers would live in a
 * process through which passwords pass.  GTK asks the environment; a person's word there holds. */
static void
choose_renderer(void)
{
    g_setenv("GSK_RENDERER", "cairo", FALSE);
}

static int
run(Program *program, int argc, char **argv)
{
    GApplicationFlags mode = argc > 1 ? G_APPLICATION_DEFAULT_FLAGS : G_APPLICATION_IS_SERVICE;
    int status;

    choose_renderer();
    g_set_prgname("meishi-prompter");
    program->application = adw_application_new(NAME, mode | G_APPLICATION_HANDLES_OPEN);
    g_signal_connect(program->application, "open", G_CALLBACK(on_open), program);
    g_signal_connect(program->application, "startup", G_CALLBACK(on_startup), program);
    g_signal_connect(program->application, "shutdown", G_CALLBACK(on_shutdown), program);
    g_unix_signal_add(SIGTERM, on_end, program);
    g_unix_signal_add(SIGINT, on_end, program);
    status = g_application_run(G_APPLICATION(program->application), argc, argv);
    g_object_unref(program->application);
    return status != EXIT_SUCCESS ? status : program->status;
}

int
main(int argc, char **argv)
{
    Program program = {.linger_seconds = LINGER_SECONDS, .status = EXIT_SUCCESS};
    g_autoptr(GError) error = NULL;
    int status = EXIT_SUCCESS;

    meishi_harden_limits();
    if (!parse_options(&argc, &argv, &program, &error)) {
        g_printerr("meishi-prompter: %s\n", error->message);
        status = EXIT_FAILURE;
    } else if (program.show_version) {
        g_print("meishi-prompter %s\n", MEISHI_VERSION);
    } else {
        choose_language(&program);
        status = run(&program, argc, argv);
    }
    g_free(program.locale_dir);
    return status;
}
