/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/server/status.h"

#include "daemon/base/error.h"

#include <gio/gio.h>

/* What a client can act on keeps its meaning; everything else is FAILED, on purpose. */
static const struct {
    MeishiErrorCode code;
    enum meishi_wire_status status;
} rows[] = {
    {MEISHI_ERROR_FAILED, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_INVALID_ARGUMENT, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_NOT_FOUND, MEISHI_WIRE_NO_OBJECT},
    {MEISHI_ERROR_EXISTS, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_NO_VAULT, MEISHI_WIRE_NO_OBJECT},
    {MEISHI_ERROR_LOCKED, MEISHI_WIRE_LOCKED},
    {MEISHI_ERROR_WRONG_SECRET, MEISHI_WIRE_BAD_PIN},
    {MEISHI_ERROR_PASSWORD_REQUIRED, MEISHI_WIRE_LOCKED},
    {MEISHI_ERROR_WRONG_PASSWORD, MEISHI_WIRE_BAD_PIN},
    {MEISHI_ERROR_BAD_FILE, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_UNSUPPORTED, MEISHI_WIRE_BAD_MECHANISM},
    {MEISHI_ERROR_TOO_EXPENSIVE, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_KEY_MISMATCH, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_DENIED, MEISHI_WIRE_DENIED},
    {MEISHI_ERROR_NOT_PERMITTED, MEISHI_WIRE_NOT_PERMITTED},
    {MEISHI_ERROR_MECHANISM, MEISHI_WIRE_BAD_MECHANISM},
    {MEISHI_ERROR_PARAM, MEISHI_WIRE_BAD_PARAM},
    {MEISHI_ERROR_KEY_TYPE, MEISHI_WIRE_KEY_TYPE},
    {MEISHI_ERROR_BAD_DATA, MEISHI_WIRE_BAD_DATA},
    {MEISHI_ERROR_DATA_LENGTH, MEISHI_WIRE_DATA_LENGTH},
    {MEISHI_ERROR_BAD_SIGNATURE, MEISHI_WIRE_BAD_SIGNATURE},
    {MEISHI_ERROR_SIGNATURE_LENGTH, MEISHI_WIRE_SIGNATURE_LENGTH},
    {MEISHI_ERROR_CORRUPT, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_NEWER_VERSION, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_PERMISSIONS, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_NO_SPACE, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_IO, MEISHI_WIRE_FAILED},
    {MEISHI_ERROR_UNAVAILABLE, MEISHI_WIRE_LOCKED},
    {MEISHI_ERROR_TIMEOUT, MEISHI_WIRE_TIMEOUT},
    {MEISHI_ERROR_CANCELLED, MEISHI_WIRE_CANCELLED},
    {MEISHI_ERROR_BUSY, MEISHI_WIRE_BUSY},
};

/* A new code needs a row here, and one in the table under test, where a missing one would read
 * as OK. */
static void
test_every_code(void)
{
    G_STATIC_ASSERT(G_N_ELEMENTS(rows) == MEISHI_ERROR_N);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = g_error_new_literal(MEISHI_ERROR, rows[i].code, "x");

        g_assert_cmpint(rows[i].code, ==, i);
        g_assert_cmpint(meishi_status_from_error(error), ==, rows[i].status);
        g_assert_cmpint(meishi_status_from_error(error), !=, MEISHI_WIRE_OK);
    }
}

static void
test_other_domains(void)
{
    g_autoptr(GError) cancelled = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
    g_autoptr(GError) late = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "x");
    g_autoptr(GError) other = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "x");
    g_autoptr(GError) strange = g_error_new_literal(MEISHI_ERROR, MEISHI_ERROR_N, "x");

    g_assert_cmpint(meishi_status_from_error(cancelled), ==, MEISHI_WIRE_CANCELLED);
    g_assert_cmpint(meishi_status_from_error(late), ==, MEISHI_WIRE_TIMEOUT);
    g_assert_cmpint(meishi_status_from_error(other), ==, MEISHI_WIRE_FAILED);
    g_assert_cmpint(meishi_status_from_error(strange), ==, MEISHI_WIRE_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server/status/every-code", test_every_code);
    g_test_add_func("/server/status/other-domains", test_other_domains);
    return g_test_run();
}
