/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Help is short: what it does, how it is called, one example; meishi(1) has the rest.
 */
#include "cli/help.h"

#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"

#include <unistd.h>

#define MAX_WIDTH 80

static guint
help_width(void)
{
    guint width = meishi_table_terminal_width();

    return width == 0 ? MAX_WIDTH : MIN(width, MAX_WIDTH);
}

static void
print_heading(const char *text)
{
    g_print("\n%s%s%s\n", meishi_style_on(MEISHI_STYLE_STRONG, STDOUT_FILENO), text,
            meishi_style_off(MEISHI_STYLE_STRONG, STDOUT_FILENO));
}

/* "  left      right", the right side wrapped in its own column. */
static void
print_pair(const char *left, const char *right, guint column)
{
    guint width = MAX(help_width(), column + 20) - column;
    g_autofree char *wrapped = meishi_text_wrap(right, width, column);

    g_print("  %s%*s%s\n", left, (int)(column - 2 - MIN(meishi_text_width(left), column - 3)), "",
            wrapped);
}

static void
print_commands(const MeishiCommand *const *commands)
{
    guint column = 0;

    for (guint i = 0; commands[i] != NULL; i++)
        column = MAX(column, meishi_text_width(commands[i]->name) + 4);
    for (guint i = 0; commands[i] != NULL; i++)
        print_pair(commands[i]->name, commands[i]->summary, column);
}

static char *
describe_option(const GOptionEntry *option)
{
    g_autofree char *letter =
        option->short_name != 0 ? g_strdup_printf("-%c, ", option->short_name) : g_strdup("    ");

    if (option->arg_description == NULL)
        return g_strdup_printf("%s--%s", letter, option->long_name);
    return g_strdup_printf("%s--%s=%s", letter, option->long_name, option->arg_description);
}

static guint
option_column(const GOptionEntry *options)
{
    guint column = 0;

    for (; options != NULL && options->long_name != NULL; options++) {
        g_autofree char *left = describe_option(options);

        column = MAX(column, meishi_text_width(left) + 4);
    }
    return column;
}

static void
print_options(const GOptionEntry *options, guint column)
{
    for (; options != NULL && options->long_name != NULL; options++) {
        g_autofree char *left = describe_option(options);

        if ((options->flags & G_OPTION_FLAG_HIDDEN) == 0)
            print_pair(left, options->description, column);
    }
}

static void
print_examples(const char *example)
{
    g_auto(GStrv) lines = g_strsplit(example, "\n", -1);

    print_heading(g_strv_length(lines) > 1 ? "Examples:" : "Example:");
    for (char **line = lines; *line != NULL; line++)
        g_print("  %s\n", *line);
}

void
meishi_help_print_all(void)
{
    g_print("meishi keeps your TLS client certificates and lends them to your programs.\n");
    print_heading("Usage:");
    g_print("  meishi COMMAND [OPTIONS] [ARGUMENTS]\n");
    print_heading("Commands:");
    print_commands(meishi_commands);
    print_heading("Options:");
    print_options(meishi_command_common_options, option_column(meishi_command_common_options));
    g_print("      --version     Print the version\n");
    g_print("\n`meishi help COMMAND` says more about one; meishi(1) has it all.\n");
}

void
meishi_help_print(const MeishiCommand *command, const char *path)
{
    g_autofree char *text = meishi_text_wrap(command->text, help_width(), 0);
    guint column =
        MAX(option_column(command->options), option_column(meishi_command_common_options));

    g_print("%s\n", text);
    print_heading("Usage:");
    g_print("  meishi %s%s%s\n", path, command->usage[0] != '\0' ? " " : "", command->usage);
    if (command->subcommands != NULL) {
        print_heading("Commands:");
        print_commands(command->subcommands);
    }
    print_heading("Options:");
    print_options(command->options, column);
    print_options(meishi_command_common_options, column);
    if (command->example != NULL)
        print_examples(command->example);
}
