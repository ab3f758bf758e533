/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reasons in words.  Those of step 16 and the alerts are sentences of the daemon's own, so they can
 * be looked up in the catalogue as they stand; a sentence that is not there stays English.
 */
#include "daemon/prompter/words/reasons.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/dates.h"

#include <glib/gi18n.h>

static const struct {
    const char *code, *kind, *sentence;
} reasons[] = {
    {"EXPIRED", N_("expired"), N_("it expired on %s")},
    {"NOT_YET_VALID", N_("not valid yet"), N_("it is valid only from %s")},
    {"CA_MISMATCH", N_("of another issuer"),
     N_("its issuer is not among those that the server accepts")},
    {"EKU", N_("for other purposes"), N_("it was not issued for signing in to servers")},
    {"SUPERSEDED", N_("replaced by a newer one"), N_("a newer certificate has replaced it")},
    {"TOKEN_ABSENT", N_("not inserted"), N_("its card or token is not inserted")},
    {"CHAIN_SIGALG", N_("signed in another way"),
     N_("it is signed in a way that the server does not accept")},
    {"REFUSED_BEFORE", N_("refused before"), N_("this server has refused it before")},
    /* Never offered; only an explanation names them. */
    {"NO_KEY", NULL, N_("its private key is not here")},
    {"HIDDEN", NULL, N_("its owner has hidden it")},
    {"DUPLICATE", NULL, N_("it is listed already from a better place")},
    {"NOT_X509", NULL, N_("it is not of the type of certificate that was agreed on")},
    {"KEY_TYPE", NULL, N_("its key is of a type that the server does not take")},
    {"SIGALG", NULL, N_("its key can make no signature that the server accepts")},
    {"KU", NULL, N_("its key was not issued for signing in")},
    {"OID_FILTER", NULL, N_("it lacks what the server's filter asks for")},
    {"POLICY_RESTRICT", NULL, N_("policy keeps it from this server")},
    {"POLICY_KEY", NULL, N_("policy does not allow a key of this kind here")},
    {"APP_NOT_GRANTED", NULL, N_("policy keeps it from this program")},
};

/* For the catalogue: what the daemon says of how it decided. */
static const char *const rows[] G_GNUC_UNUSED = {
    N_("the request is answered without looking at identities"),
    N_("a rule selects, one identity fits"),
    N_("a rule selects, several identities fit"),
    N_("a rule selects, no identity fits"),
    N_("to send none was chosen before"),
    N_("chosen before"),
    N_("what was chosen before cannot be used as it is"),
    N_("only identities on absent tokens fit"),
    N_("nothing fits without reservation"),
    N_("nothing fits"),
    N_("one identity fits, and such are used without asking"),
    N_("no rule, no memory, nobody to ask"),
    N_("the server names no authority, no rule, no memory"),
    N_("one identity fits, no rule, no memory"),
    N_("several identities fit, no rule, no memory"),
};

/* For the catalogue: what the daemon says of alerts. */
static const char *const alerts[] G_GNUC_UNUSED = {
    N_("the server broke off the handshake without saying why"),
    N_("the server found the certificate damaged"),
    N_("the server does not take certificates of this type"),
    N_("the server says that the certificate is revoked"),
    N_("the server says that the certificate has expired"),
    N_("the server cannot use the certificate"),
    N_("the server does not know the certificate's issuer"),
    N_("the server knows the certificate and grants no access"),
    N_("the server could not verify the signature"),
    N_("the server wants a certificate and got none"),
    N_("the server broke off the connection"),
};

const char *
meishi_reasons_kind(const char *code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (g_str_equal(reasons[i].code, code) && reasons[i].kind != NULL)
            return _(reasons[i].kind);
    }
    return NULL;
}

char *
meishi_reasons_candidate(const MeishiQuestionCandidate *candidate)
{
    gboolean is_early = g_str_equal(candidate->code, "NOT_YET_VALID");
    g_autofree char *day =
        meishi_dates_day(is_early ? candidate->not_before : candidate->not_after);

    if (is_early)
        return g_strdup_printf(_("it is valid only from %s"), day);
    if (g_str_equal(candidate->code, "EXPIRED"))
        return g_strdup_printf(_("it expired on %s"), day);
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (g_str_equal(reasons[i].code, candidate->code))
            return g_strdup(_(reasons[i].sentence));
    }
    return meishi_untrusted_isolated(candidate->reason);
}

char *
meishi_reasons_said(const char *text)
{
    g_autofree char *clean = meishi_untrusted_line(text);

    return clean[0] != '\0' ? g_strdup(gettext(clean)) : g_strdup("");
}
