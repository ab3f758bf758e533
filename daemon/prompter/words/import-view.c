/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pages as a whole: how many there are, what is kept beside them, where it goes.
 */
#include "daemon/prompter/words/import-view.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/import-card.h"

#include <glib/gi18n.h>

static MeishiImportView *
new_view(void)
{
    MeishiImportView *view = g_new0(MeishiImportView, 1);

    view->cards = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_card_free);
    view->others = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_card_free);
    view->notes = meishi_import_card_notes_new();
    return view;
}

void
meishi_import_view_free(MeishiImportView *view)
{
    if (view == NULL)
        return;
    g_free(view->heading);
    g_free(view->text);
    g_free(view->label);
    g_ptr_array_unref(view->cards);
    g_ptr_array_unref(view->others);
    g_ptr_array_unref(view->notes);
    g_free(view);
}

static void
say(MeishiImportView *view, const char *text)
{
    meishi_import_card_note(view->notes, g_strdup(text), FALSE);
}

/* ---- what is there --------------------------------------------------------------------------- */

static MeishiImportCard *
card_of_known(const MeishiImportedItem *item, gint64 now)
{
    MeishiImportCard *card = meishi_import_card_new(item, now);

    g_free(card->summary);
    card->summary = g_strdup(_("Is here already; nothing is changed."));
    return card;
}

static void
add_cards(MeishiImportView *view, const MeishiImported *imported, gint64 now)
{
    for (guint i = 0; i < imported->items->len; i++) {
        const MeishiImportedItem *item = g_ptr_array_index(imported->items, i);

        if (meishi_import_card_is_stored(item))
            g_ptr_array_add(view->cards, meishi_import_card_new(item, now));
        else if (item->outcome == MEISHI_IMPORTED_PASSED_OVER)
            g_ptr_array_add(view->others, meishi_import_card_new_passed_over(item));
        else if (item->is_identity && item->outcome == MEISHI_IMPORTED_UNCHANGED)
            g_ptr_array_add(view->others, card_of_known(item, now));
    }
}

/* The first that is stored; NULL. */
static const MeishiImportedItem *
first_stored(const MeishiImported *imported)
{
    for (guint i = 0; i < imported->items->len; i++) {
        const MeishiImportedItem *item = g_ptr_array_index(imported->items, i);

        if (meishi_import_card_is_stored(item))
            return item;
    }
    return NULL;
}

static void
note_issuers(MeishiImportView *view, const MeishiImported *imported)
{
    guint n = meishi_imported_count(imported, MEISHI_IMPORTED_ISSUER);

    if (n == 0 || view->cards->len == 1) /* the chain of one is among its facts */
        return;
    meishi_import_card_note(
        view->notes,
        g_strdup_printf(
            ngettext("%u issuer's certificate is kept beside them, for servers that want "
                     "to see the whole chain.",
                     "%u issuers' certificates are kept beside them, for servers that "
                     "want to see the whole chain.",
                     n),
            n),
        FALSE);
}

/* What the daemon says of the files, word for word: they are too many to be known here. */
static void
note_files(MeishiImportView *view, const MeishiImported *imported)
{
    for (const char **warning = imported->warnings; *warning != NULL; warning++)
        meishi_import_card_note(view->notes, meishi_untrusted_full(*warning), TRUE);
    for (guint i = 0; i < imported->n_file_notes && imported->notes[i] != NULL; i++)
        meishi_import_card_note(view->notes, meishi_untrusted_full(imported->notes[i]), FALSE);
}

/* ---- before ---------------------------------------------------------------------------------- */

static char *
ask_about_one(const MeishiImportedItem *item)
{
    g_autofree char *label = meishi_untrusted_isolated(item->label);

    switch (item->outcome) {
    case MEISHI_IMPORTED_KEY_ADDED:
        return g_strdup_printf(_("Import the Private Key “%s”?"), label);
    case MEISHI_IMPORTED_COMPLETED:
        return g_strdup_printf(_("Import the Certificate “%s” for Your Key?"), label);
    default:
        return g_strdup_printf(_("Import “%s”?"), label);
    }
}

static char *
name_files(const char *const *files)
{
    guint n = g_strv_length((char **)files);
    g_autofree char *first = meishi_untrusted_isolated(n > 0 ? files[0] : "");

    return n == 1 ? g_strdup_printf(_("“%s”"), first)
                  : g_strdup_printf(ngettext("the %u file", "the %u files", n), n);
}

static char *
plan_heading(const MeishiImportView *view, const MeishiImported *imported, const char *const *files)
{
    const MeishiImportedItem *first = first_stored(imported);
    g_autofree char *names = name_files(files);
    guint n = view->cards->len;

    if (n == 1 && first != NULL)
        return ask_about_one(first);
    if (n > 1)
        return g_strdup_printf(ngettext("Import %u Certificate?", "Import %u Certificates?", n), n);
    if (view->may_import)
        return g_strdup(_("Complete the Chains of Your Certificates?"));
    /* Translators: %s is the name of a file in quotation marks, or "the 3 files". */
    return g_strdup_printf(_("Everything in %s Is Here Already"), names);
}

static const char *
say_place(MeishiImportVault vault)
{
    switch (vault) {
    case MEISHI_IMPORT_VAULT_LOCKED:
        return _("The private key is kept encrypted in your vault on this computer. The vault is "
                 "locked: "
                 "you are asked for its passphrase next.");
    case MEISHI_IMPORT_VAULT_NEW_KEYRING:
        return _("The private key is kept encrypted in a vault on this computer, which is made "
                 "now. Your "
                 "desktop's keyring opens it when you log in.");
    case MEISHI_IMPORT_VAULT_NEW_PASSPHRASE:
        return _("The private key is kept encrypted in a vault on this computer. There is none "
                 "yet, and no "
                 "keyring that could open it: you choose a passphrase for it next.");
    default:
        return _("The private key is kept encrypted in your vault on this computer.");
    }
}

/* One label for one certificate; a bare key keeps the one that the person gave it. */
static char *
editable_label(const MeishiImportView *view, const MeishiImported *imported)
{
    const MeishiImportedItem *first = first_stored(imported);

    return view->cards->len == 1 && first != NULL ? g_strdup(first->label) : NULL;
}

MeishiImportView *
meishi_import_view_plan(const MeishiImported *imported, MeishiImportVault vault,
                        const char *const *files, gint64 now)
{
    MeishiImportView *view = new_view();

    add_cards(view, imported, now);
    view->may_import =
        view->cards->len > 0 || meishi_imported_count(imported, MEISHI_IMPORTED_ISSUER) > 0;
    view->heading = plan_heading(view, imported, files);
    view->label = editable_label(view, imported);
    note_files(view, imported);
    note_issuers(view, imported);
    if (view->may_import)
        say(view, say_place(vault));
    return view;
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static char *
result_heading(const MeishiImportView *view, const MeishiImported *imported)
{
    const MeishiImportedItem *first = first_stored(imported);
    g_autofree char *label = NULL;
    guint n = view->cards->len;

    if (n == 1 && first != NULL) {
        label = meishi_untrusted_isolated(first->label);
        return g_strdup_printf(_("“%s” Was Imported"), label);
    }
    if (n > 1)
        return g_strdup_printf(
            ngettext("%u Certificate Was Imported", "%u Certificates Were Imported", n), n);
    if (meishi_imported_count(imported, MEISHI_IMPORTED_ISSUER) > 0)
        return g_strdup(_("The Chains Were Completed"));
    return g_strdup(_("Everything Was Here Already"));
}

static gboolean
brought_keys(const MeishiImported *imported)
{
    return meishi_imported_count(imported, MEISHI_IMPORTED_ADDED) > 0 ||
           meishi_imported_count(imported, MEISHI_IMPORTED_KEY_ADDED) > 0;
}

static void
note_vault(MeishiImportView *view, const char *made)
{
    if (g_str_equal(made, "secret-service"))
        say(view, _("A vault was made on this computer. Your desktop's keyring opens it when you "
                    "log in."));
    else if (g_str_equal(made, "passphrase"))
        say(view, _("A vault was made on this computer. Its passphrase alone opens it: without it "
                    "the keys are lost."));
}

MeishiImportView *
meishi_import_view_result(const MeishiImported *imported, const char *vault_made, gint64 now)
{
    MeishiImportView *view = new_view();
    guint n_keys = meishi_imported_count(imported, MEISHI_IMPORTED_KEY_ADDED);

    add_cards(view, imported, now);
    view->heading = result_heading(view, imported);
    if (view->cards->len > n_keys)
        view->text = g_strdup(ngettext(
            "Programs on this computer that use Meishi can sign in with it from now on. When a "
            "server wants to know who you are, you are asked which certificate it may see.",
            "Programs on this computer that use Meishi can sign in with them from now on. When a "
            "server wants to know who you are, you are asked which certificate it may see.",
            view->cards->len));
    note_files(view, imported);
    note_issuers(view, imported);
    note_vault(view, vault_made);
    if (brought_keys(imported))
        say(view,
            _("The file still holds the private key. Delete it, or keep it in a safe place."));
    return view;
}
