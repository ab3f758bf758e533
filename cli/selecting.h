/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asks the daemon which identity goes to a server (org.meishi.Agent1.Selector).  Synchronous: runs
 * the main loop until there is an answer.
 */
#pragma once

#include "cli/client.h"
#include "cli/selection.h"
#include "daemon/policy/request.h"

typedef struct {
    const MeishiTarget *target;
    GVariant *constraints;   /* a{sv}, what the server asked for; NULL: not known */
    const char *purpose;     /* NULL: navigation */
    const char *context;     /* NULL */
    const char *application; /* decide for this program; NULL: for us.  Explain only */
    MeishiTrust trust;       /* of @application */
    gboolean may_ask;        /* a person may be asked */
    gboolean plain;          /* and how: see MeishiTtyPrompter */
} MeishiSelecting;

/* Selects.  Asks on the terminal where there is one, else whoever else can ask is asked.  Ctrl-C
 * at a question is "not now"; at other times it cancels, and ends the process. */
MeishiSelection *meishi_selecting_select(MeishiClient *client, const MeishiSelecting *what,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What would be selected, and why.  Nothing is asked, remembered or counted. */
typedef struct {
    MeishiSelection *selection;
    GVariant *verdicts; /* aa{sv} */
    char *text;
} MeishiExplained;

gboolean
meishi_selecting_explain(MeishiClient *client, const MeishiSelecting *what,
                         MeishiExplained *ret_explained, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_explained_clear(MeishiExplained *explained);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiExplained, meishi_explained_clear)

/* From now on this process, and what it executes, sees what was selected and nothing else. */
gboolean meishi_selecting_bind(MeishiClient *client, const MeishiSelection *selection,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How the handshake ended: "accepted", "alert", "closed", "sign-failed"; @alert counts for "alert"
 * alone.  Learned from; an error is of no use to anybody and passed over. */
void meishi_selecting_report(MeishiClient *client, const MeishiSelection *selection,
                             const char *outcome, guint8 alert);
