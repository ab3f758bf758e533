/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Brings the identities of the vault and the certificates of a plan before lineage-settle.c, and
 * the result into the plan's rows, which are stored in one transaction.
 */
#include "daemon/agent/import-lineage.h"

#include "daemon/agent/hex.h"
#include "daemon/agent/lineage-settle.h"
#include "daemon/crypto/crypto.h"

typedef struct {
    GPtrArray *members; /* MeishiLineageMember */
    GPtrArray *rows;    /* MeishiStoreNewCert of the new ones, in their order */
    GPtrArray *issuers; /* MeishiCert: those in the plan */
} Family;

static void
free_member(gpointer data)
{
    MeishiLineageMember *member = data;

    meishi_candidate_free(member->candidate);
    g_free(member);
}

static void
family_init(Family *family)
{
    family->members = g_ptr_array_new_with_free_func(free_member);
    family->rows = g_ptr_array_new();
    family->issuers = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
}

static void
family_clear(Family *family)
{
    g_ptr_array_unref(family->members);
    g_ptr_array_unref(family->rows);
    g_ptr_array_unref(family->issuers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Family, family_clear)

static MeishiLineageMember *
add_member(Family *family, const char *label, MeishiCert *cert)
{
    g_autofree char *id = meishi_hex_encode(cert->sha256, sizeof cert->sha256);
    MeishiLineageMember *member = g_new0(MeishiLineageMember, 1);

    member->candidate = meishi_candidate_new(id, label, cert);
    g_ptr_array_add(family->members, member);
    return member;
}

static void
add_identity(Family *family, const MeishiIdentity *identity)
{
    MeishiLineageMember *member;

    if (identity->cert == NULL)
        return;
    member = add_member(family, identity->label, identity->cert);
    member->issuer = identity->chain->len > 0 ? g_ptr_array_index(identity->chain, 0) : NULL;
    g_free(member->candidate->lineage);
    member->candidate->lineage = g_strdup(identity->lineage);
    member->candidate->superseded_by = g_strdup(identity->superseded_by);
}

/* What was read once is read again without trouble. */
static MeishiCert *
parse(GBytes *der)
{
    return meishi_x509_parse(der, NULL);
}

/* The plan has the certificate's own issuers first. */
static const MeishiCert *
add_issuers(Family *family, GPtrArray *ders)
{
    const MeishiCert *first = NULL;

    for (guint i = 0; i < ders->len; i++) {
        MeishiCert *issuer = parse(g_ptr_array_index(ders, i));

        if (issuer == NULL)
            continue;
        g_ptr_array_add(family->issuers, issuer);
        if (i == 0)
            first = issuer;
    }
    return first;
}

static void
add_planned(Family *family, MeishiStoreNewCert *row)
{
    g_autoptr(MeishiCert) cert = parse(row->cert.der);
    MeishiLineageMember *member;

    if (cert == NULL)
        return;
    member = add_member(family, row->cert.label, cert);
    member->is_new = TRUE;
    g_ptr_array_add(family->rows, row);
    member->issuer = add_issuers(family, row->issuers);
}

/* For the conditions of rules; NULL where no rule speaks of renewals. */
static MeishiInventory *
make_inventory(const Family *family, const MeishiImportInput *input, const MeishiPolicySet *policy)
{
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();
    g_autoptr(GPtrArray) authorities = g_ptr_array_new();

    if (!meishi_lineage_settle_needs_rules(policy))
        return NULL;
    for (guint i = 0; i < family->members->len; i++)
        g_ptr_array_add(candidates,
                        ((MeishiLineageMember *)g_ptr_array_index(family->members, i))->candidate);
    g_ptr_array_extend(authorities, input->issuers, NULL, NULL);
    g_ptr_array_extend(authorities, family->issuers, NULL, NULL);
    return meishi_inventory_new(candidates, authorities, input->verify, input->verify_data);
}

/* A lineage of its own needs no row. */
static void
write_lineages(const Family *family)
{
    guint n = 0;

    for (guint i = 0; i < family->members->len; i++) {
        const MeishiLineageMember *member = g_ptr_array_index(family->members, i);
        MeishiStoreNewCert *row;

        if (!member->is_new)
            continue;
        row = g_ptr_array_index(family->rows, n++);
        if (!g_str_equal(member->candidate->lineage, member->candidate->id))
            row->lineage = g_strdup(member->candidate->lineage);
    }
}

/* The report's lines are found by the certificate that they are about. */
static void
write_items(const Family *family, GPtrArray *items)
{
    for (guint i = 0; i < family->members->len; i++) {
        const MeishiLineageMember *member = g_ptr_array_index(family->members, i);

        for (guint j = 0; member->is_new && j < items->len; j++) {
            MeishiImportItem *item = g_ptr_array_index(items, j);

            if (!g_str_equal(item->id, member->candidate->id))
                continue;
            item->renews = g_strdup(member->renews);
            item->may_renew = g_strdup(member->renews == NULL ? member->may_renew : NULL);
        }
    }
}

void
meishi_import_lineage_plan(const MeishiImportInput *input, const MeishiPolicySet *policy,
                           MeishiImportPlan *plan)
{
    g_auto(Family) family;
    g_autoptr(MeishiInventory) inventory = NULL;
    MeishiLineageCase settled;

    family_init(&family);
    if (plan->certs->len == 0)
        return;
    for (guint i = 0; i < input->identities->len; i++)
        add_identity(&family, g_ptr_array_index(input->identities, i));
    for (guint i = 0; i < plan->certs->len; i++)
        add_planned(&family, g_ptr_array_index(plan->certs, i));
    inventory = make_inventory(&family, input, policy);
    settled = (MeishiLineageCase){family.members, inventory, policy, input->now};
    meishi_lineage_settle(&settled, plan->notes);
    write_lineages(&family);
    write_items(&family, plan->items);
}
