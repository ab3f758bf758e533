/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tokens of one module at one moment: arrays of MeishiTokenContent.  Pure.
 */
#pragma once

#include "daemon/token/token-content.h"

/* An empty one. */
GPtrArray *meishi_token_contents_new(void);

/* Whether somebody who looks at tokens sees a difference. */
gboolean meishi_token_contents_are_same(const GPtrArray *a, const GPtrArray *b);

/* Nothing can come or go in slots that are fixed and full. */
gboolean meishi_token_contents_may_change(const GPtrArray *contents);

/* A token with something on it, as against one that was never initialized. */
gboolean meishi_token_contents_hold_anything(const GPtrArray *contents);

/* Whether all let themselves be read. */
gboolean meishi_token_contents_are_read(const GPtrArray *contents);

/* Some token says that a wrong PIN was given. */
gboolean meishi_token_contents_had_wrong_pin(const GPtrArray *contents);

/* The same, but with the objects of @listing on @state, which is among them. */
GPtrArray *meishi_token_contents_reveal(const GPtrArray *contents, const MeishiTokenContent *state,
                                        struct meishi_bytes listing);
