/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault's passphrase, asked for only where the vault cannot be opened without it.
 */
#pragma once

#include "cli/client.h"
#include "cli/secret-option.h"

typedef struct {
    MeishiSecretOption option; /* --proof-file, --proof-fd */
    MeishiSecret *secret;      /* what to send; NULL: nothing yet */
    guint n_asked;
} MeishiProof;

void meishi_proof_clear(MeishiProof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiProof, meishi_proof_clear)

/* Reads the option where it is given.  Where a passphrase is the only way in, asks for it. */
gboolean meishi_proof_prepare(MeishiProof *proof, MeishiClient *client,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After a call failed with *@error: TRUE where it was for want of the (right) passphrase and the
 * person has typed one now; the error is cleared and the call can be made again. */
gboolean meishi_proof_try_again(MeishiProof *proof, MeishiClient *client, GError **error);

/* Adds "proof" to @options where there is one. */
gboolean meishi_proof_send(MeishiProof *proof, const char *name, GVariantDict *options,
                           GUnixFDList *fds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Unlocks the vault, asking for the passphrase where that is what it takes. */
gboolean meishi_proof_unlock(MeishiProof *proof, MeishiClient *client,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After a call failed because the vault is locked: unlocks it, so that the call can be made
 * again. */
gboolean meishi_proof_unlock_after(MeishiClient *client, GError **error);
