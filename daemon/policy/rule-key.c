/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keys of [Rule]; see rule-key.h.  One row per key, one reader per form of value.
 */
#include "daemon/policy/rule-key.h"

#include "daemon/base/error.h"
#include "daemon/policy/candidate.h"

#include <string.h>

const MeishiWord meishi_rule_key_remember[] = {{"none", MEISHI_REMEMBER_NONE},
                                               {"session", MEISHI_REMEMBER_SESSION},
                                               {"always", MEISHI_REMEMBER_ALWAYS},
                                               {NULL, 0}};
const MeishiWord meishi_rule_key_on_multiple[] = {{"best", MEISHI_MANY_BEST},
                                                  {"prompt", MEISHI_MANY_PROMPT},
                                                  {"none", MEISHI_MANY_NONE},
                                                  {NULL, 0}};
const MeishiWord meishi_rule_key_on_none[] = {{"none", MEISHI_NO_MATCH_NONE},
                                              {"prompt-any", MEISHI_NO_MATCH_PROMPT_ANY},
                                              {"prompt-import", MEISHI_NO_MATCH_PROMPT_IMPORT},
                                              {NULL, 0}};
static const MeishiWord action_words[] = {
    {"select", MEISHI_ACTION_SELECT},     {"prompt", MEISHI_ACTION_PROMPT},
    {"none", MEISHI_ACTION_NONE},         {"deny", MEISHI_ACTION_DENY},
    {"restrict", MEISHI_ACTION_RESTRICT}, {NULL, 0}};
static const MeishiWord reach_words[] = {{"host-port", MEISHI_REACH_HOST_PORT},
                                         {"host", MEISHI_REACH_HOST},
                                         {"domain", MEISHI_REACH_DOMAIN},
                                         {NULL, 0}};
static const MeishiWord confirm_words[] = {{"never", MEISHI_CONFIRM_NEVER},
                                           {"each-session", MEISHI_CONFIRM_EACH_SESSION},
                                           {"each-use", MEISHI_CONFIRM_EACH_USE},
                                           {NULL, 0}};
static const MeishiWord forbid_words[] = {
    {"export", MEISHI_FORBID_EXPORT}, {"software-key", MEISHI_FORBID_SOFTWARE_KEY}, {NULL, 0}};
static const MeishiWord trust_words[] = {{"any", MEISHI_TRUST_ANY},
                                         {"exe", MEISHI_TRUST_EXE},
                                         {"unit", MEISHI_TRUST_UNIT},
                                         {"sandbox", MEISHI_TRUST_SANDBOX},
                                         {NULL, 0}};
static const MeishiWord cas_words[] = {{"any", MEISHI_CAS_ANY},
                                       {"empty", MEISHI_CAS_EMPTY},
                                       {"nonempty", MEISHI_CAS_NONEMPTY},
                                       {NULL, 0}};
static const MeishiWord kind_words[] = {
    {"software", 1 << MEISHI_TOKEN_SOFTWARE}, {"tpm", 1 << MEISHI_TOKEN_TPM},
    {"card", 1 << MEISHI_TOKEN_CARD},         {"hsm", 1 << MEISHI_TOKEN_HSM},
    {"remote", 1 << MEISHI_TOKEN_REMOTE},     {NULL, 0}};
static const MeishiWord prefer_words[] = {{"hardware", TRUE}, {NULL, 0}};
static const MeishiWord renewal_words[] = {{"auto", 0}, {"ask", 1}, {"never", 2}, {NULL, 0}};

#define MEMBER(context, type) ((type *)G_STRUCT_MEMBER_P((context)->rule, (context)->key->offset))

/* ---- readers of plain members -----------------------------------------------------------------
 */

static gboolean
read_word(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_word(items[0], context->key->words, MEMBER(context, int), error);
}

static gboolean
read_remember(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    context->rule->says_remember = TRUE;
    return read_word(context, items, error);
}

static gboolean
read_trust(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    context->rule->says_trust = TRUE;
    return read_word(context, items, error);
}

static gboolean
read_flags(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    int bits;

    for (; *items; items++) {
        if (!meishi_rule_value_word(*items, context->key->words, &bits, error))
            return FALSE;
        *MEMBER(context, guint) |= (guint)bits;
    }
    return TRUE;
}

static gboolean
read_bool(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_bool(items[0], MEMBER(context, gboolean), error);
}

static gboolean
read_required(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    gboolean yes;

    if (!meishi_rule_value_bool(items[0], &yes, error))
        return FALSE;
    if (yes)
        *MEMBER(context, guint) |= context->key->bit;
    return TRUE;
}

static gboolean
read_priority(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    if (meishi_host_number_parse(items[0], MEISHI_PRIORITY_MAX, &context->rule->priority))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” is not a number from 0 to %d", items[0], MEISHI_PRIORITY_MAX);
    return FALSE;
}

static gboolean
read_duration(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_duration(items[0], MEMBER(context, gint64), error);
}

static gboolean
read_string(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    int unused;

    if (context->key->words &&
        !meishi_rule_value_word(items[0], context->key->words, &unused, error))
        return FALSE;
    g_free(*MEMBER(context, char *));
    *MEMBER(context, char *) = g_strdup(items[0]);
    return TRUE;
}

/* ---- readers of targets -----------------------------------------------------------------------
 */

static void
warn_about_host(const MeishiRuleKeyContext *context, const MeishiHostPattern *pattern)
{
    if (pattern->was_utf8)
        meishi_lint_add(context->lints, MEISHI_LINT_WARNING, context->place,
                        "the name is compared as %s", pattern->name);
    if (!pattern->exclude && pattern->name && !strchr(pattern->name, '.') &&
        (pattern->kind == MEISHI_PATTERN_BELOW || pattern->kind == MEISHI_PATTERN_DOMAIN))
        meishi_lint_add(context->lints, MEISHI_LINT_WARNING, context->place,
                        "this speaks of everything below .%s", pattern->name);
}

static gboolean
add_host(const MeishiRuleKeyContext *context, const char *text, GError **error)
{
    MeishiTarget *target = &context->rule->target;
    MeishiHostPattern *pattern = meishi_host_pattern_parse(text, error);

    if (pattern == NULL)
        return FALSE;
    if (target->hosts == NULL)
        target->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_host_pattern_free);
    g_ptr_array_add(target->hosts, pattern);
    warn_about_host(context, pattern);
    return TRUE;
}

static gboolean
read_hosts(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    for (; *items; items++) {
        if (!add_host(context, *items, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_hosts_except(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    for (; *items; items++) {
        g_autofree char *excluded = g_strconcat("!", *items, NULL);

        if (!add_host(context, excluded, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_ports(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiTarget *target = &context->rule->target;
    MeishiPortRange range;

    target->ports = g_array_new(FALSE, FALSE, sizeof(MeishiPortRange));
    for (; *items; items++) {
        if (!meishi_host_port_parse(*items, &range, error))
            return FALSE;
        g_array_append_val(target->ports, range);
    }
    return TRUE;
}

static gboolean
read_protocols(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    for (char **item = items; *item; item++) {
        if ((*item)[strspn(*item, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
            g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                        "“%s” is not a protocol: a word in lower case, such as https", *item);
            return FALSE;
        }
    }
    context->rule->target.protocols = g_strdupv(items);
    return TRUE;
}

static gboolean
read_applications(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiTarget *target = &context->rule->target;

    target->applications =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_application_pattern_free);
    for (; *items; items++) {
        MeishiApplicationPattern *pattern = meishi_rule_value_application(*items, error);

        if (pattern == NULL)
            return FALSE;
        g_ptr_array_add(target->applications, pattern);
    }
    return TRUE;
}

/* ---- readers of conditions --------------------------------------------------------------------
 */

static MeishiCondition *
add_condition(const MeishiRuleKeyContext *context)
{
    MeishiCondition *condition =
        meishi_condition_new(context->key->kind, context->key->name, context->key->detail);

    condition->line = context->place->line;
    g_ptr_array_add(context->rule->conditions, condition);
    return condition;
}

static gboolean
read_names(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);

    for (; *items; items++) {
        gboolean slash;
        MeishiName *name = meishi_name_parse(*items, &slash, error);
        g_autofree char *text = name ? meishi_name_to_text(name) : NULL;

        if (name == NULL)
            return FALSE;
        g_ptr_array_add(condition->names, name);
        if (slash)
            meishi_lint_add(context->lints, MEISHI_LINT_WARNING, context->place,
                            "the slash form of a name is read as %s; write it so", text);
    }
    return TRUE;
}

static gboolean
read_globs(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);

    for (; *items; items++) {
        MeishiGlob *glob = meishi_rule_value_glob(*items, error);

        if (glob == NULL)
            return FALSE;
        g_ptr_array_add(condition->globs, glob);
    }
    return TRUE;
}

static gboolean
read_digests(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    MeishiDigest digest;

    for (; *items; items++) {
        if (!meishi_rule_value_digest(*items, &digest, error))
            return FALSE;
        g_array_append_val(condition->digests, digest);
    }
    return TRUE;
}

static gboolean
read_oids(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    g_autoptr(GPtrArray) oids = g_ptr_array_new_with_free_func(g_free);

    for (; *items; items++) {
        char *oid = condition->kind == MEISHI_CONDITION_EKU ? meishi_rule_value_eku(*items, error)
                                                            : meishi_rule_value_oid(*items, error);

        if (oid == NULL)
            return FALSE;
        g_ptr_array_add(oids, oid);
    }
    g_ptr_array_add(oids, NULL);
    condition->oids = (char **)g_ptr_array_free(g_steal_pointer(&oids), FALSE);
    return TRUE;
}

static gboolean
read_key_types(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    MeishiKeyRange range;

    for (; *items; items++) {
        if (!meishi_rule_value_key_range(*items, &range, error))
            return FALSE;
        g_array_append_val(condition->keys, range);
    }
    return TRUE;
}

static gboolean
read_token_kinds(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    int bit;

    for (; *items; items++) {
        if (!meishi_rule_value_word(*items, kind_words, &bit, error))
            return FALSE;
        condition->token_kinds |= (guint)bit;
    }
    return TRUE;
}

static gboolean
read_validity(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_duration(items[0], &add_condition(context)->seconds, error);
}

static gboolean
read_self_signed(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_bool(items[0], &add_condition(context)->yes, error);
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define RULE(member) .offset = G_STRUCT_OFFSET(MeishiRule, member)
#define LIST         .is_list = TRUE
#define CONDITION(k) .kind = MEISHI_CONDITION_##k

static const MeishiRuleKey table[] = {
    {"Priority", .read = read_priority},
    {"Enabled", .read = read_bool, RULE(enabled)},
    {"Match-Host", LIST, .read = read_hosts},
    {"Match-Host-Except", LIST, .read = read_hosts_except},
    {"Match-Port", LIST, .read = read_ports},
    {"Match-Protocol", LIST, .read = read_protocols},
    {"Match-Application", LIST, .read = read_applications},
    {"Match-Application-Trust", .read = read_trust, .words = trust_words, RULE(target.trust)},
    {"Match-Acceptable-CAs", .read = read_word, .words = cas_words, RULE(target.acceptable_cas)},
    {"Identity-Issuer", LIST, .read = read_names, CONDITION(ISSUER)},
    {"Identity-Subject", LIST, .read = read_names, CONDITION(SUBJECT)},
    {"Identity-Issuer-CN", LIST, .read = read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.3"},
    {"Identity-Issuer-L", LIST, .read = read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.7"},
    {"Identity-Issuer-O", LIST, .read = read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.10"},
    {"Identity-Issuer-OU", LIST, .read = read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.11"},
    {"Identity-Subject-CN", LIST, .read = read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.3"},
    {"Identity-Subject-L", LIST, .read = read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.7"},
    {"Identity-Subject-O", LIST, .read = read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.10"},
    {"Identity-Subject-OU", LIST, .read = read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.11"},
    {"Identity-Chain-Issuer", LIST, .read = read_names, CONDITION(CHAIN_ISSUER)},
    {"Identity-Chain-SPKI-SHA256", LIST, .read = read_digests, CONDITION(CHAIN_SPKI)},
    {"Identity-Fingerprint-SHA256", LIST, .read = read_digests, CONDITION(FINGERPRINT)},
    {"Identity-SPKI-SHA256", LIST, .read = read_digests, CONDITION(SPKI)},
    {"Identity-SAN-DNS", LIST, .read = read_globs, CONDITION(SAN), .detail = "dns:"},
    {"Identity-SAN-Email", LIST, .read = read_globs, CONDITION(SAN), .detail = "email:"},
    {"Identity-SAN-UPN", LIST, .read = read_globs, CONDITION(SAN), .detail = "upn:"},
    {"Identity-SAN-URI", LIST, .read = read_globs, CONDITION(SAN), .detail = "uri:"},
    {"Identity-EKU", LIST, .read = read_oids, CONDITION(EKU)},
    {"Identity-Policy-OID", LIST, .read = read_oids, CONDITION(POLICY_OID)},
    {"Identity-Key-Type", LIST, .read = read_key_types, CONDITION(KEY_TYPE)},
    {"Identity-Token-Kind", LIST, .read = read_token_kinds, CONDITION(TOKEN_KIND)},
    {"Identity-Validity-Left", .read = read_validity, CONDITION(VALIDITY_LEFT)},
    {"Identity-Self-Signed", .read = read_self_signed, CONDITION(SELF_SIGNED)},
    {"Action", .read = read_word, .words = action_words, RULE(action)},
    {"On-Multiple", .read = read_word, .words = meishi_rule_key_on_multiple, RULE(on_multiple)},
    {"On-None", .read = read_word, .words = meishi_rule_key_on_none, RULE(on_none)},
    {"Prefer", .read = read_word, .words = prefer_words, RULE(prefer_hardware)},
    {"Group", .read = read_string, RULE(group)},
    {"Renewal", .read = read_string, .words = renewal_words, RULE(renewal)},
    {"Warn-Validity-Left", .read = read_duration, RULE(warn_left)},
    {"Remember", .read = read_remember, .words = meishi_rule_key_remember,
     RULE(constraints.remember)},
    {"Remember-Scope-Max", .read = read_word, .words = reach_words, RULE(constraints.reach)},
    {"Remember-Per-Application", .read = read_bool, RULE(constraints.per_application)},
    {"Confirm", .read = read_word, .words = confirm_words, RULE(constraints.confirm)},
    {"Forbid", LIST, .read = read_flags, .words = forbid_words, RULE(constraints.forbid)},
    {"Require-EKU", .read = read_required, RULE(constraints.require), .bit = MEISHI_REQUIRE_EKU},
    {"Require-CA-Match", .read = read_required, RULE(constraints.require),
     .bit = MEISHI_REQUIRE_CA_MATCH},
    {"Require-TLS13", .read = read_required, RULE(constraints.require),
     .bit = MEISHI_REQUIRE_TLS13},
};

const MeishiRuleKey *
meishi_rule_key_table(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(table);
    return table;
}

const MeishiRuleKey *
meishi_rule_key_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

/* ---- the signature of a target ----------------------------------------------------------------
 */

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends @items (char *, consumed) in an order of their own. */
static void
append_sorted(GString *out, GPtrArray *items)
{
    g_ptr_array_sort(items, compare_strings);
    g_string_append_printf(out, "%u", items->len);
    for (guint i = 0; i < items->len; i++)
        g_string_append_printf(out, " %s", (char *)g_ptr_array_index(items, i));
    g_string_append_c(out, '\n');
    g_ptr_array_unref(items);
}

static char *
pattern_text(const MeishiHostPattern *pattern)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%d%d%s/%u", pattern->exclude, pattern->kind,
                           pattern->name ? pattern->name : "", pattern->prefix_len);
    for (gsize i = 0; i < sizeof(pattern->addr); i++)
        g_string_append_printf(out, "%02x", pattern->addr[i]);
    return g_string_free(out, FALSE);
}

void
meishi_rule_key_end(MeishiRule *rule)
{
    const MeishiTarget *target = &rule->target;
    GString *out = g_string_new(NULL);
    GPtrArray *items = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; target->hosts && i < target->hosts->len; i++)
        g_ptr_array_add(items, pattern_text(g_ptr_array_index(target->hosts, i)));
    append_sorted(out, items);

    items = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; target->ports && i < target->ports->len; i++) {
        const MeishiPortRange *range = &g_array_index(target->ports, MeishiPortRange, i);

        g_ptr_array_add(items, g_strdup_printf("%u-%u", range->low, range->high));
    }
    append_sorted(out, items);

    items = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; target->protocols && target->protocols[i]; i++)
        g_ptr_array_add(items, g_strdup(target->protocols[i]));
    append_sorted(out, items);

    items = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; target->applications && i < target->applications->len; i++) {
        const MeishiApplicationPattern *pattern = g_ptr_array_index(target->applications, i);

        g_ptr_array_add(items, g_strdup_printf("%d%s", pattern->exclude, pattern->text));
    }
    append_sorted(out, items);
    g_string_append_printf(out, "%d %d", target->trust, target->acceptable_cas);
    g_free(rule->target.signature);
    rule->target.signature = g_string_free(out, FALSE);
}
