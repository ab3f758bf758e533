/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small worlds for the tests of selection: identities, authorities, rules and requests, each in a
 * line.  Names are RFC 4514 text, and their "DER" is that text, so that two spellings of one name
 * differ in bytes.
 */
#pragma once

#include "daemon/policy/decide.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"
#include "tests/unit/policy/fake-cert.h"

typedef struct {
    GPtrArray *candidates;
    GPtrArray *cas;
    GPtrArray *sources;
    MeishiMemory *memory;
    MeishiRequest *request;
    MeishiPolicySet *policy;
    MeishiInventory *inventory;
    MeishiWorld world;
} FakeWorld;

static inline MeishiName *
fake_name(const char *text)
{
    g_autoptr(GError) error = NULL;
    MeishiName *name = meishi_name_parse(text, NULL, &error);

    g_assert_no_error(error);
    name->der = g_bytes_new(text, strlen(text));
    return name;
}

/* fake_cert() with parsed names and a signature of sha256WithRSAEncryption. */
static inline MeishiCert *
fake_named_cert(const char *subject, const char *issuer, guint8 serial)
{
    MeishiCert *cert = fake_cert(subject, issuer, serial);

    cert->subject_name = fake_name(subject);
    cert->issuer_name = fake_name(issuer);
    cert->signature_algorithm = g_strdup("sha256WithRSAEncryption");
    memset(cert->key->spki_sha256, serial, MEISHI_SHA256_LEN);
    return cert;
}

static inline void
fake_free_source(gpointer data)
{
    MeishiPolicySource *source = data;

    g_bytes_unref(source->text);
    g_free(source);
}

static inline void
fake_world_init(FakeWorld *w)
{
    *w = (FakeWorld){0};
    w->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_candidate_free);
    w->cas = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    w->sources = g_ptr_array_new_with_free_func(fake_free_source);
    w->memory = meishi_memory_new();
    w->request = meishi_request_new();
    w->request->protocol = g_strdup("https");
    w->request->port = 443;
    w->request->tls_version = MEISHI_TLS_1_3;
    w->request->trust = MEISHI_TRUST_EXE;
    g_assert_true(meishi_host_parse("www.example.com", &w->request->host, NULL));
}

static inline void
fake_world_clear(FakeWorld *w)
{
    g_clear_pointer(&w->inventory, meishi_inventory_free);
    g_clear_pointer(&w->policy, meishi_rule_set_free);
    g_ptr_array_unref(w->candidates);
    g_ptr_array_unref(w->cas);
    g_ptr_array_unref(w->sources);
    meishi_memory_free(w->memory);
    meishi_request_free(w->request);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FakeWorld, fake_world_clear)

/* An identity labelled @id; its certificate is for the test to change. */
static inline MeishiCandidate *
fake_identity(FakeWorld *w, const char *id, const char *issuer)
{
    g_autofree char *subject = g_strdup_printf("CN=%s", id);
    g_autoptr(MeishiCert) cert =
        fake_named_cert(subject, issuer ? issuer : subject, (guint8)(w->candidates->len + 1));
    MeishiCandidate *candidate = meishi_candidate_new(id, id, cert);

    g_ptr_array_add(w->candidates, candidate);
    return candidate;
}

static inline MeishiCert *
fake_ca(FakeWorld *w, const char *subject, const char *issuer)
{
    MeishiCert *cert = fake_named_cert(subject, issuer, (guint8)(100 + w->cas->len));

    cert->is_ca = TRUE;
    g_ptr_array_add(w->cas, cert);
    return cert;
}

static inline void
fake_policy_at(FakeWorld *w, MeishiLayer layer, const char *name, const char *text)
{
    MeishiPolicySource *source = g_new0(MeishiPolicySource, 1);

    source->layer = layer;
    source->name = name;
    source->path = name;
    source->text = g_bytes_new(text, strlen(text));
    source->mode = 0644;
    g_ptr_array_add(w->sources, source);
}

static inline void
fake_policy(FakeWorld *w, const char *text)
{
    fake_policy_at(w, MEISHI_LAYER_ADMIN, "10-test.conf", text);
}

static inline void
fake_ask_host(FakeWorld *w, const char *host, guint port)
{
    meishi_host_clear(&w->request->host);
    if (host)
        g_assert_true(meishi_host_parse(host, &w->request->host, NULL));
    w->request->port = port;
}

/* The server names the authority @text. */
static inline void
fake_ask_ca(FakeWorld *w, const char *text)
{
    if (w->request->ca_names == NULL)
        w->request->ca_names = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_name_unref);
    g_ptr_array_add(w->request->ca_names, fake_name(text));
}

/* Codes end with 0. */
static inline GArray *
fake_sigalgs(const guint16 *codes)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint16));

    for (; *codes; codes++)
        g_array_append_val(list, *codes);
    return list;
}

static inline void
fake_print_lints(GPtrArray *lints)
{
    for (guint i = 0; i < lints->len; i++) {
        g_autofree char *text = meishi_lint_to_text(g_ptr_array_index(lints, i));

        g_test_message("%s", text);
    }
}

/* Puts the parts together; called once, after the parts are made. */
static inline const MeishiWorld *
fake_world_end(FakeWorld *w)
{
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();

    if (w->world.inventory)
        return &w->world;
    w->inventory = meishi_inventory_new(w->candidates, w->cas, NULL, NULL);
    w->policy = meishi_rule_merge(w->sources, lints);
    fake_print_lints(lints);
    g_assert_nonnull(w->policy);
    w->world = (MeishiWorld){
        .policy = w->policy, .inventory = w->inventory, .memory = w->memory, .now = FAKE_NOW};
    return &w->world;
}

static inline MeishiDecision *
fake_decide(FakeWorld *w)
{
    g_autoptr(GError) error = NULL;

    fake_world_end(w);
    g_assert_true(meishi_request_check(w->request, &error));
    return meishi_decide(&w->world, w->request);
}

/* The id of a candidate; "none" for none. */
static inline const char *
fake_id(const FakeWorld *w, guint index)
{
    return index == G_MAXUINT ? "none" : meishi_inventory_entry(w->inventory, index)->candidate->id;
}

static inline const MeishiVerdict *
fake_verdict(FakeWorld *w, const MeishiDecision *decision, const char *id)
{
    guint index;

    g_assert_true(meishi_inventory_find_id(w->inventory, id, &index));
    g_assert_nonnull(meishi_decision_verdict(decision, index));
    return meishi_decision_verdict(decision, index);
}

/* A remembered choice for the request as it stands; "" for none. */
static inline MeishiChoice *
fake_choice(FakeWorld *w, const char *lineage, MeishiScope scope)
{
    MeishiChoice *choice = meishi_choice_new(w->request, *lineage ? lineage : NULL);

    choice->scope = scope;
    meishi_memory_add_choice(w->memory, choice);
    return choice;
}
