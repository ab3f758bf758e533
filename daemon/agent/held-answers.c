/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table of answers by question; see held-answers.h.  What has expired goes when something comes.
 */
#include "daemon/agent/held-answers.h"

#include <string.h>

typedef struct {
    char *id; /* NULL: none */
    char *host;
    guint port;
    char *application;
    char *context;
    gint64 expires;
} Answer;

struct MeishiHeldAnswers {
    GHashTable *answers; /* key: Answer */
};

static void
answer_free(gpointer data)
{
    Answer *answer = data;

    g_free(answer->id);
    g_free(answer->host);
    g_free(answer->application);
    g_free(answer->context);
    g_free(answer);
}

MeishiHeldAnswers *
meishi_held_answers_new(void)
{
    MeishiHeldAnswers *held = g_new0(MeishiHeldAnswers, 1);

    held->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, answer_free);
    return held;
}

void
meishi_held_answers_free(MeishiHeldAnswers *held)
{
    if (held == NULL)
        return;
    g_hash_table_unref(held->answers);
    g_free(held);
}

/* A clock that is set back must not make an answer hold for longer than two of its lives. */
static gboolean
is_past(const Answer *answer, gint64 now)
{
    return answer->expires <= now || answer->expires - now > 2 * MEISHI_HELD_ANSWER_SECONDS;
}

static gboolean
has_expired(gpointer key, gpointer value, gpointer now)
{
    return is_past(value, *(const gint64 *)now);
}

void
meishi_held_answers_add(MeishiHeldAnswers *held, const char *key, const MeishiRequest *request,
                        const char *id, gint64 now)
{
    Answer *answer = g_new0(Answer, 1);

    g_hash_table_foreach_remove(held->answers, has_expired, &now);
    answer->id = g_strdup(id);
    answer->host = g_strdup(request->host.text);
    answer->port = request->port;
    answer->application = g_strdup(request->application);
    answer->context = g_strdup(request->context != NULL ? request->context : "");
    answer->expires = now + MEISHI_HELD_ANSWER_SECONDS;
    g_hash_table_replace(held->answers, g_strdup(key), answer);
}

gboolean
meishi_held_answers_find(MeishiHeldAnswers *held, const char *key, gint64 now, const char **ret_id)
{
    const Answer *answer = g_hash_table_lookup(held->answers, key);

    if (answer == NULL || is_past(answer, now))
        return FALSE;
    *ret_id = answer->id;
    return TRUE;
}

static gboolean
fits(gpointer key, gpointer value, gpointer user_data)
{
    const Answer *answer = value;
    const MeishiHeldFilter *filter = user_data;

    return (filter->host == NULL || g_strcmp0(filter->host, answer->host) == 0) &&
           (filter->port == 0 || filter->port == answer->port) &&
           (filter->application == NULL ||
            g_strcmp0(filter->application, answer->application) == 0) &&
           (filter->context == NULL || strcmp(filter->context, answer->context) == 0);
}

guint
meishi_held_answers_drop(MeishiHeldAnswers *held, const MeishiHeldFilter *filter)
{
    return g_hash_table_foreach_remove(held->answers, fits, (gpointer)filter);
}
