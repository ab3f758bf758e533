/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiHints: a short list, of at most one hint for each process.  A bound hint outlives an
 * execve(), since that is how `meishi exec` becomes the program; a recent one does not, since it
 * was given to the program that asked.
 */
#include "daemon/agent/hints.h"

/* Who has more programs that select at the same time can do without the oldest recent hint. */
#define MAX_HINTS 256

/* A clock that is set back must not make a hint older than it can get. */
#define MAX_AHEAD (2 * MEISHI_HINT_RECENT_SECONDS)

struct MeishiHints {
    GPtrArray *list; /* MeishiHint, oldest first */
};

static void
hint_free(gpointer data)
{
    MeishiHint *hint = data;

    meishi_application_unref(hint->process);
    meishi_host_clear(&hint->host);
    g_free(hint->protocol);
    g_free(hint->id);
    g_free(hint);
}

MeishiHints *
meishi_hints_new(void)
{
    MeishiHints *hints = g_new0(MeishiHints, 1);

    hints->list = g_ptr_array_new_with_free_func(hint_free);
    return hints;
}

void
meishi_hints_free(MeishiHints *hints)
{
    if (hints == NULL)
        return;
    g_ptr_array_unref(hints->list);
    g_free(hints);
}

static gboolean
is_same_process(const MeishiApplication *a, const MeishiApplication *b)
{
    return a->pid == b->pid && a->start_time == b->start_time;
}

static gboolean
has_expired(const MeishiHint *hint, gint64 now)
{
    return hint->expires != 0 && (hint->expires <= now || hint->expires - now > MAX_AHEAD);
}

static gint64
expiry_of(MeishiHintKind kind, gint64 now)
{
    return kind == MEISHI_HINT_RECENT ? now + MEISHI_HINT_RECENT_SECONDS : 0;
}

static MeishiHint *
hint_new(MeishiHintKind kind, MeishiApplication *process, const MeishiRequest *request,
         const char *id, gint64 now)
{
    MeishiHint *hint = g_new0(MeishiHint, 1);

    hint->kind = kind;
    hint->process = meishi_application_ref(process);
    hint->protocol = g_strdup(request->protocol);
    hint->host = request->host;
    hint->host.text = g_strdup(request->host.text);
    hint->port = request->port;
    hint->id = g_strdup(id);
    hint->expires = expiry_of(kind, now);
    return hint;
}

static gboolean
says(const MeishiHint *hint, const MeishiRequest *request, const char *id)
{
    return g_strcmp0(hint->protocol, request->protocol) == 0 &&
           hint->host.kind == request->host.kind &&
           g_strcmp0(hint->host.text, request->host.text) == 0 && hint->port == request->port &&
           g_strcmp0(hint->id, id) == 0;
}

gboolean
meishi_hints_renew(MeishiHints *hints, MeishiHintKind kind, const MeishiApplication *process,
                   const MeishiRequest *request, const char *id, gint64 now)
{
    for (guint i = 0; i < hints->list->len; i++) {
        MeishiHint *hint = hints->list->pdata[i];

        if (hint->kind == kind && !has_expired(hint, now) &&
            meishi_application_equal(hint->process, process) && says(hint, request, id)) {
            hint->expires = expiry_of(kind, now);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
drop_oldest(MeishiHints *hints)
{
    for (guint i = 0; i < hints->list->len; i++) {
        if (((const MeishiHint *)hints->list->pdata[i])->kind == MEISHI_HINT_RECENT) {
            g_ptr_array_remove_index(hints->list, i);
            return TRUE;
        }
    }
    return FALSE;
}

/* Drops the hint of @process; FALSE where it is bound and @kind is not, because what a program
 * selects does not free it of what it was bound to. */
static gboolean
make_room(MeishiHints *hints, MeishiHintKind kind, const MeishiApplication *process)
{
    for (guint i = 0; i < hints->list->len; i++) {
        const MeishiHint *hint = hints->list->pdata[i];

        if (!is_same_process(hint->process, process))
            continue;
        if (hint->kind == MEISHI_HINT_BOUND && kind != MEISHI_HINT_BOUND)
            return FALSE;
        g_ptr_array_remove_index(hints->list, i);
        return TRUE;
    }
    return hints->list->len < MAX_HINTS || drop_oldest(hints);
}

gboolean
meishi_hints_add(MeishiHints *hints, MeishiHintKind kind, MeishiApplication *process,
                 const MeishiRequest *request, const char *id, gint64 now)
{
    meishi_hints_sweep(hints, now);
    if (!meishi_application_is_alive(process) || !make_room(hints, kind, process))
        return FALSE;
    g_ptr_array_add(hints->list, hint_new(kind, process, request, id, now));
    return TRUE;
}

static gboolean
has_bound(const MeishiHints *hints)
{
    for (guint i = 0; i < hints->list->len; i++) {
        if (((const MeishiHint *)hints->list->pdata[i])->kind == MEISHI_HINT_BOUND)
            return TRUE;
    }
    return FALSE;
}

/* The one that is bound to what stands first in @line.  Each process is looked at once, however
 * many hints there are: every program is asked about at every change. */
static const MeishiHint *
find_in_line(MeishiHints *hints, GArray *line)
{
    const MeishiHint *best = NULL;
    guint end = line->len;

    for (guint i = 0; i < hints->list->len; i++) {
        const MeishiHint *hint = hints->list->pdata[i];

        for (guint j = 0; hint->kind == MEISHI_HINT_BOUND && j < end; j++) {
            const MeishiProcessName *name = &g_array_index(line, MeishiProcessName, j);

            if (name->pid == hint->process->pid && name->start_time == hint->process->start_time) {
                best = hint;
                end = j;
            }
        }
    }
    return best;
}

static const MeishiHint *
find_bound(MeishiHints *hints, const MeishiApplication *process)
{
    g_autoptr(GArray) line = has_bound(hints) ? meishi_application_line(process) : NULL;

    return line != NULL ? find_in_line(hints, line) : NULL;
}

const MeishiHint *
meishi_hints_find(MeishiHints *hints, const MeishiApplication *process, gint64 now)
{
    const MeishiHint *bound = find_bound(hints, process);

    if (bound != NULL)
        return bound;
    for (guint i = 0; i < hints->list->len; i++) {
        const MeishiHint *hint = hints->list->pdata[i];

        if (hint->kind == MEISHI_HINT_RECENT && !has_expired(hint, now) &&
            meishi_application_equal(hint->process, process))
            return hint;
    }
    return NULL;
}

gboolean
meishi_hints_sweep(MeishiHints *hints, gint64 now)
{
    guint before = hints->list->len;

    for (guint i = before; i-- > 0;) {
        const MeishiHint *hint = hints->list->pdata[i];

        if (has_expired(hint, now) || !meishi_application_is_alive(hint->process))
            g_ptr_array_remove_index(hints->list, i);
    }
    return hints->list->len < before;
}

gint64
meishi_hints_next_expiry(const MeishiHints *hints)
{
    gint64 next = G_MAXINT64;

    for (guint i = 0; i < hints->list->len; i++) {
        const MeishiHint *hint = hints->list->pdata[i];

        if (hint->expires != 0)
            next = MIN(next, hint->expires);
    }
    return next;
}

void
meishi_hints_foreach(const MeishiHints *hints, MeishiHintFunc func, gpointer user_data)
{
    for (guint i = 0; i < hints->list->len; i++)
        func(hints->list->pdata[i], user_data);
}
