/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens become identities: certificates with a key are read off them, and given to the roster
 * beside the rows of the store.  Those of a token that is away are known from when it was there.
 *
 * An identity has the same number each time that its token is put in, since programs keep handles:
 * it is made from the certificate's digest, and the next free one is taken in the case, of one in
 * some thousands, that two meet.
 */
#include "daemon/agent/token-keep.h"

#include "daemon/base/error.h"

#include <string.h>

#define N_ROWS MEISHI_FIRST_TOKEN_ROW /* as many as there are below */

/* A module may say that there is any number of certificates; more than a person has are of no use,
 * and each is compared with all. */
#define MAX_OF_TOKEN 128 /* of each kind */
#define MAX_OF_ALL   1024
#define MAX_PARSED   4096

/* ---- locks ----------------------------------------------------------------------------------- */

MeishiTokenLock *
meishi_token_lock_ref(MeishiTokenLock *lock)
{
    lock->refs++;
    return lock;
}

void
meishi_token_lock_unref(MeishiTokenLock *lock)
{
    if (lock == NULL || --lock->refs > 0)
        return;
    meishi_token_keep_free(lock->keep);
    meishi_opening_free(lock->opening);
    g_clear_pointer(&lock->barren, g_hash_table_unref);
    meishi_token_use_unref(lock->use);
    meishi_token_place_unref(lock->place);
    g_free(lock);
}

static MeishiTokenLock *
find_lock(const GPtrArray *locks, const MeishiTokenUse *use)
{
    for (guint i = 0; i < locks->len; i++) {
        MeishiTokenLock *lock = locks->pdata[i];

        if (lock->use == use)
            return lock;
    }
    return NULL;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static MeishiCert *
read_cert(GBytes *der, gpointer user_data)
{
    MeishiTokenShelf *shelf = user_data;
    MeishiCert *cert = g_hash_table_lookup(shelf->parsed, der);

    if (cert == NULL) {
        cert = meishi_x509_parse(der, NULL);
        if (g_hash_table_size(shelf->parsed) >= MAX_PARSED)
            g_hash_table_remove_all(shelf->parsed); /* those in use are back with the next look */
        if (cert != NULL)
            g_hash_table_insert(shelf->parsed, g_bytes_ref(der), cert);
    }
    return cert != NULL ? meishi_cert_ref(cert) : NULL;
}

/* What a token shows. */
typedef struct {
    GPtrArray *identities; /* MeishiTokenIdentity */
    GPtrArray *others;     /* MeishiCert */
    MeishiTokenSeen seen;
} Reading;

static void
clear_reading(Reading *reading)
{
    g_ptr_array_unref(reading->identities);
    g_ptr_array_unref(reading->others);
    g_ptr_array_unref(reading->seen.on_it.identities);
    g_ptr_array_unref(reading->seen.on_it.issuers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, clear_reading)

const MeishiTokenEntry *
meishi_token_shelf_find(const MeishiTokenShelf *shelf, const MeishiCert *cert)
{
    for (guint i = 0; i < shelf->entries->len; i++) {
        const MeishiTokenEntry *entry = shelf->entries->pdata[i];

        if (entry->lock != NULL && g_bytes_equal(entry->identity->cert->der, cert->der))
            return entry;
    }
    return NULL;
}

static MeishiTokenEntry *
find_entry(const MeishiTokenShelf *shelf, const MeishiCert *cert)
{
    for (guint i = 0; i < shelf->entries->len; i++) {
        MeishiTokenEntry *entry = shelf->entries->pdata[i];

        if (g_bytes_equal(entry->identity->cert->der, cert->der))
            return entry;
    }
    return NULL;
}

/* Those of tokens that are away are taken as well. */
static gboolean
is_free(const MeishiTokenShelf *shelf, gint64 row, const MeishiCert *cert)
{
    for (guint i = 0; i < shelf->entries->len; i++) {
        if (((const MeishiTokenEntry *)shelf->entries->pdata[i])->row == row)
            return FALSE;
    }
    return !meishi_token_book_is_taken(shelf->agent->token_book, row, cert->der);
}

static gint64
choose_row(const MeishiTokenShelf *shelf, const MeishiCert *cert)
{
    gint64 known = meishi_token_book_find_number(shelf->agent->token_book, cert->der);
    guint32 number;

    if (known >= MEISHI_FIRST_TOKEN_ROW && known < MEISHI_FIRST_TOKEN_ROW + N_ROWS &&
        is_free(shelf, known, cert))
        return known;
    memcpy(&number, cert->sha256, sizeof number);
    for (gint64 row = GUINT32_FROM_BE(number) % N_ROWS;; row = (row + 1) % N_ROWS) {
        if (is_free(shelf, MEISHI_FIRST_TOKEN_ROW + row, cert))
            return MEISHI_FIRST_TOKEN_ROW + row;
    }
}

/* For the book. */
static void
describe(const MeishiTokenShelf *shelf, Reading *reading)
{
    for (guint i = 0; i < reading->identities->len; i++) {
        const MeishiTokenIdentity *from = reading->identities->pdata[i];
        const MeishiTokenEntry *entry = find_entry(shelf, from->cert);
        MeishiStoreTokenIdentity *to = g_new0(MeishiStoreTokenIdentity, 1);

        to->number = entry != NULL ? entry->row : choose_row(shelf, from->cert);
        to->der = g_bytes_ref(from->cert->der);
        to->label = g_strdup(from->label);
        g_ptr_array_add(reading->seen.on_it.identities, to);
    }
    for (guint i = 0; i < reading->others->len; i++) {
        MeishiStoreTokenIssuer *to = g_new0(MeishiStoreTokenIssuer, 1);

        to->der = g_bytes_ref(((const MeishiCert *)reading->others->pdata[i])->der);
        g_ptr_array_add(reading->seen.on_it.issuers, to);
    }
}

static void
read_token(MeishiTokenShelf *shelf, MeishiTokenUse *use, Reading *ret_reading)
{
    const MeishiTokenContent *token = meishi_token_use_token(use);
    Reading *reading = ret_reading;

    reading->identities = meishi_pairing_identities(token, read_cert, shelf);
    reading->others = meishi_pairing_others(token, reading->identities, read_cert, shelf);
    g_ptr_array_set_size(reading->identities, (gint)MIN(reading->identities->len, MAX_OF_TOKEN));
    g_ptr_array_set_size(reading->others, (gint)MIN(reading->others->len, MAX_OF_TOKEN));
    reading->seen.facts = token;
    reading->seen.kind = meishi_token_seat_guess_kind(token);
    reading->seen.on_it.identities =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_identity_free);
    reading->seen.on_it.issuers =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_issuer_free);
    describe(shelf, reading);
}

/* ---- what lies where --------------------------------------------------------------------------
 */

/* Takes @identity; @lock NULL: the token is away. */
static void
add_entry(MeishiTokenShelf *shelf, MeishiTokenIdentity *identity, MeishiTokenPlace *place,
          MeishiTokenLock *lock)
{
    MeishiTokenEntry *entry = find_entry(shelf, identity->cert);

    if (entry != NULL) {
        meishi_token_entry_offer(entry, identity, lock);
        return;
    }
    if (shelf->entries->len >= MAX_OF_ALL) {
        meishi_token_identity_free(identity);
        return;
    }
    entry = meishi_token_entry_new(identity, place, lock);
    entry->row = choose_row(shelf, identity->cert);
    g_ptr_array_add(shelf->entries, entry);
}

static void
add_issuer(MeishiTokenShelf *shelf, MeishiCert *cert)
{
    if (shelf->issuers->len < MAX_OF_ALL)
        g_ptr_array_add(shelf->issuers, cert);
    else
        meishi_cert_unref(cert);
}

/* What the book knows of a token; with @lock it is there all the same. */
static void
add_remembered(MeishiTokenShelf *shelf, const MeishiKnownToken *known, MeishiTokenPlace *place,
               MeishiTokenLock *lock)
{
    for (guint i = 0; i < known->identities->len; i++) {
        const MeishiStoreTokenIdentity *from = known->identities->pdata[i];
        MeishiCert *cert = read_cert(from->der, shelf);
        MeishiTokenIdentity *identity;

        if (cert == NULL)
            continue;
        identity = g_new0(MeishiTokenIdentity, 1);
        identity->cert = cert;
        identity->label = g_strdup(from->label);
        add_entry(shelf, identity, place, lock);
    }
    for (guint i = 0; i < known->issuers->len; i++) {
        MeishiCert *cert =
            read_cert(((const MeishiStoreTokenIssuer *)known->issuers->pdata[i])->der, shelf);

        if (cert != NULL)
            add_issuer(shelf, cert);
    }
}

/* Some tokens show their certificates to nobody who has not logged in. */
static gboolean
is_reticent(const MeishiTokenLock *lock, const Reading *reading)
{
    return reading->identities->len == 0 && lock->known->identities->len > 0 &&
           meishi_token_content_needs_login(reading->seen.facts) &&
           !meishi_token_use_is_logged_in(lock->use);
}

static void
add_token(MeishiTokenShelf *shelf, MeishiTokenLock *lock)
{
    g_auto(Reading) reading = {0};

    read_token(shelf, lock->use, &reading);
    if (is_reticent(lock, &reading)) {
        add_remembered(shelf, lock->known, lock->place, lock);
        return;
    }
    meishi_token_book_note(shelf->agent->token_book, lock->known, &reading.seen,
                           meishi_agent_now());
    g_ptr_array_set_free_func(reading.identities, NULL);
    for (guint i = 0; i < reading.identities->len; i++)
        add_entry(shelf, reading.identities->pdata[i], lock->place, lock);
    for (guint i = 0; i < reading.others->len; i++)
        add_issuer(shelf, meishi_cert_ref(reading.others->pdata[i]));
}

static void
fill(MeishiTokenShelf *shelf)
{
    GPtrArray *known = meishi_token_book_list(shelf->agent->token_book);

    g_ptr_array_set_size(shelf->entries, 0);
    g_ptr_array_set_size(shelf->issuers, 0);
    for (guint i = 0; i < shelf->locks->len; i++)
        add_token(shelf, shelf->locks->pdata[i]);
    for (guint i = 0; i < known->len; i++) {
        const MeishiKnownToken *one = known->pdata[i];

        if (one->is_there)
            g_hash_table_remove(shelf->away, GUINT_TO_POINTER(one->number));
        else
            add_remembered(shelf, one, meishi_token_seat_remember(shelf, one), NULL);
    }
}

/* ---- what changed -----------------------------------------------------------------------------
 */

static GPtrArray *
list_present(const MeishiAgent *agent)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);

    for (guint i = 0; i < agent->identities->len; i++) {
        MeishiIdentity *identity = agent->identities->pdata[i];

        if (identity->place != NULL && identity->place->is_present)
            g_ptr_array_add(list, meishi_identity_ref(identity));
    }
    return list;
}

/* Keeps those of @identities whose token has gone since. */
static void
keep_pulled(const MeishiTokenShelf *shelf, GPtrArray *identities)
{
    for (guint i = identities->len; i-- > 0;) {
        const MeishiIdentity *identity = identities->pdata[i];

        if (meishi_token_shelf_find(shelf, identity->cert) != NULL)
            g_ptr_array_remove_index(identities, i);
    }
}

/* Everything that follows from other tokens, or from others being remembered. */
static void
refresh(MeishiTokenShelf *shelf)
{
    G_GNUC_UNUSED g_autoptr(MeishiAgent) alive = g_object_ref(shelf->agent);
    g_autoptr(GPtrArray) pulled = list_present(shelf->agent);
    g_autoptr(GError) error = NULL;

    fill(shelf);
    if (meishi_token_book_save(shelf->agent->token_book))
        fill(shelf);
    keep_pulled(shelf, pulled);
    if (!meishi_agent_reload(shelf->agent, &error))
        g_signal_emit_by_name(shelf->agent, "token-trouble", error->message);
    meishi_agent_announce_hints(shelf->agent); /* also of a token without any identity */
    meishi_agent_tell_pulled(shelf->agent, pulled);
}

static void
tell_the_lost(const GPtrArray *old)
{
    for (guint i = 0; i < old->len; i++) {
        const MeishiTokenLock *lock = old->pdata[i];

        if (lock->opening != NULL)
            meishi_opening_look_again(lock->opening);
    }
}

/* Those that stayed keep their seats, before anybody new looks for one. */
static void
keep_known(MeishiTokenShelf *shelf, const GPtrArray *uses, const GPtrArray *old)
{
    for (guint i = 0; i < uses->len; i++) {
        MeishiTokenLock *known = find_lock(old, uses->pdata[i]);

        if (known != NULL)
            g_ptr_array_add(shelf->locks, meishi_token_lock_ref(known));
    }
}

static void
part_with_others(MeishiTokenShelf *shelf, const GPtrArray *old)
{
    for (guint i = 0; i < old->len; i++) {
        MeishiTokenLock *lock = old->pdata[i];

        if (find_lock(shelf->locks, lock->use) != NULL)
            continue;
        meishi_token_book_part(shelf->agent->token_book, lock->known, meishi_agent_now());
        lock->known = NULL;
    }
}

/* What another process of a module finds in the same slot under the same name was not pulled:
 * programs keep their sessions with it. */
static const MeishiTokenPlace *
find_place_before(const GPtrArray *old, const MeishiTokenContent *token)
{
    for (guint i = 0; i < old->len; i++) {
        const MeishiTokenLock *lock = old->pdata[i];

        if (meishi_token_content_is_restart(meishi_token_use_token(lock->use), token))
            return lock->place;
    }
    return NULL;
}

static MeishiTokenLock *
lock_new(MeishiTokenShelf *shelf, MeishiTokenUse *use, const GPtrArray *old)
{
    MeishiTokenLock *lock = g_new0(MeishiTokenLock, 1);
    g_auto(Reading) reading = {0};

    read_token(shelf, use, &reading);
    lock->refs = 1;
    lock->agent = shelf->agent;
    lock->use = meishi_token_use_ref(use);
    lock->known = meishi_token_book_meet(shelf->agent->token_book, &reading.seen);
    lock->place = meishi_token_seat_take(shelf, reading.seen.facts, lock->known,
                                         find_place_before(old, reading.seen.facts));
    return lock;
}

static void
on_changed(gpointer user_data)
{
    MeishiTokenShelf *shelf = user_data;
    GPtrArray *uses = meishi_tokens_list(shelf->tokens);
    g_autoptr(GPtrArray) old = shelf->locks;

    shelf->locks = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_lock_unref);
    keep_known(shelf, uses, old);
    part_with_others(shelf, old);
    for (guint i = 0; i < uses->len; i++) {
        MeishiTokenLock *lock;

        if (find_lock(shelf->locks, uses->pdata[i]) != NULL)
            continue;
        lock = lock_new(shelf, uses->pdata[i], old);
        g_ptr_array_add(shelf->locks, lock);
        meishi_token_keep_review(lock);
    }
    refresh(shelf);
    tell_the_lost(old);
}

void
meishi_token_shelf_look_elsewhere(MeishiTokenShelf *shelf)
{
    refresh(shelf);
}

/* Called by who reads the store: what is told about here is read then. */
void
meishi_agent_save_tokens(MeishiAgent *agent)
{
    if (agent->shelf != NULL && meishi_token_book_save(agent->token_book))
        refresh(agent->shelf);
}

/* What choices call the identities of the token @number; new. */
static GPtrArray *
list_lineages(const MeishiAgent *agent, guint number)
{
    GPtrArray *lineages = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < agent->identities->len; i++) {
        const MeishiIdentity *identity = agent->identities->pdata[i];

        if (identity->place != NULL && identity->place->number == number)
            g_ptr_array_add(lineages, g_strdup(identity->lineage));
    }
    return lineages;
}

static gboolean
forget(MeishiAgent *agent, MeishiKnownToken *known, GError **error)
{
    const guint number = known->number;
    g_autoptr(GPtrArray) lineages = NULL;

    if (known->is_there) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_PERMITTED,
                    "“%s” is there and would be remembered anew. Take it out first.",
                    known->facts->label);
        return FALSE;
    }
    lineages = list_lineages(agent, number);
    meishi_token_keep_forget(agent, known);
    if (!meishi_token_book_forget(agent->token_book, known, error))
        return FALSE;
    g_hash_table_remove(agent->shelf->away, GUINT_TO_POINTER(number));
    refresh(agent->shelf);
    for (guint i = 0; i < lineages->len; i++)
        meishi_agent_forget_extinct(agent, lineages->pdata[i]);
    return TRUE;
}

gboolean
meishi_agent_forget_token(MeishiAgent *agent, guint number, GError **error)
{
    GPtrArray *known = meishi_token_book_list(agent->token_book);

    for (guint i = 0; i < known->len; i++) {
        MeishiKnownToken *one = known->pdata[i];

        if (one->number == number)
            return forget(agent, one, error);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "There is no such token.");
    return FALSE;
}

static void
add_row(MeishiTokenShelf *shelf, const MeishiTokenEntry *entry)
{
    MeishiRosterOnToken *row = g_new0(MeishiRosterOnToken, 1);

    row->row = entry->row;
    row->cert = entry->identity->cert;
    row->name = entry->identity->label;
    row->place = entry->place;
    g_ptr_array_add(shelf->rows, row);
}

void
meishi_token_shelf_add_rows(MeishiTokenShelf *shelf, MeishiRosterRows *rows)
{
    g_ptr_array_set_size(shelf->rows, 0);
    for (guint i = 0; i < shelf->entries->len; i++)
        add_row(shelf, shelf->entries->pdata[i]);
    rows->on_tokens = shelf->rows;
    rows->token_issuers = shelf->issuers;
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void
on_trouble(const char *module, const char *text, gpointer user_data)
{
    MeishiTokenShelf *shelf = user_data;

    g_signal_emit_by_name(shelf->agent, "token-trouble", text);
}

static void
on_said(const char *module, const char *line, gpointer user_data)
{
    MeishiTokenShelf *shelf = user_data;
    g_autofree char *text = g_strdup_printf("The PKCS#11 module “%s” says: %s", module, line);

    g_signal_emit_by_name(shelf->agent, "token-trouble", text);
}

static MeishiTokenShelf *
shelf_new(MeishiAgent *agent)
{
    MeishiTokenShelf *shelf = g_new0(MeishiTokenShelf, 1);
    const MeishiTokensOptions options = {
        .changed = on_changed, .trouble = on_trouble, .said = on_said, .user_data = shelf};

    shelf->agent = agent;
    shelf->locks = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_lock_unref);
    shelf->entries = g_ptr_array_new_with_free_func(meishi_token_entry_free);
    shelf->issuers = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    shelf->rows = g_ptr_array_new_with_free_func(g_free);
    shelf->away = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)meishi_token_place_unref);
    shelf->parsed =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                              (GDestroyNotify)meishi_cert_unref);
    shelf->tokens = meishi_tokens_new(&options);
    return shelf;
}

void
meishi_token_shelf_free(MeishiTokenShelf *shelf)
{
    if (shelf == NULL)
        return;
    for (guint i = 0; i < shelf->locks->len; i++)
        ((MeishiTokenLock *)shelf->locks->pdata[i])->agent = NULL;
    meishi_tokens_free(shelf->tokens);
    g_ptr_array_unref(shelf->rows);
    g_ptr_array_unref(shelf->entries);
    g_ptr_array_unref(shelf->locks);
    g_ptr_array_unref(shelf->issuers);
    g_hash_table_unref(shelf->away);
    g_hash_table_unref(shelf->parsed);
    for (guint i = 0; i < MEISHI_N_SEATS; i++)
        g_free(shelf->seats[i]);
    g_free(shelf);
}

void
meishi_agent_set_token_modules(MeishiAgent *agent, GPtrArray *modules)
{
    if (agent->shelf == NULL) {
        agent->shelf = shelf_new(agent);
        refresh(agent->shelf); /* what is remembered */
    }
    meishi_tokens_set_modules(agent->shelf->tokens, modules);
}

void
meishi_agent_refresh_tokens(MeishiAgent *agent)
{
    if (agent->shelf != NULL)
        meishi_tokens_refresh(agent->shelf->tokens);
}

gboolean
meishi_agent_has_seen_tokens(MeishiAgent *agent)
{
    return agent->shelf == NULL || meishi_tokens_are_settled(agent->shelf->tokens);
}
