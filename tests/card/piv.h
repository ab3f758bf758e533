/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPiv: the application of a PIV card, NIST SP 800-73-4 part 2, as far as OpenSC uses it:
 * SELECT, GET DATA, VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, GENERAL AUTHENTICATE.
 */
#pragma once

#include "tests/card/apdu.h"
#include "tests/card/memory.h"

typedef struct {
    guint delay_ms; /* of a signature */
    guint dies_at;  /* in this signature the card goes away, as if pulled out; 0: never */
} MeishiPivFaults;

typedef struct MeishiPiv MeishiPiv;

MeishiPiv *meishi_piv_new(MeishiCardMemory *memory, const MeishiPivFaults *faults);
void meishi_piv_free(MeishiPiv *piv);

/* @spec: SLOT:KEY.pem:CERTIFICATE.pem, SLOT one of 9a (PIN once), 9c (PIN before each use), 9d (PIN
 * once), 9e (no PIN). */
gboolean meishi_piv_add_key(MeishiPiv *piv, const char *spec, GError **error);

/* The card lost its power. */
void meishi_piv_reset(MeishiPiv *piv);

/* A MeishiCommandFunc; @data is the MeishiPiv. */
guint meishi_piv_run(const MeishiCommand *command, GByteArray *out, gpointer data);
