/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See facets.h.
 */
#include "daemon/prompter/words/facets.h"

#include "daemon/asking/distinguished.h"
#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/dates.h"

#include <glib/gi18n.h>
#include <string.h>

#define SERIAL_TAIL 4

static char *
unit_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *unit = meishi_distinguished_find(candidate->subject, "OU");
    g_autofree char *clean = unit != NULL ? meishi_untrusted_isolated(unit) : NULL;

    return clean != NULL ? g_strdup_printf(_("unit %s"), clean) : g_strdup(_("no unit"));
}

/* Addresses stand in the row already. */
static char *
name_of(const MeishiQuestionCandidate *candidate)
{
    for (char **name = candidate->names; *name != NULL; name++) {
        if (!g_str_has_prefix(*name, "email:") && !g_str_has_prefix(*name, "upn:"))
            return meishi_untrusted_isolated(*name);
    }
    return g_strdup(_("no other name"));
}

static char *
key_of(const MeishiQuestionCandidate *candidate)
{
    return meishi_untrusted_isolated(candidate->key);
}

static char *
issued_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *day = meishi_dates_day(candidate->not_before);

    return g_strdup_printf(_("issued on %s"), day);
}

static char *
issuer_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *issuer = meishi_untrusted_isolated(candidate->issuer);

    return g_strdup_printf(_("issued by %s"), issuer);
}

static char *
serial_of(const MeishiQuestionCandidate *candidate)
{
    gsize len = strlen(candidate->serial);
    g_autofree char *tail =
        meishi_untrusted_line(candidate->serial + (len > SERIAL_TAIL ? len - SERIAL_TAIL : 0));

    return g_strdup_printf(_("number …%s"), tail);
}

/* What says something before what only tells apart. */
const MeishiFacet meishi_facets[] = {unit_of,   name_of,   key_of, issued_of,
                                     issuer_of, serial_of, NULL};
