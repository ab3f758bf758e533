/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Renewals from file to roster, with real certificates: what an import settles, what a person says,
 * and what becomes of choices.
 *
 * The stories use the families of pki.sh: hana1 to hana4 through the years (over, valid, valid, to
 * come), hana3b for another machine at the time of hana3; taro2 and taro3 of an authority that was
 * renewed in between, taro3b of another authority of the same name.  An identity reads LABEL,
 * ">OTHER" where that has taken its place, and a number that those of one lineage have in common.
 */
#include "tests/unit/agent/world.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"

#include <string.h>

static MeishiImportReport *
import(World *world, const char *name, gboolean dry_run)
{
    const MeishiImportOptions options = {.label = name, .dry_run = dry_run};
    g_autofree char *file = g_strconcat(name, ".pem", NULL);
    g_autoptr(GError) error = NULL;
    MeishiImportReport *report = world_import(world, file, NULL, &options, &error);

    g_assert_no_error(error);
    return report;
}

static void
import_plainly(World *world, const char *name)
{
    g_autoptr(MeishiImportReport) report = import(world, name, FALSE);

    g_assert_cmpuint(report->items->len, ==, 1);
}

static gboolean
set_renews(World *world, const char *newer, const char *older, GError **error)
{
    g_autoptr(MeishiIdentity) n = world_identity(world, newer);
    g_autoptr(MeishiIdentity) o = older != NULL ? world_identity(world, older) : NULL;

    return meishi_agent_set_renews(world->agent, n, o, error);
}

static void
remove_identity(World *world, const char *label)
{
    g_autoptr(MeishiIdentity) identity = world_identity(world, label);
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_agent_remove(world->agent, identity, &error));
    g_assert_no_error(error);
}

static guint
number_of(GPtrArray *lineages, const char *lineage)
{
    guint n;

    if (g_ptr_array_find_with_equal_func(lineages, lineage, g_str_equal, &n))
        return n + 1;
    g_ptr_array_add(lineages, g_strdup(lineage));
    return lineages->len;
}

static char *
describe(World *world)
{
    g_autoptr(GPtrArray) identities = meishi_agent_list(world->agent);
    g_autoptr(GPtrArray) lineages = g_ptr_array_new_with_free_func(g_free);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);
        g_autoptr(MeishiIdentity) by = meishi_agent_superseded_by(world->agent, identity);
        const char *lineage = meishi_agent_lineage(world->agent, identity);

        g_string_append_printf(text, "%s%s%s%s(%u)", i > 0 ? " " : "", identity->label,
                               by != NULL ? ">" : "", by != NULL ? by->label : "",
                               number_of(lineages, lineage));
    }
    return g_string_free(text, FALSE);
}

/* ---- stories ------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    const char
        *commands; /* a name: import it; "A=B": A renews B; "A=": it does not; "-A": remove */
    const char *left;
    const char *policy; /* NULL */
} Story;

#define RENEWAL(word)                                          \
    "[Rule hana]\nAction=select\nMatch-Host=www.example.com\n" \
    "Identity-Subject-CN=Hana;Taro\nRenewal=" word "\n"

static const Story stories[] = {
    {"import/renewal", "hana2 hana3", "hana3(1) hana2>hana3(1)", NULL},
    {"import/three-generations", "hana1 hana2 hana3", "hana3(1) hana2>hana3(1) hana1>hana3(1)",
     NULL},
    {"import/expired-one-renewed", "hana1 hana3", "hana3(1) hana1>hana3(1)", NULL},
    {"import/older-one-later", "hana3 hana1", "hana3(1) hana1>hana3(1)", NULL},
    {"import/one-in-between-later", "hana1 hana3 hana2", "hana3(1) hana2>hana3(1) hana1>hana3(1)",
     NULL},
    {"import/not-yet-valid-waits", "hana3 hana4", "hana3(1) hana4(1)", NULL},
    {"import/not-yet-valid-first", "hana4 hana3", "hana3(1) hana4(1)", NULL},
    {"import/one-for-another-machine", "hana3 hana3b", "hana3b(1) hana3(2)", NULL},
    {"import/another-machine-after-a-renewal", "hana2 hana3 hana3b",
     "hana3b(1) hana3(2) hana2>hana3(2)", NULL},
    {"import/other-authority-of-the-organisation", "taro2 taro3", "taro3(1) taro2(2)", NULL},
    {"import/two-authorities-of-one-name", "taro3 taro3b", "taro3b(1) taro3(2)", NULL},
    {"import/somebody-else", "hana3 taro3", "hana3(1) taro3(2)", NULL},

    {"policy/never", "hana2 hana3", "hana3(1) hana2(2)", RENEWAL("never")},
    {"policy/ask", "hana2 hana3", "hana3(1) hana2(2)", RENEWAL("ask")},
    {"policy/auto", "hana2 hana3", "hana3(1) hana2>hana3(1)", RENEWAL("auto")},
    {"policy/auto-agrees-to-another-authority", "taro2 taro3", "taro3(1) taro2>taro3(1)",
     RENEWAL("auto")},
    {"policy/auto-agrees-to-another-key", "taro3 taro3b", "taro3b(1) taro3>taro3b(1)",
     RENEWAL("auto")},
    {"policy/of-another-identity", "hana2 hana3", "hana3(1) hana2>hana3(1)",
     "[Rule x]\nAction=select\nMatch-Host=www.example.com\nIdentity-Subject-CN=Jiro\n"
     "Renewal=never\n"},

    {"said/renews", "taro2 taro3 taro3=taro2", "taro3(1) taro2>taro3(1)", NULL},
    {"said/again", "hana2 hana3 hana3=hana2", "hana3(1) hana2>hana3(1)", NULL},
    {"said/none", "hana2 hana3 hana3=", "hana3(1) hana2(2)", NULL},
    {"said/none-of-one-alone", "hana2 hana2=", "hana2(1)", NULL},
    {"said/the-last-leaves", "hana1 hana2 hana3 hana3=", "hana3(1) hana2(2) hana1>hana2(2)", NULL},
    {"said/the-first-leaves", "hana1 hana2 hana3 hana1=", "hana3(1) hana1(2) hana2>hana3(1)", NULL},
    {"said/the-first-leaves-and-comes-back", "hana1 hana2 hana3 hana1= hana2=hana1",
     "hana3(1) hana2>hana3(1) hana1>hana3(1)", NULL},
    {"said/takes-its-renewals-along", "taro2 hana3 hana4 hana3=taro2",
     "hana3(1) hana4(1) taro2>hana3(1)", NULL},

    {"removed/the-renewal", "hana2 hana3 -hana3", "hana2(1)", NULL},
    {"removed/the-renewed", "hana2 hana3 -hana2", "hana3(1)", NULL},
    {"removed/and-imported-again", "hana2 hana3 -hana2 hana2", "hana3(1) hana2>hana3(1)", NULL},
};

static void
run_command(World *world, const char *command)
{
    const char *equals = strchr(command, '=');
    g_autofree char *newer = equals != NULL ? g_strndup(command, (gsize)(equals - command)) : NULL;
    g_autoptr(GError) error = NULL;

    if (command[0] == '-') {
        remove_identity(world, command + 1);
    } else if (newer != NULL) {
        g_assert_true(set_renews(world, newer, equals[1] != '\0' ? equals + 1 : NULL, &error));
        g_assert_no_error(error);
    } else {
        import_plainly(world, command);
    }
}

static void
test_story(gconstpointer data)
{
    const Story *story = data;
    g_autoptr(World) world = world_new();
    g_auto(GStrv) commands = g_strsplit(story->commands, " ", -1);

    if (story->policy != NULL)
        world_set_policy(world, story->policy);
    for (char **command = commands; *command != NULL; command++)
        run_command(world, *command);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *left = describe(world);

        g_assert_cmpstr(left, ==, story->left);
        world_restart(world);
    }
}

/* ---- what is said -------------------------------------------------------------------------- */

static const struct {
    const char *name, *first, *second;
    const char *policy; /* NULL */
    const char *said;   /* NULL: nothing */
} notes[] = {
    {"renews", "hana2", "hana3", NULL, "“hana3” renews “hana2”"},
    {"renews/how-to-undo", "hana2", "hana3", NULL, "meishi set 'hana3' --renews none"},
    {"was-renewed", "hana3", "hana2", NULL, "“hana3” renews “hana2”"},
    {"was-renewed/how-to-undo", "hana3", "hana2", NULL, "meishi set 'hana2' --renews none"},
    {"may-renew", "taro2", "taro3", NULL,
     "“taro3” may renew “taro2”: it comes from another "
     "authority of the same organisation. If it does, type: meishi set 'taro3' --renews 'taro2'"},
    {"may-be-renewed", "taro3", "taro2", NULL, "type: meishi set 'taro3' --renews 'taro2'"},
    {"other-key", "taro3", "taro3b", NULL, "an authority of the same name with another key"},
    {"other-machine", "hana3", "hana3b", NULL, "was not due for renewal"},
    {"policy-asks", "hana2", "hana3", RENEWAL("ask"), "policy wants that to be said"},
    {"policy-forbids", "hana2", "hana3", RENEWAL("never"), NULL},
    {"somebody-else", "hana2", "taro3", NULL, NULL},
};

static void
test_note(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiImportReport) tried = NULL;
    g_autoptr(MeishiImportReport) done = NULL;

    if (notes[i].policy != NULL)
        world_set_policy(world, notes[i].policy);
    import_plainly(world, notes[i].first);
    tried = import(world, notes[i].second, TRUE);
    done = import(world, notes[i].second, FALSE);
    g_assert_cmpuint(done->notes->len, ==, notes[i].said != NULL);
    g_assert_cmpuint(tried->notes->len, ==, done->notes->len);
    if (notes[i].said == NULL)
        return;
    g_test_message("%s", (char *)done->notes->pdata[0]);
    g_assert_nonnull(strstr(done->notes->pdata[0], notes[i].said));
    g_assert_cmpstr(tried->notes->pdata[0], ==, done->notes->pdata[0]);
    g_assert_cmpuint(done->n_file_notes, ==, 0);
}

/* The same as facts, for whoever has words of their own. */
static void
test_facts(void)
{
    static const struct {
        const char *first, *second, *renews, *may_renew;
    } facts[] = {
        {"hana2", "hana3", "hana2", NULL},
        {"hana3", "hana2", NULL, NULL},
        {"taro2", "taro3", NULL, "taro2"},
        {"hana2", "taro3", NULL, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++) {
        g_autoptr(World) world = world_new();
        g_autoptr(MeishiImportReport) report = NULL;
        const MeishiImportItem *item;

        import_plainly(world, facts[i].first);
        report = import(world, facts[i].second, TRUE);
        item = g_ptr_array_index(report->items, 0);
        g_assert_cmpstr(item->renews, ==, facts[i].renews);
        g_assert_cmpstr(item->may_renew, ==, facts[i].may_renew);
    }
}

/* All of one import at once, in whatever order: the second renews the first. */
static void
test_together(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *outcomes = world_import_outcomes(world, "hana3.pem,hana1.pem,hana2.pem", NULL);
    g_autofree char *left = NULL;

    g_assert_cmpstr(outcomes, ==, "AAA");
    left = describe(world); /* named in the order of the files */
    g_assert_cmpstr(left, ==, "Hana(1) Hana (3)>Hana(1) Hana (2)>Hana(1)");
}

/* A certificate for a key that is there already is the plainest renewal of all. */
static void
test_same_key(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *first = world_import_outcomes(world, "alice.p12", "secret");
    g_autofree char *second = world_import_outcomes(world, "renewed.der", NULL);
    g_autofree char *left = describe(world);

    g_assert_cmpstr(first, ==, "AII");
    g_assert_cmpstr(second, ==, "C");
    g_assert_cmpstr(left, ==, "Alice(1) Alice at work>Alice(1)");
}

/* ---- errors -------------------------------------------------------------------------------- */

static void
assert_refused(World *world, const char *newer, const char *older, const char *said)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(set_renews(world, newer, older, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, said));
}

static void
test_refused(void)
{
    g_autoptr(World) world = world_new();
    const MeishiImportOptions options = {.label = "bob"};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) key = NULL;
    g_autofree char *left = NULL;

    import_plainly(world, "taro2");
    import_plainly(world, "taro3");
    key = world_import(world, "bob.key", NULL, &options, &error);
    g_assert_no_error(error);
    assert_refused(world, "taro2", "taro3", "not issued later");
    assert_refused(world, "taro2", "taro2", "not issued later");
    assert_refused(world, "bob", "taro2", "key without certificate");
    assert_refused(world, "taro2", "bob", "key without certificate");
    left = describe(world);
    g_assert_cmpstr(left, ==, "taro3(1) taro2(2) bob(3)");
}

/* ---- what is told -------------------------------------------------------------------------- */

static void
test_signals(void)
{
    g_autoptr(World) world = world_new();

    import_plainly(world, "hana2");
    world_settle();
    world->n_view = world->n_changed = world->n_added = 0;
    import_plainly(world, "hana3");
    world_settle();
    g_assert_cmpuint(world->n_added, ==, 1);
    g_assert_cmpuint(world->n_changed, ==, 1); /* the one that was renewed */
    g_assert_cmpuint(world->n_view, ==, 1);
    g_assert_true(set_renews(world, "hana3", NULL, NULL));
    world_settle();
    g_assert_cmpuint(world->n_changed, ==, 3); /* another lineage, and not superseded any more */
    g_assert_cmpuint(world->n_view, ==, 2);
    g_assert_true(set_renews(world, "hana3", NULL, NULL)); /* nothing to do */
    world_settle();
    g_assert_cmpuint(world->n_changed, ==, 3);
    g_assert_cmpuint(world->n_view, ==, 2);
}

/* ---- choices ------------------------------------------------------------------------------- */

static void
choose(World *world, const char *label, const char *host)
{
    g_autoptr(MeishiIdentity) identity = world_identity(world, label);
    g_autofree char *id = meishi_identity_id(identity);
    const MeishiChoiceSpec spec = {.reach = MEISHI_REACH_HOST_PORT,
                                   .host = host,
                                   .port = 443,
                                   .id = id,
                                   .scope = MEISHI_SCOPE_ALWAYS};
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_agent_choose(world->agent, &spec, NULL, &error));
    g_assert_no_error(error);
}

/* What goes to @host by itself: a label, or "nothing". */
static char *
what_goes_to(World *world, const char *host)
{
    g_autoptr(MeishiRequest) request = meishi_request_new();
    g_autoptr(MeishiDecision) decision = NULL;
    g_autoptr(GError) error = NULL;

    request->protocol = g_strdup("https");
    request->port = 443;
    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    decision = meishi_agent_decide(world->agent, request, &error);
    g_assert_no_error(error);
    if (decision->result != MEISHI_RESULT_SELECTED)
        return g_strdup("nothing");
    return g_strdup(
        meishi_inventory_entry(meishi_agent_world(world->agent)->inventory, decision->selected)
            ->candidate->label);
}

static void
assert_goes(World *world, const char *host, const char *label)
{
    g_autofree char *found = what_goes_to(world, host);

    g_assert_cmpstr(found, ==, label);
}

/* What was chosen follows the renewal, also after a restart, and goes back where it was none. */
static void
test_choice_follows(void)
{
    g_autoptr(World) world = world_new();

    import_plainly(world, "hana2");
    choose(world, "hana2", "www.example.com");
    assert_goes(world, "www.example.com", "hana2");
    import_plainly(world, "hana3");
    assert_goes(world, "www.example.com", "hana3");
    world_restart(world);
    assert_goes(world, "www.example.com", "hana3");
    g_assert_true(set_renews(world, "hana3", NULL, NULL));
    assert_goes(world, "www.example.com", "hana2");
}

/* Where two lineages become one, choices of both hold. */
static void
test_choices_join(void)
{
    g_autoptr(World) world = world_new();

    import_plainly(world, "taro2");
    import_plainly(world, "taro3");
    choose(world, "taro2", "a.example.com");
    choose(world, "taro3", "b.example.com");
    g_assert_true(set_renews(world, "taro3", "taro2", NULL));
    assert_goes(world, "a.example.com", "taro3");
    assert_goes(world, "b.example.com", "taro3");
    world_restart(world);
    assert_goes(world, "b.example.com", "taro3");
}

/* An identity that is removed takes what was chosen of it along, unless a relative is left; and
 * both come back together. */
static void
test_choice_of_removed(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GError) error = NULL;
    guint n;

    import_plainly(world, "hana2");
    import_plainly(world, "hana3");
    choose(world, "hana3", "www.example.com");
    remove_identity(world, "hana3");
    assert_goes(world, "www.example.com", "hana2");
    remove_identity(world, "hana2");
    list = meishi_choice_book_list(meishi_agent_choice_book(world->agent),
                                   g_get_real_time() / 1000000);
    g_assert_cmpuint(list->len, ==, 0);
    import_plainly(world, "hana2");
    assert_goes(world, "www.example.com", "nothing");
    g_assert_true(meishi_agent_undo_forget(world->agent, &n, &error));
    g_assert_cmpuint(n, ==, 1);
    assert_goes(world, "www.example.com", "hana2");
}

/* What was forgotten is gone for good after thirty days, though nobody touches a choice. */
static void
test_forgotten_for_good(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    const MeishiChoiceFilter all = {0};
    gint64 then = g_get_real_time() / G_USEC_PER_SEC - MEISHI_CHOICE_UNDO_SECONDS - 60;
    guint n;

    import_plainly(world, "hana2");
    choose(world, "hana2", "www.example.com");
    g_assert_true(
        meishi_choice_book_forget(meishi_agent_choice_book(world->agent), &all, then, &n, &error));
    g_assert_cmpuint(n, ==, 1);
    world_restart(world);
    g_assert_false(
        meishi_choice_book_undo(meishi_agent_choice_book(world->agent), then, &n, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strconcat("/agent/lineage/", stories[i].name, NULL);

        g_test_add_data_func(path, &stories[i], test_story);
    }
    g_test_add_func("/agent/lineage/facts", test_facts);
    for (gsize i = 0; i < G_N_ELEMENTS(notes); i++) {
        g_autofree char *path = g_strconcat("/agent/lineage/note/", notes[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_note);
    }
    g_test_add_func("/agent/lineage/import/together", test_together);
    g_test_add_func("/agent/lineage/import/same-key", test_same_key);
    g_test_add_func("/agent/lineage/said/refused", test_refused);
    g_test_add_func("/agent/lineage/signals", test_signals);
    g_test_add_func("/agent/lineage/choice/follows", test_choice_follows);
    g_test_add_func("/agent/lineage/choice/join", test_choices_join);
    g_test_add_func("/agent/lineage/choice/of-removed", test_choice_of_removed);
    g_test_add_func("/agent/lineage/choice/forgotten-for-good", test_forgotten_for_good);
    return world_run();
}
