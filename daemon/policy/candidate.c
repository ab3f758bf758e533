/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Candidates as values; see candidate.h.
 */
#include "daemon/policy/candidate.h"

MeishiCandidate *
meishi_candidate_new(const char *id, const char *label, MeishiCert *cert)
{
    MeishiCandidate *candidate = g_new0(MeishiCandidate, 1);

    candidate->id = g_strdup(id);
    candidate->label = g_strdup(label);
    candidate->lineage = g_strdup(id);
    candidate->cert = cert ? meishi_cert_ref(cert) : NULL;
    candidate->token_state = MEISHI_TOKEN_READY;
    candidate->token_schemes = MEISHI_SCHEMES_ALL;
    candidate->has_private_key = TRUE;
    return candidate;
}

void
meishi_candidate_free(MeishiCandidate *candidate)
{
    if (candidate == NULL)
        return;
    g_free(candidate->id);
    g_free(candidate->label);
    g_free(candidate->lineage);
    g_free(candidate->superseded_by);
    g_free(candidate->token_label);
    g_free(candidate->token_serial);
    g_free(candidate->token_model);
    g_free(candidate->token_maker);
    meishi_cert_unref(candidate->cert);
    g_free(candidate);
}

const char *
meishi_candidate_token_kind_name(MeishiTokenKind kind)
{
    static const char *const names[] = {
        [MEISHI_TOKEN_SOFTWARE] = "software", [MEISHI_TOKEN_TPM] = "tpm",
        [MEISHI_TOKEN_CARD] = "card",         [MEISHI_TOKEN_HSM] = "hsm",
        [MEISHI_TOKEN_REMOTE] = "remote",
    };

    return kind < G_N_ELEMENTS(names) ? names[kind] : "unknown";
}
