/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPrompters from inside: for the prompters*.c files of this directory only.
 */
#pragma once

#include "daemon/agent/prompters.h"

typedef struct MeishiOpenQuestion MeishiOpenQuestion;

/* Who can ask. */
typedef struct {
    gpointer owner;
    char *session; /* as in MeishiPrompterPlace */
    dev_t tty;
    char **kinds;
    const MeishiPrompterClass *class;
    gpointer data;
    MeishiOpenQuestion *current; /* the one that the person sees; NULL */
} MeishiPrompterEntry;

/* What is asked. */
struct MeishiOpenQuestion {
    MeishiPrompters *prompters;
    GTask *task;
    gpointer owner; /* of whoever asks; NULL */
    char *session;  /* that they are in; NULL */
    dev_t tty;      /* 0 */
    char *program;  /* NULL */
    gboolean has_window, has_acted;
    void (*begun)(gpointer user_data);
    void (*extend)(gint64 deadline, gpointer user_data);
    gpointer user_data; /* of these two */
    char *cookie;
    char *kind;
    GVariant *asked;
    MeishiPrompterEntry *prompter; /* who shows it; NULL: it waits */
    guint n_begun;
    gboolean has_waited; /* for a prompter to be started; nobody waits for a second one */
    gint64 asked_at;     /* monotonic, as @ends_at, when the timer runs out */
    gint64 ends_at;
    GSource *timer;
    GSource *cancel;
};

/* A prompter that is to come. */
typedef struct {
    const MeishiStarterClass *class; /* NULL: nobody can start one */
    gpointer starter;
    GSource *timer;   /* how long it is waited for; NULL: it is not */
    gint64 failed_at; /* monotonic: when it was of no use; 0: it was not, or not lately */
    guint n_lost;     /* windows that went away with a question, since one was answered */
} MeishiPrompterStart;

struct MeishiPrompters {
    GPtrArray *prompters; /* MeishiPrompterEntry, in the order they came */
    GPtrArray *queue;     /* MeishiOpenQuestion, in the order they came */
    guint serial;
    guint turn_source;
    MeishiPrompterStart start;
};

/* ---- prompters.c */

MeishiPrompterEntry *meishi_prompters_find(MeishiPrompters *prompters, gpointer owner); /* NULL */

/* Has no terminal. */
gboolean meishi_prompters_is_window(const MeishiPrompterEntry *prompter);

/* The nearest who can ask @question; NULL. */
MeishiPrompterEntry *meishi_prompters_nearest(const MeishiOpenQuestion *question);

/* Is there nobody to whom a window that has yet to come would not be preferred? */
gboolean meishi_prompters_misses_window(const MeishiOpenQuestion *question);

/* ---- prompters-queue.c */

void meishi_prompters_free_question(gpointer question);

/* Looks, in a turn of its own, at who can be asked by now. */
void meishi_prompters_plan_turn(MeishiPrompters *prompters);

/* The prompter that shows @question is gone. */
void meishi_prompters_orphan_question(MeishiOpenQuestion *question);

/* All of them end. */
void meishi_prompters_end_all(MeishiPrompters *prompters);

/* ---- prompters-start.c */

gboolean meishi_prompters_can_start(MeishiPrompters *prompters);

/* Has a prompter started for @question where that is of use; FALSE: it need not wait. */
gboolean meishi_prompters_wait_for_start(MeishiOpenQuestion *question);

/* Nobody waits for one any more. */
void meishi_prompters_end_start(MeishiPrompters *prompters);

/* Somebody has registered. */
void meishi_prompters_note_arrival(MeishiPrompters *prompters, gboolean is_window);

/* Whoever shows @question goes away with it, or has got an answer. */
void meishi_prompters_note_loss(const MeishiOpenQuestion *question);
void meishi_prompters_note_answer(const MeishiOpenQuestion *question);
