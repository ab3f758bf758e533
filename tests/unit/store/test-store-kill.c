/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A process that imports, renames and removes as fast as it can and is killed at any moment.  What
 * it had confirmed is there afterwards, the change under way is there whole or not at all.
 *
 * Both processes know the same sequence of changes (the seed is fixed), so all that passes between
 * them is one byte per confirmed change.
 */
#include "tests/unit/store/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS      300
#define MAX_SECONDS 15 /* of a slow disk */
#define MIN_ROUNDS  20
#define FIRST_DELAY 3000 /* microseconds: some die while they open the store */

/* What the store should hold: the label of each certificate by its number.  Certificates come in
 * families of two with an issuer of their own in common. */
typedef struct {
    GTree *labels;
    guint n_changes; /* so far; decides what comes next */
    guint next;      /* number for the next certificate */
} Model;

static int
compare(gconstpointer a, gconstpointer b, gpointer data)
{
    return GPOINTER_TO_INT(a) - GPOINTER_TO_INT(b);
}

static GTree *
new_labels(void)
{
    return g_tree_new_full(compare, NULL, NULL, g_free);
}

static gboolean
copy_label(gpointer n, gpointer label, gpointer copy)
{
    g_tree_insert(copy, n, g_strdup(label));
    return FALSE;
}

static Model
model_copy(const Model *model)
{
    Model copy = *model;

    copy.labels = new_labels();
    g_tree_foreach(model->labels, copy_label, copy.labels);
    return copy;
}

static gboolean
append_label(gpointer n, gpointer label, gpointer text)
{
    g_string_append_printf(text, "%d %s\n", GPOINTER_TO_INT(n), (char *)label);
    return FALSE;
}

static char *
model_describe(const Model *model)
{
    GString *text = g_string_new(NULL);

    g_tree_foreach(model->labels, append_label, text);
    return g_string_free(text, FALSE);
}

/* ---- changes ------------------------------------------------------------------------------- */

typedef struct {
    enum { IMPORT, RENAME, REMOVE } what;
    guint n; /* the certificate; the first of two to import */
    char label[32];
} Step;

static gboolean
take_nth(gpointer n, gpointer label, gpointer data)
{
    int *left = data;

    if (left[0]-- > 0)
        return FALSE;
    left[1] = GPOINTER_TO_INT(n);
    return TRUE;
}

/* The next change, which depends on the model alone. */
static Step
next_step(const Model *model)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(model->n_changes + 1);
    int n_there = g_tree_nnodes(model->labels);
    int pick[2] = {n_there > 0 ? g_rand_int_range(rand, 0, n_there) : 0, 0};
    Step step = {.what = IMPORT, .n = model->next};

    g_snprintf(step.label, sizeof step.label, "change %u", model->n_changes);
    if (n_there == 0 || (n_there < 40 && g_rand_int_range(rand, 0, 3) == 0))
        return step;
    g_tree_foreach(model->labels, take_nth, pick);
    step.n = (guint)pick[1];
    step.what = g_rand_boolean(rand) ? RENAME : REMOVE;
    return step;
}

static void
model_apply(Model *model, const Step *step)
{
    gpointer n = GUINT_TO_POINTER(step->n);

    model->n_changes++;
    if (step->what == REMOVE) {
        g_tree_remove(model->labels, n);
        return;
    }
    g_tree_replace(model->labels, n, g_strdup(step->label));
    if (step->what == IMPORT) {
        g_tree_replace(model->labels, GUINT_TO_POINTER(step->n + 1), g_strdup(step->label));
        model->next += 2;
    }
}

static gboolean
store_import(MeishiStore *store, const Step *step)
{
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();

    for (guint i = 0; i < 2; i++) {
        MeishiStoreNewCert *cert = sample_cert(step->n + i, i, step->n, 1);

        g_free(cert->cert.label);
        cert->cert.label = g_strdup(step->label);
        g_ptr_array_add(keys, sample_key(step->n + i));
        g_ptr_array_add(certs, cert);
    }
    return meishi_store_import(store, keys, certs, NULL, NULL);
}

/* The row whose certificate is "cert N". */
static gint64
find_row(MeishiStore *store, guint n)
{
    g_autoptr(GPtrArray) certs = meishi_store_list_certs(store, NULL);
    g_autoptr(GBytes) der = sample_bytes("cert", n);

    for (guint i = 0; certs != NULL && i < certs->len; i++) {
        const MeishiStoreCert *cert = g_ptr_array_index(certs, i);

        if (g_bytes_equal(cert->der, der))
            return cert->id;
    }
    return 0;
}

static gboolean
store_apply(MeishiStore *store, const Step *step)
{
    if (step->what == IMPORT)
        return store_import(store, step);
    if (step->what == RENAME)
        return meishi_store_rename_cert(store, find_row(store, step->n), step->label, NULL);
    return meishi_store_remove_cert(store, find_row(store, step->n), NULL);
}

/* ---- the process that dies ----------------------------------------------------------------- */

static void
change_until_killed(const Fixture *fixture, const Model *from, int confirm_fd)
{
    Model model = model_copy(from);
    MeishiStore *store = meishi_store_open(fixture->dir, NULL);

    for (;;) {
        Step step = next_step(&model);

        if (store == NULL || !store_apply(store, &step))
            _exit(1); /* and the parent sees that it was not the signal */
        model_apply(&model, &step);
        if (write(confirm_fd, "x", 1) != 1)
            _exit(2);
    }
}

/* Waits for a few confirmations, and then for as long as one more may take on this machine. */
static guint
wait_for_moment(int confirm_fd)
{
    guint n_wanted = (guint)g_test_rand_int_range(0, 5);
    gint64 since = g_get_monotonic_time();
    guint n = 0;
    char byte;

    while (n < n_wanted && read(confirm_fd, &byte, 1) == 1)
        n++;
    g_assert_cmpuint(n, ==, n_wanted);
    if (n > 0)
        g_usleep((gulong)(g_test_rand_double() * 2 * (g_get_monotonic_time() - since) / n));
    else
        g_usleep((gulong)g_test_rand_int_range(0, FIRST_DELAY));
    return n;
}

/* Starts it and kills it; returns how many changes it confirmed. */
static guint
run_and_kill(const Fixture *fixture, const Model *model)
{
    char confirmed[4096];
    guint n_confirmed;
    gssize n;
    int fds[2], status;
    pid_t pid;

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        change_until_killed(fixture, model, fds[1]);
    close(fds[1]);
    n_confirmed = wait_for_moment(fds[0]);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    while ((n = read(fds[0], confirmed, sizeof confirmed)) > 0)
        n_confirmed += (guint)n;
    close(fds[0]);
    return n_confirmed;
}

/* ---- what is left -------------------------------------------------------------------------- */

static guint
family_of(const char *kind, GBytes *bytes)
{
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    g_assert_true(g_str_has_prefix(text, kind));
    return (guint)g_ascii_strtoull(text + strlen(kind) + 1, NULL, 10);
}

/* Each certificate has its own key, each family its issuer, and there is nothing else. */
static void
assert_nothing_half_done(MeishiStore *store, GPtrArray *certs)
{
    g_autoptr(GPtrArray) keys = meishi_store_list_keys(store, NULL);
    g_autoptr(GPtrArray) issuers = meishi_store_list_issuers(store, NULL);
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) families = g_hash_table_new(NULL, NULL);

    g_assert_cmpuint(keys->len, ==, certs->len);
    for (guint i = 0; i < certs->len; i++) {
        const MeishiStoreCert *cert = g_ptr_array_index(certs, i);
        const MeishiStoreKey *key = g_ptr_array_index(keys, i);
        guint n = family_of("cert", cert->der);

        g_assert_cmpint(cert->key_id, ==, key->id);
        g_assert_cmpuint(family_of("sealed", key->sealed), ==, n);
        g_hash_table_add(families, GUINT_TO_POINTER(n - n % 2));
    }
    g_assert_cmpuint(issuers->len, ==, g_hash_table_size(families));
    g_assert_true(meishi_store_check(store, findings, NULL));
    g_assert_cmpuint(findings->len, ==, 0);
}

static char *
describe_found(MeishiStore *store)
{
    g_autoptr(GPtrArray) certs = meishi_store_list_certs(store, NULL);
    g_autoptr(GTree) labels = new_labels();
    const Model found = {.labels = labels};

    g_assert_nonnull(certs);
    assert_nothing_half_done(store, certs);
    for (guint i = 0; i < certs->len; i++) {
        const MeishiStoreCert *cert = g_ptr_array_index(certs, i);

        g_tree_insert(labels, GUINT_TO_POINTER(family_of("cert", cert->der)),
                      g_strdup(cert->label));
    }
    return model_describe(&found);
}

/* Brings @model to what is in the store: the confirmed changes, and perhaps one more. */
static void
catch_up(Fixture *fixture, Model *model, guint n_confirmed)
{
    g_autofree char *found = NULL;
    g_autofree char *confirmed = NULL;
    g_autofree char *one_more = NULL;
    Step step;

    fixture_reopen(fixture);
    found = describe_found(fixture->store);
    g_clear_pointer(&fixture->store, meishi_store_close);
    for (guint i = 0; i < n_confirmed; i++) {
        step = next_step(model);
        model_apply(model, &step);
    }
    confirmed = model_describe(model);
    if (g_str_equal(found, confirmed))
        return;
    step = next_step(model);
    model_apply(model, &step);
    one_more = model_describe(model);
    g_assert_cmpstr(found, ==, one_more);
}

static void
test_kill(Fixture *fixture, gconstpointer data)
{
    Model model = {.labels = new_labels(), .next = 2};
    gint64 end = g_get_monotonic_time() + MAX_SECONDS * G_USEC_PER_SEC;
    guint round = 0;

    g_clear_pointer(&fixture->store, meishi_store_close);
    for (; round < ROUNDS && (round < MIN_ROUNDS || g_get_monotonic_time() < end); round++)
        catch_up(fixture, &model, run_and_kill(fixture, &model));
    g_test_message("killed %u times during %u changes", round, model.n_changes);
    g_assert_cmpuint(model.n_changes, >, round); /* it did work in between */
    g_tree_unref(model.labels);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/store/kill/at-any-moment", Fixture, NULL, fixture_set_up_vault, test_kill,
               fixture_tear_down);
    return g_test_run();
}
