/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names as text that is safe to show.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* RFC 4514, most specific first; never NULL, empty for an empty name. */
char *meishi_name_to_text(const X509_NAME *name);

/* The most specific commonName, cleaned; NULL. */
char *meishi_name_common_name(const X509_NAME *name);

/* @text with control, bidirectional and other invisible characters taken out, invalid UTF-8
 * replaced, blanks at the ends stripped, cut to @max bytes at a character; NULL where nothing is
 * left. */
char *meishi_name_clean(const char *text, gsize len, gsize max);

/* An ASN.1 string as UTF-8, cleaned; NULL where it has no text form. */
char *meishi_name_clean_string(const ASN1_STRING *string, gsize max);
