/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/selection.c: each result of a selection has its exit status and says what to do.
 */
#include "cli/selection.h"

#include "cli/error.h"

#include <string.h>

static MeishiSelection *
sample(const char *details)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) parsed =
        g_variant_parse(G_VARIANT_TYPE_VARDICT, details, NULL, NULL, &error);

    g_assert_no_error(error);
    return meishi_selection_new(parsed);
}

static MeishiTarget *
sample_target(void)
{
    g_autoptr(GError) error = NULL;
    MeishiTarget *target = meishi_target_parse("git.example.com:8443", &error);

    g_assert_no_error(error);
    return target;
}

#define QUESTION                                                                \
    ", 'question': <{'candidates': <[{'label': <'Hana Sato'>, 'kind': <'ok'>}," \
    "{'label': <'work'>, 'kind': <'ok'>}, {'label': <'Old'>, 'kind': <'soft'>}]>}>"

static const struct {
    const char *details;
    int status;
    const char *says;
} rows[] = {
    {"{'result': <uint32 0>}", 0, NULL},
    {"{'result': <uint32 1>, 'code': <'NO_CANDIDATE'>, 'row': <'nothing fits'>}", 10,
     "No certificate is to be sent to git.example.com:8443: no identity fits. `meishi why "
     "git.example.com:8443` tells more."},
    {"{'result': <uint32 1>, 'code': <'UNVERIFIED'>, 'row': <'final'>}", 10,
     ": the server is not verified. "},
    {"{'result': <uint32 1>, 'code': <'OK'>, 'row': <'chosen before'>}", 10, ": chosen before. "},
    {"{'result': <uint32 4>, 'row': <'denied'>}", 12, ": denied."},
    {"{'result': <uint32 1>, 'row': <'policy'>, 'rule': <'rule r (f:1, admin)'>}", 10,
     "policy; rule r (f:1, admin). "},
    {"{'result': <uint32 1>, 'code': <'NEEDS_USER'>}", 11, "is for a person to say. "},
    {"{'result': <uint32 2>}", 11, "Nothing was chosen."},
    {"{'result': <uint32 3>}", 11, "before the connection is really made"},
    {"{'result': <uint32 4>, 'row': <'denied'>, 'rule': <'rule r (f:1, admin)'>}", 12,
     "Policy forbids a certificate for git.example.com:8443: rule r (f:1, admin)."},
    {"{'result': <uint32 5>" QUESTION "}", 11, "nobody answered in time"},
    {"{'result': <uint32 6>" QUESTION "}", 11,
     "there is nobody to ask. Settle it with:\n"
     "  meishi choices set git.example.com:8443 --use 'Hana Sato'\n"
     "or --use 'work'\n"
     "or send none:\n"
     "  meishi choices set git.example.com:8443 --none"},
    {"{'result': <uint32 6>}", 11, "--use NAME"},
    {"{'result': <uint32 6>, 'question': <{'candidates': <[{'label': <'a\033b'>}]>}>}", 11,
     "--use NAME"},
    {"{'result': <uint32 7>}", 11, "broken off"},
    {"{'result': <uint32 8>}", 11, "is for a person to say. "},
    {"{'result': <uint32 99>}", 11, "this version does not know"},
    {"@a{sv} {}", 10, "No certificate is to be sent"},
    {"{'result': <'zero'>}", 10, "No certificate is to be sent"},
};

static void
test_check(void)
{
    g_autoptr(MeishiTarget) target = sample_target();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiSelection) selection = sample(rows[i].details);
        g_autoptr(GError) error = NULL;
        gboolean ok = meishi_selection_check(selection, target, &error);

        g_test_message("%s", rows[i].details);
        g_assert_true(ok == (rows[i].status == 0));
        if (ok)
            continue;
        g_assert_cmpint(meishi_error_exit_status(error), ==, rows[i].status);
        g_assert_nonnull(strstr(error->message, rows[i].says));
    }
}

static void
test_quietly(void)
{
    g_autoptr(MeishiTarget) target = sample_target();
    g_autoptr(MeishiSelection) selection = sample("{'result': <uint32 4>}");
    g_autoptr(GError) error = NULL;

    g_assert_false(meishi_selection_check_quietly(selection, target, &error));
    g_assert_cmpint(meishi_error_exit_status(error), ==, 12);
    g_assert_cmpstr(error->message, ==, "");
}

static JsonObject *
to_json(const MeishiSelection *selection, const MeishiTarget *target, JsonParser *parser)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    json_builder_begin_object(json);
    meishi_selection_to_json(selection, target, json);
    json_builder_end_object(json);
    text = meishi_json_format(json);
    g_assert_true(json_parser_load_from_data(parser, text, -1, &error));
    return json_node_get_object(json_parser_get_root(parser));
}

static void
test_json(void)
{
    g_autoptr(MeishiTarget) target = sample_target();
    g_autoptr(MeishiSelection) selection =
        sample("{'result': <uint32 0>, 'result-name': <'selected'>, 'code': <'OK'>, 'choice': "
               "<int64 7>, 'uri': <'pkcs11:x'>, 'chain': <[b'ab', b'c']>, 'schemes': <[uint16 "
               "0x0403, 0x804]>, 'will-confirm': <true>}");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = to_json(selection, target, parser);
    JsonArray *chain = json_object_get_array_member(object, "chain");
    JsonArray *schemes = json_object_get_array_member(object, "schemes");

    g_assert_cmpstr(json_object_get_string_member(object, "result"), ==, "selected");
    g_assert_cmpstr(json_object_get_string_member(object, "uri"), ==, "pkcs11:x");
    g_assert_cmpint(json_object_get_int_member(object, "choice"), ==, 7);
    g_assert_true(json_object_get_boolean_member(object, "will_confirm"));
    g_assert_true(json_object_get_null_member(object, "rule"));
    g_assert_cmpuint(json_array_get_length(chain), ==, 2);
    g_assert_cmpstr(json_array_get_string_element(chain, 0), ==, "YWIA");
    g_assert_cmpstr(json_array_get_string_element(schemes, 1), ==, "0x0804");
    g_assert_cmpint(
        json_object_get_int_member(json_object_get_object_member(object, "target"), "port"), ==,
        8443);
}

static void
test_unasked(void)
{
    g_autoptr(MeishiTarget) target = sample_target();
    g_autoptr(MeishiSelection) selection = meishi_selection_new_unasked();
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = to_json(selection, target, parser);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(json_object_get_string_member(object, "code"), ==, "NOT_ASKED");
    g_assert_false(meishi_selection_check(selection, target, &error));
    g_assert_cmpint(meishi_error_exit_status(error), ==, 10);
    g_assert_nonnull(strstr(error->message, "it does not ask for one here"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/selection/check", test_check);
    g_test_add_func("/cli/selection/quietly", test_quietly);
    g_test_add_func("/cli/selection/json", test_json);
    g_test_add_func("/cli/selection/unasked", test_unasked);
    return g_test_run();
}
