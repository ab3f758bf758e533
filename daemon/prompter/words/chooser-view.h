/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiChooserView: everything that the chooser says (specification 6.2), without the window.
 * Pure: a question and a time in, words in the person's language out.
 */
#pragma once

#include "daemon/asking/question.h"
#include "daemon/prompter/words/notes.h"
#include "daemon/prompter/words/remember-options.h"
#include "daemon/prompter/words/row.h"

typedef struct {
    char *title;
    char *heading;
    char *asks;       /* who asks, where the heading says something else; NULL */
    char *verified;   /* who the server is, where that is verified; NULL */
    char *accepts;    /* what the server takes */
    GPtrArray *notes; /* MeishiNote, the gravest first */

    gboolean has_list;   /* FALSE: there is nothing to choose from, only what to do is said */
    gboolean is_waiting; /* for a card: the list is there to be looked at */
    GPtrArray *rows;     /* MeishiRow; an index is the candidate's */
    guint n_offered;     /* the others are closed at first */
    guint selected;      /* that the list begins with; G_MAXUINT: none */
    char *others;        /* "Other certificates (3): 1 expired, 2 of another issuer"; NULL: none */

    GArray *scopes, *reaches, *programs; /* MeishiOption; one alone is no question */
    guint scope;                         /* the one to begin with */
    gboolean may_never;                  /* "never for this site" can be remembered */
    gboolean never_first;                /* and is what most people want here */
} MeishiChooserView;

MeishiChooserView *meishi_chooser_view_new(const MeishiQuestion *question, gint64 now);
void meishi_chooser_view_free(MeishiChooserView *view); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiChooserView, meishi_chooser_view_free)

const MeishiRow *meishi_chooser_view_row(const MeishiChooserView *view, guint index);

/* The row that type-ahead goes to: the first of @n_shown, from @from on and around, whose label or
 * issuer begins with @typed; G_MAXUINT: none. */
guint meishi_chooser_view_find(const MeishiChooserView *view, const char *typed, guint from,
                               guint n_shown);

/* "“Old” was not offered because it expired ...  Use it all the same?"; new. */
char *meishi_chooser_view_insist(const MeishiChooserView *view, guint index);

/* All that is known of a certificate and of the request, for the details: pairs of name and value;
 * strings of the array alternate. */
GPtrArray *meishi_chooser_view_details(const MeishiQuestion *question, guint index);
