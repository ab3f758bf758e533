/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The snapshot: everything public, as one sealed read-only memory file.
 *
 * The daemon writes it (daemon/server/snapshot-writer.c) and every module maps it; sessions,
 * searches and attribute reads are answered from it without a round trip.  All numbers are in
 * host byte order (both ends run on one machine; the magic tells a stranger), all offsets count
 * from the start of the file and are multiples of 8 for tables.  The reader trusts no offset:
 * each access is checked against the mapped size, so opening costs the same for one object and
 * for ten thousand.  doc/protocol.md, "Snapshot", is the specification.
 *
 * Objects are sorted by slot, then class, then rank (best identity first); a search by class is
 * therefore a range, and whoever takes the first match takes the best one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEISHI_SNAPSHOT_MAGIC     0x3153494853494d01ull
#define MEISHI_SNAPSHOT_VERSION   2u
#define MEISHI_SNAPSHOT_MAX_SIZE  (1ull << 30)
#define MEISHI_SNAPSHOT_MAX_SLOTS 64u

struct meishi_snapshot_header {
    uint64_t magic;
    uint32_t version;
    uint32_t n_slots;
    uint64_t size;        /* of the whole file */
    uint64_t generation;  /* what the pulse page said when it was made */
    uint64_t slots_off;   /* struct meishi_snapshot_slot[n_slots] */
    uint64_t objects_off; /* struct meishi_snapshot_object[n_objects] */
    uint64_t attrs_off;   /* struct meishi_snapshot_attr[n_attrs], grouped by object */
    uint64_t mechs_off;   /* struct meishi_snapshot_mech[n_mechs], grouped by slot */
    uint64_t index_off;   /* struct meishi_snapshot_bucket[index_mask + 1] */
    uint64_t handles_off; /* struct meishi_snapshot_bucket[handles_mask + 1] */
    uint32_t n_objects;
    uint32_t n_attrs;
    uint32_t n_mechs;
    uint32_t index_mask;   /* power of two minus one */
    uint32_t handles_mask; /* power of two minus one */
    uint32_t reserved;
};

/* Text fields are blank padded and not terminated, as in CK_SLOT_INFO and CK_TOKEN_INFO. */
struct meishi_snapshot_slot {
    uint64_t slot_id;
    uint64_t slot_flags;  /* CKF_TOKEN_PRESENT ... */
    uint64_t token_flags; /* CKF_TOKEN_INITIALIZED ... */
    uint64_t insertion;   /* another number each time that a token is put in; 0: there is none */
    char description[64];
    char manufacturer[32]; /* of slot and token */
    char label[32];
    char model[16];
    char serial[16];
    uint32_t first_object; /* of this slot, in the object table */
    uint32_t n_objects;
    uint32_t first_mech;
    uint32_t n_mechs;
};

struct meishi_snapshot_mech {
    uint64_t type;
    uint64_t min_bits; /* ulMinKeySize */
    uint64_t max_bits; /* ulMaxKeySize */
    uint64_t flags;    /* CKF_SIGN ... */
};

struct meishi_snapshot_object {
    uint64_t handle; /* stable over daemon restarts; never 0, fits 31 bits */
    uint64_t class;  /* CKO_... */
    uint32_t first_attr;
    uint32_t n_attrs; /* sorted by type */
};

/* @off 0 and @len MEISHI_SNAPSHOT_SENSITIVE: the attribute exists and is never revealed.
 * CK_ULONG and CK_BBOOL values stand in the client's own form (8 or 1 bytes). */
#define MEISHI_SNAPSHOT_SENSITIVE UINT32_MAX
struct meishi_snapshot_attr {
    uint64_t type; /* CKA_... */
    uint32_t len;
    uint32_t reserved;
    uint64_t off;
};

/* Open addressing, linear probing, insertion in object order: equal keys come out by rank.
 * An empty bucket has @object 0; otherwise it is the object's number plus one. */
struct meishi_snapshot_bucket {
    uint32_t hash;
    uint32_t object;
};

/* The pulse page: one page, written by the daemon, mapped read-only by every client.  A client
 * compares @generation with its snapshot's before each search; no system call is needed. */
struct meishi_pulse {
    uint64_t generation;  /* atomic */
    uint64_t slot_events; /* atomic; counts arrivals and departures of tokens */
};

/* A mapped snapshot; a value, copied freely, ended with meishi_snapshot_unmap(). */
struct meishi_snapshot {
    const uint8_t *base;
    size_t size;
};

/* The attribute types that are indexed by value: CKA_ID, CKA_LABEL, CKA_SUBJECT, CKA_VALUE,
 * CKA_SERIAL_NUMBER, CKA_UNIQUE_ID, CKA_PUBLIC_KEY_INFO.  Every revealed value of such a type has
 * an index entry, an empty one too; at least one bucket of the index stays empty. */
bool meishi_snapshot_is_indexed(uint64_t type);

/* The hash of an index key (FNV-1a over slot, type and value, folded to 32 bits); of a handle. */
uint32_t meishi_snapshot_hash(uint64_t slot_id, uint64_t type, const void *value, size_t len);
uint32_t meishi_snapshot_hash_handle(uint64_t handle);

/* Maps @fd read-only after checking that it is sealed against shrinking and writing and that the
 * header is sane.  Returns false and leaves @ret alone otherwise.  Keeps no reference to @fd. */
bool meishi_snapshot_map(int fd, struct meishi_snapshot *ret);

/* Takes bytes that are already in memory, aligned to 8 (tests, fuzzing); checks the header as
 * above.  Not to be unmapped. */
bool meishi_snapshot_open(const void *base, size_t size, struct meishi_snapshot *ret);
void meishi_snapshot_unmap(struct meishi_snapshot *snapshot);

/* All of the following return NULL (or false) where the file is damaged or has no such entry;
 * what they return points into the mapping. */
const struct meishi_snapshot_header *meishi_snapshot_header(const struct meishi_snapshot *s);
const struct meishi_snapshot_slot *
meishi_snapshot_slot_at(const struct meishi_snapshot *s, uint32_t n);
const struct meishi_snapshot_slot *
meishi_snapshot_slot(const struct meishi_snapshot *s, uint64_t slot_id);
const struct meishi_snapshot_mech *
meishi_snapshot_mech_at(const struct meishi_snapshot *s, const struct meishi_snapshot_slot *slot,
                        uint32_t n);
const struct meishi_snapshot_object *
meishi_snapshot_object_at(const struct meishi_snapshot *s, uint32_t n);
/* Finds an object by handle; stores its number in the object table in @ret_n unless NULL. */
const struct meishi_snapshot_object *
meishi_snapshot_object(const struct meishi_snapshot *s, uint64_t handle, uint32_t *ret_n);
const struct meishi_snapshot_attr *
meishi_snapshot_attr(const struct meishi_snapshot *s, const struct meishi_snapshot_object *object,
                     uint64_t type);
/* @object's attribute number @n, in order of type. */
const struct meishi_snapshot_attr *
meishi_snapshot_attr_at(const struct meishi_snapshot *s,
                        const struct meishi_snapshot_object *object, uint32_t n);
/* The value's bytes; NULL for a sensitive attribute or a damaged offset. */
const void *
meishi_snapshot_value(const struct meishi_snapshot *s, const struct meishi_snapshot_attr *attr);

/* The range [@ret_first, @ret_end) of @slot's objects of @class, in the object table. */
void meishi_snapshot_class_range(const struct meishi_snapshot *s,
                                 const struct meishi_snapshot_slot *slot, uint64_t class,
                                 uint32_t *ret_first, uint32_t *ret_end);

/* A walk through the objects whose index entry has a hash: a superset of those that have the
 * value, best first.  Set @hash from meishi_snapshot_hash() and the rest to 0. */
struct meishi_snapshot_probe {
    uint32_t hash;
    uint32_t step;
};

/* The number of the next such object; false at the end. */
bool meishi_snapshot_probe_next(const struct meishi_snapshot *s,
                                struct meishi_snapshot_probe *probe, uint32_t *ret_n);
