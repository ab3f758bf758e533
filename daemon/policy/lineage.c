/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which certificate renews which; see lineage.h.
 */
#include "daemon/policy/lineage.h"

#include <string.h>

/* Names of a person that outlive a change of subject. */
static const char *const personal[] = {"upn:", "email:", "uri:"};

static gboolean
is_in(char **list, const char *item)
{
    return list && g_strv_contains((const char *const *)list, item);
}

static gboolean
is_subset(char **of, char **list)
{
    for (; of && *of; of++) {
        if (!is_in(list, *of))
            return FALSE;
    }
    return TRUE;
}

static gboolean
same_sans(const MeishiCert *a, const MeishiCert *b)
{
    return is_subset(a->sans, b->sans) && is_subset(b->sans, a->sans);
}

static gboolean
is_personal(const char *san)
{
    for (gsize i = 0; i < G_N_ELEMENTS(personal); i++) {
        if (g_str_has_prefix(san, personal[i]))
            return TRUE;
    }
    return FALSE;
}

/* RFC 7030 4.2.2, or a name that only this person has. */
static gboolean
same_person(const MeishiCert *newer, const MeishiCert *older)
{
    if (meishi_name_compare(newer->subject_name, older->subject_name) != MEISHI_NAME_DIFFERENT &&
        same_sans(newer, older))
        return TRUE;
    for (char **san = older->sans; san && *san; san++) {
        if (is_personal(*san) && is_in(newer->sans, *san))
            return TRUE;
    }
    return FALSE;
}

static gboolean
same_issuer(const MeishiCert *newer, const MeishiCert *older)
{
    return meishi_name_compare(newer->issuer_name, older->issuer_name) != MEISHI_NAME_DIFFERENT;
}

/* Authorities are renewed as well: "Issuing CA 3" of the same company follows "Issuing CA 2". */
static gboolean
same_organisation(const MeishiCert *newer, const MeishiCert *older)
{
    const MeishiNameAttribute *a = meishi_name_find(newer->issuer_name, "2.5.4.10");
    const MeishiNameAttribute *b = meishi_name_find(older->issuer_name, "2.5.4.10");

    return a && b && strcmp(a->folded, b->folded) == 0;
}

/* Two authorities may bear one name.  A self-signed certificate has no other. */
static gboolean
same_issuing_key(const MeishiCert *newer, const MeishiCert *older)
{
    return newer->is_self_signed || newer->authority_key_id == NULL ||
           older->authority_key_id == NULL ||
           g_bytes_equal(newer->authority_key_id, older->authority_key_id);
}

/* Cards hold certificates of one name for signing in and for signing documents. */
static gboolean
can_sign_in(const MeishiCert *cert)
{
    return !cert->has_key_usage || (cert->key_usage & MEISHI_KU_DIGITAL_SIGNATURE) != 0;
}

/* No extension allows every purpose. */
static gboolean
allows_as_much(const MeishiCert *newer, const MeishiCert *older)
{
    return newer->ekus == NULL || (older->ekus && is_subset(older->ekus, newer->ekus));
}

static gboolean
same_key(const MeishiCert *newer, const MeishiCert *older)
{
    return memcmp(newer->key->spki_sha256, older->key->spki_sha256, MEISHI_SHA256_LEN) == 0;
}

/* Who has a certificate for each of two machines gets them at one time; what is renewed has lived
 * for half of its time at least. */
static gboolean
was_due(const MeishiCert *newer, const MeishiCert *older)
{
    return newer->not_before - older->not_before >= older->not_after / 2 - older->not_before / 2;
}

/* What makes it another identity; NULL. */
static const char *
find_difference(const MeishiCert *newer, const MeishiCert *older)
{
    if (newer == NULL || older == NULL)
        return "there is no certificate to compare";
    if (newer->is_self_signed != older->is_self_signed)
        return "one is self-signed and the other is not";
    if (newer->not_before <= older->not_before)
        return "it was not issued later";
    if (!same_person(newer, older))
        return "it names somebody else";
    if (!same_issuer(newer, older) && !same_organisation(newer, older))
        return "it comes from another authority";
    if (can_sign_in(newer) != can_sign_in(older))
        return "one is for signing in and the other is not";
    if (!allows_as_much(newer, older))
        return "it allows fewer uses";
    return NULL;
}

/* What somebody has to say something about; NULL. */
static const char *
find_doubt(const MeishiCandidate *newer, const MeishiCandidate *older, gboolean consent)
{
    if (!consent && !same_issuer(newer->cert, older->cert))
        return "it comes from another authority of the same organisation";
    if (!consent && !same_issuing_key(newer->cert, older->cert))
        return "it comes from an authority of the same name with another key";
    if (!consent && !same_key(newer->cert, older->cert) && !was_due(newer->cert, older->cert))
        return "the older one was not due for renewal, so both may be in use";
    if (newer->token_kind == MEISHI_TOKEN_SOFTWARE && older->token_kind != MEISHI_TOKEN_SOFTWARE)
        return "its key is in software and the older one's is not";
    return NULL;
}

MeishiLineage
meishi_lineage_succeeds(const MeishiCandidate *newer, const MeishiCandidate *older,
                        gboolean consent, const char **ret_why)
{
    const char *difference = find_difference(newer->cert, older->cert);
    const char *doubt = difference == NULL ? find_doubt(newer, older, consent) : NULL;

    if (ret_why)
        *ret_why = difference ? difference : doubt ? doubt : "";
    if (difference)
        return MEISHI_LINEAGE_NO;
    return doubt ? MEISHI_LINEAGE_ASK : MEISHI_LINEAGE_YES;
}
