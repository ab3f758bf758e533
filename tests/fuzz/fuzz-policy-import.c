/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A browser's policy that anybody wrote.  Whatever is made of it is a policy file without an error,
 * and what is made of that again is the same.
 */
#include "cli/policy-chromium.h"
#include "cli/policy-firefox.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Larger ones can have more rules than there are priorities. */
#define MAX_SIZE 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static MeishiPolicySet *
read_rules(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    MeishiPolicySource source = {
        .layer = MEISHI_LAYER_ADMIN, .name = "t.conf", .path = "t.conf", .text = bytes};
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiPolicySet *set;

    g_ptr_array_add(sources, &source);
    set = meishi_rule_merge(sources, lints);
    if (set == NULL)
        abort();
    return set;
}

/* Refused JSON is fine; JSON that was understood and then refused by our own linter is not. */
static void
check_refusal(const GError *error)
{
    if (g_str_has_prefix(error->message, "It cannot be made into"))
        abort();
}

static void
check_sentences(GPtrArray *sentences)
{
    for (guint i = 0; i < sentences->len; i++) {
        if (!g_utf8_validate(sentences->pdata[i], -1, NULL))
            abort();
    }
}

static void
try_chromium(const char *text, gsize len)
{
    g_autoptr(GPtrArray) losses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) lost_again = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *rules = meishi_policy_chromium_import(text, len, losses, &error);
    g_autofree char *back = NULL, *again = NULL;
    g_autoptr(MeishiPolicySet) set = NULL;

    check_sentences(losses);
    if (rules == NULL) {
        check_refusal(error);
        return;
    }
    set = read_rules(rules);
    back = meishi_policy_chromium_export(set, lost_again);
    check_sentences(lost_again);
    again = meishi_policy_chromium_import(back, strlen(back), losses, &error);
    if (again == NULL || (lost_again->len == 0 && strcmp(again, rules) != 0))
        abort();
}

static void
try_firefox(const char *text, gsize len)
{
    g_autoptr(GPtrArray) losses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *rules = meishi_policy_firefox_import(text, len, losses, notes, &error);
    g_autoptr(MeishiPolicySet) set = NULL;

    if (rules == NULL)
        check_refusal(error);
    else
        set = read_rules(rules);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= MAX_SIZE) {
        try_chromium((const char *)data, size);
        try_firefox((const char *)data, size);
    }
    return 0;
}
