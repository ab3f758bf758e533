/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A look is a chain of calls: the slots, then for each token that was not there before its objects
 * and its mechanisms.  One look at a time; whoever wants one meanwhile gets another one after it.
 *
 *      ready ── look ──► settled ── WAIT or pause ──► look ...
 *
 * Callbacks of calls hold a reference, since they come after the watch may have been freed.
 */
#include "daemon/token/module-watch.h"

#include "daemon/base/error.h"
#include "daemon/base/source.h"
#include "daemon/token/token-contents.h"
#include "module/wire/cryptoki.h"

#include <string.h>

#define POLL_MS       5000 /* a card that is put in should not seem ignored */
#define SOON_MS       150  /* readers tell more than once that a card came */
#define HOLD_MS       3000 /* a module that comes back at once has not lost its tokens */
#define MAX_SEARCH_MS 60000
#define DOUBT_US      (10 * G_USEC_PER_SEC)
#define MAX_FAST      5                    /* WAITs in a row ... */
#define FAST_US       (G_USEC_PER_SEC / 2) /* ... that end sooner: the module only says that it waits */

static guint poll_ms = POLL_MS;

struct MeishiModuleWatch {
    gint refs;
    MeishiModuleWatchOptions options;
    char *name;
    char *path;
    char *reserved;
    gboolean network;
    MeishiTokenHost *host; /* NULL: freed, references apart */
    GPtrArray *tokens;     /* MeishiTokenContent */
    GPtrArray *found;      /* of the look that is under way; NULL: none is */
    GPtrArray *pending;    /* MeishiTokenContent that have to be asked for their objects */
    gboolean look_again;
    gboolean is_thorough; /* the next look takes nothing for known */
    guint life;           /* of the module's process */
    gboolean is_settled;
    gboolean is_troubled; /* and that was told */
    char *trouble;        /* what it was; NULL */
    gint64 next_try;      /* µs since 1970 */
    gboolean cannot_wait;
    gboolean never_waits; /* it answers nobody while it does */
    gboolean is_waiting;
    guint n_fast;
    gint64 wait_began;
    guint64 wait_answers; /* what the host had answered by then */
    gboolean had_token;
    guint n_searches; /* for one that went */
    guint n_unread;   /* looks in a row at a token that did not let itself be read */
    gint64 doubted;   /* when it was last started anew for that; 0 */
    GSource *timer;   /* the next look, or the end of holding on */
};

static void look_now(MeishiModuleWatch *watch);
static void ask_next(MeishiModuleWatch *watch);

void
meishi_module_watch_set_pace(guint ms)
{
    poll_ms = ms;
}

static void
watch_unref(MeishiModuleWatch *watch)
{
    if (--watch->refs > 0)
        return;
    g_free(watch->name);
    g_free(watch->path);
    g_free(watch->reserved);
    g_free(watch->trouble);
    g_clear_pointer(&watch->tokens, g_ptr_array_unref);
    g_clear_pointer(&watch->found, g_ptr_array_unref);
    g_clear_pointer(&watch->pending, g_ptr_array_unref);
    g_free(watch);
}

static void
call(MeishiModuleWatch *watch, const MeishiHostRequest *request, GAsyncReadyCallback callback)
{
    guint deadline_ms =
        request->type == MEISHI_HOST_WAIT ? MEISHI_HOST_NO_DEADLINE : MEISHI_HOST_DEADLINE_QUICK_MS;

    watch->refs++;
    meishi_token_host_call_async(watch->host, request, deadline_ms, callback, watch);
}

static void
set_timer(MeishiModuleWatch *watch, guint ms, GSourceFunc callback)
{
    meishi_source_clear(&watch->timer);
    watch->timer = g_timeout_source_new(ms);
    g_source_set_callback(watch->timer, callback, watch, NULL);
    g_source_attach(watch->timer, g_main_context_get_thread_default());
}

/* ---- what is there -------------------------------------------------------------------------- */

static void
set_tokens(MeishiModuleWatch *watch, GPtrArray *tokens)
{
    gboolean is_new = !meishi_token_contents_are_same(watch->tokens, tokens);

    g_ptr_array_unref(watch->tokens);
    watch->tokens = tokens;
    if (is_new)
        watch->options.changed(watch, watch->options.user_data);
}

MeishiTokenContent *
meishi_module_watch_find(const MeishiModuleWatch *watch, guint64 presence)
{
    for (guint i = 0; i < watch->tokens->len; i++) {
        MeishiTokenContent *state = watch->tokens->pdata[i];

        if (state->life == watch->life && state->presence == presence)
            return state;
    }
    return NULL;
}

void
meishi_module_watch_reveal(MeishiModuleWatch *watch, guint64 presence, struct meishi_bytes listing)
{
    const MeishiTokenContent *state = meishi_module_watch_find(watch, presence);

    if (state != NULL)
        set_tokens(watch, meishi_token_contents_reveal(watch->tokens, state, listing));
}

/* ---- waiting for the next look -------------------------------------------------------------- */

static gboolean
on_time_to_look(gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;

    meishi_source_clear(&watch->timer);
    look_now(watch);
    return G_SOURCE_REMOVE;
}

/* SoftHSM and TPMs that lost their token find it again when they are initialized anew, and not
 * before. */
static gboolean
on_time_to_start_anew(gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;

    meishi_source_clear(&watch->timer);
    watch->n_searches++;
    meishi_token_host_restart(watch->host, "it had a token and has none.");
    return G_SOURCE_REMOVE;
}

/* Longer after each time that was in vain. */
static guint
pause_after(guint n)
{
    return (guint)MIN((guint64)poll_ms << MIN(n, 16), MAX_SEARCH_MS);
}

static void
poll_later(MeishiModuleWatch *watch)
{
    if (watch->timer != NULL)
        return;
    if (watch->had_token && !meishi_token_contents_hold_anything(watch->tokens))
        set_timer(watch, pause_after(watch->n_searches), on_time_to_start_anew);
    else if (meishi_token_contents_may_change(watch->tokens))
        set_timer(watch, poll_ms, on_time_to_look);
}

static void
on_waited(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, NULL);

    watch->is_waiting = FALSE;
    if (watch->host != NULL && answer != NULL) {
        if (g_get_monotonic_time() - watch->wait_began < FAST_US)
            watch->n_fast++;
        else
            watch->n_fast = 0;
        watch->cannot_wait = answer->reply.status != CKR_OK || watch->n_fast > MAX_FAST;
        if (watch->cannot_wait)
            poll_later(watch);
        else
            set_timer(watch, SOON_MS, on_time_to_look);
    }
    watch_unref(watch);
}

static void
wait_for_event(MeishiModuleWatch *watch)
{
    const MeishiHostRequest request = {.type = MEISHI_HOST_WAIT};

    if (watch->is_waiting)
        return;
    if (watch->cannot_wait) {
        poll_later(watch);
        return;
    }
    watch->is_waiting = TRUE;
    watch->wait_began = g_get_monotonic_time();
    watch->wait_answers = meishi_token_host_n_answers(watch->host);
    call(watch, &request, on_waited);
}

/* Another program may give the right PIN or unblock it, and no module tells of that. */
static void
watch_wrong_pins(MeishiModuleWatch *watch)
{
    if (watch->timer == NULL && meishi_token_contents_had_wrong_pin(watch->tokens))
        set_timer(watch, poll_ms, on_time_to_look);
}

/* Its sessions may all be taken by another program, or its reader be busy. */
static void
watch_unread(MeishiModuleWatch *watch)
{
    gboolean are_read = meishi_token_contents_are_read(watch->tokens);

    if (!are_read && watch->timer == NULL)
        set_timer(watch, pause_after(watch->n_unread), on_time_to_look);
    watch->n_unread = are_read ? 0 : watch->n_unread + 1;
}

/* ---- a look --------------------------------------------------------------------------------- */

static void
finish_look(MeishiModuleWatch *watch)
{
    g_clear_pointer(&watch->pending, g_ptr_array_unref);
    watch->is_settled = TRUE;
    watch->is_troubled = FALSE;
    g_clear_pointer(&watch->trouble, g_free);
    set_tokens(watch, g_steal_pointer(&watch->found));
    if (watch->host == NULL)
        return;
    if (meishi_token_contents_hold_anything(watch->tokens)) {
        watch->had_token = TRUE;
        watch->n_searches = 0;
    }
    if (watch->look_again) {
        look_now(watch);
        return;
    }
    wait_for_event(watch);
    watch_wrong_pins(watch);
    watch_unread(watch);
}

/* The module is as good as its next look; the host has its own opinion on whether it lives. */
static void
abandon_look(MeishiModuleWatch *watch)
{
    g_clear_pointer(&watch->pending, g_ptr_array_unref);
    g_clear_pointer(&watch->found, g_ptr_array_unref);
    if (meishi_token_host_is_ready(watch->host))
        set_timer(watch, poll_ms, on_time_to_look);
}

static MeishiTokenContent *
asked_state(MeishiModuleWatch *watch)
{
    return watch->pending->pdata[watch->pending->len - 1];
}

static void
on_mechanisms(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, NULL);

    if (watch->host != NULL && watch->pending != NULL) {
        if (answer != NULL && answer->reply.status == CKR_OK)
            meishi_token_content_set_mechanisms(asked_state(watch), &answer->reply);
        g_ptr_array_remove_index(watch->pending, watch->pending->len - 1);
        ask_next(watch);
    }
    watch_unref(watch);
}

static MeishiHostRequest
request_about(const MeishiTokenContent *state, MeishiHostType type)
{
    return (MeishiHostRequest){.type = type, .slot = state->slot, .presence = state->presence};
}

/* A token that cannot be listed is there all the same, with nothing on it; one that shows nothing
 * without a login has been read. */
static void
on_objects(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, NULL);

    if (watch->host != NULL && watch->pending != NULL) {
        MeishiTokenContent *state = asked_state(watch);
        const MeishiHostRequest request = request_about(state, MEISHI_HOST_MECHANISMS);

        if (answer != NULL && answer->reply.status == CKR_OK)
            (void)!meishi_token_content_set_objects(state, answer->listing);
        if (answer != NULL && answer->reply.status == CKR_USER_NOT_LOGGED_IN)
            state->is_read = TRUE;
        if (answer != NULL && answer->reply.status == MEISHI_HOST_STALE)
            watch->look_again = TRUE;
        call(watch, &request, on_mechanisms);
    }
    watch_unref(watch);
}

static void
ask_next(MeishiModuleWatch *watch)
{
    MeishiHostRequest request;

    if (!meishi_token_host_is_ready(watch->host)) {
        abandon_look(watch);
        return;
    }
    if (watch->pending->len == 0) {
        finish_look(watch);
        return;
    }
    request = request_about(asked_state(watch), MEISHI_HOST_OBJECTS);
    request.number = MEISHI_HOST_ANY_CLASS;
    call(watch, &request, on_objects);
}

/* What is on a token that stayed is known: reading a card again and again is slow, and some modules
 * hang when it is pulled just then. */
static void
take_slot(MeishiModuleWatch *watch, const MeishiHostSlot *slot)
{
    const MeishiTokenContent *known = meishi_module_watch_find(watch, slot->presence);
    MeishiTokenContent *state;

    if (slot->presence == 0)
        return;
    if (known != NULL && known->slot == slot->slot && !watch->is_thorough &&
        meishi_token_content_is_read(known)) {
        g_ptr_array_add(watch->found, meishi_token_content_renew(known, slot));
        return;
    }
    state = meishi_token_content_new(watch->name, watch->life, slot);
    g_ptr_array_add(watch->found, state);
    if (meishi_token_content_is_initialized(state))
        g_ptr_array_insert(watch->pending, 0, meishi_token_content_ref(state));
}

static void
on_slots(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, NULL);

    if (watch->host != NULL && watch->found != NULL) {
        if (answer == NULL || answer->reply.status != CKR_OK) {
            abandon_look(watch);
        } else {
            for (guint i = 0; i < answer->reply.n; i++)
                take_slot(watch, &answer->reply.slots[i]);
            watch->is_thorough = FALSE;
            ask_next(watch);
        }
    }
    watch_unref(watch);
}

static void
look_now(MeishiModuleWatch *watch)
{
    const MeishiHostRequest request = {.type = MEISHI_HOST_SLOTS};

    meishi_source_clear(&watch->timer);
    if (watch->found != NULL) {
        watch->look_again = TRUE;
        return;
    }
    watch->look_again = FALSE;
    watch->found = meishi_token_contents_new();
    watch->pending = meishi_token_contents_new();
    call(watch, &request, on_slots);
}

/* ---- the host ------------------------------------------------------------------------------- */

static void
on_ready(MeishiTokenHost *host, const MeishiHostReply *library, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;

    watch->cannot_wait = watch->never_waits || (library->flags & MEISHI_HOST_SERIAL) != 0;
    watch->n_fast = 0;
    watch->life++;
    look_now(watch);
}

static gboolean
on_held_long_enough(gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;

    meishi_source_clear(&watch->timer);
    watch->is_settled = TRUE;
    set_tokens(watch, meishi_token_contents_new());
    return G_SOURCE_REMOVE;
}

/* A module that holds its lock while it waits for a card can do nothing else. */
static gboolean
hung_while_waiting(const MeishiModuleWatch *watch)
{
    return watch->is_waiting && meishi_token_host_was_late(watch->host) &&
           meishi_token_host_n_answers(watch->host) == watch->wait_answers;
}

static void
on_lost(MeishiTokenHost *host, const GError *why, guint retry_ms, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;

    g_clear_pointer(&watch->found, g_ptr_array_unref);
    g_clear_pointer(&watch->pending, g_ptr_array_unref);
    watch->is_settled = FALSE;
    watch->never_waits = watch->never_waits || hung_while_waiting(watch);
    set_timer(watch, HOLD_MS, on_held_long_enough);
    if (!watch->is_troubled && retry_ms > 0)
        watch->options.trouble(watch, why->message, watch->options.user_data);
    watch->is_troubled = watch->is_troubled || retry_ms > 0;
    watch->next_try = g_get_real_time() + retry_ms * G_TIME_SPAN_MILLISECOND;
    if (retry_ms == 0)
        return;
    g_free(watch->trouble);
    watch->trouble = g_strdup(why->message);
}

static void
on_said(MeishiTokenHost *host, const char *line, gpointer user_data)
{
    MeishiModuleWatch *watch = user_data;

    watch->options.said(watch, line, watch->options.user_data);
}

/* ---- life ----------------------------------------------------------------------------------- */

MeishiModuleWatch *
meishi_module_watch_new(const MeishiTokenModule *module, const MeishiModuleWatchOptions *options)
{
    MeishiModuleWatch *watch = g_new0(MeishiModuleWatch, 1);
    const MeishiTokenHostOptions host = {.module = module->path,
                                         .reserved = module->reserved,
                                         .network = module->network,
                                         .ready = on_ready,
                                         .lost = on_lost,
                                         .said = on_said,
                                         .user_data = watch};

    watch->refs = 1;
    watch->options = *options;
    watch->name = g_strdup(module->name);
    watch->path = g_strdup(module->path);
    watch->reserved = g_strdup(module->reserved);
    watch->network = module->network;
    watch->tokens = meishi_token_contents_new();
    watch->host = meishi_token_host_new(&host);
    return watch;
}

void
meishi_module_watch_free(MeishiModuleWatch *watch)
{
    if (watch == NULL)
        return;
    meishi_source_clear(&watch->timer);
    g_clear_pointer(&watch->host, meishi_token_host_free);
    watch_unref(watch);
}

const char *
meishi_module_watch_name(const MeishiModuleWatch *watch)
{
    return watch->name;
}

const char *
meishi_module_watch_path(const MeishiModuleWatch *watch)
{
    return watch->path;
}

void
meishi_module_watch_look_at(const MeishiModuleWatch *watch, MeishiModuleFacts *ret_facts)
{
    gboolean waits =
        !meishi_token_host_is_ready(watch->host) && watch->next_try > g_get_real_time();

    *ret_facts = (MeishiModuleFacts){
        .is_running = meishi_token_host_is_ready(watch->host),
        .trouble = watch->trouble,
        .next_try = waits ? watch->next_try / G_USEC_PER_SEC + 1 : 0,
    };
}

gboolean
meishi_module_watch_is_for(const MeishiModuleWatch *watch, const MeishiTokenModule *module)
{
    return strcmp(watch->name, module->name) == 0 && strcmp(watch->path, module->path) == 0 &&
           g_strcmp0(watch->reserved, module->reserved) == 0 && watch->network == module->network;
}

GPtrArray *
meishi_module_watch_tokens(const MeishiModuleWatch *watch)
{
    return watch->tokens;
}

MeishiTokenHost *
meishi_module_watch_host(const MeishiModuleWatch *watch)
{
    return watch->host;
}

gboolean
meishi_module_watch_is_settled(const MeishiModuleWatch *watch)
{
    return watch->is_settled;
}

void
meishi_module_watch_look(MeishiModuleWatch *watch)
{
    if (!meishi_token_host_is_ready(watch->host))
        return;
    if (watch->found != NULL)
        watch->look_again = TRUE;
    else
        set_timer(watch, 0, on_time_to_look);
}

void
meishi_module_watch_read_again(MeishiModuleWatch *watch)
{
    watch->is_thorough = TRUE;
    meishi_module_watch_look(watch);
}

void
meishi_module_watch_doubt(MeishiModuleWatch *watch)
{
    gint64 now = g_get_monotonic_time();

    if (watch->doubted != 0 && now - watch->doubted < DOUBT_US) {
        meishi_module_watch_look(watch);
        return;
    }
    watch->doubted = now;
    meishi_token_host_restart(watch->host, "it gave an answer without sense.");
}

void
meishi_module_watch_refresh(MeishiModuleWatch *watch)
{
    /* A module that has been waiting for a while is one that can tell. */
    gboolean can_wait = watch->is_waiting && g_get_monotonic_time() - watch->wait_began >
                                                 SOON_MS * G_TIME_SPAN_MILLISECOND;

    watch->is_thorough = TRUE;
    if (can_wait)
        meishi_module_watch_look(watch);
    else
        meishi_token_host_restart(watch->host, "somebody looks for tokens.");
}
