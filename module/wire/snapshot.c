/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reader of the snapshot.
 *
 * meishi_snapshot_open() checks the header and that every table lies inside the file, which costs
 * the same for any number of objects; ranges and offsets inside the tables are checked where they
 * are followed.  The file is sealed, so what was checked stays true.
 */
#include "module/wire/snapshot.h"

#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"

#define TABLE_ALIGNMENT 8

bool
meishi_snapshot_is_indexed(uint64_t type)
{
    switch (type) {
    case CKA_ID:
    case CKA_LABEL:
    case CKA_SUBJECT:
    case CKA_VALUE:
    case CKA_SERIAL_NUMBER:
    case CKA_UNIQUE_ID:
    case CKA_PUBLIC_KEY_INFO:
        return true;
    default:
        return false;
    }
}

/* ---- hashes -------------------------------------------------------------------------------- */

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME  0x100000001b3ull

static uint64_t
hash_bytes(uint64_t hash, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ data[i]) * FNV_PRIME;
    return hash;
}

static uint64_t
hash_number(uint64_t hash, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        hash = (hash ^ (uint8_t)(number >> (8 * i))) * FNV_PRIME;
    return hash;
}

static uint32_t
fold(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

uint32_t
meishi_snapshot_hash(uint64_t slot_id, uint64_t type, const void *value, size_t len)
{
    return fold(hash_bytes(hash_number(hash_number(FNV_OFFSET, slot_id), type), value, len));
}

uint32_t
meishi_snapshot_hash_handle(uint64_t handle)
{
    return fold(hash_number(FNV_OFFSET, handle));
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool
is_table_inside(uint64_t size, uint64_t off, uint64_t n, size_t record)
{
    return off % TABLE_ALIGNMENT == 0 && off <= size && n <= (size - off) / record;
}

static bool
is_mask(uint32_t mask)
{
    return mask != UINT32_MAX && (mask & (mask + 1)) == 0;
}

static bool
is_header_sane(const struct meishi_snapshot_header *h, size_t size)
{
    return h->magic == MEISHI_SNAPSHOT_MAGIC && h->version == MEISHI_SNAPSHOT_VERSION &&
           h->size == size && h->n_slots <= MEISHI_SNAPSHOT_MAX_SLOTS && is_mask(h->index_mask) &&
           is_mask(h->handles_mask) &&
           is_table_inside(size, h->slots_off, h->n_slots, sizeof(struct meishi_snapshot_slot)) &&
           is_table_inside(size, h->objects_off, h->n_objects,
                           sizeof(struct meishi_snapshot_object)) &&
           is_table_inside(size, h->attrs_off, h->n_attrs, sizeof(struct meishi_snapshot_attr)) &&
           is_table_inside(size, h->mechs_off, h->n_mechs, sizeof(struct meishi_snapshot_mech)) &&
           is_table_inside(size, h->index_off, (uint64_t)h->index_mask + 1,
                           sizeof(struct meishi_snapshot_bucket)) &&
           is_table_inside(size, h->handles_off, (uint64_t)h->handles_mask + 1,
                           sizeof(struct meishi_snapshot_bucket));
}

bool
meishi_snapshot_open(const void *base, size_t size, struct meishi_snapshot *ret)
{
    if ((uintptr_t)base % TABLE_ALIGNMENT != 0 || size < sizeof(struct meishi_snapshot_header) ||
        size > MEISHI_SNAPSHOT_MAX_SIZE || !is_header_sane(base, size))
        return false;
    *ret = (struct meishi_snapshot){base, size};
    return true;
}

bool
meishi_snapshot_map(int fd, struct meishi_snapshot *ret)
{
    struct meishi_bytes bytes;

    if (!meishi_memfile_map(fd, MEISHI_SNAPSHOT_MAX_SIZE, &bytes))
        return false;
    if (meishi_snapshot_open(bytes.data, bytes.len, ret))
        return true;
    meishi_memfile_unmap(&bytes);
    return false;
}

void
meishi_snapshot_unmap(struct meishi_snapshot *snapshot)
{
    struct meishi_bytes bytes = {snapshot->base, snapshot->size};

    meishi_memfile_unmap(&bytes);
    *snapshot = (struct meishi_snapshot){NULL, 0};
}

/* ---- tables -------------------------------------------------------------------------------- */

const struct meishi_snapshot_header *
meishi_snapshot_header(const struct meishi_snapshot *s)
{
    return (const struct meishi_snapshot_header *)(const void *)s->base;
}

/* Offsets of tables were checked when the snapshot was opened. */
static const void *
table_at(const struct meishi_snapshot *s, uint64_t off)
{
    return s->base + off;
}

static bool
is_range_inside(uint32_t first, uint32_t n, uint32_t total)
{
    return first <= total && n <= total - first;
}

const struct meishi_snapshot_slot *
meishi_snapshot_slot_at(const struct meishi_snapshot *s, uint32_t n)
{
    const struct meishi_snapshot_header *h = meishi_snapshot_header(s);
    const struct meishi_snapshot_slot *slots = table_at(s, h->slots_off);

    if (n >= h->n_slots ||
        !is_range_inside(slots[n].first_object, slots[n].n_objects, h->n_objects) ||
        !is_range_inside(slots[n].first_mech, slots[n].n_mechs, h->n_mechs))
        return NULL;
    return &slots[n];
}

const struct meishi_snapshot_slot *
meishi_snapshot_slot(const struct meishi_snapshot *s, uint64_t slot_id)
{
    for (uint32_t n = 0; n < meishi_snapshot_header(s)->n_slots; n++) {
        const struct meishi_snapshot_slot *slot = meishi_snapshot_slot_at(s, n);

        if (slot != NULL && slot->slot_id == slot_id)
            return slot;
    }
    return NULL;
}

const struct meishi_snapshot_mech *
meishi_snapshot_mech_at(const struct meishi_snapshot *s, const struct meishi_snapshot_slot *slot,
                        uint32_t n)
{
    const struct meishi_snapshot_mech *mechs = table_at(s, meishi_snapshot_header(s)->mechs_off);

    return n < slot->n_mechs ? &mechs[slot->first_mech + n] : NULL;
}

const struct meishi_snapshot_object *
meishi_snapshot_object_at(const struct meishi_snapshot *s, uint32_t n)
{
    const struct meishi_snapshot_header *h = meishi_snapshot_header(s);
    const struct meishi_snapshot_object *objects = table_at(s, h->objects_off);

    if (n >= h->n_objects ||
        !is_range_inside(objects[n].first_attr, objects[n].n_attrs, h->n_attrs))
        return NULL;
    return &objects[n];
}

/* Goes through the buckets from @hash on; *@step counts those that were looked at. */
static bool
next_bucket(const struct meishi_snapshot_bucket *buckets, uint32_t mask, uint32_t hash,
            uint32_t *step, uint32_t *ret_n)
{
    while (*step <= mask) {
        const struct meishi_snapshot_bucket *bucket = &buckets[(hash + (*step)++) & mask];

        if (bucket->object == 0)
            break;
        if (bucket->hash == hash) {
            *ret_n = bucket->object - 1;
            return true;
        }
    }
    *step = UINT32_MAX;
    return false;
}

const struct meishi_snapshot_object *
meishi_snapshot_object(const struct meishi_snapshot *s, uint64_t handle, uint32_t *ret_n)
{
    const struct meishi_snapshot_header *h = meishi_snapshot_header(s);
    uint32_t hash = meishi_snapshot_hash_handle(handle);
    uint32_t step = 0, n;

    while (next_bucket(table_at(s, h->handles_off), h->handles_mask, hash, &step, &n)) {
        const struct meishi_snapshot_object *object = meishi_snapshot_object_at(s, n);

        if (object == NULL || object->handle != handle)
            continue;
        if (ret_n != NULL)
            *ret_n = n;
        return object;
    }
    return NULL;
}

bool
meishi_snapshot_probe_next(const struct meishi_snapshot *s, struct meishi_snapshot_probe *probe,
                           uint32_t *ret_n)
{
    const struct meishi_snapshot_header *h = meishi_snapshot_header(s);

    return next_bucket(table_at(s, h->index_off), h->index_mask, probe->hash, &probe->step, ret_n);
}

/* The first of the slot's objects whose class is at least @class (or, with @above, above it). */
static uint32_t
find_class(const struct meishi_snapshot *s, const struct meishi_snapshot_slot *slot, uint64_t class,
           bool above)
{
    const struct meishi_snapshot_object *objects =
        table_at(s, meishi_snapshot_header(s)->objects_off);
    uint32_t low = slot->first_object, high = slot->first_object + slot->n_objects;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (objects[middle].class < class || (above && objects[middle].class == class))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
meishi_snapshot_class_range(const struct meishi_snapshot *s,
                            const struct meishi_snapshot_slot *slot, uint64_t class,
                            uint32_t *ret_first, uint32_t *ret_end)
{
    *ret_first = find_class(s, slot, class, false);
    *ret_end = find_class(s, slot, class, true);
}

const struct meishi_snapshot_attr *
meishi_snapshot_attr(const struct meishi_snapshot *s, const struct meishi_snapshot_object *object,
                     uint64_t type)
{
    const struct meishi_snapshot_attr *attrs = table_at(s, meishi_snapshot_header(s)->attrs_off);
    uint32_t low = object->first_attr, high = object->first_attr + object->n_attrs;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (attrs[middle].type == type)
            return &attrs[middle];
        if (attrs[middle].type < type)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct meishi_snapshot_attr *
meishi_snapshot_attr_at(const struct meishi_snapshot *s,
                        const struct meishi_snapshot_object *object, uint32_t n)
{
    const struct meishi_snapshot_attr *attrs = table_at(s, meishi_snapshot_header(s)->attrs_off);

    return n < object->n_attrs ? &attrs[object->first_attr + n] : NULL;
}

const void *
meishi_snapshot_value(const struct meishi_snapshot *s, const struct meishi_snapshot_attr *attr)
{
    if (attr->len == MEISHI_SNAPSHOT_SENSITIVE || attr->off > s->size ||
        attr->len > s->size - attr->off)
        return NULL;
    return s->base + attr->off;
}
