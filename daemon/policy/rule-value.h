/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The single values that stand in a policy file: words, numbers, times, digests, OIDs, patterns.
 * Each reader takes one item, stripped, and says in its error what the item should have been.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/rule.h"

/* A table of words ends with a NULL word. */
typedef struct {
    const char *word;
    int value;
} MeishiWord;

/* "card", "tpm" ...: 1 << MeishiTokenKind. */
extern const MeishiWord meishi_rule_value_token_kinds[];

gboolean meishi_rule_value_word(const char *text, const MeishiWord *words, int *ret_value,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_rule_value_bool(const char *text, gboolean *ret_yes,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "30d", "12h", "45min"; seconds. */
gboolean meishi_rule_value_duration(const char *text, gint64 *ret_seconds,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 64 hex digits, with or without colons between the bytes. */
gboolean meishi_rule_value_digest(const char *text, MeishiDigest *ret_digest,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A dotted OID; or the name of an extended key usage ("clientAuth"). */
char *meishi_rule_value_oid(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *meishi_rule_value_eku(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "rsa", "rsa:2048-", "rsa:2048-4096", "ec", "ec:P-256", "ed25519", "ed448". */
gboolean meishi_rule_value_key_range(const char *text, MeishiKeyRange *ret_range,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "*@example.com", or "=Exactly This". */
MeishiGlob *meishi_rule_value_glob(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "unit:GLOB", "flatpak:GLOB", "snap:GLOB", "exe:/PATH", each with "!" before it or not. */
MeishiApplicationPattern *
meishi_rule_value_application(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
