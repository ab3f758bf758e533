/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From identities to slots and objects: what the module shows, and in which order.
 *
 * Pure: identities in, slots, mechanisms and objects into a snapshot writer.  Slot ids, labels,
 * model and serial are in people's configurations and never change.
 */
#pragma once

#include "daemon/agent/identity.h"
#include "daemon/server/snapshot-writer.h"

#define MEISHI_SLOT_VAULT       1u
#define MEISHI_SLOT_VAULT_EDDSA 2u

/* The slot that shows keys of @type. */
guint64 meishi_objects_slot(MeishiKeyType type);

/* Writes every slot for @identities (MeishiIdentity, best first).  Returns which tokens are
 * present: a bit per slot id. */
guint64 meishi_objects_write(GPtrArray *identities, MeishiSnapshotWriter *writer);
