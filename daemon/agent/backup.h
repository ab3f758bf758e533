/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The backup file: the whole store and the vault key under a passphrase.
 *
 *   16  "MEISHI BACKUP 1\n"
 *    1  scrypt log2n,  1  r,  1  p,  1  zero
 *   32  salt
 *       meishi_seal(scrypt(passphrase, salt), AAD, plain): AAD is the 52 bytes above, plain is
 *       vault id (16) | vault key (32) | store image (the rest)
 *
 * Both calls take as long as scrypt does and belong on a worker thread.
 */
#pragma once

#include "daemon/base/secret.h"
#include "daemon/crypto/crypto.h"

typedef struct {
    GBytes *image;
    GBytes *vault_id;
    MeishiSecret *vault_key;
} MeishiBackup;

void meishi_backup_free(MeishiBackup *backup); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiBackup, meishi_backup_free)

GBytes *meishi_backup_write(const MeishiBackup *backup, MeishiSecret *passphrase,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* BAD_FILE, NEWER_VERSION, WRONG_SECRET (wrong passphrase or changed file: nobody can tell). */
MeishiBackup *meishi_backup_read(GBytes *file, MeishiSecret *passphrase,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
