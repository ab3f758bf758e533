/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who can ask, and who of them is asked; see prompters.h.  The questions are in prompters-queue.c.
 */
#include "daemon/agent/prompters-private.h"

#include "daemon/base/error.h"

/* ---- who is asked ---------------------------------------------------------------------------- */

MeishiPrompterEntry *
meishi_prompters_find(MeishiPrompters *prompters, gpointer owner)
{
    for (guint i = 0; i < prompters->prompters->len; i++) {
        MeishiPrompterEntry *prompter = g_ptr_array_index(prompters->prompters, i);

        if (prompter->owner == owner)
            return prompter;
    }
    return NULL;
}

static gboolean
can_ask(const MeishiPrompterEntry *prompter, const char *kind)
{
    return prompter->kinds == NULL || g_strv_contains((const char *const *)prompter->kinds, kind);
}

gboolean
meishi_prompters_is_window(const MeishiPrompterEntry *prompter)
{
    return prompter->tty == 0;
}

static gboolean
is_on_its_terminal(const MeishiPrompterEntry *prompter, const MeishiOpenQuestion *question)
{
    return !meishi_prompters_is_window(prompter) && prompter->tty == question->tty;
}

/* How near @prompter is to whoever asks; prompters.h. */
static int
nearness(const MeishiPrompterEntry *prompter, const MeishiOpenQuestion *question)
{
    gboolean is_same_session =
        prompter->session != NULL && g_strcmp0(prompter->session, question->session) == 0;

    if (prompter->owner == question->owner)
        return 7;
    if (is_on_its_terminal(prompter, question))
        return question->has_window ? 3 : 6;
    if (is_same_session)
        return meishi_prompters_is_window(prompter) ? 5 : 2;
    if (meishi_prompters_is_window(prompter))
        return question->has_window ? 4 : 1;
    return 0;
}

MeishiPrompterEntry *
meishi_prompters_nearest(const MeishiOpenQuestion *question)
{
    GPtrArray *list = question->prompters->prompters;
    MeishiPrompterEntry *nearest = NULL;

    for (guint i = 0; i < list->len; i++) {
        MeishiPrompterEntry *prompter = g_ptr_array_index(list, i);

        if (can_ask(prompter, question->kind) &&
            (nearest == NULL || nearness(prompter, question) >= nearness(nearest, question)))
            nearest = prompter;
    }
    return nearest;
}

gboolean
meishi_prompters_misses_window(const MeishiOpenQuestion *question)
{
    GPtrArray *list = question->prompters->prompters;

    for (guint i = 0; i < list->len; i++) {
        const MeishiPrompterEntry *prompter = g_ptr_array_index(list, i);

        if (can_ask(prompter, question->kind) &&
            (meishi_prompters_is_window(prompter) || prompter->owner == question->owner ||
             (is_on_its_terminal(prompter, question) && !question->has_window)))
            return FALSE;
    }
    return TRUE;
}

/* ---- coming and going ------------------------------------------------------------------------ */

static MeishiPrompterEntry *
prompter_new(gpointer owner, const MeishiPrompterPlace *place)
{
    MeishiPrompterEntry *prompter = g_new0(MeishiPrompterEntry, 1);

    prompter->owner = owner;
    if (place == NULL)
        return prompter;
    prompter->session = g_strdup(place->session);
    prompter->tty = place->tty;
    prompter->kinds = g_strdupv((char **)place->kinds);
    return prompter;
}

static void
prompter_free(gpointer data)
{
    MeishiPrompterEntry *prompter = data;

    g_free(prompter->session);
    g_strfreev(prompter->kinds);
    g_free(prompter);
}

MeishiPrompters *
meishi_prompters_new(void)
{
    MeishiPrompters *prompters = g_new0(MeishiPrompters, 1);

    prompters->prompters = g_ptr_array_new_with_free_func(prompter_free);
    prompters->queue = g_ptr_array_new_with_free_func(meishi_prompters_free_question);
    return prompters;
}

void
meishi_prompters_free(MeishiPrompters *prompters)
{
    if (prompters == NULL)
        return;
    meishi_prompters_end_start(prompters);
    meishi_prompters_end_all(prompters);
    g_ptr_array_unref(prompters->queue);
    g_ptr_array_unref(prompters->prompters);
    g_free(prompters);
}

gboolean
meishi_prompters_add(MeishiPrompters *prompters, gpointer owner, const MeishiPrompterPlace *place,
                     const MeishiPrompterClass *class, gpointer data, GError **error)
{
    MeishiPrompterEntry *prompter;

    if (meishi_prompters_find(prompters, owner) != NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                    "This connection has registered a prompter already.");
        return FALSE;
    }
    prompter = prompter_new(owner, place);
    prompter->class = class;
    prompter->data = data;
    g_ptr_array_add(prompters->prompters, prompter);
    meishi_prompters_note_arrival(prompters, meishi_prompters_is_window(prompter));
    return TRUE;
}

void
meishi_prompters_remove(MeishiPrompters *prompters, gpointer owner)
{
    MeishiPrompterEntry *prompter = meishi_prompters_find(prompters, owner);
    MeishiOpenQuestion *question = prompter != NULL ? prompter->current : NULL;

    if (prompter == NULL)
        return;
    if (question != NULL)
        meishi_prompters_note_loss(question);
    g_ptr_array_remove(prompters->prompters, prompter);
    meishi_prompters_plan_turn(prompters);
    if (question != NULL)
        meishi_prompters_orphan_question(question);
}

guint
meishi_prompters_n_questions(const MeishiPrompters *prompters)
{
    return prompters->queue->len;
}

gboolean
meishi_prompters_available(MeishiPrompters *prompters, const char *kind)
{
    for (guint i = 0; i < prompters->prompters->len; i++) {
        if (can_ask(g_ptr_array_index(prompters->prompters, i), kind))
            return TRUE;
    }
    return meishi_prompters_can_start(prompters);
}

gboolean
meishi_prompters_has_own(MeishiPrompters *prompters, gpointer owner)
{
    return meishi_prompters_find(prompters, owner) != NULL;
}
