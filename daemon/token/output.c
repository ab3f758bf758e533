/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line buffer with a limit, on a main loop source.
 */
#include "daemon/token/output.h"

#include "daemon/base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define CHUNK    4096
#define MAX_TURN 16 /* chunks in one turn of the main loop */
#define MINUTE   (60 * G_USEC_PER_SEC)

struct MeishiOutput {
    int fd;
    GSource *source;
    MeishiOutputLine line;
    gpointer user_data;
    GString *pending;
    gint64 minute; /* when it began */
    guint n_lines; /* in it */
    guint n_dropped;
};

/* Whole characters only, and none that a terminal or a log would obey. */
static char *
clean(const GString *raw)
{
    g_autofree char *valid = g_utf8_make_valid(raw->str, (gssize)raw->len);
    GString *text = g_string_new(NULL);

    for (const char *p = g_strchomp(valid); *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(text, g_unichar_isprint(c) ? c : ' ');
    }
    return g_string_free(text, FALSE);
}

static void
say_dropped(MeishiOutput *output)
{
    g_autofree char *text = NULL;

    if (output->n_dropped == 0)
        return;
    text = g_strdup_printf("(%u more lines)", output->n_dropped);
    output->n_dropped = 0;
    output->line(text, output->user_data);
}

static gboolean
may_say(MeishiOutput *output)
{
    gint64 now = g_get_monotonic_time();

    if (now - output->minute > MINUTE) {
        say_dropped(output);
        output->minute = now;
        output->n_lines = 0;
    }
    return output->n_lines++ < MEISHI_OUTPUT_MAX_LINES;
}

static void
end_line(MeishiOutput *output)
{
    g_autofree char *text = clean(output->pending);

    g_string_truncate(output->pending, 0);
    if (text[0] == '\0')
        return;
    if (may_say(output))
        output->line(text, output->user_data);
    else
        output->n_dropped++;
}

static void
take(MeishiOutput *output, const char *data, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        if (data[i] == '\n')
            end_line(output);
        else if (output->pending->len < MEISHI_OUTPUT_MAX_LINE)
            g_string_append_c(output->pending, data[i]);
    }
}

/* FALSE at the end. */
static gboolean
drain(MeishiOutput *output)
{
    char chunk[CHUNK];

    for (int i = 0; i < MAX_TURN; i++) {
        gssize n = read(output->fd, chunk, sizeof chunk);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return FALSE;
        take(output, chunk, (gsize)n);
    }
    return TRUE;
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    return drain(user_data);
}

MeishiOutput *
meishi_output_new(int fd, MeishiOutputLine line, gpointer user_data)
{
    MeishiOutput *output = g_new0(MeishiOutput, 1);

    output->fd = fd;
    output->line = line;
    output->user_data = user_data;
    output->pending = g_string_new(NULL);
    output->minute = g_get_monotonic_time();
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    output->source = g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(output->source, G_SOURCE_FUNC(on_readable), output, NULL);
    g_source_attach(output->source, g_main_context_get_thread_default());
    return output;
}

void
meishi_output_free(MeishiOutput *output)
{
    if (output == NULL)
        return;
    meishi_source_clear(&output->source);
    (void)drain(output);
    end_line(output);
    say_dropped(output);
    close(output->fd);
    g_string_free(output->pending, TRUE);
    g_free(output);
}
