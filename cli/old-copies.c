/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Known by their names (doc/store-format.md).
 */
#include "cli/old-copies.h"

char **
meishi_old_copies_find(const char *store)
{
    g_autoptr(GDir) dir = g_dir_open(store, 0, NULL);
    g_autoptr(GPtrArray) copies = g_ptr_array_new();
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_prefix(name, "vault.db.v") && !g_str_equal(name, "vault.db.v"))
            g_ptr_array_add(copies, g_build_filename(store, name, NULL));
    }
    g_ptr_array_add(copies, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&copies), FALSE);
}
