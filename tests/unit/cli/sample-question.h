/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions for tests, made from the text form of what the daemon sends.
 */
#pragma once

#include "daemon/asking/question.h"

/* 2026-11-21 */
#define SAMPLE_NOW G_GINT64_CONSTANT(1795219200)

#define SAMPLE_PID 4711

/* Two that look alike, and one that is not offered. */
#define SAMPLE_CANDIDATES                                                                        \
    "'candidates': <["                                                                           \
    "{'identity': <objectpath '/i/1'>, 'id': <'aa11'>, 'label': <'Hana Sato'>,"                  \
    " 'subject': <'CN=Hana Sato,O=Example Corp'>, 'issuer': <'CN=Issuing CA 3,O=Example Corp'>," \
    " 'serial': <'01a2b3'>, 'key': <'EC P-256'>, 'place': <'card “Corp card”'>,"             \
    " 'not-before': <int64 1764000000>, 'not-after': <int64 1803945600>,"                        \
    " 'names': <['email:hana@example.com']>, 'kind': <'ok'>, 'code': <'OK'>},"                   \
    "{'identity': <objectpath '/i/2'>, 'id': <'bb22'>, 'label': <'Hana Sato'>,"                  \
    " 'subject': <'CN=Hana Sato,OU=Admins,O=Example Corp'>,"                                     \
    " 'issuer': <'CN=Issuing CA 3,O=Example Corp'>, 'serial': <'994f2a'>, 'key': <'EC P-256'>,"  \
    " 'place': <'file'>, 'not-before': <int64 1764000000>, 'not-after': <int64 1796515200>,"     \
    " 'names': <['email:hana@example.com']>, 'kind': <'ok'>, 'code': <'OK'>},"                   \
    "{'identity': <objectpath '/i/3'>, 'id': <'cc33'>, 'label': <'Old'>, 'subject': <'CN=Old'>," \
    " 'issuer': <'CN=Issuing CA 3'>, 'serial': <'07'>, 'key': <'RSA 2048'>, 'place': <'file'>,"  \
    " 'not-before': <int64 1700000000>, 'not-after': <int64 1772323200>, 'kind': <'soft'>,"      \
    " 'code': <'EXPIRED'>, 'reason': <'ended 2026-03-01'>}]>"

#define SAMPLE_HEAD                                                                       \
    "'application': <'exe:/usr/bin/curl'>, 'application-trust': <'exe'>, 'pid': <uint32 " \
    "4711>, 'protocol': <'https'>, 'host': <'git.example.com'>, 'port': <uint32 8443>,"   \
    " 'kind': <'choose'>, 'row': <'several identities fit'>,"                             \
    " 'accepts': <['CN=Issuing CA 3,O=Example Corp', 'CN=B']>, 'n-accepts': <uint32 2>, "

#define SAMPLE_REMEMBER                                                             \
    "'scopes': <['once', 'session', 'always']>, 'reaches': <['host-port', 'host', " \
    "'domain']>, 'domain': <'example.com'>, 'any-application': <true>, "

#define SAMPLE_CHOOSE \
    "{" SAMPLE_HEAD SAMPLE_REMEMBER "'preselected': <objectpath '/i/1'>, " SAMPLE_CANDIDATES "}"

#define SAMPLE_CONFIRM                                                                  \
    "{'application': <'flatpak:org.gnome.Epiphany'>, 'application-trust': <'sandbox'>," \
    " 'pid': <uint32 9>, 'host': <''>, 'port': <uint32 0>, 'label': <'Hana Sato'>,"     \
    " 'identity': <objectpath '/i/1'>"

static inline MeishiQuestion *
sample_question(const char *kind, const char *dict, guint own_pid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) parsed = g_variant_parse(G_VARIANT_TYPE_VARDICT, dict, NULL, NULL, &error);

    g_assert_no_error(error);
    return meishi_question_new(kind, parsed, own_pid);
}
