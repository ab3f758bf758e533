/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From two reports to a verdict; see trial.h.  Pure: nobody is connected to or asked here.  Where
 * no certificate is sent, the first connection was the trial.
 */
#include "cli/trial.h"

#include "cli/error.h"
#include "cli/probe.h"
#include "cli/text.h"
#include "daemon/policy/outcome.h"

static MeishiTrialVerdict
judge_none(const MeishiTlsReport *before)
{
    switch (meishi_probe_need(before)) {
    case MEISHI_NEED_OPTIONAL:
        return MEISHI_TRIAL_NONE;
    case MEISHI_NEED_NONE:
        return before->outcome <= MEISHI_TLS_SILENT ? MEISHI_TRIAL_NOT_ASKED : MEISHI_TRIAL_FAILED;
    default:
        return MEISHI_TRIAL_NONE_WRONG;
    }
}

static MeishiTrialVerdict
judge_sent(const MeishiTlsReport *after)
{
    switch (after->outcome) {
    case MEISHI_TLS_ACCEPTED:
        return meishi_probe_is_refusal(after->http_status) ? MEISHI_TRIAL_ANSWERED
                                                           : MEISHI_TRIAL_ACCEPTED;
    case MEISHI_TLS_SILENT:
        return MEISHI_TRIAL_SILENT;
    case MEISHI_TLS_ALERT:
    case MEISHI_TLS_CLOSED:
        return MEISHI_TRIAL_REFUSED;
    case MEISHI_TLS_SIGN_FAILED:
        return MEISHI_TRIAL_UNSIGNED;
    default:
        return MEISHI_TRIAL_FAILED;
    }
}

/* A server may ask one time and not the next. */
MeishiTrialVerdict
meishi_trial_judge(const MeishiTrial *trial)
{
    if (trial->after == NULL)
        return judge_none(trial->before);
    return trial->after->has_sent ? judge_sent(trial->after) : judge_none(trial->after);
}

/* ---- words ----------------------------------------------------------------------------------- */

static char *
describe_session(const MeishiTlsReport *report)
{
    if (report->http_status == 0)
        return g_strdup(meishi_probe_version_name(report->version));
    return g_strdup_printf("%s, HTTP %u", meishi_probe_version_name(report->version),
                           report->http_status);
}

static char *
describe_refusal(const char *server, const char *label, const MeishiTlsReport *report)
{
    if (report->outcome == MEISHI_TLS_CLOSED)
        return g_strdup_printf("%s refused “%s”: it closed the connection without saying why.",
                               server, label);
    return g_strdup_printf("%s refused “%s”: %s (alert %u).", server, label,
                           meishi_outcome_alert_text(report->alert), report->alert);
}

static char *
describe_answer(const char *server, const char *label, const MeishiTrial *trial)
{
    guint status = trial->after->http_status;
    gboolean is_same = trial->before->http_status == status;

    return g_strdup_printf("%s shook hands with “%s” and then answered HTTP %u%s.", server, label,
                           status, is_same ? ", as it does without a certificate" : "");
}

static char *
describe_none(const char *server, const MeishiTlsReport *report)
{
    g_autofree char *need = meishi_probe_need_text(report);

    return g_strdup_printf("No certificate would be sent to %s. One is %s.", server, need);
}

static char *
describe(const char *server, const char *label, const MeishiTrial *trial)
{
    const MeishiTlsReport *report = trial->after != NULL ? trial->after : trial->before;
    g_autofree char *session = describe_session(report);

    switch (meishi_trial_judge(trial)) {
    case MEISHI_TRIAL_ACCEPTED:
        return g_strdup_printf("%s accepted “%s” (%s).", server, label, session);
    case MEISHI_TRIAL_SILENT:
        return g_strdup_printf("%s shook hands with “%s” (%s) and said nothing after that.", server,
                               label, session);
    case MEISHI_TRIAL_NOT_ASKED:
        return g_strdup_printf("%s asks for no certificate (%s).", server, session);
    case MEISHI_TRIAL_NONE:
    case MEISHI_TRIAL_NONE_WRONG:
        return describe_none(server, report);
    case MEISHI_TRIAL_REFUSED:
        return describe_refusal(server, label, report);
    case MEISHI_TRIAL_ANSWERED:
        return describe_answer(server, label, trial);
    case MEISHI_TRIAL_UNSIGNED:
        return g_strdup_printf("“%s” did not sign, so %s has not judged it: %s", label, server,
                               report->message);
    case MEISHI_TRIAL_FAILED:
        break;
    }
    return g_strdup_printf("There was no handshake with %s: %s", server, report->message);
}

char *
meishi_trial_text(const MeishiTrial *trial)
{
    g_autofree char *server = meishi_target_name(trial->target);
    g_autofree char *label = meishi_text_clean(trial->label != NULL ? trial->label : "");

    return describe(server, label, trial);
}

/* ---- for the daemon and for scripts ---------------------------------------------------------- */

const char *
meishi_trial_outcome(const MeishiTrial *trial, guint8 *ret_alert)
{
    const MeishiTlsReport *report = trial->after != NULL ? trial->after : trial->before;

    *ret_alert = report->alert;
    switch (report->outcome) {
    case MEISHI_TLS_ACCEPTED:
        return meishi_probe_is_refusal(report->http_status) ? "app-refused" : "accepted";
    case MEISHI_TLS_ALERT:
        return "alert";
    case MEISHI_TLS_CLOSED:
        return "closed";
    case MEISHI_TLS_SIGN_FAILED:
        return "sign-failed";
    default:
        return NULL;
    }
}

gboolean
meishi_trial_check(MeishiTrialVerdict verdict, GError **error)
{
    static const MeishiCliError codes[] = {
        [MEISHI_TRIAL_NOT_ASKED] = MEISHI_CLI_ERROR_NONE,
        [MEISHI_TRIAL_NONE] = MEISHI_CLI_ERROR_NONE,
        [MEISHI_TRIAL_NONE_WRONG] = MEISHI_CLI_ERROR_REFUSED,
        [MEISHI_TRIAL_REFUSED] = MEISHI_CLI_ERROR_REFUSED,
        [MEISHI_TRIAL_ANSWERED] = MEISHI_CLI_ERROR_REFUSED,
        [MEISHI_TRIAL_UNSIGNED] = MEISHI_CLI_ERROR_FAILED,
        [MEISHI_TRIAL_FAILED] = MEISHI_CLI_ERROR_FAILED,
    };

    if (verdict == MEISHI_TRIAL_ACCEPTED || verdict == MEISHI_TRIAL_SILENT)
        return TRUE;
    g_set_error_literal(error, MEISHI_CLI_ERROR, codes[verdict], "");
    return FALSE;
}

static const char *
verdict_name(MeishiTrialVerdict verdict)
{
    static const char *const names[] = {
        [MEISHI_TRIAL_ACCEPTED] = "accepted",       [MEISHI_TRIAL_SILENT] = "silent",
        [MEISHI_TRIAL_NOT_ASKED] = "not-asked",     [MEISHI_TRIAL_NONE] = "none",
        [MEISHI_TRIAL_NONE_WRONG] = "none-refused", [MEISHI_TRIAL_REFUSED] = "refused",
        [MEISHI_TRIAL_ANSWERED] = "answered",       [MEISHI_TRIAL_UNSIGNED] = "sign-failed",
        [MEISHI_TRIAL_FAILED] = "failed",
    };

    return names[verdict];
}

void
meishi_trial_to_json(const MeishiTrial *trial, JsonBuilder *json)
{
    const MeishiTlsReport *report = trial->after != NULL ? trial->after : trial->before;
    g_autofree char *text = meishi_trial_text(trial);

    meishi_json_member(json, "verdict", verdict_name(meishi_trial_judge(trial)));
    meishi_json_member(json, "text", text);
    meishi_json_member(json, "label", trial->label);
    meishi_json_member(json, "version", meishi_probe_version_name(report->version));
    meishi_json_number_member(json, "alert", report->alert);
    meishi_json_number_member(json, "http_status", report->http_status);
    json_builder_set_member_name(json, "sent");
    json_builder_add_boolean_value(json, report->has_sent);
    json_builder_set_member_name(json, "selection");
    if (trial->selection == NULL) {
        json_builder_add_null_value(json);
        return;
    }
    json_builder_begin_object(json);
    meishi_selection_to_json(trial->selection, trial->target, json);
    json_builder_end_object(json);
}
