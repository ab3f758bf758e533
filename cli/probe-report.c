/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prints what was found out about a server; see probe-report.h.  A long list of authorities that
 * comes in both versions is shown to a person once.
 */
#include "cli/probe-report.h"

#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"
#include "daemon/crypto/crypto.h"
#include "daemon/policy/sigalg.h"

#include <unistd.h>

#define NAME_WIDTH 16

/* ---- names ----------------------------------------------------------------------------------- */

static char *
to_hex(GBytes *bytes)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    GString *hex = g_string_new("#");

    for (gsize i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", data[i]);
    return g_string_free(hex, FALSE);
}

char *
meishi_probe_report_name(GBytes *der)
{
    g_autoptr(MeishiName) name = meishi_x509_parse_name(der, NULL);

    return name != NULL ? meishi_name_to_text(name) : to_hex(der);
}

static char *
scheme_name(guint16 code)
{
    return meishi_sigalg_from_code(code) != 0 ? g_strdup(meishi_sigalg_name(code))
                                              : g_strdup_printf("0x%04x", code);
}

static char *
type_name(guint8 type)
{
    const char *name = meishi_certificate_request_type_name(type);

    return name != NULL ? g_strdup(name) : g_strdup_printf("%u", type);
}

/* Each a new strv. */
static char **
schemes_to_strv(GArray *codes)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; codes != NULL && i < codes->len; i++) {
        g_autofree char *name = scheme_name(g_array_index(codes, guint16, i));

        g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

static char **
types_to_strv(GBytes *types)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    gsize len = 0;
    const guint8 *data = types != NULL ? g_bytes_get_data(types, &len) : NULL;

    for (gsize i = 0; i < len; i++) {
        g_autofree char *name = type_name(data[i]);

        g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

static char **
ca_names_to_strv(GPtrArray *names)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *name = meishi_probe_report_name(names->pdata[i]);

        g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

/* The report that knows the server best. */
static const MeishiTlsReport *
find_server(GPtrArray *reports)
{
    for (guint i = 0; i < reports->len; i++) {
        const MeishiTlsReport *report = reports->pdata[i];

        if (report->server_cert != NULL)
            return report;
    }
    return reports->pdata[0];
}

/* ---- for a person ---------------------------------------------------------------------------- */

static void
print_line(const char *name, const char *value)
{
    guint width = meishi_table_terminal_width();
    g_autofree char *clean = meishi_text_clean(value);
    g_autofree char *wrapped =
        meishi_text_wrap(clean, width > 60 ? width - NAME_WIDTH - 2 : G_MAXINT, NAME_WIDTH + 2);

    g_print("  %s%-*s%s%s\n", meishi_style_on(MEISHI_STYLE_FAINT, STDOUT_FILENO), NAME_WIDTH, name,
            meishi_style_off(MEISHI_STYLE_FAINT, STDOUT_FILENO), wrapped);
}

static void
print_lines(const char *name, char *const *values)
{
    for (; *values != NULL; values++) {
        print_line(name, *values);
        name = "";
    }
}

static void
print_words(const char *name, char *const *values)
{
    g_autofree char *text = g_strjoinv(", ", (char **)values);

    if (text[0] != '\0')
        print_line(name, text);
}

static void
print_heading(const char *text)
{
    g_print("%s%s%s\n", meishi_style_on(MEISHI_STYLE_STRONG, STDOUT_FILENO), text,
            meishi_style_off(MEISHI_STYLE_STRONG, STDOUT_FILENO));
}

static void
print_trust(const MeishiTlsReport *report)
{
    g_autofree char *text = report->is_trusted || report->trust_text == NULL
                                ? g_strdup(report->is_trusted ? "yes" : "no")
                                : g_strdup_printf("no: %s", report->trust_text);

    print_line("Trusted", text);
}

static void
print_server(const MeishiTarget *target, const MeishiTlsReport *report)
{
    g_autofree char *name = meishi_target_name(target);
    g_autofree char *heading =
        g_strdup_printf("%s, %s%s", name, target->protocol, target->starttls ? " (STARTTLS)" : "");
    g_autoptr(MeishiCert) cert =
        report->server_cert != NULL ? meishi_x509_parse(report->server_cert, NULL) : NULL;

    print_heading(heading);
    if (cert != NULL) {
        print_line("Server", cert->subject_text);
        print_line("Issued by", cert->issuer_text);
    }
    if (report->server_cert != NULL)
        print_trust(report);
}

/* When it asked, where that is unusual. */
static const char *
phase_text(MeishiTlsPhase phase)
{
    static const char *const texts[] = {
        [MEISHI_TLS_PHASE_INITIAL] = "in the first handshake",
        [MEISHI_TLS_PHASE_RENEGOTIATION] = "for this path, by renegotiation",
        [MEISHI_TLS_PHASE_POST_HANDSHAKE] = "for this path, after the handshake",
    };

    return texts[phase];
}

static gboolean
is_same_list(GPtrArray *a, GPtrArray *b)
{
    for (guint i = 0; i < a->len && i < b->len; i++) {
        if (!g_bytes_equal(a->pdata[i], b->pdata[i]))
            return FALSE;
    }
    return a->len == b->len;
}

static void
print_ca_names(GPtrArray *ca_names, const MeishiTlsReport *before)
{
    g_auto(GStrv) names = ca_names_to_strv(ca_names);
    g_autofree char *title = g_strdup_printf("Authorities (%u)", ca_names->len);
    g_autofree char *same = NULL;

    if (names[0] == NULL) {
        print_line("Authorities", "any");
    } else if (before != NULL && before->request != NULL &&
               is_same_list(ca_names, before->request->ca_names)) {
        same = g_strdup_printf("as in %s", meishi_probe_version_name(before->version));
        print_line(title, same);
    } else {
        print_lines(title, names);
    }
}

static void
print_filters(GPtrArray *filters)
{
    for (guint i = 0; i < filters->len; i++) {
        const MeishiAskedFilter *filter = filters->pdata[i];
        g_autofree char *hex = to_hex(filter->values);
        g_autofree char *text = g_strdup_printf("%s = %s", filter->oid, hex);

        print_line(i == 0 ? "OID filters" : "", text);
    }
}

static void
print_request(const MeishiTlsReport *report, const MeishiTlsReport *before)
{
    const MeishiCertificateRequest *request = report->request;
    g_auto(GStrv) types = types_to_strv(request->types);
    g_auto(GStrv) schemes = schemes_to_strv(request->sigalgs);
    g_auto(GStrv) schemes_cert = schemes_to_strv(request->sigalgs_cert);

    if (report->phase != MEISHI_TLS_PHASE_INITIAL)
        print_line("Asked", phase_text(report->phase));
    print_ca_names(request->ca_names, before);
    print_words("Kinds", types);
    print_words("Signatures", schemes);
    print_words("In the chain", schemes_cert);
    print_filters(request->oid_filters);
}

static void
print_connection(const MeishiTlsReport *report)
{
    g_autoptr(GString) text = g_string_new(report->cipher);

    if (report->alpn != NULL)
        g_string_append_printf(text, ", %s", report->alpn);
    if (report->http_status != 0)
        g_string_append_printf(text, ", HTTP %u", report->http_status);
    if (text->len > 0)
        print_line("Connection", text->str);
}

static void
print_version(const MeishiTlsReport *report, const MeishiTlsReport *before)
{
    g_autofree char *need = NULL;

    g_print("\n");
    print_heading(meishi_probe_version_name(report->version));
    if (report->outcome == MEISHI_TLS_NO_VERSION) {
        print_line("", report->message);
        return;
    }
    need = meishi_probe_need_text(report);
    print_connection(report);
    print_line("Certificate", need);
    if (report->request != NULL)
        print_request(report, before);
    else if (report->message != NULL)
        print_line("", report->message);
}

void
meishi_probe_report_print(const MeishiTarget *target, GPtrArray *reports)
{
    print_server(target, find_server(reports));
    for (guint i = 0; i < reports->len; i++)
        print_version(reports->pdata[i], i > 0 ? reports->pdata[i - 1] : NULL);
}

/* ---- for a program --------------------------------------------------------------------------- */

static void
add_flag(JsonBuilder *json, const char *name, gboolean value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_boolean_value(json, value);
}

static void
add_list(JsonBuilder *json, const char *name, char *const *values)
{
    json_builder_set_member_name(json, name);
    meishi_json_list(json, (const char *const *)values);
}

static void
add_filters(GPtrArray *filters, JsonBuilder *json)
{
    json_builder_set_member_name(json, "oid_filters");
    json_builder_begin_array(json);
    for (guint i = 0; i < filters->len; i++) {
        const MeishiAskedFilter *filter = filters->pdata[i];
        g_autofree char *hex = to_hex(filter->values);

        json_builder_begin_object(json);
        meishi_json_member(json, "oid", filter->oid);
        meishi_json_member(json, "values", hex + 1);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

void
meishi_probe_report_add_request(const MeishiCertificateRequest *request, JsonBuilder *json)
{
    g_auto(GStrv) names = ca_names_to_strv(request->ca_names);
    g_auto(GStrv) types = types_to_strv(request->types);
    g_auto(GStrv) schemes = schemes_to_strv(request->sigalgs);
    g_auto(GStrv) schemes_cert = schemes_to_strv(request->sigalgs_cert);

    add_list(json, "authorities", names);
    add_list(json, "certificate_types", types);
    add_list(json, "signature_schemes", schemes);
    add_list(json, "signature_schemes_cert", schemes_cert);
    add_filters(request->oid_filters, json);
}

static void
add_server(const MeishiTlsReport *report, JsonBuilder *json)
{
    g_autoptr(MeishiCert) cert =
        report->server_cert != NULL ? meishi_x509_parse(report->server_cert, NULL) : NULL;

    json_builder_set_member_name(json, "server");
    json_builder_begin_object(json);
    meishi_json_member(json, "subject", cert != NULL ? cert->subject_text : NULL);
    meishi_json_member(json, "issuer", cert != NULL ? cert->issuer_text : NULL);
    add_flag(json, "trusted", report->is_trusted);
    meishi_json_member(json, "not_trusted_because", report->trust_text);
    json_builder_end_object(json);
}

static const char *
outcome_name(MeishiTlsOutcome outcome)
{
    static const char *const names[] = {
        [MEISHI_TLS_ACCEPTED] = "accepted",
        [MEISHI_TLS_SILENT] = "silent",
        [MEISHI_TLS_ALERT] = "alert",
        [MEISHI_TLS_CLOSED] = "closed",
        [MEISHI_TLS_SIGN_FAILED] = "sign-failed",
        [MEISHI_TLS_NO_VERSION] = "no-version",
        [MEISHI_TLS_UNTRUSTED] = "untrusted",
    };

    return names[outcome];
}

static void
add_connection(const MeishiTlsReport *report, JsonBuilder *json)
{
    meishi_json_member(json, "version", meishi_probe_version_name(report->version));
    add_flag(json, "spoken", report->outcome != MEISHI_TLS_NO_VERSION);
    meishi_json_member(json, "outcome", outcome_name(report->outcome));
    meishi_json_number_member(json, "alert", report->alert);
    meishi_json_member(json, "message", report->message);
    meishi_json_member(json, "cipher", report->cipher);
    meishi_json_member(json, "alpn", report->alpn);
    meishi_json_number_member(json, "http_status", report->http_status);
}

static void
add_version(const MeishiTlsReport *report, JsonBuilder *json)
{
    static const char *const phases[] = {"initial", "renegotiation", "post-handshake"};

    json_builder_begin_object(json);
    add_connection(report, json);
    meishi_json_member(json, "certificate", meishi_probe_need_name(meishi_probe_need(report)));
    if (report->request != NULL) {
        meishi_json_member(json, "phase", phases[report->phase]);
        meishi_probe_report_add_request(report->request, json);
    }
    json_builder_end_object(json);
}

void
meishi_probe_report_print_json(const MeishiTarget *target, GPtrArray *reports)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_member(json, "protocol", target->protocol);
    meishi_json_member(json, "host", target->host);
    meishi_json_number_member(json, "port", target->port);
    add_flag(json, "starttls", target->starttls);
    add_server(find_server(reports), json);
    json_builder_set_member_name(json, "versions");
    json_builder_begin_array(json);
    for (guint i = 0; i < reports->len; i++)
        add_version(reports->pdata[i], json);
    json_builder_end_array(json);
    json_builder_end_object(json);
    meishi_json_print(json);
}
