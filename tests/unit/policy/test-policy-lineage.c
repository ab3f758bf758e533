/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which certificate renews which.
 */
#include "daemon/policy/lineage.h"

#include "tests/unit/policy/fake-world.h"

/* The newer of two certificates that are alike otherwise: subject, issuer, SANs and EKUs, lists set
 * apart by blanks. */
typedef struct {
    const char *subject, *issuer, *sans, *ekus;
    MeishiTokenKind kind;
} Facts;

#define ALIKE                                                         \
    {                                                                 \
        "CN=Hana", "CN=CA 3,O=Example", "", "", MEISHI_TOKEN_SOFTWARE \
    }

static const struct {
    const char *name;
    Facts older, newer;
    MeishiLineage lineage;
} rows[] = {
    {"rfc7030-4.2.2/same-subject", ALIKE, ALIKE, MEISHI_LINEAGE_YES},
    {"rfc7030-4.2.2/same-sans",
     {"CN=Hana", "CN=CA", "dns:a dns:b", "", 0},
     {"CN=Hana", "CN=CA", "dns:b dns:a", "", 0},
     MEISHI_LINEAGE_YES},
    {"rfc7030-4.2.2/fewer-sans",
     {"CN=Hana", "CN=CA", "dns:a dns:b", "", 0},
     {"CN=Hana", "CN=CA", "dns:b", "", 0},
     MEISHI_LINEAGE_NO},
    {"rfc5280-7.1/case-of-the-subject",
     ALIKE,
     {"CN=HANA", "CN=ca 3,O=Example", "", "", 0},
     MEISHI_LINEAGE_YES},
    {"other-subject", ALIKE, {"CN=Taro", "CN=CA 3,O=Example", "", "", 0}, MEISHI_LINEAGE_NO},
    {"other-subject-same-upn",
     {"CN=Hana Sato", "CN=CA", "upn:hana@x dns:a", "", 0},
     {"CN=Hana Suzuki", "CN=CA", "upn:hana@x", "", 0},
     MEISHI_LINEAGE_YES},
    {"other-subject-same-host-name",
     {"CN=a", "CN=CA", "dns:a", "", 0},
     {"CN=b", "CN=CA", "dns:a", "", 0},
     MEISHI_LINEAGE_NO},
    {"other-issuer", ALIKE, {"CN=Hana", "CN=CA,O=Elsewhere", "", "", 0}, MEISHI_LINEAGE_NO},
    {"other-issuer-same-organisation",
     ALIKE,
     {"CN=Hana", "CN=CA 4,O=EXAMPLE", "", "", 0},
     MEISHI_LINEAGE_ASK},
    {"more-uses",
     {"CN=Hana", "CN=CA", "", "1.3.6.1.5.5.7.3.2", 0},
     {"CN=Hana", "CN=CA", "", "1.3.6.1.5.5.7.3.4 1.3.6.1.5.5.7.3.2", 0},
     MEISHI_LINEAGE_YES},
    {"fewer-uses",
     {"CN=Hana", "CN=CA", "", "1.3.6.1.5.5.7.3.4 1.3.6.1.5.5.7.3.2", 0},
     {"CN=Hana", "CN=CA", "", "1.3.6.1.5.5.7.3.4", 0},
     MEISHI_LINEAGE_NO},
    {"uses-limited-now",
     {"CN=Hana", "CN=CA", "", "", 0},
     {"CN=Hana", "CN=CA", "", "1.3.6.1.5.5.7.3.2", 0},
     MEISHI_LINEAGE_NO},
    {"hardware-to-software",
     {"CN=Hana", "CN=CA", "", "", MEISHI_TOKEN_CARD},
     {"CN=Hana", "CN=CA", "", "", MEISHI_TOKEN_SOFTWARE},
     MEISHI_LINEAGE_ASK},
    {"software-to-hardware",
     {"CN=Hana", "CN=CA", "", "", MEISHI_TOKEN_SOFTWARE},
     {"CN=Hana", "CN=CA", "", "", MEISHI_TOKEN_TPM},
     MEISHI_LINEAGE_YES},
    {"self-signed",
     {"CN=me", "CN=me", "", "", 0},
     {"CN=me", "CN=me", "", "", 0},
     MEISHI_LINEAGE_YES},
    {"self-signed-to-issued",
     {"CN=me", "CN=me", "", "", 0},
     {"CN=me", "CN=CA", "", "", 0},
     MEISHI_LINEAGE_NO},
};

static char **
split(const char *list)
{
    return *list ? g_strsplit(list, " ", -1) : NULL;
}

static MeishiCandidate *
make(const Facts *facts, guint8 serial)
{
    g_autoptr(MeishiCert) cert = fake_named_cert(facts->subject, facts->issuer, serial);
    MeishiCandidate *candidate = meishi_candidate_new("x", "x", cert);

    cert->sans = split(facts->sans);
    cert->ekus = split(facts->ekus);
    candidate->token_kind = facts->kind;
    return candidate;
}

static void
test_row(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(MeishiCandidate) older = make(&rows[i].older, 1), newer = make(&rows[i].newer, 2);
    const char *why;

    newer->cert->not_before = older->cert->not_after;
    g_assert_cmpint(meishi_lineage_succeeds(newer, older, FALSE, &why), ==, rows[i].lineage);
    g_assert_cmpint(*why == '\0', ==, rows[i].lineage == MEISHI_LINEAGE_YES);
    /* Time runs one way. */
    g_assert_cmpint(meishi_lineage_succeeds(older, newer, TRUE, NULL), ==, MEISHI_LINEAGE_NO);
}

static MeishiLineage
ask(MeishiCandidate *newer, MeishiCandidate *older, gboolean consent)
{
    newer->cert->not_before = older->cert->not_after;
    return meishi_lineage_succeeds(newer, older, consent, NULL);
}

/* Policy may agree beforehand to another authority, not to a key that is kept worse. */
static void
test_consent(void)
{
    const Facts other_authority = {"CN=Hana", "CN=CA 4,O=Example", "", "", MEISHI_TOKEN_SOFTWARE};
    const Facts on_card = {"CN=Hana", "CN=CA 3,O=Example", "", "", MEISHI_TOKEN_CARD};
    g_autoptr(MeishiCandidate) older = make(&rows[0].older, 1);
    g_autoptr(MeishiCandidate) newer = make(&other_authority, 2);
    g_autoptr(MeishiCandidate) card = make(&on_card, 3);
    g_autoptr(MeishiCandidate) soft = make(&rows[0].older, 4);

    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_ASK);
    g_assert_cmpint(ask(newer, older, TRUE), ==, MEISHI_LINEAGE_YES);
    g_assert_cmpint(ask(soft, card, TRUE), ==, MEISHI_LINEAGE_ASK);
}

static void
set_issuing_key(MeishiCandidate *candidate, const char *id)
{
    g_clear_pointer(&candidate->cert->authority_key_id, g_bytes_unref);
    if (id)
        candidate->cert->authority_key_id = g_bytes_new_static(id, strlen(id));
}

/* Two authorities may bear one name. */
static void
test_issuing_key(void)
{
    g_autoptr(MeishiCandidate) older = make(&rows[0].older, 1), newer = make(&rows[0].newer, 2);

    set_issuing_key(older, "one");
    set_issuing_key(newer, "one");
    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_YES);
    set_issuing_key(newer, "two");
    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_ASK);
    g_assert_cmpint(ask(newer, older, TRUE), ==, MEISHI_LINEAGE_YES);
    set_issuing_key(newer, NULL);
    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_YES);
}

/* Two machines of one person get theirs at one time. */
static void
test_due(void)
{
    static const struct {
        int percent;
        gboolean is_same_key;
        MeishiLineage lineage;
    } cases[] = {
        {0, FALSE, MEISHI_LINEAGE_NO},    {1, FALSE, MEISHI_LINEAGE_ASK},
        {49, FALSE, MEISHI_LINEAGE_ASK},  {51, FALSE, MEISHI_LINEAGE_YES},
        {300, FALSE, MEISHI_LINEAGE_YES}, {1, TRUE, MEISHI_LINEAGE_YES},
    };
    g_autoptr(MeishiCandidate) older = make(&rows[0].older, 1), newer = make(&rows[0].newer, 2);
    g_autoptr(MeishiCandidate) again = make(&rows[0].newer, 1);
    gint64 life = older->cert->not_after - older->cert->not_before;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MeishiCandidate *candidate = cases[i].is_same_key ? again : newer;

        candidate->cert->not_before = older->cert->not_before + life * cases[i].percent / 100;
        g_assert_cmpint(meishi_lineage_succeeds(candidate, older, FALSE, NULL), ==,
                        cases[i].lineage);
    }
    newer->cert->not_before = older->cert->not_before + 1;
    g_assert_cmpint(meishi_lineage_succeeds(newer, older, TRUE, NULL), ==, MEISHI_LINEAGE_YES);
}

/* Of a card's two certificates of one name, the one for documents does not renew the one for
 * signing in, though it may have been issued a second later. */
static void
test_key_usage(void)
{
    g_autoptr(MeishiCandidate) older = make(&rows[0].older, 1), newer = make(&rows[0].newer, 2);

    newer->cert->has_key_usage = TRUE;
    newer->cert->key_usage = MEISHI_KU_NON_REPUDIATION;
    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_NO);
    older->cert->has_key_usage = TRUE;
    older->cert->key_usage = MEISHI_KU_NON_REPUDIATION;
    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_YES);
    newer->cert->key_usage = MEISHI_KU_DIGITAL_SIGNATURE;
    g_assert_cmpint(ask(newer, older, FALSE), ==, MEISHI_LINEAGE_NO);
}

static void
test_bare_key(void)
{
    g_autoptr(MeishiCandidate) bare = meishi_candidate_new("a", "a", NULL);
    g_autoptr(MeishiCandidate) other = make(&rows[0].older, 1);

    g_assert_cmpint(meishi_lineage_succeeds(bare, other, TRUE, NULL), ==, MEISHI_LINEAGE_NO);
    g_assert_cmpint(meishi_lineage_succeeds(other, bare, TRUE, NULL), ==, MEISHI_LINEAGE_NO);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/policy/lineage/", rows[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
    }
    g_test_add_func("/policy/lineage/consent", test_consent);
    g_test_add_func("/policy/lineage/issuing-key", test_issuing_key);
    g_test_add_func("/policy/lineage/due", test_due);
    g_test_add_func("/policy/lineage/key-usage", test_key_usage);
    g_test_add_func("/policy/lineage/bare-key", test_bare_key);
    return g_test_run();
}
