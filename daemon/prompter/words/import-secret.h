/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImportSecret: what the pages of an import say that want a secret: the password of a file,
 * the passphrase of the vault, a new one for a vault that is made.  Pure, and never near a secret.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_IMPORT_SECRET_FILE,     /* the password of a file */
    MEISHI_IMPORT_SECRET_KEY,      /* that of the private key in it */
    MEISHI_IMPORT_SECRET_VAULT,    /* the vault's passphrase */
    MEISHI_IMPORT_SECRET_NEW_VAULT /* a new one, typed twice */
} MeishiImportSecretKind;

typedef struct {
    MeishiImportSecretKind kind;
    char *heading;
    const char *text;
    const char *wrong;          /* the last one was; NULL */
    const char *field, *again;  /* names of the fields; @again NULL: one is enough */
    const char *accept, *means; /* the button, and what it does */
    gboolean is_consent;        /* it stores something */
} MeishiImportSecret;

/* @file: whose password; NULL where it is not known. */
MeishiImportSecret *
meishi_import_secret_new(MeishiImportSecretKind kind, const char *file, gboolean was_wrong);
void meishi_import_secret_free(MeishiImportSecret *secret); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImportSecret, meishi_import_secret_free)
