/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PKCS#11 URIs, RFC 7512, by p11-kit.
 */
#pragma once

#include <glib.h>

/* "pkcs11:token=...;id=..." for an identity: names the token by label and the key by CKA_ID.
 * Without type=, so that programs find certificate and key with the same text.  Free the result. */
char *meishi_uri_format(const char *token_label, const guint8 *id, gsize id_len,
                        const char *object_label);

/* Takes the CKA_ID and label out of a URI; TRUE where @text is one.  @ret_id and @ret_label are
 * NULL where the URI does not say. */
gboolean meishi_uri_parse(const char *text, GBytes **ret_id, char **ret_token, char **ret_label);
