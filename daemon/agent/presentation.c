/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPresentation as a value: made, compared, shared, freed.  What is in it is decided in
 * agent-present.c.
 */
#include "daemon/agent/presentation-private.h"

#include <string.h>

MeishiShown *
meishi_shown_new(MeishiIdentity *identity, MeishiConfirm confirm)
{
    MeishiShown *shown = g_new0(MeishiShown, 1);

    shown->identity = meishi_identity_ref(identity);
    shown->confirm = confirm;
    return shown;
}

static void
shown_free(gpointer data)
{
    MeishiShown *shown = data;

    if (shown == NULL)
        return;
    meishi_identity_unref(shown->identity);
    g_free(shown);
}

static void
shown_role_free(gpointer data)
{
    MeishiShownRole *role = data;

    shown_free(role->now);
    g_free(role->name);
    g_free(role->label);
    g_free(role);
}

MeishiPresentation *
meishi_presentation_new(void)
{
    MeishiPresentation *presentation = g_new0(MeishiPresentation, 1);

    presentation->shown = g_ptr_array_new_with_free_func(shown_free);
    presentation->withheld = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    presentation->roles = g_ptr_array_new_with_free_func(shown_role_free);
    return presentation;
}

void
meishi_presentation_free(MeishiPresentation *presentation)
{
    if (presentation == NULL)
        return;
    g_ptr_array_unref(presentation->shown);
    g_ptr_array_unref(presentation->withheld);
    g_ptr_array_unref(presentation->roles);
    g_free(presentation->fingerprint);
    g_free(presentation);
}

MeishiPresentation *
meishi_presentation_share(const MeishiPresentation *presentation)
{
    MeishiPresentation *shared = g_new0(MeishiPresentation, 1);

    shared->shown = g_ptr_array_ref(presentation->shown);
    shared->withheld = g_ptr_array_ref(presentation->withheld);
    shared->roles = g_ptr_array_ref(presentation->roles);
    shared->fingerprint = g_strdup(presentation->fingerprint);
    return shared;
}

/* ---- what makes two of them equal ------------------------------------------------------------ */

/* Strings end with their NUL and lists with their length, so that no two values run together. */
void
meishi_presentation_hash_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

void
meishi_presentation_hash_number(GChecksum *sum, guint64 number)
{
    g_checksum_update(sum, (const guchar *)&number, sizeof number);
}

static void
hash_identity(GChecksum *sum, const MeishiIdentity *identity)
{
    const GPtrArray *chain = identity->chain;

    meishi_presentation_hash_number(sum, (guint64)identity->cert_id);
    meishi_presentation_hash_number(sum, (guint64)identity->key_id);
    meishi_presentation_hash_number(sum, identity->allow_raw != FALSE);
    meishi_presentation_hash_text(sum, identity->label);
    meishi_presentation_hash_text(sum, identity->token_label);
    meishi_presentation_hash_number(sum, identity->place != NULL ? identity->place->seat + 1 : 0);
    if (identity->place != NULL) {
        meishi_presentation_hash_text(sum, identity->place->serial);
        meishi_presentation_hash_number(sum, identity->place->insertion);
    }
    g_checksum_update(sum, identity->key->spki_sha256, MEISHI_SHA256_LEN);
    if (identity->cert != NULL)
        g_checksum_update(sum, identity->cert->sha256, MEISHI_SHA256_LEN);
    meishi_presentation_hash_number(sum, chain->len);
    for (guint i = 0; i < chain->len; i++)
        g_checksum_update(sum, ((const MeishiCert *)chain->pdata[i])->sha256, MEISHI_SHA256_LEN);
}

static void
hash_shown(GChecksum *sum, const MeishiShown *shown)
{
    meishi_presentation_hash_number(sum, shown != NULL);
    if (shown == NULL)
        return;
    meishi_presentation_hash_number(sum, shown->confirm);
    hash_identity(sum, shown->identity);
}

void
meishi_presentation_seal(MeishiPresentation *presentation)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    meishi_presentation_hash_number(sum, presentation->shown->len);
    for (guint i = 0; i < presentation->shown->len; i++)
        hash_shown(sum, presentation->shown->pdata[i]);
    meishi_presentation_hash_number(sum, presentation->withheld->len);
    for (guint i = 0; i < presentation->withheld->len; i++)
        hash_identity(sum, presentation->withheld->pdata[i]);
    for (guint i = 0; i < presentation->roles->len; i++) {
        const MeishiShownRole *role = presentation->roles->pdata[i];

        meishi_presentation_hash_text(sum, role->name);
        meishi_presentation_hash_text(sum, role->label);
        hash_shown(sum, role->now);
    }
    presentation->fingerprint = g_strdup(g_checksum_get_string(sum));
}
