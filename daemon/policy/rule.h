/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a policy file says, as values.  A rule speaks about the identities that fit its Identity-*
 * keys at the targets that fit its Match-* keys.  It says two kinds of things:
 *
 *   constraints  hold whatever other rules say; of all that apply the strictest counts, so their
 *                values are ordered from loose to strict;
 *   preferences  of all rules that fit a target exactly one is asked.
 *
 * Reading is in rule-parse.c, judging in rule-lint.c, putting files together in rule-merge.c and
 * applying in rule-match.c.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/cert.h"
#include "daemon/policy/host.h"
#include "daemon/policy/module-rules.h"
#include "daemon/policy/name.h"
#include "daemon/policy/request.h"

/* Who wrote it; a later one has the say over preferences, unless an earlier one locked them. */
typedef enum {
    MEISHI_LAYER_VENDOR,
    MEISHI_LAYER_ADMIN,
    MEISHI_LAYER_RUNTIME,
    MEISHI_LAYER_USER,
    MEISHI_N_LAYERS,
} MeishiLayer;

typedef enum {
    MEISHI_ACTION_UNSET, /* constraints only */
    MEISHI_ACTION_SELECT,
    MEISHI_ACTION_PROMPT,
    MEISHI_ACTION_NONE,
    MEISHI_ACTION_DENY,     /* a constraint */
    MEISHI_ACTION_RESTRICT, /* a constraint */
} MeishiAction;

typedef enum {
    MEISHI_MANY_UNSET,
    MEISHI_MANY_BEST,
    MEISHI_MANY_PROMPT,
    MEISHI_MANY_NONE,
} MeishiOnMultiple;

typedef enum {
    MEISHI_NO_MATCH_UNSET,
    MEISHI_NO_MATCH_NONE,
    MEISHI_NO_MATCH_PROMPT_ANY, /* go on as if there were no rule */
    MEISHI_NO_MATCH_PROMPT_IMPORT,
} MeishiOnNone;

/* ---- constraints, from loose to strict ------------------------------------------------------- */

typedef enum {
    MEISHI_REMEMBER_ALWAYS,
    MEISHI_REMEMBER_SESSION,
    MEISHI_REMEMBER_NONE,
} MeishiRemember;

typedef enum {
    MEISHI_REACH_DOMAIN,
    MEISHI_REACH_HOST,
    MEISHI_REACH_HOST_PORT,
} MeishiReach;

typedef enum {
    MEISHI_CONFIRM_NEVER,
    MEISHI_CONFIRM_EACH_SESSION,
    MEISHI_CONFIRM_EACH_USE,
} MeishiConfirm;

enum {
    MEISHI_FORBID_EXPORT = 1 << 0,
    MEISHI_FORBID_SOFTWARE_KEY = 1 << 1,
};

enum {
    MEISHI_REQUIRE_EKU = 1 << 0,
    MEISHI_REQUIRE_CA_MATCH = 1 << 1,
    MEISHI_REQUIRE_TLS13 = 1 << 2,
};

typedef struct {
    MeishiRemember remember;
    MeishiReach reach;
    gboolean per_application;
    MeishiConfirm confirm;
    guint forbid;
    guint require;
    gboolean no_notice; /* nothing about it is worth a notification */
} MeishiConstraints;

/* Makes @constraints as strict as @other where it is looser. */
void meishi_constraints_tighten(MeishiConstraints *constraints, const MeishiConstraints *other);

/* ---- targets ----------------------------------------------------------------------------------
 */

typedef struct {
    gboolean exclude;
    char *text;         /* "unit:openconnect@*.service" */
    GPatternSpec *spec; /* NULL where the text has no wildcard */
} MeishiApplicationPattern;

MeishiApplicationPattern *meishi_application_pattern_new(const char *text);
void meishi_application_pattern_free(MeishiApplicationPattern *pattern);

typedef enum {
    MEISHI_CAS_ANY,
    MEISHI_CAS_EMPTY,
    MEISHI_CAS_NONEMPTY,
} MeishiAcceptableCas;

typedef struct {
    GPtrArray *hosts;        /* MeishiHostPattern; NULL: any */
    GArray *ports;           /* MeishiPortRange; NULL: any */
    char **protocols;        /* NULL: any */
    GPtrArray *applications; /* MeishiApplicationPattern; NULL: any */
    MeishiTrust trust;       /* the least that a caller must have */
    MeishiAcceptableCas acceptable_cas;
    char *signature; /* equal: the same targets; made when the rule is read */
} MeishiRuleTarget;

/* ---- identities -------------------------------------------------------------------------------
 */

typedef enum {
    MEISHI_CONDITION_ISSUER,
    MEISHI_CONDITION_SUBJECT,
    MEISHI_CONDITION_ISSUER_ATTRIBUTE,
    MEISHI_CONDITION_SUBJECT_ATTRIBUTE,
    MEISHI_CONDITION_CHAIN_ISSUER,
    MEISHI_CONDITION_CHAIN_SPKI,
    MEISHI_CONDITION_FINGERPRINT,
    MEISHI_CONDITION_SPKI,
    MEISHI_CONDITION_SAN,
    MEISHI_CONDITION_EKU,
    MEISHI_CONDITION_POLICY_OID,
    MEISHI_CONDITION_KEY_TYPE,
    MEISHI_CONDITION_TOKEN_KIND,
    MEISHI_CONDITION_TOKEN_TEXT,
    MEISHI_CONDITION_VALIDITY_LEFT,
    MEISHI_CONDITION_SELF_SIGNED,
} MeishiConditionKind;

/* About the place of the key, and not about the certificate; a mask of 1 << MeishiConditionKind. */
#define MEISHI_CONDITIONS_OF_PLACE \
    (1u << MEISHI_CONDITION_TOKEN_KIND | 1u << MEISHI_CONDITION_TOKEN_TEXT)

/* "*@example.com" without regard to case; "=text" exactly. */
typedef struct {
    gboolean exact;
    char *text;
    GPatternSpec *spec; /* NULL where exact */
} MeishiGlob;

void meishi_glob_free(gpointer glob);
/* Whether one of @globs (MeishiGlob) fits; @folded is @value as names are compared. */
gboolean meishi_globs_fit(const GPtrArray *globs, const char *value, const char *folded);

typedef struct {
    MeishiKeyType type;
    const char *curve; /* NULL: any */
    guint min_bits, max_bits;
} MeishiKeyRange;

typedef struct {
    guint8 bytes[MEISHI_SHA256_LEN];
} MeishiDigest;

/* One Identity-* key: fits where one of its values does (all of them, for EKU). */
typedef struct {
    MeishiConditionKind kind;
    const char *key;    /* its name in the file */
    const char *detail; /* attribute OID, the prefix of the SAN, which text of a token; NULL */
    guint line;
    GPtrArray *names; /* MeishiName */
    GPtrArray *globs; /* MeishiGlob */
    GArray *digests;  /* MeishiDigest */
    char **oids;
    GArray *keys;      /* MeishiKeyRange */
    guint token_kinds; /* 1 << MeishiTokenKind */
    gint64 seconds;
    gboolean yes;
} MeishiCondition;

MeishiCondition *
meishi_condition_new(MeishiConditionKind kind, const char *key, const char *detail);
void meishi_condition_free(MeishiCondition *condition);

/* ---- rules ------------------------------------------------------------------------------------
 */

#define MEISHI_PRIORITY_DEFAULT 500
#define MEISHI_PRIORITY_MAX     1000

typedef struct {
    char *name;
    char *file;
    guint line;
    MeishiLayer layer;
    gboolean locked; /* set when files are put together */
    guint index;     /* its place in the set */
    guint priority;
    gboolean enabled;
    MeishiRuleTarget target;
    GPtrArray *conditions; /* MeishiCondition; empty: every identity */
    MeishiAction action;
    MeishiOnMultiple on_multiple;
    MeishiOnNone on_none;
    gboolean prefer_hardware;
    char *group;      /* selection group; NULL */
    char *renewal;    /* "auto", "ask", "never"; NULL */
    gint64 warn_left; /* seconds; 0: not said */
    gboolean says_remember, says_trust;
    MeishiConstraints constraints;
} MeishiRule;

MeishiRule *meishi_rule_new(const char *name);
void meishi_rule_free(MeishiRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiRule, meishi_rule_free)

/* Does it take part in the choice of the one rule that is asked? */
gboolean meishi_rule_has_preference(const MeishiRule *rule);

/* A virtual token whose content is what a rule selects. */
typedef struct {
    char *name;
    char *label;
    char *rule;
    char *file;
    guint line;
    MeishiLayer layer;
} MeishiRole;

void meishi_role_free(MeishiRole *role);

typedef enum {
    MEISHI_SINGLE_ASK,
    MEISHI_SINGLE_SEEN_BEFORE, /* silently on a target that took it before */
    MEISHI_SINGLE_SILENT,
} MeishiSingleMatch;

/* [Defaults] of one file or, put together, of all. */
typedef struct {
    gboolean never_interactive; /* constraint */
    gboolean no_notice;         /* constraint */
    MeishiRemember remember;    /* constraint */
    MeishiOnMultiple on_multiple;
    MeishiOnNone on_none;
    MeishiSingleMatch single_match;
    gboolean no_user_policy;
    GHashTable *said; /* set of the keys that stand in the file; NULL when put together */
} MeishiDefaults;

/* [Token NAME]; token-rule.h. */
typedef struct _MeishiTokenRule MeishiTokenRule;

/* One file as it was read. */
typedef struct {
    MeishiLayer layer;
    char *name;        /* without directory; what masks and sorts */
    char *path;        /* as shown */
    GPtrArray *rules;  /* MeishiRule */
    GPtrArray *roles;  /* MeishiRole */
    GPtrArray *tokens; /* MeishiTokenRule */
    MeishiModuleRules modules;
    MeishiDefaults defaults;
    GPtrArray *locks; /* char *: "GROUP/KEY", or a group name and "/" and an asterisk */
    guint lock_line;
} MeishiPolicyFile;

void meishi_policy_file_free(MeishiPolicyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPolicyFile, meishi_policy_file_free)

/* "admin"; static. */
const char *meishi_layer_name(MeishiLayer layer);
