/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of one import hold, all together, without duplicates, and which of it belongs to
 * which key.  Borrows everything from the MeishiImportInput it was made of.
 */
#pragma once

#include "daemon/agent/import-plan.h"

typedef enum {
    MEISHI_FATE_PASSED_OVER, /* until something wants it */
    MEISHI_FATE_KNOWN,       /* this certificate is in the vault */
    MEISHI_FATE_NEW,         /* its key is in these files and not in the vault */
    MEISHI_FATE_COMPLETES,   /* its key is in the vault */
    MEISHI_FATE_ISSUER,      /* certifies an identity */
} MeishiFate;

typedef struct {
    const MeishiBundleKey *bag;
    const char *file;
    gboolean is_paired;             /* a certificate in these files fits it */
    const MeishiIdentity *identity; /* that has this key already */
    gboolean is_planned;            /* it is in the plan, */
    guint index;                    /* here */
} MeishiFoundKey;

typedef struct {
    const MeishiBundleCert *bag;
    const char *file;
    MeishiFate fate;
    const MeishiIdentity *identity; /* KNOWN, COMPLETES: whose certificate, or key, it is */
    MeishiFoundKey *key;            /* in these files; may be NULL */
} MeishiFoundCert;

typedef struct {
    GPtrArray *certs; /* MeishiFoundCert, in the order of the files */
    GPtrArray *keys;  /* MeishiFoundKey */
} MeishiImportContents;

MeishiImportContents *meishi_import_contents_new(const MeishiImportInput *input);
void meishi_import_contents_free(MeishiImportContents *contents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImportContents, meishi_import_contents_free)

/* NULL where it is not there. */
MeishiFoundCert *
meishi_import_contents_find(const MeishiImportContents *contents, const MeishiCert *cert);

gboolean meishi_import_contents_is_same(const MeishiCert *a, const MeishiCert *b);
