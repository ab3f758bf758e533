/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was found where, on its way into Meishi: places (a profile, a directory), and the items in
 * them (an identity, a file), each with what became of it.  A value; it opens nothing itself.
 */
#pragma once

#include "cli/input-file.h"
#include "cli/move-in/sniff.h"
#include "daemon/base/secret.h"

typedef struct {
    char *title; /* for people: "Firefox, profile “default”" */
    char *path;
    guint n_found;   /* identities */
    guint n_links;   /* that lead out of it and were not followed */
    GError *trouble; /* why it could not be read; NULL */
} MeishiHaulPlace;

typedef struct {
    MeishiHaulPlace *place;
    char *name;            /* what people know it by */
    MeishiInputFile *file; /* NULL where there never was one */
    MeishiSniff kind;      /* of a file in a directory */
    gboolean is_put_by;    /* not sent for itself: it has no key */
    guint n_bare_keys;     /* without a certificate in the same file */
    gboolean is_new;       /* something in it is not in Meishi yet */
    gboolean is_identity;  /* holds a key and its certificate */
    GError *trouble;       /* why it could not be taken; NULL */
} MeishiHaulItem;

typedef struct {
    GPtrArray *places; /* MeishiHaulPlace */
    GPtrArray *items;  /* MeishiHaulItem */
    /* The password of items that were taken out of a database, known to this process alone; NULL
     * before the first. */
    MeishiSecret *seal;
} MeishiHaul;

MeishiHaul *meishi_haul_new(void);
void meishi_haul_free(MeishiHaul *haul); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiHaul, meishi_haul_free)

/* Borrowed from @haul. */
MeishiHaulPlace *meishi_haul_add_place(MeishiHaul *haul, const char *title, const char *path);

/* Takes @file over. */
MeishiHaulItem *
meishi_haul_add_item(MeishiHaul *haul, MeishiHaulPlace *place, MeishiInputFile *file);

/* What cannot even be sent; takes @trouble over. */
void meishi_haul_add_refused(MeishiHaul *haul, MeishiHaulPlace *place, const char *name,
                             GError *trouble);

/* The files (MeishiInputFile, borrowed) that are to be sent. */
GPtrArray *meishi_haul_files(const MeishiHaul *haul);
gboolean meishi_haul_has_files(const MeishiHaul *haul);

/* The first trouble, of a place or else of an item, without a message, since the report has it:
 * FALSE where there was one. */
gboolean meishi_haul_verdict(const MeishiHaul *haul, GError **error);
