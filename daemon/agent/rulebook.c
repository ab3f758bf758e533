/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules in force and their reloading; see rulebook.h.  What was read is kept beside the rules,
 * so that a rule can be shown as it stands in its file even where that file has changed since.
 */
#include "daemon/agent/rulebook.h"

#include "daemon/agent/dir-watch.h"
#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/rules/rule-files.h"

/* An editor, a package manager or `cp *` makes several changes of one. */
#define SETTLE_MS 500
/* Whoever never stops writing does not keep everybody else's rules out of force. */
#define SETTLE_MAX_US (5 * G_USEC_PER_SEC)

struct _MeishiRulebook {
    GObject parent_instance;
    MeishiPolicySet *set;
    MeishiRuleFiles *files; /* of @set */
    GPtrArray *lints;       /* of the last reading, which @set may not be of */
    guint64 generation;
    gboolean failed;
    MeishiDirWatch *watch;
    guint settle_source;
    gint64 unsettled_since;
};

G_DEFINE_TYPE(MeishiRulebook, meishi_rulebook, G_TYPE_OBJECT)

static guint signal_reloaded;
static const char *test_root;

void
meishi_rulebook_set_root(const char *root)
{
    test_root = root;
}

static void
meishi_rulebook_init(MeishiRulebook *rulebook)
{
    rulebook->lints = meishi_lint_list_new();
}

static void
finalize(GObject *object)
{
    MeishiRulebook *rulebook = MEISHI_RULEBOOK(object);

    g_clear_handle_id(&rulebook->settle_source, g_source_remove);
    meishi_dir_watch_free(rulebook->watch);
    g_clear_pointer(&rulebook->set, meishi_rule_set_free);
    meishi_rule_files_free(rulebook->files);
    g_ptr_array_unref(rulebook->lints);
    G_OBJECT_CLASS(meishi_rulebook_parent_class)->finalize(object);
}

static void
meishi_rulebook_class_init(MeishiRulebookClass *class)
{
    G_OBJECT_CLASS(class)->finalize = finalize;
    signal_reloaded = g_signal_new("reloaded", MEISHI_TYPE_RULEBOOK, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Not to be told of changes is worth a remark. */
static void
note_blindness(MeishiRulebook *rulebook)
{
    const char *problem = meishi_dir_watch_problem(rulebook->watch);
    MeishiLintPlace place = {.file = NULL};

    if (problem == NULL)
        return;
    meishi_lint_add(rulebook->lints, MEISHI_LINT_WARNING, &place,
                    "changes to the files go unnoticed until the next start: %s", problem);
    meishi_lint_sort(rulebook->lints);
}

static void
take_over(MeishiRulebook *rulebook, MeishiPolicySet *set, MeishiRuleFiles *files)
{
    g_clear_pointer(&rulebook->set, meishi_rule_set_free);
    meishi_rule_files_free(rulebook->files);
    rulebook->set = set;
    rulebook->files = files;
    rulebook->generation++;
}

static void
read_first(MeishiRulebook *rulebook)
{
    MeishiRuleFiles *files = meishi_rule_files_new_installed(test_root);
    gboolean is_complete;
    MeishiPolicySet *set = meishi_rule_files_merge_good(files, rulebook->lints, &is_complete);

    take_over(rulebook, set, files);
    rulebook->failed = !is_complete;
    note_blindness(rulebook);
}

gboolean
meishi_rulebook_reload(MeishiRulebook *rulebook, GError **error)
{
    g_autoptr(MeishiRuleFiles) files = meishi_rule_files_new_installed(test_root);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiPolicySet *set = meishi_rule_files_merge(files, lints);

    g_clear_handle_id(&rulebook->settle_source, g_source_remove);
    g_ptr_array_unref(rulebook->lints);
    rulebook->lints = g_ptr_array_ref(lints);
    rulebook->failed = set == NULL;
    if (set != NULL)
        take_over(rulebook, set, g_steal_pointer(&files));
    note_blindness(rulebook);
    g_signal_emit(rulebook, signal_reloaded, 0);
    if (set == NULL) {
        g_autofree char *text = meishi_lint_to_text(meishi_lint_first_error(lints));

        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "%s", text);
    }
    return set != NULL;
}

/* ---- watching ---------------------------------------------------------------------------------
 */

static gboolean
on_settled(gpointer user_data)
{
    MeishiRulebook *rulebook = user_data;
    g_autoptr(GError) error = NULL;

    rulebook->settle_source = 0;
    if (!meishi_rulebook_reload(rulebook, &error))
        g_debug("policy was not reloaded: %s", error->message);
    return G_SOURCE_REMOVE;
}

static void
on_change(gpointer user_data)
{
    MeishiRulebook *rulebook = user_data;
    gint64 now = g_get_monotonic_time();

    if (rulebook->settle_source == 0)
        rulebook->unsettled_since = now;
    else if (now - rulebook->unsettled_since > SETTLE_MAX_US)
        return;
    g_clear_handle_id(&rulebook->settle_source, g_source_remove);
    rulebook->settle_source = g_timeout_add(SETTLE_MS, on_settled, rulebook);
}

MeishiRulebook *
meishi_rulebook_new(void)
{
    MeishiRulebook *rulebook = g_object_new(MEISHI_TYPE_RULEBOOK, NULL);
    g_auto(GStrv) dirs = meishi_paths_policy_dirs(test_root);

    rulebook->watch = meishi_dir_watch_new((const char *const *)dirs, ".conf", on_change, rulebook);
    read_first(rulebook);
    return rulebook;
}

/* ---- what is in force -------------------------------------------------------------------------
 */

const MeishiPolicySet *
meishi_rulebook_set(MeishiRulebook *rulebook)
{
    return rulebook->set;
}

guint64
meishi_rulebook_generation(MeishiRulebook *rulebook)
{
    return rulebook->generation;
}

char *
meishi_rulebook_text(MeishiRulebook *rulebook, const char *file, guint line)
{
    return meishi_rule_files_group_text(rulebook->files, file, line);
}

GPtrArray *
meishi_rulebook_lints(MeishiRulebook *rulebook)
{
    return rulebook->lints;
}

gboolean
meishi_rulebook_failed(MeishiRulebook *rulebook)
{
    return rulebook->failed;
}
