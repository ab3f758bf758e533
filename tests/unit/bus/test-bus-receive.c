/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/receive.c: descriptors of every kind, right, too long, silent and cancelled.
 */
#include "daemon/bus/receive.h"

#include "daemon/base/error.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATIENT_MS 60000
#define HASTY_MS   50

typedef struct {
    GUnixFDList *fds;
    GPtrArray *items;
} World;

static void
set_up(World *world, gconstpointer unused)
{
    world->fds = g_unix_fd_list_new();
    world->items = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_receive_item_free);
}

static void
tear_down(World *world, gconstpointer unused)
{
    g_ptr_array_unref(world->items);
    g_object_unref(world->fds);
}

/* Takes @fd over. */
static MeishiReceiveItem *
expect(World *world, int fd, gsize max)
{
    g_autoptr(GError) error = NULL;
    gint handle = g_unix_fd_list_append(world->fds, fd, &error);
    MeishiReceiveItem *item = meishi_receive_item_new("thing", world->fds, handle, max, &error);

    g_assert_no_error(error);
    close(fd);
    g_ptr_array_add(world->items, item);
    return item;
}

static int
memory_with(gconstpointer data, gsize len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    g_assert_cmpint(write(fd, data, len), ==, (gssize)len);
    return fd;
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static gboolean
receive(World *world, guint deadline_ms, GCancellable *cancellable, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_receive_async(world->items, deadline_ms, cancellable, on_done, &result);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return meishi_receive_finish(result, error);
}

static void
assert_content(MeishiReceiveItem *item, gconstpointer data, gsize len)
{
    g_autoptr(GBytes) bytes = meishi_receive_item_bytes(item);

    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), data, len);
}

/* The sender's offset, here at the end, does not matter, and the same file can be read again. */
static void
test_regular(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int fd = memory_with("secret\0more", 11);
    MeishiReceiveItem *first = expect(world, dup(fd), 11);
    MeishiReceiveItem *second = expect(world, fd, 4096);
    MeishiReceiveItem *empty = expect(world, memory_with("", 0), 10);

    g_assert_true(receive(world, PATIENT_MS, NULL, &error));
    g_assert_no_error(error);
    assert_content(first, "secret\0more", 11);
    assert_content(second, "secret\0more", 11);
    assert_content(empty, "", 0);
}

static void
test_regular_too_long(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    expect(world, memory_with("12345", 5), 4);
    g_assert_false(receive(world, PATIENT_MS, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

static gpointer
write_slowly(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    char block[1000];

    memset(block, 'x', sizeof block);
    for (int i = 0; i < 100; i++)
        g_assert_cmpint(write(fd, block, sizeof block), ==, sizeof block);
    close(fd);
    return NULL;
}

static void
test_pipe(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strnfill(100000, 'x');
    int ends[2];
    GThread *writer;
    MeishiReceiveItem *item;

    g_assert_true(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
    item = expect(world, ends[0], 100000);
    writer = g_thread_new("writer", write_slowly, GINT_TO_POINTER(ends[1]));
    g_assert_true(receive(world, PATIENT_MS, NULL, &error));
    g_thread_join(writer);
    assert_content(item, expected, 100000);
}

static void
test_pipe_too_long(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int ends[2];

    g_assert_true(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
    expect(world, ends[0], 4);
    g_assert_cmpint(write(ends[1], "12345", 5), ==, 5);
    g_assert_false(receive(world, PATIENT_MS, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    close(ends[1]);
}

/* A writer that neither writes nor closes does not hold a thread for ever. */
static void
test_silent_pipe(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int ends[2];

    g_assert_true(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
    expect(world, ends[0], 4);
    g_assert_false(receive(world, HASTY_MS, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT);
    close(ends[1]);
}

static gboolean
cancel(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void
test_cancelled(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    int ends[2];

    g_assert_true(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
    expect(world, ends[0], 4);
    g_timeout_add(20, cancel, cancellable);
    g_assert_false(receive(world, PATIENT_MS, cancellable, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    close(ends[1]);
}

static void
test_refused(World *world, gconstpointer unused)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    gint device = g_unix_fd_list_append(world->fds, fd, NULL);
    const gint handles[] = {device, device + 1, -1};

    close(fd);
    for (gsize i = 0; i < G_N_ELEMENTS(handles); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_receive_item_new("thing", world->fds, handles[i], 10, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    }
    g_assert_null(meishi_receive_item_new("thing", NULL, 0, 10, NULL));
}

#define TEST(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("/bus/receive/regular", test_regular);
    TEST("/bus/receive/regular-too-long", test_regular_too_long);
    TEST("/bus/receive/pipe", test_pipe);
    TEST("/bus/receive/pipe-too-long", test_pipe_too_long);
    TEST("/bus/receive/silent-pipe", test_silent_pipe);
    TEST("/bus/receive/cancelled", test_cancelled);
    TEST("/bus/receive/refused", test_refused);
    return g_test_run();
}
