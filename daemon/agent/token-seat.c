/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a token sits: the slot of ours that shows it, and the name it has there.  A token that
 * comes back gets its slot again, since programs hold on to the number; names are unlike each
 * other, since programs also go by names (RFC 7512).
 */
#include "daemon/agent/token-shelf.h"

#include "module/wire/cryptoki.h"

#include <string.h>

#define LABEL_SIZE 32

/* PKCS#11 2.40 section 4.2: a slot without CKF_HW_SLOT is software; some readers forget that
 * flag. */
MeishiTokenKind
meishi_token_seat_guess_kind(const MeishiTokenContent *token)
{
    if (strstr(token->model, "TPM") != NULL || strstr(token->module, "tpm2") != NULL)
        return MEISHI_TOKEN_TPM;
    if ((token->slot_flags & CKF_REMOVABLE_DEVICE) != 0)
        return MEISHI_TOKEN_CARD;
    return (token->slot_flags & CKF_HW_SLOT) != 0 ? MEISHI_TOKEN_HSM : MEISHI_TOKEN_SOFTWARE;
}

/* ---- slots ------------------------------------------------------------------------------------
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

/* How good @seat is for @name: best where it was before; then a slot that programs know from the
 * start, rather one that nobody had than one whose token is away; then another, likewise. */
static guint
rate_seat(const MeishiTokenShelf *shelf, guint seat, const char *name)
{
    guint standing = seat < MEISHI_N_STANDING_SEATS ? 2 : 0;

    if (who_sits(shelf, seat) != NULL)
        return 0;
    if (g_strcmp0(shelf->seats[seat], name) == 0)
        return 5;
    return standing + (shelf->seats[seat] == NULL ? 2 : 1);
}

/* With more tokens than seats two share one. */
static guint
choose_seat(const MeishiTokenShelf *shelf, const char *name)
{
    guint first = g_str_hash(name) % MEISHI_N_STANDING_SEATS;
    guint best = first, best_rate = 0;

    for (guint i = 0; i < MEISHI_N_SEATS; i++) {
        guint seat = i < MEISHI_N_STANDING_SEATS ? (first + i) % MEISHI_N_STANDING_SEATS : i;
        guint rate = rate_seat(shelf, seat, name);

        if (rate > best_rate) {
            best = seat;
            best_rate = rate;
        }
    }
    return best;
}

/* ---- names ------------------------------------------------------------------------------------
 */

static gboolean
is_that_of_another(MeishiTokenShelf *shelf, const char *label, guint number)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, shelf->away);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MeishiTokenPlace *place = value;

        if (place->number != number && strcmp(place->slot_label, label) == 0)
            return TRUE;
    }
    return FALSE;
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

/* @away: the number of a token that is away, which gives way to those that are there; 0. */
static char *
choose_slot_label(MeishiTokenShelf *shelf, const char *own_label, guint away)
{
    const char *wish = own_label[0] != '\0' ? own_label : "Token";
    char *label = shorten(wish, LABEL_SIZE);

    for (guint n = 2;
         is_taken(shelf, label) || (away != 0 && is_that_of_another(shelf, label, away)); n++) {
        g_autofree char *suffix = g_strdup_printf(" (%u)", n);
        g_autofree char *base = shorten(wish, LABEL_SIZE - strlen(suffix));

        g_free(label);
        label = g_strconcat(base, suffix, NULL);
    }
    return label;
}

/* ---- places -----------------------------------------------------------------------------------
 */

static guint
take_seat(MeishiTokenShelf *shelf, const MeishiTokenContent *token)
{
    g_autofree char *name =
        g_strjoin("\n", token->label, token->model, token->serial, token->module, NULL);
    guint seat = choose_seat(shelf, name);

    g_free(shelf->seats[seat]);
    shelf->seats[seat] = g_steal_pointer(&name);
    return seat;
}

/* By the clock, unlike those of an earlier daemon: programs outlive it. */
static guint64
new_insertion(MeishiTokenShelf *shelf)
{
    shelf->last_insertion = MAX((guint64)g_get_real_time(), shelf->last_insertion + 1);
    return shelf->last_insertion;
}

MeishiTokenPlace *
meishi_token_seat_take(MeishiTokenShelf *shelf, const MeishiTokenContent *token,
                       const MeishiKnownToken *known, const MeishiTokenPlace *before)
{
    MeishiTokenPlace *place = g_new0(MeishiTokenPlace, 1);

    place->refs = 1;
    place->number = known->number;
    place->is_present = TRUE;
    place->kind = meishi_token_seat_guess_kind(token);
    place->label = g_strdup(token->label);
    place->maker = g_strdup(token->maker);
    place->model = g_strdup(token->model);
    place->serial = g_strdup(token->serial);
    place->reader = g_strdup(token->reader);
    place->seat = take_seat(shelf, token);
    place->slot_label = choose_slot_label(shelf, token->label, 0);
    place->insertion = before != NULL ? before->insertion : new_insertion(shelf);
    place->hides_certificates =
        meishi_token_content_needs_login(token) && meishi_token_content_is_bare(token);
    return place;
}

static MeishiTokenPlace *
remember(MeishiTokenShelf *shelf, const MeishiKnownToken *known)
{
    MeishiTokenPlace *place = g_new0(MeishiTokenPlace, 1);

    place->refs = 1;
    place->number = known->number;
    place->kind = (MeishiTokenKind)known->facts->kind;
    place->label = g_strdup(known->facts->label);
    place->maker = g_strdup(known->facts->manufacturer);
    place->model = g_strdup(known->facts->model);
    place->serial = g_strdup(known->facts->serial);
    place->reader = g_strdup("");
    place->seat = MEISHI_N_SEATS;
    place->slot_label = choose_slot_label(shelf, place->label, known->number);
    return place;
}

MeishiTokenPlace *
meishi_token_seat_remember(MeishiTokenShelf *shelf, const MeishiKnownToken *known)
{
    MeishiTokenPlace *place = g_hash_table_lookup(shelf->away, GUINT_TO_POINTER(known->number));

    if (place != NULL && !is_taken(shelf, place->slot_label))
        return place;
    place = remember(shelf, known);
    g_hash_table_replace(shelf->away, GUINT_TO_POINTER(known->number), place);
    return place;
}
