/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A view: what one client is shown, and what the daemon needs to act on it.
 *
 * Immutable once made and reference counted, so that a worker goes on with the view it began with
 * while the main loop publishes the next.  Any thread.
 */
#pragma once

#include "daemon/agent/identity.h"

typedef struct MeishiView MeishiView;

/* Shows @identities (MeishiIdentity, best first).  NO_SPACE, IO. */
MeishiView *meishi_view_new(GPtrArray *identities, guint64 generation,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
MeishiView *meishi_view_ref(MeishiView *view);
void meishi_view_unref(MeishiView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiView, meishi_view_unref)

guint64 meishi_view_generation(const MeishiView *view);

/* The sealed file with the snapshot; stays the view's. */
int meishi_view_snapshot(const MeishiView *view);

/* Which tokens are present: a bit per slot id. */
guint64 meishi_view_present(const MeishiView *view);

/* Whose key @handle is, NULL for what is no key of this view.  Stays the view's. */
const MeishiIdentity *
meishi_view_find_key(const MeishiView *view, guint64 handle, gboolean *ret_is_private);
