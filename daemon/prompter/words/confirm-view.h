/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiConfirmView: the words of "may this program use your key?" (specification 6.2).  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

typedef struct {
    char *title;
    char *heading;
    char *key;    /* the certificate's label */
    char *target; /* for whom, as far as it is known */
    char *note;   /* what allowing means */
    gboolean may_session;
} MeishiConfirmView;

MeishiConfirmView *meishi_confirm_view_new(const MeishiQuestion *question);
void meishi_confirm_view_free(MeishiConfirmView *view); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiConfirmView, meishi_confirm_view_free)
