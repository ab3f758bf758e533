/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Facts and warnings about one certificate or key.  The warnings are known by their names; one that
 * a newer daemon has is said as the daemon says it, which is better than not at all.
 */
#include "daemon/prompter/words/import-card.h"

#include "daemon/asking/distinguished.h"
#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/dates.h"

#include <glib/gi18n.h>

/* ---- notes ----------------------------------------------------------------------------------- */

static void
free_note(gpointer data)
{
    MeishiImportNote *note = data;

    g_free(note->text);
    g_free(note);
}

GPtrArray *
meishi_import_card_notes_new(void)
{
    return g_ptr_array_new_with_free_func(free_note);
}

void
meishi_import_card_note(GPtrArray *notes, char *text, gboolean is_warning)
{
    MeishiImportNote *note = g_new0(MeishiImportNote, 1);

    note->text = text;
    note->is_warning = is_warning;
    g_ptr_array_add(notes, note);
}

/* ---- warnings -------------------------------------------------------------------------------- */

typedef enum { DATE_NONE, DATE_BEFORE, DATE_AFTER } Date;

/* Those with a date have one %s for it. */
static const struct {
    const char *name;
    Date date;
    const char *text;
} warnings[] = {
    {"expired", DATE_AFTER,
     N_("It expired on %s: servers refuse it. Ask whoever issued it for a new one.")},
    {"not-yet-valid", DATE_BEFORE, N_("It is not valid before %s: until then servers refuse it.")},
    {"expires-soon", DATE_AFTER, N_("It expires on %s. Ask for a new one in time.")},
    {"no-client-auth", DATE_NONE,
     N_("It was not issued for signing in to servers, and most of them will refuse it.")},
    {"no-digital-signature", DATE_NONE,
     N_("It was not issued for signatures, and some servers will refuse it.")},
    {"weak-key", DATE_NONE, N_("Its key is too short to be safe. Current servers refuse it.")},
    {"weak-signature", DATE_NONE,
     N_("It, or an issuer above it, is signed in a way that is not safe any more. Current servers "
        "refuse it.")},
    {"missing-issuer", DATE_NONE,
     N_("The certificate of its issuer did not come with it. If a server refuses it for that, "
        "import that one too.")},
    {"is-ca", DATE_NONE,
     N_("It is the certificate of an authority. Its key can issue certificates and should not be "
        "used for signing in.")},
    {"version-1", DATE_NONE,
     N_("It is of an old form, version 1, which current servers may refuse.")},
    {"no-certificate", DATE_NONE,
     N_("Its certificate is not here yet. Import that one when you get it, and the two come "
        "together.")},
};

static char *
say_dated(const char *text, gint64 time)
{
    g_autofree char *day = meishi_dates_day(time);
    g_auto(GStrv) parts = g_strsplit(text, "%s", 2);

    return g_strjoin(day, parts[0], parts[1], NULL);
}

static char *
say_warning(const MeishiImportedItem *item, const char *name, const char *message)
{
    for (gsize i = 0; i < G_N_ELEMENTS(warnings); i++) {
        const char *text = _(warnings[i].text);

        if (!g_str_equal(warnings[i].name, name))
            continue;
        if (warnings[i].date == DATE_NONE)
            return g_strdup(text);
        return say_dated(text,
                         warnings[i].date == DATE_BEFORE ? item->not_before : item->not_after);
    }
    return meishi_untrusted_full(message != NULL ? message : name);
}

static void
add_warnings(MeishiImportCard *card, const MeishiImportedItem *item)
{
    guint n_messages = g_strv_length((char **)item->messages);

    for (guint i = 0; item->warnings[i] != NULL; i++) {
        const char *message = i < n_messages ? item->messages[i] : NULL;

        meishi_import_card_note(card->notes, say_warning(item, item->warnings[i], message), TRUE);
    }
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* Each stands alone; @value is taken, and what is empty is left out. */
static void
add_fact(MeishiImportCard *card, const char *name, char *value)
{
    if (value != NULL && value[0] != '\0') {
        g_ptr_array_add(card->facts, g_strdup(name));
        g_ptr_array_add(card->facts, value);
    } else {
        g_free(value);
    }
}

static char *
short_name(const char *distinguished)
{
    g_autofree char *name = meishi_distinguished_short(distinguished);

    return meishi_untrusted_line(name);
}

static char *
say_validity(const MeishiImportedItem *item, gint64 now)
{
    g_autofree char *from = meishi_dates_day(item->not_before);
    g_autofree char *until = meishi_dates_day(item->not_after);
    g_autofree char *distance = meishi_dates_distance(item->not_after, now);

    if (item->not_after == 0)
        return NULL;
    if (item->not_before > now)
        return g_strdup_printf(_("from %s until %s"), from, until);
    /* Translators: until a date (and how far away that is). */
    return g_strdup_printf(_("until %s (%s)"), until, distance);
}

static char *
say_chain(const MeishiImportedItem *item)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (const char **subject = item->chain; *subject != NULL; subject++)
        g_ptr_array_add(names, short_name(*subject));
    g_ptr_array_add(names, NULL);
    /* From the nearest issuer up to the root. */
    return g_strjoinv(" → ", (char **)names->pdata);
}

/* Only what the label does not say already: "Alice", or "Alice (2)" for the second of them. */
static char *
say_subject(const MeishiImportedItem *item)
{
    g_autofree char *name = short_name(item->subject);

    return g_str_has_prefix(item->label, name) ? NULL : g_steal_pointer(&name);
}

static char *
say_renewal(const MeishiImportedItem *item)
{
    g_autofree char *older = meishi_untrusted_isolated(item->renews);

    if (item->renews[0] == '\0')
        return NULL;
    return g_strdup_printf(_("“%s”; what you chose for that one holds for this one"), older);
}

static void
add_doubt(MeishiImportCard *card, const MeishiImportedItem *item)
{
    g_autofree char *older = meishi_untrusted_isolated(item->may_renew);

    if (item->may_renew[0] == '\0')
        return;
    meishi_import_card_note(
        card->notes,
        g_strdup_printf(_("It may be the renewal of “%s”, but that is not certain, so what you "
                          "chose for that one does not hold for this one."),
                        older),
        FALSE);
}

static char *
summarise(const MeishiImportedItem *item)
{
    g_autofree char *issuer = short_name(item->issuer);
    g_autofree char *until = meishi_dates_day(item->not_after);
    g_autofree char *validity = g_strdup_printf(_("until %s"), until);
    g_autofree char *key = meishi_untrusted_line(item->key);
    const char *parts[4] = {NULL};
    guint n = 0;

    if (issuer[0] != '\0')
        parts[n++] = issuer;
    if (item->not_after != 0)
        parts[n++] = validity;
    if (key[0] != '\0')
        parts[n++] = key;
    return g_strjoinv(" · ", (char **)parts);
}

/* ---- cards ----------------------------------------------------------------------------------- */

static MeishiImportCard *
new_card(const MeishiImportedItem *item)
{
    MeishiImportCard *card = g_new0(MeishiImportCard, 1);

    card->title = meishi_untrusted_line(item->label);
    card->facts = g_ptr_array_new_with_free_func(g_free);
    card->notes = meishi_import_card_notes_new();
    return card;
}

MeishiImportCard *
meishi_import_card_new(const MeishiImportedItem *item, gint64 now)
{
    MeishiImportCard *card = new_card(item);

    card->summary = summarise(item);
    add_fact(card, _("Issued to"), say_subject(item));
    add_fact(card, _("Issued by"), short_name(item->issuer));
    add_fact(card, _("Valid"), say_validity(item, now));
    add_fact(card, _("Key"), meishi_untrusted_line(item->key));
    if (item->chain[0] != NULL && item->chain[1] != NULL)
        add_fact(card, _("Chain"), say_chain(item));
    add_fact(card, _("Renews"), say_renewal(item));
    add_warnings(card, item);
    add_doubt(card, item);
    return card;
}

static const char *
say_reason(const MeishiImportedItem *item)
{
    if (g_str_equal(item->reason, "authority"))
        return _("Not kept: it is an authority's certificate, and none of yours was issued by it.");
    if (g_str_equal(item->reason, "key-mismatch"))
        return _("Not kept: the private key that came with it belongs to another certificate.");
    return _("Not kept: its private key is neither in the file nor in your vault.");
}

MeishiImportCard *
meishi_import_card_new_passed_over(const MeishiImportedItem *item)
{
    MeishiImportCard *card = new_card(item);

    card->summary = g_strdup(say_reason(item));
    return card;
}

void
meishi_import_card_free(MeishiImportCard *card)
{
    g_free(card->title);
    g_free(card->summary);
    g_ptr_array_unref(card->facts);
    g_ptr_array_unref(card->notes);
    g_free(card);
}

gboolean
meishi_import_card_is_stored(const MeishiImportedItem *item)
{
    return item->is_identity && item->outcome <= MEISHI_IMPORTED_FURTHER;
}
