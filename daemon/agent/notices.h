/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiNotices: what a person is told without having asked, and how much of it.  Holds what is
 * shown and when something was shown last: each matter once an hour, a program's matters three
 * times an hour, three at a time.  Knows no clock, no bus and no words: daemon/bus/notifier.h shows
 * them, agent-notify.c says what is worth one.
 *
 * Invariant: a notice that is over (closed, settled, acted upon, lost with its server) is not held.
 */
#pragma once

#include "daemon/agent/selector.h"

#define MEISHI_NOTICES_SHOWN_MAX   3
#define MEISHI_NOTICES_SECONDS     3600 /* within which a matter is not shown again */
#define MEISHI_NOTICES_PER_PROGRAM 3    /* within these */

typedef enum {
    MEISHI_NOTICE_NEEDS_USER, /* a program went without a certificate, as nobody could be asked */
    MEISHI_NOTICE_REFUSED,    /* a server did not take one */
    MEISHI_NOTICE_EXPIRING,
} MeishiNoticeKind;

typedef enum {
    MEISHI_NOTICE_CHOOSE = 1 << 0,
    MEISHI_NOTICE_EXPLAIN = 1 << 1,
} MeishiNoticeAction;

typedef struct {
    MeishiNoticeKind kind;
    MeishiSelectCall *call; /* who asked for what; NULL for EXPIRING */
    char *identity;         /* id of the certificate; NULL for NEEDS_USER */
    char *label;            /* and what it is called */
    guint8 alert;           /* REFUSED; 0 */
    gint64 not_after;       /* EXPIRING */
    guint step;             /* EXPIRING: expiry.h */
    gboolean is_open;       /* a choice would settle it */
    guint actions;          /* MeishiNoticeAction that there are */
} MeishiNotice;

MeishiNotice *meishi_notice_new(MeishiNoticeKind kind);
void meishi_notice_free(MeishiNotice *notice); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiNotice, meishi_notice_free)

/* Whoever shows them; called on the main loop, must not call back before it returns. */
typedef struct {
    /* @replaces: the number of a notice whose place this one takes; 0.  It is gone then. */
    void (*show)(gpointer notifier, guint id, const MeishiNotice *notice, guint replaces);
    void (*close)(gpointer notifier, guint id);
} MeishiNotifierClass;

/* Whoever has something to tell. */
typedef struct {
    /* There is a notifier, which may find a notification server. */
    void (*attached)(gpointer user_data);
    /* It has found one: what was not told yet may be told now. */
    void (*came)(gpointer user_data);
    void (*shown)(const MeishiNotice *notice, gpointer user_data);
    /* The person pressed a button; the notice is over. */
    void (*act)(const MeishiNotice *notice, MeishiNoticeAction action, gpointer user_data);
    gpointer user_data;
} MeishiNoticesUser;

MeishiNotices *meishi_notices_new(const MeishiNoticesUser *user);
void meishi_notices_free(MeishiNotices *notices); /* NULL is fine; closes what is shown */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiNotices, meishi_notices_free)

/* ---- telling */

/* Is there a notifier? */
gboolean meishi_notices_can_show(const MeishiNotices *notices);

/* And is @notice not too much at @now? */
gboolean
meishi_notices_has_room(const MeishiNotices *notices, const MeishiNotice *notice, gint64 now);

/* Shows @notice (taken) where there is room for it.  What is shown of the same matter is replaced;
 * where three are shown, the oldest makes room, one that expires last. */
gboolean meishi_notices_offer(MeishiNotices *notices, MeishiNotice *notice, gint64 now);

/* Closes those that are over. */
typedef gboolean (*MeishiNoticeCheck)(const MeishiNotice *notice, gpointer user_data);
void meishi_notices_close_if(MeishiNotices *notices, MeishiNoticeCheck is_over, gpointer user_data);

/* ---- showing: for the notifier */

/* One notifier at a time: another one takes over, and what the first has shown is gone. */
void
meishi_notices_attach(MeishiNotices *notices, const MeishiNotifierClass *class, gpointer notifier);
void meishi_notices_detach(MeishiNotices *notices, gpointer notifier);

/* The notification server is there. */
void meishi_notices_came(MeishiNotices *notices);
void meishi_notices_shown(MeishiNotices *notices, guint id);
/* The person closed it, or it could not be shown. */
void meishi_notices_gone(MeishiNotices *notices, guint id);
/* All of them: the notification server ended. */
void meishi_notices_lost(MeishiNotices *notices);
void meishi_notices_act(MeishiNotices *notices, guint id, MeishiNoticeAction action);
