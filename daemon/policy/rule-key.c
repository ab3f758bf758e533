/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keys of [Rule]; see rule-key.h.  One row per key; the readers of
 * Match-* and Identity-* keys have files of their own.
 */
#include "daemon/policy/rule-key.h"

#include "daemon/base/error.h"
#include "daemon/policy/rule-key-read.h"

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
const MeishiWord meishi_rule_key_notify[] = {{"yes", FALSE}, {"no", TRUE}, {NULL, 0}};
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

/* ---- the table --------------------------------------------------------------------------------
 */

#define RULE(member) .offset = G_STRUCT_OFFSET(MeishiRule, member)
#define LIST         .is_list = TRUE
#define CONDITION(k) .kind = MEISHI_CONDITION_##k

static const MeishiRuleKey table[] = {
    {"Priority", .read = read_priority},
    {"Enabled", .read = read_bool, RULE(enabled)},
    {"Match-Host", LIST, .read = meishi_rule_key_read_hosts},
    {"Match-Host-Except", LIST, .read = meishi_rule_key_read_hosts_except},
    {"Match-Port", LIST, .read = meishi_rule_key_read_ports},
    {"Match-Protocol", LIST, .read = meishi_rule_key_read_protocols},
    {"Match-Application", LIST, .read = meishi_rule_key_read_applications},
    {"Match-Application-Trust", .read = read_trust, .words = trust_words, RULE(target.trust)},
    {"Match-Acceptable-CAs", .read = read_word, .words = cas_words, RULE(target.acceptable_cas)},
    {"Identity-Issuer", LIST, .read = meishi_rule_key_read_names, CONDITION(ISSUER)},
    {"Identity-Subject", LIST, .read = meishi_rule_key_read_names, CONDITION(SUBJECT)},
    {"Identity-Issuer-CN", LIST, .read = meishi_rule_key_read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.3"},
    {"Identity-Issuer-L", LIST, .read = meishi_rule_key_read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.7"},
    {"Identity-Issuer-O", LIST, .read = meishi_rule_key_read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.10"},
    {"Identity-Issuer-OU", LIST, .read = meishi_rule_key_read_globs, CONDITION(ISSUER_ATTRIBUTE),
     .detail = "2.5.4.11"},
    {"Identity-Subject-CN", LIST, .read = meishi_rule_key_read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.3"},
    {"Identity-Subject-L", LIST, .read = meishi_rule_key_read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.7"},
    {"Identity-Subject-O", LIST, .read = meishi_rule_key_read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.10"},
    {"Identity-Subject-OU", LIST, .read = meishi_rule_key_read_globs, CONDITION(SUBJECT_ATTRIBUTE),
     .detail = "2.5.4.11"},
    {"Identity-Chain-Issuer", LIST, .read = meishi_rule_key_read_names, CONDITION(CHAIN_ISSUER)},
    {"Identity-Chain-SPKI-SHA256", LIST, .read = meishi_rule_key_read_digests,
     CONDITION(CHAIN_SPKI)},
    {"Identity-Fingerprint-SHA256", LIST, .read = meishi_rule_key_read_digests,
     CONDITION(FINGERPRINT)},
    {"Identity-SPKI-SHA256", LIST, .read = meishi_rule_key_read_digests, CONDITION(SPKI)},
    {"Identity-SAN-DNS", LIST, .read = meishi_rule_key_read_globs, CONDITION(SAN),
     .detail = "dns:"},
    {"Identity-SAN-Email", LIST, .read = meishi_rule_key_read_globs, CONDITION(SAN),
     .detail = "email:"},
    {"Identity-SAN-UPN", LIST, .read = meishi_rule_key_read_globs, CONDITION(SAN),
     .detail = "upn:"},
    {"Identity-SAN-URI", LIST, .read = meishi_rule_key_read_globs, CONDITION(SAN),
     .detail = "uri:"},
    {"Identity-EKU", LIST, .read = meishi_rule_key_read_oids, CONDITION(EKU)},
    {"Identity-Policy-OID", LIST, .read = meishi_rule_key_read_oids, CONDITION(POLICY_OID)},
    {"Identity-Key-Type", LIST, .read = meishi_rule_key_read_key_types, CONDITION(KEY_TYPE)},
    {"Identity-Token-Kind", LIST, .read = meishi_rule_key_read_token_kinds, CONDITION(TOKEN_KIND)},
    {"Identity-Token-Label", LIST, .read = meishi_rule_key_read_globs, CONDITION(TOKEN_TEXT),
     .detail = "label"},
    {"Identity-Token-Manufacturer", LIST, .read = meishi_rule_key_read_globs, CONDITION(TOKEN_TEXT),
     .detail = "manufacturer"},
    {"Identity-Token-Model", LIST, .read = meishi_rule_key_read_globs, CONDITION(TOKEN_TEXT),
     .detail = "model"},
    {"Identity-Token-Serial", LIST, .read = meishi_rule_key_read_globs, CONDITION(TOKEN_TEXT),
     .detail = "serial"},
    {"Identity-Validity-Left", .read = meishi_rule_key_read_validity, CONDITION(VALIDITY_LEFT)},
    {"Identity-Self-Signed", .read = meishi_rule_key_read_self_signed, CONDITION(SELF_SIGNED)},
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
    {"Notify", .read = read_word, .words = meishi_rule_key_notify, RULE(constraints.no_notice)},
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
