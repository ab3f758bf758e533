/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the messages of a host to values.
 */
#include "daemon/token/token-content.h"

#include "module/wire/cryptoki.h"

#include <string.h>

#define DER_SEQUENCE 0x30

/* ---- values --------------------------------------------------------------------------------- */

/* Printable text; what else a module wrote becomes a blank, and blanks at the ends go.  Some pad
 * with zeros, or write the one that ends a string in C, which is then the end here as well. */
static char *
clean_text(MeishiHostText text)
{
    const char *data = text.len > 0 ? (const char *)text.data : "";
    g_autofree char *valid = g_utf8_make_valid(data, (gssize)strnlen(data, text.len));
    GString *clean = g_string_new(NULL);

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(clean, g_unichar_isprint(c) ? c : ' ');
    }
    return g_strstrip(g_string_free(clean, FALSE));
}

static GBytes *
dup_bytes(const MeishiHostObject *object, guint64 type)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, type);

    return value != NULL && value->len > 0 ? g_bytes_new(value->data, value->len) : NULL;
}

/* CK_ULONG as the module's machine has it, which is ours; or, in modules that were written for
 * Windows, the 32 bits that it has there. */
static guint64
read_number(const MeishiHostObject *object, guint64 type, guint64 otherwise)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, type);
    CK_ULONG number;
    guint32 short_number;

    if (value != NULL && value->len == sizeof number) {
        memcpy(&number, value->data, sizeof number);
        return number;
    }
    if (value == NULL || value->len != sizeof short_number)
        return otherwise;
    memcpy(&short_number, value->data, sizeof short_number);
    return short_number;
}

/* A token without an attribute of its own for it does not do it. */
static gboolean
read_boolean(const MeishiHostObject *object, guint64 type)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, type);

    return value != NULL && value->len == sizeof(CK_BBOOL) && value->data[0] != CK_FALSE;
}

static GBytes *
dup_modulus(const MeishiHostObject *object)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, CKA_MODULUS);
    gsize zeros = 0;

    if (value == NULL)
        return NULL;
    while (zeros < value->len && value->data[zeros] == 0)
        zeros++;
    return zeros < value->len ? g_bytes_new(value->data + zeros, value->len - zeros) : NULL;
}

/* How long the DER value at the beginning of @value is; 0: none is there.  X.690, 8.1.3. */
static gsize
der_length(const struct meishi_bytes *value)
{
    gsize n_bytes, len = 0, head = 2;

    if (value->len < head || value->data[0] != DER_SEQUENCE)
        return 0;
    n_bytes = value->data[1] < 0x80 ? 0 : value->data[1] & 0x7fu;
    if (n_bytes > 3 || value->len < head + n_bytes)
        return 0;
    for (gsize i = 0; i < n_bytes; i++)
        len = len << 8 | value->data[head + i];
    return head + n_bytes + (n_bytes == 0 ? value->data[1] : len);
}

/* A certificate.  Cards keep it in a file of fixed size, and some modules hand out all of that. */
static GBytes *
dup_certificate(const MeishiHostObject *object)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, CKA_VALUE);
    gsize len;

    if (value == NULL || value->len == 0)
        return NULL;
    len = der_length(value);
    return g_bytes_new(value->data, len > 0 ? MIN(len, value->len) : value->len);
}

static char *
dup_label(const MeishiHostObject *object)
{
    const struct meishi_bytes *value = meishi_host_object_find(object, CKA_LABEL);
    g_autofree char *text = value != NULL ? clean_text(*value) : NULL;

    return text != NULL && text[0] != '\0' ? g_steal_pointer(&text) : NULL;
}

/* ---- objects -------------------------------------------------------------------------------- */

static void
object_free(gpointer data)
{
    MeishiTokenObject *object = data;

    g_clear_pointer(&object->id, g_bytes_unref);
    g_clear_pointer(&object->value, g_bytes_unref);
    g_clear_pointer(&object->modulus, g_bytes_unref);
    g_clear_pointer(&object->ec_params, g_bytes_unref);
    g_clear_pointer(&object->ec_point, g_bytes_unref);
    g_free(object->label);
    g_free(object);
}

static MeishiTokenObject *
make_object(const MeishiHostObject *from)
{
    MeishiTokenObject *object = g_new0(MeishiTokenObject, 1);

    object->handle = from->handle;
    object->class = from->class;
    object->id = dup_bytes(from, CKA_ID);
    object->label = dup_label(from);
    object->value = dup_certificate(from);
    object->key_type = read_number(from, CKA_KEY_TYPE, G_MAXUINT64);
    object->modulus = dup_modulus(from);
    object->ec_params = dup_bytes(from, CKA_EC_PARAMS);
    object->ec_point = dup_bytes(from, CKA_EC_POINT);
    object->can_sign = read_boolean(from, CKA_SIGN);
    object->can_sign_recover = read_boolean(from, CKA_SIGN_RECOVER);
    object->can_decrypt = read_boolean(from, CKA_DECRYPT);
    object->can_derive = read_boolean(from, CKA_DERIVE);
    object->always_authenticate = read_boolean(from, CKA_ALWAYS_AUTHENTICATE);
    return object;
}

GPtrArray *
meishi_token_objects_parse(struct meishi_bytes listing)
{
    g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(object_free);
    struct meishi_reader reader;
    MeishiHostObject object;

    meishi_reader_init(&reader, listing.data, listing.len);
    (void)meishi_reader_u8(&reader);
    while (objects->len < MEISHI_HOST_MAX_OBJECTS && meishi_host_object_decode(&reader, &object))
        g_ptr_array_add(objects, make_object(&object));
    return meishi_reader_end(&reader) ? g_steal_pointer(&objects) : NULL;
}

/* ---- states --------------------------------------------------------------------------------- */

MeishiTokenContent *
meishi_token_content_new(const char *module, guint life, const MeishiHostSlot *slot)
{
    MeishiTokenContent *state = g_new0(MeishiTokenContent, 1);

    state->refs = 1;
    state->module = g_strdup(module);
    state->life = life;
    state->slot = slot->slot;
    state->presence = slot->presence;
    state->reader = clean_text(slot->description);
    state->label = clean_text(slot->label);
    state->maker = clean_text(slot->maker);
    state->model = clean_text(slot->model);
    state->serial = clean_text(slot->serial);
    state->slot_flags = slot->slot_flags;
    state->flags = slot->token_flags;
    state->min_pin = slot->min_pin;
    state->max_pin = slot->max_pin;
    state->objects = g_ptr_array_new_with_free_func(object_free);
    state->listing = g_bytes_new(NULL, 0);
    state->mechanisms = g_array_new(FALSE, FALSE, sizeof(MeishiHostMechanism));
    return state;
}

static void
copy_content(const MeishiTokenContent *state, MeishiTokenContent *copy)
{
    g_ptr_array_unref(copy->objects);
    g_bytes_unref(copy->listing);
    g_array_unref(copy->mechanisms);
    copy->is_read = state->is_read;
    copy->objects = g_ptr_array_ref(state->objects);
    copy->listing = g_bytes_ref(state->listing);
    copy->mechanisms = g_array_ref(state->mechanisms);
}

MeishiTokenContent *
meishi_token_content_renew(const MeishiTokenContent *state, const MeishiHostSlot *slot)
{
    MeishiTokenContent *renewed = meishi_token_content_new(state->module, state->life, slot);

    copy_content(state, renewed);
    return renewed;
}

static MeishiHostText
text_of(const char *text)
{
    return (MeishiHostText){(const guint8 *)text, strlen(text)};
}

MeishiTokenContent *
meishi_token_content_reveal(const MeishiTokenContent *state, struct meishi_bytes listing)
{
    const MeishiHostSlot slot = {.slot = state->slot,
                                 .slot_flags = state->slot_flags,
                                 .description = text_of(state->reader),
                                 .presence = state->presence,
                                 .token_flags = state->flags,
                                 .label = text_of(state->label),
                                 .maker = text_of(state->maker),
                                 .model = text_of(state->model),
                                 .serial = text_of(state->serial),
                                 .min_pin = state->min_pin,
                                 .max_pin = state->max_pin};
    MeishiTokenContent *revealed = meishi_token_content_renew(state, &slot);

    (void)!meishi_token_content_set_objects(revealed, listing);
    return revealed;
}

static gboolean
has_certificate(const GPtrArray *objects, GBytes *value)
{
    for (guint i = 0; i < objects->len; i++) {
        const MeishiTokenObject *object = objects->pdata[i];

        if (object->value != NULL && g_bytes_equal(object->value, value))
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_token_objects_hold_certificates(const GPtrArray *objects, const GPtrArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++) {
        const MeishiTokenObject *object = wanted->pdata[i];

        if (object->value != NULL && !has_certificate(objects, object->value))
            return FALSE;
    }
    return TRUE;
}

MeishiTokenContent *
meishi_token_content_ref(MeishiTokenContent *state)
{
    g_atomic_int_inc(&state->refs);
    return state;
}

void
meishi_token_content_unref(MeishiTokenContent *state)
{
    if (state == NULL || !g_atomic_int_dec_and_test(&state->refs))
        return;
    g_free(state->module);
    g_free(state->reader);
    g_free(state->label);
    g_free(state->maker);
    g_free(state->model);
    g_free(state->serial);
    g_ptr_array_unref(state->objects);
    g_bytes_unref(state->listing);
    g_array_unref(state->mechanisms);
    g_free(state);
}

gboolean
meishi_token_content_set_objects(MeishiTokenContent *state, struct meishi_bytes listing)
{
    GPtrArray *objects = meishi_token_objects_parse(listing);

    state->is_read = TRUE;
    if (objects == NULL)
        return FALSE;
    g_ptr_array_unref(state->objects);
    g_bytes_unref(state->listing);
    state->objects = objects;
    state->listing = g_bytes_new(listing.data, listing.len);
    return TRUE;
}

void
meishi_token_content_set_mechanisms(MeishiTokenContent *state, const MeishiHostReply *reply)
{
    g_array_set_size(state->mechanisms, 0);
    if (reply->n > 0)
        g_array_append_vals(state->mechanisms, reply->mechanisms, reply->n);
}

gboolean
meishi_token_content_is_same(const MeishiTokenContent *a, const MeishiTokenContent *b)
{
    return a->life == b->life && a->slot == b->slot && a->presence == b->presence &&
           a->flags == b->flags && strcmp(a->label, b->label) == 0 &&
           strcmp(a->serial, b->serial) == 0 && g_bytes_equal(a->listing, b->listing);
}

gboolean
meishi_token_content_is_restart(const MeishiTokenContent *a, const MeishiTokenContent *b)
{
    return a->life != b->life && a->slot == b->slot && strcmp(a->module, b->module) == 0 &&
           strcmp(a->label, b->label) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->serial, b->serial) == 0;
}

gboolean
meishi_token_content_has_mechanism(const MeishiTokenContent *state, guint64 type, guint64 flags)
{
    for (guint i = 0; i < state->mechanisms->len; i++) {
        const MeishiHostMechanism *mechanism =
            &g_array_index(state->mechanisms, MeishiHostMechanism, i);

        if (mechanism->type == type && (mechanism->flags & flags) == flags)
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_token_content_is_initialized(const MeishiTokenContent *state)
{
    return (state->flags & CKF_TOKEN_INITIALIZED) != 0;
}

gboolean
meishi_token_content_is_read(const MeishiTokenContent *state)
{
    return state->is_read || !meishi_token_content_is_initialized(state);
}

gboolean
meishi_token_content_is_bare(const MeishiTokenContent *state)
{
    for (guint i = 0; i < state->objects->len; i++) {
        if (((const MeishiTokenObject *)state->objects->pdata[i])->value != NULL)
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_token_content_needs_login(const MeishiTokenContent *state)
{
    return (state->flags & CKF_LOGIN_REQUIRED) != 0;
}

gboolean
meishi_token_content_has_pin_pad(const MeishiTokenContent *state)
{
    return (state->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
}

gboolean
meishi_token_content_takes_pin(const MeishiTokenContent *state, gsize len)
{
    return len >= state->min_pin && (state->max_pin == 0 || len <= state->max_pin);
}

char *
meishi_token_content_describe_pin(const MeishiTokenContent *state)
{
    if (state->max_pin == 0)
        return g_strdup_printf("at least %u characters", state->min_pin);
    if (state->min_pin == state->max_pin)
        return g_strdup_printf("%u characters", state->max_pin);
    return g_strdup_printf("%u to %u characters", state->min_pin, state->max_pin);
}

MeishiPinTries
meishi_token_content_pin_tries(const MeishiTokenContent *state)
{
    if ((state->flags & CKF_USER_PIN_LOCKED) != 0)
        return MEISHI_PIN_BLOCKED;
    if ((state->flags & CKF_USER_PIN_FINAL_TRY) != 0)
        return MEISHI_PIN_LAST_TRY;
    return (state->flags & CKF_USER_PIN_COUNT_LOW) != 0 ? MEISHI_PIN_LOW : MEISHI_PIN_UNKNOWN;
}
