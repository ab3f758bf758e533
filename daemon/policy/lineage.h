/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lineage: does one certificate renew another, so that choices, grants and roles may follow it?
 * Settled when an identity arrives, never during a handshake.  The rule starts from RFC 7030
 * 4.2.2: re-enrolment keeps subject and subjectAltName as they were.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/candidate.h"

typedef enum {
    MEISHI_LINEAGE_NO,
    MEISHI_LINEAGE_ASK, /* likely, but somebody has to say so */
    MEISHI_LINEAGE_YES,
} MeishiLineage;

/* Does @newer succeed @older?  With @consent, which policy gives, also where the issuing authority
 * was renewed in between, or where the older one was not due.  @ret_why (may be NULL) is a static
 * phrase: what speaks against it, or what has to be asked. */
MeishiLineage meishi_lineage_succeeds(const MeishiCandidate *newer, const MeishiCandidate *older,
                                      gboolean consent, const char **ret_why);
