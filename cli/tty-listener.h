/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyListener: hears on a terminal what answers a question, by whichever way fits it: a line,
 * a secret that is typed without echo, or a pinentry.  What an answer means is for others.
 */
#pragma once

#include "daemon/asking/question.h"
#include "daemon/base/secret.h"

typedef struct MeishiTtyListener MeishiTtyListener;

/* Each may stop the listener, and start it again. */
typedef struct {
    void (*line)(const char *line, gpointer user_data);       /* NULL at the end of input */
    void (*typed)(gpointer user_data);                        /* a key of a secret */
    void (*secret)(MeishiSecret *secret, gpointer user_data); /* NULL: none was typed */
    void (*dismissed)(gpointer user_data);                    /* in the pinentry */
    /* The pinentry cannot ask, and what it showed is gone.  For the rest of the question it is not
     * tried again, and who types here has been told why. */
    void (*left_alone)(gpointer user_data);
} MeishiTtyListenerClass;

typedef struct {
    int fd;               /* the terminal */
    const char *path;     /* by which a pinentry opens it */
    const char *pinentry; /* the program; NULL */
    gboolean plain;       /* no escape sequences of ours */
} MeishiTtyListenerHow;

/* @how: what it points to lives as long as the listener. */
MeishiTtyListener *meishi_tty_listener_new(const MeishiTtyListenerHow *how,
                                           const MeishiTtyListenerClass *class, gpointer user_data);
void meishi_tty_listener_free(MeishiTtyListener *listener); /* stops; NULL is fine */

/* Another question, to which a pinentry may be tried again; NULL: none.  Stops. */
void meishi_tty_listener_set_question(MeishiTtyListener *listener, const MeishiQuestion *question);

/* Listens anew.  What was typed before is dropped.  @problem: what was wrong with what was typed
 * into a pinentry before; NULL.  FALSE where the terminal cannot be made to hide what is typed. */
gboolean meishi_tty_listener_start(MeishiTtyListener *listener, gboolean wants_secret,
                                   const char *problem) G_GNUC_WARN_UNUSED_RESULT;
void meishi_tty_listener_stop(MeishiTtyListener *listener);

/* The terminal shows what is typed again, as whoever has it next expects; for start() later. */
void meishi_tty_listener_leave_terminal(MeishiTtyListener *listener);

typedef enum {
    MEISHI_TTY_NOT_HEARD,
    MEISHI_TTY_HEARS_LINES,
    MEISHI_TTY_HEARS_SECRET,
    MEISHI_TTY_HEARS_PINENTRY, /* which draws, so that nobody else must */
} MeishiTtyHears;

MeishiTtyHears meishi_tty_listener_hears(const MeishiTtyListener *listener);
