/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault is two tokens, because one Ed25519 key makes libp11 0.4 reject the whole token that it
 * lies in.  The second is absent as long as it would be empty.
 *
 * A role's token is present as long as there is the role, also when it holds nothing.  An absent
 * token ends the sessions in it, and NSS then looks again only after its user asks for it or ten
 * seconds have passed; a role that is empty for a moment, between a certificate and its successor,
 * must not cost a running program that.  p11-kit and GnuTLS then say that the object is missing
 * and not the token, which is the truth, and `p11tool --list-tokens` shows that the policy arrived.
 *
 * With a slot for each identity a present token is an offer, so that an empty role is an absent
 * token there.  GNOME Web, for which that layout is, passes over slots whose description begins
 * with "/" or is one of three names; ours begin with our name, whatever the label is.
 */
#include "daemon/server/tokens.h"

#include "daemon/agent/hex.h"
#include "daemon/server/handle.h"
#include "module/wire/snapshot.h"

#include <string.h>

#define LABEL_SIZE       32
#define DESCRIPTION_SIZE 64
#define SERIAL_BYTES     8 /* of a digest, in hex */

#define EDDSA_TYPES      (1u << MEISHI_KEY_ED25519 | 1u << MEISHI_KEY_ED448)
#define OTHER_TYPES      (1u << MEISHI_KEY_RSA | 1u << MEISHI_KEY_RSA_PSS | 1u << MEISHI_KEY_EC)
#define ALL_TYPES        (EDDSA_TYPES | OTHER_TYPES)

G_STATIC_ASSERT(MEISHI_N_STANDING_SEATS == MEISHI_WIRE_N_TOKEN_SLOTS);

void
meishi_token_free(MeishiToken *token)
{
    g_free(token->label);
    g_free(token->description);
    g_free(token->serial);
    g_ptr_array_unref(token->shown);
    g_free(token);
}

static MeishiToken *
token_new(guint64 slot_id, const char *model, guint key_types)
{
    MeishiToken *token = g_new0(MeishiToken, 1);

    token->slot_id = slot_id;
    token->model = model;
    token->key_types = key_types;
    token->has_digests = (key_types & OTHER_TYPES) != 0;
    token->is_present = TRUE;
    token->insertion = 1;
    token->role = -1;
    token->shown = g_ptr_array_new();
    return token;
}

/* ---- texts --------------------------------------------------------------------------------- */

/* At most @size bytes of @text, whole characters, without blanks at the end, which would be lost
 * among those that the field is padded with. */
static char *
cut(const char *text, gsize size)
{
    gsize len = strlen(text);

    if (len > size)
        for (len = size; len > 0 && ((guchar)text[len] & 0xC0) == 0x80;)
            len--;
    return g_strchomp(g_strndup(text, len));
}

/* A label that is not in @taken, and is then. */
static char *
cut_unique(const char *text, GHashTable *taken)
{
    char *label = cut(text, LABEL_SIZE);

    for (guint n = 2; g_hash_table_contains(taken, label); n++) {
        g_autofree char *suffix = g_strdup_printf(" (%u)", n);
        g_autofree char *base = cut(text, LABEL_SIZE - strlen(suffix));

        g_free(label);
        label = g_strconcat(base, suffix, NULL);
    }
    g_hash_table_add(taken, g_strdup(label));
    return label;
}

static char *
describe(const char *label)
{
    g_autofree char *description = g_strconcat("Meishi: ", label, NULL);

    return cut(description, DESCRIPTION_SIZE);
}

static gboolean
has_type(const MeishiShown *shown, guint types)
{
    return (types & 1u << shown->identity->key->type) != 0;
}

/* ---- the vault ----------------------------------------------------------------------------- */

static MeishiToken *
vault_token_new(guint64 slot_id, const char *label, const char *serial, guint key_types)
{
    MeishiToken *token = token_new(slot_id, "Meishi vault", key_types);

    token->label = g_strdup(label);
    token->description = g_strdup(label);
    token->serial = g_strdup(serial);
    return token;
}

static void
plan_vault(const MeishiPresentation *presentation, GPtrArray *tokens)
{
    MeishiToken *vault = vault_token_new(MEISHI_SLOT_VAULT, MEISHI_TOKEN_LABEL, "1", OTHER_TYPES);
    MeishiToken *eddsa =
        vault_token_new(MEISHI_SLOT_VAULT_EDDSA, MEISHI_TOKEN_LABEL_EDDSA, "2", EDDSA_TYPES);

    for (guint i = 0; i < presentation->shown->len; i++) {
        MeishiShown *shown = presentation->shown->pdata[i];

        if (!shown->identity->is_in_vault)
            continue; /* while one that is may be used from a card, and shows there as well */
        if (has_type(shown, OTHER_TYPES))
            g_ptr_array_add(vault->shown, shown);
        else if (has_type(shown, EDDSA_TYPES))
            g_ptr_array_add(eddsa->shown, shown);
    }
    eddsa->is_present = eddsa->shown->len > 0;
    g_ptr_array_add(tokens, vault);
    g_ptr_array_add(tokens, eddsa);
}

/* ---- tokens behind foreign modules --------------------------------------------------------- */

static MeishiToken *
foreign_token_new(const MeishiTokenPlace *place)
{
    MeishiToken *token = token_new(MEISHI_SLOT_TOKENS + place->seat, "Meishi token", ALL_TYPES);

    token->label = cut(place->slot_label, LABEL_SIZE);
    token->description = describe(place->slot_label);
    token->serial = cut(place->serial, 2 * SERIAL_BYTES);
    token->hides_certificates = place->hides_certificates;
    token->insertion = place->insertion;
    return token;
}

/* A token is there as long as something on it may be shown.  When it goes, so does its slot, and
 * the module keeps an empty one for who has seen it. */
static void
plan_foreign(const MeishiPresentation *presentation, GPtrArray *tokens)
{
    MeishiToken *by_seat[MEISHI_N_SEATS] = {NULL};

    for (guint i = 0; i < presentation->shown->len; i++) {
        MeishiShown *shown = presentation->shown->pdata[i];
        const MeishiTokenPlace *place = shown->identity->place;

        if (place == NULL || !has_type(shown, ALL_TYPES))
            continue;
        if (by_seat[place->seat] == NULL)
            by_seat[place->seat] = foreign_token_new(place);
        g_ptr_array_add(by_seat[place->seat]->shown, shown);
    }
    for (guint i = 0; i < MEISHI_N_SEATS; i++) {
        if (by_seat[i] != NULL)
            g_ptr_array_add(tokens, by_seat[i]);
    }
}

/* ---- roles --------------------------------------------------------------------------------- */

/* The number follows from the name.  Where two names want the same, the one that sorts first has
 * it, the same way each time for the same set of roles. */
static int
take_number(const guint8 *digest, gboolean *taken)
{
    guint number = digest[0] % MEISHI_HANDLE_MAX_ROLES;

    while (taken[number])
        number = (number + 1) % MEISHI_HANDLE_MAX_ROLES;
    taken[number] = TRUE;
    return (int)number;
}

/* All mechanisms: what the role holds may change, and programs read the list once. */
static MeishiToken *
role_token_new(const MeishiShownRole *role, gboolean *taken)
{
    MeishiToken *token = token_new(0, "Meishi role", ALL_TYPES);
    guint8 digest[MEISHI_SHA256_LEN];

    meishi_crypto_sha256(role->name, strlen(role->name), digest);
    token->role = take_number(digest, taken);
    token->slot_id = MEISHI_SLOT_ROLES + (guint)token->role;
    token->label = cut(role->label, LABEL_SIZE);
    token->description = describe(role->label);
    token->serial = meishi_hex_encode(digest, SERIAL_BYTES);
    if (role->now != NULL && has_type(role->now, ALL_TYPES))
        g_ptr_array_add(token->shown, role->now);
    return token;
}

static void
plan_roles(const MeishiPresentation *presentation, GPtrArray *tokens)
{
    gboolean taken[MEISHI_HANDLE_MAX_ROLES] = {FALSE};
    guint n = MIN(presentation->roles->len, MEISHI_HANDLE_MAX_ROLES);

    for (guint i = 0; i < n; i++)
        g_ptr_array_add(tokens, role_token_new(presentation->roles->pdata[i], taken));
}

/* ---- a slot for each identity -------------------------------------------------------------- */

/* A slot id is the certificate's for good, as its row is: a slot that a program remembers never
 * holds somebody else's certificate. */
static MeishiToken *
identity_token_new(MeishiShown *shown)
{
    const MeishiIdentity *identity = shown->identity;
    MeishiToken *token = token_new(MEISHI_SLOT_IDENTITIES + (guint64)identity->cert_id,
                                   "Meishi identity", 1u << identity->key->type);

    token->serial = meishi_hex_encode(identity->cert->sha256, SERIAL_BYTES);
    g_ptr_array_add(token->shown, shown);
    return token;
}

static int
compare_slot_ids(gconstpointer a, gconstpointer b)
{
    const MeishiToken *const *first = a, *const *second = b;

    return (*first)->slot_id < (*second)->slot_id ? -1 : 1;
}

/* Of two identities with one label, that which came first has it as it is. */
static void
name_identities(GPtrArray *tokens, GHashTable *taken)
{
    g_autoptr(GPtrArray) by_age = g_ptr_array_copy(tokens, NULL, NULL);

    g_ptr_array_set_free_func(by_age, NULL);
    g_ptr_array_sort(by_age, compare_slot_ids);
    for (guint i = 0; i < by_age->len; i++) {
        MeishiToken *token = by_age->pdata[i];
        const MeishiShown *shown = token->shown->pdata[0];

        token->label = cut_unique(shown->identity->label, taken);
        token->description = describe(token->label);
    }
}

/* A key without a certificate is no offer. */
static void
plan_identities(const MeishiPresentation *presentation, GHashTable *taken, guint max,
                GPtrArray *tokens)
{
    for (guint i = 0; i < presentation->shown->len && tokens->len < max; i++) {
        MeishiShown *shown = presentation->shown->pdata[i];

        if (shown->identity->cert != NULL && has_type(shown, ALL_TYPES))
            g_ptr_array_add(tokens, identity_token_new(shown));
    }
    name_identities(tokens, taken);
}

static void
plan_slot_per_identity(const MeishiPresentation *presentation, GPtrArray *tokens)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) roles = g_ptr_array_new();

    plan_roles(presentation, roles);
    for (guint i = 0; i < roles->len; i++) {
        MeishiToken *token = roles->pdata[i];

        token->is_present = token->shown->len > 0;
        g_hash_table_add(taken, g_strdup(token->label));
    }
    plan_identities(presentation, taken, MEISHI_SNAPSHOT_MAX_SLOTS - roles->len, tokens);
    g_ptr_array_extend(tokens, roles, NULL, NULL);
}

GPtrArray *
meishi_tokens_plan(const MeishiPresentation *presentation, MeishiLayout layout)
{
    GPtrArray *tokens = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_free);

    if (layout == MEISHI_LAYOUT_SLOT_PER_IDENTITY) {
        plan_slot_per_identity(presentation, tokens);
    } else {
        plan_vault(presentation, tokens);
        plan_roles(presentation, tokens);
        plan_foreign(presentation, tokens);
    }
    return tokens;
}
