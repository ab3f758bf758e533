/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The agent's results as dictionaries, exactly as data/dbus/org.meishi.Agent1.xml describes them.
 * Names in the tables are interface.
 */
#include "daemon/bus/report.h"

#include "daemon/policy/check.h"

static const char *const outcomes[] = {
    [MEISHI_IMPORT_ADDED] = "added",         [MEISHI_IMPORT_KEY_ADDED] = "key-added",
    [MEISHI_IMPORT_COMPLETED] = "completed", [MEISHI_IMPORT_UNCHANGED] = "unchanged",
    [MEISHI_IMPORT_ISSUER] = "issuer",       [MEISHI_IMPORT_PASSED_OVER] = "passed-over",
};

static const struct {
    MeishiSlotKind kind;
    const char *name;
} kinds[] = {
    {MEISHI_SLOT_SECRET_SERVICE, "secret-service"},
    {MEISHI_SLOT_PASSPHRASE, "passphrase"},
    {MEISHI_SLOT_KEY_FILE, "key-file"},
};

static void
add(GVariantDict *dict, const char *name, GVariant *value)
{
    g_variant_dict_insert_value(dict, name, value);
}

GVariant *
meishi_report_text(const char *text)
{
    return g_variant_new_take_string(g_utf8_make_valid(text != NULL ? text : "", -1));
}

void
meishi_report_add_text(GVariantDict *dict, const char *name, const char *text)
{
    if (text != NULL)
        add(dict, name, meishi_report_text(text));
}

/* ---- import --------------------------------------------------------------------------------- */

GPtrArray *
meishi_report_warnings(guint warnings)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint bit = 1; bit != 0 && bit <= warnings; bit <<= 1) {
        if ((warnings & bit) != 0)
            g_ptr_array_add(names, (gpointer)meishi_check_warning_name(bit));
    }
    return names;
}

static GVariant *
new_strv(GPtrArray *strings)
{
    return g_variant_new_strv((const char *const *)strings->pdata, (gssize)strings->len);
}

static GVariant *
report_item(const MeishiImportItem *item)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GPtrArray) warnings = meishi_report_warnings(item->warnings);

    meishi_report_add_text(&dict, "outcome", outcomes[item->outcome]);
    meishi_report_add_text(&dict, "file", item->file);
    meishi_report_add_text(&dict, "id", item->id);
    meishi_report_add_text(&dict, "label", item->label);
    meishi_report_add_text(&dict, "key-of", item->key_of);
    meishi_report_add_text(&dict, "subject", item->subject);
    meishi_report_add_text(&dict, "issuer", item->issuer);
    meishi_report_add_text(&dict, "key", item->key_text);
    meishi_report_add_text(&dict, "renews", item->renews);
    meishi_report_add_text(&dict, "may-renew", item->may_renew);
    meishi_report_add_text(&dict, "reason", item->reason);
    add(&dict, "not-before", g_variant_new_int64(item->not_before));
    add(&dict, "not-after", g_variant_new_int64(item->not_after));
    add(&dict, "warnings", new_strv(warnings));
    if (item->chain != NULL)
        add(&dict, "chain", g_variant_new_strv((const char *const *)item->chain, -1));
    if (item->messages != NULL)
        add(&dict, "messages", g_variant_new_strv((const char *const *)item->messages, -1));
    return g_variant_dict_end(&dict);
}

GVariant *
meishi_report_import(const MeishiImportReport *report)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    GVariantBuilder items = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < report->items->len; i++)
        g_variant_builder_add_value(&items, report_item(report->items->pdata[i]));
    add(&dict, "dry-run", g_variant_new_boolean(report->dry_run));
    add(&dict, "warnings", new_strv(report->warnings));
    add(&dict, "notes", new_strv(report->notes));
    add(&dict, "file-notes", g_variant_new_uint32(report->n_file_notes));
    add(&dict, "items", g_variant_builder_end(&items));
    meishi_report_add_text(&dict, "vault-created", report->vault_created);
    meishi_report_add_text(&dict, "vault-message", report->vault_message);
    meishi_report_add_text(&dict, "token", report->token);
    return g_variant_dict_end(&dict);
}

/* ---- key slots ------------------------------------------------------------------------------ */

const char *
meishi_report_slot_kind(MeishiSlotKind kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].name;
    }
    return "unknown";
}

gboolean
meishi_report_parse_slot_kind(const char *text, MeishiSlotKind *ret_kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_equal(kinds[i].name, text)) {
            *ret_kind = kinds[i].kind;
            return TRUE;
        }
    }
    if (text[0] != '\0')
        return FALSE;
    *ret_kind = 0;
    return TRUE;
}

/* scrypt works in 128 * N * r bytes (RFC 7914, section 2). */
static char *
describe_cost(const MeishiStoreSlot *slot)
{
    guint64 memory = (G_GUINT64_CONSTANT(128) * slot->scrypt_r) << MIN(slot->scrypt_log2n, 40);
    g_autofree char *size = g_format_size_full(memory, G_FORMAT_SIZE_IEC_UNITS);

    return g_strdup_printf("scrypt N=2^%u r=%u p=%u, %s", slot->scrypt_log2n, slot->scrypt_r,
                           slot->scrypt_p, size);
}

static GVariant *
report_slot(const MeishiStoreSlot *slot)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    add(&dict, "id", g_variant_new_int64(slot->id));
    meishi_report_add_text(&dict, "kind", meishi_report_slot_kind(slot->kind));
    meishi_report_add_text(&dict, "location", slot->location);
    add(&dict, "created", g_variant_new_int64(slot->created));
    if (slot->kind == MEISHI_SLOT_PASSPHRASE) {
        g_autofree char *cost = describe_cost(slot);

        meishi_report_add_text(&dict, "cost", cost);
    }
    return g_variant_dict_end(&dict);
}

GVariant *
meishi_report_slots(GPtrArray *slots)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < slots->len; i++)
        g_variant_builder_add_value(&builder, report_slot(slots->pdata[i]));
    return g_variant_builder_end(&builder);
}

/* ---- modules -------------------------------------------------------------------------------- */

static GVariant *
report_module(const MeishiModuleView *module)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    meishi_report_add_text(&dict, "name", module->name);
    meishi_report_add_text(&dict, "path", module->path);
    meishi_report_add_text(&dict, "state", module->state);
    meishi_report_add_text(&dict, "trouble", module->trouble);
    add(&dict, "next-try", g_variant_new_int64(module->next_try));
    add(&dict, "tokens", g_variant_new_uint32(module->n_tokens));
    return g_variant_dict_end(&dict);
}

GVariant *
meishi_report_modules(GPtrArray *modules)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < modules->len; i++)
        g_variant_builder_add_value(&builder, report_module(modules->pdata[i]));
    return g_variant_builder_end(&builder);
}
