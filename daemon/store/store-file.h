/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The database as a file: found private, opened with care, judged before use, made aside and put
 * in place whole.
 */
#pragma once

#include "daemon/store/store-schema.h"

#include <sys/types.h>

/* "Cannot ACTION PATH: ..." from errno: NO_SPACE, PERMISSIONS or IO. */
void meishi_store_file_set_errno(const char *action, const char *path, GError **error);

/* PERMISSIONS unless @path is a file (or directory, by @type: S_IFREG, S_IFDIR) of ours, no link,
 * and closed to everybody else.  @ret_exists may be NULL: then a missing one is an error. */
gboolean meishi_store_file_check_private(const char *path, mode_t type, gboolean *ret_exists,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A connection to the existing file @path, with everything switched off that a vault does not
 * need.  Closing it leaves a write-ahead log where it is. */
sqlite3 *meishi_store_file_connect(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Opens the vault at @path: checks it (format, version, tables, structure), migrates it where it
 * is older, after copying it aside, and only then lets anything be written.  CORRUPT,
 * NEWER_VERSION. */
sqlite3 *meishi_store_file_open(const char *path, const MeishiStoreSchema *schema,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a file of our own making with content from elsewhere: no copy, no log. */
sqlite3 *meishi_store_file_open_image(const char *path, const MeishiStoreSchema *schema,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file @path, 0600, of @content (NULL: empty), in the place of whatever an interrupted attempt
 * left there. */
gboolean meishi_store_file_start(const char *path, GBytes *content,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends @db (taken over), whose file is @from, and gives the file the name @to, durably. */
gboolean meishi_store_file_finish(sqlite3 *db, const char *from, const char *to,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes @path and what SQLite may have put beside it. */
void meishi_store_file_remove(const char *path);
