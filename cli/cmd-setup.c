/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi setup: names the module where each program looks for one, and takes that back.  Needs no
 * daemon, and asks nobody anything.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/setup/apply.h"
#include "cli/setup/places.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "cli/text.h"

#include <string.h>
#include <unistd.h>

static struct {
    gboolean undo;
    gboolean dry_run;
    gboolean system;
    char *root;
} options;

static const GOptionEntry entries[] = {
    {"undo", 'u', 0, G_OPTION_ARG_NONE, &options.undo, "Put back what was there before", NULL},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run, "Say what would be done, do nothing",
     NULL},
    {"system", 0, 0, G_OPTION_ARG_NONE, &options.system, "For all users; as root", NULL},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &options.root,
     "With --system: the directory that an image is built in", "DIR"},
    G_OPTION_ENTRY_NULL,
};

/* ---- what was asked for ---------------------------------------------------------------------- */

static gboolean
refuse(const char *why, GError **error)
{
    g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, why);
    return FALSE;
}

/* Root's own programs are not what is meant, and files of root's in a home would be in the way. */
static gboolean
check_user(GError **error)
{
    gboolean is_root = geteuid() == 0;

    if (options.root != NULL && !options.system)
        return refuse("--root goes with --system.", error);
    if (is_root && !options.system)
        return refuse("Run `meishi setup` as yourself, or set up the programs of all users with "
                      "`meishi setup --system`.",
                      error);
    if (!is_root && options.system && options.root == NULL && !options.dry_run)
        return refuse("Only root can set up the programs of all users: `sudo meishi setup "
                      "--system`.",
                      error);
    if (options.root != NULL && !g_file_test(options.root, G_FILE_TEST_IS_DIR))
        return refuse("--root names no directory.", error);
    return TRUE;
}

static gboolean
check_name(const char *name, GError **error)
{
    const char *const *known = meishi_places_programs();
    const char *meant = meishi_suggest_word(name, known);
    g_autofree char *all = NULL;

    if (g_strv_contains(known, name))
        return TRUE;
    all = g_strjoinv(", ", (char **)known);
    if (meant != NULL)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "“%s” is no program that setup knows. Did you mean %s?", name, meant);
    else
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "“%s” is no program that setup knows. It knows %s.", name, all);
    return FALSE;
}

static gboolean
check_names(char **names, GError **error)
{
    for (; *names != NULL; names++) {
        if (!check_name(*names, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- doing ----------------------------------------------------------------------------------- */

static GPtrArray *
new_outcomes(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_outcome_free);
}

static gboolean
is_listed(GPtrArray *outcomes, const char *program)
{
    for (guint i = 0; i < outcomes->len; i++) {
        const MeishiOutcome *outcome = outcomes->pdata[i];

        if (g_str_equal(outcome->program, program))
            return TRUE;
    }
    return FALSE;
}

static void
add_absent(GPtrArray *outcomes, const char *program)
{
    MeishiOutcome *outcome = meishi_outcome_new(MEISHI_OUTCOME_LEFT, program, program, NULL);

    if (options.undo)
        outcome->message = g_strdup("Setup has changed nothing for it.");
    else if (g_str_equal(program, "systemd") && !options.system)
        outcome->message = g_strdup("It is set up for all users: `sudo meishi setup --system`.");
    else
        outcome->message = g_strdup("It is not on this machine.");
    g_ptr_array_add(outcomes, outcome);
}

static gboolean
set_up(const MeishiSurroundings *around, char **names, GPtrArray *outcomes, GError **error)
{
    const char *const *wanted = names[0] != NULL ? (const char *const *)names : NULL;
    g_autoptr(GPtrArray) places = meishi_places_find(around, wanted);
    g_autoptr(MeishiJournal) journal = NULL;

    if (!options.dry_run) {
        journal = meishi_journal_open(around, error);
        if (journal == NULL)
            return FALSE;
    }
    for (guint i = 0; i < places->len; i++)
        g_ptr_array_add(outcomes,
                        meishi_apply_place(around, journal, places->pdata[i], wanted != NULL));
    return TRUE;
}

static gboolean
is_wanted(const MeishiJournalEntry *entry, char **names)
{
    return names[0] == NULL || g_strv_contains((const char *const *)names, entry->program);
}

static gboolean
undo(const MeishiSurroundings *around, char **names, GPtrArray *outcomes, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(MeishiJournal) journal = meishi_journal_open_existing(around, &cause);
    g_autoptr(GPtrArray) changes = NULL;

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (journal == NULL)
        return TRUE;
    changes = meishi_journal_list(journal);
    for (guint i = 0; i < changes->len; i++) {
        if (is_wanted(changes->pdata[i], names))
            g_ptr_array_add(outcomes,
                            meishi_apply_undo(around, journal, changes->pdata[i], options.dry_run));
    }
    if (!options.dry_run)
        meishi_journal_remove_dirs(journal);
    return TRUE;
}

/* ---- saying ---------------------------------------------------------------------------------- */

static const MeishiColumn columns[] = {
    {"PROGRAM", 16, 2},
    {"RESULT", 0, 0},
    {"FILE", 20, 1},
    {NULL, 0, 0},
};

static const struct {
    const char *word;
    const char *dry_word;
    MeishiStyle style;
} results[] = {
    [MEISHI_OUTCOME_DONE] = {"set up", "to be set up", MEISHI_STYLE_GOOD},
    [MEISHI_OUTCOME_ALREADY] = {"is set up", "is set up", MEISHI_STYLE_PLAIN},
    [MEISHI_OUTCOME_BUSY] = {"in use", "in use", MEISHI_STYLE_WARN},
    [MEISHI_OUTCOME_FAILED] = {"failed", "would fail", MEISHI_STYLE_BAD},
    [MEISHI_OUTCOME_LEFT] = {"left alone", "left alone", MEISHI_STYLE_FAINT},
    [MEISHI_OUTCOME_RESTORED] = {"as before", "to be as before", MEISHI_STYLE_GOOD},
    [MEISHI_OUTCOME_TAKEN_OUT] = {"taken out", "to be taken out", MEISHI_STYLE_GOOD},
};

static char *
dup_dir(const MeishiOutcome *outcome)
{
    return outcome->path != NULL ? g_path_get_dirname(outcome->path) : NULL;
}

/* How many from @first on are files of one program in one directory, with one result. */
static guint
count_together(GPtrArray *outcomes, guint first)
{
    const MeishiOutcome *one = outcomes->pdata[first];
    g_autofree char *dir = dup_dir(one);
    guint n = 1;

    for (; dir != NULL && first + n < outcomes->len; n++) {
        const MeishiOutcome *other = outcomes->pdata[first + n];
        g_autofree char *its_dir = dup_dir(other);

        if (other->kind != one->kind || !g_str_equal(other->program, one->program) ||
            g_strcmp0(dir, its_dir) != 0)
            break;
    }
    return n;
}

static void
add_row(MeishiTable *table, const MeishiOutcome *outcome, const char *title, const char *path)
{
    const char *word =
        options.dry_run ? results[outcome->kind].dry_word : results[outcome->kind].word;

    meishi_table_add_row(table);
    meishi_table_add_cell(table, title, MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, word, results[outcome->kind].style);
    meishi_table_add_cell(table, path != NULL ? path : "", MEISHI_STYLE_PLAIN);
}

/* "Java", and the directory. */
static void
add_common_row(MeishiTable *table, const MeishiOutcome *outcome)
{
    g_autofree char *title = g_strndup(outcome->title, strcspn(outcome->title, ","));
    g_autofree char *dir = dup_dir(outcome);

    add_row(table, outcome, title, dir);
}

/* Not for somebody who asked about everything: these are used by those who know them. */
static gboolean
is_told_elsewhere(const MeishiOutcome *outcome, gboolean is_brief)
{
    return is_brief && outcome->is_usage && outcome->kind != MEISHI_OUTCOME_FAILED;
}

static void
print_table(GPtrArray *outcomes, gboolean is_brief)
{
    g_autoptr(MeishiTable) table = meishi_table_new(columns);
    guint n;

    for (guint i = 0; i < outcomes->len; i += n) {
        const MeishiOutcome *outcome = outcomes->pdata[i];

        n = is_brief ? count_together(outcomes, i) : 1;
        if (n > 1)
            add_common_row(table, outcome);
        else if (outcome->path != NULL || !is_told_elsewhere(outcome, is_brief))
            add_row(table, outcome, outcome->title, outcome->path);
    }
    meishi_table_print(table);
}

/* Names of profiles and files are chosen by others. */
static void
print_clean(const char *before, const char *text, const char *after)
{
    g_autofree char *clean = meishi_text_clean(text);

    g_print("%s%s%s", before, clean, after);
}

/* What there is to say about one of them, and what to type, in lines that can be copied. */
static void
print_remark(const MeishiOutcome *outcome)
{
    g_auto(GStrv) lines =
        g_strsplit(outcome->hint != NULL && !options.undo ? outcome->hint : "", "\n", -1);

    if (outcome->message == NULL && lines[0] == NULL)
        return;
    print_clean("\n", outcome->title, ":");
    if (outcome->message != NULL)
        print_clean(" ", outcome->message, "");
    g_print("\n");
    for (char **line = lines; *line != NULL; line++)
        print_clean("    ", *line, "\n");
}

static void
print_remarks(GPtrArray *outcomes, gboolean is_brief)
{
    g_autoptr(GString) elsewhere = g_string_new(NULL);
    const char *last = "";

    for (guint i = 0; i < outcomes->len; i++) {
        const MeishiOutcome *outcome = outcomes->pdata[i];

        if (!is_told_elsewhere(outcome, is_brief)) {
            print_remark(outcome);
        } else if (!g_str_equal(outcome->program, last)) {
            g_string_append_printf(elsewhere, " %s", outcome->program);
            last = outcome->program;
        }
    }
    if (elsewhere->len > 0)
        g_print("\n`meishi setup%s%s` says how these are told which certificate to use.\n",
                options.dry_run ? " --dry-run" : "", elsewhere->str);
}

static void
print_json(GPtrArray *outcomes)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_array(json);
    for (guint i = 0; i < outcomes->len; i++) {
        const MeishiOutcome *outcome = outcomes->pdata[i];

        json_builder_begin_object(json);
        meishi_json_member(json, "program", outcome->program);
        meishi_json_member(json, "title", outcome->title);
        meishi_json_member(json, "path", outcome->path);
        meishi_json_member(json, "result", meishi_outcome_name(outcome->kind));
        meishi_json_member(json, "message", outcome->message);
        meishi_json_member(json, "hint", outcome->hint);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    meishi_json_print(json);
}

static gboolean
has_kind(GPtrArray *outcomes, MeishiOutcomeKind kind)
{
    for (guint i = 0; i < outcomes->len; i++) {
        const MeishiOutcome *outcome = outcomes->pdata[i];

        if (outcome->kind == kind)
            return TRUE;
    }
    return FALSE;
}

/* In brief for whoever named no program. */
static void
print(GPtrArray *outcomes, gboolean is_brief)
{
    if (meishi_command_json()) {
        print_json(outcomes);
        return;
    }
    if (outcomes->len == 0)
        g_print("There is nothing to undo.\n");
    else
        print_table(outcomes, is_brief);
    print_remarks(outcomes, is_brief);
    if (has_kind(outcomes, MEISHI_OUTCOME_DONE) && !options.dry_run)
        g_print("\n`meishi setup%s --undo` puts everything back.\n",
                options.system ? " --system" : "");
}

static gboolean
check_outcomes(GPtrArray *outcomes, GError **error)
{
    for (guint i = 0; i < outcomes->len; i++) {
        if (!meishi_outcome_is_bad(outcomes->pdata[i]))
            continue;
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    options.undo ? "Not everything could be undone."
                                 : "Not everything could be set up.");
        return FALSE;
    }
    return TRUE;
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiSurroundings) around = NULL;
    g_autoptr(GPtrArray) outcomes = new_outcomes();

    if (!check_user(error) || !check_names(args, error))
        return FALSE;
    around = meishi_surroundings_new(options.system, options.root, error);
    if (around == NULL)
        return FALSE;
    if (options.undo ? !undo(around, args, outcomes, error)
                     : !set_up(around, args, outcomes, error))
        return FALSE;
    for (guint i = 0; args[i] != NULL; i++) {
        if (!is_listed(outcomes, args[i]))
            add_absent(outcomes, args[i]);
    }
    print(outcomes, args[0] == NULL);
    return check_outcomes(outcomes, error);
}

const MeishiCommand meishi_command_setup = {
    .name = "setup",
    .usage = "[PROGRAM...]",
    .summary = "Let programs find the certificates",
    .text = "Names Meishi's PKCS#11 module where programs look for one: p11-kit, the databases of "
            "Firefox, Thunderbird and Chromium, files for Java; ssh where it is named. Says how to "
            "tell the others. Everything can be undone, and nothing is changed under a running "
            "browser.",
    .example = "meishi setup\nmeishi setup firefox ssh\nmeishi setup --undo",
    .options = entries,
    .max_args = G_MAXUINT,
    .argument = MEISHI_ARGUMENT_PROGRAM,
    .run = run,
};
