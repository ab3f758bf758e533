/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes as lower-case hexadecimal text, for identifiers that people and programs copy.
 */
#pragma once

#include <glib.h>

char *meishi_hex_encode(const guint8 *data, gsize len); /* new, for g_free() */
