/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a notification says, in the person's language.  The daemon itself stays in the C locale, so
 * that its errors read alike everywhere; the person's is put on for the words alone.  Names of
 * programs, servers and certificates are strangers' texts and cleaned (base/untrusted.h).  No
 * markup; what becomes of "<" is the notifier's affair.
 */
#pragma once

#include "daemon/agent/notices.h"

typedef struct {
    char *summary, *body;
    char *choose, *explain; /* on the buttons; NULL where there is none */
} MeishiNoticeText;

/* Of a server in a private context nothing is said but that there was one. */
void meishi_notice_text_make(const MeishiNotice *notice, gint64 now, MeishiNoticeText *ret_text);
void meishi_notice_text_clear(MeishiNoticeText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiNoticeText, meishi_notice_text_clear)
