/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi list: every identity on one line.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/date.h"
#include "cli/json.h"
#include "cli/table.h"

/* The label is what the other commands take, the subject mostly says the same at greater length. */
static const MeishiColumn columns[] = {
    {"LABEL", 8, 2}, {"SUBJECT", 8, 0},      {"ISSUER", 8, 1}, {"KEY", 0, 0},
    {"WHERE", 0, 0}, {"VALID UNTIL", 10, 3}, {NULL, 0, 0},
};

/* One word beside the date: colour alone tells some people nothing. */
static char *
describe_validity(const MeishiCard *card, MeishiStyle *ret_style)
{
    g_autofree char *from = meishi_date_day(meishi_card_number(card, "NotBefore"));
    g_autofree char *until = meishi_date_day(meishi_card_number(card, "NotAfter"));

    *ret_style = MEISHI_STYLE_BAD;
    if (meishi_card_has_warning(card, "expired"))
        return g_strdup_printf("%s expired", until);
    if (meishi_card_has_warning(card, "not-yet-valid"))
        return g_strdup_printf("only from %s", from);
    *ret_style = MEISHI_STYLE_WARN;
    if (meishi_card_has_warning(card, "no-certificate"))
        return g_strdup("no certificate");
    if (meishi_card_has_warning(card, "expires-soon"))
        return g_strdup_printf("%s soon", until);
    *ret_style = MEISHI_STYLE_PLAIN;
    return g_steal_pointer(&until);
}

/* What has been renewed may end as it likes. */
static void
add_validity(MeishiTable *table, const MeishiCard *card)
{
    MeishiStyle style;
    g_autofree char *validity = describe_validity(card, &style);
    g_autofree char *superseded = meishi_card_superseded(card);
    g_autofree char *text =
        superseded != NULL ? g_strdup_printf("%s, %s", validity, superseded) : NULL;

    if (text != NULL)
        meishi_table_add_cell(table, text, MEISHI_STYLE_FAINT);
    else
        meishi_table_add_cell(table, validity, style);
}

/* A card by its name, as it stands on it. */
static void
add_place(MeishiTable *table, const MeishiCard *card)
{
    const char *token = meishi_card_text(card, "KeyToken");
    g_autofree char *absent = g_strdup_printf("%s, not inserted", token);

    if (token[0] == '\0')
        meishi_table_add_cell(table, meishi_card_text(card, "Location"), MEISHI_STYLE_PLAIN);
    else if (meishi_card_is(card, "Present"))
        meishi_table_add_cell(table, token, MEISHI_STYLE_PLAIN);
    else
        meishi_table_add_cell(table, absent, MEISHI_STYLE_FAINT);
}

static void
print_table(GPtrArray *cards)
{
    g_autoptr(MeishiTable) table = meishi_table_new(columns);

    for (guint i = 0; i < cards->len; i++) {
        const MeishiCard *card = cards->pdata[i];

        meishi_table_add_row(table);
        meishi_table_add_cell(table, meishi_card_text(card, "Label"), MEISHI_STYLE_PLAIN);
        meishi_table_add_cell(table, meishi_card_text(card, "Subject"), MEISHI_STYLE_PLAIN);
        meishi_table_add_cell(table, meishi_card_text(card, "IssuerName"), MEISHI_STYLE_PLAIN);
        meishi_table_add_cell(table, meishi_card_text(card, "Key"), MEISHI_STYLE_PLAIN);
        add_place(table, card);
        add_validity(table, card);
    }
    meishi_table_print(table);
}

static void
print_json(GPtrArray *cards)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_array(json);
    for (guint i = 0; i < cards->len; i++)
        meishi_card_to_json(cards->pdata[i], json);
    json_builder_end_array(json);
    meishi_json_print(json);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(GPtrArray) cards = client != NULL ? meishi_client_cards(client, error) : NULL;

    if (cards == NULL)
        return FALSE;
    if (meishi_command_json())
        print_json(cards);
    else if (cards->len > 0)
        print_table(cards);
    else
        g_printerr("There are no identities yet. Import one with `meishi import FILE`.\n");
    return TRUE;
}

const MeishiCommand meishi_command_list = {
    .name = "list",
    .usage = "",
    .summary = "List the identities",
    .text =
        "Lists every identity: a private key with, usually, its certificate. Those on cards that "
        "are not inserted now are listed too.",
    .example = "meishi list\nmeishi list --json | jq -r '.[].uri'",
    .run = run,
};
