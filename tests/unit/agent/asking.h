/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A world in which programs ask for certificates and a person answers: Alice and Bob below the
 * authority "Sub", Stranger below "Other", one prompter, and calls that remember their answers.
 */
#pragma once

#include "daemon/agent/selector.h"
#include "tests/unit/agent/world.h"

typedef struct {
    World *world;
    MeishiAgent *agent; /* of @world */
    MeishiApplication *me;
    /* The prompter. */
    gboolean is_registered;
    const char *expects; /* the kind of its questions; NULL: "choose" */
    guint n_begun;
    char *cookie;       /* of the question that is shown; NULL */
    GVariant *question; /* the last one */
    GString *cancelled; /* reasons */
    GString *updates;   /* "awaited " or "deserted " */
    gint64 deadline;    /* of the last update */
    /* Signals. */
    guint n_changed;
    GString *flushed; /* "host:port " */
} Asking;

/* With a prompter. */
Asking *asking_new(void);
void asking_free(Asking *asking);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Asking, asking_free)

void asking_register(Asking *asking);
/* Another one; never answers, and is removed by who added it. */
void asking_register_as(Asking *asking, gpointer owner);
void asking_unregister(Asking *asking);

/* https at @host, port 443, TLS 1.3; the server names the authority Sub, so that Alice and Bob fit
 * and Stranger does not.  This process asks. */
MeishiSelectCall *asking_call(Asking *asking, const char *host);
/* The server names @authority ("Other") instead, or none for NULL. */
MeishiSelectCall *asking_call_naming(Asking *asking, const char *host, const char *authority);

/* asking_call() for one of the connections that belong together as @group. */
MeishiSelectCall *asking_call_in(Asking *asking, const char *host, const char *group);

typedef struct {
    guint n_ends;
    MeishiAnswer *answer;
    GError *error;
    GCancellable *cancellable;
} Call;

/* Takes @call. */
Call *asking_start(Asking *asking, MeishiSelectCall *call);
/* The same with a cancellable of one's own. */
void asking_start_with(Asking *asking, MeishiSelectCall *call, GCancellable *cancellable,
                       Call *ret_call);
void call_free(Call *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

/* The person's answer to the question that is shown, and everything that follows: the label of an
 * identity, or NULL for none; the rest as in Agents.Respond. */
void asking_answer(Asking *asking, const char *label, const char *scope, const char *reach,
                   gboolean any_application);
void asking_dismiss(Asking *asking);

/* Runs the main loop until @call has ended. */
void asking_wait(const Call *call);

/* "selected Alice always", "none - once", "waiting", "error 29"; once and no more. */
void assert_call(const Call *call, const char *expected);

/* The labels of the candidates of the last question by name, then the soft ones in parentheses. */
void assert_offered(const Asking *asking, const char *expected);

/* A string member of the last question. */
void assert_asked(const Asking *asking, const char *key, const char *expected);
void assert_asked_list(const Asking *asking, const char *key, const char *expected);

/* All choices: "Alice always www.example.com:443 me", with "none" and "any" where it is so. */
void assert_choices(Asking *asking, const char *expected);

/* The id of an identity; new. */
char *asking_id(Asking *asking, const char *label);
