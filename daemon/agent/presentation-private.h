/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPresentation from inside: for agent-present.c, which fills it.
 */
#pragma once

#include "daemon/agent/presentation.h"

/* Empty; to be filled, then sealed. */
MeishiPresentation *meishi_presentation_new(void);

/* Works out the fingerprint; nothing may be changed after that. */
void meishi_presentation_seal(MeishiPresentation *presentation);

/* Another one with the same content. */
MeishiPresentation *meishi_presentation_share(const MeishiPresentation *presentation);

MeishiShown *meishi_shown_new(MeishiIdentity *identity, MeishiConfirm confirm);

/* For digests in which no two values may run together. */
void meishi_presentation_hash_text(GChecksum *sum, const char *text);
void meishi_presentation_hash_number(GChecksum *sum, guint64 number);
