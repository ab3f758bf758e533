/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Secret Service as the helper uses it: blocking, through libsecret.
 */
#pragma once

#include "daemon/base/secret.h"

/* What is looked for or stored. */
typedef struct {
    gboolean is_pin;   /* of a token; else the vault's key */
    const char *name;  /* value of its attribute */
    const char *title; /* of a PIN that is stored */
} MeishiSecretItem;

/* Each returns an enum of message.h; @ret_text says more where it is not OK (new).  @interactive: a
 * locked keyring may ask the person. */
int meishi_secret_service_lookup(const MeishiSecretItem *item, gboolean interactive,
                                 MeishiSecret **ret_secret, char **ret_text);
int meishi_secret_service_store(const MeishiSecretItem *item, gboolean interactive,
                                MeishiSecret *secret, char **ret_text);
int
meishi_secret_service_clear(const MeishiSecretItem *item, gboolean interactive, char **ret_text);
