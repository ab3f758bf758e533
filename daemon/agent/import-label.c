/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names for what is imported: what the person says, else what the file or the certificate calls it.
 * A name that somebody chose for a key outlives the arrival of its certificate.
 */
#include "daemon/agent/import-label.h"

#include "daemon/agent/label.h"
#include "daemon/base/error.h"

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

/* The bare key that @cert completes; NULL where it is something else. */
static const MeishiIdentity *
bare_of(const MeishiFoundCert *cert)
{
    return cert != NULL && cert->identity != NULL && cert->identity->cert == NULL ? cert->identity
                                                                                  : NULL;
}

static char *
wish_for(const MeishiImportInput *input, const MeishiFoundCert *cert, const MeishiFoundKey *key)
{
    const MeishiIdentity *bare = bare_of(cert);

    if (input->label != NULL)
        return g_strdup(input->label);
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

char *
meishi_import_label_take(const MeishiImportInput *input, GHashTable *taken,
                         const MeishiFoundCert *cert, const MeishiFoundKey *key)
{
    g_autofree char *wish = wish_for(input, cert, key);
    char *label;

    if (bare_of(cert) != NULL)
        g_hash_table_remove(taken, cert->identity->label); /* it goes with the bare key */
    label = meishi_label_unique(wish, taken);
    g_hash_table_add(taken, g_strdup(label));
    return label;
}

GHashTable *
meishi_import_label_taken(const MeishiImportInput *input)
{
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < input->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(input->identities, i);

        g_hash_table_add(taken, g_strdup(identity->label));
    }
    return taken;
}

gboolean
meishi_import_label_check(const MeishiImportInput *input, const MeishiImportContents *contents,
                          GError **error)
{
    guint n = 0;

    for (guint i = 0; i < contents->certs->len; i++) {
        const MeishiFoundCert *found = g_ptr_array_index(contents->certs, i);

        n += found->fate == MEISHI_FATE_NEW || found->fate == MEISHI_FATE_COMPLETES;
    }
    for (guint i = 0; i < contents->keys->len; i++) {
        const MeishiFoundKey *found = g_ptr_array_index(contents->keys, i);

        n += !found->is_paired && found->identity == NULL;
    }
    if (input->label == NULL || n <= 1)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "One label was given, but the import holds %u identities; import them without it "
                "and use `meishi rename`.",
                n);
    return FALSE;
}
