/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What both have in common: who asks, for what, and why the last one was not taken.
 */
#include "daemon/prompter/words/secret-view.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/program.h"

#include <glib/gi18n.h>

/* ---- facts ----------------------------------------------------------------------------------- */

static void
free_fact(gpointer data)
{
    MeishiSecretFact *fact = data;

    g_free(fact->name);
    g_free(fact->value);
    g_free(fact);
}

/* @value is taken; "" and NULL are nothing to say. */
static void
add_fact(MeishiSecretView *view, const char *name, char *value)
{
    g_autofree char *text = value;
    MeishiSecretFact *fact;

    if (text == NULL || text[0] == '\0')
        return;
    fact = g_new0(MeishiSecretFact, 1);
    fact->name = g_strdup(name);
    fact->value = g_steal_pointer(&text);
    g_ptr_array_add(view->facts, fact);
}

/* A signature says nothing of whom it is for: the server is the program's word. */
static char *
target_of(const MeishiQuestion *question)
{
    g_autofree char *target = meishi_program_target(question);

    return target != NULL ? g_strdup_printf(_("%s (as the program says)"), target) : NULL;
}

/* ---- the passphrase -------------------------------------------------------------------------- */

static char *
unlock_heading(const MeishiQuestion *question)
{
    g_autofree char *name = meishi_program_name(question);

    if (question->is_own)
        return g_strdup(_("Your keys are locked"));
    if (question->application[0] == '\0')
        return g_strdup(_("An unknown program needs your keys"));
    return g_strdup_printf(_("%s needs your keys"), name);
}

static char *
unlock_problem(const MeishiQuestion *question)
{
    guint n = question->tries_left;
    g_autofree char *left = NULL;

    if (!question->is_wrong)
        return NULL;
    if (n == 0)
        return g_strdup(_("That passphrase is wrong."));
    left =
        g_strdup_printf(ngettext("You can try %u more time.", "You can try %u more times.", n), n);
    /* Translators: two sentences; the second one: "You can try 2 more times." */
    return g_strdup_printf(_("That passphrase is wrong. %s"), left);
}

static void
fill_unlock(MeishiSecretView *view, const MeishiQuestion *question)
{
    view->title = g_strdup(_("Unlock Your Keys"));
    view->heading = unlock_heading(question);
    add_fact(view, _("Server"), target_of(question));
    view->field = _("_Passphrase");
    view->problem = unlock_problem(question);
    view->note = g_strdup(_("The passphrase of your Meishi vault unlocks all your keys, for every "
                            "program that may use them."));
    view->refuse_effect = _("The keys stay locked");
    view->yes = _("_Unlock");
    view->yes_effect = _("The keys can be used until they are locked again");
}

/* ---- the PIN --------------------------------------------------------------------------------- */

static char *
pin_heading(const MeishiQuestion *question)
{
    g_autofree char *token = meishi_untrusted_isolated(question->token);
    g_autofree char *name = meishi_program_name(question);

    if (question->token[0] == '\0')
        return g_strdup(_("A card or token needs your PIN"));
    if (question->application[0] == '\0' || question->is_own)
        return g_strdup_printf(_("“%s” needs your PIN"), token);
    /* Translators: a program, and the label of a card or token */
    return g_strdup_printf(_("%s needs the PIN of “%s”"), name, token);
}

/* Only PINs of characters that people type; where the token says nothing, neither do we. */
static char *
pin_hint(const MeishiQuestion *question)
{
    guint min = question->min_len, max = question->max_len;

    if (min != 0 && min == max)
        return g_strdup_printf(ngettext("%u character", "%u characters", min), min);
    if (min != 0 && max != 0)
        return g_strdup_printf(_("%u to %u characters"), min, max);
    if (min != 0)
        return g_strdup_printf(ngettext("At least %u character", "At least %u characters", min),
                               min);
    if (max != 0)
        return g_strdup_printf(ngettext("At most %u character", "At most %u characters", max), max);
    return NULL;
}

static char *
pin_warning(const MeishiQuestion *question)
{
    switch (question->tries) {
    case MEISHI_TRIES_FEW:
        return g_strdup(_("Few tries are left. After too many wrong PINs it blocks itself."));
    case MEISHI_TRIES_LAST:
        return g_strdup(_("This is the last try. After one more wrong PIN it blocks itself."));
    case MEISHI_TRIES_ENOUGH:
        break;
    }
    return NULL;
}

static void
fill_pin_yes(MeishiSecretView *view, const MeishiQuestion *question)
{
    /* Where the reader waits already, the last try was agreed to. */
    gboolean is_last = question->tries == MEISHI_TRIES_LAST && !question->is_trying;

    if (!question->is_pad) {
        view->field = _("_PIN");
        view->hint = pin_hint(question);
        view->yes = _("_Use PIN");
        view->yes_effect = _("The PIN goes to the card or token");
    } else if (is_last) {
        view->yes = _("_Go On");
        view->yes_effect = _("The PIN is asked for at the reader");
    }
    if (!is_last)
        return;
    view->insist = g_strdup(_("If this PIN is wrong, the card or token cannot be used any more "
                              "until whoever issued it unblocks it."));
    view->insist_yes = _("Use the _Last Try");
}

static void
fill_pin(MeishiSecretView *view, const MeishiQuestion *question)
{
    view->title = g_strdup(question->is_pad ? _("PIN at the Reader") : _("PIN Needed"));
    view->heading = pin_heading(question);
    add_fact(view, _("Key"), meishi_untrusted_isolated(question->label));
    add_fact(view, _("Reader"), meishi_untrusted_isolated(question->reader));
    add_fact(view, _("Server"), target_of(question));
    view->problem = question->is_wrong ? g_strdup(_("That PIN is wrong.")) : NULL;
    view->warning = pin_warning(question);
    if (question->is_pad)
        view->note = g_strdup(_("Type the PIN at the reader. It does not pass through this "
                                "computer. This window closes by itself."));
    else if (question->each_use)
        view->note = g_strdup(_("This key wants its PIN each time it is used."));
    view->refuse_effect = _("The key is not used");
    fill_pin_yes(view, question);
}

char *
meishi_secret_view_check(const MeishiQuestion *question, gsize len)
{
    guint min = question->min_len, max = question->max_len;

    if (question->asks != MEISHI_ASKS_PIN)
        return NULL;
    if (len < min)
        return g_strdup_printf(ngettext("A PIN of this token has at least %u character. It was not "
                                        "sent.",
                                        "A PIN of this token has at least %u characters. It was "
                                        "not sent.",
                                        min),
                               min);
    if (max != 0 && len > max)
        return g_strdup_printf(ngettext("A PIN of this token has at most %u character. It was not "
                                        "sent.",
                                        "A PIN of this token has at most %u characters. It was not "
                                        "sent.",
                                        max),
                               max);
    return NULL;
}

/* ---- the view -------------------------------------------------------------------------------- */

MeishiSecretView *
meishi_secret_view_new(const MeishiQuestion *question)
{
    MeishiSecretView *view = g_new0(MeishiSecretView, 1);

    view->facts = g_ptr_array_new_with_free_func(free_fact);
    if (question->asks == MEISHI_ASKS_PIN)
        fill_pin(view, question);
    else
        fill_unlock(view, question);
    return view;
}

void
meishi_secret_view_free(MeishiSecretView *view)
{
    if (view == NULL)
        return;
    g_free(view->title);
    g_free(view->heading);
    g_ptr_array_unref(view->facts);
    g_free(view->hint);
    g_free(view->problem);
    g_free(view->warning);
    g_free(view->note);
    g_free(view->insist);
    g_free(view);
}
