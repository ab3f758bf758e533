/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import will do.  A certificate is one of: known already, of a key (new or in the vault),
 * issuer of one that is, or passed over; import-contents.c says which key it belongs to, here is
 * what follows from that.  Nothing that the vault holds is changed by an import, only added to.
 */
#include "daemon/agent/import-plan.h"

#include "daemon/agent/import-contents.h"
#include "daemon/agent/import-item.h"
#include "daemon/agent/import-why.h"
#include "daemon/agent/label.h"
#include "daemon/base/error.h"
#include "daemon/policy/check.h"

#define MAX_ISSUERS 20 /* per identity, as in policy/chain.c */

typedef struct {
    const MeishiImportInput *input;
    MeishiImportPlan *plan;
    MeishiImportContents *contents;
    GHashTable *labels; /* those that are taken */
    GPtrArray *pool;    /* MeishiCert: everything that may be an issuer; borrowed */
} Work;

/* ---- issuers ------------------------------------------------------------------------------ */

static gboolean
is_stored_issuer(const Work *work, const MeishiCert *cert)
{
    for (guint i = 0; i < work->input->issuers->len; i++) {
        if (meishi_import_contents_is_same(g_ptr_array_index(work->input->issuers, i), cert))
            return TRUE;
    }
    return FALSE;
}

/* Everything in the pool that, link by link, certifies @leaf: more than one chain where CAs are
 * cross-certified, since which one a server wants is not for the import to know. */
static GPtrArray *
collect_issuers(const Work *work, const MeishiCert *leaf)
{
    GPtrArray *issuers = g_ptr_array_new();
    const MeishiCert *cert = leaf;

    for (guint next = 0; cert != NULL; next++) {
        for (guint i = 0; !cert->is_self_signed && i < work->pool->len; i++) {
            MeishiCert *candidate = g_ptr_array_index(work->pool, i);

            if (issuers->len < MAX_ISSUERS && meishi_chain_is_link(cert, candidate) &&
                !meishi_import_contents_is_same(candidate, leaf) &&
                !g_ptr_array_find(issuers, candidate, NULL) &&
                work->input->verify(cert, candidate, work->input->verify_data))
                g_ptr_array_add(issuers, candidate);
        }
        cert = next < issuers->len ? g_ptr_array_index(issuers, next) : NULL;
    }
    return issuers;
}

static gboolean
pool_has(const Work *work, const MeishiCert *cert)
{
    for (guint i = 0; i < work->pool->len; i++) {
        if (meishi_import_contents_is_same(g_ptr_array_index(work->pool, i), cert))
            return TRUE;
    }
    return FALSE;
}

static void
pool_add(Work *work, MeishiCert *cert)
{
    if (cert != NULL && !pool_has(work, cert))
        g_ptr_array_add(work->pool, cert);
}

static void
fill_pool(Work *work)
{
    for (guint i = 0; i < work->input->issuers->len; i++)
        pool_add(work, g_ptr_array_index(work->input->issuers, i));
    for (guint i = 0; i < work->contents->certs->len; i++) {
        const MeishiFoundCert *found = g_ptr_array_index(work->contents->certs, i);

        pool_add(work, found->bag->cert);
    }
    for (guint i = 0; i < work->input->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(work->input->identities, i);

        pool_add(work, identity->cert);
    }
}

/* ---- labels ------------------------------------------------------------------------------- */

static char *
label_of_key(const MeishiPublicKey *key)
{
    return g_strdup_printf("%s key", key->text);
}

/* Whether somebody chose the label of a bare key, or we made it up. */
static gboolean
is_chosen(const MeishiIdentity *identity)
{
    g_autofree char *made_up = label_of_key(identity->key);

    return !g_str_has_prefix(identity->label, made_up);
}

static gboolean
is_empty(const char *text)
{
    return text == NULL || *text == '\0';
}

static char *
wish_for(const Work *work, const MeishiFoundCert *cert, const MeishiFoundKey *key)
{
    const MeishiIdentity *bare =
        cert != NULL && cert->identity != NULL && cert->identity->cert == NULL ? cert->identity
                                                                               : NULL;

    if (work->input->label != NULL)
        return g_strdup(work->input->label);
    if (bare != NULL && is_chosen(bare))
        return g_strdup(bare->label);
    if (cert != NULL && !is_empty(cert->bag->friendly_name))
        return g_strdup(cert->bag->friendly_name);
    if (key != NULL && !is_empty(key->bag->friendly_name))
        return g_strdup(key->bag->friendly_name);
    if (cert != NULL && !is_empty(cert->bag->cert->subject_cn))
        return g_strdup(cert->bag->cert->subject_cn);
    if (cert != NULL && !is_empty(cert->bag->cert->subject_text))
        return g_strdup(cert->bag->cert->subject_text);
    return label_of_key(key != NULL ? key->bag->public_key : cert->bag->cert->key);
}

static char *
take_label(Work *work, const MeishiFoundCert *cert, const MeishiFoundKey *key)
{
    g_autofree char *wish = wish_for(work, cert, key);
    char *label;

    if (cert != NULL && cert->identity != NULL && cert->identity->cert == NULL)
        g_hash_table_remove(work->labels, cert->identity->label); /* it goes with the bare key */
    label = meishi_label_unique(wish, work->labels);
    g_hash_table_add(work->labels, g_strdup(label));
    return label;
}

static gboolean
check_single_label(const Work *work, GError **error)
{
    guint n = 0;

    for (guint i = 0; i < work->contents->certs->len; i++) {
        const MeishiFoundCert *found = g_ptr_array_index(work->contents->certs, i);

        n += found->fate == MEISHI_FATE_NEW || found->fate == MEISHI_FATE_COMPLETES;
    }
    for (guint i = 0; i < work->contents->keys->len; i++) {
        const MeishiFoundKey *found = g_ptr_array_index(work->contents->keys, i);

        n += !found->is_paired && found->identity == NULL;
    }
    if (work->input->label == NULL || n <= 1)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "One label was given, but the import holds %u identities; import them without it "
                "and use `meishi rename`.",
                n);
    return FALSE;
}

/* ---- the plan ----------------------------------------------------------------------------- */

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
    g_autoptr(GPtrArray) issuers = collect_issuers(work, found->bag->cert);

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

    if (cert != NULL)
        chain = meishi_chain_build(cert, work->pool, work->input->now, work->input->verify,
                                   work->input->verify_data);
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
        label = take_label(work, found, found->key);
        add_cert(work, found, label);
        add_item(work,
                 found->fate == MEISHI_FATE_NEW ? MEISHI_IMPORT_ADDED : MEISHI_IMPORT_COMPLETED,
                 found->file, cert, cert->key, label);
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
    g_autofree char *why = NULL;

    if (found->is_paired)
        return;
    if (identity != NULL) {
        add_item(work, MEISHI_IMPORT_UNCHANGED, found->file, identity->cert, identity->key,
                 identity->label);
        return;
    }
    label = take_label(work, NULL, found);
    (void)add_key(work, found, label);
    add_item(work, MEISHI_IMPORT_KEY_ADDED, found->file, NULL, found->bag->public_key, label);
    why = meishi_import_why_unmatched(found, work->contents);
    if (why != NULL)
        meishi_import_item_say(g_ptr_array_index(work->plan->items, work->plan->items->len - 1),
                               g_steal_pointer(&why));
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
        issuers = collect_issuers(work, identity->cert);
        mark_issuers(work, issuers);
        for (guint j = 0; j < issuers->len; j++) {
            const MeishiCert *issuer = g_ptr_array_index(issuers, j);

            if (meishi_import_contents_find(work->contents, issuer) != NULL &&
                !is_stored_issuer(work, issuer) &&
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
        if (is_stored_issuer(work, cert))
            outcome = MEISHI_IMPORT_UNCHANGED;
        else if (found->fate == MEISHI_FATE_ISSUER)
            outcome = MEISHI_IMPORT_ISSUER;
        item = meishi_import_item_new(outcome, found->file, cert, NULL);
        item->label = g_strdup(cert->subject_cn != NULL ? cert->subject_cn : cert->subject_text);
        if (outcome == MEISHI_IMPORT_PASSED_OVER)
            meishi_import_item_say(item, meishi_import_why_passed_over(found, work->contents));
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

static MeishiImportPlan *
new_plan(void)
{
    MeishiImportPlan *plan = g_new0(MeishiImportPlan, 1);

    plan->keys = g_ptr_array_new_with_free_func((GDestroyNotify)import_key_free);
    plan->certs = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_new_cert_free);
    plan->issuers = new_der_array();
    plan->items = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_item_free);
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
    g_ptr_array_unref(plan->notes);
    g_free(plan);
}

static GHashTable *
labels_of(GPtrArray *identities)
{
    GHashTable *labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(identities, i);

        g_hash_table_add(labels, g_strdup(identity->label));
    }
    return labels;
}

MeishiImportPlan *
meishi_import_plan_new(const MeishiImportInput *input, GError **error)
{
    g_autoptr(MeishiImportPlan) plan = new_plan();
    g_autoptr(MeishiImportContents) contents = meishi_import_contents_new(input);
    g_autoptr(GHashTable) labels = labels_of(input->identities);
    g_autoptr(GPtrArray) pool = g_ptr_array_new();
    Work work = {input, plan, contents, labels, pool};

    if (!check_single_label(&work, error))
        return NULL;
    fill_pool(&work);
    plan_all(&work);
    copy_notes(&work);
    return check_any_use(&work, error) ? g_steal_pointer(&plan) : NULL;
}

gboolean
meishi_import_plan_stores(const MeishiImportPlan *plan)
{
    return plan->keys->len > 0 || plan->certs->len > 0 || plan->issuers->len > 0;
}
