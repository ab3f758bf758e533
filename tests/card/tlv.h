/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * BER-TLV as smart cards use it (ISO 7816-4 5.2.2): tags of one to three bytes, definite lengths.
 */
#pragma once

#include <glib.h>

void meishi_tlv_append(GByteArray *out, guint tag, gconstpointer value, gsize len);

/* The value of the first @tag (of one byte) among the TLVs in @data; NULL where there is none or
 * @data is cut off.  Borrowed from @data. */
const guint8 *meishi_tlv_find(const guint8 *data, gsize len, guint8 tag, gsize *ret_len);
