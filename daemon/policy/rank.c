/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order of identities: lexicographic, total, stable.  A vector of small numbers per identity,
 * made once, so that sorting ten thousand of them compares integers; what ties there is decided by
 * dates, chain length, label and fingerprint.
 */
#include "daemon/policy/engine.h"

#include <string.h>

static guint32
rank_preferred(const MeishiEngine *engine, const MeishiVerdict *verdict)
{
    const MeishiRule *rule = engine->preference;

    return rule == NULL || rule->conditions->len == 0 ||
           !meishi_engine_fits(engine, engine->preference_fit, verdict->index);
}

static guint32
rank_remembered(const MeishiCandidate *candidate, const MeishiChoice *choice,
                const MeishiChoice *group_choice)
{
    if (choice && choice->lineage && strcmp(choice->lineage, candidate->lineage) == 0)
        return 0;
    return group_choice && strcmp(group_choice->lineage, candidate->lineage) == 0 ? 1 : 2;
}

static guint32
rank_validity(const MeishiEngine *engine, const MeishiCert *cert)
{
    gint64 warn = engine->preference && engine->preference->warn_left > 0
                      ? engine->preference->warn_left
                      : MEISHI_WARN_LEFT_DEFAULT;

    if (meishi_cert_is_expired(cert, engine->world.now))
        return 3;
    if (meishi_cert_is_not_yet_valid(cert, engine->world.now))
        return 2;
    return cert->not_after - engine->world.now < warn;
}

/* Seconds since it was last accepted here; never counts as longest ago. */
static guint32
rank_recent(const MeishiEngine *engine, const MeishiHistory *history)
{
    gint64 age;

    if (history == NULL || history->accepted == 0)
        return G_MAXUINT32;
    age = engine->world.now - history->last_accepted;
    return (guint32)CLAMP(age, 0, G_MAXINT32);
}

/* 5246 7.4.4: types "in decreasing order of preference"; so are the schemes. */
static guint32
rank_scheme(const MeishiEngine *engine, const MeishiVerdict *verdict, const MeishiCert *cert)
{
    const MeishiRequest *request = engine->request;
    guint scheme = 0, type = 0;
    gsize n = 0;
    const guint8 *types =
        request->certificate_types ? g_bytes_get_data(request->certificate_types, &n) : NULL;

    while (scheme < engine->offered_order->len &&
           !(g_array_index(engine->offered_order, MeishiSchemes, scheme) & verdict->schemes))
        scheme++;
    while (type < n && !meishi_sigalg_fits_type(cert->key->type, types[type]))
        type++;
    return scheme << 8 | MIN(type, G_MAXUINT8);
}

static void
rank_one(const MeishiEngine *engine, MeishiVerdict *verdict, const MeishiChoice *choice,
         const MeishiChoice *group_choice)
{
    const MeishiInventoryEntry *entry =
        meishi_inventory_entry(engine->world.inventory, verdict->index);
    const MeishiCandidate *candidate = entry->candidate;
    const MeishiHistory *history = verdict->history;

    verdict->rank[MEISHI_RANK_PREFERRED] = rank_preferred(engine, verdict);
    verdict->rank[MEISHI_RANK_REMEMBERED] = rank_remembered(candidate, choice, group_choice);
    verdict->rank[MEISHI_RANK_CA] = MEISHI_CA_LEAF - verdict->path->match;
    verdict->rank[MEISHI_RANK_EKU] = entry->eku;
    verdict->rank[MEISHI_RANK_VALIDITY] = rank_validity(engine, candidate->cert);
    verdict->rank[MEISHI_RANK_ACCEPTED] = G_MAXUINT32 - (history ? history->accepted : 0);
    verdict->rank[MEISHI_RANK_RECENT] = rank_recent(engine, history);
    verdict->rank[MEISHI_RANK_TOKEN] = MEISHI_TOKEN_READY - candidate->token_state;
    verdict->rank[MEISHI_RANK_HARDWARE] = engine->preference &&
                                          engine->preference->prefer_hardware &&
                                          candidate->token_kind == MEISHI_TOKEN_SOFTWARE;
    verdict->rank[MEISHI_RANK_SCHEME] = rank_scheme(engine, verdict, candidate->cert);
}

/* How many bits each criterion takes; they fill two words, in order. */
static const guint8 widths[MEISHI_N_RANKS] = {
    [MEISHI_RANK_PREFERRED] = 1, [MEISHI_RANK_REMEMBERED] = 2, [MEISHI_RANK_CA] = 2,
    [MEISHI_RANK_EKU] = 2,       [MEISHI_RANK_VALIDITY] = 2,   [MEISHI_RANK_ACCEPTED] = 32,
    [MEISHI_RANK_RECENT] = 32,   [MEISHI_RANK_TOKEN] = 2,      [MEISHI_RANK_HARDWARE] = 1,
    [MEISHI_RANK_SCHEME] = 24,
};

static void
pack(MeishiVerdict *verdict)
{
    verdict->key[0] = verdict->key[1] = 0;
    for (guint i = 0; i < MEISHI_N_RANKS; i++) {
        guint word = i >= MEISHI_RANK_RECENT;

        verdict->key[word] = verdict->key[word] << widths[i] | verdict->rank[i];
    }
}

void
meishi_rank_verdicts(MeishiEngine *engine, const MeishiChoice *choice,
                     const MeishiChoice *group_choice)
{
    for (guint i = 0; i < engine->world.inventory->entries->len; i++) {
        if (engine->verdicts[i].kind != MEISHI_KIND_HARD)
            rank_one(engine, &engine->verdicts[i], choice, group_choice);
        pack(&engine->verdicts[i]);
    }
}

static int
compare_dates(gint64 a, gint64 b)
{
    return (a < b) - (a > b); /* the later first */
}

/* Issued last before ending last, because a renewed certificate can be shorter-lived. */
static int
compare_certificates(const MeishiCandidate *a, const MeishiCandidate *b)
{
    int order = compare_dates(a->cert->not_before, b->cert->not_before);

    return order != 0 ? order : compare_dates(a->cert->not_after, b->cert->not_after);
}

int
meishi_rank_compare(const MeishiEngine *engine, const MeishiVerdict *a, const MeishiVerdict *b)
{
    const MeishiCandidate *x, *y;
    int order;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    for (gsize i = 0; i < G_N_ELEMENTS(a->key); i++) {
        if (a->key[i] != b->key[i])
            return a->key[i] < b->key[i] ? -1 : 1;
    }
    x = meishi_inventory_entry(engine->world.inventory, a->index)->candidate;
    y = meishi_inventory_entry(engine->world.inventory, b->index)->candidate;
    if (a->kind != MEISHI_KIND_HARD) {
        order = compare_certificates(x, y);
        if (order == 0)
            order = (int)a->path->n_nodes - (int)b->path->n_nodes;
        if (order != 0)
            return order;
    }
    order = g_strcmp0(x->label, y->label);
    return order != 0 ? order : strcmp(x->id, y->id);
}
