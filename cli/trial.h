/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTrial: a handshake with what would be sent, and the verdict on it.
 */
#pragma once

#include "cli/json.h"
#include "cli/selection.h"
#include "cli/tls.h"

typedef enum {
    MEISHI_TRIAL_ACCEPTED,
    MEISHI_TRIAL_SILENT,     /* shook hands, and the server said nothing more */
    MEISHI_TRIAL_NOT_ASKED,  /* the server wants no certificate */
    MEISHI_TRIAL_NONE,       /* none is sent, and the server goes on */
    MEISHI_TRIAL_NONE_WRONG, /* none is sent, and the server refuses that */
    MEISHI_TRIAL_REFUSED,    /* the certificate, by an alert or by closing */
    MEISHI_TRIAL_ANSWERED,   /* by an HTTP status after the handshake */
    MEISHI_TRIAL_UNSIGNED,   /* the key did not sign */
    MEISHI_TRIAL_FAILED,     /* no handshake to judge */
} MeishiTrialVerdict;

typedef struct {
    const MeishiTarget *target;
    const char *label;                /* of what was sent; NULL: nothing */
    const MeishiSelection *selection; /* NULL: a person named the identity */
    const MeishiTlsReport *before;    /* without a certificate */
    const MeishiTlsReport *after;     /* with it; NULL where none was sent */
} MeishiTrial;

MeishiTrialVerdict meishi_trial_judge(const MeishiTrial *trial);

/* A sentence for a person; new. */
char *meishi_trial_text(const MeishiTrial *trial);

/* What ReportOutcome wants to hear, static; NULL: nothing can be said. */
const char *meishi_trial_outcome(const MeishiTrial *trial, guint8 *ret_alert);

/* TRUE for a verdict of exit status 0; else FALSE with an error that has the status of meishi(1),
 * and no message. */
gboolean meishi_trial_check(MeishiTrialVerdict verdict, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds members to the object that is being built. */
void meishi_trial_to_json(const MeishiTrial *trial, JsonBuilder *json);
