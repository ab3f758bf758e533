/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program without a handshake is left: the same rules, whatever else stands against an
 * identity.
 */
#include "daemon/policy/visible.h"

#include "tests/unit/policy/fake-world.h"

#define RULE "[Policy]\nVersion=1\n[Rule r]\n"

static void
set_program(FakeWorld *w, const char *name, MeishiTrust trust)
{
    const char *names[] = {name, NULL};

    w->request->application_names = g_strdupv((char **)names);
    w->request->trust = trust;
}

static MeishiVisibility
judge(FakeWorld *w, const char *id)
{
    g_autoptr(GArray) visibilities = meishi_visible_judge(fake_world_end(w), w->request);
    guint index;

    g_assert_cmpuint(visibilities->len, ==, w->candidates->len);
    g_assert_true(meishi_inventory_find_id(w->inventory, id, &index));
    return g_array_index(visibilities, MeishiVisibility, index);
}

#define ASSERT_CODE(w, id, expected) g_assert_cmpint(judge(w, id).code, ==, MEISHI_CODE_##expected)

/* Each of these would end the pipeline for a handshake before the rules are looked at. */
static void
spoil_usage(MeishiCandidate *candidate)
{
    candidate->cert->has_key_usage = TRUE;
    candidate->cert->key_usage = MEISHI_KU_KEY_ENCIPHERMENT;
}

static void
spoil_key(MeishiCandidate *candidate)
{
    candidate->has_private_key = FALSE;
}

static void
spoil_schemes(MeishiCandidate *candidate)
{
    candidate->token_schemes = 0;
}

static void
spoil_nothing(MeishiCandidate *candidate)
{
}

static void
test_restricted_all_the_same(void)
{
    static void (*const spoil[])(MeishiCandidate *) = {spoil_nothing, spoil_usage, spoil_key,
                                                       spoil_schemes};

    for (gsize i = 0; i < G_N_ELEMENTS(spoil); i++) {
        g_auto(FakeWorld) w;
        MeishiVisibility visibility;

        fake_world_init(&w);
        spoil[i](fake_identity(&w, "alice", NULL));
        spoil[i](fake_identity(&w, "bob", NULL));
        fake_ask_host(&w, NULL, 0);
        fake_policy(&w, RULE "Action=restrict\nMatch-Host=!a.example\nIdentity-Subject-CN=alice\n");
        visibility = judge(&w, "alice");
        g_assert_cmpint(visibility.code, ==, MEISHI_CODE_POLICY_RESTRICT);
        g_assert_cmpstr(visibility.rule->name, ==, "r");
        ASSERT_CODE(&w, "bob", OK);
        g_assert_null(judge(&w, "bob").rule);
    }
}

static void
test_owner(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_identity(&w, "hidden", NULL)->hidden = TRUE;
    fake_identity(&w, "twice", NULL)->duplicate = TRUE;
    fake_identity(&w, "old", NULL)->superseded_by = g_strdup("new");
    fake_identity(&w, "absent", NULL)->token_state = MEISHI_TOKEN_ABSENT;
    ASSERT_CODE(&w, "hidden", HIDDEN);
    ASSERT_CODE(&w, "twice", DUPLICATE);
    ASSERT_CODE(&w, "old", OK);
    ASSERT_CODE(&w, "absent", OK);
}

/* A key whose certificate has not come yet fits no condition. */
static void
test_bare_key(void)
{
    g_auto(FakeWorld) w;
    MeishiCandidate *bare = meishi_candidate_new("bare", "bare", NULL);

    fake_world_init(&w);
    g_ptr_array_add(w.candidates, bare);
    fake_policy(&w, RULE "Action=restrict\nIdentity-Token-Kind=software\nMatch-Host=!a.example\n");
    ASSERT_CODE(&w, "bare", OK);
}

static void
test_denied(void)
{
    g_auto(FakeWorld) w;
    MeishiVisibility visibility;

    fake_world_init(&w);
    fake_identity(&w, "alice", NULL);
    fake_ask_host(&w, NULL, 0);
    set_program(&w, "exe:/bin/x", MEISHI_TRUST_EXE);
    fake_policy(&w, RULE "Action=deny\nMatch-Application=exe:/bin/x\n");
    visibility = judge(&w, "alice");
    g_assert_cmpint(visibility.code, ==, MEISHI_CODE_POLICY_NONE);
    g_assert_cmpstr(visibility.rule->name, ==, "r");
}

/* At a known target other than the rule's, neither holds. */
static void
test_target(void)
{
    static const struct {
        const char *host; /* NULL: unknown */
        MeishiCode code;
        MeishiConfirm confirm;
    } rows[] = {
        {NULL, MEISHI_CODE_POLICY_RESTRICT, MEISHI_CONFIRM_EACH_USE},
        {"home.example", MEISHI_CODE_OK, MEISHI_CONFIRM_EACH_USE},
        {"elsewhere.example", MEISHI_CODE_POLICY_RESTRICT, MEISHI_CONFIRM_NEVER},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(FakeWorld) w;
        MeishiVisibility visibility;

        fake_world_init(&w);
        fake_identity(&w, "alice", NULL);
        fake_ask_host(&w, rows[i].host, rows[i].host != NULL ? 443 : 0);
        fake_policy(&w,
                    RULE "Action=restrict\nMatch-Host=!home.example\nIdentity-Subject-CN=alice\n"
                         "[Rule s]\nConfirm=each-use\nMatch-Host=home.example\n"
                         "[Rule t]\nConfirm=each-session\nMatch-Host=third.example\n"
                         "Identity-Subject-CN=bob\n");
        visibility = judge(&w, "alice");
        g_assert_cmpint(visibility.code, ==, rows[i].code);
        g_assert_cmpint(visibility.confirm, ==, rows[i].confirm);
    }
}

/* What the rule that is asked selects, unless it is about a target, which is not known here. */
static void
test_selected(void)
{
    static const struct {
        const char *rule;
        gboolean is_selected;
    } rows[] = {
        {"Match-Application=exe:/bin/x\nAction=select\n", TRUE},
        {"Match-Application=exe:/bin/y\nAction=select\n", FALSE},
        {"Match-Host=home.example\nAction=select\n", FALSE},
        {"Match-Application=exe:/bin/x\nAction=prompt\n", FALSE},
        {"Match-Application=exe:/bin/x\nAction=select\n"
         "[Rule s]\nMatch-Application=exe:/bin/x\nAction=restrict\nIdentity-Subject-CN=alice\n",
         FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(FakeWorld) w;
        g_autofree char *policy =
            g_strconcat(RULE "Identity-Subject-CN=alice\n", rows[i].rule, NULL);

        fake_world_init(&w);
        fake_identity(&w, "alice", NULL);
        fake_identity(&w, "bob", NULL);
        fake_ask_host(&w, NULL, 0);
        set_program(&w, "exe:/bin/x", MEISHI_TRUST_EXE);
        fake_policy(&w, policy);
        g_assert_cmpint(judge(&w, "alice").selected, ==, rows[i].is_selected);
        g_assert_false(judge(&w, "bob").selected);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/visible/restricted-all-the-same", test_restricted_all_the_same);
    g_test_add_func("/policy/visible/owner", test_owner);
    g_test_add_func("/policy/visible/bare-key", test_bare_key);
    g_test_add_func("/policy/visible/denied", test_denied);
    g_test_add_func("/policy/visible/target", test_target);
    g_test_add_func("/policy/visible/selected", test_selected);
    return g_test_run();
}
