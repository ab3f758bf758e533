/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which tokens a program is shown, in which slots and under which names, and which identities lie
 * in each.  What the objects in them look like is for objects.h and attrs.h.
 *
 * Pure.  Slot ids, labels, models and serials are in people's configurations: those of the vault
 * never change, those of a role follow from its name and label, those of a token behind a foreign
 * module are its own, and those of an identity follow from its certificate.
 */
#pragma once

#include "daemon/agent/presentation.h"
#include "module/wire/proto.h"

#define MEISHI_SLOT_VAULT       MEISHI_WIRE_SLOT_VAULT
#define MEISHI_SLOT_VAULT_EDDSA MEISHI_WIRE_SLOT_VAULT_EDDSA
#define MEISHI_SLOT_ROLES       16u /* and the MEISHI_HANDLE_MAX_ROLES - 1 after it */
#define MEISHI_SLOT_TOKENS      MEISHI_WIRE_SLOT_TOKENS /* and the MEISHI_N_SEATS - 1 after it */
#define MEISHI_SLOT_IDENTITIES  64u                     /* plus the certificate's row */

typedef enum {
    MEISHI_LAYOUT_VAULT,             /* every identity in the vault's token */
    MEISHI_LAYOUT_SLOT_PER_IDENTITY, /* for programs that list slots and not certificates */
} MeishiLayout;

typedef struct {
    guint64 slot_id;
    char *label;       /* of the token; at most 32 bytes of UTF-8 */
    char *description; /* of the slot; at most 64 */
    const char *model;
    char *serial;
    guint key_types;      /* 1 << MeishiKeyType: what mechanisms it has */
    gboolean has_digests; /* Java offers RSA-PSS only where it sees CKM_SHA256 */
    gboolean is_present;
    gboolean hides_certificates; /* some of them until somebody has logged in */
    guint64 insertion; /* never 0; as in struct meishi_snapshot_slot where it is present */
    int role;          /* its number, for handles; -1: the token is no role's */
    GPtrArray *shown;  /* MeishiShown, best first; borrowed from the presentation */
} MeishiToken;

void meishi_token_free(MeishiToken *token);

/* MeishiToken, in the order of the slot list; lives no longer than @presentation.  What does not
 * fit into a snapshot is left out: the worst identities, and roles after the last number. */
GPtrArray *meishi_tokens_plan(const MeishiPresentation *presentation, MeishiLayout layout);
