/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words for one certificate.  What it says of itself is isolated and clipped; nothing is said by
 * colour or icon alone.
 */
#include "daemon/prompter/words/row.h"

#include "daemon/asking/distinguished.h"
#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/dates.h"
#include "daemon/prompter/words/facets.h"
#include "daemon/prompter/words/reasons.h"

#include <glib/gi18n.h>
#include <string.h>

#define SOON        (G_GINT64_CONSTANT(30) * 86400)
#define SERIAL_TAIL 4

/* ---- rule 1: a row has a name ---------------------------------------------------------------- */

/* What of "email:hana@example.com" is a name. */
static const char *
value_of(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon != NULL ? colon + 1 : name;
}

static char *
mail_of(const MeishiQuestionCandidate *candidate)
{
    for (char **name = candidate->names; *name != NULL; name++) {
        if (g_str_has_prefix(*name, "email:") || g_str_has_prefix(*name, "upn:"))
            return g_strdup(value_of(*name));
    }
    return NULL;
}

static char *
first_name_of(const MeishiQuestionCandidate *candidate)
{
    return candidate->names[0] != NULL ? g_strdup(value_of(candidate->names[0])) : NULL;
}

static char *
common_name_of(const MeishiQuestionCandidate *candidate)
{
    return meishi_distinguished_find(candidate->subject, "CN");
}

static char *
organisation_of(const MeishiQuestionCandidate *candidate)
{
    return meishi_distinguished_find(candidate->subject, "O");
}

static char *
tail_of(const MeishiQuestionCandidate *candidate)
{
    const char *number = candidate->serial[0] != '\0' ? candidate->serial : candidate->id;
    gsize len = strlen(number);

    return g_strdup_printf(_("certificate …%s"),
                           number + (len > SERIAL_TAIL ? len - SERIAL_TAIL : 0));
}

static gboolean
is_blank(const char *text)
{
    g_autofree char *stripped = text != NULL ? g_strstrip(g_strdup(text)) : NULL;

    return stripped == NULL || stripped[0] == '\0';
}

char *
meishi_row_label(const MeishiQuestionCandidate *candidate)
{
    static char *(*const sources[])(const MeishiQuestionCandidate *) = {
        common_name_of, mail_of, first_name_of, organisation_of, tail_of};

    if (!is_blank(candidate->label))
        return meishi_untrusted_isolated(candidate->label);
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autofree char *text = sources[i](candidate);

        if (!is_blank(text))
            return meishi_untrusted_isolated(text);
    }
    return g_strdup(_("certificate without a name"));
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* The kinds of places, which are the daemon's words: "card “Corp card”". */
static const struct {
    const char *kind, *text, *icon;
} places[] = {
    {"software", N_("this computer"), "computer-symbolic"},
    {"file", N_("this computer"), "computer-symbolic"},
    {"card", N_("card"), "auth-smartcard-symbolic"},
    {"tpm", N_("this computer's TPM"), "computer-symbolic"},
    {"hsm", N_("security module"), "auth-smartcard-symbolic"},
    {"remote", N_("another computer"), "network-server-symbolic"},
};

/* Index into @places; its length for a kind that we do not know. */
static gsize
find_place(const MeishiQuestionCandidate *candidate)
{
    gsize len = strcspn(candidate->place, " ");
    gsize i = 0;

    while (i < G_N_ELEMENTS(places) &&
           (strlen(places[i].kind) != len || strncmp(places[i].kind, candidate->place, len) != 0))
        i++;
    return i;
}

static const char *
icon_of(const MeishiQuestionCandidate *candidate)
{
    gsize i = find_place(candidate);

    return i < G_N_ELEMENTS(places) ? places[i].icon : "dialog-password-symbolic";
}

static char *
name_place(const MeishiQuestionCandidate *candidate)
{
    const char *rest = strchr(candidate->place, ' ');
    g_autofree char *label = meishi_untrusted_isolated(rest != NULL ? rest + 1 : "");
    gsize i = find_place(candidate);

    if (i == G_N_ELEMENTS(places))
        return meishi_untrusted_isolated(candidate->place);
    return label[0] != '\0' ? g_strconcat(_(places[i].text), " ", label, NULL)
                            : g_strdup(_(places[i].text));
}

static gboolean
is_absent(const MeishiQuestionCandidate *candidate)
{
    return g_str_equal(candidate->code, "TOKEN_ABSENT");
}

char *
meishi_row_place(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *place = name_place(candidate);

    if (!is_absent(candidate))
        return g_steal_pointer(&place);
    /* Translators: "card “Corp card”, not inserted" */
    return g_strdup_printf(_("%s, not inserted"), place);
}

/* The address, where the row is not called by it. */
static char *
contact_of(const MeishiQuestionCandidate *candidate, const char *label)
{
    g_autofree char *mail = mail_of(candidate);
    g_autofree char *contact = meishi_untrusted_isolated(mail != NULL ? mail : "");

    return g_str_equal(contact, label) ? g_strdup("") : g_steal_pointer(&contact);
}

/* Where a card is waited for, that it is not inserted is said once, with its place. */
static char *
reason_of(const MeishiQuestion *question, const MeishiQuestionCandidate *candidate)
{
    if (!candidate->is_soft || g_str_equal(question->kind, "insert"))
        return g_strdup("");
    return meishi_reasons_candidate(candidate);
}

static char *
issuer_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *issuer = meishi_distinguished_short(candidate->issuer);

    return meishi_untrusted_isolated(issuer);
}

static gboolean
ends_soon(const MeishiQuestionCandidate *candidate, gint64 now)
{
    return candidate->not_after != 0 && candidate->not_after - now < SOON;
}

static char *
validity_of(const MeishiQuestionCandidate *candidate, gint64 now)
{
    g_autofree char *day = meishi_dates_day(candidate->not_after);
    g_autofree char *distance = meishi_dates_distance(candidate->not_after, now);

    if (candidate->not_after == 0)
        return g_strdup(_("valid without end"));
    if (candidate->not_after < now)
        /* Translators: "expired on 1 March 2026, 2 months ago" */
        return g_strdup_printf(_("expired on %s, %s"), day, distance);
    if (ends_soon(candidate, now))
        /* Translators: "expires soon: 6 December 2026, in 15 days" */
        return g_strdup_printf(_("expires soon: %s, %s"), day, distance);
    /* Translators: "valid until 2 March 2027, in 3 months" */
    return g_strdup_printf(_("valid until %s, %s"), day, distance);
}

static char *
history_of(const MeishiQuestionCandidate *candidate, gint64 now)
{
    guint n = candidate->accepted_here;
    g_autofree char *distance = meishi_dates_distance(candidate->last_accepted, now);

    if (n == 0)
        return g_strdup("");
    if (candidate->last_accepted == 0)
        return g_strdup_printf(ngettext("used here once", "used here %u times", n), n);
    if (n == 1)
        /* Translators: "used here once, yesterday" */
        return g_strdup_printf(_("used here once, %s"), distance);
    /* Translators: "used here 12 times, last yesterday" */
    return g_strdup_printf(ngettext("used here %u time, last %s", "used here %u times, last %s", n),
                           n, distance);
}

/* ---- the row --------------------------------------------------------------------------------- */

/* "Hana Sato, from Example Corp Issuing CA 3, hana@example.com, card Corp card, valid until ..." */
static char *
speak(const MeishiRow *row)
{
    const char *parts[] = {row->contact, row->place, row->validity, row->difference, row->history};
    GString *text = g_string_new(row->label);
    g_autofree char *whole = NULL;

    if (row->issuer[0] != '\0') {
        g_string_append(text, _(", "));
        g_string_append_printf(text, _("from %s"), row->issuer);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i][0] != '\0')
            g_string_append_printf(text, "%s%s", _(", "), parts[i]);
    }
    whole = g_string_free(text, FALSE);
    return meishi_untrusted_spoken(whole);
}

static char *
make_key(const MeishiRow *row)
{
    g_autofree char *both = g_strconcat(row->label, "\n", row->issuer, NULL);
    g_autofree char *plain = meishi_untrusted_spoken(both);

    return g_utf8_casefold(plain, -1);
}

static MeishiRow *
row_new(const MeishiQuestion *question, guint index, const MeishiDifferences *differences,
        gint64 now)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    MeishiRow *row = g_new0(MeishiRow, 1);

    row->label = meishi_row_label(candidate);
    row->place = meishi_row_place(candidate);
    row->icon = icon_of(candidate);
    row->contact = contact_of(candidate, row->label);
    row->issuer = issuer_of(candidate);
    row->validity = validity_of(candidate, now);
    row->difference = meishi_differences_text(differences, candidate, _(", "));
    row->history = history_of(candidate, now);
    row->reason = reason_of(question, candidate);
    row->spoken = speak(row);
    row->key = make_key(row);
    row->is_urgent = ends_soon(candidate, now);
    row->is_expired = candidate->is_soft && g_str_equal(candidate->code, "EXPIRED");
    row->is_soft = candidate->is_soft;
    row->is_usable = !is_absent(candidate);
    return row;
}

static void
row_free(gpointer data)
{
    MeishiRow *row = data;

    g_free(row->label);
    g_free(row->place);
    g_free(row->issuer);
    g_free(row->contact);
    g_free(row->validity);
    g_free(row->difference);
    g_free(row->history);
    g_free(row->reason);
    g_free(row->spoken);
    g_free(row->key);
    g_free(row);
}

GPtrArray *
meishi_row_list(const MeishiQuestion *question, gint64 now)
{
    g_autoptr(MeishiDifferences) differences = meishi_differences_new(question, meishi_facets);
    GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);

    for (guint i = 0; i < question->candidates->len; i++)
        g_ptr_array_add(rows, row_new(question, i, differences, now));
    return rows;
}
