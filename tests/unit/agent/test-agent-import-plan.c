/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import will do, as a table.  Certificates and keys are made of letters: "a" is the key of
 * the certificate that is written "A", and so on; each row says what the vault holds, what the
 * files hold, and which outcomes and labels come of it.
 */
#include "daemon/agent/import-plan.h"

#include "daemon/agent/import-item.h"
#include "daemon/base/error.h"

#include <ctype.h>
#include <string.h>

#define NOW G_GINT64_CONSTANT(1800000000)

/* The world of letters: who issued whom, and with which key. */
static const struct {
    char name;   /* upper case: the certificate */
    char key;    /* whose key it certifies */
    char issuer; /* itself: self-signed */
    const char *cn;
    gboolean is_ca;
} people[] = {
    {'A', 'a', 'S', "Alice", FALSE},    {'N', 'a', 'S', "Alice", FALSE}, /* the new one */
    {'B', 'b', 'S', "Bob", FALSE},      {'Z', 'z', 'X', "Zoe", FALSE},
    {'U', 'u', 'U', NULL, FALSE},       {'S', 's', 'R', "Sub", TRUE},
    {'T', 's', 'Y', "Sub", TRUE}, /* the same CA, certified by another root */
    {'R', 'r', 'R', "Root", TRUE},      {'Y', 'y', 'Y', "Other root", TRUE},
    {'X', 'x', 'X', "Unrelated", TRUE},
};

static MeishiPublicKey *
make_key(char name)
{
    MeishiPublicKey *key = g_new0(MeishiPublicKey, 1);

    key->type = MEISHI_KEY_RSA;
    key->bits = 2048;
    key->text = g_strdup("RSA 2048");
    key->spki = g_bytes_new(&name, 1);
    key->spki_sha256[0] = (guint8)name;
    return key;
}

/* The subject of a certificate is the letter of its key, so that S and T go by one name. */
static MeishiCert *
make_cert(char name)
{
    MeishiCert *cert = g_new0(MeishiCert, 1);
    guint i = 0, issuer = 0;

    while (people[i].name != name)
        i++;
    while (people[issuer].name != people[i].issuer)
        issuer++;
    cert->refs = 1;
    cert->version = 3;
    cert->der = g_bytes_new(&name, 1);
    cert->sha256[0] = (guint8)name;
    cert->subject = g_bytes_new(&people[i].key, 1);
    cert->issuer = g_bytes_new(&people[issuer].key, 1);
    cert->subject_cn = g_strdup(people[i].cn);
    cert->subject_text = people[i].cn != NULL ? g_strconcat("CN=", people[i].cn, NULL) : NULL;
    cert->is_ca = people[i].is_ca;
    cert->is_self_signed = people[i].issuer == name;
    cert->not_before = NOW - 1;
    cert->not_after = NOW + G_GINT64_CONSTANT(86400) * 365;
    cert->key = make_key(people[i].key);
    return cert;
}

static void
free_bag(gpointer data)
{
    MeishiBundleCert *bag = data;

    g_bytes_unref(bag->der);
    meishi_cert_unref(bag->cert);
    g_free(bag->friendly_name);
    g_free(bag);
}

static void
free_key_bag(gpointer data)
{
    MeishiBundleKey *bag = data;

    meishi_secret_unref(bag->pkcs8);
    meishi_public_key_free(bag->public_key);
    g_free(bag->friendly_name);
    g_free(bag);
}

static void
add_bag(MeishiBundle *bundle, char name, const char *friendly_name)
{
    if (isupper(name)) {
        MeishiBundleCert *bag = g_new0(MeishiBundleCert, 1);

        bag->cert = make_cert(name);
        bag->der = g_bytes_ref(bag->cert->der);
        bag->friendly_name = g_strdup(friendly_name);
        g_ptr_array_add(bundle->certs, bag);
    } else {
        MeishiBundleKey *bag = g_new0(MeishiBundleKey, 1);

        bag->pkcs8 = meishi_secret_new_copy(&name, 1);
        bag->public_key = make_key(name);
        bag->friendly_name = g_strdup(friendly_name);
        g_ptr_array_add(bundle->keys, bag);
    }
}

static MeishiBundle *
make_bundle(const char *letters, const char *friendly_name)
{
    MeishiBundle *bundle = g_new0(MeishiBundle, 1);

    bundle->certs = g_ptr_array_new_with_free_func(free_bag);
    bundle->keys = g_ptr_array_new_with_free_func(free_key_bag);
    bundle->notes = g_ptr_array_new_with_free_func(g_free);
    for (; *letters != '\0'; letters++)
        add_bag(bundle, *letters, friendly_name);
    return bundle;
}

static void
free_bundle(gpointer data)
{
    MeishiBundle *bundle = data;

    g_ptr_array_unref(bundle->certs);
    g_ptr_array_unref(bundle->keys);
    g_ptr_array_unref(bundle->notes);
    g_free(bundle);
}

/* An identity that the vault holds; its row ids are its letters. */
static MeishiIdentity *
make_identity(char name)
{
    MeishiIdentity *identity = g_new0(MeishiIdentity, 1);

    identity->refs = 1;
    identity->chain = g_ptr_array_new();
    if (isupper(name)) {
        identity->cert = make_cert(name);
        identity->key = identity->cert->key;
        identity->cert_id = name;
        identity->key_id = identity->key->spki_sha256[0];
        identity->label = g_strdup(identity->cert->subject_cn);
    } else {
        identity->key = make_key(name);
        identity->key_id = name;
        identity->label = g_strdup(name == 'z' ? "chosen" : "RSA 2048 key");
    }
    return identity;
}

static gboolean
always(const MeishiCert *cert, const MeishiCert *issuer, gpointer unused)
{
    return TRUE;
}

typedef struct {
    const char *name;
    const char *identities; /* in the vault; lower case: a bare key */
    const char *issuers;    /* in the vault */
    const char *files;      /* space-separated */
    const char *label;      /* option */
    const char *outcomes;   /* AKCUIP, by item; or NULL: refused */
    const char *labels;     /* of the identities, by item */
    const char *stored;     /* "keys/certs(issuers)/issuers" */
} Row;

static const Row rows[] = {
    {"pkcs12", "", "", "aASR", NULL, "AII", "Alice", "a/A(SR)/"},
    {"odd order", "", "", "RSAa", NULL, "AII", "Alice", "a/A(SR)/"},
    {"pair of files", "", "", "A a", NULL, "A", "Alice", "a/A()/"},
    {"two people", "", "", "abABSR", NULL, "AAII", "Alice,Bob", "ab/A(SR)B(SR)/"},
    {"crosswise", "", "", "aB bA", NULL, "AA", "Bob,Alice", "ba/B()A()/"},
    {"duplicates", "", "", "aA aA A", NULL, "A", "Alice", "a/A()/"},
    {"cross-certified", "", "", "aASTRY", NULL, "AIIII", "Alice", "a/A(STRY)/"},
    {"bystander", "", "", "aAX", NULL, "AP", "Alice", "a/A()/"},
    {"unchanged", "A", "SR", "aASR", NULL, "UUU", "Alice", "//"},
    {"unchanged, not renamed", "A", "", "aA", "New", "U", "Alice", "//"},
    {"unchanged, new issuer", "A", "S", "aASR", NULL, "UUI", "Alice", "//R"},
    {"issuer by itself", "A", "", "SR", NULL, "II", "", "//SR"},
    {"issuer in two links", "A", "S", "R", NULL, "I", "", "//R"},
    {"issuer of nobody", "A", "", "X", NULL, NULL, "", ""},
    {"issuers known", "A", "SR", "SR", NULL, "UU", "", "//"},
    {"bare key", "", "", "a", NULL, "K", "RSA 2048 key", "a//"},
    {"bare key, named", "", "", "a", "Mine", "K", "Mine", "a//"},
    {"two bare keys", "", "", "ab", NULL, "KK", "RSA 2048 key,RSA 2048 key (2)", "ab//"},
    {"bare key again", "a", "", "a", NULL, "U", "RSA 2048 key", "//"},
    {"key of an identity", "A", "", "a", NULL, "U", "Alice", "//"},
    {"completed", "a", "", "A", NULL, "C", "Alice", "/A()/"},
    {"completed, with chain", "a", "R", "AS", NULL, "CI", "Alice", "/A(SR)/"},
    {"completed, with key", "a", "", "aA", NULL, "C", "Alice", "/A()/"},
    {"completed, name chosen", "z", "", "Z", NULL, "C", "chosen", "/Z()/"},
    {"renewed", "A", "SR", "N", NULL, "C", "Alice (2)", "/N(SR)/"},
    {"renewed, with key", "A", "", "aN", NULL, "C", "Alice (2)", "/N()/"},
    {"old and new at once", "", "", "aAN", NULL, "AA", "Alice,Alice (2)", "a/A()N()/"},
    {"renewed and known", "A", "", "aAN", NULL, "UC", "Alice,Alice (2)", "/N()/"},
    {"no name", "", "", "uU", NULL, "A", "RSA 2048 key", "u/U()/"},
    {"CA with its key", "", "", "aAsSR", NULL, "AAI", "Alice,Sub", "as/A(SR)S(R)/"},
    {"mismatch", "", "", "bA", NULL, "KP", "RSA 2048 key", "b//"},
    {"no key", "", "", "A", NULL, NULL, "", ""},
    {"CAs alone", "", "", "SR", NULL, NULL, "", ""},
    {"nothing", "", "", "", NULL, NULL, "", ""},
};

typedef struct {
    GPtrArray *identities, *issuers, *bundles;
    MeishiImportSource sources[8];
    MeishiImportInput input;
} Case;

static void
case_init(Case *c, const Row *row, const char *friendly_name)
{
    g_auto(GStrv) files = g_strsplit(row->files, " ", -1);

    c->identities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    c->issuers = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    c->bundles = g_ptr_array_new_with_free_func(free_bundle);
    for (const char *p = row->identities; *p != '\0'; p++)
        g_ptr_array_add(c->identities, make_identity(*p));
    for (const char *p = row->issuers; *p != '\0'; p++)
        g_ptr_array_add(c->issuers, make_cert(*p));
    c->input = (MeishiImportInput){
        .sources = c->sources,
        .identities = c->identities,
        .issuers = c->issuers,
        .label = row->label,
        .now = NOW,
        .verify = always,
    };
    do {
        const char *letters = files[c->input.n_sources] != NULL ? files[c->input.n_sources] : "";

        g_ptr_array_add(c->bundles, make_bundle(letters, friendly_name));
        c->sources[c->input.n_sources].name = "file";
        c->sources[c->input.n_sources].bundle = c->bundles->pdata[c->input.n_sources];
    } while (files[0] != NULL && files[++c->input.n_sources] != NULL);
    c->input.n_sources = c->bundles->len;
}

static void
case_clear(Case *c)
{
    g_ptr_array_unref(c->identities);
    g_ptr_array_unref(c->issuers);
    g_ptr_array_unref(c->bundles);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static char *
outcomes_of(const MeishiImportPlan *plan)
{
    GString *letters = g_string_new(NULL);

    for (guint i = 0; i < plan->items->len; i++)
        g_string_append_c(letters, "AKCUIP"[((MeishiImportItem *)plan->items->pdata[i])->outcome]);
    return g_string_free(letters, FALSE);
}

static char *
labels_of(const MeishiImportPlan *plan)
{
    GString *labels = g_string_new(NULL);

    for (guint i = 0; i < plan->items->len; i++) {
        const MeishiImportItem *item = plan->items->pdata[i];

        if (item->key_text != NULL)
            g_string_append_printf(labels, "%s%s", labels->len > 0 ? "," : "", item->label);
    }
    return g_string_free(labels, FALSE);
}

static void
append_letter(GString *text, GBytes *der)
{
    g_string_append_c(text, *(const char *)g_bytes_get_data(der, NULL));
}

static void
append_cert(GString *text, const MeishiImportPlan *plan, const MeishiStoreNewCert *row)
{
    append_letter(text, row->cert.der);
    if (row->cert.key_id == 0)
        g_assert_cmpuint(row->key_index, <, plan->keys->len);
    g_string_append_c(text, '(');
    for (guint i = 0; i < row->issuers->len; i++)
        append_letter(text, row->issuers->pdata[i]);
    g_string_append_c(text, ')');
}

static char *
stored_by(const MeishiImportPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->keys->len; i++)
        append_letter(text, ((MeishiImportKey *)plan->keys->pdata[i])->spki);
    g_string_append_c(text, '/');
    for (guint i = 0; i < plan->certs->len; i++)
        append_cert(text, plan, plan->certs->pdata[i]);
    g_string_append_c(text, '/');
    for (guint i = 0; i < plan->issuers->len; i++)
        append_letter(text, plan->issuers->pdata[i]);
    return g_string_free(text, FALSE);
}

static void
assert_planned(const Row *row, const MeishiImportPlan *plan)
{
    g_autofree char *outcomes = outcomes_of(plan);
    g_autofree char *labels = labels_of(plan);
    g_autofree char *stored = stored_by(plan);

    g_assert_cmpstr(outcomes, ==, row->outcomes);
    g_assert_cmpstr(labels, ==, row->labels);
    g_assert_cmpstr(stored, ==, row->stored);
    g_assert_cmpint(meishi_import_plan_stores(plan), ==, strcmp(row->stored, "//") != 0);
}

static void
test_table(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Case) c = {0};
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiImportPlan) plan = NULL;

        g_test_message("%s", rows[i].name);
        case_init(&c, &rows[i], NULL);
        plan = meishi_import_plan_new(&c.input, &error);
        if (rows[i].outcomes != NULL) {
            g_assert_no_error(error);
            assert_planned(&rows[i], plan);
        } else {
            g_assert_null(plan);
            g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
        }
    }
}

static void
test_friendly_name(void)
{
    const Row row = {.identities = "B", .issuers = "", .files = "aA"};
    g_auto(Case) named = {0};
    g_auto(Case) taken = {0};
    g_autoptr(MeishiImportPlan) by_name = NULL;
    g_autoptr(MeishiImportPlan) by_taken_name = NULL;
    g_autofree char *label = NULL;
    g_autofree char *other_label = NULL;

    case_init(&named, &row, "work \n card");
    case_init(&taken, &row, "Bob");
    by_name = meishi_import_plan_new(&named.input, NULL);
    by_taken_name = meishi_import_plan_new(&taken.input, NULL);
    label = labels_of(by_name);
    other_label = labels_of(by_taken_name);
    g_assert_cmpstr(label, ==, "work  card");
    g_assert_cmpstr(other_label, ==, "Bob (2)");
}

static void
test_one_label_for_two(void)
{
    const Row row = {.identities = "", .issuers = "", .files = "aAb", .label = "Both"};
    g_auto(Case) c = {0};
    g_autoptr(GError) error = NULL;

    case_init(&c, &row, NULL);
    g_assert_null(meishi_import_plan_new(&c.input, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

static void
test_notes(void)
{
    const Row row = {.identities = "", .issuers = "", .files = "aA X"};
    g_auto(Case) c = {0};
    g_autoptr(MeishiImportPlan) plan = NULL;

    case_init(&c, &row, NULL);
    c.sources[1].name = "second";
    g_ptr_array_add(c.sources[1].bundle->notes, g_strdup("A CRL was passed over."));
    plan = meishi_import_plan_new(&c.input, NULL);
    g_assert_cmpuint(plan->notes->len, ==, 1);
    g_assert_cmpstr(plan->notes->pdata[0], ==, "second: A CRL was passed over.");
}

static gboolean
never(const MeishiCert *cert, const MeishiCert *issuer, gpointer unused)
{
    return FALSE;
}

/* A CA that only has the right name is no issuer. */
static void
test_signature_decides(void)
{
    const Row row = {.identities = "", .issuers = "R", .files = "aAS"};
    g_auto(Case) c = {0};
    g_autoptr(MeishiImportPlan) plan = NULL;
    g_autofree char *stored = NULL;

    case_init(&c, &row, NULL);
    c.input.verify = never;
    plan = meishi_import_plan_new(&c.input, NULL);
    stored = stored_by(plan);
    g_assert_cmpstr(stored, ==, "a/A()/");
}

static void
test_too_many(void)
{
    g_autofree char *letters = g_strnfill(MEISHI_IMPORT_PLAN_MAX + 1, 'X');
    const Row row = {.identities = "A", .issuers = "", .files = letters};
    g_auto(Case) c = {0};
    g_autoptr(GError) error = NULL;

    case_init(&c, &row, NULL);
    g_assert_null(meishi_import_plan_new(&c.input, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/import-plan/table", test_table);
    g_test_add_func("/agent/import-plan/friendly-name", test_friendly_name);
    g_test_add_func("/agent/import-plan/one-label-for-two", test_one_label_for_two);
    g_test_add_func("/agent/import-plan/notes", test_notes);
    g_test_add_func("/agent/import-plan/signature-decides", test_signature_decides);
    g_test_add_func("/agent/import-plan/too-many", test_too_many);
    return g_test_run();
}
