/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/card.c and json.c: the documented keys, and nulls where nothing is known.
 */
#include "cli/json.h"
#include "tests/unit/cli/sample-card.h"

static JsonObject *
to_object(const MeishiCard *card, JsonParser *parser)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    meishi_card_to_json(card, json);
    text = meishi_json_format(json);
    g_assert_true(g_str_has_suffix(text, "}\n"));
    json_parser_load_from_data(parser, text, -1, &error);
    g_assert_no_error(error);
    return json_node_get_object(json_parser_get_root(parser));
}

static void
test_json(void)
{
    g_autoptr(MeishiCard) card =
        sample_card("{'Id': <'ab'>, 'Label': <'q\"\\\\\\u0001名'>, 'NotAfter': <int64 1700000000>,"
                    " 'Warnings': <['expired']>, 'AllowRaw': <true>}");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = to_object(card, parser);

    g_assert_cmpstr(json_object_get_string_member(object, "label"), ==, "q\"\\\001名");
    g_assert_cmpstr(json_object_get_string_member(object, "not_after"), ==, "2023-11-14T22:13:20Z");
    g_assert_true(json_object_get_boolean_member(object, "allow_raw_rsa"));
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(object, "warnings")), ==,
                     1);
}

static void
test_json_of_nothing(void)
{
    g_autoptr(MeishiCard) card = sample_card("{}");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = to_object(card, parser);

    g_assert_true(json_object_get_null_member(object, "subject"));
    g_assert_true(json_object_get_null_member(object, "not_before"));
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(object, "chain")), ==, 0);
    g_assert_false(json_object_get_boolean_member(object, "allow_raw_rsa"));
    g_assert_cmpuint(json_object_get_size(object), ==, 30);
}

static void
test_successor(void)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_card_free);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *text = NULL;
    MeishiCard *old = sample_card("{'Id': <'1'>, 'Label': <'old'>, 'SupersededBy': <@o '/new'>}");
    MeishiCard *new =
        sample_card("{'Id': <'2'>, 'Label': <'n\\u0001ew'>, 'SupersededBy': <@o '/'>}");

    g_free(new->path);
    new->path = g_strdup("/new");
    g_ptr_array_add(cards, old);
    g_ptr_array_add(cards, new);
    meishi_card_link(cards);
    text = meishi_card_superseded(old);
    g_assert_cmpstr(text, ==, "superseded by “n\\u0001ew”");
    g_assert_null(meishi_card_superseded(new));
    g_assert_cmpstr(json_object_get_string_member(to_object(old, parser), "superseded_by"), ==,
                    "2");
    g_assert_true(json_object_get_null_member(to_object(new, parser), "superseded_by"));
}

/* A daemon of another version may send a property in another type. */
static void
test_wrong_types(void)
{
    g_autoptr(MeishiCard) card =
        sample_card("{'Label': <1>, 'NotAfter': <'x'>, 'Warnings': <'x'>, 'AllowRaw': <'x'>}");
    g_autofree const char **warnings = meishi_card_list(card, "Warnings");

    g_assert_cmpstr(meishi_card_text(card, "Label"), ==, "");
    g_assert_cmpint(meishi_card_number(card, "NotAfter"), ==, 0);
    g_assert_null(warnings[0]);
    g_assert_false(meishi_card_is(card, "AllowRaw"));
}

static void
test_order(void)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_card_free);

    g_ptr_array_add(cards, sample_card("{'Id': <'2'>, 'Label': <'b'>}"));
    g_ptr_array_add(cards, sample_card("{'Id': <'3'>, 'Label': <'a'>}"));
    g_ptr_array_add(cards, sample_card("{'Id': <'1'>, 'Label': <'b'>}"));
    g_ptr_array_sort(cards, meishi_card_compare);
    g_assert_cmpstr(meishi_card_text(cards->pdata[0], "Id"), ==, "3");
    g_assert_cmpstr(meishi_card_text(cards->pdata[1], "Id"), ==, "1");
    g_assert_cmpstr(meishi_card_text(cards->pdata[2], "Id"), ==, "2");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/card/json", test_json);
    g_test_add_func("/cli/card/json-of-nothing", test_json_of_nothing);
    g_test_add_func("/cli/card/wrong-types", test_wrong_types);
    g_test_add_func("/cli/card/successor", test_successor);
    g_test_add_func("/cli/card/order", test_order);
    return g_test_run();
}
