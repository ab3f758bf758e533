/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi status: is everything well, and what needs attention.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/date.h"
#include "cli/json.h"
#include "cli/old-copies.h"
#include "cli/policy-state.h"
#include "cli/slots.h"
#include "cli/style.h"
#include "cli/text.h"
#include "daemon/base/paths.h"

#include <unistd.h>

typedef struct {
    MeishiClient *client;
    GPtrArray *cards;
    guint n_clients;
    gboolean is_replaced; /* the daemon's program, by an upgrade */
    char *bus_socket;
    MeishiPolicyState policy;
    char **copies; /* see old-copies.h */
} Status;

static void
print_line(const char *name, MeishiStyle style, const char *value)
{
    g_autofree char *clean = meishi_text_clean(value);

    g_print("%-12s%s%s%s\n", name, meishi_style_on(style, STDOUT_FILENO), clean,
            meishi_style_off(style, STDOUT_FILENO));
}

static guint
count_warning(const Status *status, const char *warning)
{
    guint n = 0;

    for (guint i = 0; i < status->cards->len; i++)
        n += meishi_card_has_warning(status->cards->pdata[i], warning) ? 1 : 0;
    return n;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void
print_daemon(const Status *status)
{
    g_autofree char *text = g_strdup_printf("version %s, process %u",
                                            meishi_bus_manager_get_version(status->client->manager),
                                            meishi_bus_manager_get_pid(status->client->manager));

    print_line("Daemon", MEISHI_STYLE_PLAIN, text);
    print_line("", MEISHI_STYLE_FAINT, status->bus_socket);
    if (status->is_replaced)
        print_line("", MEISHI_STYLE_WARN,
                   "was started before an upgrade; `systemctl --user restart meishid.service`, or "
                   "ending the process, makes room for the new one");
}

static void
print_vault(const Status *status)
{
    MeishiBusVault *vault = status->client->vault;
    const char *state = meishi_bus_vault_get_state(vault);
    g_autofree char *slots = meishi_slots_summary(meishi_bus_vault_get_slots(vault));
    g_autofree char *text = NULL;

    if (g_strcmp0(state, "absent") == 0) {
        print_line("Vault", MEISHI_STYLE_PLAIN, "none yet; the first `meishi import` makes it");
        return;
    }
    text = g_strdup_printf("%s; opened by %s", state, slots);
    print_line("Vault", g_strcmp0(state, "locked") == 0 ? MEISHI_STYLE_WARN : MEISHI_STYLE_GOOD,
               text);
    print_line("", MEISHI_STYLE_FAINT,
               meishi_bus_manager_get_store_directory(status->client->manager));
    for (char **copy = status->copies; *copy != NULL; copy++) {
        print_line("", MEISHI_STYLE_WARN, *copy);
        print_line("", MEISHI_STYLE_PLAIN, MEISHI_OLD_COPIES_IS " and " MEISHI_OLD_COPIES_MEANS);
    }
}

static void
print_counts(const Status *status)
{
    guint expired = count_warning(status, "expired");
    g_autoptr(GString) text = g_string_new(NULL);

    if (status->cards->len == 0)
        g_string_append(text, "none");
    else
        g_string_append_printf(text, "%u", status->cards->len);
    if (expired > 0)
        g_string_append_printf(text, ", %u of them expired", expired);
    print_line("Identities", MEISHI_STYLE_PLAIN, text->str);
}

static void
print_connections(const Status *status)
{
    g_autofree char *text = status->n_clients > 0
                                ? g_strdup_printf("%u connected", status->n_clients)
                                : g_strdup("none connected");

    print_line("Programs", MEISHI_STYLE_PLAIN, text);
    print_line("", MEISHI_STYLE_FAINT,
               meishi_bus_manager_get_module_socket(status->client->manager));
}

static void
print_policy(const Status *status)
{
    const MeishiPolicyState *policy = &status->policy;
    g_autofree char *text = meishi_policy_state_text(policy);
    MeishiStyle style = policy->has_failed || policy->n_errors > 0 ? MEISHI_STYLE_BAD
                        : policy->n_warnings > 0                   ? MEISHI_STYLE_WARN
                                                                   : MEISHI_STYLE_PLAIN;

    print_line("Policy", style, text);
}

/* Each is a token of its own; its URI is what goes into the configuration of a program. */
static void
print_roles(const Status *status)
{
    const char *name = "Roles";

    for (gsize i = 0; i < g_variant_n_children(status->policy.roles); i++) {
        g_autoptr(GVariant) role = g_variant_get_child_value(status->policy.roles, i);
        const char *holds = meishi_policy_state_role_label(role, status->cards);
        const char *label = "", *uri = "";
        g_autofree char *text = NULL;

        g_variant_lookup(role, "label", "&s", &label);
        g_variant_lookup(role, "uri", "&s", &uri);
        text = g_strdup_printf("%s: %s", label, holds != NULL ? holds : "nothing at the moment");
        print_line(name, MEISHI_STYLE_PLAIN, text);
        print_line("", MEISHI_STYLE_FAINT, uri);
        name = "";
    }
}

static void
print_attention(const Status *status, const char *warning, MeishiStyle style)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    for (guint i = 0; i < status->cards->len; i++) {
        const MeishiCard *card = status->cards->pdata[i];
        gint64 not_after = meishi_card_number(card, "NotAfter");
        g_autofree char *quoted = meishi_card_quoted(card);
        g_autofree char *day = meishi_date_day(not_after);
        g_autofree char *distance = meishi_date_distance(not_after, now);

        if (meishi_card_has_warning(card, warning))
            g_print("%s%s %s %s (%s).%s\n", meishi_style_on(style, STDOUT_FILENO), quoted,
                    not_after < now ? "expired on" : "expires on", day, distance,
                    meishi_style_off(style, STDOUT_FILENO));
    }
}

static void
print_status(const Status *status)
{
    print_daemon(status);
    print_vault(status);
    print_counts(status);
    print_connections(status);
    print_policy(status);
    print_roles(status);
    if (count_warning(status, "expired") + count_warning(status, "expires-soon") == 0)
        return;
    g_print("\n");
    print_attention(status, "expired", MEISHI_STYLE_BAD);
    print_attention(status, "expires-soon", MEISHI_STYLE_WARN);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void
add_attention(const Status *status, JsonBuilder *json, const char *member, const char *warning)
{
    json_builder_set_member_name(json, member);
    json_builder_begin_array(json);
    for (guint i = 0; i < status->cards->len; i++) {
        const MeishiCard *card = status->cards->pdata[i];

        if (!meishi_card_has_warning(card, warning))
            continue;
        json_builder_begin_object(json);
        meishi_json_member(json, "id", meishi_card_text(card, "Id"));
        meishi_json_member(json, "label", meishi_card_text(card, "Label"));
        json_builder_set_member_name(json, "not_after");
        meishi_json_date(json, meishi_card_number(card, "NotAfter"));
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void
print_json(const Status *status)
{
    MeishiClient *client = status->client;
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_member(json, "version", meishi_bus_manager_get_version(client->manager));
    meishi_json_number_member(json, "pid", meishi_bus_manager_get_pid(client->manager));
    json_builder_set_member_name(json, "replaced");
    json_builder_add_boolean_value(json, status->is_replaced);
    meishi_json_member(json, "store", meishi_bus_manager_get_store_directory(client->manager));
    meishi_json_member(json, "module_socket",
                       meishi_bus_manager_get_module_socket(client->manager));
    meishi_json_member(json, "bus_socket", status->bus_socket);
    meishi_json_member(json, "vault", meishi_bus_vault_get_state(client->vault));
    json_builder_set_member_name(json, "old_copies");
    meishi_json_list(json, (const char *const *)status->copies);
    json_builder_set_member_name(json, "slots");
    meishi_slots_to_json(meishi_bus_vault_get_slots(client->vault), json);
    meishi_json_number_member(json, "clients", status->n_clients);
    meishi_json_number_member(json, "identities", status->cards->len);
    add_attention(status, json, "expired", "expired");
    add_attention(status, json, "expiring", "expires-soon");
    meishi_policy_state_to_json(&status->policy, status->cards, json);
    json_builder_end_object(json);
    meishi_json_print(json);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean
gather(Status *status, GError **error)
{
    g_autoptr(GVariant) values = NULL;

    status->cards = meishi_client_cards(status->client, error);
    if (status->cards == NULL)
        return FALSE;
    if (!meishi_bus_manager_call_statistics_sync(status->client->manager, &values, NULL, error))
        return meishi_client_failed(error);
    g_variant_lookup(values, "clients", "u", &status->n_clients);
    g_variant_lookup(values, "replaced", "b", &status->is_replaced);
    status->copies =
        meishi_old_copies_find(meishi_bus_manager_get_store_directory(status->client->manager));
    return meishi_policy_state_read(status->client, &status->policy, error);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autofree char *bus_socket = meishi_paths_bus_socket();
    Status status = {.client = client, .bus_socket = bus_socket};
    gboolean ok = client != NULL && gather(&status, error);

    if (ok && meishi_command_json())
        print_json(&status);
    else if (ok)
        print_status(&status);
    g_clear_pointer(&status.cards, g_ptr_array_unref);
    g_strfreev(status.copies);
    meishi_policy_state_clear(&status.policy);
    return ok;
}

const MeishiCommand meishi_command_status = {
    .name = "status",
    .usage = "",
    .summary = "Show how daemon, vault and policy are",
    .text = "Shows the daemon, the vault and what opens it, how many programs are connected, how "
            "policy stands, the tokens of its roles with their URIs, and which certificates have "
            "expired or will within 30 days.",
    .example = "meishi status",
    .run = run,
};
