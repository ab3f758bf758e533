/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Applying one rule; see rule-match.h.  Identity-* keys are functions in a table by kind.
 */
#include "daemon/policy/rule-match.h"

#include <string.h>

/* ---- targets ----------------------------------------------------------------------------------
 */

static MeishiFit
fit_of(gboolean yes)
{
    return yes ? MEISHI_FIT_YES : MEISHI_FIT_NO;
}

static MeishiFit
match_ports(GArray *ports, const MeishiRequest *request)
{
    if (ports == NULL)
        return MEISHI_FIT_YES;
    if (request->host.kind == MEISHI_HOST_UNKNOWN)
        return MEISHI_FIT_UNKNOWN;
    for (guint i = 0; i < ports->len; i++) {
        const MeishiPortRange *range = &g_array_index(ports, MeishiPortRange, i);

        if (range->low <= request->port && request->port <= range->high)
            return MEISHI_FIT_YES;
    }
    return MEISHI_FIT_NO;
}

static MeishiFit
match_protocol(char **protocols, const MeishiRequest *request)
{
    if (protocols == NULL)
        return MEISHI_FIT_YES;
    if (request->protocol == NULL)
        return MEISHI_FIT_UNKNOWN;
    return fit_of(g_strv_contains((const char *const *)protocols, request->protocol));
}

static gboolean
has_name(const MeishiApplicationPattern *pattern, char **names)
{
    for (; names && *names; names++) {
        if (pattern->spec ? g_pattern_spec_match_string(pattern->spec, *names)
                          : strcmp(pattern->text, *names) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A name that cannot be trusted as far as the rule asks neither includes nor excludes, so that
 * nobody steps out of a restriction by a forged name. */
static MeishiFit
match_application(const MeishiRule *rule, const MeishiRequest *request)
{
    GPtrArray *patterns = rule->target.applications;
    gboolean is_trusted = request->trust >= rule->target.trust;
    gboolean any_include = FALSE, included = FALSE;

    if (patterns == NULL)
        return fit_of(is_trusted || !rule->says_trust);
    for (guint i = 0; i < patterns->len; i++) {
        const MeishiApplicationPattern *pattern = g_ptr_array_index(patterns, i);
        gboolean fits = is_trusted && has_name(pattern, request->application_names);

        any_include |= !pattern->exclude;
        if (fits && pattern->exclude)
            return MEISHI_FIT_NO;
        included |= fits;
    }
    return fit_of(included || !any_include);
}

static MeishiFit
match_acceptable_cas(MeishiAcceptableCas wanted, const MeishiRequest *request)
{
    gboolean is_empty = request->ca_names == NULL || request->ca_names->len == 0;

    if (wanted == MEISHI_CAS_ANY)
        return MEISHI_FIT_YES;
    if (request->host.kind == MEISHI_HOST_UNKNOWN)
        return MEISHI_FIT_UNKNOWN;
    return fit_of(is_empty == (wanted == MEISHI_CAS_EMPTY));
}

MeishiFit
meishi_rule_match_target(const MeishiRule *rule, const MeishiRequest *request, guint *ret_specific)
{
    const MeishiRuleTarget *target = &rule->target;
    MeishiFit fit = meishi_host_list_match(target->hosts, &request->host, ret_specific);

    if (fit != MEISHI_FIT_NO)
        fit = MIN(fit, match_ports(target->ports, request));
    if (fit != MEISHI_FIT_NO)
        fit = MIN(fit, match_protocol(target->protocols, request));
    if (fit != MEISHI_FIT_NO)
        fit = MIN(fit, match_application(rule, request));
    if (fit != MEISHI_FIT_NO)
        fit = MIN(fit, match_acceptable_cas(target->acceptable_cas, request));
    return fit;
}

/* ---- identities -------------------------------------------------------------------------------
 */

typedef struct {
    const MeishiInventory *inventory;
    const MeishiInventoryEntry *entry;
    const MeishiCert *cert;
    gint64 now;
} Subject;

static gboolean
fits_name(GPtrArray *names, const MeishiName *name)
{
    for (guint i = 0; i < names->len; i++) {
        if (meishi_name_compare(g_ptr_array_index(names, i), name) != MEISHI_NAME_DIFFERENT)
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_issuer(const MeishiCondition *condition, const Subject *subject)
{
    return fits_name(condition->names, subject->cert->issuer_name);
}

static gboolean
fits_subject(const MeishiCondition *condition, const Subject *subject)
{
    return fits_name(condition->names, subject->cert->subject_name);
}

static gboolean
fits_attribute(const MeishiCondition *condition, const MeishiName *name)
{
    for (guint i = 0; name && i < name->attrs->len; i++) {
        const MeishiNameAttribute *attr = &g_array_index(name->attrs, MeishiNameAttribute, i);

        if (strcmp(attr->oid, condition->detail) == 0 &&
            meishi_globs_fit(condition->globs, attr->value, attr->folded))
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_issuer_attribute(const MeishiCondition *condition, const Subject *subject)
{
    return fits_attribute(condition, subject->cert->issuer_name);
}

static gboolean
fits_subject_attribute(const MeishiCondition *condition, const Subject *subject)
{
    return fits_attribute(condition, subject->cert->subject_name);
}

static const MeishiCert *
ancestor(const Subject *subject, guint i, guint *ret_n)
{
    const MeishiInventory *inventory = subject->inventory;
    const MeishiIssuerGroup *group = g_ptr_array_index(inventory->groups, subject->entry->group);

    *ret_n = group->ancestors->len;
    if (i >= group->ancestors->len)
        return NULL;
    return g_ptr_array_index(inventory->cas, g_array_index(group->ancestors, guint, i));
}

static gboolean
fits_chain_issuer(const MeishiCondition *condition, const Subject *subject)
{
    guint n = 0;

    if (fits_issuer(condition, subject))
        return TRUE;
    ancestor(subject, 0, &n);
    for (guint i = 0; i < n; i++) {
        const MeishiCert *ca = ancestor(subject, i, &n);

        if (fits_name(condition->names, ca->subject_name) ||
            fits_name(condition->names, ca->issuer_name))
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_digest(const MeishiCondition *condition, const guint8 *digest)
{
    for (guint i = 0; i < condition->digests->len; i++) {
        if (memcmp(g_array_index(condition->digests, MeishiDigest, i).bytes, digest,
                   MEISHI_SHA256_LEN) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_spki(const MeishiCondition *condition, const Subject *subject)
{
    return subject->cert->key && fits_digest(condition, subject->cert->key->spki_sha256);
}

static gboolean
fits_chain_spki(const MeishiCondition *condition, const Subject *subject)
{
    guint n = 0;

    ancestor(subject, 0, &n);
    for (guint i = 0; i < n; i++) {
        const MeishiCert *ca = ancestor(subject, i, &n);

        if (ca->key && fits_digest(condition, ca->key->spki_sha256))
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_fingerprint(const MeishiCondition *condition, const Subject *subject)
{
    return fits_digest(condition, subject->cert->sha256);
}

static gboolean
fits_san(const MeishiCondition *condition, const Subject *subject)
{
    gsize prefix = strlen(condition->detail);

    for (char **san = subject->cert->sans; san && *san; san++) {
        g_autofree char *folded = NULL;

        if (strncmp(*san, condition->detail, prefix) != 0)
            continue;
        folded = meishi_name_fold(*san + prefix);
        if (meishi_globs_fit(condition->globs, *san + prefix, folded))
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_eku(const MeishiCondition *condition, const Subject *subject)
{
    for (char **oid = condition->oids; *oid; oid++) {
        if (!meishi_cert_has_eku(subject->cert, *oid))
            return FALSE;
    }
    return TRUE;
}

static gboolean
fits_policy_oid(const MeishiCondition *condition, const Subject *subject)
{
    const char *const *policies = (const char *const *)subject->cert->policies;

    for (char **oid = condition->oids; policies && *oid; oid++) {
        if (g_strv_contains(policies, *oid))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_in_range(const MeishiKeyRange *range, const MeishiPublicKey *key)
{
    MeishiKeyType type = key->type == MEISHI_KEY_RSA_PSS ? MEISHI_KEY_RSA : key->type;

    return type == range->type && range->min_bits <= key->bits && key->bits <= range->max_bits &&
           (range->curve == NULL || g_strcmp0(range->curve, key->curve) == 0);
}

static gboolean
fits_key_type(const MeishiCondition *condition, const Subject *subject)
{
    const MeishiPublicKey *key = subject->cert->key;

    for (guint i = 0; key && i < condition->keys->len; i++) {
        if (is_in_range(&g_array_index(condition->keys, MeishiKeyRange, i), key))
            return TRUE;
    }
    return FALSE;
}

static gboolean
fits_token_kind(const MeishiCondition *condition, const Subject *subject)
{
    return (condition->token_kinds & (1u << subject->entry->candidate->token_kind)) != 0;
}

/* NULL: it lies on none; the one of ours that shows the vault does not count. */
static const char *
find_token_text(const MeishiCandidate *candidate, const char *which)
{
    if (candidate->token_model == NULL)
        return NULL;
    if (strcmp(which, "manufacturer") == 0)
        return candidate->token_maker;
    if (strcmp(which, "model") == 0)
        return candidate->token_model;
    return strcmp(which, "serial") == 0 ? candidate->token_serial : candidate->token_label;
}

static gboolean
fits_token_text(const MeishiCondition *condition, const Subject *subject)
{
    const char *text = find_token_text(subject->entry->candidate, condition->detail);
    g_autofree char *folded = text != NULL ? meishi_name_fold(text) : NULL;

    return text != NULL && meishi_globs_fit(condition->globs, text, folded);
}

static gboolean
fits_validity_left(const MeishiCondition *condition, const Subject *subject)
{
    return subject->cert->not_after - subject->now >= condition->seconds;
}

static gboolean
fits_self_signed(const MeishiCondition *condition, const Subject *subject)
{
    return !condition->yes == !subject->cert->is_self_signed;
}

static gboolean (*const fits[])(const MeishiCondition *, const Subject *) = {
    [MEISHI_CONDITION_ISSUER] = fits_issuer,
    [MEISHI_CONDITION_SUBJECT] = fits_subject,
    [MEISHI_CONDITION_ISSUER_ATTRIBUTE] = fits_issuer_attribute,
    [MEISHI_CONDITION_SUBJECT_ATTRIBUTE] = fits_subject_attribute,
    [MEISHI_CONDITION_CHAIN_ISSUER] = fits_chain_issuer,
    [MEISHI_CONDITION_CHAIN_SPKI] = fits_chain_spki,
    [MEISHI_CONDITION_FINGERPRINT] = fits_fingerprint,
    [MEISHI_CONDITION_SPKI] = fits_spki,
    [MEISHI_CONDITION_SAN] = fits_san,
    [MEISHI_CONDITION_EKU] = fits_eku,
    [MEISHI_CONDITION_POLICY_OID] = fits_policy_oid,
    [MEISHI_CONDITION_KEY_TYPE] = fits_key_type,
    [MEISHI_CONDITION_TOKEN_KIND] = fits_token_kind,
    [MEISHI_CONDITION_TOKEN_TEXT] = fits_token_text,
    [MEISHI_CONDITION_VALIDITY_LEFT] = fits_validity_left,
    [MEISHI_CONDITION_SELF_SIGNED] = fits_self_signed,
};

const MeishiCondition *
meishi_rule_match_obstacle(const MeishiRule *rule, const MeishiInventory *inventory, guint index,
                           gint64 now, guint skip)
{
    Subject subject = {
        .inventory = inventory, .entry = meishi_inventory_entry(inventory, index), .now = now};

    subject.cert = subject.entry->candidate->cert;
    for (guint i = 0; i < rule->conditions->len; i++) {
        const MeishiCondition *condition = g_ptr_array_index(rule->conditions, i);

        if (skip & (1u << condition->kind))
            continue;
        if (subject.cert == NULL || !fits[condition->kind](condition, &subject))
            return condition;
    }
    return NULL;
}

/* ---- which rule is asked ----------------------------------------------------------------------
 */

/* Negative where the larger number is @a's. */
static int
larger_first(guint a, guint b)
{
    return (a < b) - (a > b);
}

int
meishi_rule_match_order(const MeishiRule *a, guint specific_a, const MeishiRule *b,
                        guint specific_b)
{
    int order = larger_first(a->locked != FALSE, b->locked != FALSE);

    if (order == 0)
        order = larger_first(a->layer, b->layer);
    if (order == 0)
        order = larger_first(a->priority, b->priority);
    if (order == 0)
        order = larger_first(specific_a, specific_b);
    if (order == 0)
        order = larger_first(a->target.ports != NULL, b->target.ports != NULL);
    if (order == 0)
        order = larger_first(a->target.applications != NULL, b->target.applications != NULL);
    if (order == 0)
        order = g_strcmp0(a->file, b->file);
    return order != 0 ? order : strcmp(a->name, b->name);
}
