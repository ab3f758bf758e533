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
/* @modules: MeishiModuleView; floating. */
GVariant *meishi_report_modules(GPtrArray *modules);

/* "secret-service"; static. */
const char *meishi_report_slot_kind(MeishiSlotKind kind);
/* And back; "" is 0, the best at hand.  FALSE for anything else. */
gboolean meishi_report_parse_slot_kind(const char *text, MeishiSlotKind *ret_kind);

/* Names of the bits set in @warnings (MeishiWarning); a new array. */
GPtrArray *meishi_report_warnings(guint warnings);

/* @text as a string of the bus, which is UTF-8 whatever a file is called; NULL: "".  Floating. */
GVariant *meishi_report_text(const char *text);

/* The same under @name; nothing where @text is NULL. */
void meishi_report_add_text(GVariantDict *dict, const char *name, const char *text);
