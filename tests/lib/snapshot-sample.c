/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/snapshot-sample.h"

#include "module/wire/cryptoki.h"

#include <string.h>

struct MeishiSample {
    guint64 generation;
    GArray *slots;   /* struct meishi_snapshot_slot */
    GArray *mechs;   /* struct meishi_snapshot_mech */
    GArray *objects; /* struct meishi_snapshot_object */
    GArray *attrs;   /* struct meishi_snapshot_attr; off counts from the start of values */
    GByteArray *values;
};

MeishiSample *
meishi_sample_new(guint64 generation)
{
    MeishiSample *sample = g_new0(MeishiSample, 1);

    sample->generation = generation;
    sample->slots = g_array_new(FALSE, TRUE, sizeof(struct meishi_snapshot_slot));
    sample->mechs = g_array_new(FALSE, TRUE, sizeof(struct meishi_snapshot_mech));
    sample->objects = g_array_new(FALSE, TRUE, sizeof(struct meishi_snapshot_object));
    sample->attrs = g_array_new(FALSE, TRUE, sizeof(struct meishi_snapshot_attr));
    sample->values = g_byte_array_new();
    return sample;
}

void
meishi_sample_free(MeishiSample *sample)
{
    g_array_unref(sample->slots);
    g_array_unref(sample->mechs);
    g_array_unref(sample->objects);
    g_array_unref(sample->attrs);
    g_byte_array_unref(sample->values);
    g_free(sample);
}

static void
pad(char *field, gsize size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, MIN(strlen(text), size));
}

static struct meishi_snapshot_slot *
last_slot(MeishiSample *sample)
{
    return &g_array_index(sample->slots, struct meishi_snapshot_slot, sample->slots->len - 1);
}

static struct meishi_snapshot_object *
last_object(MeishiSample *sample)
{
    return &g_array_index(sample->objects, struct meishi_snapshot_object, sample->objects->len - 1);
}

void
meishi_sample_add_slot(MeishiSample *sample, guint64 slot_id, const char *label,
                       gboolean is_present)
{
    struct meishi_snapshot_slot slot = {
        .slot_id = slot_id,
        .slot_flags = CKF_REMOVABLE_DEVICE | (is_present ? CKF_TOKEN_PRESENT : 0),
        .token_flags = CKF_TOKEN_INITIALIZED | CKF_PROTECTED_AUTHENTICATION_PATH,
        .insertion = is_present,
        .first_object = sample->objects->len,
        .first_mech = sample->mechs->len,
    };

    pad(slot.description, sizeof slot.description, label);
    pad(slot.manufacturer, sizeof slot.manufacturer, "Meishi");
    pad(slot.label, sizeof slot.label, label);
    pad(slot.model, sizeof slot.model, "Vault");
    pad(slot.serial, sizeof slot.serial, "1");
    g_array_append_val(sample->slots, slot);
}

void
meishi_sample_set_insertion(MeishiSample *sample, guint64 insertion)
{
    last_slot(sample)->insertion = insertion;
}

void
meishi_sample_add_mech(MeishiSample *sample, guint64 type, guint64 min_bits, guint64 max_bits,
                       guint64 flags)
{
    struct meishi_snapshot_mech mech = {type, min_bits, max_bits, flags};

    g_array_append_val(sample->mechs, mech);
    last_slot(sample)->n_mechs++;
}

void
meishi_sample_add_object(MeishiSample *sample, guint64 handle, guint64 class)
{
    struct meishi_snapshot_object object = {
        .handle = handle, .class = class, .first_attr = sample->attrs->len};

    g_array_append_val(sample->objects, object);
    last_slot(sample)->n_objects++;
    meishi_sample_add_ulong(sample, CKA_CLASS, class);
}

static void
insert_attr(MeishiSample *sample, guint64 type, guint32 len, guint64 off)
{
    struct meishi_snapshot_object *object = last_object(sample);
    struct meishi_snapshot_attr attr = {.type = type, .len = len, .off = off};
    guint at = object->first_attr;

    while (at < sample->attrs->len &&
           g_array_index(sample->attrs, struct meishi_snapshot_attr, at).type < type)
        at++;
    g_array_insert_val(sample->attrs, at, attr);
    object->n_attrs++;
}

void
meishi_sample_add_bytes(MeishiSample *sample, guint64 type, const void *value, gsize len)
{
    insert_attr(sample, type, (guint32)len, sample->values->len);
    g_byte_array_append(sample->values, value, (guint)len);
}

void
meishi_sample_add_text(MeishiSample *sample, guint64 type, const char *text)
{
    meishi_sample_add_bytes(sample, type, text, strlen(text));
}

void
meishi_sample_add_ulong(MeishiSample *sample, guint64 type, guint64 value)
{
    meishi_sample_add_bytes(sample, type, &value, sizeof value);
}

void
meishi_sample_add_bool(MeishiSample *sample, guint64 type, gboolean value)
{
    meishi_sample_add_bytes(sample, type, value ? "\1" : "\0", 1);
}

void
meishi_sample_add_sensitive(MeishiSample *sample, guint64 type)
{
    insert_attr(sample, type, MEISHI_SNAPSHOT_SENSITIVE, 0);
}

/* ---- the file ------------------------------------------------------------------------------ */

static guint64
append_table(GByteArray *file, gconstpointer data, gsize len)
{
    static const guint8 zero[8];
    guint64 off;

    g_byte_array_append(file, zero, (8 - file->len % 8) % 8);
    off = file->len;
    g_byte_array_append(file, data, (guint)len);
    return off;
}

static void
insert_bucket(struct meishi_snapshot_bucket *buckets, guint32 mask, guint32 hash, guint32 n)
{
    guint32 at = hash & mask;

    while (buckets[at].object != 0)
        at = (at + 1) & mask;
    buckets[at] = (struct meishi_snapshot_bucket){hash, n + 1};
}

static void
index_object(MeishiSample *sample, guint64 slot_id, guint32 n,
             struct meishi_snapshot_bucket *buckets, guint32 mask)
{
    struct meishi_snapshot_object *object =
        &g_array_index(sample->objects, struct meishi_snapshot_object, n);

    for (guint i = 0; i < object->n_attrs; i++) {
        struct meishi_snapshot_attr *attr =
            &g_array_index(sample->attrs, struct meishi_snapshot_attr, object->first_attr + i);

        if (attr->len != MEISHI_SNAPSHOT_SENSITIVE && meishi_snapshot_is_indexed(attr->type))
            insert_bucket(buckets, mask,
                          meishi_snapshot_hash(slot_id, attr->type,
                                               sample->values->data + attr->off, attr->len),
                          n);
    }
}

static guint64
append_index(MeishiSample *sample, GByteArray *file, guint32 mask)
{
    g_autofree struct meishi_snapshot_bucket *buckets =
        g_new0(struct meishi_snapshot_bucket, mask + 1);

    for (guint i = 0; i < sample->slots->len; i++) {
        struct meishi_snapshot_slot *slot =
            &g_array_index(sample->slots, struct meishi_snapshot_slot, i);

        for (guint n = 0; n < slot->n_objects; n++)
            index_object(sample, slot->slot_id, slot->first_object + n, buckets, mask);
    }
    return append_table(file, buckets, (mask + 1) * sizeof *buckets);
}

static guint64
append_handles(MeishiSample *sample, GByteArray *file, guint32 mask)
{
    g_autofree struct meishi_snapshot_bucket *buckets =
        g_new0(struct meishi_snapshot_bucket, mask + 1);

    for (guint n = 0; n < sample->objects->len; n++) {
        guint64 handle = g_array_index(sample->objects, struct meishi_snapshot_object, n).handle;

        insert_bucket(buckets, mask, meishi_snapshot_hash_handle(handle), n);
    }
    return append_table(file, buckets, (mask + 1) * sizeof *buckets);
}

static guint32
choose_mask(guint n)
{
    guint32 size = 8;

    while (size < 2 * n + 1)
        size *= 2;
    return size - 1;
}

static guint64
append_array(GByteArray *file, GArray *array)
{
    return append_table(file, array->data, array->len * g_array_get_element_size(array));
}

GBytes *
meishi_sample_end(MeishiSample *sample)
{
    struct meishi_snapshot_header header = {
        .magic = MEISHI_SNAPSHOT_MAGIC,
        .version = MEISHI_SNAPSHOT_VERSION,
        .n_slots = sample->slots->len,
        .generation = sample->generation,
        .n_objects = sample->objects->len,
        .n_attrs = sample->attrs->len,
        .n_mechs = sample->mechs->len,
        .index_mask = choose_mask(sample->attrs->len),
        .handles_mask = choose_mask(sample->objects->len),
    };
    GByteArray *file = g_byte_array_new();
    guint64 values_off;

    append_table(file, &header, sizeof header);
    values_off = append_table(file, sample->values->data, sample->values->len);
    header.index_off = append_index(sample, file, header.index_mask);
    header.handles_off = append_handles(sample, file, header.handles_mask);
    for (guint i = 0; i < sample->attrs->len; i++) {
        struct meishi_snapshot_attr *attr =
            &g_array_index(sample->attrs, struct meishi_snapshot_attr, i);

        attr->off += attr->len == MEISHI_SNAPSHOT_SENSITIVE ? 0 : values_off;
    }
    header.attrs_off = append_array(file, sample->attrs);
    header.objects_off = append_array(file, sample->objects);
    header.slots_off = append_array(file, sample->slots);
    header.mechs_off = append_array(file, sample->mechs);
    header.size = file->len;
    memcpy(file->data, &header, sizeof header);
    return g_byte_array_free_to_bytes(file);
}

/* ---- the usual token ----------------------------------------------------------------------- */

static void
add_certificate(MeishiSample *sample, guint64 handle, const char *id, const char *label)
{
    g_autofree char *value = g_strdup_printf("certificate of %s", label);
    g_autofree char *subject = g_strdup_printf("subject of %s", label);

    meishi_sample_add_object(sample, handle, CKO_CERTIFICATE);
    meishi_sample_add_bool(sample, CKA_TOKEN, TRUE);
    meishi_sample_add_bool(sample, CKA_PRIVATE, FALSE);
    meishi_sample_add_bool(sample, CKA_TRUSTED, handle == SAMPLE_CERT_CA);
    meishi_sample_add_ulong(sample, CKA_CERTIFICATE_TYPE, CKC_X_509);
    meishi_sample_add_text(sample, CKA_ID, id);
    meishi_sample_add_text(sample, CKA_LABEL, label);
    meishi_sample_add_text(sample, CKA_VALUE, value);
    meishi_sample_add_text(sample, CKA_SUBJECT, subject);
    meishi_sample_add_text(sample, CKA_ISSUER, "subject of CA");
    meishi_sample_add_bytes(sample, CKA_SERIAL_NUMBER, (guint8[]){2, 1, (guint8)handle}, 3);
}

static void
add_key(MeishiSample *sample, guint64 handle, guint64 class, guint64 type, const char *id)
{
    gboolean is_private = class == CKO_PRIVATE_KEY;

    meishi_sample_add_object(sample, handle, class);
    meishi_sample_add_bool(sample, CKA_TOKEN, TRUE);
    meishi_sample_add_bool(sample, CKA_PRIVATE, FALSE);
    meishi_sample_add_ulong(sample, CKA_KEY_TYPE, type);
    meishi_sample_add_text(sample, CKA_ID, id);
    meishi_sample_add_text(sample, CKA_LABEL, id);
    meishi_sample_add_bool(sample, is_private ? CKA_SIGN : CKA_VERIFY, TRUE);
    if (is_private) {
        meishi_sample_add_bool(sample, CKA_SENSITIVE, TRUE);
        meishi_sample_add_bool(sample, CKA_EXTRACTABLE, FALSE);
    }
}

static void
add_rsa_key(MeishiSample *sample, guint64 handle, guint64 class)
{
    guint8 modulus[256];

    memset(modulus, 0xc5, sizeof modulus);
    add_key(sample, handle, class, CKK_RSA, "rsa");
    meishi_sample_add_bytes(sample, CKA_MODULUS, modulus, sizeof modulus);
    meishi_sample_add_bytes(sample, CKA_PUBLIC_EXPONENT, "\1\0\1", 3);
    if (class == CKO_PUBLIC_KEY) {
        meishi_sample_add_bool(sample, CKA_ENCRYPT, TRUE);
        return;
    }
    meishi_sample_add_bool(sample, CKA_DECRYPT, TRUE);
    meishi_sample_add_sensitive(sample, CKA_PRIVATE_EXPONENT);
}

static void
add_ec_key(MeishiSample *sample, guint64 handle, guint64 class)
{
    static const guint8 p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};

    add_key(sample, handle, class, CKK_EC, "ec");
    meishi_sample_add_bytes(sample, CKA_EC_PARAMS, p256, sizeof p256);
    if (class == CKO_PUBLIC_KEY)
        return;
    meishi_sample_add_bool(sample, CKA_DERIVE, TRUE);
    meishi_sample_add_sensitive(sample, CKA_VALUE);
}

static void
add_ed_key(MeishiSample *sample)
{
    static const guint8 ed25519[] = {6, 3, 0x2b, 0x65, 0x70};

    add_key(sample, SAMPLE_PRIVATE_ED, CKO_PRIVATE_KEY, CKK_EC_EDWARDS, "ed");
    meishi_sample_add_bytes(sample, CKA_EC_PARAMS, ed25519, sizeof ed25519);
    meishi_sample_add_sensitive(sample, CKA_VALUE);
}

static void
add_mechs(MeishiSample *sample)
{
    const guint64 rsa = CKF_SIGN | CKF_VERIFY;

    meishi_sample_add_mech(sample, CKM_RSA_PKCS, 1024, 8192,
                           rsa | CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER);
    meishi_sample_add_mech(sample, CKM_RSA_PKCS_PSS, 1024, 8192, rsa);
    meishi_sample_add_mech(sample, CKM_RSA_PKCS_OAEP, 1024, 8192, CKF_ENCRYPT | CKF_DECRYPT);
    meishi_sample_add_mech(sample, CKM_SHA256_RSA_PKCS, 1024, 8192, rsa);
    meishi_sample_add_mech(sample, CKM_ECDSA, 256, 521, rsa);
    meishi_sample_add_mech(sample, CKM_ECDSA_SHA256, 256, 521, rsa);
    meishi_sample_add_mech(sample, CKM_ECDH1_DERIVE, 256, 521, CKF_DERIVE);
    meishi_sample_add_mech(sample, CKM_SHA256, 0, 0, CKF_DIGEST);
}

static void
add_vault(MeishiSample *sample)
{
    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    add_mechs(sample);
    add_certificate(sample, SAMPLE_CERT_RSA, "rsa", "rsa");
    add_certificate(sample, SAMPLE_CERT_EC, "ec", "ec");
    add_certificate(sample, SAMPLE_CERT_CA, "ca", "CA");
    add_rsa_key(sample, SAMPLE_PUBLIC_RSA, CKO_PUBLIC_KEY);
    add_ec_key(sample, SAMPLE_PUBLIC_EC, CKO_PUBLIC_KEY);
    add_rsa_key(sample, SAMPLE_PRIVATE_RSA, CKO_PRIVATE_KEY);
    add_ec_key(sample, SAMPLE_PRIVATE_EC, CKO_PRIVATE_KEY);
}

GBytes *
meishi_sample_usual(guint64 generation, gboolean with_reader)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(generation);

    add_vault(sample);
    meishi_sample_add_slot(sample, 2, "Meishi (EdDSA)", TRUE);
    meishi_sample_add_mech(sample, CKM_EDDSA, 255, 448, CKF_SIGN | CKF_VERIFY);
    add_ed_key(sample);
    meishi_sample_add_slot(sample, 3, "Reader", with_reader);
    return meishi_sample_end(sample);
}
