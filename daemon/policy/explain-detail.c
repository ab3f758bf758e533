/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One sentence per reason code; see explain-detail.h.
 */
#include "daemon/policy/explain-detail.h"

#include "daemon/policy/explain.h"

#include <string.h>

#define MAX_LINE   80
#define MAX_DETAIL 400

typedef struct {
    const MeishiVerdict *verdict;
    const MeishiWorld *world;
    const MeishiRequest *request;
    const MeishiCandidate *candidate;
    const MeishiCert *cert;
} Subject;

char *
meishi_explain_detail_date(gint64 seconds)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);

    return date ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("an impossible date");
}

/* Certificates and labels come from strangers: nothing of theirs may move the cursor or turn the
 * direction of what follows. */
static gboolean
is_plain(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT &&
           type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR &&
           type != G_UNICODE_SURROGATE && type != G_UNICODE_PRIVATE_USE;
}

static char *
clean(const char *text, guint max)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    GString *out = g_string_new(NULL);
    guint n = 0;

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (++n > max) {
            g_string_append(out, "…");
            break;
        }
        g_string_append_unichar(out, is_plain(c) ? c : 0xfffd);
    }
    return g_string_free(out, FALSE);
}

char *
meishi_explain_detail_line(const char *text)
{
    return clean(text, MAX_LINE);
}

static char *
explain_type(const Subject *s)
{
    return g_strdup(s->cert ? meishi_code_info(s->verdict->code)->text
                            : "the key waits for its certificate");
}

static char *
explain_superseded(const Subject *s)
{
    guint index;

    if (!meishi_inventory_find_id(s->world->inventory, s->candidate->superseded_by, &index))
        return g_strdup("by a certificate that is not here");
    return g_strdup_printf("by \"%s\"",
                           meishi_inventory_entry(s->world->inventory, index)->candidate->label);
}

static char *
explain_token(const Subject *s)
{
    if (s->candidate->token_label == NULL)
        return g_strdup("insert its token");
    return g_strdup_printf("insert \"%s\"", s->candidate->token_label);
}

static char *
explain_key_type(const Subject *s)
{
    GString *out = g_string_new(NULL);
    gsize n = 0;
    const guint8 *types = g_bytes_get_data(s->request->certificate_types, &n);

    g_string_append_printf(out, "key %s; the server takes types", s->cert->key->text);
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(out, " %u", types[i]);
    return g_string_free(out, FALSE);
}

static char *
explain_sigalg(const Subject *s)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "key %s in TLS %s; the server takes", s->cert->key->text,
                           s->request->tls_version == 0                ? "of any version"
                           : s->request->tls_version >= MEISHI_TLS_1_3 ? "1.3"
                                                                       : "1.2");
    for (guint i = 0; s->request->sigalgs && i < s->request->sigalgs->len; i++)
        g_string_append_printf(out, " %s",
                               meishi_sigalg_name(g_array_index(s->request->sigalgs, guint16, i)));
    return g_string_free(out, FALSE);
}

static char *
explain_key_usage(const Subject *s)
{
    g_auto(GStrv) names = meishi_cert_key_usage_names(s->cert);
    g_autofree char *list = g_strjoinv(" ", names);

    return names[0] != NULL ? g_strdup_printf("has only %s", list) : g_strdup("has none");
}

static char *
explain_eku(const Subject *s)
{
    g_autofree char *list = g_strjoinv(" ", s->cert->ekus);

    return g_strdup_printf("has only %s", list);
}

static char *
explain_filter(const Subject *s)
{
    GString *out = g_string_new("the server asks for");

    for (guint i = 0; i < s->request->oid_filters->len; i++) {
        const MeishiOidFilter *filter = g_ptr_array_index(s->request->oid_filters, i);

        g_string_append_printf(out, " %s%s", filter->oid, filter->known ? "" : " (not understood)");
    }
    return g_string_free(out, FALSE);
}

static char *
explain_issuer(const Subject *s)
{
    guint n = s->request->ca_names->len;

    return g_strdup_printf("issuer %s not among %u name%s asked%s", s->cert->issuer_text, n,
                           n == 1 ? "" : "s",
                           s->verdict->path->is_cut ? "; the search was cut short" : "");
}

static char *
explain_chain(const Subject *s)
{
    return g_strdup_printf("the certificate is signed with %s; its chain has %u more",
                           s->cert->signature_algorithm, s->verdict->path->n_nodes);
}

static char *
explain_date(const Subject *s)
{
    gboolean early = s->verdict->code == MEISHI_CODE_NOT_YET_VALID;
    g_autofree char *date =
        meishi_explain_detail_date(early ? s->cert->not_before : s->cert->not_after);

    return g_strdup_printf("%s %s", early ? "begins" : "ended", date);
}

static char *
explain_rule(const Subject *s)
{
    return s->verdict->rule ? meishi_explain_rule(s->verdict->rule) : g_strdup("");
}

static char *
explain_refusal(const Subject *s)
{
    g_autofree char *date = meishi_explain_detail_date(s->verdict->history->refused_at);

    return g_strdup_printf("%s: %s", date, meishi_outcome_alert_text(s->verdict->history->alert));
}

/* What speaks for it: how its authority was found. */
static char *
explain_ok(const Subject *s)
{
    static const char *const how[] = {
        [MEISHI_CA_MISMATCH] = "none",
        [MEISHI_CA_ANY] = "the server named none",
        [MEISHI_CA_CHAIN] = "issuer in the chain",
        [MEISHI_CA_LEAF] = "leaf issuer",
    };
    const MeishiPath *path = s->verdict->path;
    g_autofree char *name = path->named ? meishi_name_to_text(path->named) : NULL;

    if (name == NULL)
        return g_strdup_printf("CA match: %s", how[path->match]);
    return g_strdup_printf("CA match: %s (%s) %s", how[path->match],
                           path->is_normalised ? "normalised" : "DER equal", name);
}

static char *(*const details[MEISHI_N_CODES])(const Subject *) = {
    [MEISHI_CODE_OK] = explain_ok,
    [MEISHI_CODE_SUPERSEDED] = explain_superseded,
    [MEISHI_CODE_TOKEN_ABSENT] = explain_token,
    [MEISHI_CODE_NOT_X509] = explain_type,
    [MEISHI_CODE_KEY_TYPE] = explain_key_type,
    [MEISHI_CODE_SIGALG] = explain_sigalg,
    [MEISHI_CODE_KU] = explain_key_usage,
    [MEISHI_CODE_EKU] = explain_eku,
    [MEISHI_CODE_OID_FILTER] = explain_filter,
    [MEISHI_CODE_CA_MISMATCH] = explain_issuer,
    [MEISHI_CODE_CHAIN_SIGALG] = explain_chain,
    [MEISHI_CODE_NOT_YET_VALID] = explain_date,
    [MEISHI_CODE_EXPIRED] = explain_date,
    [MEISHI_CODE_POLICY_RESTRICT] = explain_rule,
    [MEISHI_CODE_POLICY_KEY] = explain_rule,
    [MEISHI_CODE_APP_NOT_GRANTED] = explain_rule,
    [MEISHI_CODE_REFUSED_BEFORE] = explain_refusal,
};

/* Other reasons against it, and remarks. */
static void
append_also(GString *out, const MeishiVerdict *verdict)
{
    const char *lead = out->len > 0 ? "; also " : "";

    for (guint code = 0; code < MEISHI_N_CODES; code++) {
        if (code == verdict->code || !(verdict->codes & (G_GUINT64_CONSTANT(1) << code)))
            continue;
        g_string_append_printf(out, "%s%s", lead, meishi_code_info((MeishiCode)code)->text);
        lead = ", ";
    }
}

char *
meishi_explain_detail(const MeishiVerdict *verdict, const MeishiWorld *world,
                      const MeishiRequest *request)
{
    Subject subject = {.verdict = verdict, .world = world, .request = request};
    g_autofree char *detail = NULL;
    g_autoptr(GString) out = NULL;

    subject.candidate = meishi_inventory_entry(world->inventory, verdict->index)->candidate;
    subject.cert = subject.candidate->cert;
    detail = details[verdict->code] ? details[verdict->code](&subject)
                                    : g_strdup(meishi_code_info(verdict->code)->text);
    out = g_string_new(detail);
    append_also(out, verdict);
    return clean(out->str, MAX_DETAIL); /* names need more room than labels */
}
