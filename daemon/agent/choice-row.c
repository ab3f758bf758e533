/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choices as values of the book and as rows of the store; see choice-row.h.
 */
#include "daemon/agent/choice-row.h"

#include <string.h>

MeishiChoiceRow *
meishi_choice_row_new(MeishiChoice *choice, gboolean is_passing)
{
    MeishiChoiceRow *row = g_new0(MeishiChoiceRow, 1);

    row->choice = choice;
    row->is_passing = is_passing;
    return row;
}

void
meishi_choice_row_free(MeishiChoiceRow *row)
{
    if (row == NULL)
        return;
    meishi_choice_free(row->choice);
    g_free(row);
}

/* The numbers index tables: one that a later version may have written is taken for the nearest. */
static MeishiChoice *
read_choice(const MeishiStoreChoice *stored)
{
    MeishiChoice *choice = g_new0(MeishiChoice, 1);

    choice->id = stored->id;
    choice->reach = (MeishiReach)CLAMP(stored->reach, MEISHI_REACH_DOMAIN, MEISHI_REACH_HOST_PORT);
    choice->protocol_class = g_strdup(stored->protocol_class);
    choice->host = g_strdup(stored->host);
    choice->port = stored->port;
    choice->application = g_strdup(stored->application);
    choice->context = g_strdup(stored->context);
    choice->lineage = g_strdup(stored->lineage);
    choice->group = g_strdup(stored->group);
    choice->scope = MEISHI_SCOPE_ALWAYS;
    choice->created = stored->created;
    choice->last_used = stored->last_used;
    choice->uses = stored->uses;
    choice->suspicion =
        (MeishiSuspicion)CLAMP(stored->suspicion, MEISHI_SUSPICION_CLEAR, MEISHI_SUSPICION_SUSPECT);
    choice->alert = stored->alert;
    memcpy(choice->digest, stored->digest, sizeof choice->digest);
    return choice;
}

MeishiChoiceRow *
meishi_choice_row_from_store(const MeishiStoreChoice *stored)
{
    MeishiChoiceRow *row = meishi_choice_row_new(read_choice(stored), FALSE);

    row->forgotten = stored->forgotten;
    row->batch = stored->batch;
    row->replaced_by = stored->replaced_by;
    return row;
}

MeishiStoreChoice *
meishi_choice_row_to_store(const MeishiChoiceRow *row)
{
    const MeishiChoice *choice = row->choice;
    MeishiStoreChoice *stored = g_new0(MeishiStoreChoice, 1);

    stored->id = choice->id;
    stored->reach = choice->reach;
    stored->protocol_class = g_strdup(choice->protocol_class);
    stored->host = g_strdup(choice->host);
    stored->port = choice->port;
    stored->application = g_strdup(choice->application);
    stored->context = g_strdup(choice->context);
    stored->lineage = g_strdup(choice->lineage);
    stored->group = g_strdup(choice->group);
    stored->created = choice->created;
    stored->last_used = choice->last_used;
    stored->uses = choice->uses;
    stored->suspicion = choice->suspicion;
    stored->alert = choice->alert;
    memcpy(stored->digest, choice->digest, sizeof stored->digest);
    stored->forgotten = row->forgotten;
    stored->batch = row->batch;
    stored->replaced_by = row->replaced_by;
    return stored;
}

gboolean
meishi_choice_row_is_same_target(const MeishiChoice *a, const MeishiChoice *b)
{
    return a->reach == b->reach && a->port == b->port && strcmp(a->host, b->host) == 0 &&
           strcmp(a->protocol_class, b->protocol_class) == 0 &&
           strcmp(a->context, b->context) == 0 && g_strcmp0(a->application, b->application) == 0;
}

gboolean
meishi_choice_row_is_in_force(const MeishiChoiceRow *row, gint64 now)
{
    return row->forgotten == 0 && (row->choice->expires == 0 || now < row->choice->expires);
}
