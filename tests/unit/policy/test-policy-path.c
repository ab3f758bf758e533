/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a leaf to an authority that the server named: graphs with cross certificates, loops and
 * namesakes, and the chain that is sent.
 */
#include "daemon/policy/path.h"

#include "tests/unit/policy/fake-world.h"

/* The path of candidate 0 and, as text, the chain: subjects joined by " < ". */
static MeishiPath
find(FakeWorld *w, char **ret_chain)
{
    g_autoptr(MeishiPathFinder) finder = NULL;
    g_autoptr(GPtrArray) chain = NULL;
    GString *text = g_string_new(NULL);
    MeishiPath path;

    fake_world_end(w);
    finder = meishi_path_finder_new(w->inventory, w->request, FAKE_NOW);
    path = *meishi_path_find(finder, 0);
    chain = meishi_path_chain(w->inventory, 0, &path);
    for (guint i = 0; i < chain->len; i++) {
        const MeishiCert *cert = g_ptr_array_index(chain, i);

        g_string_append_printf(text, "%s%s", i > 0 ? " < " : "", cert->subject_text);
    }
    *ret_chain = g_string_free(text, FALSE);
    return path;
}

/* Certificates as "subject<issuer", the leaf first; names that the server asks for. */
static const struct {
    const char *name;
    const char *certs[8];
    const char *asked[3];
    MeishiCaMatch match;
    gboolean is_normalised;
    const char *chain;
} graphs[] = {
    {"rfc8446-4.2.4/leaf-issuer-named",
     {"CN=leaf<CN=I", "CN=I<CN=R", "CN=R<CN=R"},
     {"CN=I"},
     MEISHI_CA_LEAF,
     FALSE,
     "CN=leaf < CN=I"},
    {"rfc8446-4.2.4/root-named",
     {"CN=leaf<CN=I", "CN=I<CN=R", "CN=R<CN=R"},
     {"CN=R"},
     MEISHI_CA_CHAIN,
     FALSE,
     "CN=leaf < CN=I"},
    {"rfc5246-7.4.4/empty-list-means-any",
     {"CN=leaf<CN=I", "CN=I<CN=R"},
     {NULL},
     MEISHI_CA_ANY,
     FALSE,
     "CN=leaf < CN=I"},
    {"rfc5246-7.4.4/not-named",
     {"CN=leaf<CN=I", "CN=I<CN=R"},
     {"CN=X"},
     MEISHI_CA_MISMATCH,
     FALSE,
     "CN=leaf < CN=I"},
    {"rfc5280-7.1/normalised", {"CN=leaf<CN=I"}, {"CN=i"}, MEISHI_CA_LEAF, TRUE, "CN=leaf"},
    {"rfc5280-8/bytes-before-normalised",
     {"CN=leaf<CN=I"},
     {"CN=i", "CN=I"},
     MEISHI_CA_LEAF,
     FALSE,
     "CN=leaf"},
    {"issuer-not-here-but-named", {"CN=leaf<CN=I"}, {"CN=I"}, MEISHI_CA_LEAF, FALSE, "CN=leaf"},
    {"self-signed-leaf-named", {"CN=me<CN=me"}, {"CN=me"}, MEISHI_CA_LEAF, FALSE, "CN=me"},
    {"self-signed-leaf-not-named", {"CN=me<CN=me"}, {"CN=X"}, MEISHI_CA_MISMATCH, FALSE, "CN=me"},
    {"root-is-issuer-and-not-sent",
     {"CN=leaf<CN=R", "CN=R<CN=R"},
     {"CN=R"},
     MEISHI_CA_LEAF,
     FALSE,
     "CN=leaf"},
    {"cross-certificate/chosen-by-the-list",
     {"CN=leaf<CN=I", "CN=I<CN=R1", "CN=I<CN=R2", "CN=R1<CN=R1", "CN=R2<CN=R2"},
     {"CN=R2"},
     MEISHI_CA_CHAIN,
     FALSE,
     "CN=leaf < CN=I"},
    {"cross-certificate/longer-way-to-the-named",
     {"CN=leaf<CN=I", "CN=I<CN=R1", "CN=R1<CN=R1", "CN=R1<CN=R2", "CN=R2<CN=R2"},
     {"CN=R2"},
     MEISHI_CA_CHAIN,
     FALSE,
     "CN=leaf < CN=I < CN=R1"},
    {"cross-certificate/shorter-way-where-it-does-not-matter",
     {"CN=leaf<CN=I", "CN=I<CN=R1", "CN=R1<CN=R2", "CN=R1<CN=R1", "CN=R2<CN=R2"},
     {"CN=I"},
     MEISHI_CA_LEAF,
     FALSE,
     "CN=leaf < CN=I"},
    {"loop/two",
     {"CN=leaf<CN=A", "CN=A<CN=B", "CN=B<CN=A"},
     {"CN=X"},
     MEISHI_CA_MISMATCH,
     FALSE,
     "CN=leaf < CN=A < CN=B"},
    {"loop/named-inside",
     {"CN=leaf<CN=A", "CN=A<CN=B", "CN=B<CN=C", "CN=C<CN=A", "CN=C<CN=R", "CN=R<CN=R"},
     {"CN=R"},
     MEISHI_CA_CHAIN,
     FALSE,
     "CN=leaf < CN=A < CN=B < CN=C"},
};

static void
test_graph(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autofree char *chain = NULL;
    MeishiPath path;

    fake_world_init(&w);
    for (gsize k = 0; k < 8 && graphs[i].certs[k]; k++) {
        g_auto(GStrv) names = g_strsplit(graphs[i].certs[k], "<", 2);

        if (k == 0) {
            MeishiCandidate *leaf = meishi_candidate_new("leaf", "leaf", NULL);

            leaf->cert = fake_named_cert(names[0], names[1], 1);
            g_ptr_array_add(w.candidates, leaf);
        } else {
            MeishiCert *ca = fake_ca(&w, names[0], names[1]);

            /* One key per authority, so that two certificates of it are a cross certificate. */
            memset(ca->key->spki_sha256, names[0][3] * 3 + names[0][4], MEISHI_SHA256_LEN);
        }
    }
    for (gsize k = 0; k < 3 && graphs[i].asked[k]; k++)
        fake_ask_ca(&w, graphs[i].asked[k]);
    path = find(&w, &chain);
    g_assert_cmpint(path.match, ==, graphs[i].match);
    g_assert_cmpint(path.is_normalised, ==, graphs[i].is_normalised);
    g_assert_cmpstr(chain, ==, graphs[i].chain);
    g_assert_false(path.is_cut);
}

/* RFC 5280 4.2.1.1: namesakes are told apart by key identifiers. */
static void
test_namesakes(void)
{
    g_auto(FakeWorld) w;
    g_autofree char *chain = NULL;
    MeishiCandidate *leaf;
    MeishiCert *wrong, *right;
    MeishiPath path;

    fake_world_init(&w);
    leaf = fake_identity(&w, "leaf", "CN=I");
    leaf->cert->authority_key_id = g_bytes_new("right", 5);
    wrong = fake_ca(&w, "CN=I", "CN=R1");
    wrong->subject_key_id = g_bytes_new("wrong", 5);
    right = fake_ca(&w, "CN=I", "CN=R2");
    right->subject_key_id = g_bytes_new("right", 5);
    fake_ask_ca(&w, "CN=R1");
    path = find(&w, &chain);
    g_assert_cmpint(path.match, ==, MEISHI_CA_MISMATCH);
    g_assert_cmpuint(path.n_nodes, ==, 1);
    g_assert_cmpuint(path.nodes[0], ==, 1);
}

static gboolean
verify_by_serial(const MeishiCert *cert, const MeishiCert *issuer, gpointer user_data)
{
    return issuer->sha256[0] == 101;
}

/* Without key identifiers the signature tells, where somebody can check it. */
static void
test_namesakes_by_signature(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiPathFinder) finder = NULL;
    const MeishiPath *path;

    fake_world_init(&w);
    fake_identity(&w, "leaf", "CN=I");
    fake_ca(&w, "CN=I", "CN=R1");
    fake_ca(&w, "CN=I", "CN=R2");
    w.inventory = meishi_inventory_new(w.candidates, w.cas, verify_by_serial, NULL);
    finder = meishi_path_finder_new(w.inventory, w.request, FAKE_NOW);
    path = meishi_path_find(finder, 0);
    g_assert_cmpuint(path->n_nodes, ==, 1);
    g_assert_cmpuint(path->nodes[0], ==, 1);
}

/* RFC 9846 Signature Algorithms: a chain that the server can check, if we have one. */
static void
test_prefers_signed_right(void)
{
    static const guint16 sha256[] = {0x0804, 0x0401, 0};
    g_auto(FakeWorld) w;
    g_autofree char *chain = NULL;
    MeishiCert *old, *new;
    MeishiPath path;

    fake_world_init(&w);
    fake_identity(&w, "leaf", "CN=I");
    old = fake_ca(&w, "CN=I", "CN=R");
    new = fake_ca(&w, "CN=I", "CN=R");
    g_free(old->signature_algorithm);
    old->signature_algorithm = g_strdup("sha1WithRSAEncryption");
    memset(old->key->spki_sha256, 9, MEISHI_SHA256_LEN);
    memset(new->key->spki_sha256, 9, MEISHI_SHA256_LEN);
    w.request->sigalgs = fake_sigalgs(sha256);
    fake_ask_ca(&w, "CN=R");
    path = find(&w, &chain);
    g_assert_true(path.is_signed_right);
    g_assert_cmpuint(path.nodes[0], ==, 1);
}

/* Of two that are alike otherwise, the one that is valid now. */
static void
test_prefers_valid(void)
{
    g_auto(FakeWorld) w;
    g_autofree char *chain = NULL;
    MeishiPath path;

    fake_world_init(&w);
    fake_identity(&w, "leaf", "CN=I");
    fake_ca(&w, "CN=I", "CN=R")->not_after = FAKE_NOW - FAKE_DAY;
    fake_ca(&w, "CN=I", "CN=R");
    path = find(&w, &chain);
    g_assert_true(path.is_valid_now);
    g_assert_cmpuint(path.nodes[0], ==, 1);
}

static void
test_depth(void)
{
    g_auto(FakeWorld) w;
    g_autofree char *chain = NULL;
    MeishiPath path;

    fake_world_init(&w);
    fake_identity(&w, "leaf", "CN=I0");
    for (guint i = 0; i < 40; i++) {
        g_autofree char *subject = g_strdup_printf("CN=I%u", i);
        g_autofree char *issuer = g_strdup_printf("CN=I%u", i + 1);

        fake_ca(&w, subject, issuer);
    }
    fake_ask_ca(&w, "CN=I40");
    path = find(&w, &chain);
    g_assert_cmpuint(path.n_nodes, ==, MEISHI_PATH_MAX_DEPTH);
    g_assert_cmpint(path.match, ==, MEISHI_CA_MISMATCH);
    g_assert_true(path.is_cut);
}

/* Everybody certifies everybody: more paths than anyone can walk. */
static void
test_mesh_is_cut(void)
{
    g_auto(FakeWorld) w;
    g_autofree char *chain = NULL;
    MeishiPath path;

    fake_world_init(&w);
    fake_identity(&w, "leaf", "CN=I0");
    for (guint i = 0; i < 12; i++) {
        for (guint k = 0; k < 12; k++) {
            g_autofree char *subject = g_strdup_printf("CN=I%u", i);
            g_autofree char *issuer = g_strdup_printf("CN=I%u", k);
            MeishiCert *ca;

            if (i == k)
                continue;
            ca = fake_ca(&w, subject, issuer);
            memset(ca->key->spki_sha256, (int)i + 1, MEISHI_SHA256_LEN);
        }
    }
    fake_ask_ca(&w, "CN=nobody");
    path = find(&w, &chain);
    g_assert_true(path.is_cut);
    g_assert_cmpint(path.match, ==, MEISHI_CA_MISMATCH);
}

/* Two leaves of one issuer share the search, also when their own subjects and issuers are equal. */
static void
test_twins(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiPathFinder) finder = NULL;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=localhost CA");
    fake_identity(&w, "b", "CN=localhost CA");
    fake_identity(&w, "c", "CN=Other");
    fake_world_end(&w);
    finder = meishi_path_finder_new(w.inventory, w.request, FAKE_NOW);
    g_assert_true(meishi_path_find(finder, 0) == meishi_path_find(finder, 1));
    g_assert_true(meishi_path_find(finder, 0) != meishi_path_find(finder, 2));
}

/* Speed without a clock: as many searches as issuers, however many leaves. */
static void
test_many(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiPathFinder) finder = NULL;
    g_autoptr(GHashTable) paths = g_hash_table_new(NULL, NULL);

    fake_world_init(&w);
    for (guint i = 0; i < 2000; i++) {
        g_autofree char *id = g_strdup_printf("%u", i);
        g_autofree char *issuer = g_strdup_printf("CN=I%u", i % 7);

        fake_identity(&w, id, issuer);
    }
    fake_world_end(&w);
    finder = meishi_path_finder_new(w.inventory, w.request, FAKE_NOW);
    for (guint i = 0; i < 2000; i++)
        g_hash_table_add(paths, (gpointer)meishi_path_find(finder, i));
    g_assert_cmpuint(g_hash_table_size(paths), ==, 7);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(graphs); i++) {
        g_autofree char *path = g_strconcat("/policy/path/", graphs[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_graph);
    }
    g_test_add_func("/policy/path/rfc5280-4.2.1.1/namesakes", test_namesakes);
    g_test_add_func("/policy/path/namesakes-by-signature", test_namesakes_by_signature);
    g_test_add_func("/policy/path/rfc9846/prefers-signed-right", test_prefers_signed_right);
    g_test_add_func("/policy/path/prefers-valid", test_prefers_valid);
    g_test_add_func("/policy/path/depth", test_depth);
    g_test_add_func("/policy/path/mesh-is-cut", test_mesh_is_cut);
    g_test_add_func("/policy/path/twins", test_twins);
    g_test_add_func("/policy/path/many", test_many);
    return g_test_run();
}
