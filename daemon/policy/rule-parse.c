/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Groups and keys of a policy file; see rule-parse.h.  What a [Rule] may say is the table in
 * rule-key.c; the other groups are small and read here.
 */
#include "daemon/policy/rule-parse.h"

#include "daemon/policy/lint.h"
#include "daemon/policy/rule-key.h"
#include "daemon/policy/rule-value.h"
#include "daemon/policy/scan.h"
#include "daemon/policy/token-rule.h"

#include <string.h>

typedef struct {
    MeishiPolicyFile *file;
    const MeishiScan *scan;
    GPtrArray *lints;
    MeishiLintPlace place;
    MeishiRule *rule; /* the one of the group that is being read; NULL in other groups */
    MeishiRole *role;
    MeishiTokenRule *token;
} Parse;

G_GNUC_PRINTF(2, 3)
static void
complain(Parse *parse, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    meishi_lint_add(parse->lints, MEISHI_LINT_ERROR, &parse->place, "%s", message);
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* Backslashes are GKeyFile's: \; in a list, \\ for a backslash of a DN. */
static char **
read_list(Parse *parse)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) items = g_key_file_get_string_list(parse->scan->values, parse->place.group,
                                                     parse->place.key, NULL, &error);

    if (items == NULL) {
        complain(parse, "%s; a backslash is written \\\\ and a semicolon in an item \\;",
                 error->message);
        return NULL;
    }
    for (guint i = 0; items[i]; i++) {
        g_strstrip(items[i]);
        if (*items[i] == '\0') {
            complain(parse, "an item of the list is empty");
            return NULL;
        }
    }
    if (items[0] == NULL)
        complain(parse, "a value is missing");
    return items[0] ? g_steal_pointer(&items) : NULL;
}

static char *
read_string(Parse *parse)
{
    g_autoptr(GError) error = NULL;
    char *value =
        g_key_file_get_string(parse->scan->values, parse->place.group, parse->place.key, &error);

    if (value == NULL) {
        complain(parse, "%s; a backslash is written \\\\", error->message);
        return NULL;
    }
    return g_strstrip(value);
}

/* ---- [Policy], [Lock], [Role X] ---------------------------------------------------------------
 */

static void
read_policy_key(Parse *parse)
{
    g_autofree char *value = read_string(parse);

    if (value == NULL || strcmp(parse->place.key, "Description") == 0)
        return;
    if (strcmp(parse->place.key, "Version") != 0)
        complain(parse, "unknown key; this group has Version and Description");
    else if (strcmp(value, "1") != 0)
        complain(parse, "version “%s” is unknown; this Meishi reads version 1", value);
}

/* Rules and roles are locked whole, because a half-locked rule says something nobody wrote. */
static gboolean
is_lock(const char *lock)
{
    const char *slash = strrchr(lock, '/');

    if (g_str_has_prefix(lock, "Defaults/"))
        return slash[1] != '\0';
    return slash && strcmp(slash, "/*") == 0 &&
           (g_str_has_prefix(lock, "Rule ") || g_str_has_prefix(lock, "Role "));
}

static void
read_lock_key(Parse *parse)
{
    g_auto(GStrv) locks = NULL;

    if (strcmp(parse->place.key, "Keys") != 0) {
        complain(parse, "unknown key; this group has Keys");
        return;
    }
    parse->file->lock_line = parse->place.line;
    locks = read_list(parse);
    for (guint i = 0; locks && locks[i]; i++) {
        if (is_lock(locks[i]))
            g_ptr_array_add(parse->file->locks, g_strdup(locks[i]));
        else
            complain(parse,
                     "“%s” cannot be locked: write Defaults/KEY, Defaults/*, Rule NAME/* or "
                     "Role NAME/*",
                     locks[i]);
    }
}

static void
read_role_key(Parse *parse)
{
    char *value = read_string(parse);
    char **member = strcmp(parse->place.key, "Label") == 0  ? &parse->role->label
                    : strcmp(parse->place.key, "Rule") == 0 ? &parse->role->rule
                                                            : NULL;

    if (member == NULL)
        complain(parse, "unknown key; this group has Label and Rule");
    /* CK_TOKEN_INFO.label is 32 bytes, padded with blanks. */
    else if (value && (*value == '\0' || strlen(value) > 32))
        complain(parse, "must have 1 to 32 bytes");
    else
        *member = g_steal_pointer(&value);
    g_free(value);
}

/* ---- [Defaults] -------------------------------------------------------------------------------
 */

static const MeishiWord interactive_words[] = {{"yes", FALSE}, {"never", TRUE}, {NULL, 0}};
static const MeishiWord user_policy_words[] = {{"yes", FALSE}, {"no", TRUE}, {NULL, 0}};
static const MeishiWord single_words[] = {{"no", MEISHI_SINGLE_ASK},
                                          {"seen-before", MEISHI_SINGLE_SEEN_BEFORE},
                                          {"yes", MEISHI_SINGLE_SILENT},
                                          {NULL, 0}};

static const struct {
    const char *key;
    const MeishiWord *words;
    gsize offset;
} defaults_keys[] = {
    {"Interactive", interactive_words, G_STRUCT_OFFSET(MeishiDefaults, never_interactive)},
    {"Notify", meishi_rule_key_notify, G_STRUCT_OFFSET(MeishiDefaults, no_notice)},
    {"Remember", meishi_rule_key_remember, G_STRUCT_OFFSET(MeishiDefaults, remember)},
    {"On-Multiple", meishi_rule_key_on_multiple, G_STRUCT_OFFSET(MeishiDefaults, on_multiple)},
    {"On-None", meishi_rule_key_on_none, G_STRUCT_OFFSET(MeishiDefaults, on_none)},
    {"Single-Match-Silent", single_words, G_STRUCT_OFFSET(MeishiDefaults, single_match)},
    {"User-Policy", user_policy_words, G_STRUCT_OFFSET(MeishiDefaults, no_user_policy)},
};

static void
read_defaults_key(Parse *parse)
{
    g_autofree char *value = read_string(parse);
    g_autoptr(GError) error = NULL;

    if (value == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(defaults_keys); i++) {
        int *member = (int *)G_STRUCT_MEMBER_P(&parse->file->defaults, defaults_keys[i].offset);

        if (strcmp(defaults_keys[i].key, parse->place.key) != 0)
            continue;
        if (!meishi_rule_value_word(value, defaults_keys[i].words, member, &error))
            complain(parse, "%s", error->message);
        else
            g_hash_table_add(parse->file->defaults.said, (gpointer)defaults_keys[i].key);
        return;
    }
    complain(parse, "unknown key; see meishi-policy(5) for those of [Defaults]");
}

/* ---- [Rule X] ---------------------------------------------------------------------------------
 */

static void
read_rule_key(Parse *parse)
{
    const MeishiRuleKey *key = meishi_rule_key_find(parse->place.key);
    MeishiRuleKeyContext context = {parse->rule, key, parse->lints, &parse->place};
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) items = NULL;

    if (key == NULL) {
        complain(parse, "unknown key; see meishi-policy(5) for those of [Rule NAME]");
        return;
    }
    items = read_list(parse);
    if (items && !key->is_list && items[1])
        complain(parse, "takes one value, not a list");
    else if (items && !key->read(&context, items, &error))
        complain(parse, "%s", error->message);
}

/* ---- [Token X] --------------------------------------------------------------------------------
 */

static void
read_token_key(Parse *parse)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) items = read_list(parse);

    if (items != NULL && !meishi_token_rule_read(parse->token, parse->place.key, items, &error))
        complain(parse, "%s", error->message);
}

/* ---- [Modules] --------------------------------------------------------------------------------
 */

static void
begin_modules(Parse *parse)
{
    if (parse->file->modules.line == 0)
        parse->file->modules.line = parse->place.line;
}

static void
read_modules_key(Parse *parse)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) items = read_list(parse);

    if (items != NULL &&
        !meishi_module_rules_read(&parse->file->modules, parse->place.key, items, &error))
        complain(parse, "%s", error->message);
}

/* ---- groups -----------------------------------------------------------------------------------
 */

/* The X of "Rule X". */
static char *
read_name(Parse *parse, const char *prefix)
{
    char *name = g_strstrip(g_strdup(parse->place.group + strlen(prefix)));

    if (*name == '\0' || strlen(name) > 64 || strpbrk(name, "/*;"))
        complain(parse, "the name must have 1 to 64 bytes, and none of / * ;");
    return name;
}

static void
begin_rule(Parse *parse)
{
    g_autofree char *name = read_name(parse, "Rule ");

    parse->rule = meishi_rule_new(name);
    parse->rule->file = g_strdup(parse->file->path);
    parse->rule->line = parse->place.line;
    parse->rule->layer = parse->file->layer;
    g_ptr_array_add(parse->file->rules, parse->rule);
}

static void
begin_role(Parse *parse)
{
    parse->role = g_new0(MeishiRole, 1);
    parse->role->name = read_name(parse, "Role ");
    parse->role->file = g_strdup(parse->file->path);
    parse->role->line = parse->place.line;
    parse->role->layer = parse->file->layer;
    g_ptr_array_add(parse->file->roles, parse->role);
}

static void
begin_token(Parse *parse)
{
    g_autofree char *name = read_name(parse, "Token ");

    parse->token = meishi_token_rule_new(name);
    parse->token->file = g_strdup(parse->file->path);
    parse->token->line = parse->place.line;
    parse->token->layer = parse->file->layer;
    g_ptr_array_add(parse->file->tokens, parse->token);
}

static const struct {
    const char *name;
    gboolean is_prefix;
    void (*begin)(Parse *parse);
    void (*key)(Parse *parse);
} groups[] = {
    {"Policy", FALSE, NULL, read_policy_key},
    {"Defaults", FALSE, NULL, read_defaults_key},
    {"Lock", FALSE, NULL, read_lock_key},
    {"Rule ", TRUE, begin_rule, read_rule_key},
    {"Role ", TRUE, begin_role, read_role_key},
    {"Token ", TRUE, begin_token, read_token_key},
    {"Modules", FALSE, begin_modules, read_modules_key},
};

static int
find_group(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (groups[i].is_prefix ? g_str_has_prefix(name, groups[i].name)
                                : strcmp(name, groups[i].name) == 0)
            return (int)i;
    }
    return -1;
}

static void
read_entry(Parse *parse, const MeishiScanEntry *entry)
{
    int group = find_group(entry->group);

    parse->place.line = entry->line;
    parse->place.group = entry->group;
    parse->place.key = entry->key;
    if (entry->key) {
        if (group >= 0)
            groups[group].key(parse);
    } else if (group < 0) {
        complain(parse,
                 "unknown group; a file has [Policy], [Defaults], [Lock], [Modules], [Rule NAME], "
                 "[Role NAME] and [Token NAME]");
    } else if (groups[group].begin) {
        groups[group].begin(parse);
    }
}

static MeishiPolicyFile *
new_file(const MeishiPolicySource *source)
{
    MeishiPolicyFile *file = g_new0(MeishiPolicyFile, 1);

    file->layer = source->layer;
    file->name = g_strdup(source->name);
    file->path = g_strdup(source->path);
    file->rules = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_rule_free);
    file->roles = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_role_free);
    file->tokens = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_rule_free);
    file->locks = g_ptr_array_new_with_free_func(g_free);
    file->defaults.said = g_hash_table_new(g_str_hash, g_str_equal);
    return file;
}

MeishiPolicyFile *
meishi_rule_parse(const MeishiPolicySource *source, GPtrArray *lints)
{
    MeishiPolicyFile *file = new_file(source);
    g_autoptr(MeishiScan) scan = meishi_scan_new(source->text, source->path, lints);
    Parse parse = {.file = file, .scan = scan, .lints = lints, .place = {.file = source->path}};

    for (guint i = 0; scan && i < scan->entries->len; i++)
        read_entry(&parse, &g_array_index(scan->entries, MeishiScanEntry, i));
    for (guint i = 0; i < file->rules->len; i++)
        meishi_rule_key_end(g_ptr_array_index(file->rules, i));
    return file;
}
