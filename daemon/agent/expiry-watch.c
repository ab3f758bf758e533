/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates in use that end.  In use is what a choice or a selecting rule names and what a
 * server has taken; of others nobody wants to hear, and of one that was renewed neither.
 *
 * An idle daemon is woken when the next step of some certificate begins and, because timers stand
 * still while the machine sleeps, once a day.
 */
#include "daemon/agent/notify-private.h"

#include "daemon/agent/expiry-file.h"
#include "daemon/agent/expiry.h"
#include "daemon/policy/rule-match.h"

#define DAY_SECONDS  86400
#define SOON_SECONDS 60

struct MeishiExpiryWatch {
    MeishiAgent *agent;
    MeishiNotices *notices;
    MeishiExpiryFile *told; /* NULL: was not needed yet */
    guint source;
};

MeishiExpiryWatch *
meishi_expiry_watch_new(MeishiAgent *agent, MeishiNotices *notices)
{
    MeishiExpiryWatch *watch = g_new0(MeishiExpiryWatch, 1);

    watch->agent = agent;
    watch->notices = notices;
    return watch;
}

void
meishi_expiry_watch_free(MeishiExpiryWatch *watch)
{
    if (watch == NULL)
        return;
    g_clear_handle_id(&watch->source, g_source_remove);
    meishi_expiry_file_free(watch->told);
    g_free(watch);
}

static MeishiExpiryFile *
find_told(MeishiExpiryWatch *watch)
{
    if (watch->told == NULL)
        watch->told = meishi_expiry_file_new(meishi_store_dir(watch->agent->store));
    return watch->told;
}

/* ---- in use ---------------------------------------------------------------------------------- */

/* What rules say of a certificate. */
typedef struct {
    gboolean is_named;    /* one selects it */
    gboolean is_silenced; /* one wants no notice of it */
    gint64 warn;          /* how long ahead; 0: not said */
} Word;

/* That it ends soon must not take a rule away from it. */
static gboolean
fits(const MeishiRule *rule, const MeishiWorld *world, guint index)
{
    return rule->conditions->len > 0 &&
           meishi_rule_match_obstacle(rule, world->inventory, index, world->now,
                                      1u << MEISHI_CONDITION_VALIDITY_LEFT) == NULL;
}

static Word
ask_rules(const MeishiWorld *world, guint index)
{
    Word word = {0};

    for (guint i = 0; i < world->policy->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(world->policy->rules, i);

        if (!fits(rule, world, index))
            continue;
        word.is_silenced |= rule->constraints.no_notice;
        if (rule->action != MEISHI_ACTION_SELECT)
            continue;
        word.is_named = TRUE;
        word.warn = MAX(word.warn, rule->warn_left);
    }
    return word;
}

/* FALSE where its end is not to be told. */
static gboolean
find_expiry(const MeishiWorld *world, guint index, MeishiExpiry *ret_expiry)
{
    const MeishiCandidate *candidate = meishi_inventory_entry(world->inventory, index)->candidate;
    Word word;

    if (candidate->cert == NULL || candidate->superseded_by != NULL || candidate->hidden ||
        candidate->duplicate || !candidate->has_private_key)
        return FALSE;
    word = ask_rules(world, index);
    if (word.is_silenced ||
        (!word.is_named &&
         !meishi_memory_is_used(world->memory, candidate->id, candidate->lineage, world->now)))
        return FALSE;
    *ret_expiry = (MeishiExpiry){
        .not_before = candidate->cert->not_before,
        .not_after = candidate->cert->not_after,
        .warn = word.warn > 0 ? word.warn : MEISHI_EXPIRY_WARN_SECONDS,
    };
    return TRUE;
}

gboolean
meishi_expiry_watch_is_over(MeishiExpiryWatch *watch, const MeishiNotice *notice)
{
    const MeishiWorld *world = meishi_agent_world(watch->agent);
    MeishiExpiry expiry;
    guint index;

    return !meishi_inventory_find_id(world->inventory, notice->identity, &index) ||
           !find_expiry(world, index, &expiry);
}

/* ---- telling --------------------------------------------------------------------------------- */

static void
tell(MeishiExpiryWatch *watch, const MeishiCandidate *candidate, guint step, gint64 now)
{
    MeishiNotice *notice = meishi_notice_new(MEISHI_NOTICE_EXPIRING);

    notice->identity = g_strdup(candidate->id);
    notice->label = g_strdup(candidate->label);
    notice->not_after = candidate->cert->not_after;
    notice->step = step;
    (void)!meishi_notices_offer(watch->notices, notice, now);
}

/* Tells of candidate @index what is due; when there will be more. */
static gint64
check_one(MeishiExpiryWatch *watch, const MeishiWorld *world, guint index)
{
    const MeishiCandidate *candidate = meishi_inventory_entry(world->inventory, index)->candidate;
    MeishiExpiry expiry;
    guint step;

    if (!find_expiry(world, index, &expiry))
        return G_MAXINT64;
    step = meishi_expiry_step(&expiry, world->now);
    if (step > meishi_expiry_file_told(find_told(watch), candidate->id) &&
        step < MEISHI_EXPIRY_PAST)
        tell(watch, candidate, step, world->now);
    return meishi_expiry_next(&expiry, world->now);
}

static gboolean
on_time(gpointer user_data)
{
    MeishiExpiryWatch *watch = user_data;

    watch->source = 0;
    meishi_expiry_watch_check(watch);
    return G_SOURCE_REMOVE;
}

static void
plan(MeishiExpiryWatch *watch, gint64 seconds)
{
    g_clear_handle_id(&watch->source, g_source_remove);
    watch->source =
        g_timeout_add_seconds((guint)CLAMP(seconds, SOON_SECONDS, DAY_SECONDS), on_time, watch);
}

void
meishi_expiry_watch_check(MeishiExpiryWatch *watch)
{
    const MeishiWorld *world = meishi_agent_world(watch->agent);
    gint64 next = G_MAXINT64;

    if (!meishi_notices_can_show(watch->notices) || world->policy->defaults.no_notice)
        return;
    for (guint i = 0; i < world->inventory->entries->len; i++)
        next = MIN(next, check_one(watch, world, i));
    plan(watch, next - world->now);
}

void
meishi_expiry_watch_check_soon(MeishiExpiryWatch *watch)
{
    if (watch->source == 0)
        plan(watch, SOON_SECONDS);
}

void
meishi_expiry_watch_shown(MeishiExpiryWatch *watch, const MeishiNotice *notice)
{
    const MeishiInventory *inventory = meishi_agent_world(watch->agent)->inventory;
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < inventory->entries->len; i++)
        g_hash_table_add(known, meishi_inventory_entry(inventory, i)->candidate->id);
    if (!meishi_expiry_file_tell(find_told(watch), notice->identity, notice->step, known, &error))
        g_debug("%s", error->message);
}
