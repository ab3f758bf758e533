/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A policy file that anybody wrote: it is read, judged, put together and asked.  The first byte
 * chooses the layer.
 */
#include "daemon/policy/decide.h"
#include "daemon/policy/explain.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(MeishiPolicySet *set, const char *host)
{
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    g_autoptr(MeishiInventory) inventory = meishi_inventory_new(nothing, nothing, NULL, NULL);
    g_autoptr(MeishiRequest) request = meishi_request_new();
    MeishiWorld world = {.policy = set, .inventory = inventory};
    g_autoptr(MeishiDecision) decision = NULL;
    g_autofree char *text = NULL;

    request->protocol = g_strdup("https");
    request->port = 443;
    if (host && !meishi_host_parse(host, &request->host, NULL))
        abort();
    decision = meishi_decide(&world, request);
    text = meishi_explain_to_text(decision, &world, request);
    if (decision->result == MEISHI_RESULT_SELECTED || !g_utf8_validate(text, -1, NULL))
        abort(); /* there is nothing to select */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MeishiPolicySource source = {.name = "f", .path = "f", .mode = 0644};
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autoptr(MeishiPolicySet) set = NULL;

    if (size == 0)
        return 0;
    source.layer = (MeishiLayer)(data[0] % MEISHI_N_LAYERS);
    source.text = g_bytes_new_static(data + 1, size - 1);
    g_ptr_array_add(sources, &source);
    set = meishi_rule_merge(sources, lints);
    if ((set == NULL) != (meishi_lint_exit_status(lints) == 2))
        abort(); /* refused without an error, or in force with one */
    for (guint i = 0; i < lints->len; i++) {
        g_autofree char *text = meishi_lint_to_text(g_ptr_array_index(lints, i));

        if (!g_utf8_validate(text, -1, NULL))
            abort();
    }
    if (set) {
        ask(set, "www.example.com");
        ask(set, "192.0.2.1");
        ask(set, NULL);
    }
    g_bytes_unref(source.text);
    return 0;
}
