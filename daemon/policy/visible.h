/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What policy leaves to a program that comes through a door without a handshake: PKCS#11 knows no
 * CertificateRequest and, as a rule, no target.  What such a program is not left, it may not use.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/engine.h"

typedef struct {
    MeishiCode code;        /* OK, or why it is withheld */
    const MeishiRule *rule; /* that keeps it away; NULL */
    MeishiConfirm confirm;  /* whether a person has to agree to each use */
    gboolean selected;      /* by the rule that is asked: it comes before the others */
} MeishiVisibility;

/* MeishiVisibility of each candidate, in the inventory's order; new.  @request says the caller and,
 * where it is known, the target; all else of it is left out of account. */
GArray *meishi_visible_judge(const MeishiWorld *world, const MeishiRequest *request);
