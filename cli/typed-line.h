/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTypedLine: keys become a line, as a terminal makes one of them (erase, erase word, erase
 * all, next one literally), but in locked memory and key by key, so that somebody sees that a
 * person is typing.  Knows bytes alone: the terminal is tty-secret.c's.
 */
#pragma once

#include <termios.h>

#include "daemon/base/secret.h"

typedef enum {
    MEISHI_TYPED_LINE_OPEN,
    MEISHI_TYPED_LINE_DONE,
    MEISHI_TYPED_LINE_END,      /* of input, with nothing typed */
    MEISHI_TYPED_LINE_TOO_LONG, /* more than MEISHI_TYPED_LINE_MAX bytes */
} MeishiTypedLineState;

#define MEISHI_TYPED_LINE_MAX 4096

typedef struct MeishiTypedLine MeishiTypedLine;

/* @modes: of the terminal, for its keys. */
MeishiTypedLine *meishi_typed_line_new(const struct termios *modes);
void meishi_typed_line_free(MeishiTypedLine *line); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTypedLine, meishi_typed_line_free)

/* Where keys are to be put, in locked memory. */
guint8 *meishi_typed_line_room(MeishiTypedLine *line, gsize *ret_len);
/* @n bytes of that room are keys.  What follows the end of the line is wiped. */
MeishiTypedLineState meishi_typed_line_take(MeishiTypedLine *line, gsize n);

/* Forgets what was typed. */
void meishi_typed_line_clear(MeishiTypedLine *line);

/* What was typed; a reference.  @line is empty afterwards. */
MeishiSecret *meishi_typed_line_steal(MeishiTypedLine *line);
