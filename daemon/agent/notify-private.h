/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the agent tells a person unasked, from inside:
 *
 *   agent-notify.c     what is worth a notice, and when one is settled
 *   notice-buttons.c   "Choose now" and "Why?"
 *   expiry-watch.c     certificates in use that end
 */
#pragma once

#include "daemon/agent/agent-private.h"
#include "daemon/agent/notices.h"

/* Certificates in use, and what was told of their end. */
typedef struct MeishiExpiryWatch MeishiExpiryWatch;

struct MeishiNotifying {
    MeishiAgent *agent;
    MeishiNotices *notices;
    MeishiExpiryWatch *expiry;
    guint review_source;
};

/* ---- agent-notify.c */

/* @request as if the person had just asked for it and could be asked. */
MeishiRequest *meishi_notify_in_person(const MeishiRequest *request);

/* ---- notice-buttons.c */

/* Which of MeishiNoticeAction there can be; @is_open: a person can choose. */
guint meishi_notice_buttons(MeishiAgent *agent, gboolean is_open);

void meishi_notice_press(MeishiAgent *agent, const MeishiNotice *notice, MeishiNoticeAction action);

/* ---- expiry-watch.c */

MeishiExpiryWatch *meishi_expiry_watch_new(MeishiAgent *agent, MeishiNotices *notices);
void meishi_expiry_watch_free(MeishiExpiryWatch *watch); /* NULL is fine */

/* Tells what is due, and looks again when there is more, at least once a day. */
void meishi_expiry_watch_check(MeishiExpiryWatch *watch);
/* The same a little later: a session that has just begun may have no notification server yet. */
void meishi_expiry_watch_check_soon(MeishiExpiryWatch *watch);

/* @notice (EXPIRING) was shown: it is not told again. */
void meishi_expiry_watch_shown(MeishiExpiryWatch *watch, const MeishiNotice *notice);

/* Has the certificate of @notice been renewed or removed, or fallen out of use? */
gboolean meishi_expiry_watch_is_over(MeishiExpiryWatch *watch, const MeishiNotice *notice);
