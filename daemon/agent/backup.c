/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backup file.  Bytes in, bytes out; no store and no disk.  The header is authenticated with
 * the rest, so that nobody can make a stolen backup cheaper to guess for the next reader.
 */
#include "daemon/agent/backup.h"

#include "daemon/agent/slot-make.h"
#include "daemon/agent/slot.h"
#include "daemon/base/error.h"

#include <string.h>

#define MAGIC        "MEISHI BACKUP 1\n"
#define MAGIC_LEN    16
#define FAMILY_LEN   14 /* without version and newline */
#define SALT_OFFSET  20
#define SALT_LEN     32
#define HEADER_LEN   (SALT_OFFSET + SALT_LEN)
#define PLAIN_HEADER (MEISHI_VAULT_ID_LEN + MEISHI_VAULT_KEY_LEN)

void
meishi_backup_free(MeishiBackup *backup)
{
    if (backup == NULL)
        return;
    g_clear_pointer(&backup->image, g_bytes_unref);
    g_clear_pointer(&backup->vault_id, g_bytes_unref);
    meishi_secret_unref(backup->vault_key);
    g_free(backup);
}

static void
write_header(guint8 header[static HEADER_LEN])
{
    MeishiScrypt cost;

    meishi_kdf_scrypt_calibrate(meishi_slot_make_scrypt_target(), &cost);
    memcpy(header, MAGIC, MAGIC_LEN);
    header[16] = (guint8)cost.log2n;
    header[17] = (guint8)cost.r;
    header[18] = (guint8)cost.p;
    header[19] = 0;
    meishi_crypto_random(header + SALT_OFFSET, SALT_LEN);
}

static MeishiSecret *
derive(const guint8 header[static HEADER_LEN], MeishiSecret *passphrase, GError **error)
{
    const MeishiScrypt cost = {header[16], header[17], header[18]};
    g_autoptr(GBytes) salt = g_bytes_new(header + SALT_OFFSET, SALT_LEN);

    return meishi_kdf_scrypt(passphrase, salt, &cost, MEISHI_VAULT_KEY_LEN, error);
}

static MeishiSecret *
join_plain(const MeishiBackup *backup)
{
    gsize image_len;
    const guint8 *image = g_bytes_get_data(backup->image, &image_len);
    MeishiSecret *plain = meishi_secret_new(PLAIN_HEADER + image_len);
    guint8 *p = meishi_secret_writable(plain);

    memcpy(p, g_bytes_get_data(backup->vault_id, NULL), MEISHI_VAULT_ID_LEN);
    memcpy(p + MEISHI_VAULT_ID_LEN, meishi_secret_data(backup->vault_key), MEISHI_VAULT_KEY_LEN);
    if (image_len > 0)
        memcpy(p + PLAIN_HEADER, image, image_len);
    return plain;
}

GBytes *
meishi_backup_write(const MeishiBackup *backup, MeishiSecret *passphrase, GError **error)
{
    guint8 header[HEADER_LEN];
    g_autoptr(MeishiSecret) kek = NULL;
    g_autoptr(MeishiSecret) plain = NULL;
    g_autoptr(GBytes) sealed = NULL;
    GByteArray *file;

    write_header(header);
    kek = derive(header, passphrase, error);
    if (kek == NULL)
        return NULL;
    plain = join_plain(backup);
    sealed = meishi_seal(kek, header, sizeof header, plain);
    file = g_byte_array_new();
    g_byte_array_append(file, header, sizeof header);
    g_byte_array_append(file, g_bytes_get_data(sealed, NULL), (guint)g_bytes_get_size(sealed));
    return g_byte_array_free_to_bytes(file);
}

static gboolean
check_header(const guint8 *data, gsize len, GError **error)
{
    if (len < MAGIC_LEN || memcmp(data, MAGIC, FAMILY_LEN) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "That file is not a backup made by `meishi vault backup`.");
        return FALSE;
    }
    if (memcmp(data, MAGIC, MAGIC_LEN) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NEWER_VERSION,
                    "That backup was made by a newer Meishi; restore it with that version.");
        return FALSE;
    }
    if (len <= HEADER_LEN || data[19] != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "That backup is cut short or damaged at its beginning.");
        return FALSE;
    }
    return TRUE;
}

static MeishiBackup *
split_plain(MeishiSecret *plain, GError **error)
{
    const guint8 *data = meishi_secret_data(plain);
    gsize len = meishi_secret_len(plain);
    MeishiBackup *backup;

    if (len <= PLAIN_HEADER) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "That backup holds no vault.");
        return NULL;
    }
    backup = g_new0(MeishiBackup, 1);
    backup->vault_id = g_bytes_new(data, MEISHI_VAULT_ID_LEN);
    backup->vault_key = meishi_secret_new_copy(data + MEISHI_VAULT_ID_LEN, MEISHI_VAULT_KEY_LEN);
    backup->image = g_bytes_new(data + PLAIN_HEADER, len - PLAIN_HEADER);
    return backup;
}

MeishiBackup *
meishi_backup_read(GBytes *file, MeishiSecret *passphrase, GError **error)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(file, &len);
    g_autoptr(GError) local = NULL;
    g_autoptr(MeishiSecret) kek = NULL;
    g_autoptr(MeishiSecret) plain = NULL;
    g_autoptr(GBytes) sealed = NULL;

    if (!check_header(data, len, error))
        return NULL;
    kek = derive(data, passphrase, &local);
    if (kek == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "That backup is damaged: %s",
                    local->message);
        return NULL;
    }
    sealed = g_bytes_new_from_bytes(file, HEADER_LEN, len - HEADER_LEN);
    plain = meishi_unseal(kek, data, HEADER_LEN, sealed, &local);
    if (plain == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET,
                    "That passphrase does not open the backup, or the file was changed.");
        return NULL;
    }
    return split_plain(plain, error);
}
