/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Values of the agent as D-Bus values.  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/agent.h"

/* Floating. */
GVariant *meishi_report_import(const MeishiImportReport *report);
/* @slots: MeishiStoreSlot; floating. */
GVariant *meishi_report_slots(GPtrArray *slots);

/* "secret-service"; static. */
const char *meishi_report_slot_kind(MeishiSlotKind kind);
/* And back; "" is 0, the best at hand.  FALSE for anything else. */
gboolean meishi_report_parse_slot_kind(const char *text, MeishiSlotKind *ret_kind);

/* Names of the bits set in @warnings (MeishiWarning); a new array. */
GPtrArray *meishi_report_warnings(guint warnings);
