/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dialogues with a whole server over its socket, in front of an agent that does what the test
 * says.
 */
#include "tests/unit/server/door.h"

#include "daemon/server/handle.h"
#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"
#include "module/wire/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static const guint8 digest[32] = {1, 2, 3};

/* ---- greeting and snapshot ------------------------------------------------------------------ */

static gboolean
has_no_clients(gpointer user_data)
{
    return meishi_server_n_clients(user_data) == 0;
}

static void
assert_refused(Door *door, Client *client)
{
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_BAD_MESSAGE);
    g_assert_false(client_receive(client));
    client_wait_until(has_no_clients, door->server);
}

static void
put_hello(Client *client, guint version, guint flags)
{
    meishi_msg_hello_encode(&client->frame, 9,
                            &(struct meishi_msg_hello){.version = version, .flags = flags});
}

static void
test_hello(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(door->path);
    struct meishi_msg_hello_reply reply;

    put_hello(client, 1, 0);
    g_assert_true(client_call(client, -1));
    g_assert_cmpuint(client->head.type, ==, MEISHI_WIRE_HELLO + MEISHI_WIRE_REPLY);
    g_assert_cmpuint(client->head.call, ==, 9);
    g_assert_true(meishi_msg_hello_reply_decode(client->body, &reply));
    g_assert_cmpuint(reply.version, ==, 1);
    g_assert_cmpuint(reply.instance, !=, 0);
    g_assert_cmpuint(reply.generation, !=, 0);
    g_assert_cmpuint(client->fds.n, ==, 0);
    g_assert_cmpuint(meishi_server_n_clients(door->server), ==, 1);
}

static void
test_newer_client(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(door->path);
    struct meishi_msg_hello_reply reply;

    put_hello(client, 77, 0x80000000u); /* a flag that nobody knows */
    g_assert_true(client_call(client, -1));
    g_assert_true(meishi_msg_hello_reply_decode(client->body, &reply));
    g_assert_cmpuint(reply.version, ==, MEISHI_WIRE_VERSION);
}

static void
test_no_common_version(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(door->path);

    put_hello(client, 0, 0);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_BAD_VERSION);
    g_assert_false(client_receive(client));
}

static const struct meishi_pulse *
map_pulse(int fd)
{
    void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

    g_assert_true(page != MAP_FAILED);
    return page;
}

static void
test_snapshot(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(door->path);
    struct meishi_msg_counter_reply reply;
    const struct meishi_pulse *pulse;
    struct meishi_snapshot snapshot;
    guint64 before;

    put_hello(client, 1, MEISHI_WIRE_WANT_SNAPSHOT);
    g_assert_true(client_call(client, -1));
    g_assert_cmpuint(client->fds.n, ==, 2);
    pulse = map_pulse(client->fds.fd[0]);
    g_assert_true(meishi_snapshot_map(client->fds.fd[1], &snapshot));
    g_assert_nonnull(meishi_snapshot_object(&snapshot, door_private_key(EC_ROW), NULL));
    g_assert_null(meishi_snapshot_object(&snapshot, door_private_key(3), NULL));
    g_assert_cmpuint(pulse->generation, ==, meishi_snapshot_header(&snapshot)->generation);
    before = pulse->generation;
    meishi_snapshot_unmap(&snapshot);

    door_add_identity(door, SAMPLE_EC, 3);
    stub_agent_emit_view_changed(door->agent);
    g_assert_cmpuint(pulse->generation, >, before);
    meishi_msg_snapshot_encode(&client->frame, 1);
    g_assert_true(client_call(client, -1));
    g_assert_true(meishi_msg_counter_reply_decode(client->body, &reply));
    g_assert_cmpuint(reply.counter, ==, pulse->generation);
    g_assert_cmpuint(client->fds.n, ==, 1);
    g_assert_true(meishi_snapshot_map(client->fds.fd[0], &snapshot));
    g_assert_nonnull(meishi_snapshot_object(&snapshot, door_private_key(3), NULL));
    meishi_snapshot_unmap(&snapshot);
    munmap((void *)pulse, 4096);
}

/* A client that could write to the page could make all others deaf. */
static void
test_pulse_is_read_only(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(door->path);
    g_autofree char *path = NULL;
    int fd, again;

    put_hello(client, 1, MEISHI_WIRE_WANT_SNAPSHOT);
    g_assert_true(client_call(client, -1));
    fd = client->fds.fd[0];
    g_assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    g_assert_cmpint(pwrite(fd, "x", 1, 0), ==, -1);
    g_assert_cmpint(ftruncate(fd, 0), ==, -1);
    path = g_strdup_printf("/proc/self/fd/%d", fd);
    again = open(path, O_RDWR | O_CLOEXEC);
    g_assert_true(again < 0 ||
                  mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
    if (again >= 0)
        close(again);
}

/* ---- what is no protocol -------------------------------------------------------------------- */

static void
test_request_before_hello(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(door->path);

    door_put_sign(client);
    client_send(client, -1);
    assert_refused(door, client);
}

static void
test_second_hello(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    put_hello(client, 1, 0);
    client_send(client, -1);
    assert_refused(door, client);
}

static void
test_nonsense(Door *door, gconstpointer unused)
{
    static const struct {
        const char *bytes;
        gsize len;
    } frames[] = {
        {"\0", 1},                          /* no head */
        {"\0\0\0\3\0\0\0\1", 8},            /* OPERATE without body */
        {"\0\0\0\143\0\0\0\1", 8},          /* no such type */
        {"\377\377\377\377\0\0\0\1", 8},    /* nor this */
        {"\0\0\0\0\0\0\0\1", 8},            /* nor this */
        {"\0\0\0\2\0\0\0\1x", 9},           /* SNAPSHOT with a byte too many */
        {"\0\0\0\203\0\0\0\1\0\0\0\0", 12}, /* a reply */
    };

    for (guint i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_autoptr(Client) client = client_new_greeted(door->path);

        meishi_buf_add(&client->frame, frames[i].bytes, frames[i].len);
        client_send(client, -1);
        assert_refused(door, client);
    }
}

static void
test_too_long_frame(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    g_autofree char *bytes = g_malloc0(MEISHI_WIRE_MAX_FRAME + 1);

    g_assert_cmpint(send(client->fd, bytes, MEISHI_WIRE_MAX_FRAME + 1, 0), ==,
                    MEISHI_WIRE_MAX_FRAME + 1);
    assert_refused(door, client);
}

static guint
count_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void
test_unwanted_descriptor(Door *door, gconstpointer unused)
{
    guint before;

    client_free(client_new_greeted(door->path)); /* what it was shown is kept for the next */
    client_wait_until(has_no_clients, door->server);
    before = count_descriptors();
    for (guint i = 0; i < 3; i++) {
        Client *client = client_new_greeted(door->path);

        if (i == 0)
            meishi_msg_snapshot_encode(&client->frame, 1);
        else if (i == 1)
            door_put_sign(client);
        else
            client_put_digest_in_file(client, CKM_SHA256); /* which wants one, and gets none */
        client_send(client, i == 2 ? -1 : 0);
        assert_refused(door, client);
        client_free(client);
    }
    g_assert_cmpuint(count_descriptors(), ==, before);
}

/* ---- operations ----------------------------------------------------------------------------- */

static struct meishi_bytes
get_result(Client *client)
{
    struct meishi_msg_result_reply reply;

    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_OK);
    g_assert_true(meishi_msg_operate_reply_decode(client->body, &reply));
    return reply.result;
}

static void
test_sign_and_verify(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    struct meishi_msg_operate verify = {.object = door_public_key(EC_ROW),
                                        .operation = MEISHI_WIRE_VERIFY,
                                        .mechanism = {.type = CKM_ECDSA},
                                        .data = {digest, sizeof digest}};
    guint8 signature[64];

    door_put_sign(client);
    g_assert_true(client_call(client, -1));
    g_assert_cmpuint(get_result(client).len, ==, 64);
    memcpy(signature, get_result(client).data, 64);
    verify.signature = (struct meishi_bytes){signature, 64};
    meishi_msg_operate_encode(&client->frame, 2, &verify);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(get_result(client).len, ==, 0);
    signature[5] ^= 1;
    meishi_msg_operate_encode(&client->frame, 3, &verify);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_BAD_SIGNATURE);
    verify.signature.len = 63;
    meishi_msg_operate_encode(&client->frame, 4, &verify);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_SIGNATURE_LENGTH);
}

static void
test_encrypt_and_decrypt(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    guint8 ciphertext[256];

    client_put_operate(client, door_public_key(RSA_ROW), MEISHI_WIRE_ENCRYPT, CKM_RSA_PKCS,
                       "secret", 6);
    g_assert_true(client_call(client, -1));
    g_assert_cmpuint(get_result(client).len, ==, 256);
    memcpy(ciphertext, get_result(client).data, 256);
    client_put_operate(client, door_private_key(RSA_ROW), MEISHI_WIRE_DECRYPT, CKM_RSA_PKCS,
                       ciphertext, 256);
    g_assert_true(client_call(client, -1));
    g_assert_cmpmem(get_result(client).data, get_result(client).len, "secret", 6);
}

static void
test_refusals(Door *door, gconstpointer unused)
{
    const struct {
        guint64 object;
        enum meishi_wire_operation operation;
        guint64 mechanism;
        enum meishi_wire_status status;
    } rows[] = {
        {door_private_key(99), MEISHI_WIRE_SIGN, CKM_ECDSA, MEISHI_WIRE_NO_OBJECT},
        {7, MEISHI_WIRE_SIGN, CKM_ECDSA, MEISHI_WIRE_NO_OBJECT},
        {meishi_handle_make(MEISHI_HANDLE_CERTIFICATE, 1), MEISHI_WIRE_SIGN, CKM_ECDSA,
         MEISHI_WIRE_NO_OBJECT},
        {door_public_key(EC_ROW), MEISHI_WIRE_SIGN, CKM_ECDSA, MEISHI_WIRE_NOT_PERMITTED},
        {door_private_key(EC_ROW), MEISHI_WIRE_VERIFY, CKM_ECDSA, MEISHI_WIRE_NOT_PERMITTED},
        {door_private_key(EC_ROW), MEISHI_WIRE_SIGN, CKM_RSA_PKCS, MEISHI_WIRE_KEY_TYPE},
        {door_private_key(RSA_ROW), MEISHI_WIRE_SIGN, CKM_RSA_X_509, MEISHI_WIRE_NOT_PERMITTED},
        {door_private_key(EC_ROW), MEISHI_WIRE_SIGN, CKM_DES3_CBC, MEISHI_WIRE_BAD_MECHANISM},
        {door_private_key(EC_ROW), MEISHI_WIRE_DECRYPT, CKM_ECDSA, MEISHI_WIRE_BAD_MECHANISM},
        {door_private_key(EC_ROW), MEISHI_WIRE_SIGN, CKM_SHA256, MEISHI_WIRE_BAD_MECHANISM},
    };
    g_autoptr(Client) client = client_new_greeted(door->path);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        client_put_operate(client, rows[i].object, rows[i].operation, rows[i].mechanism, digest,
                           sizeof digest);
        g_assert_cmpint(door_ask(client), ==, rows[i].status);
    }
    door_put_sign(client); /* and the connection is none the worse */
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
}

static void
test_removed_object(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    stub_agent_forget(door->agent, 2);
    stub_agent_emit_view_changed(door->agent);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_NO_OBJECT);
}

/* ---- input in a file ------------------------------------------------------------------------ */

static void
test_digest_of_file(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    gsize len = 3 * 1024 * 1024 + 1;
    g_autofree guint8 *data = g_malloc(len);
    guint8 expected[MEISHI_SHA256_LEN];
    int fd;

    for (gsize i = 0; i < len; i++)
        data[i] = (guint8)(i * 7);
    meishi_crypto_sha256(data, len, expected);
    fd = meishi_memfile_new("test", data, len);
    for (guint i = 0; i < 3; i++) {
        client_put_digest_in_file(client, CKM_SHA256);
        g_assert_true(client_call(client, fd));
        g_assert_cmpmem(get_result(client).data, get_result(client).len, expected, sizeof expected);
    }
    close(fd);
}

/* More long requests than workers: each has its turn. */
static void
test_long_requests_queue(Door *door, gconstpointer unused)
{
    Client *clients[12];
    g_autofree guint8 *data = g_malloc0(1 << 20);
    int fd = meishi_memfile_new("test", data, 1 << 20);

    for (guint i = 0; i < G_N_ELEMENTS(clients); i++)
        clients[i] = client_new_greeted(door->path);
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        client_put_digest_in_file(clients[i], CKM_SHA256);
        client_send(clients[i], fd);
    }
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        g_assert_true(client_receive(clients[i]));
        g_assert_cmpuint(get_result(clients[i]).len, ==, 32);
        door_put_sign(clients[i]);
        g_assert_cmpint(door_ask(clients[i]), ==, MEISHI_WIRE_OK);
        client_free(clients[i]);
    }
    close(fd);
}

static void
test_open_file(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    int fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    g_assert_cmpint(write(fd, "x", 1), ==, 1);
    client_put_digest_in_file(client, CKM_SHA256);
    client_send(client, fd);
    assert_refused(door, client);
    close(fd);
}

static void
test_too_long_file(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    int fd = memfd_create("long", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    g_assert_cmpint(ftruncate(fd, MEISHI_WIRE_MAX_DATA + 1), ==, 0);
    g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), ==, 0);
    client_put_digest_in_file(client, CKM_SHA256);
    g_assert_true(client_call(client, fd));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_DATA_LENGTH);
    close(fd);
}

/* ---- errands -------------------------------------------------------------------------------- */

static void
test_cold_key(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    stub_agent_empty_cache(door->agent);
    for (guint i = 0; i < 3; i++) {
        door_put_sign(client);
        g_assert_true(client_call(client, -1));
        g_assert_cmpuint(get_result(client).len, ==, 64);
    }
}

static void
test_locked(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    g_autoptr(MeishiIdentity) identity = sample_identity_new(SAMPLE_EC, 3);

    stub_agent_add(door->agent, identity, NULL);
    stub_agent_emit_view_changed(door->agent);
    client_put_operate(client, door_private_key(3), MEISHI_WIRE_SIGN, CKM_ECDSA, digest,
                       sizeof digest);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_LOCKED);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
}

static gboolean
holds_one(gpointer user_data)
{
    return stub_agent_n_held(user_data) == 1;
}

static void
park(Door *door, Client *client)
{
    stub_agent_empty_cache(door->agent);
    stub_agent_hold(door->agent);
    door_put_sign(client);
    client_send(client, -1);
    client_wait_until(holds_one, door->agent);
}

static gboolean
release(gpointer user_data)
{
    stub_agent_release(user_data);
    return G_SOURCE_REMOVE;
}

/* A host with hundreds of threads, whose first signatures all come while the key is unsealed. */
static void
test_many_wait_for_key(Door *door, gconstpointer unused)
{
    Client *clients[300];

    for (guint i = 0; i < G_N_ELEMENTS(clients); i++)
        clients[i] = client_new_greeted(door->path);
    park(door, clients[0]);
    for (guint i = 1; i < G_N_ELEMENTS(clients); i++) {
        door_put_sign(clients[i]);
        client_send(clients[i], -1);
    }
    g_timeout_add(100, release, door->agent);
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        g_assert_true(client_receive(clients[i]));
        g_assert_cmpint(client_status(clients[i]), ==, MEISHI_WIRE_OK);
        client_free(clients[i]);
    }
}

/* Nobody waits on somebody else's prompt. */
static void
test_others_go_on(Door *door, gconstpointer unused)
{
    g_autoptr(Client) waiting = client_new_greeted(door->path);
    g_autoptr(Client) other = client_new_greeted(door->path);

    park(door, waiting);
    stub_agent_fill_cache(door->agent);
    for (guint i = 0; i < 20; i++) {
        door_put_sign(other);
        g_assert_cmpint(door_ask(other), ==, MEISHI_WIRE_OK);
    }
    g_assert_false(client_poll(waiting));
    stub_agent_release(door->agent);
    g_assert_true(client_receive(waiting));
    g_assert_cmpint(client_status(waiting), ==, MEISHI_WIRE_OK);
}

static void
test_hang_up_cancels(Door *door, gconstpointer unused)
{
    Client *client = client_new_greeted(door->path);

    park(door, client);
    client_free(client);
    client_wait_until(has_no_clients, door->server);
    g_assert_cmpuint(stub_agent_n_cancelled(door->agent), ==, 1);
    g_assert_cmpuint(stub_agent_n_held(door->agent), ==, 0);
}

/* A parked request with a file: the descriptor waits along. */
static void
test_parks_file(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    const struct meishi_msg_operate msg = {.object = door_private_key(EC_ROW),
                                           .operation = MEISHI_WIRE_SIGN,
                                           .mechanism = {.type = CKM_ECDSA_SHA256},
                                           .in_file = true};
    int fd = meishi_memfile_new("test", digest, sizeof digest);

    stub_agent_empty_cache(door->agent);
    meishi_msg_operate_encode(&client->frame, 1, &msg);
    g_assert_true(client_call(client, fd));
    g_assert_cmpuint(get_result(client).len, ==, 64);
    close(fd);
}

static void
put_login(Client *client, guint64 slot, const char *pin)
{
    const struct meishi_msg_login msg = {.slot_id = slot,
                                         .has_pin = pin != NULL,
                                         .pin = {(const guint8 *)pin, pin ? strlen(pin) : 0}};

    meishi_msg_login_encode(&client->frame, 1, &msg);
}

static enum meishi_wire_status
log_in(Client *client, guint64 slot, const char *pin)
{
    put_login(client, slot, pin);
    return door_ask(client);
}

static void
test_login(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    g_assert_cmpint(log_in(client, 1, "anything"), ==, MEISHI_WIRE_OK);
    g_assert_cmpint(log_in(client, 1, NULL), ==, MEISHI_WIRE_OK);
    g_assert_cmpint(log_in(client, 2, NULL), ==, MEISHI_WIRE_GONE);
    g_assert_cmpint(log_in(client, G_MAXUINT64, NULL), ==, MEISHI_WIRE_GONE);
    stub_agent_lock(door->agent, "open sesame");
    g_assert_cmpint(log_in(client, 1, "sesame"), ==, MEISHI_WIRE_BAD_PIN);
    g_assert_cmpint(log_in(client, 1, NULL), ==, MEISHI_WIRE_LOCKED);
    g_assert_cmpint(log_in(client, 1, "open sesame"), ==, MEISHI_WIRE_OK);
    g_assert_cmpint(log_in(client, 1, NULL), ==, MEISHI_WIRE_OK);
}

/* A configured PIN is no wrong passphrase where the vault has none. */
static void
test_login_without_passphrase(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    stub_agent_lock(door->agent, NULL);
    g_assert_cmpint(log_in(client, 1, "1234"), ==, MEISHI_WIRE_LOCKED);
}

/* A login without a PIN, and a signature: the person is asked, and what waited goes on. */
static void
test_asks_for_passphrase(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    stub_agent_lock(door->agent, "open sesame");
    stub_agent_empty_cache(door->agent);
    g_assert_cmpint(log_in(client, 1, NULL), ==, MEISHI_WIRE_LOCKED);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_LOCKED);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 2);
    g_assert_cmpint(log_in(client, 1, "sesame"), ==, MEISHI_WIRE_BAD_PIN);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 2);
    stub_agent_agree(door->agent, TRUE);
    door_put_sign(client);
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 3);
    stub_agent_lock(door->agent, "open sesame");
    g_assert_cmpint(log_in(client, 1, NULL), ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(stub_agent_n_asked(door->agent), ==, 4);
}

static void
put_wait(Client *client, guint64 counter)
{
    meishi_msg_wait_encode(&client->frame, 1, &(struct meishi_msg_wait){counter});
}

static void
test_wait(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    g_autoptr(Client) other = client_new_greeted(door->path);
    struct meishi_msg_counter_reply reply;

    put_wait(client, 0);
    client_send(client, -1);
    door_put_sign(other);
    g_assert_cmpint(door_ask(other), ==, MEISHI_WIRE_OK);
    stub_agent_emit_view_changed(door->agent); /* a change, yet no token came or went */
    door_put_sign(other);
    g_assert_cmpint(door_ask(other), ==, MEISHI_WIRE_OK);
    g_assert_false(client_poll(client));
    door_add_identity(door, SAMPLE_ED25519, 3); /* now one came */
    stub_agent_emit_view_changed(door->agent);
    g_assert_true(client_receive(client));
    g_assert_true(meishi_msg_counter_reply_decode(client->body, &reply));
    g_assert_cmpint(reply.status, ==, MEISHI_WIRE_OK);
    g_assert_cmpuint(reply.counter, ==, 1);
    put_wait(client, 0); /* knows less than has happened: answered at once */
    g_assert_cmpint(door_ask(client), ==, MEISHI_WIRE_OK);
    g_assert_cmpint(log_in(client, 2, NULL), ==, MEISHI_WIRE_OK);
}

static void
test_wait_ends_with_client(Door *door, gconstpointer unused)
{
    Client *client = client_new_greeted(door->path);

    put_wait(client, 0);
    client_send(client, -1);
    client_free(client);
    client_wait_until(has_no_clients, door->server);
}

/* ---- many clients --------------------------------------------------------------------------- */

/* One worker, one client that sends a hundred slow requests at once, and another with one small
 * request: the second does not wait for the hundred. */
static void
test_flood_is_fair(Door *door, gconstpointer unused)
{
    enum { N = 100 };
    g_autoptr(Client) flood = client_new_greeted(door->path);
    g_autoptr(Client) other = client_new_greeted(door->path);
    guint n_answered = 0;

    for (guint i = 0; i < N; i++) {
        client_put_operate(flood, door_private_key(RSA_ROW), MEISHI_WIRE_SIGN, CKM_RSA_PKCS, digest,
                           sizeof digest);
        client_send(flood, -1);
    }
    door_put_sign(other);
    g_assert_cmpint(door_ask(other), ==, MEISHI_WIRE_OK);
    while (client_poll(flood))
        n_answered++;
    g_test_message("%u of the flood's requests were answered before the other client's",
                   n_answered);
    g_assert_cmpuint(n_answered, <, N);
    for (; n_answered < N; n_answered++)
        g_assert_true(client_receive(flood));
}

/* Who does not read replies loses the connection, not the server a worker. */
static void
test_deaf_client(Door *door, gconstpointer unused)
{
    g_autoptr(Client) deaf = client_new_greeted(door->path);
    g_autoptr(Client) other = client_new_greeted(door->path);
    int r = 0;

    for (guint i = 0; i < 20000 && r == 0; i++) {
        door_put_sign(deaf);
        r = meishi_packet_send(deaf->fd, deaf->frame.data, deaf->frame.len, NULL, MSG_DONTWAIT);
        meishi_buf_reset(&deaf->frame);
        if (r == -EAGAIN) {
            g_usleep(200);
            r = 0;
        }
    }
    g_assert_true(r == -EPIPE || r == -ECONNRESET);
    door_put_sign(other);
    g_assert_cmpint(door_ask(other), ==, MEISHI_WIRE_OK);
}

typedef struct {
    const char *path;
    guint n_done;
} Hammer;

/* In a thread of its own: no main loop here, so the blocking calls are real ones. */
static gpointer
hammer(gpointer user_data)
{
    Hammer *h = user_data;
    Client *client = client_new(h->path);

    fcntl(client->fd, F_SETFL, 0);
    put_hello(client, 1, 0);
    for (guint i = 0; i < 50; i++) {
        ssize_t got;

        client_send(client, -1);
        got = meishi_packet_recv(client->fd, client->reply, sizeof client->reply, 0, &client->fds);
        if (got <= 0 ||
            !meishi_msg_head_decode(client->reply, (gsize)got, &client->head, &client->body))
            break;
        h->n_done += client_status(client) == MEISHI_WIRE_OK;
        door_put_sign(client);
    }
    client_free(client);
    return NULL;
}

static void
test_many_threads(Door *door, gconstpointer unused)
{
    Hammer hammers[16] = {{NULL, 0}};
    GThread *threads[16];

    for (guint i = 0; i < G_N_ELEMENTS(hammers); i++) {
        hammers[i].path = door->path;
        threads[i] = g_thread_new("hammer", hammer, &hammers[i]);
    }
    for (guint i = 0; i < 40; i++) { /* views come and go meanwhile, and the cache runs cold */
        if (i % 2 == 0)
            stub_agent_empty_cache(door->agent);
        else
            stub_agent_fill_cache(door->agent);
        stub_agent_emit_view_changed(door->agent);
        for (guint j = 0; j < 10; j++)
            g_main_context_iteration(NULL, FALSE);
        g_usleep(500);
    }
    stub_agent_fill_cache(door->agent);
    for (gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC; g_get_monotonic_time() < end;) {
        g_main_context_iteration(NULL, FALSE);
        if (meishi_server_n_clients(door->server) == 0)
            break;
        g_usleep(100);
    }
    client_wait_until(has_no_clients, door->server);
    for (guint i = 0; i < G_N_ELEMENTS(hammers); i++) {
        g_thread_join(threads[i]);
        g_assert_cmpuint(hammers[i].n_done, ==, 50);
    }
}

/* ---- the end -------------------------------------------------------------------------------- */

/* A signature under way is finished. */
static void
test_stop_finishes(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    park(door, client);
    g_timeout_add(20, release, door->agent);
    meishi_server_stop(door->server, 5000);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_OK);
    meishi_server_free(g_steal_pointer(&door->server));
    g_assert_false(client_receive(client));
}

/* And one that waits for nobody knows what is cancelled, in time. */
static void
test_stop_cancels(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    g_autoptr(Client) waiting = client_new_greeted(door->path);

    put_wait(waiting, 0);
    client_send(waiting, -1);
    park(door, client);
    meishi_server_stop(door->server, 50);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_CANCELLED);
    g_assert_true(client_receive(waiting));
    g_assert_cmpint(client_status(waiting), ==, MEISHI_WIRE_CANCELLED);
    g_assert_cmpuint(stub_agent_n_cancelled(door->agent), ==, 1);
}

/* A login waits for a person: stopping does not. */
static void
test_stop_cancels_login(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);
    gint64 start;

    stub_agent_lock(door->agent, "x");
    stub_agent_hold(door->agent);
    put_login(client, 1, "x");
    client_send(client, -1);
    client_wait_until(holds_one, door->agent);
    start = g_get_monotonic_time();
    meishi_server_stop(door->server, 60000);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    g_assert_true(client_receive(client));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_CANCELLED);
}

/* Freed without having been stopped, with an errand out: its answer finds nobody. */
static void
test_free_cuts_loose(Door *door, gconstpointer unused)
{
    g_autoptr(Client) client = client_new_greeted(door->path);

    park(door, client);
    meishi_server_free(g_steal_pointer(&door->server));
    g_assert_false(client_receive(client));
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

#define ADD(path, func) \
    g_test_add(path, Door, GUINT_TO_POINTER(0), door_set_up, func, door_tear_down)
#define ADD_ALONE(path, func) \
    g_test_add(path, Door, GUINT_TO_POINTER(1), door_set_up, func, door_tear_down)

static void
add_protocol_tests(void)
{
    ADD("/server/server/hello", test_hello);
    ADD("/server/server/newer-client", test_newer_client);
    ADD("/server/server/no-common-version", test_no_common_version);
    ADD("/server/server/snapshot", test_snapshot);
    ADD("/server/server/pulse-is-read-only", test_pulse_is_read_only);
    ADD("/server/server/request-before-hello", test_request_before_hello);
    ADD("/server/server/second-hello", test_second_hello);
    ADD("/server/server/nonsense", test_nonsense);
    ADD("/server/server/too-long-frame", test_too_long_frame);
    ADD("/server/server/unwanted-descriptor", test_unwanted_descriptor);
}

static void
add_operation_tests(void)
{
    ADD("/server/server/sign-and-verify", test_sign_and_verify);
    ADD("/server/server/encrypt-and-decrypt", test_encrypt_and_decrypt);
    ADD("/server/server/refusals", test_refusals);
    ADD("/server/server/removed-object", test_removed_object);
    ADD("/server/server/digest-of-file", test_digest_of_file);
    ADD("/server/server/long-requests-queue", test_long_requests_queue);
    ADD("/server/server/open-file", test_open_file);
    ADD("/server/server/too-long-file", test_too_long_file);
}

static void
add_errand_tests(void)
{
    ADD("/server/server/cold-key", test_cold_key);
    ADD("/server/server/locked", test_locked);
    ADD("/server/server/many-wait-for-key", test_many_wait_for_key);
    ADD("/server/server/others-go-on", test_others_go_on);
    ADD("/server/server/hang-up-cancels", test_hang_up_cancels);
    ADD("/server/server/parks-file", test_parks_file);
    ADD("/server/server/login", test_login);
    ADD("/server/server/login-without-passphrase", test_login_without_passphrase);
    ADD("/server/server/asks-for-passphrase", test_asks_for_passphrase);
    ADD("/server/server/wait", test_wait);
    ADD("/server/server/wait-ends-with-client", test_wait_ends_with_client);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!meishi_crypto_init(&error))
        g_error("%s", error->message);
    add_protocol_tests();
    add_operation_tests();
    add_errand_tests();
    ADD_ALONE("/server/server/flood-is-fair", test_flood_is_fair);
    ADD_ALONE("/server/server/deaf-client", test_deaf_client);
    ADD("/server/server/many-threads", test_many_threads);
    ADD("/server/server/stop-finishes", test_stop_finishes);
    ADD("/server/server/stop-cancels", test_stop_cancels);
    ADD("/server/server/stop-cancels-login", test_stop_cancels_login);
    ADD("/server/server/free-cuts-loose", test_free_cuts_loose);
    return g_test_run();
}
