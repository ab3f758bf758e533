/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens that are known again: which one it is, what is remembered of it, and how much.
 */
#include "daemon/agent/token-book.h"

#include "daemon/base/error.h"
#include "tests/unit/agent/world.h"

#include <string.h>

typedef struct {
    World *world;
    MeishiStore *store; /* of its own, beside the world's */
    MeishiTokenBook *book;
} Desk;

static void
open_store(Desk *desk)
{
    g_autofree char *dir = world_path(desk->world, "tokens");
    g_autoptr(GError) error = NULL;

    desk->store = meishi_store_open(dir, &error);
    g_assert_no_error(error);
    desk->book = meishi_token_book_new(desk->store, &error);
    g_assert_no_error(error);
}

static void
make_vault(Desk *desk)
{
    g_autoptr(GBytes) id = g_bytes_new_static("0123456789abcdef", 16);
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    g_autoptr(GError) error = NULL;
    const MeishiStoreSlot slot = {
        .kind = MEISHI_SLOT_KEY_FILE, .salt = bytes, .location = (char *)"/x", .wrapped = bytes};

    g_assert_true(meishi_store_create_vault(desk->store, id, &slot, &error));
    g_assert_no_error(error);
}

static void
set_up(Desk *desk, gconstpointer has_vault)
{
    desk->world = world_new();
    open_store(desk);
    if (has_vault != NULL)
        make_vault(desk);
}

static void
close_store(Desk *desk)
{
    g_clear_pointer(&desk->book, meishi_token_book_free);
    g_clear_pointer(&desk->store, meishi_store_close);
}

static void
tear_down(Desk *desk, gconstpointer unused)
{
    close_store(desk);
    world_free(desk->world);
}

static void
start_anew(Desk *desk)
{
    close_store(desk);
    open_store(desk);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* What it says of itself, and its certificates as letters. */
typedef struct {
    const char *label, *model, *serial, *certs;
} Card;

static void
seen_clear(MeishiTokenSeen *seen)
{
    g_ptr_array_unref(seen->on_it.identities);
    g_ptr_array_unref(seen->on_it.issuers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiTokenSeen, seen_clear)

static void
look(const Card *card, MeishiTokenContent *facts, MeishiTokenSeen *ret_seen)
{
    *facts = (MeishiTokenContent){.label = (char *)card->label,
                                  .maker = (char *)"ACME",
                                  .model = (char *)card->model,
                                  .serial = (char *)card->serial,
                                  .module = (char *)"opensc"};
    *ret_seen = (MeishiTokenSeen){.facts = facts, .kind = 2};
    ret_seen->on_it.identities =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_identity_free);
    ret_seen->on_it.issuers =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_issuer_free);
    for (const char *at = card->certs; *at != '\0'; at++) {
        MeishiStoreTokenIdentity *identity = g_new0(MeishiStoreTokenIdentity, 1);

        identity->number = 1000 + *at;
        identity->der = g_bytes_new(at, 1);
        g_ptr_array_add(ret_seen->on_it.identities, identity);
    }
}

/* It is put in, at @now. */
static MeishiKnownToken *
insert(Desk *desk, const Card *card, gint64 now)
{
    MeishiTokenContent facts;
    g_auto(MeishiTokenSeen) seen = {0};
    MeishiKnownToken *known;

    look(card, &facts, &seen);
    known = meishi_token_book_meet(desk->book, &seen);
    meishi_token_book_note(desk->book, known, &seen, now);
    (void)meishi_token_book_save(desk->book);
    return known;
}

static void
pull(Desk *desk, MeishiKnownToken *known, gint64 now)
{
    meishi_token_book_part(desk->book, known, now);
    (void)meishi_token_book_save(desk->book);
}

static guint
count(const Desk *desk)
{
    return meishi_token_book_list(desk->book)->len;
}

/* ---- which one it is ------------------------------------------------------------------------- */

static const struct {
    const char *path;
    Card before, now;
    gboolean is_same;
} pairs[] = {
    {"same", {"Corp", "M", "17", "ab"}, {"Corp", "M", "17", "ab"}, TRUE},
    {"other-serial", {"Corp", "M", "17", "ab"}, {"Corp", "M", "18", "ab"}, FALSE},
    {"other-model", {"Corp", "M", "17", "ab"}, {"Corp", "N", "17", "ab"}, FALSE},
    {"renewed", {"Corp", "M", "17", "ab"}, {"Corp", "M", "17", "cd"}, TRUE},
    {"renamed", {"Corp", "M", "17", "ab"}, {"Hana", "M", "17", "ab"}, TRUE},
    {"emptied", {"Corp", "M", "17", "ab"}, {"", "M", "17", ""}, TRUE},
    {"zeros/same", {"Corp", "TPM", "0000", "ab"}, {"Corp", "TPM", "0000", "ab"}, TRUE},
    {"zeros/one-renewed", {"Corp", "TPM", "0000", "ab"}, {"Corp", "TPM", "0000", "bc"}, TRUE},
    {"zeros/others", {"Corp", "TPM", "0000", "ab"}, {"Corp", "TPM", "0000", "cd"}, FALSE},
    {"zeros/renamed", {"Corp", "TPM", "0000", "ab"}, {"Hana", "TPM", "0000", "ab"}, TRUE},
    {"zeros/other-token", {"Corp", "TPM", "0000", "ab"}, {"Hana", "TPM", "0000", "c"}, FALSE},
    {"zeros/hidden", {"Corp", "TPM", "0000", "ab"}, {"Corp", "TPM", "0000", ""}, TRUE},
    {"none/same", {"Corp", "M", "", "ab"}, {"Corp", "M", "", "ab"}, TRUE},
    {"none/others", {"Corp", "M", "", "ab"}, {"Corp", "M", "", "cd"}, FALSE},
};

static void
test_pair(Desk *desk, gconstpointer data)
{
    const gsize n = GPOINTER_TO_SIZE(data) - 1;
    MeishiKnownToken *before = insert(desk, &pairs[n].before, 100);
    guint number = before->number;

    pull(desk, before, 200);
    start_anew(desk);
    g_assert_cmpuint(count(desk), ==, 1);
    number = ((MeishiKnownToken *)meishi_token_book_list(desk->book)->pdata[0])->number;
    g_assert_cmpint(insert(desk, &pairs[n].now, 300)->number == number, ==, pairs[n].is_same);
    g_assert_cmpuint(count(desk), ==, pairs[n].is_same ? 1 : 2);
}

/* Two with one serial number, at once and each again in the other's absence. */
static void
test_best_is_taken(Desk *desk, gconstpointer unused)
{
    const Card one = {"One", "M", "17", "ab"}, two = {"Two", "M", "17", "cd"};
    MeishiKnownToken *known_one = insert(desk, &one, 100);
    MeishiKnownToken *known_two = insert(desk, &two, 100);

    g_assert_true(known_one != known_two);
    g_assert_false(known_two->is_twin);
    pull(desk, known_one, 200);
    pull(desk, known_two, 200);
    g_assert_true(insert(desk, &two, 300) == known_two);
    g_assert_true(insert(desk, &one, 300) == known_one);
}

/* One token that shows in two slots is remembered once. */
static void
test_twin(Desk *desk, gconstpointer unused)
{
    const Card card = {"Corp", "M", "17", "ab"};
    MeishiKnownToken *known = insert(desk, &card, 100);
    MeishiKnownToken *twin = insert(desk, &card, 100);

    g_assert_true(twin->is_twin);
    g_assert_cmpuint(twin->number, !=, known->number);
    pull(desk, twin, 200);
    pull(desk, known, 200);
    g_assert_cmpuint(count(desk), ==, 1);
    start_anew(desk);
    g_assert_cmpuint(count(desk), ==, 1);
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static void
test_kept(Desk *desk, gconstpointer unused)
{
    const Card card = {"Corp", "M", "17", "ab"};
    g_autoptr(GBytes) b = g_bytes_new_static("b", 1), c = g_bytes_new_static("c", 1);
    g_autoptr(GError) error = NULL;
    MeishiKnownToken *known = insert(desk, &card, 100);

    g_assert_true(meishi_token_book_set_pin(desk->book, known, 3, 10, &error));
    pull(desk, known, 200);
    start_anew(desk);
    known = meishi_token_book_list(desk->book)->pdata[0];
    g_assert_false(known->is_there);
    g_assert_cmpstr(known->facts->label, ==, "Corp");
    g_assert_cmpstr(known->facts->manufacturer, ==, "ACME");
    g_assert_cmpstr(known->facts->module, ==, "opensc");
    g_assert_cmpint(known->facts->kind, ==, 2);
    g_assert_cmpint(known->facts->last_seen, ==, 200);
    g_assert_cmpint(known->facts->pin_keep, ==, 3);
    g_assert_cmpuint(known->facts->pin_minutes, ==, 10);
    g_assert_cmpuint(known->identities->len, ==, 2);
    g_assert_cmpint(meishi_token_book_find_number(desk->book, b), ==, 1000 + 'b');
    g_assert_cmpint(meishi_token_book_find_number(desk->book, c), ==, 0);
    g_assert_true(meishi_token_book_is_taken(desk->book, 1000 + 'b', c));
    g_assert_false(meishi_token_book_is_taken(desk->book, 1000 + 'b', b));
    g_assert_false(meishi_token_book_is_taken(desk->book, 1000 + 'c', c));
}

static void
test_without_identities(Desk *desk, gconstpointer unused)
{
    const Card blank = {"", "M", "17", ""}, other = {"", "M", "18", ""};
    g_autoptr(GError) error = NULL;
    MeishiKnownToken *one = insert(desk, &blank, 100), *two = insert(desk, &other, 100);

    g_assert_true(meishi_token_book_set_pin(desk->book, two, 1, 0, &error));
    pull(desk, one, 200);
    pull(desk, two, 200);
    g_assert_cmpuint(count(desk), ==, 1); /* that somebody said something about */
    start_anew(desk);
    g_assert_cmpuint(count(desk), ==, 1);
}

static void
test_forgotten(Desk *desk, gconstpointer unused)
{
    const Card card = {"Corp", "M", "17", "ab"};
    g_autoptr(GError) error = NULL;
    MeishiKnownToken *known = insert(desk, &card, 100);

    pull(desk, known, 200);
    g_assert_true(meishi_token_book_forget(desk->book, known, &error));
    g_assert_cmpuint(count(desk), ==, 0);
    start_anew(desk);
    g_assert_cmpuint(count(desk), ==, 0);
}

/* ---- how much -------------------------------------------------------------------------------- */

static void
test_bounded(Desk *desk, gconstpointer unused)
{
    for (guint n = 0; n < MEISHI_TOKEN_BOOK_MAX + 5; n++) {
        g_autofree char *serial = g_strdup_printf("s%u", n);
        const Card card = {"Corp", "M", serial, "a"};

        pull(desk, insert(desk, &card, 1000 + n), 1000 + n);
    }
    g_assert_cmpuint(count(desk), ==, MEISHI_TOKEN_BOOK_MAX);
    start_anew(desk);
    g_assert_cmpuint(count(desk), ==, MEISHI_TOKEN_BOOK_MAX);
    for (guint i = 0; i < count(desk); i++) /* the oldest went */
        g_assert_cmpint(
            ((MeishiKnownToken *)meishi_token_book_list(desk->book)->pdata[i])->facts->last_seen,
            >=, 1005);
}

static void
test_many_identities(Desk *desk, gconstpointer unused)
{
    char certs[MEISHI_TOKEN_BOOK_MAX_IDENTITIES + 20];
    const Card card = {"Corp", "M", "17", certs};

    for (guint i = 0; i < sizeof certs - 1; i++)
        certs[i] = (char)(i + 1);
    certs[sizeof certs - 1] = '\0';
    pull(desk, insert(desk, &card, 100), 200);
    start_anew(desk);
    g_assert_cmpuint(
        ((MeishiKnownToken *)meishi_token_book_list(desk->book)->pdata[0])->identities->len, ==,
        MEISHI_TOKEN_BOOK_MAX_IDENTITIES);
}

/* ---- vaults that come later ------------------------------------------------------------------ */

static void
test_no_vault(Desk *desk, gconstpointer unused)
{
    const Card card = {"Corp", "M", "17", "ab"};
    g_autoptr(GError) error = NULL;
    MeishiKnownToken *known = insert(desk, &card, 100);

    pull(desk, known, 200);
    g_assert_true(meishi_token_book_set_pin(desk->book, known, 1, 0, &error));
    g_assert_cmpuint(count(desk), ==, 1);
    g_assert_true(insert(desk, &card, 300) == known);
    make_vault(desk);
    g_assert_false(meishi_token_book_save(desk->book)); /* nothing that was not known */
    start_anew(desk);
    known = meishi_token_book_list(desk->book)->pdata[0];
    g_assert_cmpstr(known->facts->label, ==, "Corp");
    g_assert_cmpint(known->facts->pin_keep, ==, 1);
}

/* A backup is restored beside cards that were seen meanwhile. */
static void
test_restored(Desk *desk, gconstpointer unused)
{
    const Card both = {"Corp", "M", "17", "ab"}, old = {"Old", "M", "18", "c"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
    const MeishiStoreSlot slot = {
        .kind = MEISHI_SLOT_KEY_FILE, .salt = bytes, .location = (char *)"/x", .wrapped = bytes};
    g_autofree char *dir = world_path(desk->world, "elsewhere");
    g_autoptr(GBytes) image = NULL;
    MeishiKnownToken *known = insert(desk, &both, 100);

    g_assert_true(meishi_token_book_set_pin(desk->book, known, 4, 0, &error));
    insert(desk, &old, 100);
    image = meishi_store_dump(desk->store, &error);
    g_assert_no_error(error);
    close_store(desk);
    desk->store = meishi_store_open(dir, &error);
    desk->book = meishi_token_book_new(desk->store, &error);
    g_assert_no_error(error);

    known = insert(desk, &both, 50000);
    g_assert_true(meishi_store_load(desk->store, image, &slot, &error));
    g_assert_true(meishi_token_book_save(desk->book));
    g_assert_cmpuint(count(desk), ==, 2);
    g_assert_cmpint(known->facts->pin_keep, ==, 4); /* what the person had set */
    g_assert_cmpint(known->facts->last_seen, ==, 50000);
    g_assert_true(known->is_there);
    g_assert_false(meishi_token_book_save(desk->book)); /* once */
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(path, vault, func) \
    g_test_add("/agent/token-book/" path, Desk, vault, set_up, func, tear_down)
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *path = g_strconcat("/agent/token-book/pair/", pairs[i].path, NULL);

        g_test_add(path, Desk, GSIZE_TO_POINTER(i + 1), set_up, test_pair, tear_down);
    }
    ADD("best-is-taken", "vault", test_best_is_taken);
    ADD("twin", "vault", test_twin);
    ADD("kept", "vault", test_kept);
    ADD("without-identities", "vault", test_without_identities);
    ADD("forgotten", "vault", test_forgotten);
    ADD("bounded", "vault", test_bounded);
    ADD("many-identities", "vault", test_many_identities);
    ADD("no-vault", NULL, test_no_vault);
    ADD("restored", "vault", test_restored);
    return world_run();
}
