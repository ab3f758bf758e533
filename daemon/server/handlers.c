/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The array of handlers, and those that are short.  OPERATE has a file of its own.
 */
#include "daemon/server/handlers.h"

#include "daemon/server/operate.h"
#include "daemon/server/tokens.h"
#include "module/wire/msg.h"

typedef struct {
    MeishiVerdict (*run)(MeishiWireRequest *request);
    gboolean keep_frame;
} Handler;

static void
answer_error(MeishiWireRequest *request, enum meishi_wire_status status)
{
    meishi_msg_error_encode(request->reply, request->head.type, request->head.call, status);
}

static void
attach(MeishiWireRequest *request, int fd)
{
    request->reply_fds.fd[request->reply_fds.n++] = fd;
}

static MeishiBoard *
board(const MeishiWireRequest *request)
{
    return meishi_audience_board(request->audience);
}

static MeishiLayout
layout_from_flags(guint32 flags)
{
    return (flags & MEISHI_WIRE_SLOT_PER_IDENTITY) != 0 ? MEISHI_LAYOUT_SLOT_PER_IDENTITY
                                                        : MEISHI_LAYOUT_VAULT;
}

/* The connection belongs to the audience of its process in the usual layout until it has said that
 * it wants another one. */
static MeishiVerdict
change_layout(MeishiWireRequest *request, MeishiLayout layout)
{
    request->errand = g_new0(MeishiErrand, 1);
    request->errand->layout = layout;
    return MEISHI_VERDICT_PUT_OFF;
}

static MeishiVerdict
greet(MeishiWireRequest *request, const struct meishi_msg_hello *msg)
{
    struct meishi_msg_hello_reply reply = {.status = MEISHI_WIRE_OK};

    request->view = meishi_board_view(board(request));
    reply.version = MIN(msg->version, MEISHI_WIRE_VERSION);
    reply.instance = meishi_board_instance(board(request));
    reply.generation = meishi_view_generation(request->view);
    meishi_msg_hello_reply_encode(request->reply, request->head.call, &reply);
    if ((msg->flags & MEISHI_WIRE_WANT_SNAPSHOT) != 0) {
        attach(request, meishi_board_pulse(board(request)));
        attach(request, meishi_view_snapshot(request->view));
    }
    return MEISHI_VERDICT_ANSWER;
}

static MeishiVerdict
hello(MeishiWireRequest *request)
{
    struct meishi_msg_hello msg;

    if (!meishi_msg_hello_decode(request->body, &msg) || request->fds->n != 0)
        return MEISHI_VERDICT_NONSENSE;
    if (msg.version == 0) {
        answer_error(request, MEISHI_WIRE_BAD_VERSION);
        return MEISHI_VERDICT_REJECT;
    }
    if (request->errand != NULL && request->errand->status != MEISHI_WIRE_OK) {
        answer_error(request, request->errand->status);
        return MEISHI_VERDICT_REJECT;
    }
    if (request->errand == NULL &&
        meishi_audience_layout(request->audience) != layout_from_flags(msg.flags))
        return change_layout(request, layout_from_flags(msg.flags));
    return greet(request, &msg);
}

static MeishiVerdict
snapshot(MeishiWireRequest *request)
{
    struct meishi_msg_counter_reply reply = {.status = MEISHI_WIRE_OK};

    if (!meishi_msg_snapshot_decode(request->body) || request->fds->n != 0)
        return MEISHI_VERDICT_NONSENSE;
    request->view = meishi_board_view(board(request));
    reply.counter = meishi_view_generation(request->view);
    meishi_msg_snapshot_reply_encode(request->reply, request->head.call, &reply);
    attach(request, meishi_view_snapshot(request->view));
    return MEISHI_VERDICT_ANSWER;
}

/* A card has its PIN asked for when it is needed.  One that a program sends is not tried: neither
 * on the card, whose tries are few, nor as the vault's passphrase. */
static gboolean
is_of_foreign_token(guint64 slot_id)
{
    return slot_id >= MEISHI_SLOT_TOKENS && slot_id < MEISHI_SLOT_TOKENS + MEISHI_N_SEATS;
}

/* Whether the vault is locked is for the main loop to say, always. */
static MeishiVerdict
login(MeishiWireRequest *request)
{
    struct meishi_msg_login msg;
    g_autoptr(MeishiView) view = NULL;

    if (request->errand != NULL) {
        meishi_msg_login_reply_encode(request->reply, request->head.call, request->errand->status);
        return MEISHI_VERDICT_ANSWER;
    }
    if (!meishi_msg_login_decode(request->body, &msg) || request->fds->n != 0)
        return MEISHI_VERDICT_NONSENSE;
    view = meishi_board_view(board(request));
    if (!meishi_view_is_present(view, msg.slot_id)) {
        answer_error(request, MEISHI_WIRE_GONE);
        return MEISHI_VERDICT_ANSWER;
    }
    if (is_of_foreign_token(msg.slot_id)) {
        meishi_msg_login_reply_encode(request->reply, request->head.call, MEISHI_WIRE_OK);
        return MEISHI_VERDICT_ANSWER;
    }
    request->errand = g_new0(MeishiErrand, 1);
    if (msg.has_pin)
        request->errand->pin = meishi_secret_new_copy(msg.pin.data, msg.pin.len);
    return MEISHI_VERDICT_PUT_OFF;
}

static MeishiVerdict
answer_wait(MeishiWireRequest *request, enum meishi_wire_status status, guint64 counter)
{
    const struct meishi_msg_counter_reply reply = {.status = status, .counter = counter};

    meishi_msg_wait_reply_encode(request->reply, request->head.call, &reply);
    return MEISHI_VERDICT_ANSWER;
}

static MeishiVerdict
wait_slot_event(MeishiWireRequest *request)
{
    guint64 counter = meishi_board_slot_events(board(request));
    struct meishi_msg_wait msg;

    if (request->errand != NULL)
        return answer_wait(request, request->errand->status, counter);
    if (!meishi_msg_wait_decode(request->body, &msg) || request->fds->n != 0)
        return MEISHI_VERDICT_NONSENSE;
    if (msg.slot_events != counter)
        return answer_wait(request, MEISHI_WIRE_OK, counter);
    request->errand = g_new0(MeishiErrand, 1);
    request->errand->counter = msg.slot_events;
    return MEISHI_VERDICT_PUT_OFF;
}

/* A frame with a PIN is not kept: the errand holds the PIN in locked memory. */
static const Handler handlers[] = {
    [MEISHI_WIRE_HELLO] = {hello, TRUE},
    [MEISHI_WIRE_SNAPSHOT] = {snapshot, FALSE},
    [MEISHI_WIRE_OPERATE] = {meishi_operate_run, TRUE},
    [MEISHI_WIRE_LOGIN] = {login, FALSE},
    [MEISHI_WIRE_WAIT] = {wait_slot_event, FALSE},
};

MeishiConnEvent
meishi_handlers_classify(guint32 type)
{
    if (type >= G_N_ELEMENTS(handlers) || handlers[type].run == NULL)
        return MEISHI_CONN_NONSENSE;
    return type == MEISHI_WIRE_HELLO ? MEISHI_CONN_HELLO : MEISHI_CONN_REQUEST;
}

MeishiVerdict
meishi_handlers_run(MeishiWireRequest *request, gboolean *ret_keep_frame)
{
    const Handler *handler = &handlers[request->head.type];

    *ret_keep_frame = handler->keep_frame;
    return handler->run(request);
}
