/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Token buckets.  A bucket that is full again says nothing and is dropped when there are many, so
 * that the table holds about as many as there were callers in the last seconds.
 */
#include "daemon/agent/rate-limit.h"

#define MANY 256 /* callers, before the full buckets among them are dropped */

typedef struct {
    double tokens;
    gint64 at_us;
} Bucket;

struct MeishiRateLimit {
    guint burst;
    guint per_second;
    GHashTable *buckets; /* key: Bucket */
};

MeishiRateLimit *
meishi_rate_limit_new(guint burst, guint per_second)
{
    MeishiRateLimit *limit = g_new0(MeishiRateLimit, 1);

    limit->burst = burst;
    limit->per_second = per_second;
    limit->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return limit;
}

void
meishi_rate_limit_free(MeishiRateLimit *limit)
{
    if (limit == NULL)
        return;
    g_hash_table_unref(limit->buckets);
    g_free(limit);
}

static void
refill(const MeishiRateLimit *limit, Bucket *bucket, gint64 now_us)
{
    double seconds = (double)(now_us - bucket->at_us) / G_USEC_PER_SEC;

    bucket->tokens = MIN(bucket->tokens + seconds * limit->per_second, limit->burst);
    bucket->at_us = now_us;
}

static void
drop_full(MeishiRateLimit *limit, gint64 now_us)
{
    GHashTableIter iter;
    gpointer bucket;

    g_hash_table_iter_init(&iter, limit->buckets);
    while (g_hash_table_iter_next(&iter, NULL, &bucket)) {
        refill(limit, bucket, now_us);
        if (((Bucket *)bucket)->tokens >= limit->burst)
            g_hash_table_iter_remove(&iter);
    }
}

static Bucket *
new_bucket(MeishiRateLimit *limit, const char *key, gint64 now_us)
{
    Bucket *bucket = g_new0(Bucket, 1);

    if (g_hash_table_size(limit->buckets) >= MANY)
        drop_full(limit, now_us);
    bucket->tokens = limit->burst;
    bucket->at_us = now_us;
    g_hash_table_insert(limit->buckets, g_strdup(key), bucket);
    return bucket;
}

gboolean
meishi_rate_limit_take(MeishiRateLimit *limit, const char *key, gint64 now_us)
{
    Bucket *bucket = g_hash_table_lookup(limit->buckets, key);

    if (bucket == NULL)
        bucket = new_bucket(limit, key, now_us);
    refill(limit, bucket, now_us);
    if (bucket->tokens < 1)
        return FALSE;
    bucket->tokens -= 1;
    return TRUE;
}

guint
meishi_rate_limit_size(const MeishiRateLimit *limit)
{
    return g_hash_table_size(limit->buckets);
}
