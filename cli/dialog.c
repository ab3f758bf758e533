/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The turns of a dialog: which one, really that one, for how long.  An answer that is none is said
 * to be none and asked for again; nothing but the end of input or "q" ends without an answer, and
 * an empty line never chooses what was not shown as the default.
 */
#include "cli/dialog.h"

#include "cli/explain-text.h"
#include "cli/permit-text.h"
#include "cli/text.h"

#include <string.h>

typedef enum {
    TURN_CHOOSE,
    TURN_INSIST,
    TURN_REMEMBER,
    TURN_CONFIRM,
    TURN_LAST,   /* a word before the last try at a PIN */
    TURN_SECRET, /* which comes another way */
    TURN_PAD,    /* the PIN is typed at the reader */
    TURN_EXPLAIN,
    TURN_OVER,
} Turn;

struct MeishiDialog {
    const MeishiQuestion *question;
    MeishiQuestionLayout layout;
    Turn turn;
    gboolean is_dismissed;
    gboolean others_shown;
    guint chosen; /* candidate; G_MAXUINT: send none */
    const char *scope, *reach;
    const char *allow; /* of a confirmation */
    gboolean is_last_try;
};

/* Where the reader waits already, the last try was agreed to. */
static Turn
turn_of_pin(const MeishiQuestion *question)
{
    if (question->tries == MEISHI_TRIES_LAST && !question->is_trying)
        return TURN_LAST;
    return question->is_pad ? TURN_PAD : TURN_SECRET;
}

static Turn
first_turn(const MeishiQuestion *question)
{
    switch (question->asks) {
    case MEISHI_ASKS_CHOOSE:
        break;
    case MEISHI_ASKS_CONFIRM:
        return TURN_CONFIRM;
    case MEISHI_ASKS_UNLOCK:
        return TURN_SECRET;
    case MEISHI_ASKS_PIN:
        return turn_of_pin(question);
    case MEISHI_ASKS_EXPLAIN:
        return TURN_EXPLAIN;
    }
    return TURN_CHOOSE;
}

MeishiDialog *
meishi_dialog_new(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    MeishiDialog *dialog = g_new0(MeishiDialog, 1);

    dialog->question = question;
    dialog->layout = *layout;
    dialog->turn = first_turn(question);
    dialog->chosen = G_MAXUINT;
    dialog->scope = "once";
    dialog->reach = "host-port";
    return dialog;
}

void
meishi_dialog_free(MeishiDialog *dialog)
{
    if (dialog == NULL)
        return;
    g_free(dialog);
}

/* ---- what an empty line means ---------------------------------------------------------------- */

/* Never one that the engine would not offer, and nothing where the server asks everybody. */
static guint
default_candidate(const MeishiQuestion *question)
{
    gboolean is_offered =
        question->preselected < question->n_offered && meishi_question_text_has_list(question);

    return is_offered && !g_str_equal(question->kind, "optional") ? question->preselected
                                                                  : G_MAXUINT;
}

/* What the daemon says; else once for a server that is new, the session for one that has been
 * used. */
static const char *
default_scope(const MeishiQuestion *question)
{
    gboolean is_known = FALSE;

    if (meishi_question_allows_scope(question, question->scope))
        return question->scope;
    for (guint i = 0; i < question->candidates->len; i++)
        is_known |= meishi_question_candidate(question, i)->accepted_here > 0;
    if (is_known && meishi_question_allows_scope(question, "session"))
        return "session";
    return "once";
}

/* ---- what to show ---------------------------------------------------------------------------- */

char *
meishi_dialog_prompt(const MeishiDialog *dialog)
{
    const MeishiQuestion *question = dialog->question;

    switch (dialog->turn) {
    case TURN_CHOOSE:
        return meishi_question_text_use(question, default_candidate(question));
    case TURN_INSIST:
        return meishi_question_text_insist(question, dialog->chosen);
    case TURN_REMEMBER:
        return meishi_question_text_remember(question, default_scope(question));
    case TURN_LAST:
        return meishi_permit_text_last();
    case TURN_CONFIRM:
    case TURN_SECRET:
    case TURN_PAD:
        return meishi_permit_text_prompt(question);
    case TURN_EXPLAIN:
        return g_strdup("Enter closes: ");
    case TURN_OVER:
        break;
    }
    return g_strdup("");
}

/* @text (taken), then the prompt of the present turn. */
static char *
then_ask(const MeishiDialog *dialog, char *text)
{
    g_autofree char *before = text;
    g_autofree char *prompt = meishi_dialog_prompt(dialog);

    return g_strconcat(before, prompt, NULL);
}

char *
meishi_dialog_open(MeishiDialog *dialog)
{
    const MeishiQuestion *question = dialog->question;

    if (question->asks == MEISHI_ASKS_CHOOSE)
        return then_ask(dialog, meishi_question_text_open(question, &dialog->layout));
    if (question->asks == MEISHI_ASKS_EXPLAIN)
        return then_ask(dialog, meishi_explain_text(question));
    return then_ask(dialog, meishi_permit_text_open(question, &dialog->layout));
}

static char *
refuse(const MeishiDialog *dialog, const char *line)
{
    g_autofree char *clean = meishi_text_clean(line);

    if (line[0] == '\0' && dialog->turn == TURN_PAD)
        return then_ask(dialog, g_strdup("Type the PIN at the reader.\n"));
    if (line[0] == '\0')
        return then_ask(dialog, g_strdup("There is no default here.\n"));
    return then_ask(dialog, g_strdup_printf("“%s” is none of the answers.\n", clean));
}

/* ---- turns ----------------------------------------------------------------------------------- */

static char *
finish(MeishiDialog *dialog)
{
    dialog->turn = TURN_OVER;
    return g_strdup("");
}

static char *
dismiss(MeishiDialog *dialog)
{
    dialog->is_dismissed = TRUE;
    return finish(dialog);
}

static char *
choose(MeishiDialog *dialog, guint index)
{
    const MeishiQuestion *question = dialog->question;
    gboolean may_remember = meishi_question_allows_scope(question, "session") ||
                            meishi_question_allows_scope(question, "always");

    dialog->chosen = index;
    if (!may_remember)
        return finish(dialog);
    dialog->turn = TURN_REMEMBER;
    return then_ask(dialog, g_strdup(""));
}

static char *
never(MeishiDialog *dialog)
{
    dialog->chosen = G_MAXUINT;
    dialog->scope = "always";
    return finish(dialog);
}

static char *
show_others(MeishiDialog *dialog)
{
    dialog->others_shown = TRUE;
    return then_ask(dialog, meishi_question_text_others(dialog->question, &dialog->layout));
}

/* Numbers that were not shown are not taken. */
static char *
choose_number(MeishiDialog *dialog, const char *line)
{
    const MeishiQuestion *question = dialog->question;
    guint n_shown = dialog->others_shown ? question->candidates->len : question->n_offered;
    guint64 number;

    if (n_shown == 0 || !meishi_question_text_has_list(question) ||
        !g_ascii_string_to_unsigned(line, 10, 1, n_shown, &number, NULL))
        return refuse(dialog, line);
    if (number <= question->n_offered)
        return choose(dialog, (guint)number - 1);
    dialog->chosen = (guint)number - 1;
    dialog->turn = TURN_INSIST;
    return then_ask(dialog, g_strdup(""));
}

static gboolean
has_others(const MeishiQuestion *question)
{
    return meishi_question_text_has_list(question) &&
           question->candidates->len > question->n_offered;
}

static char *
take_choice(MeishiDialog *dialog, const char *line)
{
    const MeishiQuestion *question = dialog->question;
    guint fallback = default_candidate(question);

    if (line[0] == '\0' && fallback != G_MAXUINT)
        return choose(dialog, fallback);
    if (g_str_equal(line, "q"))
        return dismiss(dialog);
    if (g_str_equal(line, "n"))
        return choose(dialog, G_MAXUINT);
    if (g_str_equal(line, "N") && meishi_question_allows_scope(question, "always"))
        return never(dialog);
    if (g_str_equal(line, "o") && has_others(question))
        return show_others(dialog);
    if (g_str_equal(line, "?"))
        return then_ask(dialog, meishi_question_text_why(question, &dialog->layout));
    return choose_number(dialog, line);
}

static gboolean
is_yes(const char *line)
{
    return g_ascii_strcasecmp(line, "y") == 0 || g_ascii_strcasecmp(line, "yes") == 0;
}

static gboolean
is_no(const char *line)
{
    return g_ascii_strcasecmp(line, "n") == 0 || g_ascii_strcasecmp(line, "no") == 0;
}

/* The second step that an identity takes which was not offered. */
static char *
take_insisting(MeishiDialog *dialog, const char *line)
{
    if (is_yes(line))
        return choose(dialog, dialog->chosen);
    if (line[0] != '\0' && !is_no(line))
        return refuse(dialog, line);
    dialog->chosen = G_MAXUINT;
    dialog->turn = TURN_CHOOSE;
    return then_ask(dialog, g_strdup(""));
}

/* ---- remembering ----------------------------------------------------------------------------- */

/* "a", "always", "a+h": a scope, and for how much of the host. */
static gboolean
read_scope(const MeishiQuestion *question, const char *text, const char **ret_scope)
{
    static const char *const scopes[] = {"once", "session", "always"};

    for (gsize i = 0; i < G_N_ELEMENTS(scopes); i++) {
        gboolean fits =
            g_str_equal(text, scopes[i]) || (text[0] == scopes[i][0] && text[1] == '\0');

        if (fits && meishi_question_allows_scope(question, scopes[i])) {
            *ret_scope = scopes[i];
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
read_reach(const MeishiQuestion *question, const char *text, const char **ret_reach)
{
    const char *reach = g_str_equal(text, "h") ? "host" : g_str_equal(text, "d") ? "domain" : NULL;

    if (reach == NULL || !meishi_question_allows_reach(question, reach))
        return FALSE;
    *ret_reach = reach;
    return TRUE;
}

static char *
take_remembering(MeishiDialog *dialog, const char *line)
{
    const char *plus = strchr(line, '+');
    g_autofree char *scope = plus != NULL ? g_strndup(line, (gsize)(plus - line)) : g_strdup(line);

    if (g_str_equal(line, "q"))
        return dismiss(dialog);
    if (plus != NULL && !read_reach(dialog->question, plus + 1, &dialog->reach))
        return refuse(dialog, line);
    if (scope[0] == '\0')
        dialog->scope = default_scope(dialog->question);
    else if (!read_scope(dialog->question, scope, &dialog->scope))
        return refuse(dialog, line);
    return finish(dialog);
}

/* ---- confirming ------------------------------------------------------------------------------ */

static char *
take_confirmation(MeishiDialog *dialog, const char *line)
{
    if (g_str_equal(line, "q"))
        return dismiss(dialog);
    if (is_yes(line))
        dialog->allow = "once";
    else if (g_str_equal(line, "s") && !dialog->question->each_use)
        dialog->allow = "session";
    else if (line[0] == '\0' || is_no(line))
        dialog->allow = "no";
    else
        return refuse(dialog, line);
    return finish(dialog);
}

/* ---- PINs ------------------------------------------------------------------------------------ */

/* The whole word: the last try is not spent by a slip. */
static char *
take_last_word(MeishiDialog *dialog, const char *line)
{
    if (line[0] == '\0' || g_str_equal(line, "q"))
        return dismiss(dialog);
    if (g_ascii_strcasecmp(line, MEISHI_PERMIT_LAST_WORD) != 0)
        return refuse(dialog, line);
    dialog->is_last_try = TRUE;
    if (dialog->question->is_pad)
        return finish(dialog);
    dialog->turn = TURN_SECRET;
    return then_ask(dialog, g_strdup(""));
}

/* The daemon ends the question when the reader has the PIN. */
static char *
take_while_waiting(MeishiDialog *dialog, const char *line)
{
    return g_str_equal(line, "q") ? dismiss(dialog) : refuse(dialog, line);
}

/* ---- the machine ----------------------------------------------------------------------------- */

static char *
take_line(MeishiDialog *dialog, const char *line)
{
    switch (dialog->turn) {
    case TURN_CHOOSE:
        return take_choice(dialog, line);
    case TURN_INSIST:
        return take_insisting(dialog, line);
    case TURN_REMEMBER:
        return take_remembering(dialog, line);
    case TURN_CONFIRM:
        return take_confirmation(dialog, line);
    case TURN_LAST:
        return take_last_word(dialog, line);
    case TURN_SECRET:
        return dismiss(dialog); /* no secret comes this way */
    case TURN_PAD:
        return take_while_waiting(dialog, line);
    case TURN_EXPLAIN:
        return finish(dialog); /* whatever was typed: it was read */
    case TURN_OVER:
        break;
    }
    return g_strdup("");
}

static MeishiDialogState
state_of(const MeishiDialog *dialog)
{
    if (dialog->turn != TURN_OVER)
        return MEISHI_DIALOG_ASKING;
    return dialog->is_dismissed ? MEISHI_DIALOG_DISMISSED : MEISHI_DIALOG_ANSWERED;
}

MeishiDialogState
meishi_dialog_take(MeishiDialog *dialog, const char *line, char **ret_text)
{
    g_autofree char *stripped = line != NULL ? g_strstrip(g_strdup(line)) : NULL;

    *ret_text = stripped != NULL ? take_line(dialog, stripped) : dismiss(dialog);
    return state_of(dialog);
}

MeishiDialogState
meishi_dialog_take_secret(MeishiDialog *dialog, gsize len, char **ret_text)
{
    char *problem = NULL;

    g_return_val_if_fail(dialog->turn == TURN_SECRET, MEISHI_DIALOG_DISMISSED);
    if (len > 0 && dialog->question->asks == MEISHI_ASKS_PIN)
        problem = meishi_permit_text_check_pin(dialog->question, len);
    if (problem != NULL)
        *ret_text = then_ask(dialog, problem);
    else
        *ret_text = len > 0 ? finish(dialog) : dismiss(dialog);
    return state_of(dialog);
}

gboolean
meishi_dialog_wants_secret(const MeishiDialog *dialog)
{
    return dialog->turn == TURN_SECRET;
}

static void
add_choice(const MeishiDialog *dialog, GVariantDict *answer)
{
    const MeishiQuestion *question = dialog->question;
    const char *path = dialog->chosen != G_MAXUINT
                           ? meishi_question_candidate(question, dialog->chosen)->path
                           : "/";

    g_variant_dict_insert(answer, "identity", "o", path);
    g_variant_dict_insert(answer, "scope", "s", dialog->scope);
    g_variant_dict_insert(answer, "reach", "s", dialog->reach);
    /* Somebody who asks with `meishi select` asks for another program. */
    g_variant_dict_insert(answer, "any-application", "b",
                          question->is_own && question->any_application);
}

GVariant *
meishi_dialog_answer(const MeishiDialog *dialog)
{
    GVariantDict answer;

    g_variant_dict_init(&answer, NULL);
    if (dialog->turn != TURN_OVER || dialog->is_dismissed)
        return g_variant_dict_end(&answer);
    if (dialog->question->asks == MEISHI_ASKS_CONFIRM)
        g_variant_dict_insert(&answer, "allow", "s", dialog->allow);
    else if (dialog->question->asks == MEISHI_ASKS_CHOOSE)
        add_choice(dialog, &answer);
    else if (dialog->is_last_try)
        g_variant_dict_insert(&answer, "last-try", "b", TRUE);
    return g_variant_dict_end(&answer);
}
