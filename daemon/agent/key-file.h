/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key files: a secret on disk that opens the vault without anybody's help.  Only as safe as the
 * file's permissions, which are therefore enforced each time it is read.
 */
#pragma once

#include "daemon/base/secret.h"

#define MEISHI_KEY_FILE_MIN 32
#define MEISHI_KEY_FILE_MAX 8192

/* CONFIG/vault.key; new. */
char *meishi_key_file_default_path(void);

/* Reads the key file at @path (absolute).  NOT_FOUND; PERMISSIONS where it is not a plain file, not
 * ours, or open to others; INVALID_ARGUMENT where it is too short or too long to be one; IO.
 * Any thread. */
MeishiSecret *meishi_key_file_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, but makes a missing file first: 32 random bytes, mode 0600, on disk when it returns. */
MeishiSecret *meishi_key_file_ensure(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
