/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An object that is to be made on a token, put together attribute by attribute.  Values are only
 * borrowed until the whole is written into locked memory.
 */
#pragma once

#include "daemon/tokenhost/message.h"

/* @value is borrowed until meishi_template_encode(); at most MEISHI_HOST_MAX_ATTRIBUTES. */
void meishi_template_add(MeishiHostObject *object, guint64 type, struct meishi_bytes value);
void meishi_template_add_bytes(MeishiHostObject *object, guint64 type, GBytes *value);
void meishi_template_add_text(MeishiHostObject *object, guint64 type, const char *value);
void meishi_template_add_flag(MeishiHostObject *object, guint64 type, gboolean value);
/* As the module wants numbers; @value has to stay where it is as well. */
void meishi_template_add_number(MeishiHostObject *object, guint64 type, const gulong *value);

/* For MEISHI_HOST_CREATE.  TOO_EXPENSIVE where it is more than a token would take. */
MeishiSecret *
meishi_template_encode(const MeishiHostObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
