/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lineages among the identities of the vault: who belongs together, and who has taken whose place
 * by now.  Which certificate renews which is judged when one arrives (lineage-settle.h) or said by
 * a person; here it is only read.
 */
#pragma once

#include "daemon/agent/identity.h"

/* Fills in lineage and superseded_by of @identities (MeishiIdentity), which are being made.
 * @rows: MeishiStoreLineage.  Of each lineage the latest that is valid at @now, clocks being wrong
 * by a day, supersedes those issued before it. */
void meishi_lineage_book_mark(GPtrArray *identities, GPtrArray *rows, gint64 now);

/* The first second after @now at which that may be different; G_MAXINT64: never. */
gint64 meishi_lineage_book_next_change(GPtrArray *identities, gint64 now);

/* Negative where @a was issued before @b; total. */
int meishi_lineage_book_compare(const MeishiCert *a, const MeishiCert *b);
