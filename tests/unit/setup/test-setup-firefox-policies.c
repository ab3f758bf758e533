/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/firefox-policies.c: merged into what an administrator has, in either form.
 */
#include "cli/setup/firefox-policies.h"

#include "cli/policy-json.h"
#include "daemon/base/error.h"

#include <string.h>

#define MODULE "/usr/lib/pkcs11/meishi-pkcs11.so"
#define OLD    "/opt/meishi-pkcs11.so"

/* JSON with apostrophes, which are easier to read here. */
static const struct {
    const char *before, *after, *removed, *found;
} rows[] = {
    {"", "{'policies':{'SecurityDevices':{'Add':{'Meishi':'" MODULE "'}}}}", "{}", NULL},
    {"{}", "{'policies':{'SecurityDevices':{'Add':{'Meishi':'" MODULE "'}}}}", "{}", NULL},
    {"{'policies':{'BlockAboutConfig':true},'x':[1,2.5,null]}",
     "{'policies':{'BlockAboutConfig':true,'SecurityDevices':{'Add':{'Meishi':'" MODULE
     "'}}},'x':[1,2.5,null]}",
     "{'policies':{'BlockAboutConfig':true},'x':[1,2.5,null]}", NULL},
    {"{'policies':{'SecurityDevices':{'Add':{'Card':'/c.so'},'Delete':['Old']}}}",
     "{'policies':{'SecurityDevices':{'Add':{'Card':'/c.so','Meishi':'" MODULE
     "'},'Delete':['Old']}}}",
     "{'policies':{'SecurityDevices':{'Add':{'Card':'/c.so'},'Delete':['Old']}}}", NULL},
    {"{'policies':{'SecurityDevices':{'Delete':['Old']}}}",
     "{'policies':{'SecurityDevices':{'Delete':['Old'],'Add':{'Meishi':'" MODULE "'}}}}",
     "{'policies':{'SecurityDevices':{'Delete':['Old']}}}", NULL},
    /* the old form stays */
    {"{'policies':{'SecurityDevices':{'Card':'/c.so'}}}",
     "{'policies':{'SecurityDevices':{'Card':'/c.so','Meishi':'" MODULE "'}}}",
     "{'policies':{'SecurityDevices':{'Card':'/c.so'}}}", NULL},
    /* ours, under another name and of another prefix */
    {"{'policies':{'SecurityDevices':{'Add':{'A':'" OLD "','B':'/b.so','C':'" OLD "'}}}}",
     "{'policies':{'SecurityDevices':{'Add':{'B':'/b.so','Meishi':'" MODULE "'}}}}",
     "{'policies':{'SecurityDevices':{'Add':{'B':'/b.so'}}}}", OLD},
    {"{'policies':{'SecurityDevices':{'Add':{'Meishi':'" MODULE "'}}}}",
     "{'policies':{'SecurityDevices':{'Add':{'Meishi':'" MODULE "'}}}}", "{}", MODULE},
};

static char *
quote(const char *text)
{
    return g_strdelimit(g_strdup(text), "'", '"');
}

static void
assert_json(const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = meishi_policy_json_parse(text, strlen(text), &error);
    g_autofree char *compact = node != NULL ? meishi_policy_json_format(node, FALSE) : NULL;
    g_autofree char *wanted = quote(expected);

    g_assert_no_error(error);
    g_assert_cmpstr(compact, ==, wanted);
}

static void
test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *before = quote(rows[i].before);
        g_autofree char *added = meishi_firefox_policies_add(before, MODULE, &error);
        g_autofree char *again = meishi_firefox_policies_add(added, MODULE, &error);
        g_autofree char *removed = meishi_firefox_policies_remove(before, &error);
        g_autofree char *found = NULL;

        g_assert_no_error(error);
        assert_json(added, rows[i].after);
        g_assert_cmpstr(again, ==, added);
        assert_json(removed, rows[i].removed);
        g_assert_true(meishi_firefox_policies_find(before, &found, &error));
        g_assert_cmpstr(found, ==, rows[i].found);
    }
}

/* An escape that json-glib knows and JSON does not; what would be written is no text. */
static void
test_escape(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_firefox_policies_add("{\"a\":\"\\274\"}", MODULE, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
}

static void
test_refused(void)
{
    static const char *const bad[] = {
        "{",
        "[]",
        "\"policies\"",
        "{'policies':[]}",
        "{'policies':{'SecurityDevices':'x'}}",
        "{'policies':{'SecurityDevices':{'Add':['x']}}}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) other = NULL;
        g_autofree char *text = quote(bad[i]);
        g_autofree char *added = meishi_firefox_policies_add(text, MODULE, &error);
        g_autofree char *found = NULL;

        g_assert_null(added);
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
        g_assert_false(meishi_firefox_policies_find(text, &found, &other));
        g_assert_error(other, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firefox-policies/rows", test_rows);
    g_test_add_func("/firefox-policies/escape", test_escape);
    g_test_add_func("/firefox-policies/refused", test_refused);
    return g_test_run();
}
