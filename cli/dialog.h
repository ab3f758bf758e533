/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiDialog: from what is typed to an answer.  A state machine without terminal and without
 * D-Bus: text goes out, lines come in, and at the end there is what Agents.Respond wants.
 */
#pragma once

#include "cli/question-text.h"

typedef enum {
    MEISHI_DIALOG_ASKING,
    MEISHI_DIALOG_ANSWERED,
    MEISHI_DIALOG_DISMISSED, /* "not now" */
} MeishiDialogState;

typedef struct MeishiDialog MeishiDialog;

/* Borrows @question. */
MeishiDialog *meishi_dialog_new(const MeishiQuestion *question, const MeishiQuestionLayout *layout);
void meishi_dialog_free(MeishiDialog *dialog); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiDialog, meishi_dialog_free)

/* What to show first; ends with a prompt.  New. */
char *meishi_dialog_open(MeishiDialog *dialog);

/* Takes a line, without its newline; NULL at the end of input.  @ret_text: what to show now, "" at
 * the end; new. */
MeishiDialogState meishi_dialog_take(MeishiDialog *dialog, const char *line, char **ret_text);

/* Likewise, where meishi_dialog_wants_secret(): @len bytes were typed; 0 dismisses.  ASKING where
 * none of that length can be right. */
MeishiDialogState meishi_dialog_take_secret(MeishiDialog *dialog, gsize len, char **ret_text);

/* What @ret_text ended with: the question that is open now.  New. */
char *meishi_dialog_prompt(const MeishiDialog *dialog);

/* a{sv} for Agents.Respond, floating; empty unless ANSWERED.  A secret is not in it. */
GVariant *meishi_dialog_answer(const MeishiDialog *dialog);

/* Whether what is asked for now is a secret: it is read without echo, and goes to the daemon by
 * descriptor; the only line that is taken here is the end of input.  A line may turn it so. */
gboolean meishi_dialog_wants_secret(const MeishiDialog *dialog);
