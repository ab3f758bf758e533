/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyLines; see tty-lines.h.  Bytes are outside ones: a line may be anything but longer than
 * what one can type.
 */
#include "cli/tty-lines.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MAX_LINE 1024

/* Held by a reference while lines are taken out of it. */
struct MeishiTtyLines {
    guint source; /* 0: nobody listens any more */
    GString *typed;
    MeishiTtyLinesFunc func;
    gpointer user_data;
};

static void
clear(gpointer data)
{
    MeishiTtyLines *lines = data;

    g_string_free(lines->typed, TRUE);
}

/* A zero byte is part of no answer, and would hide what follows. */
static void
append_typed(GString *typed, const char *bytes, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_string_append_c(typed, bytes[i] != '\0' ? bytes[i] : '?');
}

static void
take_lines(MeishiTtyLines *lines)
{
    char *end;

    while (lines->source != 0 && (end = strchr(lines->typed->str, '\n')) != NULL) {
        gsize len = (gsize)(end - lines->typed->str);
        g_autofree char *line = g_strndup(lines->typed->str, len);

        g_string_erase(lines->typed, 0, (gssize)len + 1);
        lines->func(line, lines->user_data);
    }
    g_string_truncate(lines->typed, MIN(lines->typed->len, MAX_LINE));
}

static gboolean
on_input(int fd, GIOCondition condition, gpointer data)
{
    MeishiTtyLines *lines = g_rc_box_acquire(data);
    char bytes[MAX_LINE];
    gssize n = read(fd, bytes, sizeof bytes);

    if (n > 0) {
        append_typed(lines->typed, bytes, (gsize)n);
        take_lines(lines);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        lines->func(NULL, lines->user_data);
    }
    g_rc_box_release_full(lines, clear);
    return G_SOURCE_CONTINUE;
}

MeishiTtyLines *
meishi_tty_lines_new(int fd, MeishiTtyLinesFunc func, gpointer user_data)
{
    MeishiTtyLines *lines = g_rc_box_new0(MeishiTtyLines);

    lines->typed = g_string_new(NULL);
    lines->func = func;
    lines->user_data = user_data;
    tcflush(fd, TCIFLUSH);
    lines->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, lines);
    return lines;
}

void
meishi_tty_lines_free(MeishiTtyLines *lines)
{
    if (lines == NULL)
        return;
    g_clear_handle_id(&lines->source, g_source_remove);
    g_rc_box_release_full(lines, clear);
}
