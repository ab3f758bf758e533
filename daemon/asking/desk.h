/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiDesk: the bus end of a prompter (org.meishi.Agent1.Prompter).  Takes the daemon's
 * questions, has them shown one at a time in the order in which they came, and takes the answers
 * back.  What shows them, windows or a terminal, is its user's.  Main thread.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/asking/question.h"
#include "daemon/base/secret.h"

typedef struct MeishiDesk MeishiDesk;

/* Called for the question that is shown; no two are shown at a time. */
typedef struct {
    /* Shows @question, which stays until close().  FALSE: it cannot be shown, which is "not now".
     * Must not answer before it returns. */
    gboolean (*show)(const MeishiQuestion *question, gpointer user_data);
    /* What Prompter.Update said is in the question now. */
    void (*update)(const MeishiQuestion *question, gpointer user_data);
    /* It is over; @reason as in Prompter.Cancel, NULL: it was answered here. */
    void (*close)(const MeishiQuestion *question, const char *reason, gpointer user_data);
} MeishiDeskClass;

/* Exports the object on @connection.  Nobody may ask before meishi_desk_register(). */
MeishiDesk *meishi_desk_new(GDBusConnection *connection, const MeishiDeskClass *class,
                            gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Dismisses what is open and unregisters.  NULL is fine. */
void meishi_desk_free(MeishiDesk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiDesk, meishi_desk_free)

/* Registers with the daemon @name (unique; NULL on a private connection), which alone may ask from
 * now on.  @tty: the terminal on which it asks, NULL: in windows.  NULL @callback: nobody waits. */
void meishi_desk_register(MeishiDesk *desk, const char *name, const char *tty,
                          GAsyncReadyCallback callback, gpointer user_data);
gboolean
meishi_desk_register_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The daemon @name has gone: nobody is left whom an answer could reach, and nobody may ask. */
void meishi_desk_forget_daemon(MeishiDesk *desk);

/* The question that is shown; NULL: none is. */
const MeishiQuestion *meishi_desk_question(const MeishiDesk *desk);

/* Each of the three ends the question that is shown, after its close() the next is shown. */
void meishi_desk_answer(MeishiDesk *desk, GVariant *answer); /* a{sv}, sunk */
/* FALSE, and "not now", where the secret cannot be handed over.  @answer: a{sv} beside it, sunk;
 * NULL. */
gboolean meishi_desk_answer_secret(MeishiDesk *desk, MeishiSecret *secret, GVariant *answer);
void meishi_desk_dismiss(MeishiDesk *desk); /* "not now" */

/* The person needs more time (Agents.Extend); what comes of it is told by update(). */
void meishi_desk_extend(MeishiDesk *desk);
