/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From tokens to slots and objects of a snapshot: which objects there are and in which order.
 *
 * Pure: tokens in, slots, mechanisms and objects into a snapshot writer.
 */
#pragma once

#include "daemon/server/snapshot-writer.h"
#include "daemon/server/tokens.h"

/* Writes a slot for each of @tokens (MeishiToken, in the order of the slot list). */
void meishi_objects_write(GPtrArray *tokens, MeishiSnapshotWriter *writer);
