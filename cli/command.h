/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a subcommand is.  One file each; main.c has the table.  Help, completion and the check of
 * arguments are made from these descriptions and nowhere else.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_ARGUMENT_NONE,
    MEISHI_ARGUMENT_IDENTITY,
    MEISHI_ARGUMENT_FILE,
    MEISHI_ARGUMENT_SLOT_KIND,
    MEISHI_ARGUMENT_COMMAND,
    MEISHI_ARGUMENT_HOST,   /* of those that are remembered */
    MEISHI_ARGUMENT_CHOICE, /* its number, or a host */
    MEISHI_ARGUMENT_BROWSER,
    MEISHI_ARGUMENT_TOKEN,
    MEISHI_ARGUMENT_PROGRAM, /* that setup knows */
} MeishiArgument;

typedef struct MeishiCommand MeishiCommand;

struct MeishiCommand {
    const char *name;
    const char *usage;           /* what follows the name: "NAME NEW-LABEL" */
    const char *summary;         /* one line, for the list of commands */
    const char *text;            /* a paragraph, for its own help */
    const char *example;         /* lines; NULL */
    const GOptionEntry *options; /* besides --json and --color; NULL */
    guint min_args, max_args;
    MeishiArgument argument; /* the first one, for completion */
    gboolean keeps_process;  /* becomes another program: see meishi_harden_self() */
    gboolean (*run)(char **args, GError **error);
    const MeishiCommand *const *subcommands; /* NULL-terminated; run is for none of them */
};

extern const MeishiCommand meishi_command_import;
extern const MeishiCommand meishi_command_list;
extern const MeishiCommand meishi_command_show;
extern const MeishiCommand meishi_command_rename;
extern const MeishiCommand meishi_command_set;
extern const MeishiCommand meishi_command_remove;
extern const MeishiCommand meishi_command_export;
extern const MeishiCommand meishi_command_probe;
extern const MeishiCommand meishi_command_test;
extern const MeishiCommand meishi_command_setup;
extern const MeishiCommand meishi_command_status;
extern const MeishiCommand meishi_command_doctor;
extern const MeishiCommand meishi_command_lock;
extern const MeishiCommand meishi_command_unlock;
extern const MeishiCommand meishi_command_vault;
extern const MeishiCommand meishi_command_vault_init;
extern const MeishiCommand meishi_command_vault_slots;
extern const MeishiCommand meishi_command_vault_add_slot;
extern const MeishiCommand meishi_command_vault_remove_slot;
extern const MeishiCommand meishi_command_vault_check;
extern const MeishiCommand meishi_command_vault_backup;
extern const MeishiCommand meishi_command_vault_restore;
extern const MeishiCommand meishi_command_select;
extern const MeishiCommand meishi_command_why;
extern const MeishiCommand meishi_command_exec;
extern const MeishiCommand meishi_command_agent;
extern const MeishiCommand meishi_command_choices;
extern const MeishiCommand meishi_command_choices_list;
extern const MeishiCommand meishi_command_choices_set;
extern const MeishiCommand meishi_command_choices_forget;
extern const MeishiCommand meishi_command_choices_undo;

extern const MeishiCommand meishi_command_token;
extern const MeishiCommand meishi_command_token_add_module;
extern const MeishiCommand meishi_command_token_forget;
extern const MeishiCommand meishi_command_token_list;
extern const MeishiCommand meishi_command_token_init;
extern const MeishiCommand meishi_command_token_login;
extern const MeishiCommand meishi_command_token_logout;
extern const MeishiCommand meishi_command_token_pin;
extern const MeishiCommand meishi_command_token_remove_module;
extern const MeishiCommand meishi_command_token_show;
extern const MeishiCommand meishi_command_policy;
extern const MeishiCommand meishi_command_policy_check;
extern const MeishiCommand meishi_command_policy_show;
extern const MeishiCommand meishi_command_policy_explain;
extern const MeishiCommand meishi_command_policy_diff;
extern const MeishiCommand meishi_command_policy_import;
extern const MeishiCommand meishi_command_policy_export;

/* All that main.c knows, NULL-terminated. */
extern const MeishiCommand *const meishi_commands[];

/* Whether who started us ignores SIGPIPE, as we all do: `meishi exec` hands that on. */
extern gboolean meishi_command_ignored_pipe;

/* Whether --json was given. */
gboolean meishi_command_json(void);

/* Options that every command has. */
extern const GOptionEntry meishi_command_common_options[];

/* Runs "meishi ARGS...": finds the command, reads its options, checks the number of arguments.
 * @args without the program's name. */
gboolean meishi_command_dispatch(char **args, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The command called @name in @commands, or NULL. */
const MeishiCommand *meishi_command_find(const MeishiCommand *const *commands, const char *name);
