/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiShell: what every window that asks has in common: a head, content that scrolls, buttons
 * below it, Esc, and the half second in which an answer cannot be given by accident.
 *
 * Answers once, from the main loop and never from within a call.
 */
#pragma once

#include "daemon/asking/question.h"

#include <adwaita.h>

#include "daemon/base/secret.h"

typedef struct MeishiShell MeishiShell;

/* @answer: a{sv} for the daemon; NULL: "not now".  @secret goes beside an answer; NULL. */
typedef void (*MeishiShellAnswered)(GVariant *answer, MeishiSecret *secret, gpointer data);

/* @question: what of it every window shows: who asks, unless the person has begun it here, how long
 * there is, and before which other window this one stands; borrowed as long as the window is there;
 * NULL: nobody asks. */
typedef struct {
    const char *title, *heading;
    const MeishiQuestion *question;
} MeishiShellHead;

MeishiShell *
meishi_shell_new(const MeishiShellHead *head, MeishiShellAnswered answered, gpointer data);
void meishi_shell_free(MeishiShell *shell); /* closes the window; NULL is fine */

/* Another page of the same window: content and buttons are gone, those of the new page are guarded
 * for another half second.  The title stays. */
void meishi_shell_turn(MeishiShell *shell, const MeishiShellHead *head);

/* @content, what a kind of window knows of itself, goes with @shell, before its widgets do.  What
 * was owned before goes now. */
void meishi_shell_own(MeishiShell *shell, gpointer content, GDestroyNotify free_content);

GtkWindow *meishi_shell_window(MeishiShell *shell);
AdwHeaderBar *meishi_shell_header(MeishiShell *shell);
void meishi_shell_add(MeishiShell *shell, GtkWidget *widget);
/* For what belongs to the answer: above the buttons, where it does not scroll away under a long
 * list; on a small screen or with large text, where that would leave no room for one, as above. */
void meishi_shell_add_to_answer(MeishiShell *shell, GtkWidget *widget);

/* A line that informs, or warns. */
void meishi_shell_add_note(MeishiShell *shell, const char *text, gboolean is_warning);

/* A warning that stands where the buttons are, for something that has to be read before one is
 * pressed.  Hidden, with its parent, until it has words. */
GtkLabel *meishi_shell_add_last_word(MeishiShell *shell);

/* A button below the content.  @label has a mnemonic, @effect says what it does.  @is_wide: on a
 * line of its own, else beside the others that are not. */
GtkButton *meishi_shell_add_button(MeishiShell *shell, const char *label, const char *effect,
                                   gboolean is_wide);

/* @button, one of the above, is a yes: it takes a key or a click of the person's (consent.h), and
 * does nothing for half a second after the window has got the focus, so that an Enter or a click
 * that was meant for another window is none (specification 6.2 rule 8). */
void meishi_shell_guard(MeishiShell *shell, GtkButton *button);
/* The same for a yes that is no button: whether it is given by what is handled right now. */
gboolean meishi_shell_is_meant(const MeishiShell *shell);
/* Whether the person does what is handled right now, meant or not.  Where anybody else changes what
 * a yes would be to, have the person look anew: meishi_shell_rearm(). */
gboolean meishi_shell_is_input(const MeishiShell *shell);
void meishi_shell_rearm(MeishiShell *shell);
/* Whether there is anything that a guarded button could answer. */
void meishi_shell_set_ready(MeishiShell *shell, gboolean is_ready);

/* Covers the content with @page, which Esc takes away again; NULL uncovers it. */
void meishi_shell_cover(MeishiShell *shell, GtkWidget *page);
gboolean meishi_shell_is_covered(const MeishiShell *shell);

/* Nothing in the window can be pressed meanwhile; it can be closed. */
void meishi_shell_set_busy(MeishiShell *shell, gboolean is_busy);

/* Once content and buttons are there: the window is as high as they need, as far as that fits on
 * the screen.  The one for what is short; the other is wider and has room for more. */
void meishi_shell_set_compact(MeishiShell *shell);
void meishi_shell_set_roomy(MeishiShell *shell);

void meishi_shell_present(MeishiShell *shell);

/* @question is another in how long there is, and whether anybody waits: said, and announced. */
void meishi_shell_update(MeishiShell *shell, const MeishiQuestion *question);

/* What to do where the person wants more time; @data is that of MeishiShellAnswered. */
void meishi_shell_set_more_time(MeishiShell *shell, void (*more_time)(gpointer data));

/* @answer is sunk; NULL: "not now". */
void meishi_shell_answer(MeishiShell *shell, GVariant *answer);
/* @answer (sunk) with @secret beside it, which the shell takes a reference to.  The window stays,
 * busy, until it is freed or turns to another page; closing it then is answered with NULL. */
void meishi_shell_answer_secret(MeishiShell *shell, MeishiSecret *secret, GVariant *answer);

/* Gives @button the words @label, with a mnemonic. */
void meishi_shell_name_button(GtkButton *button, const char *label);

/* A label for running text: wraps everywhere, so that no text size clips it. */
GtkWidget *meishi_shell_text(const char *text, const char *css_class);
