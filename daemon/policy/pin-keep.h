/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For how long a PIN holds that was given to a token: what a person wants, what policy allows, and
 * the stricter of two.  A plain value.
 */
#pragma once

#include <glib.h>

/* From loose to strict. */
typedef enum {
    MEISHI_PIN_KEYRING, /* until the token goes, and it is stored in the Secret Service as well */
    MEISHI_PIN_REMOVAL, /* until the token goes */
    MEISHI_PIN_MINUTES,
    MEISHI_PIN_NEVER, /* for what waits for it, and no longer */
} MeishiPinKeepKind;

#define MEISHI_PIN_MAX_MINUTES 1440u

typedef struct {
    MeishiPinKeepKind kind;
    guint minutes; /* 0 but for MINUTES: 1 to MEISHI_PIN_MAX_MINUTES */
} MeishiPinKeep;

/* "never", "10m" (or "10min"), "removal", "keyring".  INVALID_ARGUMENT. */
gboolean meishi_pin_keep_parse(const char *text, MeishiPinKeep *ret_keep,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same; new. */
char *meishi_pin_keep_format(const MeishiPinKeep *keep);

/* "never", "minutes", "removal", "keyring"; static. */
const char *meishi_pin_keep_kind_name(MeishiPinKeepKind kind);

/* Whether @keep lets a PIN hold for longer than @limit. */
gboolean meishi_pin_keep_exceeds(const MeishiPinKeep *keep, const MeishiPinKeep *limit);

/* Makes @keep as strict as @limit where it is looser. */
void meishi_pin_keep_tighten(MeishiPinKeep *keep, const MeishiPinKeep *limit);
