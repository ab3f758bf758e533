/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Policy files from disk; see rule-files.h.
 */
#include "daemon/rules/rule-files.h"

#include "daemon/base/drop-in.h"
#include "daemon/base/paths.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct MeishiRuleFiles {
    GPtrArray *sources;  /* MeishiPolicySource with strings of its own */
    GPtrArray *problems; /* MeishiLint: files that have no text */
};

static void
free_source(gpointer data)
{
    MeishiPolicySource *source = data;

    g_free((char *)source->name);
    g_free((char *)source->path);
    g_bytes_unref(source->text);
    g_free(source);
}

MeishiRuleFiles *
meishi_rule_files_new(void)
{
    MeishiRuleFiles *files = g_new0(MeishiRuleFiles, 1);

    files->sources = g_ptr_array_new_with_free_func(free_source);
    files->problems = meishi_lint_list_new();
    return files;
}

void
meishi_rule_files_free(MeishiRuleFiles *files)
{
    if (files == NULL)
        return;
    g_ptr_array_unref(files->sources);
    g_ptr_array_unref(files->problems);
    g_free(files);
}

guint
meishi_rule_files_count(const MeishiRuleFiles *files)
{
    return files->sources->len + files->problems->len;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static MeishiPolicySource *
add_source(MeishiRuleFiles *files, MeishiLayer layer, const char *path, GBytes *text)
{
    MeishiPolicySource *source = g_new0(MeishiPolicySource, 1);

    source->layer = layer;
    source->name = g_path_get_basename(path);
    source->path = g_strdup(path);
    source->text = g_bytes_ref(text);
    source->mode = 0644;
    g_ptr_array_add(files->sources, source);
    return source;
}

/* Whoever owns the program can make it do anything, so files of its owner are as good as root's:
 * that is how a Meishi installed below somebody's home has vendor files, and one whose user
 * namespace does not know root. */
static guint
expected_owner(MeishiLayer layer, const char *root, guint owner)
{
    struct stat program;

    if (layer == MEISHI_LAYER_USER || root != NULL)
        return getuid();
    return stat("/proc/self/exe", &program) == 0 && program.st_uid == owner ? owner : 0;
}

static void
add_problem(MeishiRuleFiles *files, const MeishiDropIn *drop_in)
{
    MeishiLintPlace place = {.file = drop_in->path};

    meishi_lint_add(files->problems, MEISHI_LINT_ERROR, &place, "%s", drop_in->problem);
}

static void
add_installed(MeishiRuleFiles *files, MeishiLayer layer, const char *dir, const char *root)
{
    g_autoptr(GPtrArray) list = meishi_drop_in_list(dir, ".conf");

    for (guint i = 0; i < list->len; i++) {
        const MeishiDropIn *drop_in = g_ptr_array_index(list, i);
        MeishiPolicySource *source;

        if (drop_in->problem != NULL) {
            add_problem(files, drop_in);
            continue;
        }
        source = add_source(files, layer, drop_in->path, drop_in->text);
        source->owner = drop_in->owner;
        source->mode = drop_in->mode;
        source->expected_owner = expected_owner(layer, root, drop_in->owner);
    }
}

MeishiRuleFiles *
meishi_rule_files_new_installed(const char *root)
{
    MeishiRuleFiles *files = meishi_rule_files_new();
    g_auto(GStrv) dirs = meishi_paths_policy_dirs(root);

    for (guint i = 0; i < MEISHI_N_LAYERS; i++)
        add_installed(files, (MeishiLayer)i, dirs[i], root);
    return files;
}

void
meishi_rule_files_add_dir(MeishiRuleFiles *files, MeishiLayer layer, const char *dir)
{
    g_autoptr(GPtrArray) list = meishi_drop_in_list(dir, ".conf");

    for (guint i = 0; i < list->len; i++) {
        const MeishiDropIn *drop_in = g_ptr_array_index(list, i);

        if (drop_in->problem != NULL)
            add_problem(files, drop_in);
        else
            add_source(files, layer, drop_in->path, drop_in->text);
    }
}

void
meishi_rule_files_add_text(MeishiRuleFiles *files, MeishiLayer layer, const char *path,
                           GBytes *text)
{
    add_source(files, layer, path, text);
}

/* ---- putting together -------------------------------------------------------------------------
 */

static void
repeat_problems(const MeishiRuleFiles *files, GPtrArray *lints)
{
    for (guint i = 0; i < files->problems->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(files->problems, i);
        MeishiLintPlace place = {.file = lint->file};

        meishi_lint_add(lints, lint->severity, &place, "%s", lint->message);
    }
}

MeishiPolicySet *
meishi_rule_files_merge(const MeishiRuleFiles *files, GPtrArray *lints)
{
    repeat_problems(files, lints);
    return meishi_rule_merge(files->sources, lints);
}

static gboolean
has_error(GPtrArray *lints, const char *path)
{
    for (guint i = 0; i < lints->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(lints, i);

        if (lint->severity == MEISHI_LINT_ERROR && g_strcmp0(lint->file, path) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Those of @sources (borrowed) that @lints finds no error in. */
static GPtrArray *
leave_out(GPtrArray *sources, GPtrArray *lints)
{
    GPtrArray *good = g_ptr_array_new();

    for (guint i = 0; i < sources->len; i++) {
        MeishiPolicySource *source = g_ptr_array_index(sources, i);

        if (!has_error(lints, source->path))
            g_ptr_array_add(good, source);
    }
    return good;
}

/* A file that is left out can leave another one with an error: a role without its rule. */
MeishiPolicySet *
meishi_rule_files_merge_good(const MeishiRuleFiles *files, GPtrArray *lints, gboolean *ret_complete)
{
    MeishiPolicySet *set = meishi_rule_files_merge(files, lints);
    g_autoptr(GPtrArray) left = leave_out(files->sources, lints);

    *ret_complete = set != NULL;
    while (set == NULL) {
        g_autoptr(GPtrArray) again = meishi_lint_list_new();
        guint before = left->len;
        GPtrArray *fewer;

        set = meishi_rule_merge(left, again);
        fewer = leave_out(left, again);
        g_ptr_array_unref(left);
        left = fewer;
        if (set == NULL && left->len == before) /* an error of no file: cannot happen */
            set = meishi_rule_set_new();
    }
    return set;
}

/* ---- the text of a rule -----------------------------------------------------------------------
 */

static const MeishiPolicySource *
find_source(const MeishiRuleFiles *files, const char *path)
{
    for (guint i = 0; i < files->sources->len; i++) {
        const MeishiPolicySource *source = g_ptr_array_index(files->sources, i);

        if (strcmp(source->path, path) == 0)
            return source;
    }
    return NULL;
}

char *
meishi_rule_files_group_text(const MeishiRuleFiles *files, const char *path, guint line)
{
    const MeishiPolicySource *source = find_source(files, path);
    GString *out = g_string_new(NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (source != NULL) {
        text = g_strndup(g_bytes_get_data(source->text, NULL), g_bytes_get_size(source->text));
        lines = g_strsplit(text, "\n", -1);
    }
    for (guint i = 0; lines != NULL && lines[i] != NULL; i++) {
        const char *stripped = g_strstrip(lines[i]);

        if (i < line || *stripped == '#' || *stripped == '\0')
            continue;
        if (*stripped == '[')
            break;
        g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", stripped);
    }
    return g_string_free(out, FALSE);
}
