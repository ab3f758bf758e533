/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A view: what a program is shown, and what it may use.
 *
 * The two are one object because hiding is enforcing: whatever handle a program sends, it is looked
 * up in its own view.  Immutable once made and reference counted, so that a worker goes on with the
 * view it began with while the main loop publishes the next.  Any thread.
 */
#pragma once

#include "daemon/agent/presentation.h"
#include "daemon/server/tokens.h"

typedef struct MeishiView MeishiView;

/* Shows what @presentation has, in @layout.  NO_SPACE, IO. */
MeishiView *meishi_view_new(const MeishiPresentation *presentation, MeishiLayout layout,
                            guint64 generation, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Shows what @old does, its generation included, and allows what @presentation has: for when there
 * is no room for what would have to be shown. */
MeishiView *meishi_view_new_unseen(const MeishiView *old, const MeishiPresentation *presentation,
                                   MeishiLayout layout);

MeishiView *meishi_view_ref(MeishiView *view);
void meishi_view_unref(MeishiView *view); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiView, meishi_view_unref)

/* Names what is shown: equal for equal snapshots. */
guint64 meishi_view_generation(const MeishiView *view);

/* Is it the one for a presentation with @fingerprint in @layout? */
gboolean meishi_view_is_for(const MeishiView *view, const char *fingerprint, MeishiLayout layout);

/* The sealed file with the snapshot; stays the view's. */
int meishi_view_snapshot(const MeishiView *view);

/* Whether the token in a slot is there, and whether the same are in another view, put in once. */
gboolean meishi_view_is_present(const MeishiView *view, guint64 slot_id);
gboolean meishi_view_has_same_tokens(const MeishiView *view, const MeishiView *other);

/* What a handle stands for.  The identity stays the view's. */
typedef struct {
    const MeishiIdentity *identity; /* NULL: no key of this view */
    gboolean is_private;
    gboolean is_withheld; /* there is such a key, and it is not for this program */
    MeishiConfirm confirm;
} MeishiViewKey;

MeishiViewKey meishi_view_find_key(const MeishiView *view, guint64 handle);
