/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decision table: each row, met by a world that is built for it.
 */
#include "tests/unit/policy/fake-world.h"

#define ASK(w)                                \
    do {                                      \
        (w)->request->user_activation = TRUE; \
        fake_ask_ca((w), "CN=CA");            \
    } while (0)

static void
one(FakeWorld *w)
{
    fake_identity(w, "a", "CN=CA");
}

static void
two(FakeWorld *w)
{
    fake_identity(w, "a", "CN=CA");
    fake_identity(w, "b", "CN=CA")->cert->not_before -= FAKE_DAY; /* "a" was issued later */
}

static void
soft(FakeWorld *w)
{
    fake_identity(w, "a", "CN=CA")->cert->not_after = FAKE_NOW - 9 * FAKE_DAY;
}

static void
card_out(FakeWorld *w)
{
    fake_identity(w, "a", "CN=CA")->token_state = MEISHI_TOKEN_ABSENT;
}

#define SELECT "[Rule s]\nMatch-Host=www.example.com\nIdentity-Issuer=CN=CA\nAction=select\n"

/* ---- worlds -----------------------------------------------------------------------------------
 */

static void
preflight(FakeWorld *w)
{
    one(w);
    w->request->purpose = MEISHI_PURPOSE_PREFLIGHT;
}
static void
preconnect(FakeWorld *w)
{
    one(w);
    w->request->purpose = MEISHI_PURPOSE_PRECONNECT;
}
static void
verify_failed(FakeWorld *w)
{
    one(w);
    w->request->server_verified = MEISHI_VERIFIED_FAILED;
}
static void
policy_deny(FakeWorld *w)
{
    one(w);
    fake_policy(w, "[Rule d]\nMatch-Host=www.example.com\nAction=deny\n");
}
static void
policy_none(FakeWorld *w)
{
    one(w);
    fake_policy(w, "[Rule d]\nMatch-Host=www.example.com\nAction=none\n");
}

static void
shared(FakeWorld *w)
{
    static const char *hosts[] = {"cdn.example.com", NULL};

    one(w);
    w->request->shared_hosts = g_strdupv((char **)hosts);
}

static void
policy_deny_beats_select(FakeWorld *w)
{
    one(w);
    fake_policy_at(w, MEISHI_LAYER_VENDOR, "v",
                   "[Rule d]\nMatch-Host=www.example.com\nAction=deny\n");
    fake_policy_at(w, MEISHI_LAYER_USER, "u", SELECT);
}

static void
clear_tls(FakeWorld *w)
{
    one(w);
    w->request->tls_version = MEISHI_TLS_1_2;
    fake_policy(w, "[Rule d]\nMatch-Host=www.example.com\nRequire-TLS13=yes\n");
}

static void
clear_unknown(FakeWorld *w)
{
    clear_tls(w);
    w->request->tls_version = 0;
}

static void
clear_13(FakeWorld *w)
{
    clear_tls(w);
    ASK(w);
    w->request->tls_version = MEISHI_TLS_1_3;
}

static void
select_one(FakeWorld *w)
{
    one(w);
    fake_identity(w, "x", "CN=Other");
    fake_policy(w, SELECT);
}
static void
select_two(FakeWorld *w)
{
    two(w);
    fake_policy(w, SELECT);
}
static void
select_two_prompt(FakeWorld *w)
{
    two(w);
    ASK(w);
    fake_policy(w, SELECT "On-Multiple=prompt\n");
}
static void
select_two_none(FakeWorld *w)
{
    two(w);
    fake_policy(w, SELECT "On-Multiple=none\n");
}
static void
select_two_defaults(FakeWorld *w)
{
    two(w);
    fake_policy(w, "[Defaults]\nOn-Multiple=none\n" SELECT);
}

static void
select_two_prompt_nobody(FakeWorld *w)
{
    select_two_prompt(w);
    w->request->interactive = FALSE;
}

static void
select_two_prompt_never(FakeWorld *w)
{
    two(w);
    fake_policy(w, "[Defaults]\nInteractive=never\n" SELECT "On-Multiple=prompt\n");
}

static void
select_despite_memory(FakeWorld *w)
{
    two(w);
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
    fake_policy(w, SELECT);
}

static void
select_soft_is_not_sent(FakeWorld *w)
{
    soft(w);
    fake_policy(w, SELECT "On-None=none\n");
}
static void
select_missing_none(FakeWorld *w)
{
    fake_policy(w, SELECT "On-None=none\n");
}
static void
select_missing_import(FakeWorld *w)
{
    fake_policy(w, SELECT "On-None=prompt-import\n");
}
static void
select_missing_go_on(FakeWorld *w)
{
    fake_identity(w, "x", "CN=X");
    fake_ask_ca(w, "CN=X");
    fake_policy(w, SELECT);
}
static void
select_missing_defaults(FakeWorld *w)
{
    fake_policy(w, "[Defaults]\nOn-None=none\n" SELECT);
}
static void
select_card_out(FakeWorld *w)
{
    card_out(w);
    fake_policy(w, SELECT "On-None=none\n");
}

static void
memory(FakeWorld *w)
{
    two(w);
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
}
static void
memory_none(FakeWorld *w)
{
    two(w);
    ASK(w);
    fake_choice(w, "", MEISHI_SCOPE_ALWAYS);
}

static void
memory_silent_without_person(FakeWorld *w)
{
    memory(w);
    w->request->interactive = FALSE;
    w->request->purpose = MEISHI_PURPOSE_BACKGROUND;
}

static void
memory_prompt_rule(FakeWorld *w)
{
    memory(w);
    fake_policy(w, "[Rule p]\nMatch-Host=www.example.com\nAction=prompt\n");
}

static void
memory_locked_rule_hides(FakeWorld *w)
{
    memory(w);
    ASK(w);
    fake_policy(w, "[Rule p]\nMatch-Host=www.example.com\nAction=prompt\n[Lock]\nKeys=Rule p/*\n");
}

static void
memory_none_suspect(FakeWorld *w)
{
    MeishiChoice *choice;

    two(w);
    ASK(w);
    choice = fake_choice(w, "", MEISHI_SCOPE_ALWAYS);
    g_assert_true(meishi_choice_apply(choice, MEISHI_OUTCOME_CLASS_REQUIRED, 116));
}

static void
memory_suspect(FakeWorld *w)
{
    MeishiChoice *choice;

    two(w);
    ASK(w);
    choice = fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
    g_assert_true(meishi_choice_apply(choice, MEISHI_OUTCOME_CLASS_STRONG, 44));
}

static void
memory_failed(FakeWorld *w)
{
    two(w);
    ASK(w);
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS)->ask_once = TRUE;
}

static void
memory_failed_nobody(FakeWorld *w)
{
    two(w);
    w->request->interactive = FALSE;
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS)->ask_once = TRUE;
}

static void
memory_expired(FakeWorld *w)
{
    two(w);
    ASK(w);
    ((MeishiCandidate *)g_ptr_array_index(w->candidates, 1))->cert->not_after =
        FAKE_NOW - 9 * FAKE_DAY;
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
}

static void
memory_successor(FakeWorld *w)
{
    MeishiCandidate *old;

    two(w);
    old = g_ptr_array_index(w->candidates, 1);
    old->cert->not_after = FAKE_NOW - 9 * FAKE_DAY;
    old->superseded_by = g_strdup("c");
    g_free(fake_identity(w, "c", "CN=CA")->lineage);
    ((MeishiCandidate *)g_ptr_array_index(w->candidates, 2))->lineage = g_strdup("b");
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
}

static void
memory_other_ca_list(FakeWorld *w)
{
    two(w);
    w->request->user_activation = TRUE;
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
    fake_ask_ca(w, "CN=Other");
}

static void
memory_gone(FakeWorld *w)
{
    one(w);
    ASK(w);
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
}
static void
memory_card_out(FakeWorld *w)
{
    card_out(w);
    fake_identity(w, "b", "CN=CA");
    ASK(w);
    fake_choice(w, "a", MEISHI_SCOPE_ALWAYS);
}
static void
memory_nothing_left(FakeWorld *w)
{
    ASK(w);
    fake_choice(w, "b", MEISHI_SCOPE_ALWAYS);
}

static void
memory_not_allowed_for_identity(FakeWorld *w)
{
    memory(w);
    ASK(w);
    fake_policy(w, "[Rule p]\nIdentity-Subject=CN=b\nRemember=none\n");
}

static void
insert(FakeWorld *w)
{
    card_out(w);
    ASK(w);
}
static void
insert_nobody(FakeWorld *w)
{
    card_out(w);
    ASK(w);
    w->request->interactive = FALSE;
}
static void
only_soft(FakeWorld *w)
{
    soft(w);
    ASK(w);
}
static void
only_soft_no_activation(FakeWorld *w)
{
    soft(w);
    ASK(w);
    w->request->user_activation = FALSE;
}
static void
only_soft_nobody(FakeWorld *w)
{
    soft(w);
    ASK(w);
    w->request->interactive = FALSE;
}
static void
nothing(FakeWorld *w)
{
    ASK(w);
}
static void
only_hard(FakeWorld *w)
{
    one(w);
    ASK(w);
    ((MeishiCandidate *)g_ptr_array_index(w->candidates, 0))->hidden = TRUE;
}
static void
single(FakeWorld *w)
{
    one(w);
    ASK(w);
}
static void
single_silent(FakeWorld *w)
{
    one(w);
    ASK(w);
    fake_policy(w, "[Defaults]\nSingle-Match-Silent=yes\n");
}
static void
single_new_host(FakeWorld *w)
{
    one(w);
    ASK(w);
    fake_policy(w, "[Defaults]\nSingle-Match-Silent=seen-before\n");
}

static void
single_seen(FakeWorld *w)
{
    MeishiHistory history = {.accepted = 1, .last_accepted = FAKE_NOW - FAKE_DAY};

    single_new_host(w);
    meishi_memory_add_history(w->memory, "www.example.com", 443, "a", &history);
}

static void
single_seen_on_other_port(FakeWorld *w)
{
    MeishiHistory history = {.accepted = 1, .last_accepted = FAKE_NOW - FAKE_DAY};

    single_new_host(w);
    meishi_memory_add_history(w->memory, "www.example.com", 8443, "a", &history);
}

static void
single_silent_not_for_empty_list(FakeWorld *w)
{
    one(w);
    w->request->user_activation = TRUE;
    fake_policy(w, "[Defaults]\nSingle-Match-Silent=yes\n");
}
static void
optional(FakeWorld *w)
{
    one(w);
    w->request->user_activation = TRUE;
}
static void
optional_no_activation(FakeWorld *w)
{
    one(w);
}
static void
optional_subresource(FakeWorld *w)
{
    optional(w);
    w->request->purpose = MEISHI_PURPOSE_SUBRESOURCE;
}
static void
optional_prompt_rule(FakeWorld *w)
{
    one(w);
    fake_policy(w, "[Rule p]\nMatch-Host=www.example.com\nAction=prompt\n");
}
static void
several(FakeWorld *w)
{
    two(w);
    ASK(w);
}
static void
nobody(FakeWorld *w)
{
    two(w);
    ASK(w);
    w->request->interactive = FALSE;
}
static void
nobody_by_policy(FakeWorld *w)
{
    two(w);
    ASK(w);
    fake_policy(w, "[Defaults]\nInteractive=never\n");
}
static void
not_verified_yet(FakeWorld *w)
{
    several(w);
    w->request->server_verified = MEISHI_VERIFIED_NOT_YET;
}
static void
not_verified_yet_memory(FakeWorld *w)
{
    memory(w);
    w->request->server_verified = MEISHI_VERIFIED_NOT_YET;
}
static void
overridden(FakeWorld *w)
{
    several(w);
    w->request->server_verified = MEISHI_VERIFIED_OVERRIDDEN;
}
static void
self_signed(FakeWorld *w)
{
    fake_identity(w, "me", NULL);
    fake_policy(w, "[Rule "
                   "s]\nMatch-Host=www.example.com\nMatch-Acceptable-CAs=empty\nIdentity-Self-"
                   "Signed=yes\nAction=select\n");
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define SELECTED MEISHI_RESULT_SELECTED
#define NONE     MEISHI_RESULT_NONE
#define DENIED   MEISHI_RESULT_DENIED
#define DEFERRED MEISHI_RESULT_DEFERRED
#define PROMPT   MEISHI_RESULT_PROMPT

/* @who: the selected, or for a prompt the preselected identity. */
static const struct {
    const char *name;
    void (*set)(FakeWorld *w);
    const char *row;
    MeishiResult result;
    MeishiCode code;
    MeishiPrompt prompt;
    const char *who;
} cases[] = {
    {"2/fetch/preflight", preflight, "final", NONE, MEISHI_CODE_ANONYMOUS, 0, "none"},
    {"2/preconnect", preconnect, "final", DEFERRED, MEISHI_CODE_PRECONNECT, 0, "none"},
    {"2/shared-connection", shared, "final", NONE, MEISHI_CODE_SHARED, 0, "none"},
    {"2/server-not-verified", verify_failed, "final", NONE, MEISHI_CODE_UNVERIFIED, 0, "none"},
    {"3/rfc9846-certificate-selection/deny", policy_deny, "final", DENIED, MEISHI_CODE_POLICY_NONE,
     0, "none"},
    {"3/rfc9846-certificate-selection/none", policy_none, "final", NONE, MEISHI_CODE_POLICY_NONE, 0,
     "none"},
    {"3/deny-of-any-layer", policy_deny_beats_select, "final", DENIED, MEISHI_CODE_POLICY_NONE, 0,
     "none"},
    {"17/tls12-clear", clear_tls, "final", NONE, MEISHI_CODE_TLS12_CLEAR, 0, "none"},
    {"17/unknown-version-is-not-1.3", clear_unknown, "final", NONE, MEISHI_CODE_TLS12_CLEAR, 0,
     "none"},
    {"17/tls13", clear_13, "single", PROMPT, MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_SINGLE, "a"},
    {"select/one", select_one, "select-one", SELECTED, MEISHI_CODE_OK, 0, "a"},
    {"select/several-best", select_two, "select-several", SELECTED, MEISHI_CODE_OK, 0, "a"},
    {"select/several-prompt", select_two_prompt, "select-several", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_CHOOSE, "a"},
    {"select/several-prompt-nobody", select_two_prompt_nobody, "select-several", NONE,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_CHOOSE, "a"},
    {"select/several-prompt-never", select_two_prompt_never, "select-several", NONE,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_CHOOSE, "a"},
    {"select/several-none", select_two_none, "select-several", NONE, MEISHI_CODE_POLICY_NONE, 0,
     "none"},
    {"select/several-by-defaults", select_two_defaults, "select-several", NONE,
     MEISHI_CODE_POLICY_NONE, 0, "none"},
    {"select/memory-is-not-asked", select_despite_memory, "select-several", SELECTED,
     MEISHI_CODE_OK, 0, "a"},
    {"select/soft-is-never-sent", select_soft_is_not_sent, "select-missing", NONE,
     MEISHI_CODE_NO_CANDIDATE, 0, "none"},
    {"select/missing-none", select_missing_none, "select-missing", NONE, MEISHI_CODE_NO_CANDIDATE,
     0, "none"},
    {"select/missing-import", select_missing_import, "select-missing", PROMPT,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_IMPORT, "none"},
    {"select/missing-goes-on", select_missing_go_on, "single", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_SINGLE, "x"},
    {"select/missing-by-defaults", select_missing_defaults, "select-missing", NONE,
     MEISHI_CODE_NO_CANDIDATE, 0, "none"},
    {"select/card-out", select_card_out, "select-missing", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_INSERT, "a"},
    {"memory/valid", memory, "memory", SELECTED, MEISHI_CODE_OK, 0, "b"},
    {"memory/without-a-person", memory_silent_without_person, "memory", SELECTED, MEISHI_CODE_OK, 0,
     "b"},
    {"memory/under-a-prompt-rule", memory_prompt_rule, "memory", SELECTED, MEISHI_CODE_OK, 0, "b"},
    {"memory/locked-rule-hides-it", memory_locked_rule_hides, "several", PROMPT,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_CHOOSE, "a"},
    {"memory/none", memory_none, "memory-none", NONE, MEISHI_CODE_OK, 0, "none"},
    {"memory/none-but-required", memory_none_suspect, "memory-none", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_AGAIN, "a"},
    {"memory/refused", memory_suspect, "memory-stale", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_AGAIN, "b"},
    {"memory/failed", memory_failed, "memory-failed", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_AGAIN, "b"},
    {"memory/failed-nobody", memory_failed_nobody, "memory", SELECTED, MEISHI_CODE_OK, 0, "b"},
    {"memory/expired", memory_expired, "memory-stale", PROMPT, MEISHI_CODE_EXPIRED,
     MEISHI_PROMPT_AGAIN, "b"},
    {"memory/successor-goes", memory_successor, "memory", SELECTED, MEISHI_CODE_OK, 0, "c"},
    {"memory/other-ca-list", memory_other_ca_list, "memory-stale", PROMPT, MEISHI_CODE_CA_MISMATCH,
     MEISHI_PROMPT_AGAIN, "b"},
    {"memory/gone", memory_gone, "memory-stale", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_AGAIN, "a"},
    {"memory/card-out", memory_card_out, "memory-stale", PROMPT, MEISHI_CODE_TOKEN_ABSENT,
     MEISHI_PROMPT_INSERT, "a"},
    {"memory/nothing-left", memory_nothing_left, "memory-stale", NONE, MEISHI_CODE_NO_CANDIDATE, 0,
     "none"},
    {"memory/rule-about-the-identity", memory_not_allowed_for_identity, "memory-stale", PROMPT,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_AGAIN, "b"},
    {"none/only-absent", insert, "insert", PROMPT, MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_INSERT,
     "a"},
    {"none/only-absent-nobody", insert_nobody, "insert", NONE, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_INSERT, "a"},
    {"none/only-soft", only_soft, "soft-only", PROMPT, MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_SOFT,
     "none"},
    {"none/only-soft-no-activation", only_soft_no_activation, "soft-only", NONE,
     MEISHI_CODE_NO_CANDIDATE, 0, "none"},
    {"none/only-soft-nobody", only_soft_nobody, "soft-only", NONE, MEISHI_CODE_NO_CANDIDATE, 0,
     "none"},
    {"none/rfc5246-7.4.6/nothing", nothing, "nothing", NONE, MEISHI_CODE_NO_CANDIDATE, 0, "none"},
    {"none/only-hard", only_hard, "nothing", NONE, MEISHI_CODE_NO_CANDIDATE, 0, "none"},
    {"one/asked-once", single, "single", PROMPT, MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_SINGLE, "a"},
    {"one/silent", single_silent, "single-silent", SELECTED, MEISHI_CODE_OK, 0, "a"},
    {"one/seen-before", single_seen, "single-silent", SELECTED, MEISHI_CODE_OK, 0, "a"},
    {"one/not-seen-before", single_new_host, "single", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_SINGLE, "a"},
    {"one/seen-on-another-port", single_seen_on_other_port, "single", PROMPT,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_SINGLE, "a"},
    {"one/never-silent-without-a-list", single_silent_not_for_empty_list, "optional", PROMPT,
     MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_OPTIONAL, "a"},
    {"optional/navigation", optional, "optional", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_OPTIONAL, "a"},
    {"optional/no-activation", optional_no_activation, "optional", NONE, MEISHI_CODE_OPTIONAL, 0,
     "none"},
    {"optional/subresource", optional_subresource, "optional", NONE, MEISHI_CODE_OPTIONAL, 0,
     "none"},
    {"optional/prompt-rule", optional_prompt_rule, "single", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_SINGLE, "a"},
    {"several", several, "several", PROMPT, MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_CHOOSE, "a"},
    {"nobody/caller", nobody, "not-interactive", NONE, MEISHI_CODE_NEEDS_USER, MEISHI_PROMPT_CHOOSE,
     "a"},
    {"nobody/policy", nobody_by_policy, "not-interactive", NONE, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_CHOOSE, "a"},
    {"verified/not-yet", not_verified_yet, "several", DEFERRED, MEISHI_CODE_UNVERIFIED,
     MEISHI_PROMPT_CHOOSE, "a"},
    {"verified/not-yet-but-remembered", not_verified_yet_memory, "memory", SELECTED, MEISHI_CODE_OK,
     0, "b"},
    {"verified/overridden", overridden, "several", PROMPT, MEISHI_CODE_NEEDS_USER,
     MEISHI_PROMPT_CHOOSE, "a"},
    {"self-signed/first-class", self_signed, "select-one", SELECTED, MEISHI_CODE_OK, 0, "me"},
};

static void
test_case(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    fake_world_init(&w);
    cases[i].set(&w);
    decision = fake_decide(&w);
    g_assert_cmpstr(decision->row, ==, cases[i].row);
    g_assert_cmpstr(meishi_result_name(decision->result), ==, meishi_result_name(cases[i].result));
    g_assert_cmpstr(meishi_code_info(decision->code)->name, ==,
                    meishi_code_info(cases[i].code)->name);
    g_assert_cmpint(decision->prompt, ==, cases[i].prompt);
    g_assert_cmpstr(
        fake_id(&w, cases[i].result == SELECTED ? decision->selected : decision->preselected), ==,
        cases[i].who);
    if (cases[i].result != SELECTED)
        g_assert_cmpuint(decision->selected, ==, G_MAXUINT);
    g_assert_cmpint(decision->notify, ==,
                    cases[i].code == MEISHI_CODE_NEEDS_USER && cases[i].result == NONE);
    g_assert_nonnull(decision->row_text);
}

/* What a rule about the selected identity demands goes with the answer. */
static void
test_limits(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    fake_world_init(&w);
    one(&w);
    fake_policy(&w, SELECT "[Rule c]\nIdentity-Issuer=CN=CA\nConfirm=each-use\n"
                           "[Rule o]\nIdentity-Issuer=CN=Other\nForbid=export\n");
    decision = fake_decide(&w);
    g_assert_cmpint(decision->limits.confirm, ==, MEISHI_CONFIRM_EACH_USE);
    g_assert_cmpuint(decision->limits.forbid, ==, 0);
    g_assert_cmpstr(decision->rule->name, ==, "s");
}

/* One host can ask with two CA lists; then one answer does not do for both. */
static void
test_coalesce(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL, other_list = NULL, other_port = NULL;
    g_autofree char *key = NULL, *again = NULL, *key_list = NULL, *key_port = NULL;

    fake_world_init(&w);
    two(&w);
    fake_identity(&w, "x", "CN=X")->hidden = TRUE;
    fake_ask_ca(&w, "CN=CA");
    decision = fake_decide(&w);
    key = meishi_decision_coalesce_key(decision, &w.world, w.request);
    again = meishi_decision_coalesce_key(decision, &w.world, w.request);
    g_assert_cmpstr(key, ==, again);
    fake_ask_host(&w, "www.example.com", 8443);
    other_port = fake_decide(&w);
    key_port = meishi_decision_coalesce_key(other_port, &w.world, w.request);
    g_assert_cmpstr(key, !=, key_port);
    fake_ask_host(&w, "www.example.com", 443);
    w.request->raw_public_key = TRUE; /* nothing can be chosen now */
    other_list = fake_decide(&w);
    key_list = meishi_decision_coalesce_key(other_list, &w.world, w.request);
    g_assert_cmpstr(key, !=, key_list);
}

/* PKCS#11: no target, no list, nobody to ask; a remembered choice has no host to be found by. */
static void
test_unknown_target(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    fake_world_init(&w);
    two(&w);
    fake_choice(&w, "b", MEISHI_SCOPE_ALWAYS);
    fake_policy(&w,
                SELECT "[Rule d]\nMatch-Host=evil.example\nAction=deny\n"
                       "[Rule t]\nMatch-Host=bank.example\nRequire-TLS13=yes\nConfirm=each-use\n");
    fake_ask_host(&w, NULL, 0);
    w.request->interactive = FALSE;
    w.request->tls_version = 0;
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_NONE);
    g_assert_cmpint(decision->code, ==, MEISHI_CODE_NEEDS_USER);
    g_assert_cmpuint(decision->n_strong, ==, 2);
    g_assert_null(decision->rule);
    g_assert_cmpint(decision->limits.confirm, ==, MEISHI_CONFIRM_EACH_USE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/policy/decide/", cases[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    g_test_add_func("/policy/decide/limits", test_limits);
    g_test_add_func("/policy/decide/coalesce", test_coalesce);
    g_test_add_func("/policy/decide/unknown-target", test_unknown_target);
    return g_test_run();
}
