/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Policy files and certificates for `meishi policy`; see policy-input.h.  Of a file with a private
 * key the certificates alone are kept.
 */
#include "cli/policy-input.h"

#include "cli/error.h"
#include "cli/input-file.h"
#include "cli/policy-remarks.h"
#include "daemon/base/error.h"
#include "daemon/base/secret.h"
#include "daemon/crypto/crypto.h"

#include <string.h>
#include <unistd.h>

#define MAX_BYTES (16 * 1024 * 1024)

GBytes *
meishi_policy_input_read(const char *path, char **ret_name, GError **error)
{
    g_autoptr(MeishiInputFile) file = meishi_input_file_new(path, error);
    g_autoptr(MeishiSecret) content = NULL;

    if (file == NULL)
        return NULL;
    (void)lseek(file->fd, 0, SEEK_SET); /* a copy of a pipe stands at its end */
    /* It may be a file with a private key. */
    content = meishi_secret_new_from_fd(file->fd, MAX_BYTES, error);
    if (content == NULL) {
        g_prefix_error(error, "%s: ", file->name);
        return NULL;
    }
    if (ret_name != NULL)
        *ret_name = g_strdup(file->name);
    return g_bytes_new_with_free_func(meishi_secret_data(content), meishi_secret_len(content),
                                      (GDestroyNotify)meishi_secret_unref,
                                      meishi_secret_ref(content));
}

/* ---- policy files -----------------------------------------------------------------------------
 */

static gboolean
add_rules(MeishiRuleFiles *files, const char *path, GError **error)
{
    g_autoptr(GBytes) text = NULL;
    g_autofree char *name = NULL;

    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        meishi_rule_files_add_dir(files, MEISHI_LAYER_ADMIN, path);
        return TRUE;
    }
    text = meishi_policy_input_read(path, &name, error);
    if (text == NULL)
        return FALSE;
    meishi_rule_files_add_text(files, MEISHI_LAYER_ADMIN, name, text);
    return TRUE;
}

MeishiRuleFiles *
meishi_policy_input_rules(char **paths, const char *root, GError **error)
{
    g_autoptr(MeishiRuleFiles) files = NULL;

    if (paths == NULL || paths[0] == NULL)
        return meishi_rule_files_new_installed(root);
    files = meishi_rule_files_new();
    for (; *paths != NULL; paths++) {
        if (!add_rules(files, *paths, error))
            return NULL;
    }
    return g_steal_pointer(&files);
}

MeishiPolicySet *
meishi_policy_input_set(char **paths, GError **error)
{
    g_autoptr(MeishiRuleFiles) files = meishi_policy_input_rules(paths, NULL, error);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiPolicySet *set;

    if (files == NULL)
        return NULL;
    set = meishi_rule_files_merge(files, lints);
    if (set == NULL) {
        meishi_policy_remarks_print(lints, STDERR_FILENO);
        g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "");
    }
    return set;
}

/* ---- certificates -----------------------------------------------------------------------------
 */

typedef struct {
    GPtrArray *candidates; /* MeishiCandidate */
    GPtrArray *cas;        /* MeishiCert */
} People;

static void
init_people(People *people)
{
    people->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_candidate_free);
    people->cas = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
}

static MeishiInventory *
end_people(People *people, gboolean is_complete)
{
    MeishiInventory *inventory = is_complete ? meishi_inventory_new(people->candidates, people->cas,
                                                                    meishi_x509_is_issued_by, NULL)
                                             : NULL;

    g_ptr_array_unref(people->candidates);
    g_ptr_array_unref(people->cas);
    return inventory;
}

static MeishiBundle *
read_bundle(const char *path, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(GBytes) bytes = meishi_policy_input_read(path, &name, error);
    MeishiBundle *bundle;

    if (bytes == NULL || !meishi_crypto_init(error))
        return NULL;
    bundle = meishi_bundle_read(bytes, name, NULL, error);
    if (bundle == NULL)
        g_prefix_error(error, "%s: ", name);
    return bundle;
}

static gboolean
has_its_key(const MeishiBundle *bundle, const MeishiCert *cert)
{
    for (guint i = 0; i < bundle->keys->len; i++) {
        const MeishiBundleKey *key = g_ptr_array_index(bundle->keys, i);

        if (g_bytes_equal(key->public_key->spki, cert->key->spki))
            return TRUE;
    }
    return FALSE;
}

static MeishiCandidate *
add_candidate(People *people, MeishiCert *cert, const char *label)
{
    g_autoptr(GString) id = g_string_new(NULL);
    MeishiCandidate *candidate;

    for (guint i = 0; i < MEISHI_SHA256_LEN; i++)
        g_string_append_printf(id, "%02x", cert->sha256[i]);
    candidate = meishi_candidate_new(id->str, label, cert);
    g_ptr_array_add(people->candidates, candidate);
    return candidate;
}

static void
add_bundle(People *people, const MeishiBundle *bundle)
{
    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *entry = g_ptr_array_index(bundle->certs, i);
        MeishiCert *cert = entry->cert;
        const char *name = cert->subject_cn != NULL ? cert->subject_cn : cert->subject_text;

        if (bundle->keys->len > 0 ? has_its_key(bundle, cert) : i == 0)
            add_candidate(people, cert, entry->friendly_name ? entry->friendly_name : name);
        else
            g_ptr_array_add(people->cas, meishi_cert_ref(cert));
    }
}

MeishiInventory *
meishi_policy_input_identities(char **files, GError **error)
{
    gboolean ok = TRUE;
    People people;

    init_people(&people);
    for (; ok && *files != NULL; files++) {
        g_autoptr(MeishiBundle) bundle = read_bundle(*files, error);

        ok = bundle != NULL;
        if (ok)
            add_bundle(&people, bundle);
    }
    return end_people(&people, ok);
}

/* ---- from the store ---------------------------------------------------------------------------
 */

/* The certificates of one identity, its own first. */
static MeishiBundle *
export_card(MeishiClient *client, const MeishiCard *card, GError **error)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        client->connection, NULL, card->path, "org.meishi.Agent1.Identity", "ExportCertificates",
        NULL, G_VARIANT_TYPE("(s)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
    g_autoptr(GBytes) bytes = NULL;
    const char *pem;

    if (reply == NULL) {
        meishi_client_failed(error);
        return NULL;
    }
    g_variant_get(reply, "(&s)", &pem);
    bytes = g_bytes_new(pem, strlen(pem));
    return meishi_bundle_read(bytes, meishi_card_text(card, "Label"), NULL, error);
}

static gboolean
add_card(People *people, MeishiClient *client, const MeishiCard *card, GError **error)
{
    g_autoptr(MeishiBundle) bundle = NULL;
    MeishiCandidate *candidate;

    if (*meishi_card_text(card, "CertificateSha256") == '\0')
        return TRUE; /* a key that waits for its certificate goes nowhere */
    bundle = export_card(client, card, error);
    if (bundle == NULL)
        return FALSE;
    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *entry = g_ptr_array_index(bundle->certs, i);

        if (i > 0) {
            g_ptr_array_add(people->cas, meishi_cert_ref(entry->cert));
            continue;
        }
        candidate = add_candidate(people, entry->cert, meishi_card_text(card, "Label"));
        candidate->superseded_by = g_strdup(card->successor_id);
    }
    return TRUE;
}

MeishiInventory *
meishi_policy_input_store(MeishiClient *client, GError **error)
{
    g_autoptr(GPtrArray) cards = meishi_client_cards(client, error);
    gboolean ok = cards != NULL && meishi_crypto_init(error);
    People people;

    init_people(&people);
    for (guint i = 0; ok && i < cards->len; i++)
        ok = add_card(&people, client, g_ptr_array_index(cards, i), error);
    return end_people(&people, ok);
}

MeishiInventory *
meishi_policy_input_inventory(char **files, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;

    if (files != NULL)
        return meishi_policy_input_identities(files, error);
    client = meishi_client_connect(TRUE, error);
    return client != NULL ? meishi_policy_input_store(client, error) : NULL;
}

/* ---- names of authorities ---------------------------------------------------------------------
 */

static gboolean
add_subjects(GPtrArray *names, const char *path, GError **error)
{
    g_autoptr(MeishiBundle) bundle = read_bundle(path, error);

    if (bundle == NULL)
        return FALSE;
    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *entry = g_ptr_array_index(bundle->certs, i);

        g_ptr_array_add(names, meishi_name_ref(entry->cert->subject_name));
    }
    return TRUE;
}

GPtrArray *
meishi_policy_input_names(char **list, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_name_unref);

    for (; list != NULL && *list != NULL; list++) {
        MeishiName *name;

        if (g_file_test(*list, G_FILE_TEST_EXISTS)) {
            if (!add_subjects(names, *list, error))
                return NULL;
            continue;
        }
        name = meishi_name_parse(*list, NULL, error);
        if (name == NULL) {
            g_prefix_error(error, "“%s” is neither a file nor a name: ", *list);
            return NULL;
        }
        g_ptr_array_add(names, name);
    }
    return g_steal_pointer(&names);
}
