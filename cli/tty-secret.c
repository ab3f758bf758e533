/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtySecret; see tty-secret.h.  The terminal gives keys, and typed-line.c makes a line of
 * them: a line that the terminal makes lies in the kernel until it is whole, and nobody can tell
 * a person who is still typing from nobody.
 */
#include "cli/tty-secret.h"

#include "cli/typed-line.h"
#include "cli/tty.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

struct MeishiTtySecret {
    int fd;
    struct termios modes;         /* before */
    struct sigaction quit_action; /* before */
    guint source;
    MeishiTypedLine *line;
    const MeishiTtySecretClass *class;
    gpointer user_data;
};

/* The end; @secret may be gone afterwards. */
static void
finish(MeishiTtySecret *secret, gboolean is_whole)
{
    g_autoptr(MeishiSecret) typed = meishi_typed_line_steal(secret->line);
    gboolean is_given = is_whole && meishi_secret_len(typed) > 0;

    secret->source = 0;
    secret->class->done(is_given ? typed : NULL, secret->user_data);
}

static gboolean
on_input(int fd, GIOCondition condition, gpointer data)
{
    MeishiTtySecret *secret = data;
    gsize len;
    guint8 *room = meishi_typed_line_room(secret->line, &len);
    gssize n = read(fd, room, len);
    MeishiTypedLineState state;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    state = n > 0 ? meishi_typed_line_take(secret->line, (gsize)n) : MEISHI_TYPED_LINE_END;
    if (state == MEISHI_TYPED_LINE_OPEN) {
        secret->class->typed(secret->user_data);
        return G_SOURCE_CONTINUE;
    }
    if (state == MEISHI_TYPED_LINE_TOO_LONG)
        (void)meishi_tty_write(fd, "\nThat is too long to be a secret.");
    finish(secret, state == MEISHI_TYPED_LINE_DONE);
    return G_SOURCE_REMOVE;
}

MeishiTtySecret *
meishi_tty_secret_new(int fd, const MeishiTtySecretClass *class, gpointer user_data)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    MeishiTtySecret *secret = g_new0(MeishiTtySecret, 1);

    secret->fd = fd;
    secret->class = class;
    secret->user_data = user_data;
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGQUIT, &ignore, &secret->quit_action);
    if (!meishi_tty_hush_keys(fd, &secret->modes)) {
        sigaction(SIGQUIT, &secret->quit_action, NULL);
        g_free(secret);
        return NULL;
    }
    secret->line = meishi_typed_line_new(&secret->modes);
    secret->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, secret);
    return secret;
}

void
meishi_tty_secret_free(MeishiTtySecret *secret)
{
    if (secret == NULL)
        return;
    g_clear_handle_id(&secret->source, g_source_remove);
    (void)meishi_tty_write(secret->fd, "\n"); /* the one that was typed was not shown */
    meishi_tty_restore(secret->fd, &secret->modes);
    sigaction(SIGQUIT, &secret->quit_action, NULL);
    meishi_typed_line_free(secret->line);
    g_free(secret);
}
