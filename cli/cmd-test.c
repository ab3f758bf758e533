/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi test: does the server take what it would be given?  Two connections: the first learns what
 * the server asks for, and the second answers it, so that no server waits while a person chooses.
 */
#include "config.h"

#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/pem.h"
#include "cli/probe.h"
#include "cli/selecting.h"
#include "cli/tls-option.h"
#include "cli/trial.h"
#include "daemon/crypto/crypto.h"

static struct {
    MeishiTlsOption tls;
    char *identity, *module;
    gboolean insecure, no_report, no_prompt;
} options = {.tls = MEISHI_TLS_OPTION_INIT};

static const GOptionEntry entries[] = {
    {"identity", 0, 0, G_OPTION_ARG_STRING, &options.identity,
     "Try this one, whatever would be chosen", "NAME"},
    {"insecure", 0, 0, G_OPTION_ARG_NONE, &options.insecure,
     "Go on where the server is not trusted", NULL},
    {"no-prompt", 0, 0, G_OPTION_ARG_NONE, &options.no_prompt, "Ask nobody", NULL},
    {"no-report", 0, 0, G_OPTION_ARG_NONE, &options.no_report,
     "Do not let the daemon learn from the result", NULL},
    {"module", 0, 0, G_OPTION_ARG_FILENAME, &options.module,
     "Sign through this PKCS#11 module instead of the installed one", "FILE"},
    {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.tls.ca_file,
     "Trust the authorities in FILE (PEM) beside the system's", "FILE"},
    {"tls", 0, 0, G_OPTION_ARG_STRING, &options.tls.version, "Speak this version alone: 1.2 or 1.3",
     "VERSION"},
    {"timeout", 0, 0, G_OPTION_ARG_INT, &options.tls.timeout_s,
     "Give up after so many seconds (10)", "SECONDS"},
    G_OPTION_ENTRY_NULL,
};

/* What is tried, and on what. */
typedef struct {
    const MeishiTarget *target;
    MeishiTlsCall call;
    MeishiTlsReport *before, *after;
    MeishiSelection *selection; /* NULL: named */
    char *label, *key_uri;
    GPtrArray *chain; /* NULL: nothing is sent */
} Test;

static void
test_clear(Test *test)
{
    meishi_tls_report_free(test->before);
    meishi_tls_report_free(test->after);
    meishi_selection_free(test->selection);
    g_free(test->label);
    g_free(test->key_uri);
    g_clear_pointer(&test->chain, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Test, test_clear)

/* ---- what the server asks for ---------------------------------------------------------------- */

static gboolean
fail_untrusted(const Test *test, const char *why, GError **error)
{
    g_autofree char *name = meishi_target_name(test->target);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "The certificate of %s is not trusted, so nothing was sent to it: %s\n"
                "--ca-file=FILE names its authority; --insecure goes on all the same.",
                name, why != NULL ? why : "no reason given");
    return FALSE;
}

static gboolean
learn(Test *test, GError **error)
{
    test->before = meishi_tls_run(&test->call, error);
    if (test->before == NULL || !meishi_probe_check_spoken(test->before, test->target, error))
        return FALSE;
    return test->before->is_trusted || options.insecure ||
           fail_untrusted(test, test->before->trust_text, error);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static gboolean
take_named(Test *test, MeishiClient *client, GError **error)
{
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card = meishi_client_find(client, options.identity, &object, error);
    g_autofree char *pem = NULL;

    if (card == NULL)
        return FALSE;
    if (!meishi_bus_identity_call_export_certificates_sync(object, &pem, NULL, error))
        return meishi_client_failed(error);
    test->chain = meishi_pem_to_chain(pem, error);
    test->label = g_strdup(meishi_card_text(card, "Label"));
    test->key_uri = g_strconcat(meishi_card_text(card, "Uri"), ";type=private", NULL);
    return test->chain != NULL;
}

static GPtrArray *
chain_of(const MeishiSelection *selection)
{
    g_autoptr(GVariant) list =
        g_variant_lookup_value(selection->details, "chain", G_VARIANT_TYPE("aay"));
    GPtrArray *chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (gsize i = 0; list != NULL && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) der = g_variant_get_child_value(list, i);

        g_ptr_array_add(chain, g_variant_get_data_as_bytes(der));
    }
    return chain;
}

/* None is an answer here; that a person or policy stands before it is not. */
static gboolean
take_selected(Test *test, MeishiClient *client, GError **error)
{
    const MeishiSelecting what = {
        .target = test->target,
        .constraints = meishi_probe_constraints(test->before, options.insecure),
        .may_ask = !options.no_prompt,
    };
    g_autoptr(GError) cause = NULL;

    test->selection = meishi_selecting_select(client, &what, error);
    if (test->selection == NULL)
        return FALSE;
    if (meishi_selection_check(test->selection, test->target, &cause)) {
        test->label = g_strdup(meishi_selection_text(test->selection, "label"));
        test->key_uri = g_strdup(meishi_selection_text(test->selection, "key-uri"));
        test->chain = chain_of(test->selection);
    } else if (!g_error_matches(cause, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NONE)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return TRUE;
}

/* ---- the trial ------------------------------------------------------------------------------- */

static gboolean
send_chosen(Test *test, GError **error)
{
    if (test->chain == NULL)
        return TRUE;
    test->call.chain = test->chain;
    test->call.key_uri = test->key_uri;
    test->call.module = options.module != NULL ? options.module : MEISHI_MODULE;
    test->call.require_trust = !options.insecure;
    test->after = meishi_tls_run(&test->call, error);
    if (test->after == NULL)
        return FALSE;
    return test->after->outcome != MEISHI_TLS_UNTRUSTED ||
           fail_untrusted(test, test->after->trust_text, error);
}

static void
tell_daemon(const Test *test, MeishiClient *client, const MeishiTrial *trial)
{
    guint8 alert;
    const char *outcome = meishi_trial_outcome(trial, &alert);

    if (outcome != NULL && test->selection != NULL && !options.no_report)
        meishi_selecting_report(client, test->selection, outcome, alert);
}

static void
print_json(const MeishiTrial *trial)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_trial_to_json(trial, json);
    json_builder_end_object(json);
    meishi_json_print(json);
}

/* @client: NULL where the daemon was not needed. */
static gboolean
conclude(const Test *test, MeishiClient *client, GError **error)
{
    const MeishiTrial trial = {.target = test->target,
                               .label = test->label,
                               .selection = test->selection,
                               .before = test->before,
                               .after = test->after};
    g_autofree char *text = meishi_trial_text(&trial);

    if (client != NULL)
        tell_daemon(test, client, &trial);
    if (meishi_command_json())
        print_json(&trial);
    else
        g_print("%s\n", text);
    return meishi_trial_check(meishi_trial_judge(&trial), error);
}

static gboolean
run_test(Test *test, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    gboolean ok;

    if (!learn(test, error))
        return FALSE;
    if (test->before->request == NULL)
        return conclude(test, NULL, error);
    client = meishi_client_connect(TRUE, error);
    if (client == NULL)
        return FALSE;
    ok = options.identity != NULL ? take_named(test, client, error)
                                  : take_selected(test, client, error);
    return ok && send_chosen(test, error) && conclude(test, client, error);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiTarget) target = meishi_target_parse(args[0], error);
    g_auto(Test) test = {.target = target, .call = {.target = target}};

    return target != NULL && meishi_tls_option_apply(&options.tls, &test.call, error) &&
           meishi_crypto_init(error) && run_test(&test, error);
}

const MeishiCommand meishi_command_test = {
    .name = "test",
    .usage = "HOST[:PORT]|URL",
    .summary = "Try whether a server takes what it would be given",
    .text = "Asks the server what it wants, chooses as for any program, shakes hands with what was "
            "chosen, and says whether the server took it. The daemon learns from the result, as it "
            "does from programs that report theirs.",
    .example = "meishi test https://git.example.com:8443/\n"
               "meishi test imap://mail.example.com --identity alice",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
