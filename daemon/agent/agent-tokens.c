/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens become identities: certificates with a key are read off them, and given to the roster
 * beside the rows of the store.
 *
 * An identity has the same number each time that its token is put in, since programs keep handles:
 * it is made from the certificate's digest, and the next free one is taken in the case, of one in
 * some thousands, that two meet.
 */
#include "daemon/agent/token-shelf.h"

#include "module/wire/cryptoki.h"

#include <string.h>

#define N_ROWS     MEISHI_FIRST_TOKEN_ROW /* as many as there are below */
#define LABEL_SIZE 32

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
    meishi_opening_free(lock->opening);
    meishi_token_use_unref(lock->use);
    meishi_token_place_unref(lock->place);
    g_free(lock);
}

/* What kind of thing it is, as far as one can tell. */
static MeishiTokenKind
guess_kind(const MeishiTokenContent *token)
{
    if (strstr(token->model, "TPM") != NULL || strstr(token->module, "tpm2") != NULL)
        return MEISHI_TOKEN_TPM;
    return (token->slot_flags & CKF_REMOVABLE_DEVICE) != 0 ? MEISHI_TOKEN_CARD : MEISHI_TOKEN_HSM;
}

/* ---- seats ------------------------------------------------------------------------------------
 */

static MeishiTokenLock *
who_sits(const MeishiTokenShelf *shelf, guint seat)
{
    for (guint i = 0; i < shelf->locks->len; i++) {
        MeishiTokenLock *lock = shelf->locks->pdata[i];

        if (lock->place->seat == seat)
            return lock;
    }
    return NULL;
}

/* Where @name was before; else one that nobody had; else one whose token is away.  With more tokens
 * than seats two share one. */
static guint
choose_seat(const MeishiTokenShelf *shelf, const char *name)
{
    guint first = g_str_hash(name) % MEISHI_N_SEATS;
    guint fresh = MEISHI_N_SEATS, idle = MEISHI_N_SEATS;

    for (guint i = MEISHI_N_SEATS; i-- > 0;) {
        guint seat = (first + i) % MEISHI_N_SEATS;

        if (who_sits(shelf, seat) != NULL)
            continue;
        if (g_strcmp0(shelf->seats[seat], name) == 0)
            return seat;
        if (shelf->seats[seat] == NULL)
            fresh = seat;
        idle = seat;
    }
    if (fresh < MEISHI_N_SEATS)
        return fresh;
    return idle < MEISHI_N_SEATS ? idle : first;
}

static gboolean
is_taken(const MeishiTokenShelf *shelf, const char *label)
{
    if (strcmp(label, MEISHI_TOKEN_LABEL) == 0 || strcmp(label, MEISHI_TOKEN_LABEL_EDDSA) == 0)
        return TRUE;
    for (guint i = 0; i < shelf->locks->len; i++) {
        if (strcmp(((MeishiTokenLock *)shelf->locks->pdata[i])->place->slot_label, label) == 0)
            return TRUE;
    }
    return FALSE;
}

/* At most as long as CK_TOKEN_INFO's label, whole characters. */
static char *
shorten(const char *text, gsize size)
{
    const char *end = text + MIN(strlen(text), size);

    if (*end != '\0')
        end = g_utf8_find_prev_char(text, end + 1);
    return g_strndup(text, end != NULL ? (gsize)(end - text) : 0);
}

/* Programs name tokens by their labels (RFC 7512). */
static char *
choose_slot_label(const MeishiTokenShelf *shelf, const MeishiTokenContent *token)
{
    const char *wish = token->label[0] != '\0' ? token->label : "Token";
    char *label = shorten(wish, LABEL_SIZE);

    for (guint n = 2; is_taken(shelf, label); n++) {
        g_autofree char *suffix = g_strdup_printf(" (%u)", n);
        g_autofree char *base = shorten(wish, LABEL_SIZE - strlen(suffix));

        g_free(label);
        label = g_strconcat(base, suffix, NULL);
    }
    return label;
}

static void
take_seat(MeishiTokenShelf *shelf, const MeishiTokenContent *token, MeishiTokenPlace *place)
{
    g_autofree char *name =
        g_strjoin("\n", token->label, token->model, token->serial, token->module, NULL);

    place->seat = choose_seat(shelf, name);
    place->slot_label = choose_slot_label(shelf, token);
    g_free(shelf->seats[place->seat]);
    shelf->seats[place->seat] = g_steal_pointer(&name);
}

static MeishiTokenPlace *
place_new(MeishiTokenShelf *shelf, const MeishiTokenContent *token)
{
    MeishiTokenPlace *place = g_new0(MeishiTokenPlace, 1);

    place->refs = 1;
    place->kind = guess_kind(token);
    place->label = g_strdup(token->label);
    place->model = g_strdup(token->model);
    place->serial = g_strdup(token->serial);
    place->reader = g_strdup(token->reader);
    take_seat(shelf, token, place);
    return place;
}

static MeishiTokenLock *
lock_new(MeishiTokenShelf *shelf, MeishiTokenUse *use)
{
    MeishiTokenLock *lock = g_new0(MeishiTokenLock, 1);

    lock->refs = 1;
    lock->agent = shelf->agent;
    lock->use = meishi_token_use_ref(use);
    lock->place = place_new(shelf, meishi_token_use_token(use));
    return lock;
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
        if (cert != NULL)
            g_hash_table_insert(shelf->parsed, g_bytes_ref(der), cert);
    }
    return cert != NULL ? meishi_cert_ref(cert) : NULL;
}

static void
entry_free(gpointer data)
{
    MeishiTokenEntry *entry = data;

    meishi_token_identity_free(entry->identity);
    meishi_token_lock_unref(entry->lock);
    g_free(entry);
}

const MeishiTokenEntry *
meishi_token_shelf_find(const MeishiTokenShelf *shelf, gint64 row)
{
    for (guint i = 0; i < shelf->entries->len; i++) {
        const MeishiTokenEntry *entry = shelf->entries->pdata[i];

        if (entry->row == row)
            return entry;
    }
    return NULL;
}

static gboolean
holds_cert(const MeishiTokenShelf *shelf, const MeishiCert *cert)
{
    for (guint i = 0; i < shelf->entries->len; i++) {
        const MeishiTokenEntry *entry = shelf->entries->pdata[i];

        if (g_bytes_equal(entry->identity->cert->der, cert->der))
            return TRUE;
    }
    return FALSE;
}

static gint64
choose_row(const MeishiTokenShelf *shelf, const MeishiCert *cert)
{
    guint32 number;

    memcpy(&number, cert->sha256, sizeof number);
    for (gint64 row = GUINT32_FROM_BE(number) % N_ROWS;; row = (row + 1) % N_ROWS) {
        if (meishi_token_shelf_find(shelf, MEISHI_FIRST_TOKEN_ROW + row) == NULL)
            return MEISHI_FIRST_TOKEN_ROW + row;
    }
}

/* The same card in two readers, or behind two modules, is one identity: the first that is seen. */
static void
add_entry(MeishiTokenShelf *shelf, MeishiTokenIdentity *identity, MeishiTokenLock *lock)
{
    MeishiTokenEntry *entry;

    if (holds_cert(shelf, identity->cert)) {
        meishi_token_identity_free(identity);
        return;
    }
    entry = g_new0(MeishiTokenEntry, 1);
    entry->row = choose_row(shelf, identity->cert);
    entry->identity = identity;
    entry->lock = meishi_token_lock_ref(lock);
    g_ptr_array_add(shelf->entries, entry);
}

static void
read_token(MeishiTokenShelf *shelf, MeishiTokenLock *lock)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);
    g_autoptr(GPtrArray) identities = meishi_pairing_identities(token, read_cert, shelf);
    g_autoptr(GPtrArray) others = meishi_pairing_others(token, identities, read_cert, shelf);

    g_ptr_array_set_free_func(identities, NULL);
    for (guint i = 0; i < identities->len; i++)
        add_entry(shelf, identities->pdata[i], lock);
    for (guint i = 0; i < others->len; i++)
        g_ptr_array_add(shelf->issuers, meishi_cert_ref(others->pdata[i]));
}

/* ---- what changed -----------------------------------------------------------------------------
 */

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
on_changed(gpointer user_data)
{
    MeishiTokenShelf *shelf = user_data;
    GPtrArray *uses = meishi_tokens_list(shelf->tokens);
    g_autoptr(GPtrArray) old = shelf->locks;
    g_autoptr(GError) error = NULL;

    shelf->locks = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_lock_unref);
    g_ptr_array_set_size(shelf->entries, 0);
    g_ptr_array_set_size(shelf->issuers, 0);
    keep_known(shelf, uses, old);
    for (guint i = 0; i < uses->len; i++) {
        MeishiTokenLock *lock = find_lock(shelf->locks, uses->pdata[i]);

        if (lock == NULL) {
            lock = lock_new(shelf, uses->pdata[i]);
            g_ptr_array_add(shelf->locks, lock);
        }
        read_token(shelf, lock);
    }
    if (!meishi_agent_reload(shelf->agent, &error))
        g_signal_emit_by_name(shelf->agent, "token-trouble", error->message);
    meishi_agent_announce_hints(shelf->agent); /* also of a token without any identity */
    tell_the_lost(old);
}

static void
add_row(MeishiTokenShelf *shelf, const MeishiTokenEntry *entry)
{
    MeishiRosterOnToken *row = g_new0(MeishiRosterOnToken, 1);

    row->row = entry->row;
    row->cert = entry->identity->cert;
    row->name = entry->identity->label;
    row->place = entry->lock->place;
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
    g_autofree char *text = g_strdup_printf("The PKCS#11 module \"%s\" says: %s", module, line);

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
    shelf->entries = g_ptr_array_new_with_free_func(entry_free);
    shelf->issuers = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    shelf->rows = g_ptr_array_new_with_free_func(g_free);
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
    g_hash_table_unref(shelf->parsed);
    for (guint i = 0; i < MEISHI_N_SEATS; i++)
        g_free(shelf->seats[i]);
    g_free(shelf);
}

void
meishi_agent_set_token_modules(MeishiAgent *agent, GPtrArray *modules)
{
    if (agent->shelf == NULL)
        agent->shelf = shelf_new(agent);
    meishi_tokens_set_modules(agent->shelf->tokens, modules);
}

void
meishi_agent_refresh_tokens(MeishiAgent *agent)
{
    if (agent->shelf != NULL)
        meishi_tokens_refresh(agent->shelf->tokens);
}
