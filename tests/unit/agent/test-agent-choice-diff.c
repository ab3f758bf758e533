/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which connections a change of choices concerns.
 */
#include "daemon/agent/choice-diff.h"

#include <string.h>

static GPtrArray *
new_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_choice_free);
}

static MeishiChoice *
add(GPtrArray *list, const char *host, guint port, const char *lineage)
{
    g_autoptr(MeishiRequest) request = meishi_request_new();
    MeishiChoice *choice;

    request->protocol = g_strdup("https");
    request->port = port;
    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    choice = meishi_choice_new(request, lineage);
    choice->scope = MEISHI_SCOPE_ALWAYS;
    g_ptr_array_add(list, choice);
    return choice;
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
assert_diff(GPtrArray *before, GPtrArray *now, const char *expected)
{
    g_autoptr(GPtrArray) targets = meishi_choice_diff_find(before, now);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    for (guint i = 0; i < targets->len; i++) {
        const MeishiChangedTarget *target = g_ptr_array_index(targets, i);

        g_ptr_array_add(texts, g_strdup_printf("%s:%u", target->host, target->port));
    }
    g_ptr_array_sort(texts, compare_texts);
    g_ptr_array_add(texts, NULL);
    text = g_strjoinv(" ", (char **)texts->pdata);
    g_assert_cmpstr(text, ==, expected);
}

#define LISTS                                 \
    g_autoptr(GPtrArray) before = new_list(); \
    g_autoptr(GPtrArray) now = new_list()

static void
test_same(void)
{
    LISTS;

    assert_diff(before, now, "");
    add(before, "a.example", 443, "hana")->uses = 1;
    add(now, "a.example", 443, "hana")->uses = 2;
    add(before, "b.example", 443, NULL);
    add(now, "b.example", 443, NULL);
    assert_diff(before, now, "");
}

static void
test_come_gone_changed(void)
{
    LISTS;

    add(before, "gone.example", 443, "hana");
    add(before, "other.example", 443, "hana");
    add(now, "other.example", 443, "taro");
    add(before, "none.example", 443, "hana");
    add(now, "none.example", 443, NULL);
    add(before, "port.example", 443, "hana");
    add(now, "port.example", 8443, "hana");
    add(now, "new.example", 443, "hana");
    assert_diff(before, now,
                "gone.example:443 new.example:443 none.example:443 other.example:443 "
                "port.example:443 port.example:8443");
}

static void
test_reach(void)
{
    LISTS;

    add(now, "a.example", 443, "hana")->reach = MEISHI_REACH_HOST;
    add(now, "corp.example.com", 443, "hana")->reach = MEISHI_REACH_DOMAIN;
    assert_diff(before, now, ".corp.example.com:0 a.example:0");
}

static void
test_suspect(void)
{
    LISTS;

    add(before, "a.example", 443, "hana");
    add(now, "a.example", 443, "hana")->suspicion = MEISHI_SUSPICION_SUSPECT;
    add(before, "b.example", 443, "hana");
    add(now, "b.example", 443, "hana")->suspicion = MEISHI_SUSPICION_DOUBTED;
    assert_diff(before, now, "a.example:443");
}

static void
test_once(void)
{
    LISTS;

    add(before, "a.example", 443, "hana")->scope = MEISHI_SCOPE_ONCE;
    add(now, "b.example", 443, "hana")->scope = MEISHI_SCOPE_ONCE;
    assert_diff(before, now, "");
}

/* What is told is told to everybody on a bus, so nothing is of what somebody did in private. */
static void
test_private(void)
{
    LISTS;
    MeishiChoice *choices[] = {add(now, "a.example", 443, "hana"),
                               add(before, "b.example", 443, "hana"),
                               add(now, "c.example", 443, "hana")};

    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_free(choices[i]->context);
        choices[i]->context = g_strdup("private:1");
        choices[i]->group = g_strdup("group");
    }
    add(now, "d.example", 443, "hana")->group = g_strdup("group");
    assert_diff(before, now, "d.example:443");
}

/* Two programs have chosen for the same place: one target. */
static void
test_programs(void)
{
    LISTS;

    add(now, "a.example", 443, "hana")->application = g_strdup("exe:/bin/a");
    add(now, "a.example", 443, "taro")->application = g_strdup("exe:/bin/b");
    assert_diff(before, now, "a.example:443");
}

/* 3.6: a change on one target of a selection group flushes all of them. */
static void
test_group(void)
{
    LISTS;

    add(before, "token.bank.example", 443, "hana")->group = g_strdup("bank");
    add(now, "token.bank.example", 443, "taro")->group = g_strdup("bank");
    add(before, "api.bank.example", 443, "hana")->group = g_strdup("bank");
    add(now, "api.bank.example", 443, "hana")->group = g_strdup("bank");
    add(before, "shop.example", 443, "hana")->group = g_strdup("shop");
    add(now, "shop.example", 443, "hana")->group = g_strdup("shop");
    assert_diff(before, now, "api.bank.example:443 token.bank.example:443");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/choice-diff/same", test_same);
    g_test_add_func("/choice-diff/come-gone-changed", test_come_gone_changed);
    g_test_add_func("/choice-diff/reach", test_reach);
    g_test_add_func("/choice-diff/suspect", test_suspect);
    g_test_add_func("/choice-diff/once", test_once);
    g_test_add_func("/choice-diff/private", test_private);
    g_test_add_func("/choice-diff/programs", test_programs);
    g_test_add_func("/choice-diff/group", test_group);
    return g_test_run();
}
