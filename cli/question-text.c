/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lays a question out.  Where two rows would look alike, what differs between them is shown, and
 * nothing else: a column of fingerprints helps nobody to tell a person's two certificates apart.
 */
#include "cli/question-text.h"

#include "cli/date.h"
#include "daemon/asking/distinguished.h"
#include "cli/text.h"

#include <string.h>

#define MAX_TEXT    80 /* of a stranger's; all of it is shown by "?" */
#define MAX_COLUMN  32
#define SERIAL_TAIL 4
#define SOON        (G_GINT64_CONSTANT(30) * 86400)

/* Cleaned and short enough not to push everything else off the screen. */
static char *
bounded(const char *text)
{
    g_autofree char *clean = meishi_text_clean(text);

    return meishi_text_ellipsize(clean, MAX_TEXT);
}

/* ---- who asks -------------------------------------------------------------------------------- */

/* Both forms of a name that is not ASCII: one to read, one that nobody can imitate. */
static char *
host_text(const MeishiQuestion *question)
{
    gboolean v6 = strchr(question->host, ':') != NULL && !g_str_has_prefix(question->host, "ssid:");
    g_autofree char *host = bounded(question->host);
    g_autofree char *unicode = g_hostname_to_unicode(question->host);
    g_autofree char *readable = unicode != NULL ? bounded(unicode) : g_strdup(host);
    g_autofree char *port =
        question->port != 0 ? g_strdup_printf(":%u", question->port) : g_strdup("");

    if (question->host[0] == '\0')
        return g_strdup("a server that the program does not name");
    if (g_str_equal(host, readable))
        return g_strdup_printf("%s%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
    return g_strdup_printf("%s%s (%s)", host, port, readable);
}

/* "curl, pid 4711, /usr/bin/curl"; "org.gnome.Epiphany, sandboxed, pid 4711". */
static char *
program_text(const MeishiQuestion *question)
{
    g_autofree char *application = bounded(question->application);
    g_autofree char *claimed = bounded(question->claimed);
    const char *colon = strchr(application, ':');
    const char *value = colon != NULL ? colon + 1 : application;
    GString *text = g_string_new(NULL);

    if (application[0] == '\0')
        g_string_append(text, "an unknown program");
    else if (g_str_has_prefix(application, "exe:"))
        g_string_append(text, strrchr(value, '/') != NULL ? strrchr(value, '/') + 1 : value);
    else
        g_string_append(text, value);
    if (g_str_equal(question->trust, "sandbox"))
        g_string_append(text, ", sandboxed");
    if (question->pid != 0)
        g_string_append_printf(text, ", pid %u", question->pid);
    if (g_str_has_prefix(application, "exe:"))
        g_string_append_printf(text, ", %s", value);
    if (claimed[0] != '\0')
        g_string_append_printf(text, ", says it is “%s”", claimed);
    return g_string_free(text, FALSE);
}

static void
append_target(GString *out, const MeishiQuestion *question)
{
    g_autofree char *host = host_text(question);
    g_autofree char *program = program_text(question);

    if (question->is_own)
        g_string_append_printf(out, "%s asks for a certificate\n", host);
    else
        g_string_append_printf(out, "%s asks for a certificate (%s)\n", host, program);
}

/* ---- what the server said -------------------------------------------------------------------- */

static void
append_accepts(GString *out, const MeishiQuestion *question)
{
    g_autofree char *first = NULL;

    if (question->accepts[0] == NULL) {
        g_string_append(out, "accepts: it does not say whose certificates\n");
        return;
    }
    first = bounded(question->accepts[0]);
    g_string_append_printf(out, "accepts: %s", first);
    if (question->n_accepts > 1)
        g_string_append_printf(out, ", +%u", question->n_accepts - 1);
    g_string_append_c(out, '\n');
}

static void
append_last_time(GString *out, const MeishiQuestion *question)
{
    g_autofree char *alert = bounded(question->last_alert);
    g_autofree char *label = bounded(question->last_label);

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
    static const char *const speaking[] = {"choose", "single", "", NULL};

    return !g_strv_contains(speaking, question->kind);
}

static void
append_circumstances(GString *out, const MeishiQuestion *question)
{
    g_autofree char *row = bounded(question->row);
    g_autofree char *rule = bounded(question->rule);

    append_accepts(out, question);
    append_last_time(out, question);
    if (needs_reason(question) && row[0] != '\0')
        g_string_append_printf(out, "why: %s\n", row);
    if (rule[0] != '\0' && !g_str_equal(rule, "none"))
        g_string_append_printf(out, "policy: %s\n", rule);
    if (question->tls_clear)
        g_string_append(out, "note: before TLS 1.3 your name is visible on the network\n");
}

/* ---- what differs ---------------------------------------------------------------------------- */

static char *
issuer_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *issuer = meishi_distinguished_short(candidate->issuer);

    return bounded(issuer);
}

/* The label without the " (2)" that keeps labels apart and says nothing. */
static char *
bare_label_of(const MeishiQuestionCandidate *candidate)
{
    char *label = g_strdup(candidate->label);
    char *open = strrchr(label, '(');

    if (open != NULL && open - label > 1 && open[-1] == ' ' && g_ascii_isdigit(open[1]) &&
        open[1 + strspn(open + 1, "0123456789")] == ')' && g_str_has_suffix(open, ")"))
        open[-1] = '\0';
    return label;
}

static gboolean
look_alike(const MeishiQuestionCandidate *a, const MeishiQuestionCandidate *b)
{
    g_autofree char *issuer_a = meishi_distinguished_short(a->issuer);
    g_autofree char *issuer_b = meishi_distinguished_short(b->issuer);
    g_autofree char *label_a = bare_label_of(a);
    g_autofree char *label_b = bare_label_of(b);

    return g_str_equal(label_a, label_b) && g_str_equal(issuer_a, issuer_b);
}

static char *
unit_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *unit = meishi_distinguished_find(candidate->subject, "OU");

    return unit != NULL ? g_strconcat("OU=", unit, NULL) : g_strdup("no OU");
}

static char *
issued_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *day = meishi_date_day(candidate->not_before);

    return g_strconcat("issued ", day, NULL);
}

static char *
key_of(const MeishiQuestionCandidate *candidate)
{
    return g_strdup(candidate->key);
}

static char *
whole_issuer_of(const MeishiQuestionCandidate *candidate)
{
    return g_strconcat("by ", candidate->issuer, NULL);
}

static char *
first_name_of(const MeishiQuestionCandidate *candidate)
{
    return g_strdup(candidate->names[0] != NULL ? candidate->names[0] : "no other name");
}

static char *
serial_tail_of(const MeishiQuestionCandidate *candidate)
{
    gsize len = strlen(candidate->serial);

    return g_strconcat("..", candidate->serial + (len > SERIAL_TAIL ? len - SERIAL_TAIL : 0), NULL);
}

typedef char *(*Facet)(const MeishiQuestionCandidate *candidate);

/* Does any row that looks like @index have another @facet? */
static gboolean
facet_differs(const MeishiQuestion *question, guint index, Facet facet)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *own = facet(candidate);

    for (guint i = 0; i < question->candidates->len; i++) {
        const MeishiQuestionCandidate *other = meishi_question_candidate(question, i);
        g_autofree char *theirs = facet(other);

        if (i != index && look_alike(candidate, other) && !g_str_equal(own, theirs))
            return TRUE;
    }
    return FALSE;
}

/* "OU=Admins, issued 2026-01-09, ..4F2A"; the key's place has a column of its own.  The serial
 * number's tail last, because it tells a row apart but says nothing. */
static char *
difference_text(const MeishiQuestion *question, guint index)
{
    static const Facet facets[] = {unit_of,   first_name_of,   key_of,
                                   issued_of, whole_issuer_of, serial_tail_of};
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(facets); i++) {
        g_autofree char *value = NULL;
        g_autofree char *clean = NULL;

        if (!facet_differs(question, index, facets[i]))
            continue;
        value = facets[i](meishi_question_candidate(question, index));
        clean = bounded(value);
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", clean);
    }
    return g_string_free(text, FALSE);
}

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct {
    guint first, end; /* candidates */
    guint label_width, issuer_width;
} Rows;

static Rows
measure(const MeishiQuestion *question, guint first, guint end)
{
    Rows rows = {.first = first, .end = end};

    for (guint i = first; i < end; i++) {
        const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, i);
        g_autofree char *label = bounded(candidate->label);
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
append_row(GString *out, const MeishiQuestion *question, guint index, const Rows *rows,
           const MeishiQuestionLayout *layout)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *label = bounded(candidate->label);
    g_autofree char *issuer = issuer_of(candidate);
    g_autofree char *until = validity_text(candidate, layout->now);
    g_autofree char *place = bounded(candidate->place);
    g_autofree char *difference = difference_text(question, index);
    const char *gap = layout->columns > 0 ? "  " : ", ";

    g_string_append_printf(out, "%3u) ", index + 1);
    if (layout->columns > 0) {
        append_padded(out, label, rows->label_width);
        append_padded(out, issuer, rows->issuer_width);
        g_string_append(out, until);
    } else {
        g_string_append_printf(out, "%s, from %s, %s", label, issuer, until);
    }
    if (place[0] != '\0')
        g_string_append_printf(out, "%s%s", gap, place);
    if (difference[0] != '\0')
        g_string_append_printf(out, "%s%s", gap, difference);
    g_string_append_c(out, '\n');
}

static void
append_rows(GString *out, const MeishiQuestion *question, guint first, guint end,
            const MeishiQuestionLayout *layout)
{
    Rows rows = measure(question, first, end);

    for (guint i = first; i < end; i++) {
        const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, i);
        g_autofree char *reason = bounded(candidate->reason);

        append_row(out, question, i, &rows, layout);
        if (candidate->is_soft)
            g_string_append_printf(out, "     %s: %s\n", candidate->code, reason);
    }
}

/* ---- the other answers ----------------------------------------------------------------------- */

/* Where everybody is asked who comes along, the way out for good stands first. */
static void
append_refusals(GString *out, const MeishiQuestion *question, const char *gap)
{
    gboolean may_never = meishi_question_allows_scope(question, "always");
    gboolean is_optional = g_str_equal(question->kind, "optional");

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
    if (n_others > 0)
        g_string_append_printf(out, "o) %u other%s not offered%s", n_others,
                               n_others == 1 ? "" : "s", gap);
    append_refusals(out, question, gap);
}

static char *
confirm_text(const MeishiQuestion *question)
{
    g_autofree char *program = program_text(question);
    g_autofree char *label = bounded(question->label);
    g_autofree char *host = host_text(question);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "May this program use “%s”?\n  program: %s\n  for: %s\n", label,
                           program, host);
    g_string_append_printf(out, "  y) yes, once    %sn) no    q) not now\n",
                           question->each_use ? "" : "s) for this session    ");
    return g_string_free(out, FALSE);
}

static char *
unlock_text(const MeishiQuestion *question)
{
    g_autofree char *program = program_text(question);
    g_autofree char *host = host_text(question);
    GString *out = g_string_new(NULL);

    if (question->is_wrong)
        g_string_append_printf(out, "That passphrase does not open the vault; %u %s left.\n",
                               question->tries_left,
                               question->tries_left == 1 ? "try is" : "tries are");
    g_string_append_printf(out,
                           "The vault is locked, and this program needs a key.\n"
                           "  program: %s\n  for: %s\n  Enter alone: not now\n",
                           program, host);
    return g_string_free(out, FALSE);
}

char *
meishi_question_text_open(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    GString *out;

    if (question->asks == MEISHI_ASKS_CONFIRM)
        return confirm_text(question);
    if (question->asks == MEISHI_ASKS_UNLOCK)
        return unlock_text(question);
    out = g_string_new(NULL);
    append_target(out, question);
    append_circumstances(out, question);
    append_rows(out, question, 0, question->n_offered, layout);
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
    g_autofree char *program = program_text(question);
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
    if (question->asks == MEISHI_ASKS_CONFIRM)
        return g_strdup("Allow [n]: ");
    if (question->asks == MEISHI_ASKS_UNLOCK)
        return g_strdup("Passphrase of the vault: ");
    if (fallback == G_MAXUINT)
        return g_strdup("Use: ");
    return g_strdup_printf("Use [%u]: ", fallback + 1);
}

char *
meishi_question_text_insist(const MeishiQuestion *question, guint index)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    g_autofree char *label = bounded(candidate->label);
    g_autofree char *reason = bounded(candidate->reason);

    return g_strdup_printf("“%s” was not offered: %s. Use it all the same? [y/N] ", label, reason);
}

/* What can be added to a scope: for how much of the host. */
static void
append_reaches(GString *out, const MeishiQuestion *question)
{
    g_autofree char *domain = bounded(question->domain);

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
