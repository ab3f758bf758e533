/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The linter's judgement of rules; see rule-lint.h.  One function per remark.
 */
#include "daemon/policy/rule-lint.h"

#include "daemon/policy/lint.h"
#include "daemon/policy/role.h"
#include "daemon/policy/rule-match.h"

#include <string.h>

/* Where a rule stands; the group's name lives as long as the array does. */
static void
remark(GPtrArray *lints, MeishiSeverity severity, const MeishiRule *rule, const char *key,
       const char *message)
{
    g_autofree char *group = g_strdup_printf("Rule %s", rule->name);
    MeishiLintPlace place = {.file = rule->file, .line = rule->line, .group = group, .key = key};

    meishi_lint_add(lints, severity, &place, "%s", message);
}

static const MeishiCondition *
find_condition(const MeishiRule *rule, MeishiConditionKind kind)
{
    for (guint i = 0; i < rule->conditions->len; i++) {
        const MeishiCondition *condition = g_ptr_array_index(rule->conditions, i);

        if (condition->kind == kind)
            return condition;
    }
    return NULL;
}

static gboolean
has_target(const MeishiRule *rule)
{
    const MeishiRuleTarget *target = &rule->target;

    return target->hosts || target->ports || target->protocols || target->applications ||
           target->acceptable_cas || rule->says_trust;
}

/* ---- one rule ---------------------------------------------------------------------------------
 */

static void
check_select(const MeishiRule *rule, GPtrArray *lints)
{
    if (rule->action != MEISHI_ACTION_SELECT)
        return;
    if (rule->conditions->len == 0 && !has_target(rule))
        remark(lints, MEISHI_LINT_ERROR, rule, "Action",
               "selects any identity for every server; add Match-* or Identity-* keys");
    if (rule->says_remember && rule->constraints.remember != MEISHI_REMEMBER_NONE)
        remark(lints, MEISHI_LINT_WARNING, rule, "Remember",
               "a rule that selects decides each time; what was remembered is never looked at");
}

static void
check_restrict(const MeishiRule *rule, GPtrArray *lints)
{
    if (rule->action != MEISHI_ACTION_RESTRICT)
        return;
    if (rule->conditions->len == 0)
        remark(lints, MEISHI_LINT_ERROR, rule, "Action",
               "restrict without Identity-* keys takes every identity away; use none or deny");
    for (guint i = 0; rule->target.hosts && i < rule->target.hosts->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(rule->target.hosts, i);

        if (!pattern->exclude && pattern->kind != MEISHI_PATTERN_ANY) {
            remark(lints, MEISHI_LINT_WARNING, rule, "Match-Host",
                   "hides the identity from these hosts; to keep it for them alone, write each "
                   "with ! before it");
            return;
        }
    }
}

static void
check_place_actions(const MeishiRule *rule, GPtrArray *lints)
{
    if ((rule->action == MEISHI_ACTION_DENY || rule->action == MEISHI_ACTION_NONE) &&
        rule->conditions->len > 0)
        remark(lints, MEISHI_LINT_ERROR, rule, "Action",
               "deny and none speak of a place, not of an identity; to keep an identity from a "
               "place use restrict");
}

static gboolean
has_constraint(const MeishiRule *rule)
{
    const MeishiConstraints *c = &rule->constraints;

    return rule->says_remember || c->reach || c->per_application || c->confirm || c->forbid ||
           c->require || c->no_notice;
}

static void
check_effect(const MeishiRule *rule, GPtrArray *lints)
{
    gboolean prefers = rule->on_multiple || rule->on_none || rule->prefer_hardware || rule->group ||
                       rule->renewal || rule->warn_left;

    if (!meishi_rule_has_preference(rule) && prefers)
        remark(lints, MEISHI_LINT_ERROR, rule, NULL,
               "On-Multiple, On-None, Prefer, Group, Renewal and Warn-Validity-Left need "
               "Action=select or Action=prompt");
    else if (rule->action == MEISHI_ACTION_UNSET && !has_constraint(rule) && rule->enabled)
        remark(lints, MEISHI_LINT_WARNING, rule, NULL, "this rule has no effect");
}

static void
check_self_signed(const MeishiRule *rule, GPtrArray *lints)
{
    const MeishiCondition *self_signed = find_condition(rule, MEISHI_CONDITION_SELF_SIGNED);

    if (self_signed && self_signed->yes &&
        (find_condition(rule, MEISHI_CONDITION_CHAIN_ISSUER) ||
         find_condition(rule, MEISHI_CONDITION_CHAIN_SPKI)))
        remark(lints, MEISHI_LINT_ERROR, rule, "Identity-Self-Signed",
               "a self-signed certificate has no chain for Identity-Chain-* to look at");
}

static void
check_exe(const MeishiRule *rule, GPtrArray *lints)
{
    GPtrArray *applications = rule->target.applications;

    for (guint i = 0; applications && !rule->says_trust && i < applications->len; i++) {
        const MeishiApplicationPattern *pattern = g_ptr_array_index(applications, i);

        if (g_str_has_prefix(pattern->text, "exe:")) {
            remark(lints, MEISHI_LINT_WARNING, rule, "Match-Application",
                   "any program of the user can pass for an exe:; say Match-Application-Trust=exe "
                   "if habit is all that this rule is for, or ask for more");
            return;
        }
    }
}

/* Anybody can found a CA of the same common name, and have its certificate used in place of the one
 * that was meant.  A constraint that holds for too many identities is no danger. */
static void
check_issuer_cn(const MeishiRule *rule, GPtrArray *lints)
{
    gboolean by_cn = FALSE;

    if (!meishi_rule_has_preference(rule))
        return;
    for (guint i = 0; i < rule->conditions->len; i++) {
        const MeishiCondition *condition = g_ptr_array_index(rule->conditions, i);

        switch (condition->kind) {
        case MEISHI_CONDITION_ISSUER_ATTRIBUTE:
            if (strcmp(condition->detail, "2.5.4.3") != 0)
                return;
            by_cn = TRUE;
            break;
        case MEISHI_CONDITION_ISSUER:
        case MEISHI_CONDITION_CHAIN_ISSUER:
        case MEISHI_CONDITION_CHAIN_SPKI:
        case MEISHI_CONDITION_FINGERPRINT:
        case MEISHI_CONDITION_SPKI:
            return;
        default:
            break;
        }
    }
    if (by_cn)
        remark(lints, MEISHI_LINT_WARNING, rule, "Identity-Issuer-CN",
               "any authority can bear this common name; Identity-Issuer or "
               "Identity-Chain-SPKI-SHA256 names one");
}

void
meishi_rule_lint_rule(const MeishiRule *rule, GPtrArray *lints)
{
    check_select(rule, lints);
    check_restrict(rule, lints);
    check_place_actions(rule, lints);
    check_effect(rule, lints);
    check_self_signed(rule, lints);
    check_exe(rule, lints);
    check_issuer_cn(rule, lints);
}

/* ---- rules beside each other ------------------------------------------------------------------
 */

/* Of rules for the very same targets in one layer, only priority says which is asked. */
static void
check_ties(const MeishiPolicySet *set, GPtrArray *lints)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i), *other;
        g_autofree char *key = NULL, *message = NULL;

        if (!meishi_rule_has_preference(rule))
            continue;
        key = g_strdup_printf("%d %u %s", rule->layer, rule->priority, rule->target.signature);
        other = g_hash_table_lookup(seen, key);
        if (other == NULL) {
            g_hash_table_insert(seen, g_steal_pointer(&key), (gpointer)rule);
            continue;
        }
        message = g_strdup_printf("has the same targets and the same priority as [Rule %s] in %s; "
                                  "give one of them another Priority",
                                  other->name, other->file);
        remark(lints, MEISHI_LINT_ERROR, rule, "Priority", message);
    }
}

/* The best rule for one signature of targets hides the others of that signature; a rule without
 * any target hides all that come after it. */
static void
check_shadows(const MeishiPolicySet *set, GPtrArray *lints)
{
    g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
    const MeishiRule *everywhere = NULL;

    for (guint i = 0; i < set->rules->len; i++) {
        MeishiRule *rule = g_ptr_array_index(set->rules, i), *other;

        if (!meishi_rule_has_preference(rule))
            continue;
        other = g_hash_table_lookup(first, rule->target.signature);
        if (other == NULL || meishi_rule_match_order(rule, 0, other, 0) < 0)
            g_hash_table_insert(first, rule->target.signature, rule);
        if (!has_target(rule) &&
            (everywhere == NULL || meishi_rule_match_order(rule, 0, everywhere, 0) < 0))
            everywhere = rule;
    }
    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i), *other;
        g_autofree char *message = NULL;

        if (!meishi_rule_has_preference(rule))
            continue;
        other = g_hash_table_lookup(first, rule->target.signature);
        if (everywhere && meishi_rule_match_order(everywhere, 0, rule, MEISHI_SPECIFIC_EXACT) < 0)
            other = everywhere;
        if (other == rule)
            continue;
        message = g_strdup_printf("is never asked, because [Rule %s] in %s always comes first",
                                  other->name, other->file);
        remark(lints, MEISHI_LINT_WARNING, rule, NULL, message);
    }
}

static void
check_confirm(const MeishiPolicySet *set, GPtrArray *lints)
{
    for (guint i = 0; set->defaults.never_interactive && i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        if (rule->constraints.confirm != MEISHI_CONFIRM_NEVER)
            remark(lints, MEISHI_LINT_WARNING, rule, "Confirm",
                   "[Defaults] Interactive=never means that nobody can confirm; the identity "
                   "cannot be used");
    }
}

/* A token is found by its label. */
static const MeishiRole *
find_label(const MeishiPolicySet *set, guint before, const char *label)
{
    for (guint i = 0; i < before; i++) {
        const MeishiRole *role = g_ptr_array_index(set->roles, i);

        if (g_strcmp0(role->label, label) == 0)
            return role;
    }
    return NULL;
}

/* The labels of the vault's own tokens (meishi-pkcs11(7)): pkcs11:token=Meishi means one alone. */
static gboolean
is_label_taken(const char *label)
{
    return strcmp(label, "Meishi") == 0 || strcmp(label, "Meishi (EdDSA)") == 0;
}

static void
check_role_label(const MeishiPolicySet *set, guint index, GPtrArray *lints)
{
    const MeishiRole *role = g_ptr_array_index(set->roles, index);
    const MeishiRole *twin = role->label ? find_label(set, index, role->label) : NULL;
    g_autofree char *group = g_strdup_printf("Role %s", role->name);
    MeishiLintPlace place = {
        .file = role->file, .line = role->line, .group = group, .key = "Label"};

    if (role->label == NULL)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place, "the role needs a Label");
    else if (is_label_taken(role->label))
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place, "a token of the vault has this label");
    else if (twin)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place, "[Role %s] in %s has this label as well",
                        twin->name, twin->file);
}

static void
check_role(const MeishiPolicySet *set, guint index, GPtrArray *lints)
{
    const MeishiRole *role = g_ptr_array_index(set->roles, index);
    const MeishiRule *rule = role->rule ? meishi_rule_set_find_rule(set, role->rule) : NULL;
    g_autofree char *group = g_strdup_printf("Role %s", role->name);
    MeishiLintPlace place = {.file = role->file, .line = role->line, .group = group, .key = "Rule"};

    if (index == MEISHI_ROLE_MAX)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place,
                        "there are more than %d roles, and each is a token that every program "
                        "lists",
                        MEISHI_ROLE_MAX);
    if (role->rule == NULL)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place, "the role needs a Rule");
    else if (rule == NULL)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place, "there is no [Rule %s] in force",
                        role->rule);
    else if (rule->action != MEISHI_ACTION_SELECT)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place, "[Rule %s] does not have Action=select",
                        role->rule);
}

void
meishi_rule_lint_set(const MeishiPolicySet *set, GPtrArray *lints)
{
    check_ties(set, lints);
    if (meishi_lint_exit_status(lints) < 2)
        check_shadows(set, lints);
    check_confirm(set, lints);
    for (guint i = 0; i < set->roles->len; i++) {
        check_role_label(set, i, lints);
        check_role(set, i, lints);
    }
}

/* ---- rules beside the store -------------------------------------------------------------------
 */

static const MeishiCert *
find_certificate(const MeishiInventory *inventory, const MeishiDigest *digest)
{
    for (guint i = 0; i < inventory->entries->len; i++) {
        const MeishiCert *cert = meishi_inventory_entry(inventory, i)->candidate->cert;

        if (cert && memcmp(cert->sha256, digest->bytes, MEISHI_SHA256_LEN) == 0)
            return cert;
    }
    return NULL;
}

static void
check_fingerprint(const MeishiRule *rule, const MeishiInventory *inventory, gint64 now,
                  GPtrArray *lints)
{
    const MeishiCondition *condition = find_condition(rule, MEISHI_CONDITION_FINGERPRINT);

    for (guint i = 0; condition && i < condition->digests->len; i++) {
        const MeishiCert *cert =
            find_certificate(inventory, &g_array_index(condition->digests, MeishiDigest, i));

        if (cert == NULL)
            remark(lints, MEISHI_LINT_WARNING, rule, condition->key,
                   "no certificate with this fingerprint is here");
        else if (meishi_cert_is_expired(cert, now))
            remark(lints, MEISHI_LINT_WARNING, rule, condition->key,
                   "the certificate with this fingerprint has expired");
    }
}

static void
check_validity_left(const MeishiRule *rule, const MeishiInventory *inventory, gint64 now,
                    GPtrArray *lints)
{
    const MeishiCondition *left = find_condition(rule, MEISHI_CONDITION_VALIDITY_LEFT);
    guint skip = 1u << MEISHI_CONDITION_VALIDITY_LEFT;

    for (guint i = 0; left && i < inventory->entries->len; i++) {
        const MeishiCert *cert = meishi_inventory_entry(inventory, i)->candidate->cert;

        if (cert && cert->not_after - cert->not_before < left->seconds &&
            meishi_rule_match_obstacle(rule, inventory, i, now, skip) == NULL) {
            remark(lints, MEISHI_LINT_WARNING, rule, left->key,
                   "longer than the whole life of an identity that fits otherwise");
            return;
        }
    }
}

void
meishi_rule_lint_inventory(const MeishiPolicySet *set, const MeishiInventory *inventory, gint64 now,
                           GPtrArray *lints)
{
    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        check_fingerprint(rule, inventory, now, lints);
        check_validity_left(rule, inventory, now, lints);
    }
}
