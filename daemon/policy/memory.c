/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looking up what was chosen and what was met; see memory.h.
 */
#include "daemon/policy/memory.h"

#include <string.h>

struct MeishiMemory {
    GPtrArray *choices;   /* MeishiChoice, owned */
    GHashTable *by_host;  /* host: GPtrArray of MeishiChoice */
    GHashTable *by_group; /* group: GPtrArray of MeishiChoice */
    GHashTable *met;      /* "host port": GPtrArray of MeishiMet */
};

static void
free_met(gpointer data)
{
    MeishiMet *met = data;

    g_free(met->id);
    g_free(met);
}

static GHashTable *
new_lists(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                 (GDestroyNotify)g_ptr_array_unref);
}

static GPtrArray *
list_of(GHashTable *lists, const char *key, GDestroyNotify free_item)
{
    GPtrArray *list = g_hash_table_lookup(lists, key);

    if (list == NULL) {
        list = g_ptr_array_new_with_free_func(free_item);
        g_hash_table_insert(lists, g_strdup(key), list);
    }
    return list;
}

MeishiMemory *
meishi_memory_new(void)
{
    MeishiMemory *memory = g_new0(MeishiMemory, 1);

    memory->choices = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_choice_free);
    memory->by_host = new_lists();
    memory->by_group = new_lists();
    memory->met = new_lists();
    return memory;
}

void
meishi_memory_free(MeishiMemory *memory)
{
    if (memory == NULL)
        return;
    g_hash_table_unref(memory->by_host);
    g_hash_table_unref(memory->by_group);
    g_hash_table_unref(memory->met);
    g_ptr_array_unref(memory->choices);
    g_free(memory);
}

void
meishi_memory_add_choice(MeishiMemory *memory, MeishiChoice *choice)
{
    g_ptr_array_add(memory->choices, choice);
    g_ptr_array_add(list_of(memory->by_host, choice->host, NULL), choice);
    if (choice->group)
        g_ptr_array_add(list_of(memory->by_group, choice->group, NULL), choice);
}

static char *
target_key(const char *host, guint port)
{
    return g_strdup_printf("%s %u", host, port);
}

void
meishi_memory_add_history(MeishiMemory *memory, const char *host, guint port, const char *id,
                          const MeishiHistory *history)
{
    g_autofree char *key = target_key(host, port);
    MeishiMet *met = g_new0(MeishiMet, 1);

    met->id = g_strdup(id);
    met->history = *history;
    g_ptr_array_add(list_of(memory->met, key, free_met), met);
}

/* Does @choice hold for the program and context of @request, and is it still in force? */
static gboolean
is_for_caller(const MeishiChoice *choice, const MeishiRequest *request, gint64 now)
{
    const char *context = request->context ? request->context : "";

    return (choice->expires == 0 || now < choice->expires) &&
           strcmp(choice->context, context) == 0 &&
           (choice->application == NULL ||
            g_strcmp0(choice->application, request->application) == 0);
}

/* Policy made stricter since then takes away what it would not have allowed. */
static gboolean
is_within(const MeishiChoice *choice, const MeishiConstraints *limits)
{
    static const MeishiScope widest[] = {
        [MEISHI_REMEMBER_ALWAYS] = MEISHI_SCOPE_ALWAYS,
        [MEISHI_REMEMBER_SESSION] = MEISHI_SCOPE_SESSION,
        [MEISHI_REMEMBER_NONE] = MEISHI_SCOPE_ONCE,
    };

    return choice->scope <= widest[limits->remember] && choice->reach >= limits->reach &&
           (choice->application != NULL || !limits->per_application);
}

static gboolean
is_for_target(const MeishiChoice *choice, const MeishiRequest *request, gboolean at_host)
{
    if (strcmp(choice->protocol_class, meishi_request_protocol_class(request)) != 0)
        return FALSE;
    switch (choice->reach) {
    case MEISHI_REACH_HOST_PORT:
        return at_host && choice->port == request->port;
    case MEISHI_REACH_HOST:
        return at_host;
    case MEISHI_REACH_DOMAIN:
        break;
    }
    return TRUE;
}

static gboolean
is_nearer(const MeishiChoice *a, const MeishiChoice *b)
{
    if (b == NULL || a->reach != b->reach)
        return b == NULL || a->reach > b->reach;
    if ((a->application == NULL) != (b->application == NULL))
        return a->application != NULL;
    if (a->scope != b->scope)
        return a->scope < b->scope; /* the shorter-lived was said later */
    return a->created > b->created;
}

const MeishiChoice *
meishi_memory_find(const MeishiMemory *memory, const MeishiRequest *request,
                   const MeishiConstraints *limits, gint64 now)
{
    const char *host = request->host.text;
    const MeishiChoice *best = NULL;

    /* The host itself, then each domain above it: the first level with a choice is the nearest. */
    for (const char *p = host; p != NULL && best == NULL;) {
        GPtrArray *list = g_hash_table_lookup(memory->by_host, p);

        for (guint i = 0; list && i < list->len; i++) {
            const MeishiChoice *choice = g_ptr_array_index(list, i);

            if (is_for_target(choice, request, p == host) && is_for_caller(choice, request, now) &&
                is_within(choice, limits) && is_nearer(choice, best))
                best = choice;
        }
        p = request->host.kind == MEISHI_HOST_NAME ? strchr(p, '.') : NULL;
        p = p ? p + 1 : NULL;
    }
    return best;
}

const MeishiChoice *
meishi_memory_find_group(const MeishiMemory *memory, const MeishiRequest *request,
                         const char *group, gint64 now)
{
    GPtrArray *list = g_hash_table_lookup(memory->by_group, group);
    const MeishiChoice *best = NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const MeishiChoice *choice = g_ptr_array_index(list, i);

        if (choice->lineage && choice->suspicion != MEISHI_SUSPICION_SUSPECT &&
            is_for_caller(choice, request, now) &&
            (best == NULL || choice->created > best->created))
            best = choice;
    }
    return best;
}

GPtrArray *
meishi_memory_find_history(const MeishiMemory *memory, const MeishiRequest *request)
{
    g_autofree char *key = NULL;

    if (request->host.kind == MEISHI_HOST_UNKNOWN)
        return NULL;
    key = target_key(request->host.text, request->port);
    return g_hash_table_lookup(memory->met, key);
}

static gboolean
was_accepted(GPtrArray *met, const char *id)
{
    for (guint i = 0; i < met->len; i++) {
        const MeishiMet *one = g_ptr_array_index(met, i);

        if (one->history.accepted > 0 && strcmp(one->id, id) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_memory_is_used(const MeishiMemory *memory, const char *id, const char *lineage, gint64 now)
{
    GHashTableIter iter;
    gpointer met;

    for (guint i = 0; i < memory->choices->len; i++) {
        const MeishiChoice *choice = g_ptr_array_index(memory->choices, i);

        if ((choice->expires == 0 || now < choice->expires) &&
            g_strcmp0(choice->lineage, lineage) == 0)
            return TRUE;
    }
    g_hash_table_iter_init(&iter, memory->met);
    while (g_hash_table_iter_next(&iter, NULL, &met)) {
        if (was_accepted(met, id))
            return TRUE;
    }
    return FALSE;
}
