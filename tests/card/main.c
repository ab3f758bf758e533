/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PIV smart card in a process, plugged into the virtual reader of vpcd (pcscd's driver from
 * vsmartcard), for tests of what happens with a real PC/SC stack below OpenSC:
 *
 *   piv-card [--port=PORT] [--memory=FILE] [--pin=PIN] [--tries=N] [--delay=MS] [--dies-at=N]
 *            SLOT:KEY.pem:CERTIFICATE.pem ...
 *
 * SIGTERM pulls it out for good; SIGUSR1 pulls it out, SIGUSR2 inserts it again.
 *
 * The link: each message is two bytes of length, big-endian, and that many bytes.  One byte from
 * the reader is a control: off, on, reset, or 4, which asks for the ATR and is answered (the reader
 * polls with it whether a card is there, so it resets nothing).
 */
#include "tests/card/piv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_PORT 35963
#define CONTROL_ATR  4

static volatile sig_atomic_t is_out, is_wanted_in;

static void
on_out(int signum)
{
    is_out = 1;
    is_wanted_in = 0;
}

static void
on_in(int signum)
{
    is_wanted_in = 1;
}

/* ---- the link -------------------------------------------------------------------------------- */

/* FALSE at the end, and where the card is pulled out. */
static gboolean
read_all(int fd, void *bytes, gsize len)
{
    static const int on = 1;
    guint8 *next = bytes;

    /* The reader sends a message in two segments; with delayed acknowledgements each would take
     * 40 ms. */
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    while (len > 0) {
        gssize n = read(fd, next, len);

        if (n < 0 && errno == EINTR && !is_out)
            continue;
        if (n <= 0)
            return FALSE;
        next += n;
        len -= (gsize)n;
    }
    return TRUE;
}

static gboolean
read_message(int fd, GByteArray *message)
{
    guint8 head[2];

    if (is_out || !read_all(fd, head, sizeof head))
        return FALSE;
    g_byte_array_set_size(message, (guint)(head[0] << 8 | head[1]));
    return read_all(fd, message->data, message->len);
}

static gboolean
write_message(int fd, const guint8 *bytes, gsize len)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    const guint8 head[] = {(guint8)(len >> 8), (guint8)len};

    g_byte_array_append(message, head, sizeof head);
    g_byte_array_append(message, bytes, (guint)len);
    return send(fd, message->data, message->len, MSG_NOSIGNAL) == (gssize)message->len;
}

static int
plug_in(guint port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((guint16)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    g_printerr("piv-card: no reader at port %u: %s\n", port, g_strerror(errno));
    exit(EXIT_FAILURE);
}

/* ---- the card -------------------------------------------------------------------------------- */

/* Part of ISO 7816-3: T=1, historical bytes "vPIVcard", and the checksum. */
static gboolean
send_atr(int fd)
{
    guint8 atr[] = {0x3b, 0x88, 0x80, 0x01, 'v', 'P', 'I', 'V', 'c', 'a', 'r', 'd', 0};

    for (gsize i = 1; i < sizeof atr - 1; i++)
        atr[sizeof atr - 1] ^= atr[i];
    return write_message(fd, atr, sizeof atr);
}

static gboolean
take_message(int fd, const GByteArray *message, MeishiPiv *piv, MeishiApduLink *link)
{
    g_autoptr(GByteArray) answer = NULL;

    if (message->len == 1 && message->data[0] == CONTROL_ATR)
        return send_atr(fd);
    if (message->len == 1) {
        meishi_piv_reset(piv);
        meishi_apdu_link_reset(link);
        return TRUE;
    }
    answer = g_byte_array_new();
    meishi_apdu_link_take(link, message->data, message->len, answer);
    return write_message(fd, answer->data, answer->len);
}

/* Until it is pulled out, or the reader is gone. */
static void
stay_in(int fd, MeishiPiv *piv)
{
    MeishiApduLink *link = meishi_apdu_link_new(meishi_piv_run, piv);
    g_autoptr(GByteArray) message = g_byte_array_new();

    meishi_piv_reset(piv);
    while (read_message(fd, message) && take_message(fd, message, piv, link))
        ;
    meishi_apdu_link_free(link);
    close(fd);
}

static void
wait_until_in(void)
{
    sigset_t wanted, before;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR2);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    while (!is_wanted_in)
        sigsuspend(&before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    is_out = is_wanted_in = 0;
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_out};

    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_in;
    sigaction(SIGUSR2, &action, NULL);
}

/* ---- options --------------------------------------------------------------------------------- */

typedef struct {
    int port, tries, delay, dies_at;
    char *memory, *pin;
    char **keys;
} Options;

static gboolean
parse_options(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"port", 0, 0, G_OPTION_ARG_INT, &options->port, "The reader's port", "PORT"},
        {"memory", 0, 0, G_OPTION_ARG_FILENAME, &options->memory, "What it remembers", "FILE"},
        {"pin", 0, 0, G_OPTION_ARG_STRING, &options->pin, "Of a new card", "PIN"},
        {"tries", 0, 0, G_OPTION_ARG_INT, &options->tries, "Of a new card's PIN", "N"},
        {"delay", 0, 0, G_OPTION_ARG_INT, &options->delay, "Of each signature", "MS"},
        {"dies-at", 0, 0, G_OPTION_ARG_INT, &options->dies_at, "Gone in signature N", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->keys, NULL, "KEY"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static void
load_keys(MeishiPiv *piv, char **keys)
{
    g_autoptr(GError) error = NULL;

    for (char **key = keys; key != NULL && *key != NULL; key++) {
        if (meishi_piv_add_key(piv, *key, &error))
            continue;
        g_printerr("piv-card: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

int
main(int argc, char **argv)
{
    Options options = {.port = DEFAULT_PORT, .tries = 3};
    g_autoptr(GError) error = NULL;
    MeishiPivFaults faults;
    MeishiCardMemory *memory;
    MeishiPiv *piv;

    if (!parse_options(&argc, &argv, &options, &error)) {
        g_printerr("piv-card: %s\n", error->message);
        return EXIT_FAILURE;
    }
    memory = meishi_card_memory_new(options.memory, options.pin != NULL ? options.pin : "123456",
                                    (guint)options.tries);
    memory->pin.tries_max = (guint)options.tries;
    faults = (MeishiPivFaults){(guint)options.delay, (guint)options.dies_at};
    piv = meishi_piv_new(memory, &faults);
    load_keys(piv, options.keys);
    catch_signals();
    for (;;) {
        stay_in(plug_in((guint)options.port), piv);
        if (!is_out)
            break;
        wait_until_in();
    }
    meishi_piv_free(piv);
    meishi_card_memory_free(memory);
    g_strfreev(options.keys);
    g_free(options.memory);
    g_free(options.pin);
    return EXIT_SUCCESS;
}
