/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See facets.h.
 */
#include "cli/facets.h"

#include "cli/caller-text.h"
#include "cli/date.h"
#include "daemon/asking/distinguished.h"

#include <string.h>

#define SERIAL_TAIL 4

static char *
said(const char *what, const char *value)
{
    g_autofree char *text = g_strconcat(what, value, NULL);

    return meishi_caller_text_bounded(text);
}

static char *
unit_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *unit = meishi_distinguished_find(candidate->subject, "OU");

    return unit != NULL ? said("OU=", unit) : g_strdup("no OU");
}

static char *
issued_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *day = meishi_date_day(candidate->not_before);

    return said("issued ", day);
}

static char *
key_of(const MeishiQuestionCandidate *candidate)
{
    return said("", candidate->key);
}

static char *
whole_issuer_of(const MeishiQuestionCandidate *candidate)
{
    return said("by ", candidate->issuer);
}

static char *
first_name_of(const MeishiQuestionCandidate *candidate)
{
    return said("", candidate->names[0] != NULL ? candidate->names[0] : "no other name");
}

static char *
serial_tail_of(const MeishiQuestionCandidate *candidate)
{
    gsize len = strlen(candidate->serial);

    return said("..", candidate->serial + (len > SERIAL_TAIL ? len - SERIAL_TAIL : 0));
}

/* The key's place has a column of its own.  The serial number's tail last, because it tells a row
 * apart but says nothing. */
const MeishiFacet meishi_facets[] = {unit_of,         first_name_of,  key_of, issued_of,
                                     whole_issuer_of, serial_tail_of, NULL};
