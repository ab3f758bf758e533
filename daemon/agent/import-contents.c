/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of one import hold.  Public keys alone decide what belongs together; names,
 * localKeyIDs and the order in files are hints that real files get wrong.
 */
#include "daemon/agent/import-contents.h"

#include <string.h>

gboolean
meishi_import_contents_is_same(const MeishiCert *a, const MeishiCert *b)
{
    return memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

static gboolean
is_same_key(const MeishiPublicKey *a, const MeishiPublicKey *b)
{
    return memcmp(a->spki_sha256, b->spki_sha256, sizeof a->spki_sha256) == 0;
}

MeishiFoundCert *
meishi_import_contents_find(const MeishiImportContents *contents, const MeishiCert *cert)
{
    for (guint i = 0; i < contents->certs->len; i++) {
        MeishiFoundCert *found = g_ptr_array_index(contents->certs, i);

        if (meishi_import_contents_is_same(found->bag->cert, cert))
            return found;
    }
    return NULL;
}

static MeishiFoundKey *
find_key(const MeishiImportContents *contents, const MeishiPublicKey *key)
{
    for (guint i = 0; i < contents->keys->len; i++) {
        MeishiFoundKey *found = g_ptr_array_index(contents->keys, i);

        if (is_same_key(found->bag->public_key, key))
            return found;
    }
    return NULL;
}

static void
add_source(MeishiImportContents *contents, const MeishiImportSource *source)
{
    const MeishiBundle *bundle = source->bundle;

    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *bag = g_ptr_array_index(bundle->certs, i);
        const MeishiFoundCert found = {.bag = bag, .file = source->name};

        if (meishi_import_contents_find(contents, bag->cert) == NULL)
            g_ptr_array_add(contents->certs, g_memdup2(&found, sizeof found));
    }
    for (guint i = 0; i < bundle->keys->len; i++) {
        const MeishiBundleKey *bag = g_ptr_array_index(bundle->keys, i);
        const MeishiFoundKey found = {.bag = bag, .file = source->name};

        if (find_key(contents, bag->public_key) == NULL)
            g_ptr_array_add(contents->keys, g_memdup2(&found, sizeof found));
    }
}

static const MeishiIdentity *
find_identity_by_cert(const MeishiImportInput *input, const MeishiCert *cert)
{
    for (guint i = 0; i < input->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(input->identities, i);

        if (identity->cert != NULL && meishi_import_contents_is_same(identity->cert, cert))
            return identity;
    }
    return NULL;
}

static const MeishiIdentity *
find_identity_by_key(const MeishiImportInput *input, const MeishiPublicKey *key)
{
    for (guint i = 0; i < input->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(input->identities, i);

        if (is_same_key(identity->key, key))
            return identity;
    }
    return NULL;
}

static void
pair_cert(const MeishiImportInput *input, MeishiImportContents *contents, MeishiFoundCert *found)
{
    const MeishiPublicKey *key = found->bag->cert->key;

    found->identity = find_identity_by_cert(input, found->bag->cert);
    found->key = find_key(contents, key);
    if (found->key != NULL)
        found->key->is_paired = TRUE;
    if (found->identity != NULL) {
        found->fate = MEISHI_FATE_KNOWN;
        return;
    }
    found->identity = find_identity_by_key(input, key);
    if (found->identity != NULL)
        found->fate = MEISHI_FATE_COMPLETES;
    else if (found->key != NULL)
        found->fate = MEISHI_FATE_NEW;
}

static void
pair_all(const MeishiImportInput *input, MeishiImportContents *contents)
{
    for (guint i = 0; i < contents->certs->len; i++)
        pair_cert(input, contents, g_ptr_array_index(contents->certs, i));
    for (guint i = 0; i < contents->keys->len; i++) {
        MeishiFoundKey *found = g_ptr_array_index(contents->keys, i);

        found->identity = find_identity_by_key(input, found->bag->public_key);
    }
}

MeishiImportContents *
meishi_import_contents_new(const MeishiImportInput *input)
{
    MeishiImportContents *contents = g_new0(MeishiImportContents, 1);

    contents->certs = g_ptr_array_new_with_free_func(g_free);
    contents->keys = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < input->n_sources; i++)
        add_source(contents, &input->sources[i]);
    pair_all(input, contents);
    return contents;
}

void
meishi_import_contents_free(MeishiImportContents *contents)
{
    if (contents == NULL)
        return;
    g_ptr_array_unref(contents->certs);
    g_ptr_array_unref(contents->keys);
    g_free(contents);
}
