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

/* No extension allows every purpose. */
static gboolean
allows_as_much(const MeishiCert *newer, const MeishiCert *older)
{
    return newer->ekus == NULL || (older->ekus && is_subset(older->ekus, newer->ekus));
}

MeishiLineage
meishi_lineage_succeeds(const MeishiCandidate *newer, const MeishiCandidate *older,
                        const char **ret_why)
{
    const MeishiCert *n = newer->cert, *o = older->cert;
    MeishiLineage lineage = MEISHI_LINEAGE_NO;
    const char *why = "";

    if (n == NULL || o == NULL)
        why = "there is no certificate to compare";
    else if (n->is_self_signed != o->is_self_signed)
        why = "one is self-signed and the other is not";
    else if (n->not_before <= o->not_before)
        why = "it was not issued later";
    else if (!same_person(n, o))
        why = "it names somebody else";
    else if (!same_issuer(n, o) && !same_organisation(n, o))
        why = "it comes from another authority";
    else if (!allows_as_much(n, o))
        why = "it allows fewer uses";
    else {
        lineage = MEISHI_LINEAGE_ASK;
        if (!same_issuer(n, o))
            why = "it comes from another authority of the same organisation";
        else if (newer->token_kind == MEISHI_TOKEN_SOFTWARE &&
                 older->token_kind != MEISHI_TOKEN_SOFTWARE)
            why = "its key is in software and the older one's is not";
        else
            lineage = MEISHI_LINEAGE_YES;
    }
    if (ret_why)
        *ret_why = why;
    return lineage;
}
