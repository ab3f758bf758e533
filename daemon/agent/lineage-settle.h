/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which identity does a certificate renew that arrives by an import?  Decided now, with a person at
 * hand who reads the report, and never during a handshake.  Judged by daemon/policy/lineage.h and
 * by what policy says about renewals; a pure function.
 */
#pragma once

#include "daemon/policy/inventory.h"
#include "daemon/policy/rule-set.h"

typedef struct {
    MeishiCandidate *candidate; /* has a certificate */
    const MeishiCert *issuer;   /* NULL: not known */
    gboolean is_new;
    /* What came of it: labels, borrowed from other members; NULL. */
    const char *renews;
    const char *may_renew; /* where a person has to say so */
} MeishiLineageMember;

typedef struct {
    GPtrArray *members; /* MeishiLineageMember */
    const MeishiInventory
        *inventory;                /* of the members, index for index; NULL: there is no policy */
    const MeishiPolicySet *policy; /* NULL where @inventory is */
    gint64 now;
} MeishiLineageCase;

/* Does a rule of @policy say anything about renewals? */
gboolean meishi_lineage_settle_needs_rules(const MeishiPolicySet *policy);

/* Gives each new member the lineage of the one it renews, where there is just one and no doubt;
 * sets superseded_by of those that are renewed.  What was settled, and what a person has to say, is
 * appended to @notes (char *, sentences). */
void meishi_lineage_settle(const MeishiLineageCase *settled, GPtrArray *notes);
