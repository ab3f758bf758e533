/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The notices that are shown and those of the last hour; see notices.h.
 */
#include "daemon/agent/notices.h"

#define RECENT_MAX 256 /* matters of the last hour */

typedef struct {
    guint id;
    char *matter;
    MeishiNotice *notice;
    gboolean is_shown; /* the notifier said so */
} Entry;

typedef struct {
    char *matter;
    char *program; /* NULL where it is none's */
    gint64 at;
} Recent;

struct MeishiNotices {
    MeishiNoticesUser user;
    const MeishiNotifierClass *class; /* NULL: nobody shows anything */
    gpointer notifier;
    GPtrArray *entries; /* Entry, oldest first */
    GPtrArray *recent;  /* Recent, oldest first */
    guint serial;
};

/* ---- values ---------------------------------------------------------------------------------- */

MeishiNotice *
meishi_notice_new(MeishiNoticeKind kind)
{
    MeishiNotice *notice = g_new0(MeishiNotice, 1);

    notice->kind = kind;
    return notice;
}

void
meishi_notice_free(MeishiNotice *notice)
{
    if (notice == NULL)
        return;
    meishi_select_call_free(notice->call);
    g_free(notice->identity);
    g_free(notice->label);
    g_free(notice);
}

static void
free_entry(gpointer data)
{
    Entry *entry = data;

    g_free(entry->matter);
    meishi_notice_free(entry->notice);
    g_free(entry);
}

static void
free_recent(gpointer data)
{
    Recent *recent = data;

    g_free(recent->matter);
    g_free(recent->program);
    g_free(recent);
}

static const char *
or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* What two notices about one thing have in common. */
static char *
name_matter(const MeishiNotice *notice)
{
    const MeishiRequest *request = notice->call != NULL ? notice->call->request : NULL;

    if (request == NULL)
        return g_strdup_printf("%d\n%s\n%u", notice->kind, or_empty(notice->identity),
                               notice->step);
    return g_strdup_printf("%d\n%s\n%s\n%s\n%s\n%u", notice->kind, or_empty(request->application),
                           or_empty(request->context), meishi_request_protocol_class(request),
                           or_empty(request->host.text), request->port);
}

/* A program without a name is one with all others of that kind. */
static const char *
program_of(const MeishiNotice *notice)
{
    return notice->call != NULL ? or_empty(notice->call->request->application) : NULL;
}

MeishiNotices *
meishi_notices_new(const MeishiNoticesUser *user)
{
    MeishiNotices *notices = g_new0(MeishiNotices, 1);

    notices->user = *user;
    notices->entries = g_ptr_array_new_with_free_func(free_entry);
    notices->recent = g_ptr_array_new_with_free_func(free_recent);
    return notices;
}

static void
close_at(MeishiNotices *notices, guint i)
{
    guint id = ((Entry *)g_ptr_array_index(notices->entries, i))->id;

    g_ptr_array_remove_index(notices->entries, i);
    notices->class->close(notices->notifier, id);
}

void
meishi_notices_free(MeishiNotices *notices)
{
    if (notices == NULL)
        return;
    while (notices->entries->len > 0)
        close_at(notices, 0);
    g_ptr_array_unref(notices->entries);
    g_ptr_array_unref(notices->recent);
    g_free(notices);
}

/* ---- how much -------------------------------------------------------------------------------- */

/* Clocks are set back, too. */
static gboolean
is_recent(const Recent *recent, gint64 now)
{
    return ABS(now - recent->at) < MEISHI_NOTICES_SECONDS;
}

gboolean
meishi_notices_can_show(const MeishiNotices *notices)
{
    return notices->class != NULL;
}

gboolean
meishi_notices_has_room(const MeishiNotices *notices, const MeishiNotice *notice, gint64 now)
{
    g_autofree char *matter = name_matter(notice);
    const char *program = program_of(notice);
    guint n = 0, n_of_program = 0;

    for (guint i = 0; i < notices->recent->len; i++) {
        const Recent *recent = g_ptr_array_index(notices->recent, i);

        if (!is_recent(recent, now))
            continue;
        if (g_str_equal(recent->matter, matter))
            return FALSE;
        n++;
        n_of_program += program != NULL && g_strcmp0(recent->program, program) == 0;
    }
    return notices->class != NULL && n < RECENT_MAX && n_of_program < MEISHI_NOTICES_PER_PROGRAM;
}

static void
note_recent(MeishiNotices *notices, const char *matter, const MeishiNotice *notice, gint64 now)
{
    Recent *recent = g_new0(Recent, 1);

    for (guint i = notices->recent->len; i-- > 0;) {
        if (!is_recent(g_ptr_array_index(notices->recent, i), now))
            g_ptr_array_remove_index(notices->recent, i);
    }
    recent->matter = g_strdup(matter);
    recent->program = g_strdup(program_of(notice));
    recent->at = now;
    g_ptr_array_add(notices->recent, recent);
}

/* The oldest whose matter is what a program does: those come again where they matter, and a
 * certificate's end is told once. */
static guint
find_least(const MeishiNotices *notices)
{
    for (guint i = 0; i < notices->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(notices->entries, i);

        if (entry->notice->kind != MEISHI_NOTICE_EXPIRING)
            return i;
    }
    return 0;
}

/* A later word about the same certificate takes the place of the one before. */
static gboolean
is_same_matter(const Entry *entry, const char *matter, const MeishiNotice *notice)
{
    if (notice->kind == MEISHI_NOTICE_EXPIRING)
        return entry->notice->kind == notice->kind &&
               g_strcmp0(entry->notice->identity, notice->identity) == 0;
    return g_str_equal(entry->matter, matter);
}

/* Whose place @notice takes; G_MAXUINT: nobody's. */
static guint
find_place(const MeishiNotices *notices, const char *matter, const MeishiNotice *notice)
{
    for (guint i = 0; i < notices->entries->len; i++) {
        if (is_same_matter(g_ptr_array_index(notices->entries, i), matter, notice))
            return i;
    }
    return notices->entries->len < MEISHI_NOTICES_SHOWN_MAX ? G_MAXUINT : find_least(notices);
}

gboolean
meishi_notices_offer(MeishiNotices *notices, MeishiNotice *notice, gint64 now)
{
    g_autofree char *matter = name_matter(notice);
    g_autoptr(MeishiNotice) owned = notice;
    guint place, replaces = 0;
    Entry *entry;

    if (!meishi_notices_has_room(notices, notice, now))
        return FALSE;
    place = find_place(notices, matter, notice);
    note_recent(notices, matter, notice, now);
    if (place != G_MAXUINT) {
        replaces = ((Entry *)g_ptr_array_index(notices->entries, place))->id;
        g_ptr_array_remove_index(notices->entries, place);
    }
    entry = g_new0(Entry, 1);
    entry->id = ++notices->serial;
    entry->matter = g_steal_pointer(&matter);
    entry->notice = g_steal_pointer(&owned);
    g_ptr_array_add(notices->entries, entry);
    notices->class->show(notices->notifier, entry->id, entry->notice, replaces);
    return TRUE;
}

void
meishi_notices_close_if(MeishiNotices *notices, MeishiNoticeCheck is_over, gpointer user_data)
{
    for (guint i = notices->entries->len; i-- > 0;) {
        const Entry *entry = g_ptr_array_index(notices->entries, i);

        if (is_over(entry->notice, user_data))
            close_at(notices, i);
    }
}

/* ---- the notifier ---------------------------------------------------------------------------- */

static void
forget_recent(MeishiNotices *notices, const char *matter)
{
    for (guint i = 0; i < notices->recent->len; i++) {
        const Recent *recent = g_ptr_array_index(notices->recent, i);

        if (!g_str_equal(recent->matter, matter))
            continue;
        g_ptr_array_remove_index(notices->recent, i);
        return;
    }
}

/* A certificate's end that was not shown is told as soon as it can be.  What programs do is not:
 * they would try to have it shown each time. */
static void
drop_at(MeishiNotices *notices, guint i)
{
    const Entry *entry = g_ptr_array_index(notices->entries, i);

    if (entry->notice->kind == MEISHI_NOTICE_EXPIRING && !entry->is_shown)
        forget_recent(notices, entry->matter);
    g_ptr_array_remove_index(notices->entries, i);
}

void
meishi_notices_lost(MeishiNotices *notices)
{
    while (notices->entries->len > 0)
        drop_at(notices, notices->entries->len - 1);
}

void
meishi_notices_attach(MeishiNotices *notices, const MeishiNotifierClass *class, gpointer notifier)
{
    meishi_notices_lost(notices);
    notices->class = class;
    notices->notifier = notifier;
    notices->user.attached(notices->user.user_data);
}

void
meishi_notices_came(MeishiNotices *notices)
{
    notices->user.came(notices->user.user_data);
}

void
meishi_notices_detach(MeishiNotices *notices, gpointer notifier)
{
    if (notices->class == NULL || notices->notifier != notifier)
        return;
    meishi_notices_lost(notices);
    notices->class = NULL;
    notices->notifier = NULL;
}

static Entry *
find_entry(const MeishiNotices *notices, guint id, guint *ret_place)
{
    for (guint i = 0; i < notices->entries->len; i++) {
        Entry *entry = g_ptr_array_index(notices->entries, i);

        if (entry->id != id)
            continue;
        *ret_place = i;
        return entry;
    }
    return NULL;
}

void
meishi_notices_shown(MeishiNotices *notices, guint id)
{
    guint place;
    Entry *entry = find_entry(notices, id, &place);

    if (entry == NULL)
        return;
    entry->is_shown = TRUE;
    notices->user.shown(entry->notice, notices->user.user_data);
}

void
meishi_notices_gone(MeishiNotices *notices, guint id)
{
    guint place;

    if (find_entry(notices, id, &place) != NULL)
        drop_at(notices, place);
}

void
meishi_notices_act(MeishiNotices *notices, guint id, MeishiNoticeAction action)
{
    g_autoptr(MeishiNotice) notice = NULL;
    guint place;
    Entry *entry = find_entry(notices, id, &place);

    if (entry == NULL || (entry->notice->actions & action) == 0)
        return;
    notice = g_steal_pointer(&entry->notice);
    close_at(notices, place);
    notices->user.act(notice, action, notices->user.user_data);
}
