/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lays the question out which certificate a server gets.  Who asks is caller-text.c's, and how rows
 * that look alike are told apart facets.c's.
 */
#include "cli/question-text.h"

#include "cli/caller-text.h"
#include "cli/date.h"
#include "cli/facets.h"
#include "cli/text.h"
#include "daemon/asking/distinguished.h"

#include <string.h>

#define MAX_COLUMN 32
#define SOON       (G_GINT64_CONSTANT(30) * 86400)

/* ---- what there is to choose ----------------------------------------------------------------- */

static gboolean
is_kind(const MeishiQuestion *question, const char *kind)
{
    return g_str_equal(question->kind, kind);
}

gboolean
meishi_question_text_has_list(const MeishiQuestion *question)
{
    return !is_kind(question, "insert") && !is_kind(question, "import");
}

/* ---- what the server said -------------------------------------------------------------------- */

static void
append_target(GString *out, const MeishiQuestion *question)
{
    g_autofree char *host = meishi_caller_text_host(question);
    g_autofree char *program = meishi_caller_text_program(question);

    if (question->is_own)
        g_string_append_printf(out, "%s asks for a certificate\n", host);
    else
        g_string_append_printf(out, "%s asks for a certificate (%s)\n", host, program);
}

static void
append_accepts(GString *out, const MeishiQuestion *question)
{
    g_autofree char *first = NULL;

    if (question->accepts[0] == NULL) {
        g_string_append(out, "accepts: it does not say whose certificates\n");
        return;
    }
    first = meishi_caller_text_bounded(question->accepts[0]);
    g_string_append_printf(out, "accepts: %s", first);
    if (question->n_accepts > 1)
        g_string_append_printf(out, ", +%u", question->n_accepts - 1);
    g_string_append_c(out, '\n');
}

/* Who the server is by its certificate, where the program has checked that. */
static void
append_server(GString *out, const MeishiQuestion *question)
{
    const char *name = question->server_organisation[0] != '\0' ? question->server_organisation
                                                                : question->server_name;
    g_autofree char *clean = meishi_caller_text_bounded(name);

    if (g_str_equal(question->server_verified, "ok") && clean[0] != '\0')
        g_string_append_printf(out, "server: %s, verified\n", clean);
}

static void
append_last_time(GString *out, const MeishiQuestion *question)
{
    g_autofree char *alert = meishi_caller_text_bounded(question->last_alert);
    g_autofree char *label = meishi_caller_text_bounded(question->last_label);

    if (alert[0] == '\0')
        return;
    g_string_append_printf(out, "last time: %s", alert);
    if (label[0] != '\0')
        g_string_append_printf(out, ", with “%s”", label);
    g_string_append_c(out, '\n');
}

/* Why there is a question at all, where the list does not speak for itself. */
static gboolean
needs_reason(const MeishiQuestion *question)
{
    static const char *const speaking[] = {"choose", "single", "insert", "import", "", NULL};

    return !g_strv_contains(speaking, question->kind);
}

static void
append_circumstances(GString *out, const MeishiQuestion *question)
{
    g_autofree char *row = meishi_caller_text_bounded(question->row);
    g_autofree char *rule = meishi_caller_text_bounded(question->rule);

    append_server(out, question);
    append_accepts(out, question);
    append_last_time(out, question);
    if (question->sign_failed)
        g_string_append(out, "last time: the key of what was chosen could not be used here\n");
    if (needs_reason(question) && row[0] != '\0')
        g_string_append_printf(out, "why: %s\n", row);
    if (rule[0] != '\0' && !g_str_equal(rule, "none"))
        g_string_append_printf(out, "policy: %s\n", rule);
    if (question->tls_clear)
        g_string_append(out, "note: before TLS 1.3 your name is visible on the network\n");
    if (!question->is_awaited)
        g_string_append(out, "note: the program does not wait; your answer is for the next time\n");
}

/* ---- rows ------------------------------------------------------------------------------------ */

static char *
issuer_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *issuer = meishi_distinguished_short(candidate->issuer);

    return meishi_caller_text_bounded(issuer);
}

typedef struct {
    const MeishiQuestionLayout *layout;
    guint label_width, issuer_width;
    MeishiDifferences *differences;
} Rows;

static Rows
measure(const MeishiQuestion *question, guint first, guint end)
{
    Rows rows = {.differences = meishi_differences_new(question, meishi_facets)};

    for (guint i = first; i < end; i++) {
        const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, i);
        g_autofree char *label = meishi_caller_text_bounded(candidate->label);
        g_autofree char *issuer = issuer_of(candidate);

        rows.label_width = MAX(rows.label_width, meishi_text_width(label));
        rows.issuer_width = MAX(rows.issuer_width, meishi_text_width(issuer));
    }
    rows.label_width = MIN(rows.label_width, MAX_COLUMN);
    rows.issuer_width = MIN(rows.issuer_width, MAX_COLUMN);
    return rows;
}

/* "until 2027-03-02", with words where it is soon or over: colour alone tells some people
 * nothing. */
static char *
validity_text(const MeishiQuestionCandidate *candidate, gint64 now)
{
    g_autofree char *day = meishi_date_day(candidate->not_after);
    g_autofree char *distance = meishi_date_distance(candidate->not_after, now);

    if (candidate->not_after == 0)
        return g_strdup("no end");
    if (candidate->not_after < now)
        return g_strdup_printf("ended %s", day);
    if (candidate->not_after - now < SOON)
        return g_strdup_printf("until %s (%s)", day, distance);
    return g_strdup_printf("until %s", day);
}

static void
append_padded(GString *out, const char *text, guint width)
{
    g_autofree char *fitting = meishi_text_ellipsize(text, MAX(width, 1));
    guint used = meishi_text_width(fitting);

    g_string_append_printf(out, "%s%*s", fitting, (int)(width - MIN(used, width) + 2), "");
}

static void
append_name(GString *out, const MeishiQuestionCandidate *candidate, const Rows *rows)
{
    g_autofree char *label = meishi_caller_text_bounded(candidate->label);
    g_autofree char *issuer = issuer_of(candidate);

    if (rows->layout->columns > 0) {
        append_padded(out, label, rows->label_width);
        append_padded(out, issuer, rows->issuer_width);
    } else {
        g_string_append_printf(out, "%s, from %s, ", label, issuer);
    }
}

/* Why it is not offered: below the row, or, where each thing has one line, at its end. */
static void
append_reason(GString *out, const MeishiQuestionCandidate *candidate, const Rows *rows)
{
    g_autofree char *reason = meishi_caller_text_bounded(candidate->reason);
    g_autofree char *code = meishi_caller_text_bounded(candidate->code);

    if (candidate->is_soft || candidate->is_hard)
        g_string_append_printf(out, "%s%s: %s", rows->layout->columns > 0 ? "\n     " : "; ", code,
                               reason);
}

static void
append_row(GString *out, const MeishiQuestion *question, guint index, const Rows *rows)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *until = validity_text(candidate, rows->layout->now);
    g_autofree char *place = meishi_caller_text_bounded(candidate->place);
    g_autofree char *difference = meishi_differences_text(rows->differences, candidate, ", ");
    const char *gap = rows->layout->columns > 0 ? "  " : ", ";

    g_string_append_printf(out, "%3u) ", index + 1);
    append_name(out, candidate, rows);
    g_string_append(out, until);
    if (place[0] != '\0')
        g_string_append_printf(out, "%s%s", gap, place);
    if (difference[0] != '\0')
        g_string_append_printf(out, "%s%s", gap, difference);
    append_reason(out, candidate, rows);
    g_string_append_c(out, '\n');
}

static void
append_rows(GString *out, const MeishiQuestion *question, guint first, guint end,
            const MeishiQuestionLayout *layout)
{
    Rows rows = measure(question, first, end);

    rows.layout = layout;
    for (guint i = first; i < end; i++)
        append_row(out, question, i, &rows);
    meishi_differences_free(rows.differences);
}

/* ---- instead of a list ----------------------------------------------------------------------- */

/* "insert: card “Corp card”, for “Hana Sato”; this goes on by itself when it is there" */
static void
append_insert(GString *out, const MeishiQuestion *question)
{
    guint index = question->preselected < question->candidates->len ? question->preselected : 0;
    g_autofree char *label = NULL, *place = NULL;

    if (question->candidates->len == 0) {
        g_string_append(out, "insert: the card or token that your certificate is on\n");
        return;
    }
    label = meishi_caller_text_bounded(meishi_question_candidate(question, index)->label);
    place = meishi_caller_text_bounded(meishi_question_candidate(question, index)->place);
    g_string_append_printf(out, "insert: %s, for “%s”; this goes on by itself when it is there\n",
                           place[0] != '\0' ? place : "its card or token", label);
}

static void
append_body(GString *out, const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    if (is_kind(question, "insert"))
        append_insert(out, question);
    else if (is_kind(question, "import"))
        g_string_append(out, "import: policy wants a certificate here that you do not have; "
                             "`meishi import FILE` adds it, then connect again\n");
    else
        append_rows(out, question, 0, question->n_offered, layout);
}

/* ---- the other answers ----------------------------------------------------------------------- */

/* Where everybody is asked who comes along, the way out for good stands first. */
static void
append_refusals(GString *out, const MeishiQuestion *question, const char *gap)
{
    gboolean may_never = meishi_question_allows_scope(question, "always");
    gboolean is_optional = is_kind(question, "optional");

    if (may_never && is_optional)
        g_string_append_printf(out, "N) never here%s", gap);
    g_string_append_printf(out, "n) send none%s", gap);
    if (may_never && !is_optional)
        g_string_append_printf(out, "N) never here%s", gap);
    g_string_append_printf(out, "q) not now%s?) why\n", gap);
}

static void
append_actions(GString *out, const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    const char *gap = layout->columns > 0 ? "    " : "\n  ";
    guint n_others = question->candidates->len - question->n_offered;

    g_string_append(out, "  ");
    if (n_others > 0 && meishi_question_text_has_list(question))
        g_string_append_printf(out, "o) %u other%s not offered%s", n_others,
                               n_others == 1 ? "" : "s", gap);
    append_refusals(out, question, gap);
}

char *
meishi_question_text_open(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    GString *out = g_string_new(NULL);

    append_target(out, question);
    append_circumstances(out, question);
    append_body(out, question, layout);
    append_actions(out, question, layout);
    return g_string_free(out, FALSE);
}

char *
meishi_question_text_others(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    GString *out = g_string_new(NULL);

    append_rows(out, question, question->n_offered, question->candidates->len, layout);
    if (question->n_left_out > 0)
        g_string_append_printf(out, "     and %u more; `meishi why` shows all\n",
                               question->n_left_out);
    return g_string_free(out, FALSE);
}

/* ---- why ------------------------------------------------------------------------------------- */

static void
append_fact(GString *out, const char *name, const char *value)
{
    g_autofree char *clean = meishi_text_clean(value);

    if (clean[0] != '\0')
        g_string_append_printf(out, "     %s: %s\n", name, clean);
}

static void
append_dates(GString *out, const MeishiQuestionCandidate *candidate)
{
    g_autofree char *from = meishi_date_day(candidate->not_before);
    g_autofree char *until = meishi_date_day(candidate->not_after);
    g_autofree char *last = meishi_date_day(candidate->last_accepted);

    if (candidate->not_after != 0)
        g_string_append_printf(out, "     valid: %s to %s\n", from, until);
    if (candidate->accepted_here > 0)
        g_string_append_printf(out, "     used here: %u time%s, last on %s\n",
                               candidate->accepted_here, candidate->accepted_here == 1 ? "" : "s",
                               last);
}

static void
append_details(GString *out, const MeishiQuestion *question, guint index)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *label = meishi_text_clean(candidate->label);
    g_autofree char *names = g_strjoinv(", ", candidate->names);

    g_string_append_printf(out, "%3u) %s\n", index + 1, label);
    append_fact(out, "subject", candidate->subject);
    append_fact(out, "issuer", candidate->issuer);
    append_fact(out, "names", names);
    append_fact(out, "serial", candidate->serial);
    append_fact(out, "key", candidate->key);
    append_fact(out, "place", candidate->place);
    append_dates(out, candidate);
    append_fact(out, "id", candidate->id);
    append_fact(out, "not offered", candidate->is_soft ? candidate->reason : "");
}

char *
meishi_question_text_why(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    GString *out = g_string_new(NULL);
    g_autofree char *program = meishi_caller_text_program(question);
    guint n_accepts = g_strv_length(question->accepts);

    g_string_append_printf(out, "   asks: %s\n", program);
    append_fact(out, "why", question->row);
    append_fact(out, "policy", question->rule);
    for (guint i = 0; i < n_accepts; i++)
        append_fact(out, "accepts", question->accepts[i]);
    if (question->n_accepts > n_accepts)
        g_string_append_printf(out, "     and %u more\n", question->n_accepts - n_accepts);
    for (guint i = 0; i < question->candidates->len; i++)
        append_details(out, question, i);
    if (layout->columns > 0)
        g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

/* ---- prompts --------------------------------------------------------------------------------- */

char *
meishi_question_text_use(const MeishiQuestion *question, guint fallback)
{
    if (!meishi_question_text_has_list(question))
        return g_strdup("Answer: ");
    if (fallback == G_MAXUINT)
        return g_strdup("Use: ");
    return g_strdup_printf("Use [%u]: ", fallback + 1);
}

char *
meishi_question_text_insist(const MeishiQuestion *question, guint index)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *label = meishi_caller_text_bounded(candidate->label);
    g_autofree char *reason = meishi_caller_text_bounded(candidate->reason);

    return g_strdup_printf("“%s” was not offered: %s. Use it all the same? [y/N] ", label, reason);
}

/* What can be added to a scope: for how much of the host. */
static void
append_reaches(GString *out, const MeishiQuestion *question)
{
    g_autofree char *domain = meishi_caller_text_bounded(question->domain);

    if (meishi_question_allows_reach(question, "host"))
        g_string_append(out, "; +h every port");
    if (meishi_question_allows_reach(question, "domain"))
        g_string_append_printf(out, "; +d all of %s", domain[0] != '\0' ? domain : "the domain");
}

char *
meishi_question_text_remember(const MeishiQuestion *question, const char *fallback)
{
    static const struct {
        const char *scope, *word;
    } scopes[] = {{"once", " o)nce"}, {"session", " s)ession"}, {"always", " a)lways"}};
    GString *out = g_string_new("Remember:");

    for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
        if (meishi_question_allows_scope(question, scopes[i].scope))
            g_string_append(out, scopes[i].word);
    }
    append_reaches(out, question);
    g_string_append_printf(out, " [%c]: ", fallback[0]);
    return g_string_free(out, FALSE);
}
