/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a configuration says to the module, and what the layout changes.
 */
#include "module/options.h"

#include "module/wire/proto.h"
#include "tests/unit/module/fixture.h"

static void
test_reserved(void)
{
    static const struct {
        const char *reserved;
        gboolean is_good;
        gboolean slot_per_identity;
    } rows[] = {
        {NULL, TRUE, FALSE},
        {"", TRUE, FALSE},
        {"   ", TRUE, FALSE},
        {"layout=slot-per-identity", TRUE, TRUE},
        {"layout=vault", TRUE, FALSE},
        {" configdir='sql:/srv/x' layout=slot-per-identity\tflags=readOnly ", TRUE, TRUE},
        {"layout='slot-per-identity'", TRUE, TRUE},
        {"layout=\"slot-per-identity\"", TRUE, TRUE},
        {"layout=slot-per-identity layout=vault", TRUE, FALSE},
        {"a-layout=slot-per-identity", TRUE, FALSE},
        {"Layout=slot-per-identity", TRUE, FALSE},
        {"layout", TRUE, FALSE},
        {"layout=", FALSE, FALSE},
        {"layout='slot-per-identity", FALSE, FALSE},
        {"layout='", FALSE, FALSE},
        {"layout=slot-per-identity,", FALSE, FALSE},
        {"layout=slots", FALSE, FALSE},
        {"layout=\xe5\x90\x8d", FALSE, FALSE},
        {"\1", FALSE, FALSE},
        {"configdir=\xe5\x90\x8d", TRUE, FALSE}, /* UTF-8 is text */
        {"\x7f", FALSE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct meishi_options options = {false};

        g_test_message("%s", rows[i].reserved != NULL ? rows[i].reserved : "(null)");
        g_assert_cmpint(meishi_options_read(rows[i].reserved, &options), ==, rows[i].is_good);
        g_assert_cmpint(options.slot_per_identity, ==, rows[i].slot_per_identity);
    }
}

/* A pointer that is none, and a text without an end. */
static void
test_no_text(void)
{
    g_autofree char *endless = g_strnfill(100000, 'x');
    struct meishi_options options;

    g_assert_false(meishi_options_read((const char *)1, &options));
    g_assert_false(meishi_options_read(endless, &options));
}

static void
test_environment(void)
{
    struct meishi_options options;

    g_setenv("MEISHI_LAYOUT", "slot-per-identity", TRUE);
    g_assert_true(meishi_options_read(NULL, &options));
    g_assert_true(options.slot_per_identity);
    g_assert_true(meishi_options_read("layout=vault", &options));
    g_assert_true(options.slot_per_identity);
    g_setenv("MEISHI_LAYOUT", "vault", TRUE);
    g_assert_true(meishi_options_read("layout=slot-per-identity", &options));
    g_assert_false(options.slot_per_identity);
    g_setenv("MEISHI_LAYOUT", "slots", TRUE);
    g_assert_true(meishi_options_read("layout=slot-per-identity", &options));
    g_assert_true(options.slot_per_identity);
    g_unsetenv("MEISHI_LAYOUT");
}

static CK_RV
initialize(const char *reserved)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = (void *)reserved};

    return C_Initialize(&args);
}

static void
test_initialize(void)
{
    assert_rv(initialize("layout=slots"), CKR_ARGUMENTS_BAD);
    assert_rv(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv(initialize("layout=vault"), CKR_OK);
    assert_rv(C_Finalize(NULL), CKR_OK);
}

/* ---- layouts ------------------------------------------------------------------------------- */

static void
set_up(Fixture *f, gconstpointer reserved)
{
    f->dir = g_strdup(g_getenv("XDG_RUNTIME_DIR"));
    f->agent = NULL;
    assert_rv(initialize(reserved), CKR_OK);
}

static CK_ULONG
list_slots(CK_SLOT_ID *slots, CK_ULONG room)
{
    assert_rv(C_GetSlotList(CK_FALSE, slots, &room), CKR_OK);
    return room;
}

static GBytes *
make_slots(guint64 generation, CK_SLOT_ID first, guint n)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(generation);

    for (CK_SLOT_ID id = first; id < first + n; id++) {
        g_autofree char *label = g_strdup_printf("Identity %lu", id);

        meishi_sample_add_slot(sample, id, label, TRUE);
    }
    return meishi_sample_end(sample);
}

/* The fixed slots are of the other layout; sessions in a slot are as in any. */
static void
test_slot_per_identity(Fixture *f, gconstpointer unused)
{
    g_autoptr(GBytes) snapshot = make_slots(2, 70, 2);
    CK_SLOT_ID slots[8];
    CK_TOKEN_INFO info;

    g_assert_cmpuint(list_slots(NULL, 0), ==, 0);
    g_usleep(250000); /* a daemon that was not there is looked for again after a moment */
    fixture_start_agent(f);
    fake_agent_publish(f->agent, snapshot, TRUE);
    g_assert_cmpuint(list_slots(slots, 8), ==, 2);
    g_assert_cmpuint(slots[0], ==, 70);
    g_assert_cmpuint(slots[1], ==, 71);
    assert_rv(C_GetTokenInfo(71, &info), CKR_OK);
    g_assert_cmpmem(info.label, 12, "Identity 71 ", 12);
    assert_rv(C_Login(fixture_open(71), CKU_USER, NULL, 0), CKR_OK);
    g_assert_cmpuint(fake_agent_seen(f->agent).hello_flags & MEISHI_WIRE_SLOT_PER_IDENTITY, !=, 0);
}

/* Every connection says it, not only the one that fetches the snapshot. */
static void
test_every_connection(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE session;

    fixture_start_agent(f);
    session = fixture_open(1);
    g_assert_cmphex(fake_agent_seen(f->agent).hello_flags, ==,
                    MEISHI_WIRE_WANT_SNAPSHOT | MEISHI_WIRE_SLOT_PER_IDENTITY);
    fake_agent_lie(f->agent, FAKE_AGENT_HANGS_UP, FALSE);
    (void)fixture_sign(session, SAMPLE_PRIVATE_EC, CKM_ECDSA);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_hello, >, 1);
    g_assert_cmphex(fake_agent_seen(f->agent).hello_flags, ==, MEISHI_WIRE_SLOT_PER_IDENTITY);
}

static void
test_vault(Fixture *f, gconstpointer unused)
{
    CK_SLOT_ID slots[8];

    g_assert_cmpuint(list_slots(slots, 8), ==, 6);
    g_usleep(250000);
    fixture_start_agent(f);
    g_assert_cmpuint(list_slots(slots, 8), ==, 7);
    g_assert_cmphex(fake_agent_seen(f->agent).hello_flags, ==, MEISHI_WIRE_WANT_SNAPSHOT);
}

/* Identities come and go over the days of a browser: slots stay in their order, and there is room
 * for more of them than one snapshot has. */
static void
test_slots_over_time(Fixture *f, gconstpointer unused)
{
    CK_SLOT_ID slots[512];
    CK_SLOT_INFO info;

    fixture_start_agent(f);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(GBytes) snapshot = make_slots(i + 2, 100 + 60 * (CK_SLOT_ID)i, 60);

        fake_agent_publish(f->agent, snapshot, TRUE);
        g_assert_cmpuint(list_slots(slots, 512), ==, 60 * (i + 1));
    }
    for (guint i = 0; i < 300; i++)
        g_assert_cmpuint(slots[i], ==, 100 + i);
    assert_rv(C_GetSlotInfo(399, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_REMOVABLE_DEVICE | CKF_TOKEN_PRESENT);
    assert_rv(C_GetSlotInfo(100, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_REMOVABLE_DEVICE);
}

#define ADD(name, reserved, func) \
    g_test_add("/module/options/" name, Fixture, reserved, set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_unsetenv("MEISHI_LAYOUT");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/module/options/reserved", test_reserved);
    g_test_add_func("/module/options/no-text", test_no_text);
    g_test_add_func("/module/options/environment", test_environment);
    g_test_add_func("/module/options/initialize", test_initialize);
    ADD("slot-per-identity", "layout=slot-per-identity", test_slot_per_identity);
    ADD("every-connection", "layout=slot-per-identity", test_every_connection);
    ADD("vault", NULL, test_vault);
    ADD("slots-over-time", "layout=slot-per-identity", test_slots_over_time);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
