/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An explanation; see explain-text.h.  Nothing is left out for being long: whoever asks why wants
 * all of it.  `meishi why` says the same with what was compared.
 */
#include "cli/explain-text.h"

#include "cli/caller-text.h"
#include "cli/date.h"
#include "cli/text.h"
#include "daemon/asking/distinguished.h"

static void
append_fact(GString *out, const char *name, const char *value)
{
    g_autofree char *clean = meishi_text_clean(value);

    if (clean[0] != '\0' && !g_str_equal(clean, "none"))
        g_string_append_printf(out, "%s: %s\n", name, clean);
}

/* "decided: none (no identity fits)" */
static void
append_decision(GString *out, const MeishiQuestion *question)
{
    g_autofree char *result = meishi_text_clean(question->result_name);
    g_autofree char *row = meishi_text_clean(question->row);

    if (result[0] != '\0' && row[0] != '\0')
        g_string_append_printf(out, "decided: %s (%s)\n", result, row);
    else if (result[0] != '\0' || row[0] != '\0')
        g_string_append_printf(out, "decided: %s%s\n", result, row);
}

static void
append_accepts(GString *out, const MeishiQuestion *question)
{
    guint n_accepts = g_strv_length(question->accepts);

    if (n_accepts == 0)
        g_string_append(out, "accepts: it does not say whose certificates\n");
    for (guint i = 0; i < n_accepts; i++)
        append_fact(out, "accepts", question->accepts[i]);
    if (question->n_accepts > n_accepts)
        g_string_append_printf(out, "accepts: %u more\n", question->n_accepts - n_accepts);
}

static const char *
verdict_of(const MeishiQuestionCandidate *candidate)
{
    if (candidate->is_hard)
        return "cannot be used";
    return candidate->is_soft ? "not offered" : "fits";
}

/* "1) fits: Hana Sato, from Issuing CA 3, until 2027-03-02, card" */
static void
append_identity(GString *out, const MeishiQuestion *question, guint index)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *label = meishi_text_clean(candidate->label);
    g_autofree char *short_issuer = meishi_distinguished_short(candidate->issuer);
    g_autofree char *issuer = meishi_caller_text_bounded(short_issuer);
    g_autofree char *until = meishi_date_day(candidate->not_after);
    g_autofree char *place = meishi_caller_text_bounded(candidate->place);
    g_autofree char *code = meishi_caller_text_bounded(candidate->code);
    g_autofree char *reason = meishi_text_clean(candidate->reason);

    g_string_append_printf(out, "%3u) %s: %s", index + 1, verdict_of(candidate), label);
    if (issuer[0] != '\0')
        g_string_append_printf(out, ", from %s", issuer);
    if (candidate->not_after != 0)
        g_string_append_printf(out, ", until %s", until);
    if (place[0] != '\0')
        g_string_append_printf(out, ", %s", place);
    if (candidate->is_soft || candidate->is_hard || reason[0] != '\0')
        g_string_append_printf(out, "; %s: %s", code, reason);
    g_string_append_c(out, '\n');
}

char *
meishi_explain_text(const MeishiQuestion *question)
{
    g_autofree char *host = meishi_caller_text_host(question);
    g_autofree char *program = meishi_caller_text_program(question);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "Why %s gets what it gets (%s)\n", host, program);
    append_decision(out, question);
    append_fact(out, "policy", question->rule);
    append_accepts(out, question);
    append_fact(out, "last time", question->last_alert);
    for (guint i = 0; i < question->candidates->len; i++)
        append_identity(out, question, i);
    if (question->candidates->len == 0)
        g_string_append(out, "There is no identity at all.\n");
    if (question->n_left_out > 0)
        g_string_append_printf(out, "     and %u more; `meishi why` shows all\n",
                               question->n_left_out);
    return g_string_free(out, FALSE);
}
