/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lineages, choices and meetings: what goes in comes out, is written over by its name, and leaves
 * when it is told to or when its certificate does.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

/* The part of the store's description that begins each line with @kind. */
static char *
describe_kind(MeishiStore *store, const char *kind)
{
    g_autofree char *all = describe_store(store);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    GString *text = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++)
        if (g_str_has_prefix(*line, kind))
            g_string_append_printf(text, "%s\n", *line);
    return g_string_free(text, FALSE);
}

static void
assert_kind(MeishiStore *store, const char *kind, const char *expected)
{
    g_autofree char *found = describe_kind(store, kind);

    g_assert_cmpstr(found, ==, expected);
}

static void
test_without_vault(Fixture *fixture, gconstpointer data)
{
    const MeishiStoreMeeting meeting = {.host = (char *)"a", .identity = (char *)"1"};
    g_autoptr(GError) lineage_error = NULL;
    g_autoptr(GError) choice_error = NULL;
    g_autoptr(GError) meeting_error = NULL;
    g_autoptr(GError) remove_error = NULL;

    assert_kind(fixture->store, "", "");
    g_assert_false(set_lineage(fixture->store, 1, "x", &lineage_error));
    g_assert_error(lineage_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_false(meishi_store_write_choices(fixture->store, NULL, NULL, &choice_error));
    g_assert_error(choice_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_false(meishi_store_write_meeting(fixture->store, &meeting, &meeting_error));
    g_assert_error(meeting_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_false(meishi_store_remove_meetings(fixture->store, NULL, 0, NULL, &remove_error));
    g_assert_error(remove_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
}

/* ---- lineages ------------------------------------------------------------------------------ */

static void
test_lineages(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) one_missing = NULL;
    g_autoptr(GPtrArray) both = g_ptr_array_new();

    for (guint n = 1; n <= 3; n++)
        import_identity(fixture->store, n, n, 1);
    g_assert_true(set_lineage(fixture->store, 3, "one", &error));
    g_assert_true(set_lineage(fixture->store, 1, "two", &error));
    g_assert_true(set_lineage(fixture->store, 1, "one", &error));
    g_assert_true(set_lineage(fixture->store, 2, NULL, &error)); /* had none */
    g_assert_false(set_lineage(fixture->store, 4, "x", &missing));
    g_assert_error(missing, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    fixture_reopen(fixture);
    assert_kind(fixture->store, "lineage", "lineage of 1: one\nlineage of 3: one\n");

    /* All or none. */
    g_ptr_array_add(both, &(MeishiStoreLineage){.cert_id = 1, .lineage = (char *)"three"});
    g_ptr_array_add(both, &(MeishiStoreLineage){.cert_id = 4, .lineage = (char *)"three"});
    g_assert_false(meishi_store_set_lineages(fixture->store, both, &one_missing));
    g_assert_error(one_missing, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    assert_kind(fixture->store, "lineage", "lineage of 1: one\nlineage of 3: one\n");

    /* A row leaves with its certificate, or alone. */
    g_assert_true(meishi_store_remove_cert(fixture->store, 1, &error));
    assert_kind(fixture->store, "lineage", "lineage of 3: one\n");
    g_assert_true(set_lineage(fixture->store, 3, NULL, &error));
    assert_kind(fixture->store, "lineage", "");
    g_assert_no_error(error);
}

static void
test_lineage_of_import(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    MeishiStoreNewCert *cert = sample_cert(1, 0, 0, 0);

    cert->lineage = g_strdup("one");
    g_ptr_array_add(keys, sample_key(1));
    g_ptr_array_add(certs, cert);
    g_ptr_array_add(certs, sample_cert(2, 0, 0, 0));
    g_assert_true(meishi_store_import(fixture->store, keys, certs, NULL, &error));
    g_assert_no_error(error);
    assert_kind(fixture->store, "lineage", "lineage of 1: one\n");
}

/* ---- choices ------------------------------------------------------------------------------- */

#define CHOICE_1                                                                                 \
    "choice 1: 2 web host-1.example 8001 exe:/usr/bin/curl [] lineage 1 - 1700000001 1700000101" \
    " 1 1 1 0101 0 0 0\n"
#define CHOICE_2                                                                                \
    "choice 2: 2 web host-15.example 8015 exe:/usr/bin/curl [] none bank 1700000015 1700000115" \
    " 15 0 15 0f0f 0 0 0\n"

static void
test_choices(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autoptr(GPtrArray) changed = new_choice_array();
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const gint64 ids[] = {1, 77};

    g_ptr_array_add(choices, sample_choice(1));
    g_ptr_array_add(choices, sample_choice(15));
    g_assert_true(meishi_store_write_choices(fixture->store, choices, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(((MeishiStoreChoice *)choices->pdata[1])->id, ==, 2);
    fixture_reopen(fixture);
    assert_kind(fixture->store, "choice", CHOICE_1 CHOICE_2);

    /* One call takes out (what is not there is passed over), writes over and adds. */
    g_array_append_vals(removed, ids, G_N_ELEMENTS(ids));
    g_ptr_array_add(changed, sample_choice(2));
    g_ptr_array_add(changed, sample_choice(4));
    ((MeishiStoreChoice *)changed->pdata[0])->id = 2;
    ((MeishiStoreChoice *)changed->pdata[0])->forgotten = 1700001000;
    ((MeishiStoreChoice *)changed->pdata[0])->batch = 5;
    ((MeishiStoreChoice *)changed->pdata[0])->replaced_by = 3;
    g_assert_true(meishi_store_write_choices(fixture->store, changed, removed, &error));
    g_assert_no_error(error);
    fixture_reopen(fixture);
    assert_kind(fixture->store, "choice",
                "choice 2: 2 web host-2.example 8002 - [] lineage 2 - 1700000002 1700000102"
                " 2 2 2 0202 1700001000 5 3\n"
                "choice 3: 2 web host-4.example 8004 - [] lineage 4 - 1700000004 1700000104"
                " 4 1 4 0404 0 0 0\n");
}

static void
test_choice_values_survive(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autoptr(GPtrArray) found = NULL;
    MeishiStoreChoice *in = sample_choice(1), *out;

    g_free(in->host);
    in->host = g_strdup("ssid:'); DROP TABLE choices; --名刺");
    g_free(in->context);
    in->context = g_strdup("a\nb");
    in->uses = G_MAXUINT;
    in->port = 65535;
    in->alert = 255;
    in->batch = G_MAXINT64;
    for (guint i = 0; i < sizeof in->digest; i++)
        in->digest[i] = (guint8)(255 - i);
    g_ptr_array_add(choices, in);
    g_assert_true(meishi_store_write_choices(fixture->store, choices, NULL, &error));
    fixture_reopen(fixture);
    found = meishi_store_list_choices(fixture->store, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, ==, 1);
    out = g_ptr_array_index(found, 0);
    g_assert_cmpstr(out->host, ==, in->host);
    g_assert_cmpstr(out->context, ==, in->context);
    g_assert_cmpuint(out->uses, ==, in->uses);
    g_assert_cmpuint(out->port, ==, in->port);
    g_assert_cmpuint(out->alert, ==, in->alert);
    g_assert_cmpint(out->batch, ==, in->batch);
    g_assert_cmpmem(out->digest, sizeof out->digest, in->digest, sizeof in->digest);
}

/* Where somebody was must not be left lying about. */
static void
test_removed_is_overwritten(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {"vault.db", "vault.db-wal"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const MeishiStoreMeeting meeting = {
        .host = (char *)"secret.example", .port = 1, .identity = (char *)"1"};
    MeishiStoreChoice *choice = sample_choice(1);
    const gint64 one = 1;

    g_free(choice->host);
    choice->host = g_strdup("secret.example");
    g_ptr_array_add(choices, choice);
    g_array_append_val(removed, one);
    g_assert_true(meishi_store_write_choices(fixture->store, choices, NULL, &error));
    g_assert_true(meishi_store_write_meeting(fixture->store, &meeting, &error));
    g_assert_true(meishi_store_write_choices(fixture->store, NULL, removed, &error));
    g_assert_true(meishi_store_remove_meetings(fixture->store, "secret.example", 0, NULL, &error));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *content = NULL;
        gsize len;

        fixture_read(fixture, names[i], &content, &len);
        g_assert_null(memmem(content, len, "secret.example", 14));
    }
}

/* ---- meetings ------------------------------------------------------------------------------ */

static void
write_meeting(MeishiStore *store, const char *host, guint port, const char *identity,
              guint accepted)
{
    g_autoptr(GError) error = NULL;
    const MeishiStoreMeeting meeting = {.host = (char *)host,
                                        .port = port,
                                        .identity = (char *)identity,
                                        .suspicion = 2,
                                        .accepted = accepted,
                                        .last_accepted = 5,
                                        .refused_at = 6,
                                        .alert = 48};

    g_assert_true(meishi_store_write_meeting(store, &meeting, &error));
    g_assert_no_error(error);
}

static const struct {
    const char *host;
    guint port;
    const char *identity;
    const char *left; /* the accepted counts of those that stay */
} removals[] = {
    {NULL, 0, NULL, ""},
    {"a.example", 0, NULL, "45"},
    {"a.example", 443, NULL, "345"},
    {NULL, 443, NULL, "35"},
    {NULL, 0, "2", "134"},
    {"a.example", 443, "2", "1345"},
    {"c.example", 0, NULL, "12345"},
};

static void
test_meetings(Fixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(removals); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) left = NULL;
        g_autoptr(GString) counts = g_string_new(NULL);

        write_meeting(fixture->store, "a.example", 443, "1", 99);
        write_meeting(fixture->store, "a.example", 443, "1", 1); /* written over */
        write_meeting(fixture->store, "a.example", 443, "2", 2);
        write_meeting(fixture->store, "a.example", 8443, "1", 3);
        write_meeting(fixture->store, "b.example", 443, "1", 4);
        write_meeting(fixture->store, "b.example", 8443, "2", 5);
        g_assert_true(meishi_store_remove_meetings(fixture->store, removals[i].host,
                                                   removals[i].port, removals[i].identity, &error));
        g_assert_no_error(error);
        fixture_reopen(fixture);
        left = meishi_store_list_meetings(fixture->store, &error);
        for (guint j = 0; j < left->len; j++) {
            const MeishiStoreMeeting *meeting = g_ptr_array_index(left, j);

            g_string_append_printf(counts, "%u", meeting->accepted);
            g_assert_cmpint(meeting->suspicion, ==, 2);
            g_assert_cmpint(meeting->last_accepted, ==, 5);
            g_assert_cmpint(meeting->refused_at, ==, 6);
            g_assert_cmpuint(meeting->alert, ==, 48);
        }
        g_test_message("case %u", (guint)i);
        g_assert_cmpstr(counts->str, ==, removals[i].left);
    }
}

/* ---- damage -------------------------------------------------------------------------------- */

static const struct {
    const char *sql;
    const char *said; /* by the check */
    const char *lost;
} damages[] = {
    {"UPDATE lineages SET lineage = 'mine'", "Entry 1 of table lineages is damaged",
     "\nlineage of"},
    {"UPDATE choices SET lineage = NULL", "Entry 1 of table choices is damaged", "\nchoice "},
    {"UPDATE choices SET suspicion = 99", "Entry 1 of table choices is damaged", "\nchoice "},
    {"UPDATE meetings SET accepted = 8", "Entry host.example of table meetings is damaged",
     "\nmeeting"},
    {"UPDATE tokens SET label = 'mine'", "Entry 1 of table tokens is damaged", "\ntoken "},
    {"UPDATE token_identities SET number = 5", "Entry 1 of table token_identities is damaged",
     "\non token "},
    {"UPDATE token_issuers SET position = 1", "Entry 1 of table token_issuers is damaged",
     "\nissuer on "},
};

static void
test_damage(gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        Fixture fixture;
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *found = NULL;

        fixture_set_up_vault(&fixture, NULL);
        remember(fixture.store, import_identity(fixture.store, 1, 1, 1));
        fixture_run_sql(&fixture, damages[i].sql);
        g_assert_true(meishi_store_check(fixture.store, findings, &error));
        g_assert_cmpuint(findings->len, ==, 1);
        g_assert_nonnull(strstr(g_ptr_array_index(findings, 0), damages[i].said));
        found = describe_store(fixture.store);
        g_assert_null(strstr(found, "damaged"));
        g_assert_nonnull(strstr(found, "cert 1: key 1")); /* nothing else is lost, */
        g_assert_cmpuint(meishi_store_n_passed_over(fixture.store), ==, 1);
        g_assert_null(strstr(found, damages[i].lost)); /* and that one is passed over */
        g_assert_true(meishi_store_remove_damaged(fixture.store, &error));
        g_ptr_array_set_size(findings, 0);
        g_assert_true(meishi_store_check(fixture.store, findings, &error));
        g_assert_cmpuint(findings->len, ==, 0);
        fixture_tear_down(&fixture, NULL);
    }
}

#define ADD(path, set_up, func) \
    g_test_add("/store/remembered/" path, Fixture, NULL, set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("without-vault", fixture_set_up, test_without_vault);
    ADD("lineages", fixture_set_up_vault, test_lineages);
    ADD("lineage-of-import", fixture_set_up_vault, test_lineage_of_import);
    ADD("choices", fixture_set_up_vault, test_choices);
    ADD("choice-values-survive", fixture_set_up_vault, test_choice_values_survive);
    ADD("removed-is-overwritten", fixture_set_up_vault, test_removed_is_overwritten);
    ADD("meetings", fixture_set_up_vault, test_meetings);
    g_test_add_data_func("/store/remembered/damage", NULL, test_damage);
    return g_test_run();
}
