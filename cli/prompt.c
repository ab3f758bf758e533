/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asks on /dev/tty, so that pipes and redirections stay free for data.  While echo is off, the
 * signals that would end or stop the process are held back until the terminal is as it was.
 */
#include "cli/prompt.h"

#include "cli/error.h"
#include "cli/text.h"
#include "cli/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define MAX_SECRET 4096
#define TRIES      3

static const int held_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGALRM};
static volatile sig_atomic_t caught_signal;

typedef struct {
    int fd;
    struct termios modes;
    struct sigaction actions[G_N_ELEMENTS(held_signals)];
} Terminal;

static int
open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC);
}

gboolean
meishi_prompt_is_possible(void)
{
    int fd = open_terminal();

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- echo ------------------------------------------------------------------------------------ */

static void
note_signal(int number)
{
    caught_signal = number;
}

static void
hold_signals(Terminal *terminal)
{
    struct sigaction hold = {.sa_handler = note_signal}; /* no SA_RESTART: read() shall return */

    caught_signal = 0;
    sigemptyset(&hold.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(held_signals); i++)
        sigaction(held_signals[i], &hold, &terminal->actions[i]);
}

static void
release_signals(const Terminal *terminal)
{
    for (gsize i = 0; i < G_N_ELEMENTS(held_signals); i++)
        sigaction(held_signals[i], &terminal->actions[i], NULL);
    if (caught_signal != 0)
        raise(caught_signal);
}

static gboolean
quiet_terminal(Terminal *terminal, int fd)
{
    terminal->fd = fd;
    hold_signals(terminal);
    if (meishi_tty_hush(fd, &terminal->modes))
        return TRUE;
    release_signals(terminal);
    return FALSE;
}

/* The terminal first, then the signals, then what was held back. */
static void
restore_terminal(Terminal *terminal)
{
    (void)meishi_tty_write(terminal->fd, "\n");
    meishi_tty_restore(terminal->fd, &terminal->modes);
    release_signals(terminal);
}

/* A line, byte by byte into locked memory; NULL at the end of input, or when a signal came. */
static MeishiSecret *
read_line(int fd)
{
    g_autoptr(MeishiSecret) line = meishi_secret_new(MAX_SECRET);
    guint8 *bytes = meishi_secret_writable(line);
    gsize len = 0;

    while (caught_signal == 0) {
        gssize n = read(fd, bytes + len, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        if (bytes[len] == '\n') {
            meishi_secret_truncate(line, len);
            return g_steal_pointer(&line);
        }
        if (len + 1 < MAX_SECRET)
            len++;
    }
    return NULL;
}

/* ---- questions ------------------------------------------------------------------------------- */

static MeishiSecret *
ask_quietly(int fd, const char *question)
{
    g_autofree char *clean = meishi_text_clean(question);
    Terminal terminal;
    MeishiSecret *answer = NULL;

    if (!quiet_terminal(&terminal, fd))
        return NULL;
    if (meishi_tty_write(fd, clean) && meishi_tty_write(fd, ": "))
        answer = read_line(fd);
    restore_terminal(&terminal);
    return answer;
}

MeishiSecret *
meishi_prompt_secret(const char *question, GError **error)
{
    int fd = open_terminal();
    MeishiSecret *answer = NULL;

    if (fd < 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_SECRET,
                    "There is no terminal to ask on for: %s. Give it by a file or a descriptor; "
                    "--help names the options.",
                    question);
        return NULL;
    }
    answer = ask_quietly(fd, question);
    close(fd);
    if (answer == NULL)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_SECRET, "Nothing was typed.");
    return answer;
}

MeishiSecret *
meishi_prompt_new_secret(const char *question, GError **error)
{
    g_autofree char *again = g_strdup_printf("%s, once more", question);

    for (guint i = 0; i < TRIES; i++) {
        g_autoptr(MeishiSecret) first = meishi_prompt_secret(question, error);
        g_autoptr(MeishiSecret) second = NULL;

        if (first == NULL)
            return NULL;
        if (meishi_secret_len(first) == 0) {
            g_printerr("It has to have at least one character.\n");
            continue;
        }
        second = meishi_prompt_secret(again, error);
        if (second == NULL)
            return NULL;
        if (meishi_secret_equal(first, second))
            return g_steal_pointer(&first);
        g_printerr("The two are not alike.\n");
    }
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_SECRET,
                "Nothing was set: no two entries were alike.");
    return NULL;
}

static gboolean
ask_yes(int fd, const char *question)
{
    g_autofree char *clean = meishi_text_clean(question);
    g_autoptr(MeishiSecret) answer = NULL;
    const char *text;

    caught_signal = 0;
    if (!meishi_tty_write(fd, clean) || !meishi_tty_write(fd, " [y/N] "))
        return FALSE;
    answer = read_line(fd);
    if (answer == NULL || meishi_secret_len(answer) == 0)
        return FALSE;
    text = (const char *)meishi_secret_data(answer);
    return g_ascii_strncasecmp(text, "yes", meishi_secret_len(answer)) == 0;
}

gboolean
meishi_prompt_confirm(const char *question, GError **error)
{
    int fd = open_terminal();
    gboolean yes;

    if (fd < 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "There is no terminal to ask on: %s If you are sure, say --yes.", question);
        return FALSE;
    }
    yes = ask_yes(fd, question);
    close(fd);
    if (!yes)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_DECLINED, "Nothing was done.");
    return yes;
}
