/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Encoders and decoders, side by side, in the order of the fields in doc/protocol.md.
 */
#include "daemon/tokenhost/message.h"

enum {
    FIELD_SLOT = 1 << 0, /* with presence */
    FIELD_NUMBER = 1 << 1,
    FIELD_OPERATION = 1 << 2, /* with mechanism and login */
    FIELD_DATA = 1 << 3,
    FIELD_PINS = 1 << 4,
};

static const struct {
    const char *name;
    guint fields;
    gsize max_data;
    guint pins; /* bit n: n PINs may come with it; 0: none */
} types[MEISHI_HOST_N_TYPES] = {
    [MEISHI_HOST_INITIALIZE] = {"INITIALIZE", FIELD_DATA, MEISHI_HOST_MAX_RESERVED, 0},
    [MEISHI_HOST_SLOTS] = {"SLOTS", 0, 0, 0},
    [MEISHI_HOST_OBJECTS] = {"OBJECTS", FIELD_SLOT | FIELD_NUMBER, 0, 0},
    [MEISHI_HOST_MECHANISMS] = {"MECHANISMS", FIELD_SLOT, 0, 0},
    [MEISHI_HOST_LOGIN] = {"LOGIN", FIELD_SLOT | FIELD_NUMBER | FIELD_PINS, 0, 1 << 0 | 1 << 1},
    [MEISHI_HOST_LOGOUT] = {"LOGOUT", FIELD_SLOT, 0, 0},
    [MEISHI_HOST_OPERATE] = {"OPERATE",
                             FIELD_SLOT | FIELD_NUMBER | FIELD_OPERATION | FIELD_DATA | FIELD_PINS,
                             MEISHI_WIRE_MAX_INLINE, 1 << 0 | 1 << 1},
    [MEISHI_HOST_SET_PIN] = {"SET_PIN", FIELD_SLOT | FIELD_NUMBER | FIELD_PINS, 0, 1 << 0 | 1 << 2},
    [MEISHI_HOST_INIT_PIN] = {"INIT_PIN", FIELD_SLOT | FIELD_PINS, 0, 1 << 0 | 1 << 2},
    [MEISHI_HOST_INIT_TOKEN] = {"INIT_TOKEN", FIELD_SLOT | FIELD_DATA | FIELD_PINS, 32,
                                1 << 0 | 1 << 1},
    [MEISHI_HOST_WAIT] = {"WAIT", 0, 0, 0},
    [MEISHI_HOST_CREATE] = {"CREATE", FIELD_SLOT | FIELD_PINS, 0, 1 << 1},
    [MEISHI_HOST_DESTROY] = {"DESTROY", FIELD_SLOT | FIELD_NUMBER, 0, 0},
};

static gboolean
is_type(guint32 type)
{
    return type > 0 && type < MEISHI_HOST_N_TYPES;
}

const char *
meishi_host_type_name(MeishiHostType type)
{
    return is_type(type) ? types[type].name : "unknown";
}

/* ---- requests ------------------------------------------------------------------------------ */

static gboolean
is_consistent(const MeishiHostRequest *request)
{
    const gboolean operates = request->type == MEISHI_HOST_OPERATE;
    const guint pins = types[request->type].pins != 0 ? types[request->type].pins : 1 << 0;

    return request->n_pins <= MEISHI_HOST_MAX_PINS && (pins & 1u << request->n_pins) != 0 &&
           request->data.len <= types[request->type].max_data &&
           (!operates || request->login || request->n_pins == 0);
}

static void
add_operation(struct meishi_buf *buf, const MeishiHostRequest *request)
{
    meishi_buf_add_u32(buf, request->operation);
    meishi_buf_add_u8(buf, request->login ? 1 : 0);
    meishi_msg_mechanism_add(buf, &request->mechanism);
}

void
meishi_host_request_encode(struct meishi_buf *buf, const MeishiHostRequest *request)
{
    guint fields;

    if (!is_type(request->type) || !is_consistent(request)) {
        buf->failed = true;
        return;
    }
    fields = types[request->type].fields;
    meishi_buf_add_u32(buf, request->type);
    meishi_buf_add_u32(buf, request->call);
    if ((fields & FIELD_SLOT) != 0) {
        meishi_buf_add_u64(buf, request->slot);
        meishi_buf_add_u64(buf, request->presence);
    }
    if ((fields & FIELD_NUMBER) != 0)
        meishi_buf_add_u64(buf, request->number);
    if ((fields & FIELD_OPERATION) != 0)
        add_operation(buf, request);
    if ((fields & FIELD_DATA) != 0)
        meishi_buf_add_string(buf, request->data.data, request->data.len);
    if ((fields & FIELD_PINS) != 0)
        meishi_buf_add_u8(buf, (guint8)request->n_pins);
}

/* 0 or 1; anything else is an error, so that no frame has two spellings. */
static gboolean
read_boolean(struct meishi_reader *reader)
{
    guint8 value = meishi_reader_u8(reader);

    reader->failed = reader->failed || value > 1;
    return value == 1;
}

static void
read_operation(struct meishi_reader *reader, MeishiHostRequest *request)
{
    request->operation = meishi_reader_u32(reader);
    request->login = read_boolean(reader);
    meishi_msg_mechanism_read(reader, &request->mechanism);
}

gboolean
meishi_host_request_decode(gconstpointer frame, gsize len, MeishiHostRequest *ret)
{
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_reader reader;
    guint fields;

    *ret = (MeishiHostRequest){0};
    if (!meishi_msg_head_decode(frame, len, &head, &body) || !is_type(head.type))
        return FALSE;
    fields = types[head.type].fields;
    ret->type = head.type;
    ret->call = head.call;
    meishi_reader_init(&reader, body.data, body.len);
    if ((fields & FIELD_SLOT) != 0) {
        ret->slot = meishi_reader_u64(&reader);
        ret->presence = meishi_reader_u64(&reader);
    }
    if ((fields & FIELD_NUMBER) != 0)
        ret->number = meishi_reader_u64(&reader);
    if ((fields & FIELD_OPERATION) != 0)
        read_operation(&reader, ret);
    if ((fields & FIELD_DATA) != 0)
        ret->data = meishi_reader_string(&reader, types[head.type].max_data);
    if ((fields & FIELD_PINS) != 0)
        ret->n_pins = meishi_reader_u8(&reader);
    return meishi_reader_end(&reader) && is_consistent(ret);
}

void
meishi_host_request_clear(MeishiHostRequest *request)
{
    for (guint i = 0; i < MEISHI_HOST_MAX_PINS; i++)
        g_clear_pointer(&request->pins[i], meishi_secret_unref);
}

gsize
meishi_host_request_max_secret(const MeishiHostRequest *request)
{
    return request->type == MEISHI_HOST_CREATE ? MEISHI_HOST_MAX_TEMPLATE : MEISHI_HOST_MAX_PIN;
}

/* ---- replies ------------------------------------------------------------------------------- */

#define MAX_TEXT 64 /* CK_SLOT_INFO's slotDescription, the longest */

static void
add_text(struct meishi_buf *buf, MeishiHostText text)
{
    buf->failed = buf->failed || text.len > MAX_TEXT;
    meishi_buf_add_string(buf, text.data, text.len);
}

static MeishiHostText
read_text(struct meishi_reader *reader)
{
    return meishi_reader_string(reader, MAX_TEXT);
}

static void
add_library(struct meishi_buf *buf, const MeishiHostReply *reply)
{
    meishi_buf_add(buf, reply->cryptoki, sizeof reply->cryptoki);
    meishi_buf_add(buf, reply->version, sizeof reply->version);
    meishi_buf_add_u32(buf, reply->flags);
    add_text(buf, reply->manufacturer);
    add_text(buf, reply->description);
}

static void
read_library(struct meishi_reader *reader, MeishiHostReply *reply)
{
    for (guint i = 0; i < sizeof reply->cryptoki; i++)
        reply->cryptoki[i] = meishi_reader_u8(reader);
    for (guint i = 0; i < sizeof reply->version; i++)
        reply->version[i] = meishi_reader_u8(reader);
    reply->flags = meishi_reader_u32(reader);
    reply->manufacturer = read_text(reader);
    reply->description = read_text(reader);
}

static void
add_slot(struct meishi_buf *buf, const MeishiHostSlot *slot)
{
    meishi_buf_add_u64(buf, slot->slot);
    meishi_buf_add_u64(buf, slot->slot_flags);
    add_text(buf, slot->description);
    add_text(buf, slot->manufacturer);
    meishi_buf_add_u64(buf, slot->presence);
    meishi_buf_add_u64(buf, slot->token_flags);
    add_text(buf, slot->label);
    add_text(buf, slot->maker);
    add_text(buf, slot->model);
    add_text(buf, slot->serial);
    meishi_buf_add_u32(buf, slot->min_pin);
    meishi_buf_add_u32(buf, slot->max_pin);
}

static void
read_slot(struct meishi_reader *reader, MeishiHostSlot *slot)
{
    slot->slot = meishi_reader_u64(reader);
    slot->slot_flags = meishi_reader_u64(reader);
    slot->description = read_text(reader);
    slot->manufacturer = read_text(reader);
    slot->presence = meishi_reader_u64(reader);
    slot->token_flags = meishi_reader_u64(reader);
    slot->label = read_text(reader);
    slot->maker = read_text(reader);
    slot->model = read_text(reader);
    slot->serial = read_text(reader);
    slot->min_pin = meishi_reader_u32(reader);
    slot->max_pin = meishi_reader_u32(reader);
}

static void
add_mechanism(struct meishi_buf *buf, const MeishiHostMechanism *mechanism)
{
    meishi_buf_add_u64(buf, mechanism->type);
    meishi_buf_add_u64(buf, mechanism->min_size);
    meishi_buf_add_u64(buf, mechanism->max_size);
    meishi_buf_add_u64(buf, mechanism->flags);
}

static void
read_mechanism(struct meishi_reader *reader, MeishiHostMechanism *mechanism)
{
    mechanism->type = meishi_reader_u64(reader);
    mechanism->min_size = meishi_reader_u64(reader);
    mechanism->max_size = meishi_reader_u64(reader);
    mechanism->flags = meishi_reader_u64(reader);
}

static void
add_answer(struct meishi_buf *buf, const MeishiHostReply *reply)
{
    if (reply->type == MEISHI_HOST_INITIALIZE)
        add_library(buf, reply);
    if (reply->type == MEISHI_HOST_SLOTS || reply->type == MEISHI_HOST_MECHANISMS)
        meishi_buf_add_u32(buf, reply->n);
    for (guint i = 0; reply->type == MEISHI_HOST_SLOTS && i < reply->n; i++)
        add_slot(buf, &reply->slots[i]);
    for (guint i = 0; reply->type == MEISHI_HOST_MECHANISMS && i < reply->n; i++)
        add_mechanism(buf, &reply->mechanisms[i]);
    if (reply->type == MEISHI_HOST_OPERATE) {
        buf->failed = buf->failed || reply->result.len > MEISHI_WIRE_MAX_RESULT;
        meishi_buf_add_string(buf, reply->result.data, reply->result.len);
    }
    if (reply->type == MEISHI_HOST_WAIT)
        meishi_buf_add_u64(buf, reply->slot);
    if (reply->type == MEISHI_HOST_CREATE)
        meishi_buf_add_u64(buf, reply->object);
}

void
meishi_host_reply_encode(struct meishi_buf *buf, const MeishiHostReply *reply)
{
    meishi_buf_add_u32(buf, reply->type + MEISHI_HOST_REPLY);
    meishi_buf_add_u32(buf, reply->call);
    meishi_buf_add_u64(buf, reply->status);
    if (reply->status == 0)
        add_answer(buf, reply);
}

static guint
read_count(struct meishi_reader *reader, guint max)
{
    guint32 n = meishi_reader_u32(reader);

    if (n <= max)
        return n;
    reader->failed = true;
    return 0;
}

static void
read_slots(struct meishi_reader *reader, MeishiHostReply *reply)
{
    reply->n = read_count(reader, MEISHI_HOST_MAX_SLOTS);
    reply->slots = g_new0(MeishiHostSlot, reply->n);
    for (guint i = 0; i < reply->n; i++)
        read_slot(reader, &reply->slots[i]);
}

static void
read_mechanisms(struct meishi_reader *reader, MeishiHostReply *reply)
{
    reply->n = read_count(reader, MEISHI_HOST_MAX_MECHANISMS);
    reply->mechanisms = g_new0(MeishiHostMechanism, reply->n);
    for (guint i = 0; i < reply->n; i++)
        read_mechanism(reader, &reply->mechanisms[i]);
}

static void
read_answer(struct meishi_reader *reader, MeishiHostReply *reply)
{
    if (reply->type == MEISHI_HOST_INITIALIZE)
        read_library(reader, reply);
    else if (reply->type == MEISHI_HOST_SLOTS)
        read_slots(reader, reply);
    else if (reply->type == MEISHI_HOST_MECHANISMS)
        read_mechanisms(reader, reply);
    else if (reply->type == MEISHI_HOST_OPERATE)
        reply->result = meishi_reader_string(reader, MEISHI_WIRE_MAX_RESULT);
    else if (reply->type == MEISHI_HOST_WAIT)
        reply->slot = meishi_reader_u64(reader);
    else if (reply->type == MEISHI_HOST_CREATE)
        reply->object = meishi_reader_u64(reader);
}

gboolean
meishi_host_reply_decode(gconstpointer frame, gsize len, MeishiHostReply *ret)
{
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_reader reader;

    *ret = (MeishiHostReply){0};
    if (!meishi_msg_head_decode(frame, len, &head, &body) || head.type < MEISHI_HOST_REPLY ||
        !is_type(head.type - MEISHI_HOST_REPLY))
        return FALSE;
    ret->type = head.type - MEISHI_HOST_REPLY;
    ret->call = head.call;
    meishi_reader_init(&reader, body.data, body.len);
    ret->status = meishi_reader_u64(&reader);
    if (!reader.failed && ret->status == 0)
        read_answer(&reader, ret);
    if (meishi_reader_end(&reader))
        return TRUE;
    meishi_host_reply_clear(ret);
    return FALSE;
}

void
meishi_host_reply_clear(MeishiHostReply *reply)
{
    g_clear_pointer(&reply->slots, g_free);
    g_clear_pointer(&reply->mechanisms, g_free);
    reply->n = 0;
}

guint
meishi_host_reply_n_fds(const MeishiHostReply *reply)
{
    return reply->type == MEISHI_HOST_OBJECTS && reply->status == 0 ? 1 : 0;
}

/* ---- listings ------------------------------------------------------------------------------ */

void
meishi_host_object_encode(struct meishi_buf *buf, const MeishiHostObject *object)
{
    meishi_buf_add_u64(buf, object->handle);
    meishi_buf_add_u64(buf, object->class);
    meishi_buf_add_u8(buf, (guint8)object->n);
    for (guint i = 0; i < object->n; i++) {
        buf->failed = buf->failed || object->attributes[i].value.len > MEISHI_HOST_MAX_VALUE;
        meishi_buf_add_u64(buf, object->attributes[i].type);
        meishi_buf_add_string(buf, object->attributes[i].value.data,
                              object->attributes[i].value.len);
    }
}

gboolean
meishi_host_object_decode(struct meishi_reader *reader, MeishiHostObject *ret)
{
    if (reader->failed || reader->left == 0)
        return FALSE;
    ret->handle = meishi_reader_u64(reader);
    ret->class = meishi_reader_u64(reader);
    ret->n = meishi_reader_u8(reader);
    if (ret->n > MEISHI_HOST_MAX_ATTRIBUTES) {
        reader->failed = true;
        ret->n = 0;
    }
    for (guint i = 0; i < ret->n; i++) {
        ret->attributes[i].type = meishi_reader_u64(reader);
        ret->attributes[i].value = meishi_reader_string(reader, MEISHI_HOST_MAX_VALUE);
    }
    return !reader->failed;
}

const struct meishi_bytes *
meishi_host_object_find(const MeishiHostObject *object, guint64 type)
{
    for (guint i = 0; i < object->n; i++)
        if (object->attributes[i].type == type)
            return &object->attributes[i].value;
    return NULL;
}
