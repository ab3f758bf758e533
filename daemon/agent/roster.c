/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From rows to identities.  Everything is derived anew at each build, certificates and verified
 * signatures out of memory; there is no second copy of the store's state that could disagree with
 * it.  A damaged row costs its own identity and no other.
 */
#include "daemon/agent/roster.h"

#include "daemon/agent/label.h"
#include "daemon/agent/lineage-book.h"
#include "daemon/crypto/crypto.h"
#include "daemon/policy/chain.h"
#include "daemon/policy/check.h"
#include "daemon/token/uri.h"

#include <string.h>

#define SOON_SECONDS (30 * G_GINT64_CONSTANT(86400))

struct MeishiRoster {
    GHashTable *parsed;   /* GBytes DER -> MeishiCert */
    GHashTable *verified; /* GBytes of two SHA-256 -> GINT_TO_POINTER(verdict + 1) */
    GPtrArray *issuers;   /* MeishiCert, of the last build */
};

static GPtrArray *
new_cert_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
}

MeishiRoster *
meishi_roster_new(void)
{
    MeishiRoster *roster = g_new0(MeishiRoster, 1);

    roster->parsed =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                              (GDestroyNotify)meishi_cert_unref);
    roster->verified =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    roster->issuers = new_cert_array();
    return roster;
}

void
meishi_roster_free(MeishiRoster *roster)
{
    if (roster == NULL)
        return;
    g_hash_table_unref(roster->parsed);
    g_hash_table_unref(roster->verified);
    g_ptr_array_unref(roster->issuers);
    g_free(roster);
}

GPtrArray *
meishi_roster_issuers(MeishiRoster *roster)
{
    return roster->issuers;
}

gboolean
meishi_roster_verify(const MeishiCert *cert, const MeishiCert *issuer, gpointer roster)
{
    GHashTable *verified = ((MeishiRoster *)roster)->verified;
    guint8 pair[2 * MEISHI_SHA256_LEN];
    g_autoptr(GBytes) key = NULL;
    gboolean verdict;
    int known;

    memcpy(pair, cert->sha256, MEISHI_SHA256_LEN);
    memcpy(pair + MEISHI_SHA256_LEN, issuer->sha256, MEISHI_SHA256_LEN);
    key = g_bytes_new(pair, sizeof pair);
    known = GPOINTER_TO_INT(g_hash_table_lookup(verified, key));
    if (known != 0)
        return known - 1;
    verdict = meishi_x509_is_issued_by(cert, issuer, NULL);
    g_hash_table_insert(verified, g_steal_pointer(&key), GINT_TO_POINTER(verdict + 1));
    return verdict;
}

static void
report(GPtrArray *findings, const char *what, gint64 id, const char *why)
{
    if (findings != NULL)
        g_ptr_array_add(findings, g_strdup_printf("The %s with the number %" G_GINT64_FORMAT
                                                  " in the store is left out: %s",
                                                  what, id, why));
}

static MeishiCert *
parse_cert(MeishiRoster *roster, GBytes *der, const char *what, gint64 id, GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    MeishiCert *cert = g_hash_table_lookup(roster->parsed, der);

    if (cert != NULL)
        return meishi_cert_ref(cert);
    cert = meishi_x509_parse(der, &error);
    if (cert == NULL)
        report(findings, what, id, error->message);
    else
        g_hash_table_insert(roster->parsed, g_bytes_ref(der), meishi_cert_ref(cert));
    return cert;
}

static void
read_issuers(MeishiRoster *roster, const MeishiRosterRows *rows, GPtrArray *findings)
{
    guint n_on_tokens = rows->token_issuers != NULL ? rows->token_issuers->len : 0;

    g_ptr_array_set_size(roster->issuers, 0);
    for (guint i = 0; i < n_on_tokens; i++)
        g_ptr_array_add(roster->issuers, meishi_cert_ref(rows->token_issuers->pdata[i]));
    for (guint i = 0; i < rows->issuers->len; i++) {
        const MeishiStoreIssuer *row = g_ptr_array_index(rows->issuers, i);
        MeishiCert *cert = parse_cert(roster, row->der, "issuer certificate", row->id, findings);

        if (cert != NULL)
            g_ptr_array_add(roster->issuers, cert);
    }
}

static void
choose_token(MeishiIdentity *identity)
{
    const MeishiPublicKey *key = identity->key;
    gboolean is_edwards = key->type == MEISHI_KEY_ED25519 || key->type == MEISHI_KEY_ED448;

    identity->token_label = is_edwards ? MEISHI_TOKEN_LABEL_EDDSA : MEISHI_TOKEN_LABEL;
}

/* The id alone as long as it says which: it outlives another label.  Certificates of one key have
 * one id, and only their labels tell them apart. */
static void
name_identities(GPtrArray *identities)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);
        gpointer n = g_hash_table_lookup(counts, &identity->key_id);

        g_hash_table_insert(counts, &identity->key_id, GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
    }
    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);
        gpointer n = g_hash_table_lookup(counts, &identity->key_id);

        identity->uri = meishi_uri_format(identity->token_label, identity->key->key_id,
                                          sizeof identity->key->key_id,
                                          GPOINTER_TO_UINT(n) > 1 ? identity->label : NULL);
    }
}

static MeishiIdentity *
identity_with_cert(MeishiRoster *roster, const MeishiStoreKey *key, const MeishiStoreCert *row,
                   MeishiCert *cert, gint64 now)
{
    MeishiIdentity *identity = g_new0(MeishiIdentity, 1);

    identity->refs = 1;
    identity->cert_id = row->id;
    identity->key_id = key->id;
    identity->label = g_strdup(row->label);
    identity->cert = meishi_cert_ref(cert);
    identity->key = cert->key;
    identity->chain = meishi_chain_build(cert, roster->issuers, now, meishi_roster_verify, roster);
    identity->warnings = meishi_check_warnings(cert, identity->chain, now);
    identity->allow_raw = key->allow_raw;
    identity->created = row->created;
    identity->is_in_vault = TRUE;
    choose_token(identity);
    return identity;
}

static MeishiIdentity *
identity_without_cert(const MeishiStoreKey *row, GPtrArray *findings)
{
    g_autoptr(GError) error = NULL;
    MeishiPublicKey *key = meishi_public_key_parse(row->spki, &error);
    MeishiIdentity *identity;

    if (key == NULL) {
        report(findings, "key", row->id, error->message);
        return NULL;
    }
    identity = g_new0(MeishiIdentity, 1);
    identity->refs = 1;
    identity->key_id = row->id;
    identity->label = g_strdup(row->label);
    identity->key = key;
    identity->chain = new_cert_array();
    identity->warnings = meishi_check_warnings(NULL, NULL, 0);
    identity->allow_raw = row->allow_raw;
    identity->created = row->created;
    identity->is_in_vault = TRUE;
    choose_token(identity);
    return identity;
}

/* ---- identities on tokens -------------------------------------------------------------------- */

/* What the token calls it, else what the certificate says; other words where that is taken. */
static char *
choose_label(const MeishiRosterOnToken *row, GHashTable *taken)
{
    const char *name = row->name != NULL ? row->name : row->cert->subject_cn;
    char *label = meishi_label_unique(name != NULL ? name : row->place->label, taken);

    g_hash_table_add(taken, g_strdup(label));
    return label;
}

static MeishiIdentity *
identity_on_token(MeishiRoster *roster, const MeishiRosterOnToken *row, GHashTable *taken,
                  gint64 now)
{
    MeishiIdentity *identity = g_new0(MeishiIdentity, 1);

    identity->refs = 1;
    identity->cert_id = row->row;
    identity->key_id = row->row;
    identity->label = choose_label(row, taken);
    identity->cert = meishi_cert_ref(row->cert);
    identity->key = row->cert->key;
    identity->chain =
        meishi_chain_build(row->cert, roster->issuers, now, meishi_roster_verify, roster);
    identity->warnings = meishi_check_warnings(row->cert, identity->chain, now);
    identity->place = meishi_token_place_ref(row->place);
    identity->token_label = identity->place->slot_label;
    return identity;
}

/* The same certificate in the vault and on a token is one identity, the vault's, so that programs
 * keep what they have of it when the token comes or goes.  Hardware that is there is the better
 * place for a key, and the vault is better than a token in software. */
static void
place_vaults_own(MeishiIdentity *identity, MeishiTokenPlace *place)
{
    if (identity->place != NULL || !place->is_present || place->kind == MEISHI_TOKEN_SOFTWARE)
        return;
    identity->place = meishi_token_place_ref(place);
}

static int
compare_rows(gconstpointer a, gconstpointer b)
{
    const MeishiRosterOnToken *x = *(const MeishiRosterOnToken *const *)a;
    const MeishiRosterOnToken *y = *(const MeishiRosterOnToken *const *)b;

    return x->row < y->row ? -1 : x->row > y->row;
}

/* In the order of their numbers, which stays when tokens come and go: cards of one kind call all
 * their certificates alike, and who was "(2)" has to stay that. */
static GPtrArray *
sort_on_tokens(const MeishiRosterRows *rows)
{
    GPtrArray *sorted =
        rows->on_tokens != NULL ? g_ptr_array_copy(rows->on_tokens, NULL, NULL) : g_ptr_array_new();

    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, compare_rows);
    return sorted;
}

static void
add_on_tokens(MeishiRoster *roster, const MeishiRosterRows *rows, gint64 now, GPtrArray *identities)
{
    g_autoptr(GPtrArray) on_tokens = sort_on_tokens(rows);
    g_autoptr(GHashTable) known = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);

        g_hash_table_add(labels, g_strdup(identity->label));
        if (identity->cert != NULL)
            g_hash_table_insert(known, identity->cert->der, identity);
    }
    for (guint i = 0; i < on_tokens->len; i++) {
        const MeishiRosterOnToken *row = on_tokens->pdata[i];
        MeishiIdentity *identity = g_hash_table_lookup(known, row->cert->der);

        if (identity != NULL) {
            place_vaults_own(identity, row->place);
            continue;
        }
        identity = identity_on_token(roster, row, labels, now);
        g_hash_table_insert(known, identity->cert->der, identity);
        g_ptr_array_add(identities, identity);
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static GHashTable *
index_keys(GPtrArray *keys)
{
    GHashTable *index = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < keys->len; i++) {
        MeishiStoreKey *key = g_ptr_array_index(keys, i);

        g_hash_table_insert(index, &key->id, key);
    }
    return index;
}

/* Adds the identities that have a certificate; takes their keys out of @unused. */
static void
add_certified(MeishiRoster *roster, const MeishiRosterRows *rows, gint64 now, GHashTable *unused,
              GPtrArray *identities, GPtrArray *findings)
{
    g_autoptr(GHashTable) keys = index_keys(rows->keys);

    for (guint i = 0; i < rows->certs->len; i++) {
        const MeishiStoreCert *row = g_ptr_array_index(rows->certs, i);
        const MeishiStoreKey *key = g_hash_table_lookup(keys, &row->key_id);
        g_autoptr(MeishiCert) cert = parse_cert(roster, row->der, "certificate", row->id, findings);

        g_hash_table_remove(unused, &row->key_id);
        if (cert == NULL)
            continue;
        if (key == NULL || !g_bytes_equal(key->spki, cert->key->spki))
            report(findings, "certificate", row->id, "its private key is not there.");
        else
            g_ptr_array_add(identities, identity_with_cert(roster, key, row, cert, now));
    }
}

static int
compare_identities(gconstpointer a, gconstpointer b, gpointer now)
{
    const MeishiIdentity *x = *(MeishiIdentity *const *)a, *y = *(MeishiIdentity *const *)b;
    int order = (x->superseded_by != NULL) - (y->superseded_by != NULL);

    if (order == 0)
        order = meishi_check_compare(x->cert, x->label, y->cert, y->label, *(const gint64 *)now);
    return order != 0 ? order : (x->key_id > y->key_id) - (x->key_id < y->key_id);
}

GPtrArray *
meishi_roster_build(MeishiRoster *roster, const MeishiRosterRows *rows, gint64 now,
                    GPtrArray *findings)
{
    GPtrArray *identities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    g_autoptr(GHashTable) unused = index_keys(rows->keys);

    read_issuers(roster, rows, findings);
    add_certified(roster, rows, now, unused, identities, findings);
    for (guint i = 0; i < rows->keys->len; i++) {
        const MeishiStoreKey *row = g_ptr_array_index(rows->keys, i);
        MeishiIdentity *identity = NULL;

        if (g_hash_table_contains(unused, &row->id))
            identity = identity_without_cert(row, findings);
        if (identity != NULL)
            g_ptr_array_add(identities, identity);
    }
    add_on_tokens(roster, rows, now, identities);
    name_identities(identities);
    meishi_lineage_book_mark(identities, rows->lineages, now);
    g_ptr_array_sort_with_data(identities, compare_identities, &now);
    return identities;
}

static void
note_change(gint64 when, gint64 now, gint64 *inout_next)
{
    if (when > now && when < *inout_next)
        *inout_next = when;
}

static void
note_changes_of(const MeishiCert *cert, gint64 now, gint64 *inout_next)
{
    note_change(cert->not_before, now, inout_next);
    note_change(cert->not_after - SOON_SECONDS, now, inout_next);
    if (cert->not_after < G_MAXINT64)
        note_change(cert->not_after + 1, now, inout_next);
}

gint64
meishi_roster_next_change(GPtrArray *identities, gint64 now)
{
    gint64 next = meishi_lineage_book_next_change(identities, now);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(identities, i);

        if (identity->cert == NULL)
            continue;
        note_changes_of(identity->cert, now, &next);
        for (guint j = 0; j < identity->chain->len; j++)
            note_changes_of(g_ptr_array_index(identity->chain, j), now, &next);
    }
    return next;
}

static gboolean
same_chain(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const MeishiCert *x = g_ptr_array_index(a, i), *y = g_ptr_array_index(b, i);

        if (memcmp(x->sha256, y->sha256, sizeof x->sha256) != 0)
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_roster_is_same(const MeishiIdentity *a, const MeishiIdentity *b)
{
    return a->cert_id == b->cert_id && a->key_id == b->key_id &&
           g_strcmp0(a->label, b->label) == 0 && g_strcmp0(a->uri, b->uri) == 0 &&
           a->warnings == b->warnings && a->allow_raw == b->allow_raw &&
           strcmp(a->lineage, b->lineage) == 0 && a->place == b->place &&
           g_strcmp0(a->superseded_by, b->superseded_by) == 0 && same_chain(a->chain, b->chain);
}
