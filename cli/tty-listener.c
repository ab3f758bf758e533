/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chooses who listens, and starts the next where one cannot; see tty-listener.h.
 *
 * Invariant: one of three listens, or none: @lines, @secret or @pinentry.
 */
#include "cli/tty-listener.h"

#include "cli/text.h"
#include "cli/tty-lines.h"
#include "cli/tty-pinentry.h"
#include "cli/tty-secret.h"
#include "cli/tty.h"

#include <unistd.h>

struct MeishiTtyListener {
    MeishiTtyListenerHow how;
    const MeishiTtyListenerClass *class;
    gpointer data;
    const MeishiQuestion *question;
    gboolean is_pinentry_broken; /* for this question */
    MeishiTtyLines *lines;
    MeishiTtySecret *secret;
    MeishiTtyPinentry *pinentry;
};

/* A terminal that does not take it is one that will not answer either. */
static void
show(MeishiTtyListener *listener, const char *text)
{
    (void)meishi_tty_write(listener->how.fd, text);
}

/* ---- pinentry -------------------------------------------------------------------------------- */

static void
give_up_pinentry(MeishiTtyListener *listener, const char *problem)
{
    g_autofree char *clean = meishi_text_clean(problem);
    g_autofree char *text = g_strdup_printf("\n%s cannot ask: %s. You are asked here.\n",
                                            listener->how.pinentry, clean);

    listener->is_pinentry_broken = TRUE;
    show(listener, text);
}

static void
on_pinentry(MeishiPinentryEnd end, MeishiSecret *secret, const char *problem, gpointer data)
{
    MeishiTtyListener *listener = data;

    g_clear_pointer(&listener->pinentry, meishi_tty_pinentry_free);
    if (end == MEISHI_PINENTRY_FAILED) {
        give_up_pinentry(listener, problem);
        listener->class->left_alone(listener->data);
    } else if (end == MEISHI_PINENTRY_DISMISSED) {
        listener->class->dismissed(listener->data);
    } else if (secret != NULL) {
        listener->class->secret(secret, listener->data);
    } else {
        listener->class->line(end == MEISHI_PINENTRY_GIVEN ? "y" : "n", listener->data);
    }
}

static gboolean
wants_pinentry(const MeishiTtyListener *listener, gboolean wants_secret)
{
    return listener->how.pinentry != NULL && !listener->is_pinentry_broken &&
           (wants_secret || listener->question->asks == MEISHI_ASKS_CONFIRM);
}

static gboolean
start_pinentry(MeishiTtyListener *listener, const char *problem)
{
    const MeishiTtyPinentryHow how = {.program = listener->how.pinentry,
                                      .fd = listener->how.fd,
                                      .path = listener->how.path,
                                      .plain = listener->how.plain};
    g_autoptr(GError) error = NULL;

    listener->pinentry =
        meishi_tty_pinentry_new(&how, listener->question, problem, on_pinentry, listener, &error);
    if (error != NULL)
        give_up_pinentry(listener, error->message);
    return listener->pinentry != NULL;
}

/* ---- the terminal ---------------------------------------------------------------------------- */

static void
on_line(const char *line, gpointer data)
{
    MeishiTtyListener *listener = data;

    listener->class->line(line, listener->data);
}

static void
on_typed(gpointer data)
{
    MeishiTtyListener *listener = data;

    listener->class->typed(listener->data);
}

static void
on_secret(MeishiSecret *secret, gpointer data)
{
    MeishiTtyListener *listener = data;

    listener->class->secret(secret, listener->data);
}

static const MeishiTtySecretClass secret_class = {.typed = on_typed, .done = on_secret};

/* Whoever changes a terminal from the background is stopped, and cannot say why then. */
static void
tell_if_in_background(MeishiTtyListener *listener)
{
    pid_t group = tcgetpgrp(listener->how.fd);

    if (group >= 0 && group != getpgrp())
        show(listener, "\nmeishi: A question waits; bring meishi to the foreground.\n");
}

gboolean
meishi_tty_listener_start(MeishiTtyListener *listener, gboolean wants_secret, const char *problem)
{
    meishi_tty_listener_stop(listener);
    tell_if_in_background(listener);
    if (wants_pinentry(listener, wants_secret) && start_pinentry(listener, problem))
        return TRUE;
    if (!wants_secret) {
        listener->lines = meishi_tty_lines_new(listener->how.fd, on_line, listener);
        return TRUE;
    }
    listener->secret = meishi_tty_secret_new(listener->how.fd, &secret_class, listener);
    return listener->secret != NULL;
}

void
meishi_tty_listener_leave_terminal(MeishiTtyListener *listener)
{
    g_clear_pointer(&listener->secret, meishi_tty_secret_free);
}

void
meishi_tty_listener_stop(MeishiTtyListener *listener)
{
    g_clear_pointer(&listener->lines, meishi_tty_lines_free);
    g_clear_pointer(&listener->secret, meishi_tty_secret_free);
    g_clear_pointer(&listener->pinentry, meishi_tty_pinentry_free);
}

MeishiTtyHears
meishi_tty_listener_hears(const MeishiTtyListener *listener)
{
    if (listener->pinentry != NULL)
        return MEISHI_TTY_HEARS_PINENTRY;
    if (listener->secret != NULL)
        return MEISHI_TTY_HEARS_SECRET;
    return listener->lines != NULL ? MEISHI_TTY_HEARS_LINES : MEISHI_TTY_NOT_HEARD;
}

/* ---- coming and going ------------------------------------------------------------------------ */

void
meishi_tty_listener_set_question(MeishiTtyListener *listener, const MeishiQuestion *question)
{
    meishi_tty_listener_stop(listener);
    listener->question = question;
    listener->is_pinentry_broken = FALSE;
}

MeishiTtyListener *
meishi_tty_listener_new(const MeishiTtyListenerHow *how, const MeishiTtyListenerClass *class,
                        gpointer user_data)
{
    MeishiTtyListener *listener = g_new0(MeishiTtyListener, 1);

    listener->how = *how;
    listener->class = class;
    listener->data = user_data;
    return listener;
}

void
meishi_tty_listener_free(MeishiTtyListener *listener)
{
    if (listener == NULL)
        return;
    meishi_tty_listener_stop(listener);
    g_free(listener);
}
