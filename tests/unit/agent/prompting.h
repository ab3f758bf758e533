/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPrompters alone: fakes that show questions and write down what they see, and askers that
 * write down how their question ended.
 */
#pragma once

#include "daemon/agent/prompters.h"

#define PROMPTERS g_autoptr(MeishiPrompters) prompters = meishi_prompters_new()
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPrompters, meishi_prompters_free)

typedef struct {
    MeishiPrompters *prompters;
    char *cookie;  /* of the question that is shown; NULL */
    GString *seen; /* "begin:KIND:NAME cancel:REASON update:deadline+SECONDS update:awaited ..." */
} Fake;

/* Registered. */
Fake *fake_new(MeishiPrompters *prompters);
Fake *fake_new_at(MeishiPrompters *prompters, const MeishiPrompterPlace *place);
void fake_free(Fake *fake); /* unregisters */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fake, fake_free)

/* To what it shows; NULL: dismissed. */
void fake_answer(Fake *fake, const char *text);

typedef struct {
    guint n_ends;
    char *end; /* "answered:TEXT", "dismissed", "nobody", "cancelled", "timeout" */
    GCancellable *cancellable;
    gpointer owner;
    const MeishiApplication *application; /* NULL */
    gboolean has_window, has_acted, sees_to_time;
    guint n_begun;
    gint64 deadline; /* that it was told of */
} Asker;

void asker_clear(Asker *asker);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asker, asker_clear)

/* A question of the kind "choose", whose name is @name. */
void ask(MeishiPrompters *prompters, Asker *asker, const char *name);
void ask_within(MeishiPrompters *prompters, Asker *asker, const char *name, guint timeout_ms);
void asker_take(GObject *source, GAsyncResult *result, gpointer asker); /* the end of it */

/* It ended once, so, or not yet for NULL. */
void assert_end(const Asker *asker, const char *end);

/* Runs what is waiting on the main loop. */
void settle(void);
