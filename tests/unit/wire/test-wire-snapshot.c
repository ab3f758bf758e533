/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reader of the snapshot: it finds what is there, and a damaged file makes things absent,
 * whatever number in it is wrong.
 */
#include "module/wire/snapshot.h"

#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"
#include "tests/lib/snapshot-sample.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    GBytes *bytes;
    struct meishi_snapshot s;
} Fixture;

static void
set_up(Fixture *f, gconstpointer unused)
{
    gsize size;
    gconstpointer data;

    f->bytes = meishi_sample_usual(7, TRUE);
    data = g_bytes_get_data(f->bytes, &size);
    g_assert_true(meishi_snapshot_open(data, size, &f->s));
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    g_bytes_unref(f->bytes);
}

static void
test_record_sizes(void)
{
    /* doc/protocol.md states them; another compiler must not disagree. */
    g_assert_cmpuint(sizeof(struct meishi_snapshot_header), ==, 104);
    g_assert_cmpuint(sizeof(struct meishi_snapshot_slot), ==, 208);
    g_assert_cmpuint(sizeof(struct meishi_snapshot_object), ==, 24);
    g_assert_cmpuint(sizeof(struct meishi_snapshot_attr), ==, 24);
    g_assert_cmpuint(sizeof(struct meishi_snapshot_mech), ==, 32);
    g_assert_cmpuint(sizeof(struct meishi_snapshot_bucket), ==, 8);
}

static void
test_hash_is_fixed(void)
{
    /* Daemon and module may be of different builds: the function is part of the format. */
    g_assert_cmphex(meishi_snapshot_hash(1, CKA_ID, "rsa", 3), ==, 0xec6b8371u);
    g_assert_cmphex(meishi_snapshot_hash(1, CKA_ID, NULL, 0), ==, 0x89f6a0ccu);
    g_assert_cmphex(meishi_snapshot_hash_handle(31), ==, 0x3ee1058au);
}

static void
test_slots(Fixture *f, gconstpointer unused)
{
    const struct meishi_snapshot_slot *slot = meishi_snapshot_slot(&f->s, 2);

    g_assert_cmpuint(meishi_snapshot_header(&f->s)->n_slots, ==, 3);
    g_assert_cmpuint(meishi_snapshot_header(&f->s)->generation, ==, 7);
    g_assert_cmpmem(slot->label, 16, "Meishi (EdDSA)  ", 16);
    g_assert_cmpuint(slot->n_objects, ==, 1);
    g_assert_null(meishi_snapshot_slot(&f->s, 9));
    g_assert_null(meishi_snapshot_slot_at(&f->s, 3));
    g_assert_cmpuint(meishi_snapshot_mech_at(&f->s, slot, 0)->type, ==, CKM_EDDSA);
    g_assert_null(meishi_snapshot_mech_at(&f->s, slot, 1));
}

static void
test_objects_by_handle(Fixture *f, gconstpointer unused)
{
    guint32 n;

    g_assert_cmpuint(meishi_snapshot_object(&f->s, SAMPLE_PRIVATE_EC, &n)->class, ==,
                     CKO_PRIVATE_KEY);
    g_assert_true(meishi_snapshot_object_at(&f->s, n) ==
                  meishi_snapshot_object(&f->s, SAMPLE_PRIVATE_EC, NULL));
    g_assert_null(meishi_snapshot_object(&f->s, 0, NULL));
    g_assert_null(meishi_snapshot_object(&f->s, 999, NULL));
    g_assert_null(meishi_snapshot_object_at(&f->s, 100));
}

static void
test_attributes(Fixture *f, gconstpointer unused)
{
    const struct meishi_snapshot_object *key =
        meishi_snapshot_object(&f->s, SAMPLE_PRIVATE_RSA, NULL);
    const struct meishi_snapshot_attr *attr = meishi_snapshot_attr(&f->s, key, CKA_ID);

    g_assert_cmpmem(meishi_snapshot_value(&f->s, attr), attr->len, "rsa", 3);
    attr = meishi_snapshot_attr(&f->s, key, CKA_PRIVATE_EXPONENT);
    g_assert_cmpuint(attr->len, ==, MEISHI_SNAPSHOT_SENSITIVE);
    g_assert_null(meishi_snapshot_value(&f->s, attr));
    g_assert_null(meishi_snapshot_attr(&f->s, key, CKA_SERIAL_NUMBER));
}

static guint
count_probes(Fixture *f, guint64 type, const char *value, guint32 *ret_first)
{
    struct meishi_snapshot_probe probe = {.hash =
                                              meishi_snapshot_hash(1, type, value, strlen(value))};
    guint count = 0;
    guint32 n;

    while (meishi_snapshot_probe_next(&f->s, &probe, &n))
        if (count++ == 0)
            *ret_first = n;
    g_assert_false(meishi_snapshot_probe_next(&f->s, &probe, &n));
    return count;
}

static void
test_index(Fixture *f, gconstpointer unused)
{
    guint32 first = 0;

    g_assert_cmpuint(count_probes(f, CKA_ID, "rsa", &first), ==, 3);
    g_assert_cmpuint(meishi_snapshot_object_at(&f->s, first)->handle, ==, SAMPLE_CERT_RSA);
    g_assert_cmpuint(count_probes(f, CKA_ID, "nobody", &first), ==, 0);
    g_assert_cmpuint(count_probes(f, CKA_SUBJECT, "subject of ec", &first), ==, 1);
    g_assert_true(meishi_snapshot_is_indexed(CKA_UNIQUE_ID));
    g_assert_false(meishi_snapshot_is_indexed(CKA_MODULUS));
}

static void
test_class_range(Fixture *f, gconstpointer unused)
{
    const struct meishi_snapshot_slot *slot = meishi_snapshot_slot(&f->s, 1);
    guint32 first, end;

    meishi_snapshot_class_range(&f->s, slot, CKO_PUBLIC_KEY, &first, &end);
    g_assert_cmpuint(first, ==, 3);
    g_assert_cmpuint(end, ==, 5);
    meishi_snapshot_class_range(&f->s, slot, CKO_DATA, &first, &end);
    g_assert_cmpuint(first, ==, end);
    meishi_snapshot_class_range(&f->s, slot, 0xce534353, &first, &end);
    g_assert_cmpuint(first, ==, end);
    meishi_snapshot_class_range(&f->s, meishi_snapshot_slot(&f->s, 3), CKO_CERTIFICATE, &first,
                                &end);
    g_assert_cmpuint(first, ==, end);
}

static void
test_map(Fixture *f, gconstpointer unused)
{
    struct meishi_snapshot mapped;
    gsize size;
    gconstpointer data = g_bytes_get_data(f->bytes, &size);
    int fd = meishi_memfile_new("snapshot", data, size);
    int cut = meishi_memfile_new("snapshot", data, size - 8);

    g_assert_true(meishi_snapshot_map(fd, &mapped));
    g_assert_cmpuint(meishi_snapshot_header(&mapped)->n_slots, ==, 3);
    meishi_snapshot_unmap(&mapped);
    g_assert_false(meishi_snapshot_map(cut, &mapped));
    close(fd);
    close(cut);
}

static void
test_header_is_checked(Fixture *f, gconstpointer unused)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(f->bytes, &size);
    g_autofree struct meishi_snapshot_header *copy = g_memdup2(data, size);
    struct meishi_snapshot_header *original = g_memdup2(data, sizeof *original);
    struct meishi_snapshot s;

#define REFUSED(field, value)                             \
    copy->field = (value);                                \
    g_assert_false(meishi_snapshot_open(copy, size, &s)); \
    *copy = *original;

    g_assert_true(meishi_snapshot_open(copy, size, &s));
    REFUSED(magic, 1)
    REFUSED(version, MEISHI_SNAPSHOT_VERSION + 1)
    REFUSED(size, size + 1)
    REFUSED(n_slots, MEISHI_SNAPSHOT_MAX_SLOTS + 1)
    REFUSED(n_objects, G_MAXUINT32)
    REFUSED(n_attrs, G_MAXUINT32)
    REFUSED(n_mechs, G_MAXUINT32)
    REFUSED(index_mask, copy->index_mask - 1)
    REFUSED(index_mask, G_MAXUINT32)
    REFUSED(index_mask, G_MAXINT32)
    REFUSED(handles_mask, 5)
    REFUSED(slots_off, copy->slots_off + 4)
    REFUSED(slots_off, size)
    REFUSED(objects_off, G_MAXUINT64 - 7)
    REFUSED(attrs_off, size - 16)
    REFUSED(index_off, size)
#undef REFUSED
    g_assert_false(meishi_snapshot_open(copy, sizeof *copy - 1, &s));
    g_free(original);
}

static void
read_everything(const struct meishi_snapshot *s)
{
    static const guint64 types[] = {CKA_CLASS, CKA_ID, CKA_VALUE, CKA_MODULUS, CKA_LABEL};
    G_GNUC_UNUSED volatile guint8 sink = 0;

    for (guint32 n = 0; n < meishi_snapshot_header(s)->n_objects; n++) {
        const struct meishi_snapshot_object *object = meishi_snapshot_object_at(s, n);

        for (gsize i = 0; object != NULL && i < G_N_ELEMENTS(types); i++) {
            const struct meishi_snapshot_attr *attr = meishi_snapshot_attr(s, object, types[i]);
            const guint8 *value = attr != NULL ? meishi_snapshot_value(s, attr) : NULL;

            if (value != NULL && attr->len > 0)
                sink ^= value[attr->len - 1];
        }
        if (object != NULL)
            (void)meishi_snapshot_object(s, object->handle, NULL);
    }
    for (guint64 id = 0; id < 4; id++) {
        const struct meishi_snapshot_slot *slot = meishi_snapshot_slot(s, id);
        struct meishi_snapshot_probe probe = {.hash = meishi_snapshot_hash(id, CKA_ID, "ec", 2)};
        guint32 first, end;

        if (slot != NULL)
            meishi_snapshot_class_range(s, slot, CKO_CERTIFICATE, &first, &end);
        while (meishi_snapshot_probe_next(s, &probe, &first))
            (void)meishi_snapshot_object_at(s, first);
    }
}

/* Each 32-bit word behind the header in turn becomes nonsense. */
static void
test_damage_makes_absent(Fixture *f, gconstpointer unused)
{
    static const guint32 nonsense[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
    gsize size;
    gconstpointer data = g_bytes_get_data(f->bytes, &size);

    for (gsize at = sizeof(struct meishi_snapshot_header); at + 4 <= size; at += 4) {
        for (gsize i = 0; i < G_N_ELEMENTS(nonsense); i++) {
            g_autofree guint8 *copy = g_memdup2(data, size);
            struct meishi_snapshot s;

            memcpy(copy + at, &nonsense[i], 4);
            g_assert_true(meishi_snapshot_open(copy, size, &s));
            read_everything(&s);
        }
    }
}

static void
test_full_table_ends(void)
{
    /* An index without an empty bucket breaks the format's promise; the walk ends all the same. */
    g_autoptr(MeishiSample) sample = meishi_sample_new(1);
    g_autoptr(GBytes) bytes = meishi_sample_end(sample);
    gsize size;
    g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(bytes, &size), g_bytes_get_size(bytes));
    const struct meishi_snapshot_header *header = (gpointer)copy;
    struct meishi_snapshot_bucket *buckets = (gpointer)(copy + header->index_off);
    struct meishi_snapshot_probe probe = {.hash = 5};
    struct meishi_snapshot s;
    guint count = 0;
    guint32 n;

    for (guint32 i = 0; i <= header->index_mask; i++)
        buckets[i] = (struct meishi_snapshot_bucket){5, i + 1};
    g_assert_true(meishi_snapshot_open(copy, size, &s));
    while (meishi_snapshot_probe_next(&s, &probe, &n))
        count++;
    g_assert_cmpuint(count, ==, header->index_mask + 1);
}

#define ADD(name, func) g_test_add("/wire/snapshot/" name, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/snapshot/record-sizes", test_record_sizes);
    g_test_add_func("/wire/snapshot/hash-is-fixed", test_hash_is_fixed);
    ADD("slots", test_slots);
    ADD("objects-by-handle", test_objects_by_handle);
    ADD("attributes", test_attributes);
    ADD("index", test_index);
    ADD("class-range", test_class_range);
    ADD("map", test_map);
    ADD("header-is-checked", test_header_is_checked);
    ADD("damage-makes-absent", test_damage_makes_absent);
    g_test_add_func("/wire/snapshot/full-table-ends", test_full_table_ends);
    return g_test_run();
}
