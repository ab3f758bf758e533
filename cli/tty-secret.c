/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtySecret; see tty-secret.h.  The terminal gives whole lines (ICANON), so that a person can
 * correct what they type, and none is longer than what fits.
 */
#include "cli/tty-secret.h"

#include "cli/tty.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECRET 4096

static const int ignored_signals[] = {SIGTSTP, SIGQUIT};

struct MeishiTtySecret {
    int fd;
    struct termios modes; /* before */
    struct sigaction actions[G_N_ELEMENTS(ignored_signals)];
    guint source;
    MeishiSecret *line;
    gsize n_typed;
    MeishiTtySecretDone done;
    gpointer user_data;
};

static void
ignore_signals(MeishiTtySecret *secret)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&ignore.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(ignored_signals); i++)
        sigaction(ignored_signals[i], &ignore, &secret->actions[i]);
}

static void
heed_signals(const MeishiTtySecret *secret)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ignored_signals); i++)
        sigaction(ignored_signals[i], &secret->actions[i], NULL);
}

/* The end, with @len bytes; @secret may be gone afterwards. */
static void
finish(MeishiTtySecret *secret, gsize len)
{
    g_autoptr(MeishiSecret) line = g_steal_pointer(&secret->line);

    meishi_secret_truncate(line, len);
    secret->source = 0;
    secret->done(len > 0 ? line : NULL, secret->user_data);
}

static gboolean
on_input(int fd, GIOCondition condition, gpointer data)
{
    MeishiTtySecret *secret = data;
    guint8 *bytes = meishi_secret_writable(secret->line);
    gssize n = read(fd, bytes + secret->n_typed, MAX_SECRET - secret->n_typed);
    const guint8 *newline;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        finish(secret, 0);
        return G_SOURCE_REMOVE;
    }
    newline = memchr(bytes + secret->n_typed, '\n', (gsize)n);
    secret->n_typed += (gsize)n;
    if (newline == NULL)
        return G_SOURCE_CONTINUE;
    finish(secret, (gsize)(newline - bytes));
    return G_SOURCE_REMOVE;
}

MeishiTtySecret *
meishi_tty_secret_new(int fd, MeishiTtySecretDone done, gpointer user_data)
{
    MeishiTtySecret *secret = g_new0(MeishiTtySecret, 1);

    secret->fd = fd;
    secret->done = done;
    secret->user_data = user_data;
    ignore_signals(secret);
    if (!meishi_tty_hush(fd, &secret->modes)) {
        heed_signals(secret);
        g_free(secret);
        return NULL;
    }
    secret->line = meishi_secret_new(MAX_SECRET);
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
    heed_signals(secret);
    meishi_secret_unref(secret->line);
    g_free(secret);
}
