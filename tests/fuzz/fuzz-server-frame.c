/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One frame from a program, through a worker: decoding, checks, operations with real keys, reply.
 *
 * The first byte says what is around the frame (enum Setting); the rest is the frame.  Whatever
 * comes, the worker answers with a frame of the protocol or ends the connection.
 */
#include "daemon/server/worker.h"

#include "daemon/base/error.h"
#include "module/wire/memfile.h"
#include "tests/lib/sample-identities.h"
#include "tests/lib/stub-agent.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum Setting {
    BEFORE_HELLO = 1,
    WITH_FILE = 2,
    COLD_CACHE = 4,
    ERRAND_FAILS = 8,
};

#define WITHHELD_ROW 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    MeishiAgent *agent;
    MeishiAudiences *audiences;
    MeishiApplication *program;
    MeishiAudience *audience;
    MeishiService service;
    MeishiWorker *worker;
    MeishiKey *keys[SAMPLE_N];
    int file;
} World;

/* Keys in rows 1 to 3, in the order of SampleKind; made once for all inputs.  Row 4 is withheld,
 * row 1 lies in a role as well, and a person has to agree to the use of row 3. */
static void
add_identities(World *world)
{
    g_autoptr(MeishiIdentity) withheld = sample_identity_new(SAMPLE_EC, WITHHELD_ROW);

    for (SampleKind kind = SAMPLE_EC; kind < SAMPLE_N; kind++) {
        g_autoptr(MeishiIdentity) identity = sample_identity_new(kind, (gint64)kind + 1);

        world->keys[kind] = sample_identity_key(kind);
        identity->allow_raw = TRUE;
        stub_agent_add(world->agent, identity, world->keys[kind]);
    }
    stub_agent_add(world->agent, withheld, NULL);
}

static void
apply_policy(MeishiPresentation *presentation, const MeishiApplication *program, gpointer unused)
{
    const MeishiShown *first = presentation->shown->pdata[0];

    stub_presentation_withhold(presentation, WITHHELD_ROW);
    stub_presentation_confirm(presentation, 3, MEISHI_CONFIRM_EACH_USE);
    stub_presentation_add_role(presentation, "fuzz", "Fuzz", first->identity, MEISHI_CONFIRM_NEVER);
}

static MeishiAudience *
join(World *world, MeishiLayout layout)
{
    MeishiAudience *audience =
        meishi_audiences_join(world->audiences, world->program, layout, NULL);

    if (audience == NULL)
        abort();
    return audience;
}

static World *
get_world(void)
{
    static World world;

    if (world.worker != NULL)
        return &world;
    if (!meishi_crypto_init(NULL))
        abort();
    world.agent = stub_agent_new();
    stub_agent_set_policy(world.agent, apply_policy, NULL);
    world.audiences = meishi_audiences_new(world.agent);
    world.program = meishi_application_new_unknown();
    world.service.keys = meishi_agent_key_cache(world.agent);
    add_identities(&world);
    world.audience = join(&world, MEISHI_LAYOUT_VAULT);
    world.worker = meishi_worker_new(&world.service);
    world.file = meishi_memfile_new("fuzz", "some input", 10);
    return &world;
}

/* What the main loop would do with a parked request. */
static void
run_errand(World *world, MeishiConn *conn, uint8_t setting)
{
    MeishiErrand *errand = conn->errand;

    if (errand == NULL)
        return;
    errand->is_done = TRUE;
    errand->status = (setting & ERRAND_FAILS) != 0 ? MEISHI_WIRE_LOCKED : MEISHI_WIRE_OK;
    if ((setting & ERRAND_FAILS) != 0)
        return;
    if (errand->identity != NULL)
        errand->key = meishi_key_ref(world->keys[errand->identity->key_id - 1]);
    if (conn->head.type == MEISHI_WIRE_HELLO) {
        meishi_audience_unref(conn->audience);
        conn->audience = join(world, errand->layout);
    }
}

/* The type of the frame, 0 where it has none or came to nothing. */
static uint32_t
get_type(const uint8_t *frame, size_t size)
{
    struct meishi_msg_head head;
    struct meishi_bytes body;

    return meishi_msg_head_decode(frame, size, &head, &body) ? head.type : 0;
}

/* Every reply is a frame to the request's type, or to none where it could not be read. */
static void
check_reply(int fd, uint32_t type)
{
    static uint8_t reply[MEISHI_WIRE_MAX_FRAME];
    struct meishi_packet_fds fds = {.n = 0};
    struct meishi_msg_head head;
    struct meishi_bytes body;
    ssize_t got = meishi_packet_recv(fd, reply, sizeof reply, MSG_DONTWAIT, &fds);

    if (got < 0 || !meishi_msg_head_decode(reply, (size_t)got, &head, &body) ||
        (head.type != type + MEISHI_WIRE_REPLY && head.type != MEISHI_WIRE_REPLY) || body.len < 4)
        abort();
    meishi_packet_fds_close(&fds);
}

static void
serve(World *world, MeishiConn *conn, uint8_t setting)
{
    MeishiServed served = meishi_worker_serve(world->worker, conn, FALSE);

    for (unsigned i = 0; served == MEISHI_SERVED_PARKED || served == MEISHI_SERVED_LONG; i++) {
        if (i > 2) /* an errand and a turn; nothing is put off for ever */
            abort();
        run_errand(world, conn, setting);
        served = meishi_worker_serve(world->worker, conn, served == MEISHI_SERVED_LONG);
    }
    if (served == MEISHI_SERVED_NOTHING)
        abort();
}

static void
set_up_cache(World *world, uint8_t setting)
{
    if ((setting & COLD_CACHE) != 0)
        stub_agent_empty_cache(world->agent);
    else
        stub_agent_fill_cache(world->agent);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    World *world = get_world();
    struct meishi_packet_fds fds = {.n = 0};
    MeishiConn *conn;
    int pair[2];

    if (size < 2 || size - 1 > 2 * MEISHI_WIRE_MAX_FRAME)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        abort();
    conn = meishi_conn_new(pair[0], meishi_audience_ref(world->audience));
    if ((data[0] & BEFORE_HELLO) == 0)
        conn->state = MEISHI_CONN_READY;
    fds.fd[0] = world->file;
    fds.n = (data[0] & WITH_FILE) != 0 ? 1 : 0;
    set_up_cache(world, data[0]);
    if (meishi_packet_send(pair[1], data + 1, size - 1, &fds, 0) < 0)
        abort();
    serve(world, conn, data[0]);
    check_reply(pair[1], get_type(data + 1, size - 1));
    meishi_conn_free(conn);
    close(pair[1]);
    return 0;
}
