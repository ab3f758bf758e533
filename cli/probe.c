/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads a report of cli/tls.h as a person or the daemon wants it; see probe.h.  Pure: no
 * connection is made here.
 */
#include "cli/probe.h"

#include "cli/error.h"
#include "daemon/policy/sigalg.h"

gboolean
meishi_probe_check_spoken(const MeishiTlsReport *report, const MeishiTarget *target, GError **error)
{
    g_autofree char *name = meishi_target_name(target);

    if (report->outcome != MEISHI_TLS_NO_VERSION)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "There is no TLS at %s. %s", name,
                report->message);
    return FALSE;
}

/* ---- required or optional -------------------------------------------------------------------- */

/* nginx answers 400 where a certificate is missing or bad, others 401 or 403. */
gboolean
meishi_probe_is_refusal(guint http_status)
{
    return http_status == 400 || http_status == 401 || http_status == 403;
}

/* certificate_required (RFC 9846), and what TLS 1.2 servers say instead (RFC 5246 7.4.6,
 * 7.2.2): handshake_failure, bad_certificate; GnuTLS says decode_error to an empty list. */
static gboolean
is_demand(guint8 alert)
{
    return alert == 116 || alert == 40 || alert == 42 || alert == 50;
}

MeishiNeed
meishi_probe_need(const MeishiTlsReport *report)
{
    if (report->request == NULL)
        return MEISHI_NEED_NONE;
    switch (report->outcome) {
    case MEISHI_TLS_ACCEPTED:
        return meishi_probe_is_refusal(report->http_status) ? MEISHI_NEED_WANTED
                                                            : MEISHI_NEED_OPTIONAL;
    case MEISHI_TLS_SILENT:
        /* In TLS 1.2 the handshake ends with the server's consent. */
        return report->version == MEISHI_TLS_1_2 ? MEISHI_NEED_OPTIONAL : MEISHI_NEED_UNKNOWN;
    case MEISHI_TLS_ALERT:
        return is_demand(report->alert) ? MEISHI_NEED_REQUIRED : MEISHI_NEED_UNKNOWN;
    default:
        return MEISHI_NEED_UNKNOWN;
    }
}

const char *
meishi_probe_need_name(MeishiNeed need)
{
    static const char *const names[] = {
        [MEISHI_NEED_NONE] = "not-asked",  [MEISHI_NEED_OPTIONAL] = "optional",
        [MEISHI_NEED_WANTED] = "wanted",   [MEISHI_NEED_REQUIRED] = "required",
        [MEISHI_NEED_UNKNOWN] = "unknown",
    };

    return names[need];
}

char *
meishi_probe_need_text(const MeishiTlsReport *report)
{
    switch (meishi_probe_need(report)) {
    case MEISHI_NEED_NONE:
        return g_strdup("not asked for");
    case MEISHI_NEED_OPTIONAL:
        return g_strdup("optional: the server goes on without one");
    case MEISHI_NEED_WANTED:
        return g_strdup_printf("wanted: without one, the server answers HTTP %u",
                               report->http_status);
    case MEISHI_NEED_REQUIRED:
        return g_strdup_printf("required: without one, the server breaks off with alert %u",
                               report->alert);
    default:
        return g_strdup_printf("asked for, and it does not show whether it is required. %s",
                               report->message);
    }
}

const char *
meishi_probe_version_name(guint16 version)
{
    switch (version) {
    case MEISHI_TLS_1_3:
        return "TLS 1.3";
    case MEISHI_TLS_1_2:
        return "TLS 1.2";
    default:
        return NULL;
    }
}

/* ---- for the daemon -------------------------------------------------------------------------- */

static GVariant *
from_bytes(GBytes *bytes)
{
    return g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

static void
add_codes(GVariantDict *constraints, const char *name, GArray *codes)
{
    if (codes != NULL)
        g_variant_dict_insert_value(constraints, name,
                                    g_variant_new_fixed_array(G_VARIANT_TYPE_UINT16, codes->data,
                                                              codes->len, sizeof(guint16)));
}

static void
add_ca_names(GVariantDict *constraints, GPtrArray *names)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("aay"));
    for (guint i = 0; i < names->len; i++)
        g_variant_builder_add_value(&builder, from_bytes(names->pdata[i]));
    g_variant_dict_insert_value(constraints, "ca-names", g_variant_builder_end(&builder));
}

static void
add_filters(GVariantDict *constraints, GPtrArray *filters)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("a(say)"));
    for (guint i = 0; i < filters->len; i++) {
        const MeishiAskedFilter *filter = filters->pdata[i];

        g_variant_builder_add(&builder, "(s@ay)", filter->oid, from_bytes(filter->values));
    }
    g_variant_dict_insert_value(constraints, "oid-filters", g_variant_builder_end(&builder));
}

static void
add_request(GVariantDict *constraints, const MeishiCertificateRequest *request)
{
    add_ca_names(constraints, request->ca_names);
    if (request->types != NULL)
        g_variant_dict_insert_value(constraints, "certificate-types", from_bytes(request->types));
    add_codes(constraints, "signature-schemes", request->sigalgs);
    add_codes(constraints, "signature-schemes-cert", request->sigalgs_cert);
    if (request->oid_filters->len > 0)
        add_filters(constraints, request->oid_filters);
}

static const char *
verified_of(const MeishiTlsReport *report, gboolean is_overridden)
{
    if (report->is_trusted)
        return "ok";
    return is_overridden ? "overridden" : "failed";
}

GVariant *
meishi_probe_constraints(const MeishiTlsReport *report, gboolean is_overridden)
{
    GVariantDict constraints;

    g_variant_dict_init(&constraints, NULL);
    g_variant_dict_insert(&constraints, "tls-version", "q", report->version);
    g_variant_dict_insert(&constraints, "server-verified", "s", verified_of(report, is_overridden));
    if (report->server_cert != NULL)
        g_variant_dict_insert_value(&constraints, "server-certificate",
                                    from_bytes(report->server_cert));
    if (report->request != NULL)
        add_request(&constraints, report->request);
    return g_variant_dict_end(&constraints);
}
