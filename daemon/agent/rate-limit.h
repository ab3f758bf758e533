/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRateLimit: a token bucket for each caller.  Knows no clock.
 */
#pragma once

#include <glib.h>

typedef struct MeishiRateLimit MeishiRateLimit;

/* @burst calls at once, and then @per_second of them. */
MeishiRateLimit *meishi_rate_limit_new(guint burst, guint per_second);
void meishi_rate_limit_free(MeishiRateLimit *limit); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiRateLimit, meishi_rate_limit_free)

/* May the caller @key call at @now_us (monotonic)?  Counts it where it may. */
gboolean meishi_rate_limit_take(MeishiRateLimit *limit, const char *key, gint64 now_us);

/* How many callers are remembered, for tests. */
guint meishi_rate_limit_size(const MeishiRateLimit *limit);
