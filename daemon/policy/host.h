/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a certificate is asked for: a host in its one normal form, and the patterns by which rules
 * speak of hosts and ports.  Everything that compares hosts compares these normal forms.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_HOST_UNKNOWN, /* the door does not know: PKCS#11 without a hint */
    MEISHI_HOST_NAME,
    MEISHI_HOST_IPV4,
    MEISHI_HOST_IPV6,
    MEISHI_HOST_SSID, /* EAP-TLS: a network's name */
} MeishiHostKind;

typedef struct {
    MeishiHostKind kind;
    char *text;      /* A-labels in lower case; canonical address; "ssid:..."; NULL: unknown */
    guint8 addr[16]; /* of the two IP kinds, network order */
} MeishiHost;

/* Brings @text into its normal form: A-labels, lower case, no trailing dot; RFC 5952 for IPv6,
 * which may stand in brackets; an IPv4-mapped address becomes IPv4.  INVALID_ARGUMENT says what is
 * wrong with it.  RFC 5280 7.2, 7.3: labels are compared without case. */
gboolean
meishi_host_parse(const char *text, MeishiHost *ret_host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_host_clear(MeishiHost *host);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiHost, meishi_host_clear)

/* Labels in a name; 0 for what is not a name. */
guint meishi_host_labels(const MeishiHost *host);

typedef enum {
    MEISHI_PATTERN_ANY,    /* "*" */
    MEISHI_PATTERN_BELOW,  /* "*.name": one label or more before it */
    MEISHI_PATTERN_DOMAIN, /* ".name": the name and all below it */
    MEISHI_PATTERN_NET,    /* "10.0.0.0/8" */
    MEISHI_PATTERN_EXACT,  /* a name, an address, "ssid:x" */
} MeishiPatternKind;

typedef struct {
    MeishiPatternKind kind;
    gboolean exclude;  /* began with "!" */
    gboolean was_utf8; /* was converted to A-labels */
    char *name;        /* without "*." or "."; NULL for ANY and NET */
    MeishiHostKind family;
    guint8 addr[16];
    guint prefix_len;
} MeishiHostPattern;

MeishiHostPattern *
meishi_host_pattern_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_host_pattern_free(MeishiHostPattern *pattern);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiHostPattern, meishi_host_pattern_free)

/* Whether it fits, its exclude mark aside. */
gboolean meishi_host_pattern_matches(const MeishiHostPattern *pattern, const MeishiHost *host);

typedef enum {
    MEISHI_FIT_NO,
    MEISHI_FIT_UNKNOWN, /* cannot be told: the door does not know the target */
    MEISHI_FIT_YES,
} MeishiFit;

/* How specific a fitting pattern is, larger first: exact, then longest suffix or prefix, then any.
 */
#define MEISHI_SPECIFIC_ANY   0
#define MEISHI_SPECIFIC_EXACT 1000

/* A list (of MeishiHostPattern) fits where one of its patterns does and none of its excludes;
 * with nothing but excludes it fits everything else; an empty list fits all.  @ret_specific is
 * written on YES. */
MeishiFit meishi_host_list_match(GPtrArray *patterns, const MeishiHost *host, guint *ret_specific);

typedef struct {
    guint16 low, high;
} MeishiPortRange;

/* "N" or "N-M". */
gboolean meishi_host_port_parse(const char *text, MeishiPortRange *ret_range,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a decimal number without sign, blanks or leading zeros, at most @max. */
gboolean
meishi_host_number_parse(const char *text, guint max, guint *ret_number) G_GNUC_WARN_UNUSED_RESULT;
