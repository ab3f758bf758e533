/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/server/snapshot-writer.h"

#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct meishi_snapshot
finish(MeishiSnapshotWriter *writer)
{
    g_autoptr(GError) error = NULL;
    struct meishi_snapshot snapshot;
    gsize size = 0;
    int fd = meishi_snapshot_writer_finish(writer, 42, &size, &error);

    g_assert_no_error(error);
    g_assert_true(meishi_snapshot_map(fd, &snapshot));
    g_assert_cmpuint(snapshot.size, ==, size);
    close(fd);
    return snapshot;
}

static void
test_empty(void)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    struct meishi_snapshot snapshot = finish(writer);

    g_assert_cmpuint(meishi_snapshot_header(&snapshot)->generation, ==, 42);
    g_assert_cmpuint(meishi_snapshot_header(&snapshot)->n_slots, ==, 0);
    g_assert_null(meishi_snapshot_object(&snapshot, 1, NULL));
    meishi_snapshot_unmap(&snapshot);
}

static void
test_sealed(void)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    g_autoptr(GError) error = NULL;
    gsize size;
    int fd = meishi_snapshot_writer_finish(writer, 1, &size, &error);

    g_assert_no_error(error);
    g_assert_cmpint(write(fd, "x", 1), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
    g_assert_cmpint(ftruncate(fd, 0), ==, -1);
    g_assert_true(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    close(fd);
}

static void
test_attributes_are_sorted(void)
{
    static const guint64 types[] = {CKA_VALUE, CKA_CLASS, CKA_ALLOWED_MECHANISMS,
                                    CKA_ID,    CKA_LABEL, CKA_TOKEN};
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    const struct meishi_snapshot_slot slot = {.slot_id = 1};
    struct meishi_snapshot snapshot;
    const struct meishi_snapshot_object *object;

    meishi_snapshot_writer_add_slot(writer, &slot);
    meishi_snapshot_writer_add_object(writer, 7, CKO_DATA);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        meishi_snapshot_writer_add(writer, types[i],
                                   meishi_snapshot_writer_put_number(writer, types[i]));
    meishi_snapshot_writer_add_sensitive(writer, CKA_PRIME_1);
    snapshot = finish(writer);
    object = meishi_snapshot_object(&snapshot, 7, NULL);
    g_assert_nonnull(object);
    g_assert_cmpuint(object->n_attrs, ==, G_N_ELEMENTS(types) + 1);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        const struct meishi_snapshot_attr *attr = meishi_snapshot_attr(&snapshot, object, types[i]);

        g_assert_nonnull(attr);
        g_assert_cmpmem(meishi_snapshot_value(&snapshot, attr), attr->len, &types[i], 8);
    }
    g_assert_cmpuint(meishi_snapshot_attr(&snapshot, object, CKA_PRIME_1)->len, ==,
                     MEISHI_SNAPSHOT_SENSITIVE);
    meishi_snapshot_unmap(&snapshot);
}

/* Numbers that share a place in the writer's memory, in turn. */
static void
test_numbers(void)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    MeishiSnapshotValue zero = meishi_snapshot_writer_put_number(writer, 0);
    MeishiSnapshotValue again = meishi_snapshot_writer_put_number(writer, 0);
    MeishiSnapshotValue rival = meishi_snapshot_writer_put_number(writer, 64);
    MeishiSnapshotValue third = meishi_snapshot_writer_put_number(writer, 0);

    g_assert_cmpuint(zero.len, ==, 8);
    g_assert_cmpuint(again.off, ==, zero.off);
    g_assert_cmpuint(rival.off, !=, zero.off);
    g_assert_cmpuint(third.off, !=, rival.off);
}

/* Equal values come out in object order, whichever slot they are in. */
static void
test_index_order(void)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    struct meishi_snapshot snapshot;
    struct meishi_snapshot_probe probe = {.step = 0};
    guint32 n;

    for (guint64 id = 1; id <= 2; id++) {
        const struct meishi_snapshot_slot slot = {.slot_id = id};

        meishi_snapshot_writer_add_slot(writer, &slot);
        for (guint i = 0; i < 50; i++) {
            meishi_snapshot_writer_add_object(writer, id * 1000 + i, CKO_CERTIFICATE);
            meishi_snapshot_writer_add(writer, CKA_LABEL,
                                       meishi_snapshot_writer_put(writer, "same", 4));
        }
    }
    snapshot = finish(writer);
    probe.hash = meishi_snapshot_hash(2, CKA_LABEL, "same", 4);
    for (guint i = 0; i < 50; i++) {
        g_assert_true(meishi_snapshot_probe_next(&snapshot, &probe, &n));
        g_assert_cmpuint(n, ==, 50 + i);
    }
    g_assert_false(meishi_snapshot_probe_next(&snapshot, &probe, &n));
    meishi_snapshot_unmap(&snapshot);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server/snapshot-writer/empty", test_empty);
    g_test_add_func("/server/snapshot-writer/sealed", test_sealed);
    g_test_add_func("/server/snapshot-writer/attributes-are-sorted", test_attributes_are_sorted);
    g_test_add_func("/server/snapshot-writer/numbers", test_numbers);
    g_test_add_func("/server/snapshot-writer/index-order", test_index_order);
    return g_test_run();
}
