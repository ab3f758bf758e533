/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dialogues about what a program may use: policy at the moment of the signature, a person's word
 * before it, and programs that are told apart.
 */
#include "tests/unit/server/door.h"

#include "daemon/server/handle.h"
#include "daemon/server/tokens.h"
#include "module/wire/cryptoki.h"
#include "module/wire/snapshot.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const guint8 digest[32] = {1, 2, 3};

/* ---- policy at the signature ----------------------------------------------------------------- */

static void
withhold_ec(MeishiPresentation *presentation, const MeishiApplication *application, gpointer unused)
{
    stub_presentation_withhold(presentation, EC_ROW);
}

static void
set_policy(Door *door, StubPolicy policy, gpointer user_data)
{
    stub_agent_set_policy(door->agent, policy, user_data);
    stub_agent_emit_view_changed(door->agent);
}

/* Found under the old policy, used under the new one, and back. */
static void
test_change_takes_effect_at_once(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    set_policy(door, withhold_ec, NULL);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_DENIED);
    client_put_operate(client, door_private_key(RSA_ROW), MEISHI_WIRE_SIGN, CKM_RSA_PKCS, digest,
                       sizeof digest);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    set_policy(door, NULL, NULL);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
}

/* The vault is not asked for a key that is not to be used, whatever the program tries. */
static void
test_withheld(Door *door, gconstpointer unused)
{
    static const enum meishi_wire_operation operations[] = {
        MEISHI_WIRE_SIGN, MEISHI_WIRE_SIGN_RECOVER, MEISHI_WIRE_DECRYPT, MEISHI_WIRE_DERIVE};
    g_autoptr(Client) client = NULL;

    set_policy(door, withhold_ec, NULL);
    stub_agent_empty_cache(door->agent);
    stub_agent_hold(door->agent);
    client = client_new_greeted(door->path);
    for (guint i = 0; i < G_N_ELEMENTS(operations); i++) {
        client_put_operate(client, door_private_key(EC_ROW), operations[i], CKM_ECDSA, digest,
                           sizeof digest);
        g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_DENIED);
    }
    client_put_operate(client, door_public_key(EC_ROW), MEISHI_WIRE_VERIFY, CKM_ECDSA, digest,
                       sizeof digest);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_DENIED);
    g_assert_cmpuint(stub_agent_n_held(door->agent), ==, 0);
}

/* A line of the log says so once, and not for each try. */
static void
test_is_logged_once(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    g_autoptr(Client) again = client_new_greeted(door->path);

    set_policy(door, withhold_ec, NULL);
    if (g_test_subprocess()) {
        for (guint i = 0; i < 20; i++) {
            Client *caller = i % 2 == 0 ? client : again;

            door_put_sign(caller);
            g_assert_cmpint(door_ask(caller), ==, MEISHI_WIRE_DENIED);
        }
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*policy keeps*Ada EC*from process*");
    g_test_trap_assert_stderr_unmatched("*policy keeps*policy keeps*");
}

/* The key that is on its way may be gone from the program's view when it is there. */
static void
test_change_while_key_is_loaded(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    stub_agent_empty_cache(door->agent);
    stub_agent_hold(door->agent);
    door_put_sign(client);
    client_send(client, -1);
    while (stub_agent_n_held(door->agent) == 0)
        g_main_context_iteration(NULL, TRUE);
    set_policy(door, withhold_ec, NULL);
    stub_agent_release(door->agent);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_DENIED);
}

/* ---- a person's word ------------------------------------------------------------------------- */

static void
confirm_ec(MeishiPresentation *presentation, const MeishiApplication *application, gpointer confirm)
{
    stub_presentation_confirm(presentation, EC_ROW, (MeishiConfirm)GPOINTER_TO_INT(confirm));
}

static void
want_confirmation(Door *door, MeishiConfirm confirm)
{
    set_policy(door, confirm_ec, GINT_TO_POINTER(confirm));
}

static void
test_agreed(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    want_confirmation(door, MEISHI_CONFIRM_EACH_USE);
    stub_agent_agree(door->agent, TRUE);
    for (guint i = 1; i <= 3; i++) {
        door_put_sign(client);
        g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
        g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, i);
    }
}

static void
test_refused(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    want_confirmation(door, MEISHI_CONFIRM_EACH_SESSION);
    stub_agent_empty_cache(door->agent);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_DENIED);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 1);
    stub_agent_agree(door->agent, TRUE);
    door_put_sign(client); /* and the connection is none the worse */
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
}

/* What needs no private key, or cannot be done with this one, asks nobody. */
static void
test_not_asked(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    struct meishi_msg_operate verify = {.object = door_public_key(EC_ROW),
                                        .operation = MEISHI_WIRE_VERIFY,
                                        .mechanism = {.type = CKM_ECDSA},
                                        .signature = {digest, sizeof digest},
                                        .data = {digest, sizeof digest}};

    want_confirmation(door, MEISHI_CONFIRM_EACH_USE);
    meishi_msg_operate_encode(&client->frame, 2, &verify);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_BAD_SIGNATURE);
    client_put_operate(client, door_private_key(EC_ROW), MEISHI_WIRE_SIGN, CKM_RSA_PKCS, digest,
                       sizeof digest);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_KEY_TYPE);
    client_put_operate(client, door_private_key(RSA_ROW), MEISHI_WIRE_SIGN, CKM_RSA_PKCS, digest,
                       sizeof digest);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 0);
}

static gboolean
holds_one(gpointer agent)
{
    return stub_agent_n_held(agent) == 1;
}

static void
begin_asking(Door *door, Client *client)
{
    want_confirmation(door, MEISHI_CONFIRM_EACH_USE);
    stub_agent_agree(door->agent, TRUE);
    stub_agent_hold(door->agent);
    door_put_sign(client);
    client_send(client, -1);
    client_wait_until(holds_one, door->agent);
}

static gboolean
holds_many(gpointer agent)
{
    return stub_agent_n_held(agent) == 64;
}

/* One program cannot have so much to be asked that nobody else is. */
static void
check_too_many(Door *door, enum meishi_wire_status status)
{
    g_autoptr(GPtrArray) clients = g_ptr_array_new_with_free_func((GDestroyNotify)client_free);
    g_autoptr(Client) last = client_new_greeted(door->path);

    stub_agent_agree(door->agent, TRUE);
    stub_agent_hold_questions(door->agent);
    for (guint i = 0; i < 64; i++) {
        Client *client = client_new_greeted(door->path);

        g_ptr_array_add(clients, client);
        door_put_sign(client);
        client_send(client, -1);
    }
    client_wait_until(holds_many, door->agent);
    door_put_sign(last);
    g_assert_cmpint(door_ask(last), ==, status);
    stub_agent_release(door->agent);
    for (guint i = 0; i < clients->len; i++)
        g_assert_true(client_receive(clients->pdata[i]));
    door_put_sign(last);
    g_assert_cmpint(door_ask(last), ==, MEISHI_WIRE_OK);
}

static void
test_too_many(Door *door, gconstpointer unused)
{
    want_confirmation(door, MEISHI_CONFIRM_EACH_USE);
    check_too_many(door, MEISHI_WIRE_BUSY);
}

static void
test_too_many_locked(Door *door, gconstpointer unused)
{
    stub_agent_lock(door->agent, "open sesame");
    stub_agent_empty_cache(door->agent);
    check_too_many(door, MEISHI_WIRE_LOCKED);
}

static gboolean
has_no_clients(gpointer server)
{
    return meishi_server_n_clients(server) == 0;
}

static void
test_hang_up_cancels(Door *door, gconstpointer unused)
{
    Client *client = client_new_greeted(door->path);

    begin_asking(door, client);
    client_free(client);
    client_wait_until(has_no_clients, door->server);
    g_assert_cmpuint(stub_agent_n_cancelled(door->agent), ==, 1);
    g_assert_cmpuint(stub_agent_n_held(door->agent), ==, 0);
}

/* Nobody waits on somebody else's question. */
static void
test_others_go_on(Door *door, gconstpointer unused)
{
    g_autoptr(Client) waiting = client_new_greeted(door->path);
    g_autoptr(Client) other = client_new_greeted(door->path);

    begin_asking(door, waiting);
    client_put_operate(other, door_private_key(RSA_ROW), MEISHI_WIRE_SIGN, CKM_RSA_PKCS, digest,
                       sizeof digest);
    g_assert_cmpint(door_ask(other), ==, MEISHI_WIRE_OK);
    g_assert_false(client_poll(waiting));
    stub_agent_release(door->agent);
    g_assert_true(client_receive(waiting));
    g_assert_cmpint(client_status(waiting), ==, MEISHI_WIRE_OK);
}

/* Who agreed to one thing has not agreed to a stricter one. */
static void
test_stricter_while_asked(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    want_confirmation(door, MEISHI_CONFIRM_EACH_SESSION);
    stub_agent_agree(door->agent, TRUE);
    stub_agent_hold(door->agent);
    door_put_sign(client);
    client_send(client, -1);
    client_wait_until(holds_one, door->agent);
    want_confirmation(door, MEISHI_CONFIRM_EACH_USE);
    stub_agent_release(door->agent);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 2);
}

static void
test_withheld_while_asked(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    begin_asking(door, client);
    set_policy(door, withhold_ec, NULL);
    stub_agent_release(door->agent);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_DENIED);
}

/* A question waits for a person: stopping does not. */
static void
test_stop_cancels(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    gint64 start;

    begin_asking(door, client);
    start = g_get_monotonic_time();
    meishi_server_stop(door->server, 60000);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_CANCELLED);
}

static void
test_free_cuts_loose(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    begin_asking(door, client);
    meishi_server_free(g_steal_pointer(&door->server));
    g_assert_false(client_receive(client));
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* ---- programs that are told apart ------------------------------------------------------------ */

/* Another process, which connects and hands its connection over; the socket is its own for the
 * daemon. */
typedef struct {
    pid_t pid;
    Client *client;
} Program;

static void
connect_and_wait(const char *path, int to_parent)
{
    Client *client = client_new(path);
    struct meishi_packet_fds fds = {1, {client->fd}};

    if (meishi_packet_send(to_parent, "x", 1, &fds, 0) == 0)
        pause();
    _exit(1);
}

static void
program_start(Program *program, const char *path)
{
    struct meishi_packet_fds fds = {.n = 0};
    char byte;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    program->pid = fork();
    g_assert_cmpint(program->pid, >=, 0);
    if (program->pid == 0)
        connect_and_wait(path, pair[1]);
    g_assert_cmpint(meishi_packet_recv(pair[0], &byte, 1, 0, &fds), ==, 1);
    program->client = g_new0(Client, 1);
    program->client->fd = fds.fd[0];
    meishi_buf_init(&program->client->frame, MEISHI_WIRE_MAX_FRAME);
    close(pair[0]);
    close(pair[1]);
}

static void
program_end(Program *program)
{
    client_free(program->client);
    kill(program->pid, SIGKILL);
    waitpid(program->pid, NULL, 0);
}

static void
withhold_ec_from(MeishiPresentation *presentation, const MeishiApplication *application,
                 gpointer pid)
{
    if (application->pid == GPOINTER_TO_INT(pid))
        stub_presentation_withhold(presentation, EC_ROW);
}

static void
put_hello(Client *client, guint32 flags)
{
    meishi_msg_hello_encode(&client->frame, 1,
                            &(struct meishi_msg_hello){.version = 1, .flags = flags});
}

static gboolean
sees_ec(Client *client)
{
    struct meishi_snapshot snapshot;
    gboolean sees;

    g_assert_cmpuint(client->fds.n, ==, 2);
    g_assert_true(meishi_snapshot_map(client->fds.fd[1], &snapshot));
    sees = meishi_snapshot_object(&snapshot, door_private_key(EC_ROW), NULL) != NULL;
    meishi_snapshot_unmap(&snapshot);
    return sees;
}

static void
test_two_programs(Door *door, gconstpointer unused)
{
    g_autoptr(Client) own = client_new(door->path);
    Program program;

    program_start(&program, door->path);
    stub_agent_set_policy(door->agent, withhold_ec_from, GINT_TO_POINTER(program.pid));
    put_hello(program.client, MEISHI_WIRE_WANT_SNAPSHOT);
    g_assert_cmpint(door_ask(program.client), ==, MEISHI_WIRE_OK);
    g_assert_false(sees_ec(program.client));
    put_hello(own, MEISHI_WIRE_WANT_SNAPSHOT);
    g_assert_cmpint(door_ask(own), ==, MEISHI_WIRE_OK);
    g_assert_true(sees_ec(own));
    door_put_sign(program.client);
    g_assert_cmpint(door_ask(program.client), ==, MEISHI_WIRE_DENIED);
    door_put_sign(own);
    g_assert_cmpint(door_ask(own), ==, MEISHI_WIRE_OK);
    program_end(&program);
}

static const struct meishi_pulse *
map_pulse(const Client *client)
{
    void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, client->fds.fd[0], 0);

    g_assert_true(page != MAP_FAILED);
    return page;
}

static void
give_role_to(MeishiPresentation *presentation, const MeishiApplication *application, gpointer pid)
{
    const MeishiShown *first = presentation->shown->pdata[0];

    if (application->pid == GPOINTER_TO_INT(pid))
        stub_presentation_add_role(presentation, "vpn", "Corp VPN", first->identity,
                                   MEISHI_CONFIRM_NEVER);
}

/* Each has a pulse page of its own and waits for its own tokens. */
static void
test_events_of_ones_own(Door *door, gconstpointer unused)
{
    g_autoptr(Client) own = client_new(door->path);
    const struct meishi_pulse *here, *there;
    guint64 before;
    Program program;

    program_start(&program, door->path);
    put_hello(own, MEISHI_WIRE_WANT_SNAPSHOT);
    g_assert_cmpint(door_ask(own), ==, MEISHI_WIRE_OK);
    here = map_pulse(own);
    put_hello(program.client, MEISHI_WIRE_WANT_SNAPSHOT);
    g_assert_cmpint(door_ask(program.client), ==, MEISHI_WIRE_OK);
    there = map_pulse(program.client);
    before = here->generation;
    g_assert_cmpuint(there->generation, ==, before); /* the same view */
    meishi_msg_wait_encode(&own->frame, 1, &(struct meishi_msg_wait){0});
    client_send(own, -1);
    meishi_msg_wait_encode(&program.client->frame, 1, &(struct meishi_msg_wait){0});
    set_policy(door, give_role_to, GINT_TO_POINTER(program.pid));
    g_assert_cmpint(door_ask(program.client), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(there->slot_events, ==, 1);
    g_assert_cmpuint(there->generation, !=, before);
    g_assert_cmpuint(here->slot_events, ==, 0);
    g_assert_cmpuint(here->generation, ==, before);
    g_assert_false(client_poll(own));
    munmap((void *)here, 4096);
    munmap((void *)there, 4096);
    program_end(&program);
}

/* ---- roles and layouts ----------------------------------------------------------------------- */

static void
hold_in_role(MeishiPresentation *presentation, const MeishiApplication *application,
             gpointer identity)
{
    stub_presentation_add_role(presentation, "vpn", "Corp VPN", identity, MEISHI_CONFIRM_NEVER);
}

/* Number 11 is that of "vpn"; test-server-tokens.c. */
static void
put_sign_in_role(Client *client, gint64 row)
{
    client_put_operate(client, meishi_handle_make_in_role(MEISHI_HANDLE_ROLE_PRIVATE_KEY, 11, row),
                       MEISHI_WIRE_SIGN, CKM_ECDSA, digest, sizeof digest);
}

static void
put_login(Client *client, guint64 slot)
{
    meishi_msg_login_encode(&client->frame, 1, &(struct meishi_msg_login){.slot_id = slot});
}

static void
test_role(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    g_autoptr(GPtrArray) identities = NULL;

    door_add_identity(door, SAMPLE_EC, 3);
    identities = meishi_agent_list(door->agent);
    put_sign_in_role(client, 3);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_NO_OBJECT);
    set_policy(door, hold_in_role, identities->pdata[2]);
    put_sign_in_role(client, 3);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    put_login(client, MEISHI_SLOT_ROLES + 11);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    set_policy(door, hold_in_role, identities->pdata[0]); /* the next one, under its own handle */
    put_sign_in_role(client, EC_ROW);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
}

static void
test_slot_per_identity(Door *door, gconstpointer unused)
{
    g_autoptr(Client) usual = client_new_greeted(door->path);
    g_autoptr(Client) client = client_new(door->path);
    struct meishi_snapshot snapshot;

    put_hello(client, MEISHI_WIRE_WANT_SNAPSHOT | MEISHI_WIRE_SLOT_PER_IDENTITY);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(client->fds.n, ==, 2);
    g_assert_true(meishi_snapshot_map(client->fds.fd[1], &snapshot));
    g_assert_cmpuint(meishi_snapshot_header(&snapshot)->n_slots, ==, 2);
    g_assert_nonnull(meishi_snapshot_slot(&snapshot, MEISHI_SLOT_IDENTITIES + RSA_ROW));
    meishi_snapshot_unmap(&snapshot);
    put_login(client, MEISHI_SLOT_IDENTITIES + RSA_ROW);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    put_login(client, MEISHI_SLOT_VAULT);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_GONE);
    put_login(usual, MEISHI_SLOT_VAULT);
    g_assert_cmpint(door_ask(usual), ==, MEISHI_WIRE_OK);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    set_policy(door, withhold_ec, NULL);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_DENIED);
    put_hello(client, 0); /* no second one, whatever the first was */
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_BAD_MESSAGE);
}

/* Connections of one process share a pulse page; who comes back later gets another instance. */
static void
test_instance(Door *door, gconstpointer unused)
{
    struct meishi_msg_hello_reply replies[3];

    for (guint i = 0; i < 3; i += 2) {
        g_autoptr(Client) client = client_new(door->path);
        g_autoptr(Client) other = client_new(door->path);

        put_hello(client, 0);
        g_assert_true(client_call(client, -1));
        g_assert_true(meishi_msg_hello_reply_decode(client->body, &replies[i]));
        put_hello(other, 0);
        g_assert_true(client_call(other, -1));
        g_assert_true(meishi_msg_hello_reply_decode(other->body, &replies[1]));
        g_assert_cmpuint(replies[1].instance, ==, replies[i].instance);
        g_clear_pointer(&client, client_free);
        g_clear_pointer(&other, client_free);
        client_wait_until(has_no_clients, door->server);
    }
    g_assert_cmpuint(replies[0].instance, !=, replies[2].instance);
}

#define ADD(name, func) \
    g_test_add("/server/policy/" name, Door, GUINT_TO_POINTER(0), door_set_up, func, door_tear_down)

static void
add_confirm_tests(void)
{
    ADD("agreed", test_agreed);
    ADD("refused", test_refused);
    ADD("not-asked", test_not_asked);
    ADD("too-many", test_too_many);
    ADD("too-many-locked", test_too_many_locked);
    ADD("hang-up-cancels", test_hang_up_cancels);
    ADD("others-go-on", test_others_go_on);
    ADD("stricter-while-asked", test_stricter_while_asked);
    ADD("withheld-while-asked", test_withheld_while_asked);
    ADD("stop-cancels", test_stop_cancels);
    ADD("free-cuts-loose", test_free_cuts_loose);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!meishi_crypto_init(&error))
        g_error("%s", error->message);
    ADD("change-takes-effect-at-once", test_change_takes_effect_at_once);
    ADD("withheld", test_withheld);
    ADD("is-logged-once", test_is_logged_once);
    ADD("change-while-key-is-loaded", test_change_while_key_is_loaded);
    add_confirm_tests();
    ADD("two-programs", test_two_programs);
    ADD("events-of-ones-own", test_events_of_ones_own);
    ADD("role", test_role);
    ADD("slot-per-identity", test_slot_per_identity);
    ADD("instance", test_instance);
    return g_test_run();
}
