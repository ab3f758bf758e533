/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was selected, for as long as it may be reported on.
 */
#include "daemon/agent/selection-log.h"
#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"

#include <string.h>
#include <unistd.h>

#define T0 G_GINT64_CONSTANT(1000000)

static MeishiRequest *
new_request(void)
{
    MeishiRequest *request = meishi_request_new();

    g_assert_true(meishi_host_parse("www.example.com", &request->host, NULL));
    request->port = 443;
    request->protocol = g_strdup("https");
    request->context = g_strdup("work");
    request->ca_names = g_ptr_array_new();
    request->shared_hosts = g_strsplit("a.example b.example", " ", -1);
    return request;
}

static MeishiApplication *
myself(void)
{
    g_autoptr(GError) error = NULL;
    MeishiApplication *application = meishi_application_new(getpid(), -1, &error);

    g_assert_no_error(error);
    return application;
}

static char *
add(MeishiSelectionLog *log, const MeishiRequest *request, MeishiApplication *application,
    gint64 now)
{
    return g_strdup(meishi_selection_log_add(log, request, application, "hana", 7, now)->id);
}

static void
assert_unknown(MeishiSelectionLog *log, const MeishiApplication *application, const char *id,
               gint64 now)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_selection_log_find(log, application, id, now, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static void
test_found(void)
{
    g_autoptr(MeishiSelectionLog) log = meishi_selection_log_new();
    g_autoptr(MeishiRequest) request = new_request();
    g_autoptr(MeishiApplication) me = myself();
    g_autofree char *id = add(log, request, me, T0);
    g_autoptr(GError) error = NULL;
    const MeishiSelection *found = meishi_selection_log_find(log, me, id, T0 + 3599, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(id), ==, 32);
    g_assert_cmpstr(found->identity, ==, "hana");
    g_assert_cmpint(found->choice_id, ==, 7);
    g_assert_cmpstr(found->request->host.text, ==, "www.example.com");
    g_assert_cmpuint(found->request->port, ==, 443);
    g_assert_cmpstr(found->request->protocol, ==, "https");
    g_assert_cmpstr(found->request->context, ==, "work");
    g_assert_true(found->request->ca_names == request->ca_names);
}

/* What servers and programs list is kept of the latest alone: it may be much. */
static void
test_lists(void)
{
    g_autoptr(MeishiSelectionLog) log = meishi_selection_log_new();
    g_autoptr(MeishiRequest) request = new_request();
    g_autoptr(MeishiApplication) me = myself();
    char *ids[MEISHI_SELECTION_MAX_LISTS + 2];

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        ids[i] = add(log, request, me, T0);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        const MeishiSelection *found = meishi_selection_log_find(log, me, ids[i], T0, NULL);

        g_assert_cmpstr(found->request->host.text, ==, "www.example.com");
        g_assert_cmpint(found->request->ca_names != NULL, ==, i >= 2);
        g_assert_cmpint(found->request->shared_hosts != NULL, ==, i >= 2);
        g_free(ids[i]);
    }
}

static void
test_an_hour(void)
{
    g_autoptr(MeishiSelectionLog) log = meishi_selection_log_new();
    g_autoptr(MeishiRequest) request = new_request();
    g_autoptr(MeishiApplication) me = myself();
    g_autofree char *id = add(log, request, me, T0);

    assert_unknown(log, me, id, T0 + 3600);
    g_free(add(log, request, me, T0 + 3600));
    assert_unknown(log, me, id, T0);
}

static void
test_foreign(void)
{
    g_autoptr(MeishiSelectionLog) log = meishi_selection_log_new();
    g_autoptr(MeishiRequest) request = new_request();
    g_autoptr(MeishiApplication) me = myself();
    g_autoptr(MeishiApplication) unknown = meishi_application_new_unknown();
    g_autofree char *id = add(log, request, me, T0);
    g_autofree char *nobodys = add(log, request, unknown, T0);

    assert_unknown(log, unknown, id, T0);
    assert_unknown(log, unknown, nobodys, T0);
    assert_unknown(log, me, nobodys, T0);
    assert_unknown(log, me, "", T0);
}

static void
test_bounded(void)
{
    g_autoptr(MeishiSelectionLog) log = meishi_selection_log_new();
    g_autoptr(MeishiRequest) request = new_request();
    g_autoptr(MeishiApplication) me = myself();
    g_autofree char *first = add(log, request, me, T0);
    g_autofree char *second = add(log, request, me, T0);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < MEISHI_SELECTION_MAX - 1; i++)
        g_free(add(log, request, me, T0));
    assert_unknown(log, me, first, T0);
    g_assert_nonnull(meishi_selection_log_find(log, me, second, T0, &error));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    g_test_add_func("/selection-log/found", test_found);
    g_test_add_func("/selection-log/lists", test_lists);
    g_test_add_func("/selection-log/an-hour", test_an_hour);
    g_test_add_func("/selection-log/foreign", test_foreign);
    g_test_add_func("/selection-log/bounded", test_bounded);
    return g_test_run();
}
