/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The outermost layer of a policy file: lines, groups, keys.  GKeyFile reads the values; this adds
 * what it does not tell, line numbers, repeated groups and repeated keys.
 */
#pragma once

#include <glib.h>

#define MEISHI_SCAN_MAX_BYTES (1024 * 1024)
#define MEISHI_SCAN_MAX_LINES 50000

typedef struct {
    guint line;
    const char *group; /* owned by the scan */
    char *key;         /* NULL: the line that begins the group */
} MeishiScanEntry;

typedef struct {
    GKeyFile *values;
    GArray *entries;   /* MeishiScanEntry, in the file's order */
    GPtrArray *groups; /* char * */
} MeishiScan;

/* Reads @text; remarks go to @lints under the name @file.  NULL where the text cannot be a key
 * file at all; then @lints says why. */
MeishiScan *meishi_scan_new(GBytes *text, const char *file, GPtrArray *lints);
void meishi_scan_free(MeishiScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiScan, meishi_scan_free)
