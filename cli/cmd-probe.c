/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi probe: what a server asks of its clients.  Sends no certificate, so that nobody learns
 * who asks.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/probe-report.h"
#include "cli/tls-option.h"
#include "daemon/crypto/crypto.h"
#include "daemon/policy/sigalg.h"

static MeishiTlsOption options = MEISHI_TLS_OPTION_INIT;

static const GOptionEntry entries[] = {
    {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
     "Trust the authorities in FILE (PEM) beside the system's", "FILE"},
    {"tls", 0, 0, G_OPTION_ARG_STRING, &options.version, "Speak this version alone: 1.2 or 1.3",
     "VERSION"},
    {"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout_s, "Give up after so many seconds (10)",
     "SECONDS"},
    G_OPTION_ENTRY_NULL,
};

/* A server may close at once on a version that it has never heard of, so that is not the end; one
 * who speaks neither speaks no TLS. */
static gboolean
is_any_spoken(GPtrArray *reports)
{
    for (guint i = 0; i < reports->len; i++) {
        const MeishiTlsReport *report = reports->pdata[i];

        if (report->outcome != MEISHI_TLS_NO_VERSION)
            return TRUE;
    }
    return FALSE;
}

static gboolean
fail_unspoken(const MeishiTarget *target, GPtrArray *reports, GError **error)
{
    g_autofree char *name = meishi_target_name(target);
    const MeishiTlsReport *first = reports->pdata[0];

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "There is no %s at %s. %s",
                reports->len > 1 ? "TLS" : meishi_probe_version_name(first->version), name,
                first->message);
    return FALSE;
}

/* A server that answered a moment ago and does not now (it counts connections, perhaps): what it
 * said is worth showing. */
static MeishiTlsReport *
report_failure(guint16 version, const GError *cause)
{
    MeishiTlsReport *report = g_new0(MeishiTlsReport, 1);

    report->outcome = MEISHI_TLS_NO_VERSION;
    report->version = version;
    report->message = g_strdup(cause->message);
    return report;
}

/* One connection for each version, the newer first. */
static GPtrArray *
probe(MeishiTlsCall *call, GError **error)
{
    static const guint16 versions[] = {MEISHI_TLS_1_3, MEISHI_TLS_1_2};
    g_autoptr(GPtrArray) reports =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_tls_report_free);
    guint16 only = call->version;

    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(GError) cause = NULL;
        MeishiTlsReport *report;

        if (only != 0 && only != versions[i])
            continue;
        call->version = versions[i];
        report = meishi_tls_run(call, &cause);
        if (report == NULL && !is_any_spoken(reports)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        g_ptr_array_add(reports, report != NULL ? report : report_failure(versions[i], cause));
    }
    return g_steal_pointer(&reports);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiTarget) target = meishi_target_parse(args[0], error);
    MeishiTlsCall call = {.target = target};
    g_autoptr(GPtrArray) reports = NULL;

    if (target == NULL || !meishi_tls_option_apply(&options, &call, error) ||
        !meishi_crypto_init(error))
        return FALSE;
    reports = probe(&call, error);
    if (reports == NULL)
        return FALSE;
    if (!is_any_spoken(reports))
        return fail_unspoken(target, reports, error);
    if (meishi_command_json())
        meishi_probe_report_print_json(target, reports);
    else
        meishi_probe_report_print(target, reports);
    return TRUE;
}

const MeishiCommand meishi_command_probe = {
    .name = "probe",
    .usage = "HOST[:PORT]|URL",
    .summary = "Show what a server asks of its clients",
    .text =
        "Connects with TLS 1.3 and with TLS 1.2, sends no certificate, and shows what the "
        "server asks for: which authorities, which kinds of keys and signatures, and whether it "
        "goes on without. Speaks STARTTLS with smtp, imap, pop3 and ldap.",
    .example = "meishi probe git.example.com:8443\n"
               "meishi probe imap://mail.example.com",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
