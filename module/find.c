/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Searches, answered from the snapshot.
 *
 * The template decides how: an indexed attribute (CKA_ID, label, subject ...) is looked up by hash,
 * a class is a range of the sorted table, anything else goes through all objects of the slot.
 * Either way objects come out best first.  A search holds the view it began with; session objects
 * follow at the end.
 */
#include "module/find.h"

#include "module/attrs.h"
#include "module/object.h"

#include <stdlib.h>

struct meishi_search {
    struct meishi_view *view; /* NULL: no token objects */
    CK_SLOT_ID slot_id;
    struct meishi_pattern *pattern;
    bool is_probing; /* by hash; else through the range */
    struct meishi_snapshot_probe probe;
    uint32_t first_object, end_object; /* of the slot, or of the class in it */
    uint32_t next;
    CK_OBJECT_HANDLE last_local; /* session objects up to here were looked at */
};

void
meishi_search_free(struct meishi_search *search)
{
    if (search == NULL)
        return;
    meishi_view_unref(search->view);
    free(search->pattern);
    free(search);
}

/* ---- planning ------------------------------------------------------------------------------ */

static bool
pattern_class(const struct meishi_pattern *pattern, uint64_t *ret)
{
    for (unsigned i = 0; i < pattern->n; i++) {
        if (pattern->attrs[i].type != CKA_CLASS || pattern->attrs[i].len != sizeof *ret)
            continue;
        __builtin_memcpy(ret, pattern->attrs[i].data, sizeof *ret);
        return true;
    }
    return false;
}

static void
plan_probe(struct meishi_search *search)
{
    const struct meishi_pattern *pattern = search->pattern;

    for (unsigned i = 0; i < pattern->n && !search->is_probing; i++) {
        if (!meishi_snapshot_is_indexed(pattern->attrs[i].type))
            continue;
        search->is_probing = true;
        search->probe.hash = meishi_snapshot_hash(search->slot_id, pattern->attrs[i].type,
                                                  pattern->attrs[i].data, pattern->attrs[i].len);
    }
}

static void
plan(struct meishi_search *search)
{
    const struct meishi_snapshot_slot *slot = meishi_view_slot(search->slot_id);
    uint64_t class;

    if (slot == NULL)
        return;
    search->view = meishi_view_ref(meishi_state.view);
    search->first_object = slot->first_object;
    search->end_object = slot->first_object + slot->n_objects;
    if (pattern_class(search->pattern, &class))
        meishi_snapshot_class_range(&search->view->snapshot, slot, class, &search->first_object,
                                    &search->end_object);
    search->next = search->first_object;
    if (search->first_object < search->end_object)
        plan_probe(search);
}

/* ---- going on ------------------------------------------------------------------------------ */

/* The next object of the plan, whether it matches or not. */
static bool
next_candidate(struct meishi_search *search, uint32_t *ret_n)
{
    if (search->is_probing) {
        while (meishi_snapshot_probe_next(&search->view->snapshot, &search->probe, ret_n))
            if (*ret_n >= search->first_object && *ret_n < search->end_object)
                return true;
        return false;
    }
    *ret_n = search->next;
    return search->next < search->end_object && search->next++ < UINT32_MAX;
}

static CK_OBJECT_HANDLE
next_shared(struct meishi_search *search)
{
    struct meishi_object_ref ref = {.local = NULL};
    uint32_t n;

    if (search->view == NULL)
        return CK_INVALID_HANDLE;
    ref.snapshot = &search->view->snapshot;
    while (next_candidate(search, &n)) {
        ref.shared = meishi_snapshot_object_at(ref.snapshot, n);
        if (ref.shared != NULL && meishi_pattern_matches(search->pattern, &ref))
            return (CK_OBJECT_HANDLE)ref.shared->handle;
    }
    search->is_probing = false;
    search->next = search->end_object;
    return CK_INVALID_HANDLE;
}

/* The list of session objects is short and newest first; they come out oldest first. */
static CK_OBJECT_HANDLE
next_local(struct meishi_search *search)
{
    const struct meishi_object *best = NULL;

    for (const struct meishi_object *object = meishi_state.objects; object != NULL;
         object = object->next) {
        struct meishi_object_ref ref = {.local = object};

        if (object->slot_id == search->slot_id && object->handle > search->last_local &&
            (best == NULL || object->handle < best->handle) &&
            meishi_pattern_matches(search->pattern, &ref))
            best = object;
    }
    if (best == NULL)
        return CK_INVALID_HANDLE;
    search->last_local = best->handle;
    return best->handle;
}

static CK_OBJECT_HANDLE
next_match(struct meishi_search *search)
{
    CK_OBJECT_HANDLE handle = next_shared(search);

    return handle != CK_INVALID_HANDLE ? handle : next_local(search);
}

/* ---- C_ functions -------------------------------------------------------------------------- */

static CK_RV
begin(struct meishi_session *session, const CK_ATTRIBUTE *templ, CK_ULONG count)
{
    struct meishi_search *search;
    CK_RV rv;

    if (session->search != NULL)
        return CKR_OPERATION_ACTIVE;
    search = calloc(1, sizeof *search);
    if (search == NULL)
        return CKR_HOST_MEMORY;
    search->slot_id = session->slot_id;
    rv = meishi_pattern_new(templ, count, &search->pattern);
    if (rv != CKR_OK) {
        meishi_search_free(search);
        return rv;
    }
    plan(search);
    session->search = search;
    return CKR_OK;
}

/* Browsers ask for trust objects hundreds of times in a handshake, for data objects and for lists
 * of roots at start; there are none, whatever the daemon says now. */
static bool
is_never_there(const CK_ATTRIBUTE *templ, CK_ULONG count)
{
    CK_ULONG class;

    return meishi_attrs_find_number(templ, count, CKA_CLASS, &class) && class != CKO_CERTIFICATE &&
           class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY && class != CKO_PROFILE;
}

CK_RV
C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count)
{
    struct meishi_session *s;
    CK_RV rv;

    if (templ == NULL && count > 0)
        return CKR_ARGUMENTS_BAD;
    if (!is_never_there(templ, count))
        meishi_view_refresh();
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        rv = begin(s, templ, count);
    meishi_state_leave();
    return rv;
}

CK_RV
C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max_count,
              CK_ULONG *count)
{
    struct meishi_session *s;
    CK_ULONG n = 0;
    CK_RV rv;

    if (count == NULL || (objects == NULL && max_count > 0))
        return CKR_ARGUMENTS_BAD;
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK && s->search == NULL)
        rv = CKR_OPERATION_NOT_INITIALIZED;
    if (rv == CKR_OK) {
        while (n < max_count && (objects[n] = next_match(s->search)) != CK_INVALID_HANDLE)
            n++;
        *count = n;
    }
    meishi_state_leave();
    return rv;
}

CK_RV
C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
    struct meishi_session *s;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK && s->search == NULL)
        rv = CKR_OPERATION_NOT_INITIALIZED;
    if (rv == CKR_OK) {
        meishi_search_free(s->search);
        s->search = NULL;
    }
    meishi_state_leave();
    return rv;
}
