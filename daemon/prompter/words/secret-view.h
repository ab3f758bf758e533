/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiSecretView: the words with which a secret is asked for: the vault's passphrase or a token's
 * PIN.  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

typedef struct {
    char *name, *value;
} MeishiSecretFact;

typedef struct {
    char *title, *heading;
    GPtrArray *facts;  /* MeishiSecretFact: for what it is asked */
    const char *field; /* with a mnemonic; NULL: it is not typed here */
    char *hint;        /* below the field; NULL */
    char *problem;     /* of what was given before; NULL */
    char *warning;     /* NULL */
    char *note;        /* what comes of it; NULL */
    const char *refuse_effect;
    const char *yes, *yes_effect; /* NULL: nothing is waited for but the person at the reader */
    char *insist;                 /* what a second click is asked for with; NULL: one is enough */
    const char *insist_yes;
} MeishiSecretView;

/* For "unlock" and "pin". */
MeishiSecretView *meishi_secret_view_new(const MeishiQuestion *question);
void meishi_secret_view_free(MeishiSecretView *view); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSecretView, meishi_secret_view_free)

/* Why a secret of @len bytes need not be sent, which could cost a try; new, NULL: it may be right.
 */
char *meishi_secret_view_check(const MeishiQuestion *question, gsize len);
