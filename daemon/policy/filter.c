/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pipeline: each step is one function that says whether it stands against the request or the
 * identity, and one row of a table.  What a code means, hard or soft, is in code.c.
 */
#include "daemon/policy/engine.h"

#include "daemon/policy/rule-match.h"

#include <string.h>

/* ---- steps that end a request -----------------------------------------------------------------
 */

/* Step 2.  Fetch: a request without credentials carries no client certificate. */
static gboolean
is_anonymous(MeishiEngine *engine)
{
    return engine->request->purpose == MEISHI_PURPOSE_PREFLIGHT;
}

static gboolean
is_preconnect(MeishiEngine *engine)
{
    return engine->request->purpose == MEISHI_PURPOSE_PRECONNECT;
}

/* The certificate would speak to hosts that the person was not asked about. */
static gboolean
is_shared(MeishiEngine *engine)
{
    return engine->request->shared_hosts && engine->request->shared_hosts[0];
}

static gboolean
is_unverified(MeishiEngine *engine)
{
    return engine->request->server_verified == MEISHI_VERIFIED_FAILED;
}

/* Step 3.  RFC 9846 Certificate Selection: "local configuration, and preferences" count.  A denial
 * holds where it surely fits; with an unknown target only one that names none. */
static gboolean
is_denied(MeishiEngine *engine)
{
    for (guint i = 0; i < engine->rules->len; i++) {
        const MeishiRuleFit *fit = &g_array_index(engine->rules, MeishiRuleFit, i);

        if (fit->rule->action == MEISHI_ACTION_DENY && fit->fit == MEISHI_FIT_YES) {
            engine->final_rule = fit->rule;
            return TRUE;
        }
    }
    if (engine->preference == NULL || engine->preference->action != MEISHI_ACTION_NONE)
        return FALSE;
    engine->final_rule = engine->preference;
    return TRUE;
}

/* Step 17, for the place as a whole, where it surely is that place.  An unknown version is not TLS
 * 1.3. */
static gboolean
is_clear(MeishiEngine *engine)
{
    for (guint i = 0; i < engine->rules->len; i++) {
        const MeishiRuleFit *fit = &g_array_index(engine->rules, MeishiRuleFit, i);

        if ((fit->rule->constraints.require & MEISHI_REQUIRE_TLS13) &&
            fit->rule->conditions->len == 0 && fit->fit == MEISHI_FIT_YES &&
            engine->request->tls_version < MEISHI_TLS_1_3) {
            engine->final_rule = fit->rule;
            return TRUE;
        }
    }
    return FALSE;
}

static const struct {
    MeishiCode code;
    gboolean (*ends)(MeishiEngine *engine);
} request_steps[] = {
    {MEISHI_CODE_ANONYMOUS, is_anonymous}, {MEISHI_CODE_PRECONNECT, is_preconnect},
    {MEISHI_CODE_SHARED, is_shared},       {MEISHI_CODE_UNVERIFIED, is_unverified},
    {MEISHI_CODE_POLICY_NONE, is_denied},  {MEISHI_CODE_TLS12_CLEAR, is_clear},
};

MeishiCode
meishi_filter_request(MeishiEngine *engine)
{
    for (gsize i = 0; i < G_N_ELEMENTS(request_steps); i++) {
        if (request_steps[i].ends(engine))
            return request_steps[i].code;
    }
    return MEISHI_CODE_OK;
}

/* ---- steps about an identity ------------------------------------------------------------------
 */

typedef struct {
    MeishiEngine *engine;
    const MeishiRequest *request;
    const MeishiInventoryEntry *entry;
    const MeishiCandidate *candidate;
    const MeishiCert *cert;
    MeishiVerdict *verdict;
    guint required; /* MEISHI_REQUIRE_*: policy makes these soft codes hard */
} Case;

/* Step 4.  Possession is what CertificateVerify proves. */
static gboolean
lacks_key(Case *c)
{
    return !c->candidate->has_private_key;
}

static gboolean
is_hidden(Case *c)
{
    return c->candidate->hidden;
}

static gboolean
is_duplicate(Case *c)
{
    return c->candidate->duplicate;
}

static gboolean
is_superseded(Case *c)
{
    return c->candidate->superseded_by != NULL;
}

static gboolean
is_absent(Case *c)
{
    return c->candidate->token_state == MEISHI_TOKEN_ABSENT;
}

/* Step 5.  8446 4.4.2.3: "the certificate type MUST be X.509v3, unless negotiated otherwise". */
static gboolean
is_other_type(Case *c)
{
    return c->cert == NULL || c->cert->key == NULL || c->request->raw_public_key;
}

/* openssl x509 -req without extensions makes such certificates, and servers take them. */
static gboolean
is_old_version(Case *c)
{
    return c->cert->version < 3;
}

/* Step 6.  5246 7.4.6: the type of the key must be one of certificate_types; an empty list and one
 * that the door does not know say nothing, and TLS 1.3 has none. */
static gboolean
is_wrong_key_type(Case *c)
{
    gsize n = 0;
    const guint8 *types =
        c->request->certificate_types ? g_bytes_get_data(c->request->certificate_types, &n) : NULL;

    if (n == 0 || c->request->tls_version >= MEISHI_TLS_1_3)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        if (meishi_sigalg_fits_type(c->cert->key->type, types[i]))
            return FALSE;
    }
    return TRUE;
}

static MeishiSchemes
own_schemes(const Case *c)
{
    if (c->request->tls_version == 0)
        return c->entry->schemes_1_2 | c->entry->schemes_1_3;
    return c->request->tls_version >= MEISHI_TLS_1_3 ? c->entry->schemes_1_3
                                                     : c->entry->schemes_1_2;
}

/* Step 7.  Also without a list from the server: a key that can sign nothing is of no use. */
static gboolean
has_no_scheme(Case *c)
{
    c->verdict->schemes = own_schemes(c) & c->engine->offered;
    return c->verdict->schemes == 0;
}

/* Step 8.  RFC 9846: "the digitalSignature bit MUST be set if the Key Usage extension is present";
 * a missing extension passes (RFC 5280 4.2.1.3). */
static gboolean
has_wrong_key_usage(Case *c)
{
    return c->cert->has_key_usage && !(c->cert->key_usage & MEISHI_KU_DIGITAL_SIGNATURE);
}

/* Step 9.  RFC 5280 4.2.1.12; a missing extension passes.  id-kp-eapOverLAN: RFC 4334. */
static gboolean
has_wrong_eku(Case *c)
{
    if (c->entry->eku != MEISHI_EKU_OTHER)
        return FALSE;
    return g_strcmp0(c->request->protocol, "eap-tls") != 0 ||
           !meishi_cert_has_eku(c->cert, "1.3.6.1.5.5.7.3.14");
}

/* 8446 4.2.5: for keyUsage all bits of the filter are set in the certificate; for extKeyUsage all
 * purposes are in it, and anyExtendedKeyUsage MUST NOT be in a filter, so it is passed over. */
static gboolean
fits_filter(const MeishiCert *cert, const MeishiOidFilter *filter)
{
    if ((cert->key_usage & filter->key_usage) != filter->key_usage)
        return FALSE;
    for (char **eku = filter->ekus; eku && *eku; eku++) {
        if (strcmp(*eku, "2.5.29.37.0") != 0 && !meishi_cert_has_eku(cert, *eku))
            return FALSE;
    }
    return TRUE;
}

/* Step 10.  "MUST ignore and skip any unrecognized". */
static gboolean
misses_filter(Case *c)
{
    GPtrArray *filters = c->request->oid_filters;

    for (guint i = 0; filters && i < filters->len; i++) {
        const MeishiOidFilter *filter = g_ptr_array_index(filters, i);

        if (filter->known && !fits_filter(c->cert, filter))
            return TRUE;
    }
    return FALSE;
}

/* Step 11.  9846 Certificate Authorities: SHOULD, so soft. */
static gboolean
has_other_issuer(Case *c)
{
    c->verdict->path = meishi_path_find(c->engine->paths, c->verdict->index);
    return c->verdict->path->match == MEISHI_CA_MISMATCH;
}

/* Step 12.  9846: MUST be signed so "if it is able to provide such a chain". */
static gboolean
has_wrong_chain_signature(Case *c)
{
    return !meishi_path_is_signed_right(c->engine->paths, c->verdict->index);
}

/* Step 13.  RFC 5280 6.1.3 (a)(2), with a day for clocks that are wrong. */
static gboolean
is_too_early(Case *c)
{
    return c->engine->world.now < c->cert->not_before - MEISHI_CLOCK_TOLERANCE;
}

static gboolean
is_expired(Case *c)
{
    return c->engine->world.now > c->cert->not_after + MEISHI_CLOCK_TOLERANCE;
}

/* Step 14.  RFC 5280 4.2.1.9; such leaves exist. */
static gboolean
is_ca(Case *c)
{
    return c->cert->is_ca;
}

/* The first rule that takes the identity away from this place.  UNKNOWN counts: where the target
 * is not known, an identity with a restricted place stays hidden. */
static const MeishiRule *
find_restriction(const Case *c, gboolean by_application)
{
    GPtrArray *restrictions = c->engine->restrictions;

    for (guint i = 0; i < restrictions->len; i++) {
        MeishiRuleFit *fit = g_ptr_array_index(restrictions, i);

        if (fit->rule->action == MEISHI_ACTION_RESTRICT &&
            (fit->rule->target.applications != NULL) == by_application &&
            meishi_engine_fits(c->engine, fit, c->verdict->index))
            return fit->rule;
    }
    return NULL;
}

/* Step 15. */
static gboolean
is_restricted(Case *c)
{
    c->verdict->rule = find_restriction(c, FALSE);
    return c->verdict->rule != NULL;
}

static gboolean
is_not_granted(Case *c)
{
    c->verdict->rule = find_restriction(c, TRUE);
    return c->verdict->rule != NULL;
}

/* A software copy is what fits the rule in everything but the place of its key. */
static gboolean
is_forbidden_copy(Case *c)
{
    const MeishiEngine *engine = c->engine;

    if (c->candidate->token_kind != MEISHI_TOKEN_SOFTWARE)
        return FALSE;
    for (guint i = 0; i < engine->restrictions->len; i++) {
        const MeishiRuleFit *fit = g_ptr_array_index(engine->restrictions, i);

        if ((fit->rule->constraints.forbid & MEISHI_FORBID_SOFTWARE_KEY) &&
            meishi_rule_match_obstacle(fit->rule, engine->world.inventory, c->verdict->index,
                                       engine->world.now, MEISHI_CONDITIONS_OF_PLACE) == NULL) {
            c->verdict->rule = fit->rule;
            return TRUE;
        }
    }
    return FALSE;
}

/* Step 16. */
static gboolean
was_refused(Case *c)
{
    return c->verdict->history &&
           meishi_outcome_is_refused(c->verdict->history, c->engine->world.now);
}

/* Step 17, for this identity: the request as a whole was asked about before. */
static gboolean
would_be_clear(Case *c)
{
    return (c->required & MEISHI_REQUIRE_TLS13) && c->request->tls_version < MEISHI_TLS_1_3;
}

static const struct {
    MeishiCode code;
    gboolean (*stands_against)(Case *c);
    guint required_by;  /* the Require-* key that makes it hard */
    gboolean withholds; /* whatever the handshake: its owner or the policy says so */
} identity_steps[] = {
    {MEISHI_CODE_NO_KEY, lacks_key, 0, FALSE},
    {MEISHI_CODE_HIDDEN, is_hidden, 0, TRUE},
    {MEISHI_CODE_DUPLICATE, is_duplicate, 0, TRUE},
    {MEISHI_CODE_SUPERSEDED, is_superseded, 0, FALSE},
    {MEISHI_CODE_TOKEN_ABSENT, is_absent, 0, FALSE},
    {MEISHI_CODE_NOT_X509, is_other_type, 0, FALSE},
    {MEISHI_CODE_OLD_VERSION, is_old_version, 0, FALSE},
    {MEISHI_CODE_KEY_TYPE, is_wrong_key_type, 0, FALSE},
    {MEISHI_CODE_SIGALG, has_no_scheme, 0, FALSE},
    {MEISHI_CODE_KU, has_wrong_key_usage, 0, FALSE},
    {MEISHI_CODE_EKU, has_wrong_eku, MEISHI_REQUIRE_EKU, FALSE},
    {MEISHI_CODE_OID_FILTER, misses_filter, 0, FALSE},
    {MEISHI_CODE_CA_MISMATCH, has_other_issuer, MEISHI_REQUIRE_CA_MATCH, FALSE},
    {MEISHI_CODE_CHAIN_SIGALG, has_wrong_chain_signature, 0, FALSE},
    {MEISHI_CODE_NOT_YET_VALID, is_too_early, 0, FALSE},
    {MEISHI_CODE_EXPIRED, is_expired, 0, FALSE},
    {MEISHI_CODE_IS_CA, is_ca, 0, FALSE},
    {MEISHI_CODE_POLICY_RESTRICT, is_restricted, 0, TRUE},
    {MEISHI_CODE_APP_NOT_GRANTED, is_not_granted, 0, TRUE},
    {MEISHI_CODE_POLICY_KEY, is_forbidden_copy, 0, TRUE},
    {MEISHI_CODE_REFUSED_BEFORE, was_refused, 0, FALSE},
    {MEISHI_CODE_TLS12_CLEAR, would_be_clear, MEISHI_REQUIRE_TLS13, FALSE},
};

/* Notes a reason; FALSE where nothing further can matter. */
static gboolean
note(MeishiVerdict *verdict, MeishiCode code, gboolean is_required)
{
    MeishiKind kind = is_required ? MEISHI_KIND_HARD : meishi_code_info(code)->kind;

    verdict->codes |= G_GUINT64_CONSTANT(1) << code;
    if (kind == MEISHI_KIND_HARD || (kind == MEISHI_KIND_SOFT && verdict->kind < kind)) {
        verdict->kind = kind;
        verdict->code = code;
    }
    return kind != MEISHI_KIND_HARD;
}

static void
judge(Case *c)
{
    for (gsize i = 0; i < G_N_ELEMENTS(identity_steps); i++) {
        if (identity_steps[i].stands_against(c) &&
            !note(c->verdict, identity_steps[i].code,
                  (identity_steps[i].required_by & c->required) != 0))
            return;
    }
}

static void
begin_case(Case *c, MeishiEngine *engine, guint index)
{
    *c = (Case){.engine = engine, .request = engine->request};
    c->entry = meishi_inventory_entry(engine->world.inventory, index);
    c->candidate = c->entry->candidate;
    c->cert = c->candidate->cert;
    c->verdict = &engine->verdicts[index];
    c->verdict->index = index;
}

void
meishi_filter_identities(MeishiEngine *engine)
{
    for (guint i = 0; i < engine->world.inventory->entries->len; i++) {
        Case c;

        begin_case(&c, engine, i);
        if (engine->any_requirement) {
            MeishiConstraints limits;

            meishi_engine_limits(&engine->world, engine->rules, i, &limits);
            c.required = limits.require;
        }
        judge(&c);
    }
}

void
meishi_filter_withheld(MeishiEngine *engine)
{
    for (guint i = 0; i < engine->world.inventory->entries->len; i++) {
        Case c;

        begin_case(&c, engine, i);
        for (gsize step = 0; step < G_N_ELEMENTS(identity_steps); step++) {
            if (identity_steps[step].withholds && identity_steps[step].stands_against(&c)) {
                note(c.verdict, identity_steps[step].code, FALSE);
                break;
            }
        }
    }
}
