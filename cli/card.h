/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCard: what the daemon says of one identity, read once.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct {
    char *path;             /* of its D-Bus object */
    GHashTable *properties; /* name to GVariant */
    char *successor_id;     /* of the identity that has superseded it; NULL */
    char *successor_label;
} MeishiCard;

/* @properties: the a{sv} of org.meishi.Agent1.Identity. */
MeishiCard *meishi_card_new(const char *path, GVariant *properties);
void meishi_card_free(MeishiCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiCard, meishi_card_free)

/* Finds the successors of all @cards (MeishiCard) among them. */
void meishi_card_link(GPtrArray *cards);

/* Borrowed; "", 0 and an empty list where the daemon says nothing.  The list is a new array of
 * borrowed strings. */
const char *meishi_card_text(const MeishiCard *card, const char *property);
gint64 meishi_card_number(const MeishiCard *card, const char *property);
gboolean meishi_card_is(const MeishiCard *card, const char *property);
const char **meishi_card_list(const MeishiCard *card, const char *property);

/* Whether @warning ("expired") stands among its warnings. */
gboolean meishi_card_has_warning(const MeishiCard *card, const char *warning);

/* Label, cleaned and in quotation marks, for a sentence; new. */
char *meishi_card_quoted(const MeishiCard *card);

/* "superseded by “LABEL”", cleaned, new; NULL where it is not. */
char *meishi_card_superseded(const MeishiCard *card);

/* Adds the card as an object with the keys of meishi(1). */
void meishi_card_to_json(const MeishiCard *card, JsonBuilder *json);

/* For g_ptr_array_sort(): by label as the language sorts, then by id. */
int meishi_card_compare(gconstpointer a, gconstpointer b);
