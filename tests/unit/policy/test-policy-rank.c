/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order of identities: each criterion decides where those before it tie.
 */
#include "tests/unit/policy/fake-world.h"

#define SERVER_LIST(w) fake_ask_ca((w), "CN=CA")

/* Two identities alike in everything; @set makes the one that is listed second, "b", better. */
typedef struct {
    FakeWorld *w;
    MeishiCandidate *a, *b;
} Pair;

static void
set_eku(MeishiCandidate *c, const char *eku)
{
    const char *ekus[] = {eku, NULL};

    c->cert->ekus = g_strdupv((char **)ekus);
}

static void
set_issuer(MeishiCandidate *c, const char *issuer)
{
    meishi_name_unref(c->cert->issuer_name);
    c->cert->issuer_name = fake_name(issuer);
}

static void
met(Pair *p, const char *id, guint accepted, gint64 last)
{
    MeishiHistory history = {.accepted = accepted, .last_accepted = last};

    meishi_memory_add_history(p->w->memory, "www.example.com", 443, id, &history);
}

static void
preferred(Pair *p)
{
    fake_policy(p->w,
                "[Rule p]\nMatch-Host=www.example.com\nIdentity-Subject=CN=b\nAction=prompt\n");
}
static void
remembered(Pair *p)
{
    fake_choice(p->w, "b", MEISHI_SCOPE_ALWAYS);
}

static void
remembered_in_group(Pair *p)
{
    MeishiChoice *choice;

    fake_policy(p->w, "[Rule p]\nMatch-Host=www.example.com\nAction=prompt\nGroup=bank\n");
    fake_ask_host(p->w, "api.bank.example", 443);
    choice = meishi_choice_new(p->w->request, "b");
    choice->group = g_strdup("bank");
    meishi_memory_add_choice(p->w->memory, choice);
    fake_ask_host(p->w, "www.example.com", 443);
}

static void
leaf_issuer_before_chain(Pair *p)
{
    SERVER_LIST(p->w);
    set_issuer(p->a, "CN=Sub");
    fake_ca(p->w, "CN=Sub", "CN=CA");
}

static void
eku_client_before_absent(Pair *p)
{
    set_eku(p->b, "1.3.6.1.5.5.7.3.2");
}
static void
eku_absent_before_any(Pair *p)
{
    set_eku(p->a, "2.5.29.37.0");
}
static void
valid_before_ending_soon(Pair *p)
{
    p->a->cert->not_after = FAKE_NOW + 9 * FAKE_DAY;
}

static void
warning_window_of_the_rule(Pair *p)
{
    fake_policy(p->w,
                "[Rule p]\nMatch-Host=www.example.com\nAction=prompt\nWarn-Validity-Left=100d\n");
    p->a->cert->not_after = FAKE_NOW + 90 * FAKE_DAY;
}

static void
accepted_more_often(Pair *p)
{
    met(p, "a", 1, FAKE_NOW);
    met(p, "b", 2, FAKE_NOW - FAKE_DAY);
}
static void
accepted_later(Pair *p)
{
    met(p, "a", 1, FAKE_NOW - FAKE_DAY);
    met(p, "b", 1, FAKE_NOW);
}
static void
token_ready_before_locked(Pair *p)
{
    p->a->token_state = MEISHI_TOKEN_LOCKED;
}

static void
hardware_preferred(Pair *p)
{
    fake_policy(p->w, "[Rule p]\nMatch-Host=www.example.com\nAction=prompt\nPrefer=hardware\n");
    p->b->token_kind = MEISHI_TOKEN_CARD;
}

static void
servers_first_scheme(Pair *p)
{
    static const guint16 codes[] = {0x0403, 0x0804, 0x0401, 0};

    p->w->request->sigalgs = fake_sigalgs(codes);
    p->b->cert->key->type = MEISHI_KEY_EC;
    p->b->cert->key->bits = 256;
    p->b->cert->key->curve = "P-256";
}

static void
servers_first_type(Pair *p)
{
    static const guint8 types[] = {64, 1};

    p->w->request->tls_version = MEISHI_TLS_1_2;
    p->w->request->certificate_types = g_bytes_new(types, sizeof(types));
    p->b->cert->key->type = MEISHI_KEY_EC;
    p->b->cert->key->bits = 256;
    p->b->cert->key->curve = "P-256";
}

static void
issued_later(Pair *p)
{
    p->b->cert->not_before += 3600;
    p->b->cert->not_after -= 3600;
}
static void
ends_later(Pair *p)
{
    p->b->cert->not_after += 3600;
}

static void
shorter_chain(Pair *p)
{
    set_issuer(p->a, "CN=Sub");
    fake_ca(p->w, "CN=Sub", "CN=CA");
}

static void
label(Pair *p)
{
    g_free(p->b->label);
    p->b->label = g_strdup("A");
}
static void
strong_before_soft(Pair *p)
{
    p->a->superseded_by = g_strdup("b");
    set_eku(p->b, "2.5.29.37.0");
}
static void
soft_before_hard(Pair *p)
{
    p->a->hidden = TRUE;
    p->b->superseded_by = g_strdup("c");
}

/* In the order of the criteria. */
static const struct {
    const char *name;
    void (*set)(Pair *p);
} rows[] = {
    {"0/strong-before-soft", strong_before_soft},
    {"0/soft-before-hard", soft_before_hard},
    {"1/named-by-policy", preferred},
    {"2/remembered", remembered},
    {"2/remembered-in-the-group", remembered_in_group},
    {"3/leaf-issuer-before-chain", leaf_issuer_before_chain},
    {"4/eku-client-before-absent", eku_client_before_absent},
    {"4/eku-absent-before-any", eku_absent_before_any},
    {"5/valid-before-ending-soon", valid_before_ending_soon},
    {"5/warning-window-of-the-rule", warning_window_of_the_rule},
    {"6/accepted-more-often", accepted_more_often},
    {"6/accepted-later", accepted_later},
    {"7/token-ready-before-locked", token_ready_before_locked},
    {"8/hardware-preferred", hardware_preferred},
    {"9/servers-first-scheme", servers_first_scheme},
    {"9/rfc5246-7.4.4/servers-first-type", servers_first_type},
    {"10/issued-later", issued_later},
    {"10/ends-later", ends_later},
    {"11/shorter-chain", shorter_chain},
    {"12/label", label},
};

static void
test_row(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    Pair pair = {.w = &w};

    fake_world_init(&w);
    pair.a = fake_identity(&w, "a", "CN=CA");
    pair.b = fake_identity(&w, "b", "CN=CA");
    rows[i].set(&pair);
    decision = fake_decide(&w);
    g_assert_cmpstr(fake_id(&w, decision->verdicts[0].index), ==, "b");
    g_assert_cmpstr(fake_id(&w, decision->verdicts[1].index), ==, "a");
}

/* Without a difference the fingerprint decides, so that the order is total. */
static void
test_total(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    fake_world_init(&w);
    fake_identity(&w, "2", "CN=CA");
    fake_identity(&w, "1", "CN=CA");
    for (guint i = 0; i < 2; i++) {
        MeishiCandidate *c = g_ptr_array_index(w.candidates, i);

        g_free(c->label);
        c->label = g_strdup("same");
    }
    decision = fake_decide(&w);
    g_assert_cmpstr(fake_id(&w, decision->verdicts[0].index), ==, "1");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/policy/rank/", rows[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
    }
    g_test_add_func("/policy/rank/12/total", test_total);
    return g_test_run();
}
