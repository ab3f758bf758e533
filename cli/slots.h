/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key slots of the vault, for people and for programs.
 */
#pragma once

#include <json-glib/json-glib.h>

/* @slots: the property Slots of org.meishi.Agent1.Vault, aa{sv}, also NULL. */
void meishi_slots_print(GVariant *slots);
void meishi_slots_to_json(GVariant *slots, JsonBuilder *json); /* an array */

/* "Secret Service", "passphrase", "key file" for a kind as it crosses the bus; static. */
const char *meishi_slots_kind_name(const char *kind);

/* "keyring, passphrase": each slot's kind, in a row; new. */
char *meishi_slots_summary(GVariant *slots);

/* What the daemon says about a vault that was just made. */
void meishi_slots_print_made(const char *message);

/* "key file PATH": the slot of that number; new, or NULL where there is none. */
char *meishi_slots_describe(GVariant *slots, gint64 id);
