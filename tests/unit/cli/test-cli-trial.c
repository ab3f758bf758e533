/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/probe.c and cli/trial.c: what a handshake without and one with a certificate mean, as a
 * sentence, a report to the daemon and an exit status.
 */
#include "cli/error.h"
#include "cli/probe.h"
#include "cli/trial.h"
#include "daemon/policy/sigalg.h"

#include <string.h>

static MeishiCertificateRequest *
a_request(void)
{
    g_autoptr(GBytes) body = g_bytes_new_static("\x01\x40\x00\x02\x04\x03\x00\x00", 8);

    return meishi_certificate_request_parse(body, MEISHI_TLS_1_2, NULL);
}

/* ---- without a certificate ------------------------------------------------------------------- */

static void
test_need(void)
{
    const struct {
        gboolean asked;
        MeishiTlsOutcome outcome;
        guint8 alert;
        guint16 version;
        guint http_status;
        MeishiNeed need;
    } rows[] = {
        {FALSE, MEISHI_TLS_ACCEPTED, 0, MEISHI_TLS_1_3, 200, MEISHI_NEED_NONE},
        {FALSE, MEISHI_TLS_ALERT, 40, MEISHI_TLS_1_2, 0, MEISHI_NEED_NONE},
        {TRUE, MEISHI_TLS_ACCEPTED, 0, MEISHI_TLS_1_3, 200, MEISHI_NEED_OPTIONAL},
        {TRUE, MEISHI_TLS_ACCEPTED, 0, MEISHI_TLS_1_3, 404, MEISHI_NEED_OPTIONAL},
        {TRUE, MEISHI_TLS_ACCEPTED, 0, MEISHI_TLS_1_2, 400, MEISHI_NEED_WANTED},
        {TRUE, MEISHI_TLS_ACCEPTED, 0, MEISHI_TLS_1_2, 401, MEISHI_NEED_WANTED},
        {TRUE, MEISHI_TLS_ACCEPTED, 0, MEISHI_TLS_1_2, 403, MEISHI_NEED_WANTED},
        {TRUE, MEISHI_TLS_SILENT, 0, MEISHI_TLS_1_2, 0, MEISHI_NEED_OPTIONAL},
        {TRUE, MEISHI_TLS_SILENT, 0, MEISHI_TLS_1_3, 0, MEISHI_NEED_UNKNOWN},
        {TRUE, MEISHI_TLS_ALERT, 116, MEISHI_TLS_1_3, 0, MEISHI_NEED_REQUIRED},
        {TRUE, MEISHI_TLS_ALERT, 40, MEISHI_TLS_1_2, 0, MEISHI_NEED_REQUIRED},
        {TRUE, MEISHI_TLS_ALERT, 42, MEISHI_TLS_1_2, 0, MEISHI_NEED_REQUIRED},
        {TRUE, MEISHI_TLS_ALERT, 80, MEISHI_TLS_1_2, 0, MEISHI_NEED_UNKNOWN},
        {TRUE, MEISHI_TLS_CLOSED, 0, MEISHI_TLS_1_2, 0, MEISHI_NEED_UNKNOWN},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiCertificateRequest) request = rows[i].asked ? a_request() : NULL;
        const MeishiTlsReport report = {.outcome = rows[i].outcome,
                                        .alert = rows[i].alert,
                                        .version = rows[i].version,
                                        .http_status = rows[i].http_status,
                                        .message = (char *)"It went so.",
                                        .request = request};
        g_autofree char *text = meishi_probe_need_text(&report);

        g_test_message("%" G_GSIZE_FORMAT ": %s", i, text);
        g_assert_cmpint(meishi_probe_need(&report), ==, rows[i].need);
        g_assert_cmpint(text[0], !=, '\0');
    }
}

/* What was not on the wire is left out: absent is not empty. */
static void
test_constraints(void)
{
    g_autoptr(MeishiCertificateRequest) request = a_request();
    const MeishiTlsReport report = {.version = MEISHI_TLS_1_2, .request = request};
    g_autoptr(GVariant) constraints = g_variant_ref_sink(meishi_probe_constraints(&report, FALSE));
    g_autoptr(GVariant) overridden = g_variant_ref_sink(meishi_probe_constraints(&report, TRUE));
    g_autofree char *text = g_variant_print(constraints, TRUE);
    const char *verified;

    g_test_message("%s", text);
    g_assert_true(g_variant_is_of_type(constraints, G_VARIANT_TYPE_VARDICT));
    g_assert_cmpuint(g_variant_n_children(constraints), ==, 5);
    g_assert_nonnull(strstr(text, "'tls-version': <uint16 771>"));
    g_assert_nonnull(strstr(text, "'certificate-types': <[byte 0x40]>"));
    g_assert_nonnull(strstr(text, "'signature-schemes': <[uint16 1027]>"));
    g_assert_nonnull(strstr(text, "'ca-names': <@aay []>"));
    g_assert_nonnull(strstr(text, "'server-verified': <'failed'>"));
    g_assert_true(g_variant_lookup(overridden, "server-verified", "&s", &verified));
    g_assert_cmpstr(verified, ==, "overridden");
}

/* ---- with one -------------------------------------------------------------------------------- */

static MeishiTarget target = {
    .protocol = (char *)"https", .host = (char *)"example.com", .port = 443};

static const struct {
    MeishiTlsOutcome outcome;
    guint8 alert;
    guint http_status;
    MeishiTrialVerdict verdict;
    const char *says, *reported;
    int status;
} sent_rows[] = {
    {MEISHI_TLS_ACCEPTED, 0, 200, MEISHI_TRIAL_ACCEPTED, "*accepted “Alice” (TLS 1.3, HTTP 200).",
     "accepted", MEISHI_EXIT_OK},
    {MEISHI_TLS_ACCEPTED, 0, 0, MEISHI_TRIAL_ACCEPTED, "*accepted “Alice” (TLS 1.3).", "accepted",
     MEISHI_EXIT_OK},
    {MEISHI_TLS_ACCEPTED, 0, 403, MEISHI_TRIAL_ANSWERED, "*then answered HTTP 403.", "app-refused",
     MEISHI_EXIT_REFUSED},
    {MEISHI_TLS_ACCEPTED, 0, 400, MEISHI_TRIAL_ANSWERED, "*HTTP 400, as it does without*",
     "app-refused", MEISHI_EXIT_REFUSED},
    {MEISHI_TLS_SILENT, 0, 0, MEISHI_TRIAL_SILENT, "*said nothing after that.", NULL,
     MEISHI_EXIT_OK},
    {MEISHI_TLS_ALERT, 44, 0, MEISHI_TRIAL_REFUSED, "*refused “Alice”: *revoked (alert 44).",
     "alert", MEISHI_EXIT_REFUSED},
    {MEISHI_TLS_ALERT, 48, 0, MEISHI_TRIAL_REFUSED, "*does not know*issuer (alert 48).", "alert",
     MEISHI_EXIT_REFUSED},
    {MEISHI_TLS_CLOSED, 0, 0, MEISHI_TRIAL_REFUSED, "*without saying why.", "closed",
     MEISHI_EXIT_REFUSED},
    {MEISHI_TLS_SIGN_FAILED, 0, 0, MEISHI_TRIAL_UNSIGNED, "*did not sign*", "sign-failed",
     MEISHI_EXIT_FAILED},
    {MEISHI_TLS_NO_VERSION, 0, 0, MEISHI_TRIAL_FAILED, "There was no handshake*", NULL,
     MEISHI_EXIT_FAILED},
};

static int
status_of(MeishiTrialVerdict verdict)
{
    g_autoptr(GError) error = NULL;

    return meishi_trial_check(verdict, &error) ? MEISHI_EXIT_OK : meishi_error_exit_status(error);
}

static void
check_trial(const MeishiTrial *trial, MeishiTrialVerdict verdict, const char *says,
            const char *reported)
{
    g_autofree char *text = meishi_trial_text(trial);
    guint8 alert;

    g_test_message("%s", text);
    g_assert_cmpint(meishi_trial_judge(trial), ==, verdict);
    g_assert_true(g_pattern_match_simple(says, text));
    g_assert_cmpstr(meishi_trial_outcome(trial, &alert), ==, reported);
}

static void
test_sent(void)
{
    g_autoptr(MeishiCertificateRequest) request = a_request();
    const MeishiTlsReport before = {.outcome = MEISHI_TLS_ACCEPTED,
                                    .version = MEISHI_TLS_1_3,
                                    .http_status = 400,
                                    .request = request};

    for (gsize i = 0; i < G_N_ELEMENTS(sent_rows); i++) {
        const MeishiTlsReport after = {.outcome = sent_rows[i].outcome,
                                       .alert = sent_rows[i].alert,
                                       .version = MEISHI_TLS_1_3,
                                       .http_status = sent_rows[i].http_status,
                                       .message = (char *)"Why.",
                                       .request = request,
                                       .has_sent = TRUE};
        const MeishiTrial trial = {
            .target = &target, .label = "Alice", .before = &before, .after = &after};

        check_trial(&trial, sent_rows[i].verdict, sent_rows[i].says, sent_rows[i].reported);
        g_assert_cmpint(status_of(sent_rows[i].verdict), ==, sent_rows[i].status);
    }
}

/* The first connection was the trial of sending none. */
static void
test_none(void)
{
    g_autoptr(MeishiCertificateRequest) request = a_request();
    const MeishiTlsReport fine = {.outcome = MEISHI_TLS_ACCEPTED,
                                  .version = MEISHI_TLS_1_3,
                                  .http_status = 200,
                                  .request = request};
    const MeishiTlsReport wrong = {
        .outcome = MEISHI_TLS_ALERT, .alert = 116, .version = MEISHI_TLS_1_3, .request = request};
    const MeishiTlsReport unasked = {.outcome = MEISHI_TLS_ACCEPTED, .version = MEISHI_TLS_1_3};
    const MeishiTrial none = {.target = &target, .before = &fine};
    const MeishiTrial refused = {.target = &target, .before = &wrong};
    const MeishiTrial idle = {.target = &target, .before = &unasked};

    check_trial(&none, MEISHI_TRIAL_NONE, "No certificate would be sent*optional*", "accepted");
    check_trial(&refused, MEISHI_TRIAL_NONE_WRONG, "No certificate would*required*116*", "alert");
    check_trial(&idle, MEISHI_TRIAL_NOT_ASKED, "*asks for no certificate (TLS 1.3).", "accepted");
    g_assert_cmpint(status_of(MEISHI_TRIAL_NONE), ==, MEISHI_EXIT_NONE);
    g_assert_cmpint(status_of(MEISHI_TRIAL_NONE_WRONG), ==, MEISHI_EXIT_REFUSED);
    g_assert_cmpint(status_of(MEISHI_TRIAL_NOT_ASKED), ==, MEISHI_EXIT_NONE);
}

/* A server may ask the first time alone. */
static void
test_not_asked_again(void)
{
    g_autoptr(MeishiCertificateRequest) request = a_request();
    const MeishiTlsReport before = {
        .outcome = MEISHI_TLS_ACCEPTED, .version = MEISHI_TLS_1_3, .request = request};
    const MeishiTlsReport after = {.outcome = MEISHI_TLS_ACCEPTED, .version = MEISHI_TLS_1_3};
    const MeishiTrial trial = {
        .target = &target, .label = "Alice", .before = &before, .after = &after};

    g_assert_cmpint(meishi_trial_judge(&trial), ==, MEISHI_TRIAL_NOT_ASKED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/probe/need", test_need);
    g_test_add_func("/cli/probe/constraints", test_constraints);
    g_test_add_func("/cli/trial/sent", test_sent);
    g_test_add_func("/cli/trial/none", test_none);
    g_test_add_func("/cli/trial/not-asked-again", test_not_asked_again);
    return g_test_run();
}
