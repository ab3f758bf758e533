/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import will do.  A certificate is one of: known already, of a key (new or in the vault),
 * issuer of one that is, or passed over; import-contents.c says which key it belongs to, here is
 * what follows from that.  Nothing that the vault holds is changed by an import, only added to.
 */
#include "daemon/agent/import-plan.h"

#include "daemon/agent/import-contents.h"
#include "daemon/agent/import-issuers.h"
#include "daemon/agent/import-item.h"
#include "daemon/agent/import-label.h"
#include "daemon/agent/import-why.h"
#include "daemon/base/error.h"
#include "daemon/policy/check.h"

typedef struct {
    const MeishiImportInput *input;
    MeishiImportPlan *plan;
    MeishiImportContents *contents;
    GHashTable *labels; /* those that are taken */
    GPtrArray *pool;    /* MeishiCert: everything that may be an issuer; borrowed */
} Work;

static void
import_key_free(MeishiImportKey *key)
{
    meishi_secret_unref(key->pkcs8);
    g_bytes_unref(key->spki);
    g_free(key->label);
    g_free(key);
}

static guint
add_key(Work *work, MeishiFoundKey *found, const char *label)
{
    MeishiImportKey *key;

    if (found->is_planned)
        return found->index;
    key = g_new0(MeishiImportKey, 1);
    key->pkcs8 = meishi_secret_ref(found->bag->pkcs8);
    key->spki = g_bytes_ref(found->bag->public_key->spki);
    key->label = g_strdup(label);
    found->is_planned = TRUE;
    found->index = work->plan->keys->len;
    g_ptr_array_add(work->plan->keys, key);
    return found->index;
}

static GPtrArray *
new_der_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static void
mark_issuers(const Work *work, GPtrArray *issuers)
{
    for (guint i = 0; i < issuers->len; i++) {
        MeishiFoundCert *found =
            meishi_import_contents_find(work->contents, g_ptr_array_index(issuers, i));

        if (found != NULL && found->fate == MEISHI_FATE_PASSED_OVER)
            found->fate = MEISHI_FATE_ISSUER;
    }
}

static void
add_cert(Work *work, const MeishiFoundCert *found, const char *label)
{
    MeishiStoreNewCert *row = g_new0(MeishiStoreNewCert, 1);
    g_autoptr(GPtrArray) issuers =
        meishi_import_issuers_collect(work->input, work->pool, found->bag->cert);

    row->cert.der = g_bytes_ref(found->bag->der);
    row->cert.label = g_strdup(label);
    row->cert.created = work->input->now;
    if (found->fate == MEISHI_FATE_COMPLETES)
        row->cert.key_id = found->identity->key_id;
    else
        row->key_index = add_key(work, found->key, label);
    row->issuers = new_der_array();
    for (guint i = 0; i < issuers->len; i++) {
        const MeishiCert *issuer = g_ptr_array_index(issuers, i);

        g_ptr_array_add(row->issuers, g_bytes_ref(issuer->der));
    }
    mark_issuers(work, issuers);
    g_ptr_array_add(work->plan->certs, row);
}

static void
warn_about(const Work *work, MeishiImportItem *item, MeishiCert *cert)
{
    g_autoptr(GPtrArray) chain = NULL;

    if (cert != NULL) {
        chain = meishi_chain_build(cert, work->pool, work->input->now, work->input->verify,
                                   work->input->verify_data);
        meishi_import_item_set_chain(item, chain);
    }
    meishi_import_item_warn(item, meishi_check_warnings(cert, chain, work->input->now), cert);
}

static void
add_item(Work *work, MeishiImportOutcome outcome, const char *file, MeishiCert *cert,
         const MeishiPublicKey *key, const char *label)
{
    MeishiImportItem *item = meishi_import_item_new(outcome, file, cert, key);

    item->label = g_strdup(label);
    warn_about(work, item, cert);
    g_ptr_array_add(work->plan->items, item);
}

static void
add_cert_item(Work *work, const MeishiFoundCert *found, const char *label)
{
    MeishiCert *cert = found->bag->cert;
    MeishiImportItem *item;

    add_item(work, found->fate == MEISHI_FATE_NEW ? MEISHI_IMPORT_ADDED : MEISHI_IMPORT_COMPLETED,
             found->file, cert, cert->key, label);
    item = g_ptr_array_index(work->plan->items, work->plan->items->len - 1);
    if (found->fate == MEISHI_FATE_COMPLETES && found->identity->cert != NULL)
        item->key_of = g_strdup(found->identity->label);
}

static void
plan_cert(Work *work, const MeishiFoundCert *found)
{
    MeishiCert *cert = found->bag->cert;
    g_autofree char *label = NULL;

    switch (found->fate) {
    case MEISHI_FATE_KNOWN:
        add_item(work, MEISHI_IMPORT_UNCHANGED, found->file, cert, cert->key,
                 found->identity->label);
        break;
    case MEISHI_FATE_NEW:
    case MEISHI_FATE_COMPLETES:
        label = meishi_import_label_take(work->input, work->labels, found, found->key);
        add_cert(work, found, label);
        add_cert_item(work, found, label);
        break;
    default:
        break;
    }
}

static void
plan_bare_key(Work *work, MeishiFoundKey *found)
{
    const MeishiIdentity *identity = found->identity;
    g_autofree char *label = NULL;
    char *why;

    if (found->is_paired)
        return;
    why = meishi_import_why_unmatched(found, work->contents);
    if (why != NULL)
        g_ptr_array_add(work->plan->warnings, why);
    if (identity != NULL) {
        add_item(work, MEISHI_IMPORT_UNCHANGED, found->file, identity->cert, identity->key,
                 identity->label);
        return;
    }
    label = meishi_import_label_take(work->input, work->labels, NULL, found);
    (void)add_key(work, found, label);
    add_item(work, MEISHI_IMPORT_KEY_ADDED, found->file, NULL, found->bag->public_key, label);
}

/* New links for the chains of identities that are in the vault already. */
static void
plan_issuers_of_old(Work *work)
{
    for (guint i = 0; i < work->input->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(work->input->identities, i);
        g_autoptr(GPtrArray) issuers = NULL;

        if (identity->cert == NULL)
            continue;
        issuers = meishi_import_issuers_collect(work->input, work->pool, identity->cert);
        mark_issuers(work, issuers);
        for (guint j = 0; j < issuers->len; j++) {
            const MeishiCert *issuer = g_ptr_array_index(issuers, j);

            if (meishi_import_contents_find(work->contents, issuer) != NULL &&
                !meishi_import_issuers_is_stored(work->input, issuer) &&
                !g_ptr_array_find_with_equal_func(work->plan->issuers, issuer->der, g_bytes_equal,
                                                  NULL))
                g_ptr_array_add(work->plan->issuers, g_bytes_ref(issuer->der));
        }
    }
}

static void
report_others(Work *work)
{
    for (guint i = 0; i < work->contents->certs->len; i++) {
        const MeishiFoundCert *found = g_ptr_array_index(work->contents->certs, i);
        MeishiCert *cert = found->bag->cert;
        MeishiImportOutcome outcome = MEISHI_IMPORT_PASSED_OVER;
        MeishiImportItem *item;

        if (found->fate != MEISHI_FATE_ISSUER && found->fate != MEISHI_FATE_PASSED_OVER)
            continue;
        if (meishi_import_issuers_is_stored(work->input, cert))
            outcome = MEISHI_IMPORT_UNCHANGED;
        else if (found->fate == MEISHI_FATE_ISSUER)
            outcome = MEISHI_IMPORT_ISSUER;
        item = meishi_import_item_new(outcome, found->file, cert, NULL);
        item->label = g_strdup(cert->subject_cn != NULL ? cert->subject_cn : cert->subject_text);
        if (outcome == MEISHI_IMPORT_PASSED_OVER)
            meishi_import_item_say(
                item, meishi_import_why_passed_over(found, work->contents, &item->reason));
        g_ptr_array_add(work->plan->items, item);
    }
}

static void
plan_all(Work *work)
{
    MeishiImportContents *contents = work->contents;

    for (guint i = 0; i < contents->certs->len; i++)
        plan_cert(work, g_ptr_array_index(contents->certs, i));
    plan_issuers_of_old(work);
    for (guint i = 0; i < contents->keys->len; i++)
        plan_bare_key(work, g_ptr_array_index(contents->keys, i));
    report_others(work);
}

/* Sentences about files; which file, where there are several. */
static void
copy_notes(Work *work)
{
    for (gsize i = 0; i < work->input->n_sources; i++) {
        const MeishiImportSource *source = &work->input->sources[i];

        for (guint j = 0; j < source->bundle->notes->len; j++) {
            const char *note = g_ptr_array_index(source->bundle->notes, j);

            g_ptr_array_add(work->plan->notes, work->input->n_sources == 1
                                                   ? g_strdup(note)
                                                   : g_strdup_printf("%s: %s", source->name, note));
        }
    }
}

static gboolean
check_any_use(const Work *work, GError **error)
{
    g_autofree char *why = NULL;

    for (guint i = 0; i < work->plan->items->len; i++) {
        const MeishiImportItem *item = g_ptr_array_index(work->plan->items, i);

        if (item->outcome != MEISHI_IMPORT_PASSED_OVER)
            return TRUE;
    }
    why = meishi_import_why_nothing(work->input, work->contents);
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, why);
    return FALSE;
}

/* Where something is stored a mismatch is a warning, where nothing is the reason. */
static gboolean
check_match(const MeishiImportPlan *plan, GError **error)
{
    if (plan->warnings->len == 0 || meishi_import_plan_stores(plan))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_KEY_MISMATCH, "Nothing was imported. %s",
                (const char *)g_ptr_array_index(plan->warnings, 0));
    return FALSE;
}

static MeishiImportPlan *
new_plan(void)
{
    MeishiImportPlan *plan = g_new0(MeishiImportPlan, 1);

    plan->keys = g_ptr_array_new_with_free_func((GDestroyNotify)import_key_free);
    plan->certs = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_new_cert_free);
    plan->issuers = new_der_array();
    plan->items = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_item_free);
    plan->warnings = g_ptr_array_new_with_free_func(g_free);
    plan->notes = g_ptr_array_new_with_free_func(g_free);
    return plan;
}

void
meishi_import_plan_free(MeishiImportPlan *plan)
{
    if (plan == NULL)
        return;
    g_ptr_array_unref(plan->keys);
    g_ptr_array_unref(plan->certs);
    g_ptr_array_unref(plan->issuers);
    g_ptr_array_unref(plan->items);
    g_ptr_array_unref(plan->warnings);
    g_ptr_array_unref(plan->notes);
    g_free(plan);
}

static gboolean
check_amount(const MeishiImportInput *input, GError **error)
{
    guint n = 0;

    for (gsize i = 0; i < input->n_sources; i++)
        n += input->sources[i].bundle->certs->len + input->sources[i].bundle->keys->len;
    if (n <= MEISHI_IMPORT_PLAN_MAX)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                "There are more than %d certificates and keys in what was given; import the files "
                "that hold yours.",
                MEISHI_IMPORT_PLAN_MAX);
    return FALSE;
}

MeishiImportPlan *
meishi_import_plan_new(const MeishiImportInput *input, GError **error)
{
    g_autoptr(MeishiImportPlan) plan = new_plan();
    g_autoptr(MeishiImportContents) contents = NULL;
    g_autoptr(GHashTable) labels = NULL;
    g_autoptr(GPtrArray) pool = NULL;
    Work work;

    if (!check_amount(input, error))
        return NULL;
    contents = meishi_import_contents_new(input);
    if (!meishi_import_label_check(input, contents, error))
        return NULL;
    labels = meishi_import_label_taken(input);
    pool = meishi_import_issuers_pool(input, contents);
    work = (Work){input, plan, contents, labels, pool};
    plan_all(&work);
    copy_notes(&work);
    plan->n_file_notes = plan->notes->len;
    if (!check_any_use(&work, error) || !check_match(plan, error))
        return NULL;
    return g_steal_pointer(&plan);
}

gboolean
meishi_import_plan_stores(const MeishiImportPlan *plan)
{
    return plan->keys->len > 0 || plan->certs->len > 0 || plan->issuers->len > 0;
}
