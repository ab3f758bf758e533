/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Learning from outcomes; see outcome.h.
 */
#include "daemon/policy/outcome.h"

/* RFC 9846 and 5246, "Alert Protocol". */
static const struct {
    guint8 alert;
    MeishiOutcomeClass class;
    const char *text;
} alerts[] = {
    {40, MEISHI_OUTCOME_CLASS_WEAK, "the server broke off the handshake without saying why"},
    {42, MEISHI_OUTCOME_CLASS_STRONG, "the server found the certificate damaged"},
    {43, MEISHI_OUTCOME_CLASS_STRONG, "the server does not take certificates of this type"},
    {44, MEISHI_OUTCOME_CLASS_STRONG, "the server says that the certificate is revoked"},
    {45, MEISHI_OUTCOME_CLASS_STRONG, "the server says that the certificate has expired"},
    {46, MEISHI_OUTCOME_CLASS_STRONG, "the server cannot use the certificate"},
    {48, MEISHI_OUTCOME_CLASS_STRONG, "the server does not know the certificate's issuer"},
    {49, MEISHI_OUTCOME_CLASS_STRONG, "the server knows the certificate and grants no access"},
    {51, MEISHI_OUTCOME_CLASS_WEAK, "the server could not verify the signature"},
    {116, MEISHI_OUTCOME_CLASS_REQUIRED, "the server wants a certificate and got none"},
};

const char *
meishi_outcome_alert_text(guint8 alert)
{
    for (gsize i = 0; i < G_N_ELEMENTS(alerts); i++) {
        if (alerts[i].alert == alert)
            return alerts[i].text;
    }
    return "the server broke off the connection";
}

static MeishiOutcomeClass
classify_alert(guint8 alert)
{
    for (gsize i = 0; i < G_N_ELEMENTS(alerts); i++) {
        if (alerts[i].alert == alert)
            return alerts[i].class;
    }
    return MEISHI_OUTCOME_CLASS_LOCAL; /* about something else than the certificate */
}

MeishiOutcomeClass
meishi_outcome_classify(MeishiOutcome outcome, guint8 alert, gboolean sent_none)
{
    MeishiOutcomeClass class;

    switch (outcome) {
    case MEISHI_OUTCOME_ACCEPTED:
        return MEISHI_OUTCOME_CLASS_GOOD;
    case MEISHI_OUTCOME_SIGN_FAILED:
        return MEISHI_OUTCOME_CLASS_LOCAL;
    case MEISHI_OUTCOME_CLOSED:
    case MEISHI_OUTCOME_APP_REFUSED:
        return MEISHI_OUTCOME_CLASS_WEAK;
    case MEISHI_OUTCOME_ALERT:
        break;
    }
    class = classify_alert(alert);
    /* "Required" after a certificate was sent is an answer to that certificate. */
    if (class == MEISHI_OUTCOME_CLASS_REQUIRED && !sent_none)
        return MEISHI_OUTCOME_CLASS_STRONG;
    return class;
}

MeishiSuspicion
meishi_outcome_next(MeishiSuspicion suspicion, MeishiOutcomeClass class)
{
    enum { C = MEISHI_SUSPICION_CLEAR, D = MEISHI_SUSPICION_DOUBTED, S = MEISHI_SUSPICION_SUSPECT };
    static const guint8 next[3][5] = {
        /* good strong weak local required */
        [C] = {C, S, D, C, S},
        [D] = {C, S, S, D, S},
        [S] = {C, S, S, S, S},
    };

    return (MeishiSuspicion)next[suspicion][class];
}

void
meishi_outcome_apply(MeishiHistory *history, MeishiOutcomeClass class, guint8 alert, gint64 now)
{
    history->suspicion = meishi_outcome_next(history->suspicion, class);
    if (class == MEISHI_OUTCOME_CLASS_LOCAL)
        return;
    if (class == MEISHI_OUTCOME_CLASS_GOOD) {
        history->accepted += history->accepted < G_MAXUINT;
        history->last_accepted = now;
        history->refused_at = 0;
        history->alert = 0;
        return;
    }
    history->alert = alert;
    history->refused_at = now;
}

gboolean
meishi_outcome_is_refused(const MeishiHistory *history, gint64 now)
{
    return history->suspicion == MEISHI_SUSPICION_SUSPECT &&
           now - history->refused_at < MEISHI_OUTCOME_SUSPECT_SECONDS;
}
