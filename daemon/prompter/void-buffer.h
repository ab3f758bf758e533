/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVoidBuffer: what stands behind the face of a MeishiSecretEntry: takes every text that any
 * program on the accessibility bus may put there, and keeps none.
 */
#pragma once

#include <gtk/gtk.h>

#define MEISHI_TYPE_VOID_BUFFER (meishi_void_buffer_get_type())
G_DECLARE_FINAL_TYPE(MeishiVoidBuffer, meishi_void_buffer, MEISHI, VOID_BUFFER, GtkEntryBuffer)

GtkEntryBuffer *meishi_void_buffer_new(void);
