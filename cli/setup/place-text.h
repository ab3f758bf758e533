/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What setup makes of the text of a place, and what undo takes out of it.
 */
#pragma once

#include "cli/setup/file-state.h"
#include "cli/setup/place.h"

/* What the file of @place, now @file, has to be. */
GBytes *meishi_place_text_make(const MeishiPlace *place, const MeishiFileState *file,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @file without what setup puts into a place of @kind.  UNSUPPORTED where that cannot be told from
 * what others wrote. */
GBytes *meishi_place_text_without(MeishiPlaceKind kind, const MeishiFileState *file,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The permissions of a new file of @kind. */
guint meishi_place_text_mode(MeishiPlaceKind kind, gboolean is_system);
