/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the report of an import; see imported.h.  Every text is borrowed from the report.
 */
#include "daemon/asking/imported.h"

#include "daemon/asking/dict.h"

#include <string.h>

static const char *const outcomes[] = {
    [MEISHI_IMPORTED_ADDED] = "added",         [MEISHI_IMPORTED_KEY_ADDED] = "key-added",
    [MEISHI_IMPORTED_COMPLETED] = "completed", [MEISHI_IMPORTED_UNCHANGED] = "unchanged",
    [MEISHI_IMPORTED_ISSUER] = "issuer",       [MEISHI_IMPORTED_PASSED_OVER] = "passed-over",
};

/* A certificate whose key has one already is not what completes the key. */
static MeishiImportedOutcome
read_outcome(GVariant *dict)
{
    const char *name = meishi_dict_text(dict, "outcome");

    if (*meishi_dict_text(dict, "key-of") != '\0')
        return MEISHI_IMPORTED_FURTHER;
    for (guint i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        if (g_strcmp0(outcomes[i], name) == 0)
            return i;
    }
    return MEISHI_IMPORTED_UNKNOWN;
}

static const char **
read_list(GVariant *dict, const char *name)
{
    const char **list = NULL;

    return g_variant_lookup(dict, name, "^a&s", &list) ? list : g_new0(const char *, 1);
}

static MeishiImportedItem *
read_item(GVariant *dict)
{
    MeishiImportedItem *item = g_new0(MeishiImportedItem, 1);

    item->outcome = read_outcome(dict);
    item->file = meishi_dict_text(dict, "file");
    item->id = meishi_dict_text(dict, "id");
    item->label = meishi_dict_text(dict, "label");
    item->key_of = meishi_dict_text(dict, "key-of");
    item->subject = meishi_dict_text(dict, "subject");
    item->issuer = meishi_dict_text(dict, "issuer");
    item->key = meishi_dict_text(dict, "key");
    item->renews = meishi_dict_text(dict, "renews");
    item->may_renew = meishi_dict_text(dict, "may-renew");
    item->reason = meishi_dict_text(dict, "reason");
    item->not_before = meishi_dict_number(dict, "not-before");
    item->not_after = meishi_dict_number(dict, "not-after");
    item->chain = read_list(dict, "chain");
    item->warnings = read_list(dict, "warnings");
    item->messages = read_list(dict, "messages");
    item->is_identity = *item->key != '\0';
    return item;
}

static void
free_item(gpointer data)
{
    MeishiImportedItem *item = data;

    g_free(item->chain);
    g_free(item->warnings);
    g_free(item->messages);
    g_free(item);
}

MeishiImported *
meishi_imported_new(GVariant *report)
{
    MeishiImported *imported = g_new0(MeishiImported, 1);
    g_autoptr(GVariant) items = NULL;

    imported->report = g_variant_ref_sink(report);
    imported->is_dry_run = meishi_dict_flag(report, "dry-run");
    imported->vault_created = meishi_dict_text(report, "vault-created");
    imported->vault_message = meishi_dict_text(report, "vault-message");
    imported->token = meishi_dict_text(report, "token");
    imported->warnings = read_list(report, "warnings");
    imported->notes = read_list(report, "notes");
    imported->n_file_notes = (guint)meishi_dict_number(report, "file-notes");
    imported->items = g_ptr_array_new_with_free_func(free_item);
    items = g_variant_lookup_value(report, "items", G_VARIANT_TYPE("aa{sv}"));
    for (gsize i = 0; items != NULL && i < g_variant_n_children(items); i++) {
        g_autoptr(GVariant) dict = g_variant_get_child_value(items, i);

        g_ptr_array_add(imported->items, read_item(dict));
    }
    return imported;
}

void
meishi_imported_free(MeishiImported *imported)
{
    if (imported == NULL)
        return;
    g_ptr_array_unref(imported->items);
    g_free(imported->warnings);
    g_free(imported->notes);
    g_variant_unref(imported->report);
    g_free(imported);
}

guint
meishi_imported_count(const MeishiImported *imported, MeishiImportedOutcome outcome)
{
    guint n = 0;

    for (guint i = 0; i < imported->items->len; i++) {
        const MeishiImportedItem *item = g_ptr_array_index(imported->items, i);

        n += item->outcome == outcome;
    }
    return n;
}

const char *
meishi_imported_refused(const char *const *files, const char *message)
{
    for (; *files != NULL; files++) {
        gsize len = strlen(*files);

        if (strncmp(message, *files, len) == 0 && g_str_has_prefix(message + len, ": "))
            return *files;
    }
    return NULL;
}
