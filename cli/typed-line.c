/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One secret holds the line and, behind it, the keys that have not been looked at.  Bytes are
 * never anywhere else but in a register.
 */
#include "cli/typed-line.h"

#include <string.h>

#define MAX_KEYS 256

struct MeishiTypedLine {
    cc_t keys[NCCS];
    gboolean is_utf8;
    gboolean is_literal; /* the next key is no command */
    gboolean is_too_long;
    gsize len;
    MeishiSecret *memory; /* MEISHI_TYPED_LINE_MAX + MAX_KEYS */
};

MeishiTypedLine *
meishi_typed_line_new(const struct termios *modes)
{
    MeishiTypedLine *line = g_new0(MeishiTypedLine, 1);

    memcpy(line->keys, modes->c_cc, sizeof line->keys);
    line->is_utf8 = (modes->c_iflag & IUTF8) != 0;
    line->memory = meishi_secret_new(MEISHI_TYPED_LINE_MAX + MAX_KEYS);
    return line;
}

void
meishi_typed_line_free(MeishiTypedLine *line)
{
    if (line == NULL)
        return;
    meishi_secret_unref(line->memory);
    g_free(line);
}

/* ---- editing --------------------------------------------------------------------------------- */

static guint8 *
bytes_of(const MeishiTypedLine *line)
{
    return meishi_secret_writable(line->memory);
}

static void
cut(MeishiTypedLine *line, gsize len)
{
    explicit_bzero(bytes_of(line) + len, line->len - len);
    line->len = len;
}

static void
erase_char(MeishiTypedLine *line)
{
    const guint8 *bytes = bytes_of(line);
    gsize len = line->len;

    if (len == 0)
        return;
    len--;
    while (line->is_utf8 && len > 0 && (bytes[len] & 0xc0) == 0x80)
        len--;
    cut(line, len);
}

static void
erase_word(MeishiTypedLine *line)
{
    const guint8 *bytes = bytes_of(line);
    gsize len = line->len;

    while (len > 0 && bytes[len - 1] == ' ')
        len--;
    while (len > 0 && bytes[len - 1] != ' ')
        len--;
    cut(line, len);
}

static void
append(MeishiTypedLine *line, guint8 byte)
{
    if (line->len < MEISHI_TYPED_LINE_MAX)
        bytes_of(line)[line->len++] = byte;
    else
        line->is_too_long = TRUE;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static gboolean
is_key(const MeishiTypedLine *line, guint8 byte, guint key)
{
    return byte == line->keys[key] && byte != _POSIX_VDISABLE;
}

static MeishiTypedLineState
take_end(const MeishiTypedLine *line, gboolean is_newline)
{
    if (line->is_too_long)
        return MEISHI_TYPED_LINE_TOO_LONG;
    return is_newline || line->len > 0 ? MEISHI_TYPED_LINE_DONE : MEISHI_TYPED_LINE_END;
}

static MeishiTypedLineState
take_key(MeishiTypedLine *line, guint8 byte)
{
    gboolean is_literal = line->is_literal;

    line->is_literal = FALSE;
    if (byte == '\n' || byte == '\r')
        return take_end(line, TRUE);
    if (is_literal)
        append(line, byte);
    else if (is_key(line, byte, VEOF))
        return take_end(line, FALSE);
    else if (is_key(line, byte, VERASE) || byte == '\b' || byte == 0x7f)
        erase_char(line);
    else if (is_key(line, byte, VWERASE))
        erase_word(line);
    else if (is_key(line, byte, VKILL))
        meishi_typed_line_clear(line);
    else if (is_key(line, byte, VLNEXT))
        line->is_literal = TRUE;
    else if (byte != '\0')
        append(line, byte);
    return MEISHI_TYPED_LINE_OPEN;
}

guint8 *
meishi_typed_line_room(MeishiTypedLine *line, gsize *ret_len)
{
    *ret_len = MAX_KEYS;
    return bytes_of(line) + MEISHI_TYPED_LINE_MAX;
}

MeishiTypedLineState
meishi_typed_line_take(MeishiTypedLine *line, gsize n)
{
    guint8 *keys = bytes_of(line) + MEISHI_TYPED_LINE_MAX;
    MeishiTypedLineState state = MEISHI_TYPED_LINE_OPEN;

    g_return_val_if_fail(n <= MAX_KEYS, state);
    for (gsize i = 0; i < n && state == MEISHI_TYPED_LINE_OPEN; i++)
        state = take_key(line, keys[i]);
    explicit_bzero(keys, n);
    return state;
}

void
meishi_typed_line_clear(MeishiTypedLine *line)
{
    cut(line, 0);
    line->is_too_long = FALSE;
    line->is_literal = FALSE;
}

MeishiSecret *
meishi_typed_line_steal(MeishiTypedLine *line)
{
    MeishiSecret *typed = meishi_secret_new_copy(bytes_of(line), line->len);

    meishi_typed_line_clear(line);
    return typed;
}
