/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From an argument vector to a command.  Options may stand anywhere after the command's name (and
 * the common ones before it); mistakes are answered with what was probably meant.
 */
#include "config.h"

#include "cli/command.h"

#include "cli/complete.h"
#include "cli/error.h"
#include "cli/help.h"
#include "cli/style.h"
#include "cli/suggest.h"
#include "daemon/base/harden.h"

#include <string.h>

static struct {
    gboolean json;
    gboolean help;
    char *color;
} common;

gboolean meishi_command_ignored_pipe;

const GOptionEntry meishi_command_common_options[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &common.json, "Print JSON, for programs", NULL},
    {"color", 0, 0, G_OPTION_ARG_STRING, &common.color,
     "Colours: auto (the default), always or never", "WHEN"},
    {"help", 'h', 0, G_OPTION_ARG_NONE, &common.help, "Print help", NULL},
    G_OPTION_ENTRY_NULL,
};

gboolean
meishi_command_json(void)
{
    return common.json;
}

const MeishiCommand *
meishi_command_find(const MeishiCommand *const *commands, const char *name)
{
    for (; *commands != NULL; commands++) {
        if (g_str_equal((*commands)->name, name))
            return *commands;
    }
    return NULL;
}

/* ---- mistakes ------------------------------------------------------------------------------- */

static gboolean
fail_command(const MeishiCommand *const *commands, const char *path, const char *typed,
             GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *meant;

    for (; *commands != NULL; commands++)
        g_ptr_array_add(names, (gpointer)(*commands)->name);
    g_ptr_array_add(names, NULL);
    meant = meishi_suggest_word(typed, (const char *const *)names->pdata);
    if (meant != NULL)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "There is no command “%s%s”. Did you mean `meishi %s%s`?", path, typed, path,
                    meant);
    else
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "There is no command “%s%s”. `meishi help` shows all.", path, typed);
    return FALSE;
}

static void
add_option_names(GPtrArray *names, const GOptionEntry *options)
{
    for (; options != NULL && options->long_name != NULL; options++)
        g_ptr_array_add(names, (gpointer)options->long_name);
}

/* GOption knows how to refuse an option but not what was meant. */
static gboolean
check_option(const MeishiCommand *command, const char *path, const char *arg, GError **error)
{
    g_autofree char *typed = g_strndup(arg + 2, strcspn(arg + 2, "="));
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *meant;

    add_option_names(names, command != NULL ? command->options : NULL);
    add_option_names(names, meishi_command_common_options);
    g_ptr_array_add(names, NULL);
    if (g_strv_contains((const char *const *)names->pdata, typed))
        return TRUE;
    meant = meishi_suggest_word(typed, (const char *const *)names->pdata);
    if (meant != NULL)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "There is no option --%s. Did you mean --%s?", typed, meant);
    else
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "There is no option --%s. `meishi%s%s --help` shows all.", typed,
                    path[0] != '\0' ? " " : "", path);
    return FALSE;
}

static gboolean
check_options(const MeishiCommand *command, const char *path, char **args, GError **error)
{
    for (; *args != NULL && !g_str_equal(*args, "--"); args++) {
        if (g_str_has_prefix(*args, "--") && !check_option(command, path, *args, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_count(const MeishiCommand *command, const char *path, char **args, GError **error)
{
    guint n = g_strv_length(args);

    if (n >= command->min_args && n <= command->max_args)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "%s Usage: meishi %s%s%s",
                n < command->min_args ? "Something is missing." : "That is too much.", path,
                command->usage[0] != '\0' ? " " : "", command->usage);
    return FALSE;
}

/* ---- dispatch ------------------------------------------------------------------------------- */

static gboolean
parse_argv(const GOptionEntry *options, gboolean strict, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, strict);
    if (options != NULL)
        g_option_context_add_main_entries(context, options, NULL);
    g_option_context_add_main_entries(context, meishi_command_common_options, NULL);
    if (!g_option_context_parse_strv(context, argv, error))
        return FALSE;
    if (meishi_style_setup(common.color))
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "--color is auto, always or never, not “%s”.", common.color);
    return FALSE;
}

/* Takes the options out of *@args.  @strict: stop at the first argument that is none.  GOption sees
 * nothing from "--" on, because it keeps or drops that word as it likes; here it goes with the
 * last parsing, which is the one that is not strict. */
static gboolean
parse(const GOptionEntry *options, gboolean strict, char ***args, GError **error)
{
    g_autoptr(GStrvBuilder) before = g_strv_builder_new();
    g_autoptr(GStrvBuilder) result = g_strv_builder_new();
    g_auto(GStrv) argv = NULL;
    char **rest = *args;

    g_strv_builder_add(before, "meishi");
    for (; *rest != NULL && !g_str_equal(*rest, "--"); rest++)
        g_strv_builder_add(before, *rest);
    argv = g_strv_builder_end(before);
    if (!parse_argv(options, strict, &argv, error))
        return FALSE;
    g_strv_builder_addv(result, (const char **)argv + 1);
    if (*rest != NULL)
        g_strv_builder_addv(result, (const char **)rest + !strict);
    g_strfreev(*args);
    *args = g_strv_builder_end(result);
    return TRUE;
}

static gboolean
run_command(const MeishiCommand *command, const char *path, char ***args, GError **error)
{
    if (!check_options(command, path, *args, error) || !parse(command->options, FALSE, args, error))
        return FALSE;
    if (common.help) {
        meishi_help_print(command, path);
        return TRUE;
    }
    if (!check_count(command, path, *args, error))
        return FALSE;
    if (!command->keeps_process)
        meishi_harden_process();
    return command->run(*args, error);
}

static gboolean
run_group(const MeishiCommand *group, char ***args, GError **error)
{
    g_autofree char *prefix = g_strconcat(group->name, " ", NULL);
    g_autofree char *path = NULL;
    g_auto(GStrv) rest = NULL;
    const MeishiCommand *command;

    if (!parse(NULL, TRUE, args, error))
        return FALSE;
    if (common.help || ((*args)[0] == NULL && group->run == NULL)) {
        meishi_help_print(group, group->name);
        return TRUE;
    }
    if ((*args)[0] == NULL)
        return run_command(group, group->name, args, error);
    command = meishi_command_find(group->subcommands, (*args)[0]);
    if (command == NULL)
        return fail_command(group->subcommands, prefix, (*args)[0], error);
    path = g_strconcat(prefix, command->name, NULL);
    rest = g_strdupv(*args + 1);
    return run_command(command, path, &rest, error);
}

static gboolean
print_help_for(char **words, GError **error)
{
    const MeishiCommand *const *commands = meishi_commands;
    const MeishiCommand *command = NULL;
    g_autoptr(GString) path = g_string_new(NULL);

    for (; *words != NULL && commands != NULL; words++) {
        command = meishi_command_find(commands, *words);
        if (command == NULL)
            return fail_command(commands, path->str, *words, error);
        g_string_append_printf(path, "%s ", *words);
        commands = command->subcommands;
    }
    if (command == NULL) {
        meishi_help_print_all();
    } else {
        g_string_truncate(path, path->len - 1);
        meishi_help_print(command, path->str);
    }
    return TRUE;
}

static gboolean
check_leading_options(char **args, GError **error)
{
    for (; *args != NULL && (*args)[0] == '-'; args++) {
        if (g_str_has_prefix(*args, "--") && !check_option(NULL, "", *args, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
run_named(const char *name, char **args, GError **error)
{
    g_auto(GStrv) rest = g_strdupv(args);
    const MeishiCommand *command = meishi_command_find(meishi_commands, name);

    if (g_str_equal(name, "help"))
        return print_help_for(rest, error);
    if (command == NULL)
        return fail_command(meishi_commands, "", name, error);
    if (command->subcommands != NULL)
        return run_group(command, &rest, error);
    return run_command(command, command->name, &rest, error);
}

gboolean
meishi_command_dispatch(char **args, GError **error)
{
    g_auto(GStrv) rest = g_strdupv(args);

    if (rest[0] != NULL && g_str_equal(rest[0], "--version")) {
        g_print("meishi %s\n", MEISHI_VERSION);
        return TRUE;
    }
    if (rest[0] != NULL && g_str_equal(rest[0], "__complete")) {
        meishi_complete_print(rest + 1);
        return TRUE;
    }
    if (!check_leading_options(rest, error) || !parse(NULL, TRUE, &rest, error))
        return FALSE;
    if (rest[0] != NULL && !common.help)
        return run_named(rest[0], rest + 1, error);
    meishi_help_print_all();
    return TRUE;
}
