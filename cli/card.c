/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A card holds the properties as they came, because listing, showing, naming and JSON each want
 * other ones; the table below is the one place where JSON keys are chosen.  They are interface.
 */
#include "cli/card.h"

#include "cli/json.h"
#include "cli/text.h"

#include <string.h>

typedef enum { TEXT, DATE, LIST, FLAG } Kind;

static const struct {
    const char *key;
    const char *property;
    Kind kind;
} json_keys[] = {
    {"id", "Id", TEXT},
    {"label", "Label", TEXT},
    {"subject", "Subject", TEXT},
    {"subject_name", "SubjectName", TEXT},
    {"issuer", "Issuer", TEXT},
    {"issuer_name", "IssuerName", TEXT},
    {"serial_number", "SerialNumber", TEXT},
    {"not_before", "NotBefore", DATE},
    {"not_after", "NotAfter", DATE},
    {"key", "Key", TEXT},
    {"location", "Location", TEXT},
    {"token", "Token", TEXT},
    {"key_token", "KeyToken", TEXT},
    {"present", "Present", FLAG},
    {"uri", "Uri", TEXT},
    {"key_id", "KeyId", TEXT},
    {"certificate_sha256", "CertificateSha256", TEXT},
    {"spki_sha256", "SpkiSha256", TEXT},
    {"x5t_s256", "X5tS256", TEXT},
    {"key_usage", "KeyUsage", LIST},
    {"extended_key_usage", "ExtendedKeyUsage", LIST},
    {"alternative_names", "AlternativeNames", LIST},
    {"signature_algorithm", "SignatureAlgorithm", TEXT},
    {"chain", "Chain", LIST},
    {"warnings", "Warnings", LIST},
    {"messages", "Messages", LIST},
    {"allow_raw_rsa", "AllowRaw", FLAG},
    {"created", "Created", DATE},
    {"lineage", "Lineage", TEXT},
};

MeishiCard *
meishi_card_new(const char *path, GVariant *properties)
{
    MeishiCard *card = g_new0(MeishiCard, 1);
    GVariantIter iter;
    char *name;
    GVariant *value;

    card->path = g_strdup(path);
    card->properties =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
    g_variant_iter_init(&iter, properties);
    while (g_variant_iter_next(&iter, "{sv}", &name, &value))
        g_hash_table_insert(card->properties, name, value);
    return card;
}

void
meishi_card_free(MeishiCard *card)
{
    g_free(card->path);
    g_hash_table_unref(card->properties);
    g_free(card->successor_id);
    g_free(card->successor_label);
    g_free(card);
}

static GVariant *
find(const MeishiCard *card, const char *property, const char *type)
{
    GVariant *value = g_hash_table_lookup(card->properties, property);

    return value != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE(type)) ? value : NULL;
}

const char *
meishi_card_text(const MeishiCard *card, const char *property)
{
    GVariant *value = find(card, property, "s");

    return value != NULL ? g_variant_get_string(value, NULL) : "";
}

static void
set_successor(MeishiCard *card, GPtrArray *cards)
{
    GVariant *path = find(card, "SupersededBy", "o");

    for (guint i = 0; path != NULL && i < cards->len; i++) {
        const MeishiCard *other = g_ptr_array_index(cards, i);

        if (!g_str_equal(other->path, g_variant_get_string(path, NULL)))
            continue;
        card->successor_id = g_strdup(meishi_card_text(other, "Id"));
        card->successor_label = g_strdup(meishi_card_text(other, "Label"));
        return;
    }
}

void
meishi_card_link(GPtrArray *cards)
{
    for (guint i = 0; i < cards->len; i++)
        set_successor(g_ptr_array_index(cards, i), cards);
}

gint64
meishi_card_number(const MeishiCard *card, const char *property)
{
    GVariant *value = find(card, property, "x");

    return value != NULL ? g_variant_get_int64(value) : 0;
}

gboolean
meishi_card_is(const MeishiCard *card, const char *property)
{
    GVariant *value = find(card, property, "b");

    return value != NULL && g_variant_get_boolean(value);
}

const char **
meishi_card_list(const MeishiCard *card, const char *property)
{
    GVariant *value = find(card, property, "as");

    return value != NULL ? g_variant_get_strv(value, NULL) : g_new0(const char *, 1);
}

gboolean
meishi_card_has_warning(const MeishiCard *card, const char *warning)
{
    g_autofree const char **warnings = meishi_card_list(card, "Warnings");

    return g_strv_contains(warnings, warning);
}

char *
meishi_card_quoted(const MeishiCard *card)
{
    g_autofree char *label = meishi_text_clean(meishi_card_text(card, "Label"));

    return g_strdup_printf("“%s”", label);
}

char *
meishi_card_superseded(const MeishiCard *card)
{
    g_autofree char *label = NULL;

    if (card->successor_label == NULL)
        return NULL;
    label = meishi_text_clean(card->successor_label);
    return g_strdup_printf("superseded by “%s”", label);
}

void
meishi_card_to_json(const MeishiCard *card, JsonBuilder *json)
{
    json_builder_begin_object(json);
    for (gsize i = 0; i < G_N_ELEMENTS(json_keys); i++) {
        const char *property = json_keys[i].property;

        json_builder_set_member_name(json, json_keys[i].key);
        if (json_keys[i].kind == LIST) {
            g_autofree const char **list = meishi_card_list(card, property);

            meishi_json_list(json, list);
        } else if (json_keys[i].kind == DATE) {
            meishi_json_date(json, meishi_card_number(card, property));
        } else if (json_keys[i].kind == FLAG) {
            json_builder_add_boolean_value(json, meishi_card_is(card, property));
        } else {
            meishi_json_text(json, meishi_card_text(card, property));
        }
    }
    meishi_json_member(json, "superseded_by", card->successor_id);
    json_builder_end_object(json);
}

int
meishi_card_compare(gconstpointer a, gconstpointer b)
{
    const MeishiCard *left = *(MeishiCard *const *)a;
    const MeishiCard *right = *(MeishiCard *const *)b;
    int order = g_utf8_collate(meishi_card_text(left, "Label"), meishi_card_text(right, "Label"));

    return order != 0 ? order : strcmp(meishi_card_text(left, "Id"), meishi_card_text(right, "Id"));
}
