/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads a dictionary (a{sv}) that may hold more than we know: each key by a table row that says
 * what its value has to be.  Where an unknown key would be a mistake instead, see options.h.
 * Private to daemon/bus.
 */
#pragma once

#include <glib.h>

/* One key.  @take puts the value, which is of @type, where it belongs in @data; FALSE says that it
 * is not what @wanted says, and is told so to the caller. */
typedef struct {
    const char *name;
    const char *type;   /* D-Bus signature */
    const char *wanted; /* "one of ok, failed" */
    gboolean (*take)(gpointer data, GVariant *value);
} MeishiEntry;

/* Takes what is known in @dictionary; @known ends with a NULL name.  INVALID_ARGUMENT names the key
 * and says what it has to be. */
gboolean meishi_dictionary_read(GVariant *dictionary, const MeishiEntry *known, gpointer data,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The row for @name; NULL. */
const MeishiEntry *meishi_dictionary_find(const MeishiEntry *known, const char *name);
