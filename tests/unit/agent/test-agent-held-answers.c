/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers that hold for two minutes.
 */
#include "daemon/agent/held-answers.h"

#define T0 G_GINT64_CONSTANT(1000000)

static MeishiRequest *
request_for(const char *host, guint port, const char *application, const char *context)
{
    MeishiRequest *request = meishi_request_new();

    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    request->port = port;
    request->application = g_strdup(application);
    request->context = g_strdup(context);
    return request;
}

static void
hold(MeishiHeldAnswers *held, const char *key, const char *id)
{
    g_autoptr(MeishiRequest) request = request_for("www.example.com", 443, "exe:/bin/a", NULL);

    meishi_held_answers_add(held, key, request, id, T0);
}

static void
assert_held(MeishiHeldAnswers *held, const char *key, gint64 now, const char *expected)
{
    const char *id = "unset";

    g_assert_true(meishi_held_answers_find(held, key, now, &id));
    g_assert_cmpstr(id, ==, expected);
}

static void
test_two_minutes(void)
{
    g_autoptr(MeishiHeldAnswers) held = meishi_held_answers_new();
    const char *id;

    hold(held, "a", "hana");
    hold(held, "b", NULL);
    assert_held(held, "a", T0, "hana");
    assert_held(held, "a", T0 + 119, "hana");
    assert_held(held, "b", T0 + 119, NULL);
    g_assert_false(meishi_held_answers_find(held, "a", T0 + 120, &id));
    g_assert_false(meishi_held_answers_find(held, "c", T0, &id));
}

static void
test_clock_set_back(void)
{
    g_autoptr(MeishiHeldAnswers) held = meishi_held_answers_new();
    const char *id;

    hold(held, "a", "hana");
    assert_held(held, "a", T0 - 60, "hana");
    g_assert_false(meishi_held_answers_find(held, "a", T0 - 86400, &id));
}

static void
test_later_word(void)
{
    g_autoptr(MeishiHeldAnswers) held = meishi_held_answers_new();

    hold(held, "a", "hana");
    hold(held, "a", "taro");
    assert_held(held, "a", T0, "taro");
}

static void
test_drop(void)
{
    static const struct {
        MeishiHeldFilter filter;
        guint n;
    } cases[] = {
        {{.host = "www.example.com"}, 2},
        {{.host = "www.example.com", .port = 443}, 1},
        {{.port = 8443}, 1},
        {{.application = "exe:/bin/b"}, 1},
        {{.context = "private:1"}, 1},
        {{.context = ""}, 2},
        {{.host = "example.com"}, 0},
        {{.host = NULL}, 3},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiHeldAnswers) held = meishi_held_answers_new();
        g_autoptr(MeishiRequest) a = request_for("www.example.com", 443, "exe:/bin/a", NULL);
        g_autoptr(MeishiRequest) b = request_for("www.example.com", 8443, "exe:/bin/b", "");
        g_autoptr(MeishiRequest) c = request_for("other.example", 443, NULL, "private:1");

        meishi_held_answers_add(held, "a", a, NULL, T0);
        meishi_held_answers_add(held, "b", b, NULL, T0);
        meishi_held_answers_add(held, "c", c, NULL, T0);
        g_assert_cmpuint(meishi_held_answers_drop(held, &cases[i].filter), ==, cases[i].n);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/held-answers/two-minutes", test_two_minutes);
    g_test_add_func("/held-answers/clock-set-back", test_clock_set_back);
    g_test_add_func("/held-answers/later-word", test_later_word);
    g_test_add_func("/held-answers/drop", test_drop);
    return g_test_run();
}
