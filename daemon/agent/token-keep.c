/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For how long a token stays open; see token-keep.h.
 *
 *      never     until those who waited for the PIN are done, half a minute at most
 *      minutes   from the moment at which it was given, used or not
 *      removal   until the token goes, or its module starts anew
 *      keyring   the same, and the next time what is stored opens it
 *
 * The person's wish is in the book of tokens, the limit in the policy; without a wish it is
 * "removal".  Locking by hand ends all logins, whatever was wished.
 */
#include "daemon/agent/token-keep.h"

#include "daemon/agent/token-pin.h"
#include "daemon/base/error.h"
#include "daemon/base/source.h"
#include "daemon/policy/token-rule.h"

/* For NEVER, in parts of a minute: where who waited for the PIN has gone, and where others come all
 * the time. */
#define IDLE_PART 12
#define BUSY_PART 2

static guint minute_ms = 60 * 1000;

void
meishi_token_keep_set_pace(guint ms)
{
    minute_ms = ms;
}

MeishiTokenKeep *
meishi_token_keep_of(MeishiTokenLock *lock)
{
    if (lock->keep == NULL)
        lock->keep = g_new0(MeishiTokenKeep, 1);
    return lock->keep;
}

void
meishi_token_keep_free(MeishiTokenKeep *keep)
{
    if (keep == NULL)
        return;
    meishi_source_clear(&keep->timer);
    g_free(keep);
}

/* ---- what holds ----------------------------------------------------------------------------- */

/* As the book has it: 0 is "nothing was set", and the rest is one more than the kind. */
static MeishiPinKeep
read_wish(const MeishiKnownToken *known)
{
    const MeishiStoreToken *facts = known->facts;

    if (facts->pin_keep < 1 || facts->pin_keep > MEISHI_PIN_NEVER + 1)
        return (MeishiPinKeep){.kind = MEISHI_PIN_REMOVAL};
    return (MeishiPinKeep){(MeishiPinKeepKind)(facts->pin_keep - 1), facts->pin_minutes};
}

static MeishiPinKeep
read_limit(MeishiAgent *agent, const MeishiKnownToken *known, const MeishiTokenRule **ret_rule)
{
    const MeishiStoreToken *facts = known->facts;
    const MeishiTokenFacts token = {
        .kind = (MeishiTokenKind)facts->kind,
        .texts = {[MEISHI_TOKEN_TEXT_LABEL] = facts->label,
                  [MEISHI_TOKEN_TEXT_SERIAL] = facts->serial,
                  [MEISHI_TOKEN_TEXT_MODEL] = facts->model,
                  [MEISHI_TOKEN_TEXT_MAKER] = facts->manufacturer},
    };

    return meishi_token_rule_limit(meishi_rulebook_set(agent->rulebook)->tokens, &token, ret_rule);
}

MeishiPinKeep
meishi_token_keep_in_force(MeishiAgent *agent, const MeishiKnownToken *known)
{
    const MeishiTokenRule *rule;
    const MeishiPinKeep limit = read_limit(agent, known, &rule);
    MeishiPinKeep keep = read_wish(known);

    meishi_pin_keep_tighten(&keep, &limit);
    return keep;
}

static gboolean
is_alive(const MeishiTokenLock *lock)
{
    return lock->agent != NULL && lock->known != NULL && !meishi_token_use_is_lost(lock->use);
}

/* ---- the end of a login --------------------------------------------------------------------- */

static void end_in(MeishiTokenLock *lock, guint ms);

/* Programs that never stop do not keep it open; those that waited for the PIN have a while. */
static gboolean
on_time_is_up(gpointer user_data)
{
    MeishiTokenLock *lock = user_data;
    MeishiTokenKeep *keep = lock->keep;

    meishi_source_clear(&keep->timer);
    if (!meishi_token_use_is_logged_in(lock->use))
        return G_SOURCE_REMOVE;
    if (keep->may_be_in_line) {
        meishi_token_use_logout(lock->use);
        end_in(lock, minute_ms / BUSY_PART);
    } else {
        meishi_token_use_logout_first(lock->use);
    }
    keep->may_be_in_line = FALSE;
    if (lock->agent != NULL)
        meishi_agent_announce_hints(lock->agent);
    return G_SOURCE_REMOVE;
}

static void
end_in(MeishiTokenLock *lock, guint ms)
{
    MeishiTokenKeep *keep = meishi_token_keep_of(lock);

    meishi_source_clear(&keep->timer);
    keep->timer = g_timeout_source_new(ms);
    g_source_set_callback(keep->timer, on_time_is_up, lock, NULL);
    g_source_attach(keep->timer, g_main_context_get_thread_default());
}

/* ---- what happens to it --------------------------------------------------------------------- */

void
meishi_token_keep_note_login(MeishiTokenLock *lock)
{
    MeishiPinKeep keep;

    if (!is_alive(lock))
        return;
    keep = meishi_token_keep_in_force(lock->agent, lock->known);
    meishi_token_keep_of(lock)->may_be_in_line = keep.kind == MEISHI_PIN_NEVER;
    if (keep.kind == MEISHI_PIN_NEVER)
        end_in(lock, minute_ms / IDLE_PART);
    else if (keep.kind == MEISHI_PIN_MINUTES)
        end_in(lock, keep.minutes * minute_ms);
}

/* Nothing but what the token has taken is stored. */
void
meishi_token_keep_note_opened(MeishiTokenLock *lock, MeishiSecret *pin)
{
    if (!is_alive(lock))
        return;
    lock->agent->shelf->was_closed = FALSE; /* the person has opened it again */
    meishi_token_keep_note_login(lock);
    if (pin != NULL &&
        meishi_token_keep_in_force(lock->agent, lock->known).kind == MEISHI_PIN_KEYRING)
        meishi_token_stored_keep(lock, pin);
}

void
meishi_token_keep_note_use(MeishiTokenLock *lock)
{
    if (!is_alive(lock) || !meishi_token_use_is_logged_in(lock->use) ||
        meishi_token_keep_in_force(lock->agent, lock->known).kind != MEISHI_PIN_NEVER)
        return;
    meishi_token_use_logout(lock->use);
    meishi_agent_announce_hints(lock->agent);
}

/* What is stored and may not be is forgotten, once for each time that the token is put in. */
void
meishi_token_keep_review(MeishiTokenLock *lock)
{
    MeishiTokenKeep *keep = meishi_token_keep_of(lock);

    meishi_source_clear(&keep->timer);
    if (!is_alive(lock))
        return;
    if (meishi_token_use_is_logged_in(lock->use))
        meishi_token_keep_note_login(lock);
    if (read_wish(lock->known).kind != MEISHI_PIN_KEYRING || keep->was_cleared ||
        meishi_token_keep_in_force(lock->agent, lock->known).kind == MEISHI_PIN_KEYRING)
        return;
    keep->was_cleared = TRUE;
    meishi_token_stored_forget(lock->agent, lock->known);
}

void
meishi_token_keep_review_all(MeishiTokenShelf *shelf)
{
    for (guint i = 0; i < shelf->locks->len; i++)
        meishi_token_keep_review(shelf->locks->pdata[i]);
}

/* ---- what the person wants ------------------------------------------------------------------ */

static gboolean
check_limit(MeishiAgent *agent, const MeishiKnownToken *known, const MeishiPinKeep *wanted,
            GError **error)
{
    const MeishiTokenRule *rule;
    const MeishiPinKeep limit = read_limit(agent, known, &rule);
    g_autofree char *most = meishi_pin_keep_format(&limit);

    if (!meishi_pin_keep_exceeds(wanted, &limit))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "The policy allows “%s” at most for this token: [Token %s] in %s.", most,
                rule->name, rule->file);
    return FALSE;
}

gboolean
meishi_agent_set_pin_keep(MeishiAgent *agent, const char *token, const MeishiPinKeep *keep,
                          GError **error)
{
    MeishiTokenLock *lock = meishi_token_lock_find(agent, token, error);
    MeishiPinKeepKind before;

    if (lock == NULL)
        return FALSE;
    before = read_wish(lock->known).kind;
    if (!check_limit(agent, lock->known, keep, error) ||
        !meishi_token_book_set_pin(agent->token_book, lock->known, (gint)keep->kind + 1,
                                   keep->minutes, error))
        return FALSE;
    if (before == MEISHI_PIN_KEYRING && keep->kind != MEISHI_PIN_KEYRING)
        meishi_token_stored_forget(agent, lock->known);
    meishi_token_keep_review(lock);
    meishi_agent_announce_hints(agent);
    return TRUE;
}

void
meishi_token_keep_forget(MeishiAgent *agent, const MeishiKnownToken *known)
{
    if (read_wish(known).kind == MEISHI_PIN_KEYRING)
        meishi_token_stored_forget(agent, known);
}

void
meishi_agent_close_tokens(MeishiAgent *agent)
{
    if (agent->shelf == NULL)
        return;
    agent->shelf->was_closed = TRUE;
    for (guint i = 0; i < agent->shelf->locks->len; i++)
        meishi_token_use_logout_first(((MeishiTokenLock *)agent->shelf->locks->pdata[i])->use);
    meishi_agent_announce_hints(agent);
}
