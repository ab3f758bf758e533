/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file is: header, values, then the tables.  Values come first because their offsets are then
 * final as soon as they are stored; the tables, whose length is known only at the end, follow.
 * Nothing in the file depends on addresses, time or hash seeds.
 */
#include "daemon/server/snapshot-writer.h"

#include "daemon/base/error.h"
#include "daemon/base/fd.h"
#include "module/wire/snapshot.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define TABLE_ALIGNMENT 8
#define MIN_BUCKETS     8
#define N_REMEMBERED    1024 /* a power of two */

typedef struct {
    guint64 number;
    MeishiSnapshotValue value;
} RememberedNumber;

struct MeishiSnapshotWriter {
    GByteArray *values;
    GArray *slots;   /* struct meishi_snapshot_slot */
    GArray *mechs;   /* struct meishi_snapshot_mech */
    GArray *objects; /* struct meishi_snapshot_object */
    GArray *attrs;   /* struct meishi_snapshot_attr */
    guint n_indexed;
    RememberedNumber numbers[64];
};

MeishiSnapshotWriter *
meishi_snapshot_writer_new(void)
{
    MeishiSnapshotWriter *writer = g_new0(MeishiSnapshotWriter, 1);

    writer->values = g_byte_array_new();
    writer->slots = g_array_new(FALSE, FALSE, sizeof(struct meishi_snapshot_slot));
    writer->mechs = g_array_new(FALSE, FALSE, sizeof(struct meishi_snapshot_mech));
    writer->objects = g_array_new(FALSE, FALSE, sizeof(struct meishi_snapshot_object));
    writer->attrs = g_array_new(FALSE, FALSE, sizeof(struct meishi_snapshot_attr));
    return writer;
}

void
meishi_snapshot_writer_free(MeishiSnapshotWriter *writer)
{
    if (writer == NULL)
        return;
    g_byte_array_unref(writer->values);
    g_array_unref(writer->slots);
    g_array_unref(writer->mechs);
    g_array_unref(writer->objects);
    g_array_unref(writer->attrs);
    g_free(writer);
}

/* ---- values -------------------------------------------------------------------------------- */

MeishiSnapshotValue
meishi_snapshot_writer_put(MeishiSnapshotWriter *writer, gconstpointer data, gsize len)
{
    MeishiSnapshotValue value = {.len = (guint32)len};

    value.off = sizeof(struct meishi_snapshot_header) + writer->values->len;
    if (len > 0)
        g_byte_array_append(writer->values, data, (guint)len);
    return value;
}

MeishiSnapshotValue
meishi_snapshot_writer_put_bytes(MeishiSnapshotWriter *writer, GBytes *bytes)
{
    gsize len = 0;
    gconstpointer data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

    return meishi_snapshot_writer_put(writer, data, len);
}

MeishiSnapshotValue
meishi_snapshot_writer_put_number(MeishiSnapshotWriter *writer, guint64 number)
{
    RememberedNumber *seen = &writer->numbers[number % G_N_ELEMENTS(writer->numbers)];

    if (seen->value.len == 0 || seen->number != number) {
        seen->number = number;
        seen->value = meishi_snapshot_writer_put(writer, &number, sizeof number);
    }
    return seen->value;
}

/* ---- tables -------------------------------------------------------------------------------- */

static struct meishi_snapshot_slot *
last_slot(MeishiSnapshotWriter *writer)
{
    return &g_array_index(writer->slots, struct meishi_snapshot_slot, writer->slots->len - 1);
}

static struct meishi_snapshot_object *
last_object(MeishiSnapshotWriter *writer)
{
    return &g_array_index(writer->objects, struct meishi_snapshot_object, writer->objects->len - 1);
}

void
meishi_snapshot_writer_add_slot(MeishiSnapshotWriter *writer,
                                const struct meishi_snapshot_slot *slot)
{
    struct meishi_snapshot_slot copy = *slot;

    copy.first_object = writer->objects->len;
    copy.n_objects = 0;
    copy.first_mech = writer->mechs->len;
    copy.n_mechs = 0;
    g_array_append_val(writer->slots, copy);
}

void
meishi_snapshot_writer_add_mechanism(MeishiSnapshotWriter *writer,
                                     const struct meishi_snapshot_mech *mech)
{
    g_return_if_fail(writer->slots->len > 0);

    g_array_append_vals(writer->mechs, mech, 1);
    last_slot(writer)->n_mechs++;
}

void
meishi_snapshot_writer_add_object(MeishiSnapshotWriter *writer, guint64 handle, guint64 class)
{
    const struct meishi_snapshot_object object = {
        .handle = handle,
        .class = class,
        .first_attr = writer->attrs->len,
    };

    g_return_if_fail(writer->slots->len > 0);
    g_return_if_fail(last_slot(writer)->n_objects == 0 || last_object(writer)->class <= class);

    g_array_append_val(writer->objects, object);
    last_slot(writer)->n_objects++;
}

/* Keeps the object's attributes sorted; callers mostly add them in order. */
static void
insert_attr(MeishiSnapshotWriter *writer, const struct meishi_snapshot_attr *attr)
{
    struct meishi_snapshot_object *object = last_object(writer);
    guint at = writer->attrs->len;

    while (at > object->first_attr &&
           g_array_index(writer->attrs, struct meishi_snapshot_attr, at - 1).type > attr->type)
        at--;
    g_array_insert_vals(writer->attrs, at, attr, 1);
    object->n_attrs++;
}

void
meishi_snapshot_writer_add(MeishiSnapshotWriter *writer, guint64 type, MeishiSnapshotValue value)
{
    const struct meishi_snapshot_attr attr = {.type = type, .len = value.len, .off = value.off};

    g_return_if_fail(writer->objects->len > 0);

    insert_attr(writer, &attr);
    if (meishi_snapshot_is_indexed(type))
        writer->n_indexed++;
}

void
meishi_snapshot_writer_add_sensitive(MeishiSnapshotWriter *writer, guint64 type)
{
    const struct meishi_snapshot_attr attr = {.type = type, .len = MEISHI_SNAPSHOT_SENSITIVE};

    g_return_if_fail(writer->objects->len > 0);

    insert_attr(writer, &attr);
}

/* ---- hash tables --------------------------------------------------------------------------- */

/* @last remembers where the latest entry of a hash went: the next one with the same hash looks for
 * room from there on, so that ten thousand equal values do not cost their square. */
typedef struct {
    struct meishi_snapshot_bucket *buckets;
    guint32 mask;
    struct {
        guint32 hash;
        guint32 at;
        gboolean is_set;
    } last[N_REMEMBERED];
} Table;

static Table *
table_new(guint n_entries)
{
    Table *table = g_new0(Table, 1);
    guint32 n = MIN_BUCKETS;

    while (n / 2 < n_entries)
        n *= 2;
    table->buckets = g_new0(struct meishi_snapshot_bucket, n);
    table->mask = n - 1;
    return table;
}

static void
table_free(Table *table)
{
    g_free(table->buckets);
    g_free(table);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

static void
table_insert(Table *table, guint32 hash, guint32 object)
{
    guint slot = hash % N_REMEMBERED;
    guint32 at = hash & table->mask;

    if (table->last[slot].is_set && table->last[slot].hash == hash)
        at = table->last[slot].at;
    while (table->buckets[at].object != 0)
        at = (at + 1) & table->mask;
    table->buckets[at] = (struct meishi_snapshot_bucket){.hash = hash, .object = object + 1};
    table->last[slot].hash = hash;
    table->last[slot].at = at;
    table->last[slot].is_set = TRUE;
}

static gsize
table_size(const Table *table)
{
    return ((gsize)table->mask + 1) * sizeof table->buckets[0];
}

static Table *
index_handles(MeishiSnapshotWriter *writer)
{
    Table *table = table_new(writer->objects->len);

    for (guint n = 0; n < writer->objects->len; n++) {
        guint64 handle = g_array_index(writer->objects, struct meishi_snapshot_object, n).handle;

        table_insert(table, meishi_snapshot_hash_handle(handle), n);
    }
    return table;
}

static void
index_object(MeishiSnapshotWriter *writer, Table *table, guint64 slot_id, guint32 n)
{
    const struct meishi_snapshot_object *object =
        &g_array_index(writer->objects, struct meishi_snapshot_object, n);

    for (guint32 i = 0; i < object->n_attrs; i++) {
        const struct meishi_snapshot_attr *attr =
            &g_array_index(writer->attrs, struct meishi_snapshot_attr, object->first_attr + i);
        const guint8 *value =
            writer->values->data + (attr->off - sizeof(struct meishi_snapshot_header));

        if (attr->len != MEISHI_SNAPSHOT_SENSITIVE && meishi_snapshot_is_indexed(attr->type))
            table_insert(table, meishi_snapshot_hash(slot_id, attr->type, value, attr->len), n);
    }
}

static Table *
index_values(MeishiSnapshotWriter *writer)
{
    Table *table = table_new(writer->n_indexed);

    for (guint s = 0; s < writer->slots->len; s++) {
        const struct meishi_snapshot_slot *slot =
            &g_array_index(writer->slots, struct meishi_snapshot_slot, s);

        for (guint32 n = 0; n < slot->n_objects; n++)
            index_object(writer, table, slot->slot_id, slot->first_object + n);
    }
    return table;
}

/* ---- the file ------------------------------------------------------------------------------ */

typedef struct {
    struct iovec parts[8];
    guint n;
    guint64 size;
} Layout;

/* Appends a part and returns its offset. */
static guint64
lay_out(Layout *layout, gconstpointer data, gsize len)
{
    guint64 off = layout->size;

    layout->parts[layout->n++] = (struct iovec){.iov_base = (gpointer)data, .iov_len = len};
    layout->size += len;
    return off;
}

static guint64
lay_out_array(Layout *layout, const GArray *array)
{
    return lay_out(layout, array->data,
                   (gsize)array->len * g_array_get_element_size((GArray *)array));
}

static void
pad_values(MeishiSnapshotWriter *writer)
{
    static const guint8 zeros[TABLE_ALIGNMENT];
    guint extra = writer->values->len % TABLE_ALIGNMENT;

    if (extra != 0)
        g_byte_array_append(writer->values, zeros, TABLE_ALIGNMENT - extra);
}

static void
lay_out_file(MeishiSnapshotWriter *writer, const Table *index, const Table *handles,
             struct meishi_snapshot_header *header, Layout *layout)
{
    lay_out(layout, header, sizeof *header);
    lay_out(layout, writer->values->data, writer->values->len);
    header->slots_off = lay_out_array(layout, writer->slots);
    header->objects_off = lay_out_array(layout, writer->objects);
    header->attrs_off = lay_out_array(layout, writer->attrs);
    header->mechs_off = lay_out_array(layout, writer->mechs);
    header->index_off = lay_out(layout, index->buckets, table_size(index));
    header->handles_off = lay_out(layout, handles->buckets, table_size(handles));
    header->size = layout->size;
    header->n_slots = writer->slots->len;
    header->n_objects = writer->objects->len;
    header->n_attrs = writer->attrs->len;
    header->n_mechs = writer->mechs->len;
    header->index_mask = index->mask;
    header->handles_mask = handles->mask;
}

static int
write_file(const Layout *layout, GError **error)
{
    int fd = memfd_create("meishi-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    gboolean is_written = fd >= 0;
    int number;

    for (guint i = 0; is_written && i < layout->n; i++)
        is_written = meishi_fd_write_all(fd, layout->parts[i].iov_base, layout->parts[i].iov_len);
    if (is_written && meishi_fd_seal(fd))
        return fd;
    number = errno;
    if (fd >= 0)
        close(fd);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "cannot write a snapshot to memory: %s",
                g_strerror(number));
    return -1;
}

int
meishi_snapshot_writer_finish(MeishiSnapshotWriter *writer, guint64 generation, gsize *ret_size,
                              GError **error)
{
    g_autoptr(Table) index = index_values(writer);
    g_autoptr(Table) handles = index_handles(writer);
    struct meishi_snapshot_header header = {
        .magic = MEISHI_SNAPSHOT_MAGIC,
        .version = MEISHI_SNAPSHOT_VERSION,
        .generation = generation,
    };
    Layout layout = {.n = 0};
    int fd;

    pad_values(writer);
    lay_out_file(writer, index, handles, &header, &layout);
    if (layout.size > MEISHI_SNAPSHOT_MAX_SIZE) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_SPACE,
                    "the certificates are too many to be shown to programs (%" G_GUINT64_FORMAT
                    " bytes)",
                    layout.size);
        return -1;
    }
    fd = write_file(&layout, error);
    if (fd >= 0)
        *ret_size = (gsize)layout.size;
    return fd;
}
