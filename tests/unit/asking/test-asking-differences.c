/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/asking/differences.c: what is said of rows that look alike, and of no others.
 */
#include "daemon/asking/differences.h"

static char *
key_of(const MeishiQuestionCandidate *candidate)
{
    return g_strdup(candidate->key);
}

static char *
serial_of(const MeishiQuestionCandidate *candidate)
{
    return g_strdup(candidate->serial);
}

static const MeishiFacet facets[] = {key_of, serial_of, NULL};

/* Four candidates with these labels, issuers, keys and serial numbers. */
typedef struct {
    const char *name;
    struct {
        const char *label, *issuer, *key, *serial;
    } rows[4];
    const char *texts[4];
} Case;

static const Case cases[] = {
    {"nothing-alike",
     {{"A", "CN=X", "RSA", "1"},
      {"B", "CN=X", "EC", "2"},
      {"C", "CN=X", "EC", "3"},
      {"A", "CN=Y", "RSA", "4"}},
     {"", "", "", ""}},
    {"what-differs",
     {{"A", "CN=X", "RSA", "1"},
      {"A", "CN=X", "EC", "1"},
      {"B", "CN=X", "EC", "2"},
      {"B", "CN=X", "EC", "3"}},
     {"RSA", "EC", "2", "3"}},
    {"both",
     {{"A", "CN=X", "RSA", "1"},
      {"A", "CN=X", "RSA", "2"},
      {"A", "CN=X", "EC", "3"},
      {"A", "CN=X", "EC", "4"}},
     {"RSA; 1", "RSA; 2", "EC; 3", "EC; 4"}},
    {"number-behind-a-label",
     {{"A", "CN=X", "RSA", "1"},
      {"A (2)", "CN=X", "RSA", "2"},
      {"A (x)", "CN=X", "RSA", "3"},
      {"(2)", "CN=X", "RSA", "4"}},
     {"1", "2", "", ""}},
    {"issuer-by-its-short-name",
     {{"A", "CN=X,O=One", "RSA", "1"},
      {"A", "CN=X,O=Two", "RSA", "2"},
      {"", "CN=AX", "RSA", "3"},
      {"A", "CN=", "RSA", "4"}},
     {"1", "2", "", ""}},
    {"nothing-to-tell",
     {{"A", "CN=X", "RSA", "1"}, {"A", "CN=X", "RSA", "1"}, {"", "", "", ""}, {"", "", "", ""}},
     {"", "", "", ""}},
};

static MeishiQuestion *
make_question(const Case *one)
{
    g_autofree char *rows = g_strdup("");
    g_autoptr(GVariant) dict = NULL;
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(one->rows); i++) {
        g_autofree char *before = g_steal_pointer(&rows);

        rows = g_strdup_printf("%s%s{'label': <'%s'>, 'issuer': <'%s'>, 'key': <'%s'>, "
                               "'serial': <'%s'>}",
                               before, i > 0 ? ", " : "", one->rows[i].label, one->rows[i].issuer,
                               one->rows[i].key, one->rows[i].serial);
    }
    text = g_strdup_printf("{'candidates': <[%s]>}", rows);
    dict = g_variant_ref_sink(g_variant_new_parsed(text));
    return meishi_question_new("choose", dict, 0);
}

static void
test_case(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(MeishiQuestion) question = make_question(one);
    g_autoptr(MeishiDifferences) differences = meishi_differences_new(question, facets);

    for (guint i = 0; i < G_N_ELEMENTS(one->texts); i++) {
        const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, i);
        g_autofree char *text = meishi_differences_text(differences, candidate, "; ");

        g_assert_cmpstr(text, ==, one->texts[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/asking/differences/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
