/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The view changes first and the pulse page second: a client that sees the new generation and asks
 * gets a view at least that new.
 */
#include "daemon/server/board.h"

#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"
#include "module/wire/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

struct MeishiBoard {
    pthread_mutex_t mutex; /* over view */
    MeishiView *view;
    struct meishi_pulse *pulse;
    int fd;
    guint64 instance;
};

static gsize
page_size(void)
{
    return (gsize)sysconf(_SC_PAGESIZE);
}

/* The writable mapping is made before the seal that forbids any other. */
static gboolean
make_pulse(MeishiBoard *board)
{
    void *page;

    board->fd = memfd_create("meishi-pulse", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (board->fd < 0 || ftruncate(board->fd, (off_t)page_size()) < 0)
        return FALSE;
    page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, board->fd, 0);
    if (page == MAP_FAILED)
        return FALSE;
    board->pulse = page;
    return fcntl(board->fd, F_ADD_SEALS,
                 F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}

MeishiBoard *
meishi_board_new(GError **error)
{
    g_autoptr(MeishiBoard) board = g_new0(MeishiBoard, 1);

    pthread_mutex_init(&board->mutex, NULL);
    if (!make_pulse(board)) {
        int number = errno;

        g_set_error(error, MEISHI_ERROR,
                    number == EINVAL ? MEISHI_ERROR_UNSUPPORTED : MEISHI_ERROR_IO,
                    "cannot make the page that is shared with programs: %s", g_strerror(number));
        return NULL;
    }
    while (board->instance == 0)
        meishi_crypto_random((guint8 *)&board->instance, sizeof board->instance);
    return g_steal_pointer(&board);
}

void
meishi_board_free(MeishiBoard *board)
{
    if (board == NULL)
        return;
    if (board->pulse != NULL)
        munmap(board->pulse, page_size());
    if (board->fd >= 0)
        close(board->fd);
    meishi_view_unref(board->view);
    pthread_mutex_destroy(&board->mutex);
    g_free(board);
}

gboolean
meishi_board_publish(MeishiBoard *board, MeishiView *view)
{
    MeishiView *old;
    gboolean has_moved;

    pthread_mutex_lock(&board->mutex);
    old = board->view;
    board->view = meishi_view_ref(view);
    pthread_mutex_unlock(&board->mutex);
    has_moved = old != NULL && !meishi_view_has_same_tokens(old, view);
    if (has_moved)
        __atomic_fetch_add(&board->pulse->slot_events, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&board->pulse->generation, meishi_view_generation(view), __ATOMIC_RELEASE);
    meishi_view_unref(old);
    return has_moved;
}

MeishiView *
meishi_board_view(MeishiBoard *board)
{
    MeishiView *view;

    pthread_mutex_lock(&board->mutex);
    view = meishi_view_ref(board->view);
    pthread_mutex_unlock(&board->mutex);
    return view;
}

guint64
meishi_board_slot_events(MeishiBoard *board)
{
    return __atomic_load_n(&board->pulse->slot_events, __ATOMIC_ACQUIRE);
}

guint64
meishi_board_instance(const MeishiBoard *board)
{
    return board->instance;
}

int
meishi_board_pulse(MeishiBoard *board)
{
    return board->fd;
}
