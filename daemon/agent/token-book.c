/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens are known again.  There is no one thing that tells them apart: all TPMs have one serial
 * number, two cards of one person have one label, both change when a card is personalized anew, and
 * a spare card holds the same certificate as the other.  So it is rated, and the best takes it.
 */
#include "daemon/agent/token-book.h"

#include "daemon/base/error.h"

#include <string.h>

/* Being put in each day is no reason to write each time. */
#define SEEN_AGAIN_SECONDS 3600

struct MeishiTokenBook {
    MeishiStore *store;
    GPtrArray *known; /* MeishiKnownToken */
    guint last_number;
    gboolean has_read; /* the store, when it had a vault */
};

static void
known_free(gpointer data)
{
    MeishiKnownToken *known = data;

    meishi_store_token_free(known->facts);
    g_ptr_array_unref(known->identities);
    g_ptr_array_unref(known->issuers);
    g_free(known);
}

static GPtrArray *
new_identity_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_identity_free);
}

static GPtrArray *
new_issuer_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_issuer_free);
}

/* Takes @facts. */
static MeishiKnownToken *
add_known(MeishiTokenBook *book, MeishiStoreToken *facts)
{
    MeishiKnownToken *known = g_new0(MeishiKnownToken, 1);

    known->number = ++book->last_number;
    known->facts = facts;
    known->identities = new_identity_array();
    known->issuers = new_issuer_array();
    g_ptr_array_add(book->known, known);
    return known;
}

GPtrArray *
meishi_token_book_list(const MeishiTokenBook *book)
{
    return book->known;
}

/* ---- which one it is ------------------------------------------------------------------------- */

/* All TPMs say "0000000000000000", and some cards nothing. */
static gboolean
says_something(const char *serial)
{
    return serial[strspn(serial, "0 ")] != '\0';
}

static gboolean
has_cert(GPtrArray *identities, GBytes *der)
{
    for (guint i = 0; i < identities->len; i++) {
        const MeishiStoreTokenIdentity *identity = identities->pdata[i];

        if (g_bytes_equal(identity->der, der))
            return TRUE;
    }
    return FALSE;
}

static guint
count_common(GPtrArray *a, GPtrArray *b)
{
    guint n = 0;

    for (guint i = 0; i < a->len; i++)
        n += has_cert(b, ((const MeishiStoreTokenIdentity *)a->pdata[i])->der);
    return MIN(n, 99);
}

/* 0: it is not this one. */
static guint
rate(const MeishiStoreToken *old, GPtrArray *old_identities, const MeishiStoreToken *new,
     GPtrArray *new_identities)
{
    guint n_common = count_common(new_identities, old_identities);
    gboolean has_label = strcmp(old->label, new->label) == 0;
    gboolean may_be = n_common > 0 || old_identities->len == 0 || new_identities->len == 0;

    if (strcmp(old->serial, new->serial) != 0 || strcmp(old->model, new->model) != 0 ||
        strcmp(old->manufacturer, new->manufacturer) != 0)
        return 0;
    if (says_something(old->serial))
        return 1000 + (has_label ? 100 : 0) + n_common;
    if (has_label && may_be)
        return 500 + n_common;
    return n_common > 0 ? 100 + n_common : 0;
}

static MeishiKnownToken *
find_best(const MeishiTokenBook *book, const MeishiStoreToken *facts, GPtrArray *identities,
          gboolean is_there)
{
    MeishiKnownToken *best = NULL;
    guint best_rate = 0;

    for (guint i = 0; i < book->known->len; i++) {
        MeishiKnownToken *known = book->known->pdata[i];
        guint own = known->is_there == is_there
                        ? rate(known->facts, known->identities, facts, identities)
                        : 0;

        if (own > best_rate) {
            best = known;
            best_rate = own;
        }
    }
    return best;
}

/* ---- the store ------------------------------------------------------------------------------- */

static MeishiKnownToken *
find_row(GPtrArray *known, gint64 id)
{
    for (guint i = 0; i < known->len; i++) {
        if (((const MeishiKnownToken *)known->pdata[i])->facts->id == id)
            return known->pdata[i];
    }
    return NULL;
}

static void
deal_out_identities(MeishiTokenBook *book, GPtrArray *identities)
{
    g_ptr_array_set_free_func(identities, NULL);
    for (guint i = 0; i < identities->len; i++) {
        MeishiStoreTokenIdentity *identity = identities->pdata[i];
        MeishiKnownToken *known = find_row(book->known, identity->token_id);

        if (known != NULL)
            g_ptr_array_add(known->identities, identity);
        else
            meishi_store_token_identity_free(identity);
    }
}

static void
deal_out_issuers(MeishiTokenBook *book, GPtrArray *issuers)
{
    g_ptr_array_set_free_func(issuers, NULL);
    for (guint i = 0; i < issuers->len; i++) {
        MeishiStoreTokenIssuer *issuer = issuers->pdata[i];
        MeishiKnownToken *known = find_row(book->known, issuer->token_id);

        if (known != NULL)
            g_ptr_array_add(known->issuers, issuer);
        else
            meishi_store_token_issuer_free(issuer);
    }
}

static gboolean
read_store(MeishiTokenBook *book, GError **error)
{
    g_autoptr(GPtrArray) tokens = meishi_store_list_tokens(book->store, error);
    g_autoptr(GPtrArray) identities =
        tokens != NULL ? meishi_store_list_token_identities(book->store, error) : NULL;
    g_autoptr(GPtrArray) issuers =
        identities != NULL ? meishi_store_list_token_issuers(book->store, error) : NULL;

    if (issuers == NULL)
        return FALSE;
    g_ptr_array_set_free_func(tokens, NULL);
    for (guint i = 0; i < tokens->len; i++)
        add_known(book, tokens->pdata[i]);
    deal_out_identities(book, identities);
    deal_out_issuers(book, issuers);
    book->has_read = meishi_store_has_vault(book->store);
    return TRUE;
}

MeishiTokenBook *
meishi_token_book_new(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiTokenBook) book = g_new0(MeishiTokenBook, 1);

    book->store = store;
    book->known = g_ptr_array_new_with_free_func(known_free);
    return read_store(book, error) ? g_steal_pointer(&book) : NULL;
}

void
meishi_token_book_free(MeishiTokenBook *book)
{
    if (book == NULL)
        return;
    g_ptr_array_unref(book->known);
    g_free(book);
}

static gboolean
is_kept(const MeishiKnownToken *known)
{
    return !known->is_twin &&
           (known->facts->id != 0 || known->identities->len > 0 || known->facts->pin_keep != 0);
}

static gboolean
write_known(MeishiTokenBook *book, MeishiKnownToken *known, GError **error)
{
    const MeishiStoreTokenContent content = {known->identities, known->issuers};
    gboolean is_new = known->facts->id == 0;

    if (!meishi_store_write_token(book->store, known->facts,
                                  is_new || known->has_other_content ? &content : NULL, error))
        return FALSE;
    known->is_changed = known->has_other_content = FALSE;
    return TRUE;
}

/* A restored vault remembers tokens of another time: what the person set then, and what was seen
 * now. */
static void
take_over(MeishiTokenBook *book, MeishiKnownToken *restored)
{
    MeishiKnownToken *known = NULL;
    guint best = 0;

    for (guint i = 0; i < book->known->len; i++) {
        MeishiKnownToken *one = book->known->pdata[i];
        guint own = one->facts->id == 0 && !one->is_twin
                        ? rate(one->facts, one->identities, restored->facts, restored->identities)
                        : 0;

        if (own > best) {
            known = one;
            best = own;
        }
    }
    if (known == NULL)
        return;
    known->facts->id = restored->facts->id;
    if (known->facts->pin_keep == 0) {
        known->facts->pin_keep = restored->facts->pin_keep;
        known->facts->pin_minutes = restored->facts->pin_minutes;
    }
    known->is_changed = known->has_other_content = TRUE;
    g_ptr_array_remove(book->known, restored);
}

static gboolean
catch_up(MeishiTokenBook *book)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) restored = g_ptr_array_new();
    guint n_before = book->known->len;

    if (book->has_read || !meishi_store_has_vault(book->store))
        return FALSE;
    if (!read_store(book, &error)) {
        g_debug("cannot read which tokens were seen: %s", error->message);
        return FALSE;
    }
    for (guint i = n_before; i < book->known->len; i++)
        g_ptr_array_add(restored, book->known->pdata[i]);
    for (guint i = 0; i < restored->len; i++)
        take_over(book, restored->pdata[i]);
    return restored->len > 0;
}

gboolean
meishi_token_book_save(MeishiTokenBook *book)
{
    gboolean is_more = catch_up(book);

    if (!meishi_store_has_vault(book->store))
        return is_more;
    for (guint i = 0; i < book->known->len; i++) {
        MeishiKnownToken *known = book->known->pdata[i];
        g_autoptr(GError) error = NULL;

        if (known->is_changed && is_kept(known) && !write_known(book, known, &error))
            g_debug("cannot remember the token “%s”: %s", known->facts->label, error->message);
    }
    return is_more;
}

/* ---- coming ---------------------------------------------------------------------------------- */

static MeishiStoreToken *
new_facts(const MeishiTokenSeen *seen)
{
    MeishiStoreToken *facts = g_new0(MeishiStoreToken, 1);

    facts->kind = seen->kind;
    facts->label = g_strdup(seen->facts->label);
    facts->manufacturer = g_strdup(seen->facts->maker);
    facts->model = g_strdup(seen->facts->model);
    facts->serial = g_strdup(seen->facts->serial);
    facts->module = g_strdup(seen->facts->module);
    return facts;
}

static void
make_room(MeishiTokenBook *book)
{
    MeishiKnownToken *oldest = NULL;
    g_autoptr(GError) error = NULL;

    if (book->known->len < MEISHI_TOKEN_BOOK_MAX)
        return;
    for (guint i = 0; i < book->known->len; i++) {
        MeishiKnownToken *known = book->known->pdata[i];

        if (!known->is_there &&
            (oldest == NULL || known->facts->last_seen < oldest->facts->last_seen))
            oldest = known;
    }
    if (oldest != NULL && !meishi_token_book_forget(book, oldest, &error))
        g_debug("cannot forget a token: %s", error->message);
}

/* One that says the same of itself and holds the same. */
static gboolean
is_the_same(const MeishiKnownToken *known, const MeishiStoreToken *facts, GPtrArray *identities)
{
    return strcmp(known->facts->label, facts->label) == 0 &&
           known->identities->len == identities->len &&
           count_common(identities, known->identities) == MIN(identities->len, 99);
}

MeishiKnownToken *
meishi_token_book_meet(MeishiTokenBook *book, const MeishiTokenSeen *seen)
{
    MeishiStoreToken *facts = new_facts(seen);
    GPtrArray *identities = seen->on_it.identities;
    MeishiKnownToken *known = find_best(book, facts, identities, FALSE);
    MeishiKnownToken *other = find_best(book, facts, identities, TRUE);

    if (known == NULL) {
        make_room(book);
        known = add_known(book, facts);
        known->is_changed = TRUE;
        known->is_twin = other != NULL && !other->is_twin && says_something(facts->serial) &&
                         is_the_same(other, facts, identities);
    } else {
        meishi_store_token_free(facts);
    }
    known->is_there = TRUE;
    return known;
}

/* ---- what it shows ----------------------------------------------------------------------------
 */

static gboolean
has_same_identities(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const MeishiStoreTokenIdentity *x = a->pdata[i], *y = b->pdata[i];

        if (x->number != y->number || g_strcmp0(x->label, y->label) != 0 ||
            !g_bytes_equal(x->der, y->der))
            return FALSE;
    }
    return TRUE;
}

static gboolean
has_same_issuers(GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        if (!g_bytes_equal(((const MeishiStoreTokenIssuer *)a->pdata[i])->der,
                           ((const MeishiStoreTokenIssuer *)b->pdata[i])->der))
            return FALSE;
    }
    return TRUE;
}

static void
set_identities(MeishiKnownToken *known, GPtrArray *identities)
{
    g_autoptr(GPtrArray) copies = new_identity_array();

    for (guint i = 0; i < MIN(identities->len, MEISHI_TOKEN_BOOK_MAX_IDENTITIES); i++) {
        const MeishiStoreTokenIdentity *from = identities->pdata[i];
        MeishiStoreTokenIdentity *copy = g_new0(MeishiStoreTokenIdentity, 1);

        copy->number = from->number;
        copy->der = g_bytes_ref(from->der);
        copy->label = g_strdup(from->label);
        g_ptr_array_add(copies, copy);
    }
    if (has_same_identities(known->identities, copies))
        return;
    known->is_changed = known->has_other_content = TRUE;
    g_ptr_array_unref(known->identities);
    known->identities = g_steal_pointer(&copies);
}

static void
set_issuers(MeishiKnownToken *known, GPtrArray *issuers)
{
    g_autoptr(GPtrArray) copies = new_issuer_array();

    for (guint i = 0; i < MIN(issuers->len, MEISHI_TOKEN_BOOK_MAX_ISSUERS); i++) {
        MeishiStoreTokenIssuer *copy = g_new0(MeishiStoreTokenIssuer, 1);

        copy->der = g_bytes_ref(((const MeishiStoreTokenIssuer *)issuers->pdata[i])->der);
        g_ptr_array_add(copies, copy);
    }
    if (has_same_issuers(known->issuers, copies))
        return;
    known->is_changed = known->has_other_content = TRUE;
    g_ptr_array_unref(known->issuers);
    known->issuers = g_steal_pointer(&copies);
}

static void
set_text(MeishiKnownToken *known, char **inout_text, const char *text)
{
    if (strcmp(*inout_text, text) == 0)
        return;
    g_free(*inout_text);
    *inout_text = g_strdup(text);
    known->is_changed = TRUE;
}

void
meishi_token_book_note(MeishiTokenBook *book, MeishiKnownToken *known, const MeishiTokenSeen *seen,
                       gint64 now)
{
    MeishiStoreToken *facts = known->facts;

    set_text(known, &facts->label, seen->facts->label);
    set_text(known, &facts->manufacturer, seen->facts->maker);
    set_text(known, &facts->model, seen->facts->model);
    set_text(known, &facts->serial, seen->facts->serial);
    set_text(known, &facts->module, seen->facts->module);
    if (facts->kind != seen->kind || now - facts->last_seen >= SEEN_AGAIN_SECONDS ||
        now < facts->last_seen) {
        facts->kind = seen->kind;
        facts->last_seen = now;
        known->is_changed = TRUE;
    }
    set_identities(known, seen->on_it.identities);
    set_issuers(known, seen->on_it.issuers);
}

void
meishi_token_book_part(MeishiTokenBook *book, MeishiKnownToken *known, gint64 now)
{
    known->is_there = FALSE;
    known->facts->last_seen = now;
    known->is_changed = TRUE;
    if (!is_kept(known))
        g_ptr_array_remove(book->known, known);
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

static const MeishiStoreTokenIdentity *
find_identity(const MeishiTokenBook *book, gint64 number, GBytes *der)
{
    for (guint i = 0; i < book->known->len; i++) {
        GPtrArray *identities = ((const MeishiKnownToken *)book->known->pdata[i])->identities;

        for (guint k = 0; k < identities->len; k++) {
            const MeishiStoreTokenIdentity *identity = identities->pdata[k];

            if (number != 0 ? identity->number == number : g_bytes_equal(identity->der, der))
                return identity;
        }
    }
    return NULL;
}

gint64
meishi_token_book_find_number(const MeishiTokenBook *book, GBytes *der)
{
    const MeishiStoreTokenIdentity *identity = find_identity(book, 0, der);

    return identity != NULL ? identity->number : 0;
}

gboolean
meishi_token_book_is_taken(const MeishiTokenBook *book, gint64 number, GBytes *der)
{
    const MeishiStoreTokenIdentity *identity = find_identity(book, number, NULL);

    return identity != NULL && !g_bytes_equal(identity->der, der);
}

/* ---- what a person says -----------------------------------------------------------------------
 */

gboolean
meishi_token_book_set_pin(MeishiTokenBook *book, MeishiKnownToken *known, gint keep, guint minutes,
                          GError **error)
{
    const gint old_keep = known->facts->pin_keep;
    const guint old_minutes = known->facts->pin_minutes;

    known->facts->pin_keep = keep;
    known->facts->pin_minutes = minutes;
    if (!meishi_store_has_vault(book->store) || !is_kept(known)) {
        known->is_changed = TRUE;
        return TRUE;
    }
    if (write_known(book, known, error))
        return TRUE;
    known->facts->pin_keep = old_keep;
    known->facts->pin_minutes = old_minutes;
    return FALSE;
}

gboolean
meishi_token_book_forget(MeishiTokenBook *book, MeishiKnownToken *known, GError **error)
{
    if (known->facts->id != 0 && !meishi_store_remove_token(book->store, known->facts->id, error))
        return FALSE;
    g_ptr_array_remove(book->known, known);
    return TRUE;
}
