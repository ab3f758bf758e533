/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiIdentity: references and name.  The value is put together in roster.c and never changes
 * afterwards.
 */
#include "daemon/agent/identity.h"

#include "daemon/agent/hex.h"

MeishiIdentity *
meishi_identity_ref(MeishiIdentity *identity)
{
    g_atomic_int_inc(&identity->refs);
    return identity;
}

MeishiTokenPlace *
meishi_token_place_ref(MeishiTokenPlace *place)
{
    g_atomic_int_inc(&place->refs);
    return place;
}

void
meishi_token_place_unref(MeishiTokenPlace *place)
{
    if (place == NULL || !g_atomic_int_dec_and_test(&place->refs))
        return;
    g_free(place->label);
    g_free(place->maker);
    g_free(place->model);
    g_free(place->serial);
    g_free(place->reader);
    g_free(place->slot_label);
    g_free(place);
}

/* With a certificate the public key is the certificate's own. */
static void
free_identity(MeishiIdentity *identity)
{
    if (identity->cert == NULL)
        meishi_public_key_free(identity->key);
    meishi_cert_unref(identity->cert);
    g_clear_pointer(&identity->chain, g_ptr_array_unref);
    g_free(identity->label);
    g_free(identity->uri);
    g_free(identity->lineage);
    g_free(identity->superseded_by);
    meishi_token_place_unref(identity->place);
    g_free(identity);
}

void
meishi_identity_unref(MeishiIdentity *identity)
{
    if (identity != NULL && g_atomic_int_dec_and_test(&identity->refs))
        free_identity(identity);
}

gboolean
meishi_identity_is_present(const MeishiIdentity *identity)
{
    return identity->place == NULL || identity->place->is_present;
}

char *
meishi_identity_id(const MeishiIdentity *identity)
{
    const guint8 *digest =
        identity->cert != NULL ? identity->cert->sha256 : identity->key->spki_sha256;

    return meishi_hex_encode(digest, MEISHI_SHA256_LEN);
}
