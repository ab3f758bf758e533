/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cards for tests, made from the text form of what the daemon sends.
 */
#pragma once

#include "cli/card.h"

static inline MeishiCard *
sample_card(const char *properties)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) parsed =
        g_variant_parse(G_VARIANT_TYPE_VARDICT, properties, NULL, NULL, &error);

    g_assert_no_error(error);
    return meishi_card_new("/org/meishi/Agent1/identity/1", parsed);
}
