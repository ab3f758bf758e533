/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiSelectionLog: what was selected for whom, for as long as the outcome may be reported.
 * Knows no clock.
 */
#pragma once

#include "daemon/agent/application.h"

#define MEISHI_SELECTION_SECONDS   3600
#define MEISHI_SELECTION_MAX       4096 /* the oldest makes room */
#define MEISHI_SELECTION_MAX_LISTS 16   /* that keep what the server asked for */

typedef struct {
    char *id;               /* 128 random bits in hex */
    MeishiRequest *request; /* what it was made for; of older ones target and caller alone */
    MeishiApplication *application;
    char *identity;   /* id; NULL: none was sent */
    gint64 choice_id; /* 0: none was followed */
    gint64 expires;
} MeishiSelection;

typedef struct MeishiSelectionLog MeishiSelectionLog;

MeishiSelectionLog *meishi_selection_log_new(void);
void meishi_selection_log_free(MeishiSelectionLog *log); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSelectionLog, meishi_selection_log_free)

/* Notes a selection and gives it its id; borrowed until the next call. */
const MeishiSelection *
meishi_selection_log_add(MeishiSelectionLog *log, const MeishiRequest *request,
                         MeishiApplication *application, const char *identity, gint64 choice_id,
                         gint64 now);

/* NOT_FOUND for an unknown id, and for one of another process than @application.  Borrowed
 * likewise. */
const MeishiSelection *
meishi_selection_log_find(MeishiSelectionLog *log, const MeishiApplication *application,
                          const char *id, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Who was shown @identity (id) where, oldest first: MeishiSelection, borrowed likewise, in a new
 * list. */
GList *meishi_selection_log_list_of(const MeishiSelectionLog *log, const char *identity);
