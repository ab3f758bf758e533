/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What policy, roles and hints leave a program of Alice, Bob and Stranger.
 */
#include "daemon/agent/presentation.h"

#include "daemon/agent/agent-private.h"
#include "tests/lib/children.h"
#include "tests/unit/agent/world.h"

#include <string.h>

/* ---- fixture --------------------------------------------------------------------------------- */

static World *
new_world(void)
{
    World *world = world_new();
    g_autofree char *outcomes =
        world_import_outcomes(world, "alice.p12,bob.pem,stranger.key,stranger.crt", "secret");

    g_autoptr(MeishiIdentity) alice = world_identity(world, "Alice at work");

    g_assert_cmpstr(outcomes, ==, "AAAII");
    g_assert_true(meishi_agent_rename(world->agent, alice, "Alice", NULL));
    return world;
}

/* A program by one name. */
static MeishiApplication *
program(const char *name, MeishiTrust trust)
{
    MeishiApplication *application = meishi_application_new_unknown();

    if (name == NULL)
        return application;
    g_strfreev(application->names);
    application->names = g_strsplit(name, " ", -1);
    application->name = g_strdup(application->names[0]);
    application->trust = trust;
    return application;
}

static MeishiApplication *
process(pid_t pid)
{
    g_autoptr(GError) error = NULL;
    int pidfd = children_pidfd(pid);
    MeishiApplication *application = meishi_application_new(pid, pidfd, &error);

    close(pidfd);
    g_assert_no_error(error);
    return application;
}

/* "~" is asked about once a session, "!" each time. */
static char *
shown_to_text(const MeishiShown *shown)
{
    static const char *const marks[] = {"", "~", "!"};

    return g_strconcat(shown->identity->label, marks[shown->confirm], NULL);
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Takes @texts (char *).  All but the first @n_fixed by name: who of equals comes first is the
 * roster's business. */
static char *
join(GPtrArray *texts, guint n_fixed)
{
    char *joined;

    n_fixed = MIN(n_fixed, texts->len);
    if (texts->len > n_fixed)
        qsort(texts->pdata + n_fixed, texts->len - n_fixed, sizeof *texts->pdata, compare_texts);
    g_ptr_array_add(texts, NULL);
    joined = g_strjoinv(",", (char **)texts->pdata);
    g_ptr_array_set_free_func(texts, g_free);
    g_ptr_array_unref(texts);
    return joined;
}

/* "Alice,Bob! - Stranger | vpn:Alice" : shown - withheld | roles */
static char *
to_text(const MeishiPresentation *presentation, guint n_fixed)
{
    GPtrArray *shown = g_ptr_array_new(), *withheld = g_ptr_array_new();
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < presentation->shown->len; i++)
        g_ptr_array_add(shown, shown_to_text(presentation->shown->pdata[i]));
    for (guint i = 0; i < presentation->withheld->len; i++)
        g_ptr_array_add(withheld,
                        g_strdup(((MeishiIdentity *)presentation->withheld->pdata[i])->label));
    first = join(shown, n_fixed);
    second = join(withheld, 0);
    g_string_append_printf(text, "%s%s%s", first, presentation->withheld->len > 0 ? " - " : "",
                           second);
    for (guint i = 0; i < presentation->roles->len; i++) {
        const MeishiShownRole *role = presentation->roles->pdata[i];
        g_autofree char *now = role->now != NULL ? shown_to_text(role->now) : g_strdup("");

        g_string_append_printf(text, "%s%s:%s", i > 0 ? "," : " | ", role->name, now);
    }
    return g_string_free(text, FALSE);
}

static char *
present(World *world, MeishiApplication *application, guint n_fixed)
{
    g_autoptr(MeishiPresentation) presentation = meishi_agent_present(world->agent, application);

    return to_text(presentation, n_fixed);
}

/* ---- rules ----------------------------------------------------------------------------------- */

#define RULE      "[Policy]\nVersion=1\n[Rule r]\n"
#define ISSUED_BY "Identity-Issuer-CN="

static void
test_rules(void)
{
    static const struct {
        const char *policy;
        const char *program;
        MeishiTrust trust;
        const char *expected;
    } rows[] = {
        {NULL, NULL, MEISHI_TRUST_ANY, "Alice,Bob,Stranger"},

        /* what is restricted to places is hidden where the place is not known */
        {RULE "Action=restrict\nMatch-Host=!*.example.com\n" ISSUED_BY "Sub\n", "exe:/bin/x",
         MEISHI_TRUST_EXE, "Stranger - Alice,Bob"},
        {RULE "Action=restrict\nMatch-Host=www.example.com\nIdentity-Subject-CN=Bob\n",
         "exe:/bin/x", MEISHI_TRUST_EXE, "Alice,Stranger - Bob"},
        {RULE "Action=restrict\n" ISSUED_BY "Sub\n", NULL, MEISHI_TRUST_ANY,
         "Stranger - Alice,Bob"},

        /* or to programs: for all but one, by a name that is worth enough */
        {RULE "Action=restrict\nMatch-Application=!exe:/bin/vpn\nIdentity-Subject-CN=Bob\n",
         "exe:/bin/vpn", MEISHI_TRUST_EXE, "Alice,Bob,Stranger"},
        {RULE "Action=restrict\nMatch-Application=!exe:/bin/vpn\nIdentity-Subject-CN=Bob\n",
         "unit:vpn.service exe:/bin/vpn", MEISHI_TRUST_UNIT, "Alice,Bob,Stranger"},
        {RULE "Action=restrict\nMatch-Application=!exe:/bin/vpn\nIdentity-Subject-CN=Bob\n",
         "exe:/bin/x", MEISHI_TRUST_EXE, "Alice,Stranger - Bob"},
        {RULE "Action=restrict\nMatch-Application=!exe:/bin/vpn\nIdentity-Subject-CN=Bob\n",
         "exe:/bin/vpn", MEISHI_TRUST_ANY, "Alice,Stranger - Bob"},
        {RULE "Action=restrict\nMatch-Application=!exe:/bin/vpn\nIdentity-Subject-CN=Bob\n", NULL,
         MEISHI_TRUST_ANY, "Alice,Stranger - Bob"},
        {RULE "Action=restrict\nMatch-Application=!flatpak:org.a.B\n"
              "Match-Application-Trust=sandbox\nIdentity-Subject-CN=Bob\n",
         "flatpak:org.a.B", MEISHI_TRUST_UNIT, "Alice,Stranger - Bob"},

        /* a denial takes everything from the program that it names */
        {RULE "Action=deny\nMatch-Application=exe:/bin/x\n", "exe:/bin/x", MEISHI_TRUST_EXE,
         " - Alice,Bob,Stranger"},
        {RULE "Action=deny\nMatch-Application=exe:/bin/x\n", "exe:/bin/y", MEISHI_TRUST_EXE,
         "Alice,Bob,Stranger"},
        {RULE "Action=none\nMatch-Application=exe:/bin/x\n", "exe:/bin/x", MEISHI_TRUST_EXE,
         " - Alice,Bob,Stranger"},
        /* at one host, it says nothing of where that is not known */
        {RULE "Action=deny\nMatch-Host=www.example.com\n", "exe:/bin/x", MEISHI_TRUST_EXE,
         "Alice,Bob,Stranger"},

        /* kinds of keys */
        {RULE "Forbid=software-key\nIdentity-Subject-CN=Bob\nMatch-Host=*\n", "exe:/bin/x",
         MEISHI_TRUST_EXE, "Alice,Stranger - Bob"},

        /* consent, the strictest of all; of a place that may be the place */
        {RULE "Confirm=each-use\nMatch-Host=www.example.com\nIdentity-Subject-CN=Bob\n",
         "exe:/bin/x", MEISHI_TRUST_EXE, "Alice,Bob!,Stranger"},
        {RULE "Confirm=each-session\n" ISSUED_BY "Sub\n"
              "[Rule s]\nConfirm=each-use\nIdentity-Subject-CN=Alice\n",
         "exe:/bin/x", MEISHI_TRUST_EXE, "Alice!,Bob~,Stranger"},
        {RULE "Confirm=each-session\nMatch-Application=exe:/bin/x\nMatch-Host=*\n", "exe:/bin/y",
         MEISHI_TRUST_EXE, "Alice,Bob,Stranger"},

        /* what is required of a handshake is not required of who has none */
        {RULE "Require-TLS13=yes\nMatch-Host=*\n", "exe:/bin/x", MEISHI_TRUST_EXE,
         "Alice,Bob,Stranger"},

        /* preferences do not hide */
        {RULE "Action=select\nMatch-Host=www.example.com\nIdentity-Subject-CN=Bob\n", "exe:/bin/x",
         MEISHI_TRUST_EXE, "Alice,Bob,Stranger"},
    };
    g_autoptr(World) world = new_world();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiApplication) application = program(rows[i].program, rows[i].trust);
        g_autofree char *text = NULL;

        if (rows[i].policy != NULL)
            world_set_policy(world, rows[i].policy);
        text = present(world, application, 0);
        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(text, ==, rows[i].expected);
    }
}

/* Best first, as everywhere. */
static void
test_order(void)
{
    g_autoptr(World) world = new_world();
    g_autoptr(MeishiApplication) application = program(NULL, MEISHI_TRUST_ANY);
    g_autoptr(GPtrArray) list = meishi_agent_list(world->agent);
    g_autoptr(MeishiPresentation) presentation = meishi_agent_present(world->agent, application);

    g_assert_cmpuint(presentation->shown->len, ==, list->len);
    for (guint i = 0; i < list->len; i++)
        g_assert_true(((MeishiShown *)presentation->shown->pdata[i])->identity == list->pdata[i]);
}

/* For a program that takes the first that fits; others are not moved. */
static void
test_selected_first(void)
{
    static const char *const names[] = {"Alice", "Bob"};
    g_autoptr(World) world = new_world();
    g_autoptr(MeishiApplication) chosen = program("exe:/bin/x", MEISHI_TRUST_EXE);
    g_autoptr(MeishiApplication) other = program("exe:/bin/y", MEISHI_TRUST_EXE);
    g_autofree char *usual = present(world, other, G_MAXUINT);

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *policy = g_strconcat(
            RULE "Action=select\nMatch-Application=exe:/bin/x\nIdentity-Subject-CN=", names[i],
            "\n", NULL);
        g_autofree char *first = NULL;
        g_autofree char *unmoved = NULL;

        world_set_policy(world, policy);
        first = present(world, chosen, G_MAXUINT);
        unmoved = present(world, other, G_MAXUINT);
        g_assert_true(g_str_has_prefix(first, names[i]));
        g_assert_cmpstr(unmoved, ==, usual);
    }
}

/* A step that ends the pipeline for a handshake does not hide that policy comes after it: a key
 * usage without digitalSignature is no reason to show what is restricted. */
static void
test_hidden_behind_another_reason(void)
{
    g_autoptr(World) world = new_world();
    g_autoptr(MeishiApplication) application = program("exe:/bin/x", MEISHI_TRUST_EXE);
    g_autoptr(MeishiIdentity) bob = world_identity(world, "Bob");
    g_autofree char *text = NULL;

    world_set_policy(world,
                     RULE "Action=restrict\nMatch-Host=!a.example\nIdentity-Subject-CN=Bob\n");
    bob->cert->has_key_usage = TRUE;
    bob->cert->key_usage = MEISHI_KU_KEY_ENCIPHERMENT;
    text = present(world, application, 0);
    g_assert_cmpstr(text, ==, "Alice,Stranger - Bob");
}

/* ---- roles ----------------------------------------------------------------------------------- */

#define VPN                                                       \
    "[Policy]\nVersion=1\n"                                       \
    "[Role vpn]\nLabel=Corp VPN\nRule=vpn\n"                      \
    "[Role any]\nLabel=Anybody\nRule=any\n"                       \
    "[Rule vpn]\nAction=select\nMatch-Application=exe:/bin/vpn\n" \
    "Match-Host=vpn.example.com\nIdentity-Subject-CN=Bob\n"       \
    "[Rule any]\nAction=select\nMatch-Host=any.example.com\n" ISSUED_BY "Other\n"

/* The role shows what is restricted to its place, and only that way. */
#define VPN_ONLY \
    VPN "[Rule only]\nAction=restrict\nMatch-Host=!vpn.example.com\nIdentity-Subject-CN=Bob\n"

static void
test_roles(void)
{
    static const struct {
        const char *policy;
        const char *program;
        const char *expected;
    } rows[] = {
        {VPN, "exe:/bin/vpn", "Alice,Bob,Stranger | any:Stranger,vpn:Bob"},
        {VPN, "exe:/bin/x", "Alice,Bob,Stranger | any:Stranger,vpn:"},
        {VPN_ONLY, "exe:/bin/vpn", "Alice,Stranger | any:Stranger,vpn:Bob"},
        {VPN_ONLY, "exe:/bin/x", "Alice,Stranger - Bob | any:Stranger,vpn:"},
        {VPN_ONLY "[Rule ask]\nConfirm=each-use\nIdentity-Subject-CN=Bob\n", "exe:/bin/vpn",
         "Alice,Stranger | any:Stranger,vpn:Bob!"},
        {VPN "[Rule no]\nAction=deny\nMatch-Application=exe:/bin/vpn\n", "exe:/bin/vpn",
         " - Alice,Bob,Stranger | any:,vpn:"},
    };
    g_autoptr(World) world = new_world();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiApplication) application = program(rows[i].program, MEISHI_TRUST_EXE);
        g_autofree char *text = NULL;

        world_set_policy(world, rows[i].policy);
        text = present(world, application, 0);
        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(text, ==, rows[i].expected);
    }
}

static void
test_role_label(void)
{
    g_autoptr(World) world = new_world();
    g_autoptr(MeishiApplication) application = program("exe:/bin/vpn", MEISHI_TRUST_EXE);
    g_autoptr(MeishiPresentation) presentation = NULL;
    const MeishiShownRole *role;

    world_set_policy(world, VPN);
    presentation = meishi_agent_present(world->agent, application);
    role = presentation->roles->pdata[1];
    g_assert_cmpstr(role->label, ==, "Corp VPN");
}

/* ---- hints ----------------------------------------------------------------------------------- */

static void
hint(World *world, MeishiHintKind kind, MeishiApplication *application, const char *host,
     const char *label)
{
    g_autoptr(MeishiRequest) request = meishi_request_new();
    g_autoptr(MeishiIdentity) identity = label != NULL ? world_identity(world, label) : NULL;
    g_autofree char *id = identity != NULL ? meishi_identity_id(identity) : NULL;

    request->protocol = g_strdup("https");
    request->port = 443;
    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    meishi_agent_hint(world->agent, kind, application, request, id);
}

#define BOB_AT_HOME RULE "Action=restrict\nMatch-Host=!home.example\nIdentity-Subject-CN=Bob\n"

static void
test_hints(void)
{
    static const struct {
        const char *policy;
        MeishiHintKind kind;
        const char *host, *label;
        const char *expected;
    } rows[] = {
        {NULL, MEISHI_HINT_RECENT, "home.example", "Stranger", "Stranger,Alice,Bob"},
        {NULL, MEISHI_HINT_BOUND, "home.example", "Bob", "Bob - Alice,Stranger"},
        {NULL, MEISHI_HINT_BOUND, "home.example", NULL, " - Alice,Bob,Stranger"},
        /* the place is known now, and what is restricted to it is seen there */
        {BOB_AT_HOME, MEISHI_HINT_RECENT, "home.example", "Bob", "Bob,Alice,Stranger"},
        {BOB_AT_HOME, MEISHI_HINT_RECENT, "other.example", "Alice", "Alice,Stranger - Bob"},
        {BOB_AT_HOME, MEISHI_HINT_BOUND, "home.example", "Bob", "Bob - Alice,Stranger"},
        /* policy comes before what somebody was bound to */
        {BOB_AT_HOME, MEISHI_HINT_BOUND, "other.example", "Bob", " - Alice,Bob,Stranger"},
        {RULE "Action=deny\nMatch-Host=home.example\n", MEISHI_HINT_BOUND, "home.example", "Bob",
         " - Alice,Bob,Stranger"},
        {RULE "Confirm=each-use\nMatch-Host=home.example\n", MEISHI_HINT_BOUND, "other.example",
         "Bob", "Bob - Alice,Stranger"},
        {VPN, MEISHI_HINT_BOUND, "home.example", "Bob", "Bob - Alice,Stranger | any:,vpn:"},
        {VPN, MEISHI_HINT_BOUND, "home.example", "Stranger",
         "Stranger - Alice,Bob | any:Stranger,vpn:"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(World) world = new_world();
        pid_t pid = children_fork();
        g_autoptr(MeishiApplication) application = process(pid);
        g_autofree char *text = NULL;

        if (rows[i].policy != NULL)
            world_set_policy(world, rows[i].policy);
        hint(world, rows[i].kind, application, rows[i].host, rows[i].label);
        text = present(world, application, 1);
        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(text, ==, rows[i].expected);
        children_end(pid, TRUE);
    }
}

/* Programs select the same over and over, and each view that is made anew costs all of them. */
static void
test_hint_again(void)
{
    g_autoptr(World) world = new_world();
    pid_t pid = children_fork();
    g_autoptr(MeishiApplication) application = process(pid);
    static const struct {
        const char *host, *label;
        guint n_view;
    } rows[] = {{"home.example", "Bob", 1},
                {"home.example", "Bob", 0},
                {"other.example", "Bob", 1},
                {"other.example", "Alice", 1},
                {"other.example", "Alice", 0}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        world_settle();
        world->n_view = 0;
        hint(world, MEISHI_HINT_RECENT, application, rows[i].host, rows[i].label);
        world_settle();
        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpuint(world->n_view, ==, rows[i].n_view);
    }
    children_end(pid, TRUE);
}

/* A program that is connected all the while is told when its hint is over. */
static void
test_hint_expires(void)
{
    g_autoptr(World) world = new_world();
    pid_t first = children_fork(), second = children_fork();
    g_autoptr(MeishiApplication) old = process(first);
    g_autoptr(MeishiApplication) new = process(second);
    g_autoptr(MeishiRequest) request = meishi_request_new();
    gint64 nearly = meishi_agent_now() - MEISHI_HINT_RECENT_SECONDS + 1;
    gint64 patience = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;

    g_assert_true(meishi_host_parse("home.example", &request->host, NULL));
    meishi_hints_add(world->agent->hints, MEISHI_HINT_RECENT, old, request, "ab", nearly);
    hint(world, MEISHI_HINT_RECENT, new, "home.example", "Bob"); /* which looks at the clock */
    world_settle();
    world->n_view = 0;
    while (world->n_view == 0 && g_get_monotonic_time() < patience)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(world->n_view, ==, 1);
    g_assert_null(meishi_hints_find(world->agent->hints, old, meishi_agent_now()));
    g_assert_nonnull(meishi_hints_find(world->agent->hints, new, meishi_agent_now()));
    g_assert_cmpuint(world->agent->hint_source, !=, 0); /* for the other one */
    children_end(first, TRUE);
    children_end(second, TRUE);
}

/* ---- fingerprints ---------------------------------------------------------------------------- */

static char *
fingerprint(World *world, const char *name)
{
    g_autoptr(MeishiApplication) application = program(name, MEISHI_TRUST_EXE);
    g_autoptr(MeishiPresentation) presentation = meishi_agent_present(world->agent, application);

    return g_strdup(presentation->fingerprint);
}

/* Whether it is another one than @before, which becomes it. */
static gboolean
has_changed(World *world, char **before)
{
    char *now = fingerprint(world, "exe:/bin/vpn");
    gboolean changed = !g_str_equal(now, *before);

    g_free(*before);
    *before = now;
    return changed;
}

static void
test_fingerprint(void)
{
    g_autoptr(World) world = new_world();
    g_autoptr(MeishiIdentity) bob = world_identity(world, "Bob");
    g_autofree char *last = fingerprint(world, "exe:/bin/vpn");
    g_autofree char *other = fingerprint(world, "exe:/bin/x");

    g_assert_cmpstr(last, ==, other); /* there is no rule that could tell them apart */
    g_assert_false(has_changed(world, &last));
    g_assert_true(meishi_agent_rename(world->agent, bob, "Bobby", NULL));
    g_assert_true(has_changed(world, &last));
    world_set_policy(world, RULE "Confirm=each-session\nMatch-Host=*\n");
    g_assert_true(has_changed(world, &last));
    world_set_policy(world, RULE "Confirm=each-use\nMatch-Host=*\n");
    g_assert_true(has_changed(world, &last));
    world_set_policy(world, RULE "Confirm=each-use\nMatch-Host=a.example\n");
    g_assert_false(has_changed(world, &last)); /* the same in other words */
    world_set_policy(world, VPN);
    g_assert_true(has_changed(world, &last));
    world_set_policy(world, VPN_ONLY);
    g_assert_true(has_changed(world, &last));
    g_free(other);
    other = fingerprint(world, "exe:/bin/x");
    g_assert_cmpstr(last, !=, other);
    g_assert_true(meishi_agent_remove(world->agent, bob, NULL));
    g_assert_true(has_changed(world, &last));
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/agent/presentation/rules", test_rules);
    g_test_add_func("/agent/presentation/order", test_order);
    g_test_add_func("/agent/presentation/selected-first", test_selected_first);
    g_test_add_func("/agent/presentation/hidden-behind-another-reason",
                    test_hidden_behind_another_reason);
    g_test_add_func("/agent/presentation/roles", test_roles);
    g_test_add_func("/agent/presentation/role-label", test_role_label);
    g_test_add_func("/agent/presentation/hints", test_hints);
    g_test_add_func("/agent/presentation/hint-expires", test_hint_expires);
    g_test_add_func("/agent/presentation/hint-again", test_hint_again);
    g_test_add_func("/agent/presentation/fingerprint", test_fingerprint);
    return world_run();
}
