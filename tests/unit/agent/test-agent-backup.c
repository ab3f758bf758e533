/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backup file: what goes in comes out, and nothing comes out of a file that was touched.
 */
#include "daemon/agent/backup.h"

#include "daemon/agent/slot-make.h"
#include "daemon/base/error.h"

#include <string.h>

#define HEADER_LEN 52

static MeishiSecret *
passphrase(const char *text)
{
    return meishi_secret_new_copy(text, strlen(text));
}

static GBytes *
write_sample(void)
{
    g_autoptr(GBytes) image = g_bytes_new_static("an image of the store", 21);
    g_autoptr(GBytes) id = g_bytes_new_static("0123456789abcdef", 16);
    g_autoptr(MeishiSecret) key = passphrase("0123456789abcdef0123456789abcdef");
    g_autoptr(MeishiSecret) secret = passphrase("open");
    const MeishiBackup backup = {image, id, key};
    g_autoptr(GError) error = NULL;
    GBytes *file = meishi_backup_write(&backup, secret, &error);

    g_assert_no_error(error);
    return file;
}

static void
test_round_trip(void)
{
    g_autoptr(GBytes) file = write_sample();
    g_autoptr(GBytes) second = write_sample();
    g_autoptr(MeishiSecret) secret = passphrase("open");
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBackup) backup = meishi_backup_read(file, secret, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(backup->image, NULL), g_bytes_get_size(backup->image),
                    "an image of the store", 21);
    g_assert_cmpmem(g_bytes_get_data(backup->vault_id, NULL), 16, "0123456789abcdef", 16);
    g_assert_cmpmem(meishi_secret_data(backup->vault_key), 32, "0123456789abcdef0123456789abcdef",
                    32);
    g_assert_false(g_bytes_equal(file, second)); /* another salt, another nonce */
    g_assert_cmpmem(g_bytes_get_data(file, NULL), 16, "MEISHI BACKUP 1\n", 16);
    meishi_backup_free(NULL);
}

static void
assert_refused(GBytes *file, const char *text, MeishiErrorCode code)
{
    g_autoptr(MeishiSecret) secret = passphrase(text);
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_backup_read(file, secret, &error));
    g_assert_error(error, MEISHI_ERROR, (gint)code);
}

static GBytes *
with_byte(GBytes *file, gsize offset, guint8 value)
{
    gsize len = g_bytes_get_size(file);
    guint8 *copy = g_memdup2(g_bytes_get_data(file, NULL), len);

    copy[offset] = value;
    return g_bytes_new_take(copy, len);
}

static void
test_touched(void)
{
    static const struct {
        gsize offset;
        guint8 value;
        MeishiErrorCode code;
    } rows[] = {
        {0, 'm', MEISHI_ERROR_BAD_FILE},  {14, '2', MEISHI_ERROR_NEWER_VERSION},
        {16, 200, MEISHI_ERROR_BAD_FILE}, {16, 10, MEISHI_ERROR_WRONG_SECRET},
        {17, 0, MEISHI_ERROR_BAD_FILE},   {18, 99, MEISHI_ERROR_BAD_FILE},
        {19, 1, MEISHI_ERROR_BAD_FILE},   {HEADER_LEN + 30, 0x55, MEISHI_ERROR_WRONG_SECRET},
    };
    g_autoptr(GBytes) file = write_sample();

    assert_refused(file, "shut", MEISHI_ERROR_WRONG_SECRET);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) changed = with_byte(file, rows[i].offset, rows[i].value);

        g_test_message("byte %" G_GSIZE_FORMAT, rows[i].offset);
        assert_refused(changed, "open", rows[i].code);
    }
}

static void
test_truncated(void)
{
    g_autoptr(GBytes) file = write_sample();
    g_autoptr(GBytes) cut = NULL;

    for (gsize len = 0; len <= HEADER_LEN; len++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(file, 0, len);

        assert_refused(part, "open", MEISHI_ERROR_BAD_FILE);
    }
    cut = g_bytes_new_from_bytes(file, 0, g_bytes_get_size(file) - 1);
    assert_refused(cut, "open", MEISHI_ERROR_WRONG_SECRET);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    meishi_slot_make_set_scrypt_target(1);
    g_test_add_func("/agent/backup/round-trip", test_round_trip);
    g_test_add_func("/agent/backup/touched", test_touched);
    g_test_add_func("/agent/backup/truncated", test_truncated);
    return g_test_run();
}
