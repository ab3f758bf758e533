/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identities with the daemon's own warnings, and modules of tokens that are in trouble.
 */
#include "cli/doctor/gather/gather-private.h"

#include "cli/modules.h"

static const char *const *
copy_list(MeishiFacts *facts, const MeishiCard *card, const char *property)
{
    g_autofree const char **list = meishi_card_list(card, property);

    return meishi_facts_keep_list(facts, g_strdupv((char **)list));
}

static MeishiIdentityFact
read_card(MeishiFacts *facts, const MeishiCard *card, gint64 now)
{
    gint64 not_before = meishi_card_number(card, "NotBefore");

    facts->clock.n_certs += not_before != 0;
    facts->clock.n_not_yet += not_before > now;
    return (MeishiIdentityFact){
        .label = meishi_facts_copy(facts, meishi_card_text(card, "Label")),
        .is_superseded = card->successor_id != NULL,
        .is_present = meishi_card_is(card, "Present"),
        .warnings = copy_list(facts, card, "Warnings"),
        .messages = copy_list(facts, card, "Messages"),
    };
}

void
meishi_gather_identities(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) cards =
        gathering->client != NULL ? meishi_client_cards(gathering->client, NULL) : NULL;
    GArray *identities;

    if (cards == NULL)
        return;
    identities = g_array_new(FALSE, FALSE, sizeof(MeishiIdentityFact));
    for (guint i = 0; i < cards->len; i++) {
        const MeishiIdentityFact fact = read_card(facts, cards->pdata[i], now);

        /* Two lists of a daemon that is another version's have to agree. */
        if (g_strv_length((char **)fact.warnings) == g_strv_length((char **)fact.messages))
            g_array_append_val(identities, fact);
    }
    facts->identities = meishi_facts_keep_array(facts, identities, &facts->n_identities);
}

/* ---- modules of tokens ---------------------------------------------------------------------- */

void
meishi_gather_tokens(MeishiGathering *gathering)
{
    g_autoptr(GVariant) modules = NULL;
    g_auto(GStrv) remarks = NULL;
    g_autoptr(GStrvBuilder) troubles = g_strv_builder_new();

    if (gathering->client == NULL ||
        !meishi_bus_manager_call_list_modules_sync(gathering->client->manager, &modules, &remarks,
                                                   NULL, NULL))
        return;
    for (gsize i = 0; i < g_variant_n_children(modules); i++) {
        g_autoptr(GVariant) module = g_variant_get_child_value(modules, i);
        g_autofree char *text = meishi_modules_trouble(module, g_get_real_time() / G_USEC_PER_SEC);

        if (text != NULL)
            g_strv_builder_add(troubles, text);
    }
    g_strv_builder_addv(troubles, (const char **)remarks);
    gathering->facts->token_troubles =
        meishi_facts_keep_list(gathering->facts, g_strv_builder_end(troubles));
}
