/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/decision-report.c and question-paths.c: what the agent says, in the words of the
 * interface, with object paths where the agent has ids.
 */
#include "daemon/bus/decision-report.h"

#include "daemon/base/error.h"
#include "daemon/bus/identity-object.h"
#include "daemon/bus/question-paths.h"
#include "tests/unit/agent/world.h"

#include <string.h>

typedef struct {
    World *world;
    MeishiIdentity *alice;
    char *id;
    char *path;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *outcomes = NULL;

    fixture->world = world_new();
    outcomes = world_import_outcomes(fixture->world, "alice.crt,alice.key", NULL);
    fixture->alice = world_identity(fixture->world, "Alice");
    fixture->id = meishi_identity_id(fixture->alice);
    fixture->path = meishi_identity_object_path(fixture->alice);
}

static void
tear_down(Fixture *fixture, gconstpointer unused)
{
    meishi_identity_unref(fixture->alice);
    world_free(fixture->world);
    g_free(fixture->id);
    g_free(fixture->path);
}

static GVariant *
report(Fixture *fixture, const MeishiAnswer *answer)
{
    return g_variant_ref_sink(meishi_decision_report(fixture->world->agent, answer));
}

/* The keys in it, sorted, with commas. */
static char *
list_keys(GVariant *dictionary)
{
    GTree *keys = g_tree_new((GCompareFunc)strcmp);
    GString *list = g_string_new(NULL);
    GVariantIter iter;
    const char *key;

    g_variant_iter_init(&iter, dictionary);
    while (g_variant_iter_next(&iter, "{&sv}", &key, NULL))
        g_tree_insert(keys, (gpointer)key, NULL);
    for (GTreeNode *node = g_tree_node_first(keys); node != NULL; node = g_tree_node_next(node))
        g_string_append_printf(list, "%s%s", list->len > 0 ? "," : "",
                               (const char *)g_tree_node_key(node));
    g_tree_destroy(keys);
    return g_string_free(list, FALSE);
}

static void
assert_keys(GVariant *dictionary, const char *wanted)
{
    g_autofree char *keys = list_keys(dictionary);

    g_assert_cmpstr(keys, ==, wanted);
}

static void
assert_text(GVariant *dictionary, const char *key, const char *wanted)
{
    g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, key, NULL);

    g_assert_nonnull(value);
    g_assert_cmpstr(g_variant_get_string(value, NULL), ==, wanted);
}

/* ---- decisions ------------------------------------------------------------------------------- */

static void
test_none(Fixture *fixture, gconstpointer unused)
{
    const MeishiAnswer answer = {
        .result = MEISHI_RESULT_NONE,
        .code = MEISHI_CODE_POLICY_NONE,
        .row = (char *)"because",
        .rule = (char *)"rule r (f:1, admin)",
        .choice_id = 7,
        .selection_id = (char *)"abc",
    };
    g_autoptr(GVariant) decision = report(fixture, &answer);
    guint32 result;
    gint64 choice;

    assert_keys(decision, "choice,code,result,result-name,row,rule,selection-id");
    g_assert_true(g_variant_lookup(decision, "result", "u", &result));
    g_assert_true(g_variant_lookup(decision, "choice", "x", &choice));
    g_assert_cmpuint(result, ==, 1);
    g_assert_cmpint(choice, ==, 7);
    assert_text(decision, "result-name", "none");
    assert_text(decision, "code", "POLICY_NONE");
    assert_text(decision, "row", "because");
}

/* The numbers are interface. */
static void
test_results(Fixture *fixture, gconstpointer unused)
{
    static const char *const names[] = {"selected",  "none",     "dismissed", "deferred", "denied",
                                        "timed-out", "no-agent", "cancelled", "prompt"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const MeishiAnswer answer = {.result = (MeishiResult)i};
        g_autoptr(GVariant) decision = report(fixture, &answer);
        guint32 result;

        g_assert_true(g_variant_lookup(decision, "result", "u", &result));
        g_assert_cmpuint(result, ==, i);
        assert_text(decision, "result-name", names[i]);
        assert_keys(decision, "code,result,result-name");
    }
}

static void
test_selected(Fixture *fixture, gconstpointer unused)
{
    static const guint16 codes[] = {0x0403, 0x0503};
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GArray) schemes = g_array_new(FALSE, FALSE, sizeof(guint16));
    g_autofree char *key_uri = g_strconcat(fixture->alice->uri, ";type=private", NULL);
    MeishiAnswer answer = {
        .identity = fixture->alice,
        .chain = chain,
        .schemes = schemes,
        .scope = MEISHI_SCOPE_SESSION,
        .will_confirm = TRUE,
    };
    g_autoptr(GVariant) decision = NULL;
    g_autoptr(GVariant) sent = NULL;
    g_autoptr(GVariant) usable = NULL;
    g_autoptr(GVariant) leaf = NULL;
    gboolean will_confirm;

    g_ptr_array_add(chain, fixture->alice->cert);
    g_array_append_vals(schemes, codes, G_N_ELEMENTS(codes));
    decision = report(fixture, &answer);
    assert_keys(decision, "chain,code,id,identity,key-uri,label,result,result-name,schemes,scope,"
                          "uri,will-confirm");
    assert_text(decision, "identity", fixture->path);
    assert_text(decision, "id", fixture->id);
    assert_text(decision, "label", "Alice");
    assert_text(decision, "uri", fixture->alice->uri);
    assert_text(decision, "key-uri", key_uri);
    assert_text(decision, "scope", "session");
    g_assert_true(g_variant_lookup(decision, "will-confirm", "b", &will_confirm) && will_confirm);
    usable = g_variant_lookup_value(decision, "schemes", G_VARIANT_TYPE("aq"));
    sent = g_variant_lookup_value(decision, "chain", G_VARIANT_TYPE("aay"));
    leaf = g_variant_get_child_value(sent, 0);
    g_assert_cmpmem(g_variant_get_data(usable), g_variant_get_size(usable), codes, sizeof codes);
    g_assert_cmpmem(g_variant_get_data(leaf), g_variant_get_size(leaf),
                    g_bytes_get_data(fixture->alice->cert->der, NULL),
                    g_bytes_get_size(fixture->alice->cert->der));
    answer.schemes = NULL; /* the server did not say */
    g_clear_pointer(&decision, g_variant_unref);
    decision = report(fixture, &answer);
    g_assert_false(g_variant_lookup(decision, "schemes", "aq", NULL));
}

static void
test_scopes(Fixture *fixture, gconstpointer unused)
{
    for (int scope = MEISHI_SCOPE_ONCE; scope <= MEISHI_SCOPE_ALWAYS; scope++) {
        MeishiScope parsed = MEISHI_SCOPE_ONCE;

        g_assert_true(meishi_decision_report_parse_scope(
            meishi_decision_report_scope((MeishiScope)scope), &parsed));
        g_assert_cmpint(parsed, ==, scope);
    }
    g_assert_false(meishi_decision_report_parse_scope("never", NULL));
}

/* ---- questions and answers ------------------------------------------------------------------- */

/* @text with @word for each "?". */
static GVariant *
parse(const char *text, const char *word)
{
    g_auto(GStrv) parts = g_strsplit(text, "?", -1);
    g_autofree char *whole = g_strjoinv(word, parts);
    GVariant *value = g_variant_parse(G_VARIANT_TYPE_VARDICT, whole, NULL, NULL, NULL);

    g_assert_nonnull(value);
    return value;
}

static GVariant *
first_candidate(GVariant *question)
{
    g_autoptr(GVariant) list =
        g_variant_lookup_value(question, "candidates", G_VARIANT_TYPE("aa{sv}"));

    g_assert_nonnull(list);
    return g_variant_get_child_value(list, 0);
}

static void
test_question(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GVariant) question =
        parse("{'candidates': <[{'id': <'?'>, 'label': <'Alice'>}]>, 'preselected': <'?'>,"
              " 'host': <'h'>}",
              fixture->id);
    g_autoptr(GVariant) shown =
        g_variant_ref_sink(meishi_question_paths_add(fixture->world->agent, question));
    g_autoptr(GVariant) candidate = first_candidate(shown);

    assert_keys(shown, "candidates,host,preselected");
    assert_keys(candidate, "id,identity,label");
    assert_text(candidate, "identity", fixture->path);
    assert_text(shown, "preselected", fixture->path);
    g_assert_true(g_variant_lookup(shown, "preselected", "o", NULL));
}

/* A question about the use of one key; and nothing preselected, or an identity that has gone. */
static void
test_question_without_candidates(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GVariant) confirm = parse("{'id': <'?'>, 'each-use': <true>}", fixture->id);
    g_autoptr(GVariant) empty = parse("{'preselected': <''>, 'id': <'?'>}", "0123");
    g_autoptr(GVariant) shown =
        g_variant_ref_sink(meishi_question_paths_add(fixture->world->agent, confirm));
    g_autoptr(GVariant) nothing =
        g_variant_ref_sink(meishi_question_paths_add(fixture->world->agent, empty));

    assert_keys(shown, "each-use,id,identity");
    assert_text(shown, "identity", fixture->path);
    assert_text(nothing, "preselected", "/");
    assert_text(nothing, "identity", "/");
}

static void
test_answer(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GVariant) chosen =
        parse("{'identity': <objectpath '?'>, 'scope': <'once'>}", fixture->path);
    g_autoptr(GVariant) none = parse("{'identity': <objectpath '/'>}", "");
    g_autoptr(GVariant) confirmed = parse("{'allow': <'once'>}", "");
    const struct {
        GVariant *answer;
        const char *keys;
        const char *id;
    } rows[] = {
        {chosen, "identity,scope", fixture->id},
        {none, "identity", ""},
        {confirmed, "allow", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) taken =
            meishi_question_paths_remove(fixture->world->agent, rows[i].answer, &error);

        g_assert_no_error(error);
        g_variant_ref_sink(taken);
        assert_keys(taken, rows[i].keys);
        if (rows[i].id != NULL)
            assert_text(taken, "identity", rows[i].id);
    }
}

static void
test_answer_of_no_identity(Fixture *fixture, gconstpointer unused)
{
    static const char *const paths[] = {
        "/org/meishi/Agent1/identity/4711",
        "/org/meishi/Agent1/identity/key4711",
        "/org/meishi/Agent1/identity/0",
        "/org/meishi/Agent1/identity/1x",
        "/org/meishi/Agent1/identity/99999999999999999999",
        "/org/meishi/Agent1/token/1",
        "/elsewhere",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GVariant) answer = parse("{'identity': <objectpath '?'>}", paths[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_question_paths_remove(fixture->world->agent, answer, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
        g_assert_nonnull(strstr(error->message, paths[i]));
    }
}

#define TEST(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    TEST("/bus/decision-report/none", test_none);
    TEST("/bus/decision-report/results", test_results);
    TEST("/bus/decision-report/selected", test_selected);
    TEST("/bus/decision-report/scopes", test_scopes);
    TEST("/bus/question-paths/question", test_question);
    TEST("/bus/question-paths/question-without-candidates", test_question_without_candidates);
    TEST("/bus/question-paths/answer", test_answer);
    TEST("/bus/question-paths/answer-of-no-identity", test_answer_of_no_identity);
    return world_run();
}
