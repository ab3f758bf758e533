/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiSelection: what the daemon decided about a server, as org.meishi.Agent1.Selector describes
 * it.  Selecting itself is in selecting.h.
 */
#pragma once

#include "cli/json.h"
#include "cli/target.h"

/* The numbers of org.meishi.Agent1.Selector. */
typedef enum {
    MEISHI_SELECTION_SELECTED,
    MEISHI_SELECTION_NONE,
    MEISHI_SELECTION_DISMISSED,
    MEISHI_SELECTION_DEFERRED,
    MEISHI_SELECTION_DENIED,
    MEISHI_SELECTION_TIMED_OUT,
    MEISHI_SELECTION_NOBODY,
    MEISHI_SELECTION_CANCELLED,
    MEISHI_SELECTION_PROMPT, /* of a dry run: a person would be asked */
} MeishiSelectionResult;

typedef struct {
    MeishiSelectionResult result;
    GVariant *details; /* a{sv} */
} MeishiSelection;

/* Takes a reference to @details (or sinks it). */
MeishiSelection *meishi_selection_new(GVariant *details);
/* Where the server asks for no certificate, so that the daemon was not asked for one: none. */
MeishiSelection *meishi_selection_new_unasked(void);
void meishi_selection_free(MeishiSelection *selection); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSelection, meishi_selection_free)

/* A detail as text, borrowed; "" where the daemon says nothing. */
const char *meishi_selection_text(const MeishiSelection *selection, const char *name);

/* TRUE where an identity was selected; else FALSE with an error that says why none was, and what to
 * do, and has the exit status of meishi(1). */
gboolean meishi_selection_check(const MeishiSelection *selection, const MeishiTarget *target,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same with an error that has no message. */
gboolean
meishi_selection_check_quietly(const MeishiSelection *selection, const MeishiTarget *target,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The labels of the identities that a person could choose from (of "question"); new. */
char **meishi_selection_labels(const MeishiSelection *selection);

/* Adds members to the object that is being built. */
void meishi_selection_to_json(const MeishiSelection *selection, const MeishiTarget *target,
                              JsonBuilder *json);
