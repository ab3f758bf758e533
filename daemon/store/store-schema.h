/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables, their version and the way from one version to the next (doc/store-format.md).
 *
 * A database is one of ours only if its schema is, word for word, what our own steps make: that
 * leaves no room for a trigger or a view that somebody put into a file to be restored.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#define MEISHI_STORE_APPLICATION_ID 0x4d656973 /* "Meis" */

/* Step n makes version n + 1 of version n; steps[0] begins with nothing.  Released steps never
 * change.  Runs inside a transaction. */
typedef gboolean (*MeishiStoreStep)(sqlite3 *db, GError **error);

typedef struct {
    const MeishiStoreStep *steps;
    guint version; /* how many */
} MeishiStoreSchema;

extern const MeishiStoreSchema meishi_store_schema;

/* The version of @db, which has to be at least 1 and at most that of @schema: CORRUPT where it is
 * not ours, NEWER_VERSION. */
gboolean
meishi_store_schema_get_version(sqlite3 *db, const MeishiStoreSchema *schema, guint *ret_version,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* CORRUPT where the tables are not those of @version. */
gboolean meishi_store_schema_verify(sqlite3 *db, const MeishiStoreSchema *schema, guint version,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* From @version (0: an empty database) to that of @schema; the caller's transaction. */
gboolean meishi_store_schema_migrate(sqlite3 *db, const MeishiStoreSchema *schema, guint version,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The error for a database of @version, newer than @schema. */
void meishi_store_schema_set_newer(const char *path, gint64 version,
                                   const MeishiStoreSchema *schema, GError **error);
