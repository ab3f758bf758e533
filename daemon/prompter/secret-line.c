/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line.  Invariant: the first @len bytes of @room are @n_chars whole characters, the others are
 * zero.
 */
#include "daemon/prompter/secret-line.h"

#include <string.h>

struct MeishiSecretLine {
    MeishiSecret *room;
    gsize len;
    guint n_chars;
};

MeishiSecretLine *
meishi_secret_line_new(void)
{
    MeishiSecretLine *line = g_new0(MeishiSecretLine, 1);

    line->room = meishi_secret_new(MEISHI_SECRET_LINE_MAX);
    return line;
}

void
meishi_secret_line_free(MeishiSecretLine *line)
{
    if (line == NULL)
        return;
    meishi_secret_unref(line->room);
    g_free(line);
}

gsize
meishi_secret_line_len(const MeishiSecretLine *line)
{
    return line->len;
}

guint
meishi_secret_line_chars(const MeishiSecretLine *line)
{
    return line->n_chars;
}

gboolean
meishi_secret_line_takes(const char *text, gsize len)
{
    if (!g_utf8_validate_len(text, len, NULL))
        return FALSE;
    for (const char *p = text; p < text + len; p = g_utf8_next_char(p)) {
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_secret_line_append(MeishiSecretLine *line, const char *text, gsize len)
{
    if (len > MEISHI_SECRET_LINE_MAX - line->len || !meishi_secret_line_takes(text, len))
        return FALSE;
    memcpy(meishi_secret_writable(line->room) + line->len, text, len);
    line->len += len;
    line->n_chars += (guint)g_utf8_strlen(text, (gssize)len);
    return TRUE;
}

void
meishi_secret_line_erase_last(MeishiSecretLine *line)
{
    char *data = (char *)meishi_secret_writable(line->room);
    gsize left;

    if (line->len == 0)
        return;
    left = (gsize)(g_utf8_prev_char(data + line->len) - data);
    explicit_bzero(data + left, line->len - left);
    line->len = left;
    line->n_chars--;
}

void
meishi_secret_line_clear(MeishiSecretLine *line)
{
    explicit_bzero(meishi_secret_writable(line->room), MEISHI_SECRET_LINE_MAX);
    line->len = 0;
    line->n_chars = 0;
}

MeishiSecret *
meishi_secret_line_take(MeishiSecretLine *line)
{
    MeishiSecret *secret = meishi_secret_new_copy(meishi_secret_data(line->room), line->len);

    meishi_secret_line_clear(line);
    return secret;
}

gboolean
meishi_secret_line_equal(const MeishiSecretLine *a, const MeishiSecretLine *b)
{
    return meishi_secret_equal(a->room, b->room); /* what is behind the text is zero in both */
}

guint
meishi_secret_line_judge(const MeishiSecretLine *line, MeishiSecretJudge judge)
{
    return judge((const char *)meishi_secret_data(line->room), line->len);
}
