/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects as the C_ functions see them: token objects, which lie in the snapshot, and session
 * objects, which C_DeriveKey made here.  Values have the snapshot's form (numbers take 8 bytes).
 */
#pragma once

#include "module/state.h"

/* Handles of session objects begin where those of the snapshot end. */
#define MEISHI_OBJECT_FIRST_LOCAL 0x80000000UL

struct meishi_value {
    const uint8_t *data;
    size_t len;
    bool is_sensitive; /* there, but not to be shown; no data */
};

#define MEISHI_OBJECT_MAX_ATTRS 24

struct meishi_object_attr {
    uint64_t type;
    struct meishi_value value; /* data owned */
};

/* A session object; in a list, newest first. */
struct meishi_object {
    struct meishi_object *next;
    CK_OBJECT_HANDLE handle;
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot_id;
    unsigned n_attrs;
    struct meishi_object_attr attrs[MEISHI_OBJECT_MAX_ATTRS];
};

/* Either kind; valid until the state is left. */
struct meishi_object_ref {
    const struct meishi_snapshot *snapshot;
    const struct meishi_snapshot_object *shared;
    const struct meishi_object *local;
};

/* Finds @handle as @session may see it. */
bool meishi_object_find(const struct meishi_session *session, CK_OBJECT_HANDLE handle,
                        struct meishi_object_ref *ret);

bool meishi_object_read(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type,
                        struct meishi_value *ret);

/* The number (or truth) of an attribute; false where it is not there or of another form. */
bool
meishi_object_number(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type, uint64_t *ret);
bool meishi_object_is(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type);

/* ---- making session objects ---------------------------------------------------------------- */

struct meishi_object *meishi_object_new(void); /* NULL without memory */
void meishi_object_free(struct meishi_object *object);

/* Adds an attribute or replaces it; false without memory or room.  @value is copied. */
bool meishi_object_set(struct meishi_object *object, CK_ATTRIBUTE_TYPE type, const void *value,
                       size_t len);
bool
meishi_object_set_number(struct meishi_object *object, CK_ATTRIBUTE_TYPE type, uint64_t number);
bool meishi_object_set_bool(struct meishi_object *object, CK_ATTRIBUTE_TYPE type, bool truth);

/* Hides the value of an attribute. */
void meishi_object_hide(struct meishi_object *object, CK_ATTRIBUTE_TYPE type);

/* Takes @object over and gives it a handle. */
CK_OBJECT_HANDLE
meishi_object_add(struct meishi_object *object, const struct meishi_session *session);
void meishi_object_remove(CK_OBJECT_HANDLE handle);
void meishi_object_remove_session(CK_SESSION_HANDLE session);
