/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPolicyFilter: one entry of Chromium's AutoSelectCertificateForUrls, a URL pattern and what
 * the issuer's and the subject's names must hold.  Both directions of the conversion meet here.
 */
#pragma once

#include <json-glib/json-glib.h>

/* The attributes that Chromium looks at, of the issuer and then of the subject. */
#define MEISHI_POLICY_FILTER_ATTRIBUTES 8

typedef struct {
    const char *section;   /* "ISSUER" */
    const char *attribute; /* "CN" */
    const char *key;       /* "Identity-Issuer-CN" */
} MeishiPolicyFilterAttribute;

extern const MeishiPolicyFilterAttribute
    meishi_policy_filter_attributes[MEISHI_POLICY_FILTER_ATTRIBUTES];

typedef struct {
    char *pattern;                                 /* "https://[*.]example.com" */
    char *values[MEISHI_POLICY_FILTER_ATTRIBUTES]; /* NULL: any */
} MeishiPolicyFilter;

MeishiPolicyFilter *meishi_policy_filter_new(const char *pattern);
void meishi_policy_filter_free(MeishiPolicyFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPolicyFilter, meishi_policy_filter_free)

/* Reads {"pattern": ..., "filter": {...}}.  NULL with a sentence in @losses (char *) for what
 * Chromium passes over, and a sentence for each part that Chromium does not look at. */
MeishiPolicyFilter *meishi_policy_filter_read(JsonObject *entry, GPtrArray *losses);

/* Adds such a sentence. */
void meishi_policy_filter_lose(GPtrArray *losses, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A filter as one line of JSON; new. */
char *meishi_policy_filter_format(const MeishiPolicyFilter *filter);

/* A URL pattern's parts in our words. */
typedef struct {
    char *host; /* of Match-Host: "*", ".example.com", "a.example.com" */
    guint port; /* 0: any */
} MeishiPolicyPattern;

/* Reads a pattern.  Where it has no equal here, the result is FALSE and @ret_why (static) says
 * why. */
gboolean meishi_policy_filter_pattern(const char *pattern, MeishiPolicyPattern *ret_pattern,
                                      const char **ret_why);
