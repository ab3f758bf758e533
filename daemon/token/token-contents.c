/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions to all of them.
 */
#include "daemon/token/token-contents.h"

#include "module/wire/cryptoki.h"

GPtrArray *
meishi_token_contents_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_content_unref);
}

gboolean
meishi_token_contents_are_same(const GPtrArray *a, const GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        if (!meishi_token_content_is_same(a->pdata[i], b->pdata[i]))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_token_contents_may_change(const GPtrArray *contents)
{
    for (guint i = 0; i < contents->len; i++) {
        const MeishiTokenContent *content = contents->pdata[i];

        if ((content->slot_flags & CKF_REMOVABLE_DEVICE) != 0)
            return TRUE;
    }
    return contents->len == 0;
}

gboolean
meishi_token_contents_hold_anything(const GPtrArray *contents)
{
    for (guint i = 0; i < contents->len; i++) {
        if (meishi_token_content_is_initialized(contents->pdata[i]))
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_token_contents_are_read(const GPtrArray *contents)
{
    for (guint i = 0; i < contents->len; i++) {
        if (!meishi_token_content_is_read(contents->pdata[i]))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_token_contents_had_wrong_pin(const GPtrArray *contents)
{
    for (guint i = 0; i < contents->len; i++) {
        if (meishi_token_content_pin_tries(contents->pdata[i]) != MEISHI_PIN_UNKNOWN)
            return TRUE;
    }
    return FALSE;
}

GPtrArray *
meishi_token_contents_reveal(const GPtrArray *contents, const MeishiTokenContent *state,
                             struct meishi_bytes listing)
{
    GPtrArray *revealed = meishi_token_contents_new();

    for (guint i = 0; i < contents->len; i++) {
        MeishiTokenContent *content = contents->pdata[i];

        g_ptr_array_add(revealed, content == state ? meishi_token_content_reveal(content, listing)
                                                   : meishi_token_content_ref(content));
    }
    return revealed;
}
