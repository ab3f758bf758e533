/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/fake-agent.h"

#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"
#include "module/wire/msg.h"
#include "module/wire/packet.h"
#include "module/wire/snapshot.h"
#include "tests/lib/snapshot-sample.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct FakeAgent {
    GMutex lock;
    GCond changed;
    gboolean is_ending;
    int listen_fd;
    int end_fds[2]; /* a pipe; its end tells every thread to stop */
    GThread *acceptor;
    GPtrArray *threads;
    guint64 instance;
    guint64 generation;
    int pulse_fd;
    struct meishi_pulse *pulse;
    int snapshot_fd;
    FakeAgentLie lie;
    gboolean lies_in_hello;
    guint32 status;
    guint delay_ms;
    FakeAgentSeen seen;
};

typedef struct {
    FakeAgent *agent;
    int fd;
    struct meishi_buf reply;
    struct meishi_packet_fds fds; /* to send; borrowed */
    gboolean is_hello;
} Client;

guint8
fake_agent_sum(gconstpointer data, gsize len)
{
    const guint8 *bytes = data;
    guint8 sum = 1;

    for (gsize i = 0; i < len; i++)
        sum += bytes[i];
    return sum;
}

/* ---- answers ------------------------------------------------------------------------------- */

static void
answer_hello(Client *client, guint32 call, struct meishi_bytes body)
{
    FakeAgent *agent = client->agent;
    struct meishi_msg_hello_reply reply = {.status = MEISHI_WIRE_OK, .version = 1};
    struct meishi_msg_hello msg;

    client->is_hello = TRUE;
    if (!meishi_msg_hello_decode(body, &msg))
        return;
    agent->seen.n_hello++;
    agent->seen.hello_flags = msg.flags;
    reply.instance = agent->instance;
    reply.generation = agent->generation;
    if (agent->lie == FAKE_AGENT_OTHER_VERSION)
        reply.version = 7;
    if ((msg.flags & MEISHI_WIRE_WANT_SNAPSHOT) != 0)
        client->fds = (struct meishi_packet_fds){2, {agent->pulse_fd, agent->snapshot_fd}};
    meishi_msg_hello_reply_encode(&client->reply, call, &reply);
}

static void
answer_snapshot(Client *client, guint32 call, struct meishi_bytes body)
{
    FakeAgent *agent = client->agent;
    struct meishi_msg_counter_reply reply = {.counter = agent->generation};

    client->is_hello = TRUE;
    if (!meishi_msg_snapshot_decode(body))
        return;
    agent->seen.n_snapshot++;
    client->fds = (struct meishi_packet_fds){1, {agent->snapshot_fd}};
    meishi_msg_snapshot_reply_encode(&client->reply, call, &reply);
}

static gsize
result_len(const struct meishi_msg_operate *msg)
{
    switch (msg->operation) {
    case MEISHI_WIRE_VERIFY:
        return 0;
    case MEISHI_WIRE_DIGEST:
    case MEISHI_WIRE_DERIVE:
        return 32;
    case MEISHI_WIRE_DECRYPT:
    case MEISHI_WIRE_VERIFY_RECOVER:
        return 20;
    default:
        return msg->object == SAMPLE_PRIVATE_EC || msg->object == SAMPLE_PRIVATE_ED ? 64 : 256;
    }
}

static void
note_operate(FakeAgent *agent, const struct meishi_msg_operate *msg, gsize data_len)
{
    agent->seen.n_operate++;
    agent->seen.operation = msg->operation;
    agent->seen.object = msg->object;
    agent->seen.mechanism = msg->mechanism.type;
    agent->seen.n_numbers = msg->mechanism.n_numbers;
    memcpy(agent->seen.numbers, msg->mechanism.numbers, sizeof agent->seen.numbers);
    agent->seen.in_file = msg->in_file;
    agent->seen.data_len = data_len;
    g_cond_broadcast(&agent->changed);
}

/* Waits as long as an operation takes; FALSE where the client went or the agent ends. */
static gboolean
work(Client *client)
{
    FakeAgent *agent = client->agent;
    guint delay_ms = agent->delay_ms;
    struct pollfd fds[] = {{.fd = client->fd, .events = POLLIN},
                           {.fd = agent->end_fds[0], .events = POLLIN}};
    int n = 0;

    g_mutex_unlock(&agent->lock);
    if (delay_ms > 0)
        n = poll(fds, 2, (int)delay_ms);
    g_mutex_lock(&agent->lock);
    if (n > 0 && fds[0].revents != 0) {
        agent->seen.n_hung_up++;
        g_cond_broadcast(&agent->changed);
    }
    return n == 0;
}

static void
answer_operate(Client *client, guint32 call, struct meishi_bytes body, int fd)
{
    struct meishi_bytes data = {NULL, 0};
    struct meishi_msg_operate msg;
    guint8 result[256];

    if (!meishi_msg_operate_decode(body, &msg) || msg.in_file != (fd >= 0))
        return;
    if (msg.in_file && !meishi_memfile_map(fd, MEISHI_WIRE_MAX_DATA, &data))
        return;
    memset(result,
           msg.in_file ? fake_agent_sum(data.data, data.len)
                       : fake_agent_sum(msg.data.data, msg.data.len),
           sizeof result);
    note_operate(client->agent, &msg, msg.in_file ? data.len : msg.data.len);
    meishi_memfile_unmap(&data);
    if (!work(client))
        return;
    if (client->agent->status == MEISHI_WIRE_OK)
        meishi_msg_operate_reply_encode(
            &client->reply, call,
            &(struct meishi_msg_result_reply){.result = {result, result_len(&msg)}});
    else
        meishi_msg_error_encode(&client->reply, MEISHI_WIRE_OPERATE, call, client->agent->status);
}

static void
answer_login(Client *client, guint32 call, struct meishi_bytes body)
{
    FakeAgent *agent = client->agent;
    struct meishi_msg_login msg;

    if (!meishi_msg_login_decode(body, &msg))
        return;
    agent->seen.n_login++;
    if (msg.has_pin)
        g_snprintf(agent->seen.pin, sizeof agent->seen.pin, "%.*s", (int)msg.pin.len,
                   (const char *)msg.pin.data);
    else
        g_strlcpy(agent->seen.pin, "(none)", sizeof agent->seen.pin);
    meishi_msg_login_reply_encode(&client->reply, call, agent->status);
}

/* Polls in small steps: simple, and a test does not notice. */
static void
answer_wait(Client *client, guint32 call, struct meishi_bytes body)
{
    FakeAgent *agent = client->agent;
    struct meishi_msg_counter_reply reply = {.status = MEISHI_WIRE_OK};
    struct meishi_msg_wait msg;

    if (!meishi_msg_wait_decode(body, &msg))
        return;
    agent->seen.n_wait++;
    g_cond_broadcast(&agent->changed);
    while (agent->pulse->slot_events == msg.slot_events) {
        struct pollfd fds[] = {{.fd = client->fd, .events = POLLIN},
                               {.fd = agent->end_fds[0], .events = POLLIN}};
        int n;

        g_mutex_unlock(&agent->lock);
        n = poll(fds, 2, 5);
        g_mutex_lock(&agent->lock);
        if (n > 0)
            return;
    }
    reply.counter = agent->pulse->slot_events;
    meishi_msg_wait_reply_encode(&client->reply, call, &reply);
}

/* ---- lies ---------------------------------------------------------------------------------- */

static gboolean
lies_now(const Client *client)
{
    return client->agent->lie != FAKE_AGENT_HONEST &&
           (!client->is_hello || client->agent->lies_in_hello);
}

/* Spoils the reply; FALSE where none is to be sent. */
static gboolean
spoil(Client *client)
{
    struct meishi_buf *reply = &client->reply;

    switch (client->agent->lie) {
    case FAKE_AGENT_HANGS_UP:
        shutdown(client->fd, SHUT_RDWR);
        return FALSE;
    case FAKE_AGENT_SILENT:
        return FALSE;
    case FAKE_AGENT_WRONG_CALL:
        reply->data[7] ^= 1;
        return TRUE;
    case FAKE_AGENT_WRONG_TYPE:
        reply->data[3] ^= 1;
        return TRUE;
    case FAKE_AGENT_SHORT:
        reply->len--;
        return TRUE;
    case FAKE_AGENT_LONG:
        meishi_buf_add_u8(reply, 0);
        return TRUE;
    case FAKE_AGENT_HUGE:
        while (reply->len < 30000)
            meishi_buf_add_u64(reply, 0);
        return TRUE;
    case FAKE_AGENT_STRAY_FD:
        client->fds = (struct meishi_packet_fds){1, {0}};
        return TRUE;
    default:
        return TRUE;
    }
}

/* ---- connections --------------------------------------------------------------------------- */

static gboolean
answer(Client *client, const guint8 *frame, gsize len, int fd)
{
    FakeAgent *agent = client->agent;
    struct meishi_msg_head head;
    struct meishi_bytes body;
    gboolean is_sent = TRUE;

    if (!meishi_msg_head_decode(frame, len, &head, &body))
        return FALSE;
    meishi_buf_reset(&client->reply);
    client->fds.n = 0;
    client->is_hello = FALSE;
    g_mutex_lock(&agent->lock);
    switch (head.type) {
    case MEISHI_WIRE_HELLO:
        answer_hello(client, head.call, body);
        break;
    case MEISHI_WIRE_SNAPSHOT:
        answer_snapshot(client, head.call, body);
        break;
    case MEISHI_WIRE_OPERATE:
        answer_operate(client, head.call, body, fd);
        break;
    case MEISHI_WIRE_LOGIN:
        answer_login(client, head.call, body);
        break;
    case MEISHI_WIRE_WAIT:
        answer_wait(client, head.call, body);
        break;
    default:
        break;
    }
    if (client->reply.len == 0 || agent->is_ending)
        is_sent = FALSE;
    else if (!lies_now(client) || spoil(client))
        is_sent = meishi_packet_send(client->fd, client->reply.data, client->reply.len,
                                     &client->fds, 0) == 0;
    g_mutex_unlock(&agent->lock);
    return is_sent;
}

static gpointer
serve(gpointer data)
{
    Client *client = data;
    FakeAgent *agent = client->agent;
    g_autofree guint8 *frame = g_malloc(MEISHI_WIRE_MAX_FRAME);
    gboolean goes_on = TRUE;

    meishi_buf_init(&client->reply, MEISHI_WIRE_MAX_FRAME);
    while (goes_on) {
        struct pollfd fds[] = {{.fd = client->fd, .events = POLLIN},
                               {.fd = agent->end_fds[0], .events = POLLIN}};
        struct meishi_packet_fds received = {.n = 0};
        gssize n;

        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            break;
        n = meishi_packet_recv(client->fd, frame, MEISHI_WIRE_MAX_FRAME, 0, &received);
        goes_on = n > 0 && answer(client, frame, (gsize)n, received.n > 0 ? received.fd[0] : -1);
        meishi_packet_fds_close(&received);
    }
    close(client->fd);
    g_mutex_lock(&agent->lock);
    agent->seen.n_connections--;
    g_cond_broadcast(&agent->changed);
    g_mutex_unlock(&agent->lock);
    meishi_buf_clear(&client->reply);
    g_free(client);
    return NULL;
}

static gpointer
accept_clients(gpointer data)
{
    FakeAgent *agent = data;

    for (;;) {
        struct pollfd fds[] = {{.fd = agent->listen_fd, .events = POLLIN},
                               {.fd = agent->end_fds[0], .events = POLLIN}};
        Client *client;
        int fd;

        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        fd = accept4(agent->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        client = g_new0(Client, 1);
        client->agent = agent;
        client->fd = fd;
        g_mutex_lock(&agent->lock);
        agent->seen.n_connections++;
        g_ptr_array_add(agent->threads, g_thread_new("fake-agent", serve, client));
        g_mutex_unlock(&agent->lock);
    }
}

/* ---- the agent ----------------------------------------------------------------------------- */

static int
listen_in(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *subdir = g_build_filename(dir, MEISHI_WIRE_SOCKET_DIR, NULL);
    g_autofree char *path = g_build_filename(subdir, MEISHI_WIRE_SOCKET_NAME, NULL);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    g_assert_cmpuint(strlen(path), <, sizeof address.sun_path);
    strcpy(address.sun_path, path);
    g_assert_cmpint(g_mkdir_with_parents(subdir, 0700), ==, 0);
    unlink(path);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 64), ==, 0);
    return fd;
}

static void
make_pulse(FakeAgent *agent)
{
    gsize page = (gsize)sysconf(_SC_PAGESIZE);

    agent->pulse_fd = memfd_create("pulse", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    g_assert_cmpint(ftruncate(agent->pulse_fd, (off_t)page), ==, 0);
    agent->pulse = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, agent->pulse_fd, 0);
    g_assert_true(agent->pulse != MAP_FAILED);
    g_assert_cmpint(fcntl(agent->pulse_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), ==, 0);
}

FakeAgent *
fake_agent_new(const char *dir)
{
    static guint64 last_instance;
    FakeAgent *agent = g_new0(FakeAgent, 1);
    g_autoptr(GBytes) snapshot = NULL;

    g_mutex_init(&agent->lock);
    g_cond_init(&agent->changed);
    agent->threads = g_ptr_array_new();
    agent->instance = (guint64)getpid() << 32 | ++last_instance;
    agent->generation = (guint64)g_random_int() + 1;
    agent->snapshot_fd = -1;
    g_assert_cmpint(pipe2(agent->end_fds, O_CLOEXEC), ==, 0);
    make_pulse(agent);
    snapshot = meishi_sample_usual(agent->generation, FALSE);
    fake_agent_publish(agent, snapshot, TRUE);
    agent->listen_fd = listen_in(dir);
    agent->acceptor = g_thread_new("fake-agent-accept", accept_clients, agent);
    return agent;
}

void
fake_agent_free(FakeAgent *agent)
{
    g_mutex_lock(&agent->lock);
    agent->is_ending = TRUE;
    g_mutex_unlock(&agent->lock);
    close(agent->end_fds[1]);
    g_thread_join(agent->acceptor);
    close(agent->listen_fd);
    for (guint i = 0; i < agent->threads->len; i++)
        g_thread_join(agent->threads->pdata[i]);
    g_ptr_array_unref(agent->threads);
    close(agent->end_fds[0]);
    munmap(agent->pulse, (gsize)sysconf(_SC_PAGESIZE));
    close(agent->pulse_fd);
    close(agent->snapshot_fd);
    g_mutex_clear(&agent->lock);
    g_cond_clear(&agent->changed);
    g_free(agent);
}

static int
make_snapshot(GBytes *snapshot, gboolean is_sealed)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(snapshot, &size);
    int fd = is_sealed ? meishi_memfile_new("snapshot", data, size)
                       : memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    g_assert_cmpint(fd, >=, 0);
    if (!is_sealed)
        g_assert_cmpint(write(fd, data, size), ==, (gssize)size);
    return fd;
}

static void
publish(FakeAgent *agent, GBytes *snapshot, gboolean is_sealed, guint n_events)
{
    int fd = make_snapshot(snapshot, is_sealed);

    g_mutex_lock(&agent->lock);
    if (agent->snapshot_fd >= 0)
        close(agent->snapshot_fd);
    agent->snapshot_fd = fd;
    agent->generation++;
    __atomic_store_n(&agent->pulse->generation, agent->generation, __ATOMIC_RELEASE);
    __atomic_store_n(&agent->pulse->slot_events, agent->pulse->slot_events + n_events,
                     __ATOMIC_RELEASE);
    g_mutex_unlock(&agent->lock);
}

void
fake_agent_publish(FakeAgent *agent, GBytes *snapshot, gboolean is_sealed)
{
    publish(agent, snapshot, is_sealed, 0);
}

void
fake_agent_publish_event(FakeAgent *agent, GBytes *snapshot)
{
    publish(agent, snapshot, TRUE, 1);
}

void
fake_agent_lie(FakeAgent *agent, FakeAgentLie lie, gboolean also_hello)
{
    g_mutex_lock(&agent->lock);
    agent->lie = lie;
    agent->lies_in_hello = also_hello;
    g_mutex_unlock(&agent->lock);
}

void
fake_agent_set_status(FakeAgent *agent, guint32 status)
{
    g_mutex_lock(&agent->lock);
    agent->status = status;
    g_mutex_unlock(&agent->lock);
}

void
fake_agent_set_delay(FakeAgent *agent, guint ms)
{
    g_mutex_lock(&agent->lock);
    agent->delay_ms = ms;
    g_mutex_unlock(&agent->lock);
}

FakeAgentSeen
fake_agent_seen(FakeAgent *agent)
{
    FakeAgentSeen seen;

    g_mutex_lock(&agent->lock);
    seen = agent->seen;
    g_mutex_unlock(&agent->lock);
    return seen;
}

void
fake_agent_await(FakeAgent *agent, guint n, gboolean is_wait)
{
    gint64 end = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    g_mutex_lock(&agent->lock);
    while ((is_wait ? agent->seen.n_wait : agent->seen.n_operate) < n)
        g_assert_true(g_cond_wait_until(&agent->changed, &agent->lock, end));
    g_mutex_unlock(&agent->lock);
}
