/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The names of the authorities in a file, in the place of those that a server would ask for.
 */
#pragma once

#include <glib.h>

/* Reads certificates, PEM (any number) or DER (one), and returns their subjects: GBytes, a DER Name
 * each.  MEISHI_CLI_ERROR_FAILED says what is wrong with the file. */
GPtrArray *meishi_ca_file_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The subject of one certificate in DER; NULL where it is none. */
GBytes *meishi_ca_file_subject(const guint8 *der, gsize len);
