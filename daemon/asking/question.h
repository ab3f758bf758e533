/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiQuestion: what the daemon asks a prompter (org.meishi.Agent1.Prompter.Begin), read once.
 * Texts are as they came: strangers' words, to be cleaned where they are shown.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *path; /* of the identity's object */
    char *id, *label, *subject, *issuer, *serial, *key, *place;
    char **names;
    gint64 not_before, not_after;
    gboolean is_soft; /* never offered by itself, and why: */
    gboolean is_hard; /* never at all: an explanation names these too */
    char *code, *reason;
    guint accepted_here;
    gint64 last_accepted;
} MeishiQuestionCandidate;

typedef enum {
    MEISHI_ASKS_CHOOSE,  /* which certificate */
    MEISHI_ASKS_CONFIRM, /* may this key be used */
    MEISHI_ASKS_UNLOCK,  /* the vault's passphrase */
    MEISHI_ASKS_PIN,     /* a token's PIN */
    MEISHI_ASKS_EXPLAIN, /* nothing: says why it was decided so */
} MeishiAsks;

/* How many wrong PINs a token takes before it blocks itself, as far as it says. */
typedef enum {
    MEISHI_TRIES_ENOUGH,
    MEISHI_TRIES_FEW,
    MEISHI_TRIES_LAST,
} MeishiTries;

typedef struct {
    MeishiAsks asks;
    gboolean is_own; /* about what this very process asked for */
    char *application, *trust, *claimed;
    guint pid;
    char *host; /* "" where it is not known */
    guint port;
    gint64 deadline;     /* 0 where it is not said */
    gboolean is_awaited; /* FALSE: who asked gave up; the answer is for the next time */
    char *parent_window; /* "x11:HEX", "wayland:HANDLE", "" */

    char *server_verified; /* "ok", "overridden"; "" where nobody said */
    char *server_name, *server_organisation;

    char *kind, *row, *rule;
    gboolean tls_clear;
    char **accepts;
    guint n_accepts;
    char *last_alert, *last_label;
    gboolean sign_failed;     /* what was chosen before, the last time */
    char **scopes, **reaches; /* what may be remembered */
    char *scope;              /* that it begins with */
    char *domain;             /* that the reach "domain" means; "" */
    gboolean any_application;
    guint preselected;     /* index into @candidates; G_MAXUINT: none */
    GPtrArray *candidates; /* MeishiQuestionCandidate: those that fit, the soft, the hard ones */
    guint n_offered;       /* how many fit */
    guint n_left_out;      /* how many the daemon did not send */

    char *result_name; /* of an explanation: what was decided ("selected", "none") */

    char *label; /* of the key, where one is to be used */
    gboolean each_use;

    gboolean is_wrong; /* the secret that was given before */
    guint tries_left;  /* at the vault; 0: not said */

    char *token, *reader; /* the token's label and where it is */
    MeishiTries tries;
    gboolean is_pad;        /* the PIN is typed at the reader, not here */
    gboolean is_trying;     /* which waits for it while this is shown; with @is_pad */
    guint min_len, max_len; /* of the PIN, in bytes; 0: not said */
} MeishiQuestion;

/* The names of the kinds that can be read, ending with NULL: what a prompter for all of them says
 * to Agents.Register. */
const char *const *meishi_question_kinds(void);

/* @kind: one of these; @question: a{sv}.  What is missing or of another type is empty.
 * @own_pid: of this process.  NULL for another kind. */
MeishiQuestion *meishi_question_new(const char *kind, GVariant *question, guint own_pid);
/* Reads what Prompter.Update says over what it was. */
void meishi_question_update(MeishiQuestion *question, GVariant *changes);
void meishi_question_free(MeishiQuestion *question); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiQuestion, meishi_question_free)

const MeishiQuestionCandidate *
meishi_question_candidate(const MeishiQuestion *question, guint index);

/* Whether @scope ("always") or @reach ("domain") may be chosen. */
gboolean meishi_question_allows_scope(const MeishiQuestion *question, const char *scope);
gboolean meishi_question_allows_reach(const MeishiQuestion *question, const char *reach);
