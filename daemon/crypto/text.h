/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text from files, made safe to show.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* Does @c move a cursor, turn the reading direction, or show nothing at all? */
gboolean meishi_text_is_invisible(gunichar c);

/* An ASN.1 string of any type as UTF-8; NULL for types without characters, malformed ones and ones
 * with a zero byte inside. */
char *meishi_text_from_asn1(const ASN1_STRING *string);

/* @text without invisible characters, invalid UTF-8 replaced, blanks at the ends stripped, cut to
 * @max bytes at a character; NULL where nothing is left. */
char *meishi_text_clip(const char *text, gsize max);

/* Both in one. */
char *meishi_text_clip_asn1(const ASN1_STRING *string, gsize max);

/* Dotted; NULL for one that is too long to be meant. */
char *meishi_text_oid(const ASN1_OBJECT *oid);
