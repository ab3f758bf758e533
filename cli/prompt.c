/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asks on /dev/tty, so that pipes and redirections stay free for data.  While echo is off, the
 * signals that would end or stop the process are held back until the terminal is as it was; after
 * a stop, the question is asked once more.
 */
#include "cli/prompt.h"

#include "cli/error.h"
#include "cli/text.h"
#include "cli/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#define MAX_SECRET 4096
#define TRIES      3

static const int held_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGALRM};
static volatile sig_atomic_t caught_signal;
/* A thread of GIO's may be given the signal: read(2) alone would not return then. */
static volatile sig_atomic_t wake_fd = -1;

typedef struct {
    int fd;
    int wake; /* readable: a signal came */
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
    int saved = errno;
    guint64 one = 1;

    caught_signal = number;
    if (write(wake_fd, &one, sizeof one) < 0) {
        /* It is readable already. */
    }
    errno = saved;
}

static gboolean
hold_signals(Terminal *terminal)
{
    struct sigaction hold = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

    terminal->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (terminal->wake < 0)
        return FALSE;
    wake_fd = terminal->wake;
    caught_signal = 0;
    sigemptyset(&hold.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(held_signals); i++)
        sigaction(held_signals[i], &hold, &terminal->actions[i]);
    return TRUE;
}

/* What was held back has its way: that is the end, or a stop from which we return. */
static int
release_signals(const Terminal *terminal)
{
    for (gsize i = 0; i < G_N_ELEMENTS(held_signals); i++)
        sigaction(held_signals[i], &terminal->actions[i], NULL);
    wake_fd = -1;
    close(terminal->wake);
    if (caught_signal != 0)
        raise(caught_signal);
    return caught_signal;
}

static gboolean
quiet_terminal(Terminal *terminal, int fd)
{
    terminal->fd = fd;
    if (!hold_signals(terminal))
        return FALSE;
    if (meishi_tty_hush(fd, &terminal->modes))
        return TRUE;
    (void)release_signals(terminal);
    return FALSE;
}

/* The terminal first, then the signals, then what was held back. */
static int
restore_terminal(Terminal *terminal)
{
    (void)meishi_tty_write(terminal->fd, "\n");
    meishi_tty_restore(terminal->fd, &terminal->modes);
    return release_signals(terminal);
}

/* FALSE where a signal came first; @wake: -1 where signals have their own way. */
static gboolean
wait_for_input(int fd, int wake)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = wake, .events = POLLIN}};

    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0) {
        if (errno != EINTR)
            return FALSE;
    }
    return fds[1].revents == 0;
}

/* A line, byte by byte into locked memory; NULL at the end of input, or when a signal came. */
static MeishiSecret *
read_line(int fd, int wake)
{
    g_autoptr(MeishiSecret) line = meishi_secret_new(MAX_SECRET);
    guint8 *bytes = meishi_secret_writable(line);
    gsize len = 0;

    while (wait_for_input(fd, wake)) {
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

/* @ret_signal: that came instead of an answer; 0. */
static MeishiSecret *
ask_quietly(int fd, const char *question, int *ret_signal)
{
    g_autofree char *clean = meishi_text_clean(question);
    Terminal terminal;
    MeishiSecret *answer = NULL;

    *ret_signal = 0;
    if (!quiet_terminal(&terminal, fd))
        return NULL;
    if (meishi_tty_write(fd, clean) && meishi_tty_write(fd, ": "))
        answer = read_line(fd, terminal.wake);
    *ret_signal = restore_terminal(&terminal);
    return answer;
}

/* Who was stopped and goes on is asked again, from the beginning. */
static MeishiSecret *
ask_until_answered(int fd, const char *question)
{
    int number;
    MeishiSecret *answer;

    do
        answer = ask_quietly(fd, question, &number);
    while (answer == NULL && number == SIGTSTP);
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
    answer = ask_until_answered(fd, question);
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

    if (!meishi_tty_write(fd, clean) || !meishi_tty_write(fd, " [y/N] "))
        return FALSE;
    answer = read_line(fd, -1);
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

static gboolean
ask_typed(int fd, const char *question, const char *wanted)
{
    g_autofree char *clean = meishi_text_clean(question);
    g_autoptr(MeishiSecret) answer = NULL;

    if (!meishi_tty_write(fd, clean) || !meishi_tty_write(fd, ": "))
        return FALSE;
    answer = read_line(fd, -1);
    return answer != NULL && meishi_secret_len(answer) == strlen(wanted) &&
           memcmp(meishi_secret_data(answer), wanted, strlen(wanted)) == 0;
}

gboolean
meishi_prompt_typed(const char *question, const char *wanted, GError **error)
{
    int fd = open_terminal();
    gboolean is_same;

    if (fd < 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "There is no terminal to ask on. If you are sure, say it with --confirm.");
        return FALSE;
    }
    is_same = ask_typed(fd, question, wanted);
    close(fd);
    if (!is_same)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_DECLINED,
                    "Nothing was done: that was not “%s”.", wanted);
    return is_same;
}
