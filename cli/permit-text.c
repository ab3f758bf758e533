/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lays out the questions that are answered by leave or by a secret.  A line that says that
 * something went wrong comes first, because it is what the person has to know.
 */
#include "cli/permit-text.h"

#include "cli/caller-text.h"

/* Who it is for; the same in all of them. */
static void
append_caller(GString *out, const MeishiQuestion *question)
{
    g_autofree char *program = meishi_caller_text_program(question);
    g_autofree char *host = meishi_caller_text_host(question);

    g_string_append_printf(out, "  program: %s\n  for: %s\n", program, host);
}

/* ---- the vault ------------------------------------------------------------------------------- */

static char *
unlock_problem(const MeishiQuestion *question)
{
    if (!question->is_wrong)
        return g_strdup("");
    if (question->tries_left == 0)
        return g_strdup("That passphrase does not open the vault.\n");
    return g_strdup_printf("That passphrase does not open the vault; %u %s left.\n",
                           question->tries_left,
                           question->tries_left == 1 ? "try is" : "tries are");
}

/* ---- a token --------------------------------------------------------------------------------- */

/* "“Corp card”"; a token without a label is a token all the same. */
static char *
token_name(const MeishiQuestion *question)
{
    g_autofree char *token = meishi_caller_text_bounded(question->token);

    return token[0] != '\0' ? g_strdup_printf("“%s”", token) : g_strdup("the token");
}

/* How near it is to blocking itself. */
static const char *
tries_text(MeishiTries tries)
{
    switch (tries) {
    case MEISHI_TRIES_ENOUGH:
        break;
    case MEISHI_TRIES_FEW:
        return "Few tries are left: it blocks itself after too many wrong PINs.\n";
    case MEISHI_TRIES_LAST:
        return "This is the last try: one more wrong PIN, and it blocks itself.\n";
    }
    return "";
}

static void
append_fact(GString *out, const char *name, const char *value)
{
    g_autofree char *clean = meishi_caller_text_bounded(value);

    if (clean[0] != '\0')
        g_string_append_printf(out, "  %s: %s\n", name, clean);
}

static char *
pin_problem(const MeishiQuestion *question)
{
    return g_strconcat(question->is_wrong ? "That PIN is wrong.\n" : "",
                       tries_text(question->tries), NULL);
}

char *
meishi_permit_text_check_pin(const MeishiQuestion *question, gsize len)
{
    gboolean is_short = question->min_len > 0 && len < question->min_len;
    gboolean is_long = question->max_len > 0 && len > question->max_len;

    if (is_short)
        return g_strdup_printf("A PIN of this token has at least %u characters. Nothing was sent "
                               "to it.\n",
                               question->min_len);
    if (is_long)
        return g_strdup_printf("A PIN of this token has at most %u characters. Nothing was sent to "
                               "it.\n",
                               question->max_len);
    return NULL;
}

/* ---- all ------------------------------------------------------------------------------------- */

char *
meishi_permit_text_problem(const MeishiQuestion *question)
{
    if (question->asks == MEISHI_ASKS_UNLOCK)
        return unlock_problem(question);
    return question->asks == MEISHI_ASKS_PIN ? pin_problem(question) : g_strdup("");
}

char *
meishi_permit_text_wish(const MeishiQuestion *question)
{
    g_autofree char *label = meishi_caller_text_bounded(question->label);
    g_autofree char *token = token_name(question);
    GString *out = g_string_new(NULL);

    if (question->asks == MEISHI_ASKS_UNLOCK)
        g_string_append(out, "The vault is locked, and this program needs a key.\n");
    else if (question->asks == MEISHI_ASKS_PIN)
        g_string_append_printf(out, "This program needs the PIN of %s%s.\n", token,
                               question->each_use ? ", as for each use of the key" : "");
    else
        g_string_append_printf(out, "May this program use “%s”?\n", label);
    append_caller(out, question);
    if (question->asks == MEISHI_ASKS_PIN) {
        append_fact(out, "key", question->label);
        append_fact(out, "reader", question->reader);
    }
    return g_string_free(out, FALSE);
}

/* The reader does not wait for the PIN before the last try is agreed to. */
static gboolean
is_before_last(const MeishiQuestion *question)
{
    return question->tries == MEISHI_TRIES_LAST && !question->is_trying;
}

static char *
actions_text(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    const char *gap = layout->columns > 0 ? "    " : "\n  ";

    if (question->asks == MEISHI_ASKS_PIN && question->is_pad && is_before_last(question))
        return g_strdup("It is typed at the reader then.\n  Enter alone: not now\n");
    if (question->asks == MEISHI_ASKS_PIN && question->is_pad)
        return g_strdup("Type it at the reader; this goes on by itself.\n  q) not now\n");
    if (question->asks != MEISHI_ASKS_CONFIRM)
        return g_strdup("  Enter alone: not now\n");
    return g_strdup_printf("  y) yes, once%s%s%sn) no%sq) not now\n", gap,
                           question->each_use ? "" : "s) for this session",
                           question->each_use ? "" : gap, gap);
}

char *
meishi_permit_text_open(const MeishiQuestion *question, const MeishiQuestionLayout *layout)
{
    g_autofree char *problem = meishi_permit_text_problem(question);
    g_autofree char *wish = meishi_permit_text_wish(question);
    g_autofree char *actions = actions_text(question, layout);

    return g_strconcat(problem, wish, actions, NULL);
}

char *
meishi_permit_text_prompt(const MeishiQuestion *question)
{
    g_autofree char *token = token_name(question);

    if (question->asks == MEISHI_ASKS_UNLOCK)
        return g_strdup("Passphrase of the vault: ");
    if (question->asks == MEISHI_ASKS_PIN && question->is_pad)
        return g_strdup("Waiting for the reader: ");
    if (question->asks == MEISHI_ASKS_PIN)
        return g_strdup_printf("PIN of %s: ", token);
    return g_strdup("Allow [n]: ");
}

char *
meishi_permit_text_last(void)
{
    return g_strdup("Type “" MEISHI_PERMIT_LAST_WORD
                    "” to spend the last try, Enter for not now: ");
}
