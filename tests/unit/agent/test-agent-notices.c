/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How much a person is told: stories of what happens when, and what a notifier is called for.
 */
#include "daemon/agent/notices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 G_GINT64_CONSTANT(1000000)

typedef struct {
    MeishiNotices *notices;
    GString *log; /* what the notifier and the user were called for */
    guint last;   /* the number of the last notice */
} Scene;

/* ---- who shows, and who tells ---------------------------------------------------------------- */

static void
show(gpointer notifier, guint id, const MeishiNotice *notice, guint replaces)
{
    Scene *s = notifier;
    const char *what = notice->call != NULL ? notice->call->request->host.text : notice->identity;

    s->last = id;
    g_string_append_printf(s->log, "+%u:%s", id, what);
    if (replaces != 0)
        g_string_append_printf(s->log, "/%u", replaces);
    g_string_append_c(s->log, ' ');
}

static void
close_notice(gpointer notifier, guint id)
{
    g_string_append_printf(((Scene *)notifier)->log, "-%u ", id);
}

static void
attached(gpointer user_data)
{
    g_string_append(((Scene *)user_data)->log, "attached ");
}

static void
came(gpointer user_data)
{
    g_string_append(((Scene *)user_data)->log, "came ");
}

static void
shown(const MeishiNotice *notice, gpointer user_data)
{
    g_string_append_printf(((Scene *)user_data)->log, "shown:%d ", notice->kind);
}

static void
act(const MeishiNotice *notice, MeishiNoticeAction action, gpointer user_data)
{
    g_string_append_printf(((Scene *)user_data)->log, "act:%d:%s ", action,
                           notice->call->request->host.text);
}

static const MeishiNotifierClass class = {show, close_notice};

static MeishiNotice *
of_program(MeishiNoticeKind kind, const char *program, const char *host)
{
    MeishiNotice *notice = meishi_notice_new(kind);
    g_autoptr(MeishiApplication) me = meishi_application_new(getpid(), -1, NULL);

    notice->call = g_new0(MeishiSelectCall, 1);
    notice->call->application = g_steal_pointer(&me);
    notice->call->request = meishi_request_new();
    notice->call->request->protocol = g_strdup("https");
    notice->call->request->port = 443;
    notice->call->request->application = g_strdup(program);
    g_assert_true(meishi_host_parse(host, &notice->call->request->host, NULL));
    notice->actions = MEISHI_NOTICE_CHOOSE;
    return notice;
}

static MeishiNotice *
of_certificate(const char *id, guint step)
{
    MeishiNotice *notice = meishi_notice_new(MEISHI_NOTICE_EXPIRING);

    notice->identity = g_strdup(id);
    notice->step = step;
    return notice;
}

/* ---- stories --------------------------------------------------------------------------------- */

/* One step of a story: an hour and a minute, and what happens then:
 *   n PROGRAM HOST   a program went without, r: was refused
 *   e ID STEP        a certificate ends
 *   s g a w          the last one was shown, is gone, "Choose" was pressed, "Why?" was pressed
 *   l c d A          the server was lost, came, the notifier leaves, another one comes
 *   x HOST           what is about HOST is settled */
static gboolean
is_about(const MeishiNotice *notice, gpointer host)
{
    return notice->call != NULL && g_str_equal(notice->call->request->host.text, host);
}

static void
offer(Scene *s, MeishiNotice *notice, gint64 now)
{
    gboolean has_room = meishi_notices_has_room(s->notices, notice, now);

    g_assert_cmpint(meishi_notices_offer(s->notices, notice, now), ==, has_room);
    if (!has_room)
        g_string_append(s->log, "no ");
}

static void
play(Scene *s, char **words, gint64 now)
{
    static const MeishiNotifierClass other = {show, close_notice};

    switch (words[0][0]) {
    case 'n':
        offer(s, of_program(MEISHI_NOTICE_NEEDS_USER, words[1], words[2]), now);
        break;
    case 'r':
        offer(s, of_program(MEISHI_NOTICE_REFUSED, words[1], words[2]), now);
        break;
    case 'e':
        offer(s, of_certificate(words[1], (guint)atoi(words[2])), now);
        break;
    case 's':
        meishi_notices_shown(s->notices, s->last);
        break;
    case 'g':
        meishi_notices_gone(s->notices, s->last);
        break;
    case 'a':
        meishi_notices_act(s->notices, s->last, MEISHI_NOTICE_CHOOSE);
        break;
    case 'w':
        meishi_notices_act(s->notices, s->last, MEISHI_NOTICE_EXPLAIN);
        break;
    case 'l':
        meishi_notices_lost(s->notices);
        break;
    case 'c':
        meishi_notices_came(s->notices);
        break;
    case 'd':
        meishi_notices_detach(s->notices, s);
        break;
    case 'A':
        meishi_notices_attach(s->notices, &other, s);
        break;
    case 'x':
        meishi_notices_close_if(s->notices, is_about, words[1]);
        break;
    default:
        g_assert_not_reached();
    }
}

static const struct {
    const char *name;
    const char *story; /* "MINUTE WHAT; MINUTE WHAT" */
    const char *expected;
} stories[] = {
    {"one", "0 n curl a.example; 0 s", "+1:a.example shown:0 "},
    {"once-an-hour", "0 n curl a.example; 59 n curl a.example; 60 n curl a.example",
     "+1:a.example no +2:a.example/1 "},
    {"again-where-it-was-closed",
     "0 n curl a.example; 0 g; 1 n curl a.example; 60 n curl a.example",
     "+1:a.example no +2:a.example "},
    {"clock-set-back", "600 n curl a.example; 0 n curl a.example", "+1:a.example +2:a.example/1 "},
    {"kinds-are-apart", "0 n curl a.example; 0 r curl a.example", "+1:a.example +2:a.example "},
    {"programs-are-apart", "0 n curl a.example; 0 n wget a.example", "+1:a.example +2:a.example "},
    {"three-of-a-program",
     "0 n curl a.example; 0 n curl b.example; 0 n curl c.example; 0 n curl d.example; "
     "59 n curl d.example; 60 n curl d.example",
     "+1:a.example +2:b.example +3:c.example no no +4:d.example/1 "},
    {"refusals-count-too",
     "0 n curl a.example; 0 r curl a.example; 0 r curl b.example; 0 n curl c.example",
     "+1:a.example +2:a.example +3:b.example no "},
    {"nameless-programs-are-one", "0 n  a.example; 0 n  b.example; 0 n  c.example; 0 n  d.example",
     "+1:a.example +2:b.example +3:c.example no "},
    {"three-at-once",
     "0 n a a.example; 0 n b b.example; 0 n c c.example; 0 n d d.example; 0 n e e.example",
     "+1:a.example +2:b.example +3:c.example +4:d.example/1 +5:e.example/2 "},
    {"an-end-stays-longest",
     "0 e old 1; 0 n b b.example; 0 n c c.example; 0 n d d.example; 0 n e e.example",
     "+1:old +2:b.example +3:c.example +4:d.example/2 +5:e.example/3 "},
    {"nothing-but-ends", "0 e a 1; 0 e b 1; 0 e c 1; 0 e d 1; 0 n p a.example",
     "+1:a +2:b +3:c +4:d/1 +5:a.example/2 "},
    {"a-later-word-replaces", "0 e a 1; 0 s; 1 e a 2; 2 e a 2", "+1:a shown:2 +2:a/1 no "},
    {"an-end-not-shown-is-told-again", "0 e a 1; 0 g; 0 e a 1; 0 s; 0 g; 0 e a 1",
     "+1:a +2:a shown:2 no "},
    {"lost-with-the-server", "0 e a 1; 0 n p a.example; 0 l; 1 c; 1 e a 1; 1 n p a.example",
     "+1:a +2:a.example came +3:a no "},
    {"settled", "0 n p a.example; 0 n p b.example; 1 x a.example; 1 x a.example",
     "+1:a.example +2:b.example -1 "},
    {"pressed", "0 n p a.example; 0 a; 0 a", "+1:a.example -1 act:1:a.example "},
    {"pressed-what-is-not-there", "0 n p a.example; 0 w", "+1:a.example "},
    {"nobody-shows", "0 d; 0 n p a.example; 0 e a 1", "no no "},
    {"another-notifier", "0 n p a.example; 0 A; 0 s; 0 x a.example", "+1:a.example attached "},
};

static void
test_story(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    Scene s = {.log = g_string_new(NULL)};
    const MeishiNoticesUser user = {attached, came, shown, act, &s};
    g_auto(GStrv) steps = g_strsplit(stories[i].story, "; ", -1);

    s.notices = meishi_notices_new(&user);
    g_assert_false(meishi_notices_can_show(s.notices));
    meishi_notices_attach(s.notices, &class, &s);
    g_assert_cmpstr(s.log->str, ==, "attached ");
    g_string_truncate(s.log, 0);
    for (guint k = 0; steps[k] != NULL; k++) {
        g_auto(GStrv) words = g_strsplit(steps[k], " ", -1);

        play(&s, words + 1, T0 + 60 * atoi(words[0]));
    }
    g_assert_cmpstr(s.log->str, ==, stories[i].expected);
    meishi_notices_free(s.notices);
    g_string_free(s.log, TRUE);
}

/* However many programs there are: so many matters in an hour and no more. */
static void
test_flood(void)
{
    Scene s = {.log = g_string_new(NULL)};
    const MeishiNoticesUser user = {attached, came, shown, act, &s};
    g_autoptr(MeishiNotices) notices = meishi_notices_new(&user);
    guint n = 0;

    s.notices = notices;
    meishi_notices_attach(notices, &class, &s);
    for (guint i = 0; i < 400; i++) {
        g_autofree char *program = g_strdup_printf("exe:/bin/%u", i);

        n += meishi_notices_offer(notices,
                                  of_program(MEISHI_NOTICE_NEEDS_USER, program, "a.example"), T0);
    }
    g_assert_cmpuint(n, ==, 256);
    g_assert_true(meishi_notices_offer(
        notices, of_program(MEISHI_NOTICE_NEEDS_USER, "x", "a.example"), T0 + 3600));
    /* What is shown at the end is closed. */
    g_string_truncate(s.log, 0);
    meishi_notices_free(g_steal_pointer(&notices));
    g_assert_cmpstr(s.log->str, ==, "-255 -256 -257 ");
    g_string_free(s.log, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strconcat("/notices/story/", stories[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_story);
    }
    g_test_add_func("/notices/flood", test_flood);
    return g_test_run();
}
