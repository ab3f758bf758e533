/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A snapshot from a daemon that lies: everything that the module reads is read, through every
 * table, from bytes that nobody vouches for.
 */
#include "module/wire/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORK 4096 /* objects, attributes: a count is not a reason to spin */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

static void
read_value(const struct meishi_snapshot *s, const struct meishi_snapshot_attr *attr)
{
    const uint8_t *value = meishi_snapshot_value(s, attr);

    if (value == NULL || attr->len == 0)
        return;
    sink ^= value[0];
    sink ^= value[attr->len - 1];
}

static void
read_object(const struct meishi_snapshot *s, const struct meishi_snapshot_object *object)
{
    static const uint64_t types[] = {0x0, 0x3, 0x11, 0x82, 0x100, 0x101, 0x102, 0x120, 0x180};
    uint32_t n;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct meishi_snapshot_attr *attr = meishi_snapshot_attr(s, object, types[i]);

        if (attr != NULL)
            read_value(s, attr);
    }
    if (meishi_snapshot_object(s, object->handle, &n) != NULL)
        sink ^= (uint8_t)meishi_snapshot_object_at(s, n)->class;
}

static void
read_slot(const struct meishi_snapshot *s, const struct meishi_snapshot_slot *slot)
{
    struct meishi_snapshot_probe probe = {
        .hash = meishi_snapshot_hash(slot->slot_id, 0x102, slot->label, sizeof slot->label)};
    uint32_t first, end, n;

    for (uint32_t i = 0; i < slot->n_mechs && i < MAX_WORK; i++)
        sink ^= (uint8_t)meishi_snapshot_mech_at(s, slot, i)->type;
    meishi_snapshot_class_range(s, slot, 1, &first, &end);
    if (first > end || first < slot->first_object || end > slot->first_object + slot->n_objects)
        abort();
    for (unsigned i = 0; i < MAX_WORK && meishi_snapshot_probe_next(s, &probe, &n); i++)
        (void)meishi_snapshot_object_at(s, n);
}

static void
read_all(const struct meishi_snapshot *s)
{
    const struct meishi_snapshot_header *header = meishi_snapshot_header(s);

    for (uint32_t n = 0; n < header->n_slots; n++) {
        const struct meishi_snapshot_slot *slot = meishi_snapshot_slot_at(s, n);

        if (slot != NULL && meishi_snapshot_slot(s, slot->slot_id) == NULL)
            abort();
        if (slot != NULL)
            read_slot(s, slot);
    }
    for (uint32_t n = 0; n < header->n_objects && n < MAX_WORK; n++) {
        const struct meishi_snapshot_object *object = meishi_snapshot_object_at(s, n);

        if (object != NULL)
            read_object(s, object);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct meishi_snapshot snapshot;
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    /* The size in the header is the first thing a fuzzer gets wrong; it is not what is tested. */
    if (size >= sizeof(struct meishi_snapshot_header))
        memcpy(copy + offsetof(struct meishi_snapshot_header, size), &(uint64_t){size}, 8);
    if (meishi_snapshot_open(copy, size, &snapshot))
        read_all(&snapshot);
    free(copy);
    return 0;
}
