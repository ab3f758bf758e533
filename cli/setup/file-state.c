/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading files that are to be changed: regular ones of a sensible size, never through a device or
 * a pipe that would wait.
 */
#include "cli/setup/file-state.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest is the module itself; configuration is a thousandth of that. */
#define MAX_BYTES (16 * 1024 * 1024)

void
meishi_file_state_free(MeishiFileState *state)
{
    if (state == NULL)
        return;
    g_free(state->path);
    g_clear_pointer(&state->bytes, g_bytes_unref);
    g_free(state);
}

static gboolean
fail_errno(const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(saved), "Cannot read %s: %s", path,
                g_strerror(saved));
    return FALSE;
}

static gboolean
fail_kind(const char *path, const char *what, GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "%s %s.", path, what);
    return FALSE;
}

static char *
dup_real(const char *path)
{
    char *real = realpath(path, NULL);
    char *copy = g_strdup(real);

    free(real);
    return copy;
}

static gboolean
lies_below(const char *real, const char *root)
{
    g_autofree char *real_root = root[0] != '\0' ? dup_real(root) : g_strdup("");
    gsize len = real_root != NULL ? strlen(real_root) : 0;

    return real_root != NULL && strncmp(real, real_root, len) == 0 && real[len] == '/';
}

/* The deepest directory of @path that is there decides where the rest will be. */
static char *
resolve(const char *path)
{
    char *real = dup_real(path);
    g_autofree char *dir = NULL, *base = NULL, *real_dir = NULL;

    if (real != NULL || errno != ENOENT)
        return real;
    dir = g_path_get_dirname(path);
    base = g_path_get_basename(path);
    real_dir = resolve(dir);
    return real_dir != NULL ? g_build_filename(real_dir, base, NULL) : NULL;
}

static char *
resolve_below(const char *path, const char *root, GError **error)
{
    struct stat st;
    g_autofree char *real = NULL;

    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && stat(path, &st) != 0) {
        (void)fail_kind(path, "is a link to a file that is not there", error);
        return NULL;
    }
    real = resolve(path);
    if (real == NULL) {
        (void)fail_errno(path, error);
        return NULL;
    }
    if (lies_below(real, root))
        return g_steal_pointer(&real);
    (void)fail_kind(path, "leads out of the directory that is set up", error);
    return NULL;
}

static gboolean
read_all(MeishiFileState *state, int fd, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_sized_new((guint)state->st.st_size + 1);
    gssize n;

    do {
        guint8 chunk[16384];

        n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno != EINTR)
            return fail_errno(state->path, error);
        g_byte_array_append(bytes, chunk, (guint)MAX(n, 0));
    } while (n != 0 && bytes->len <= MAX_BYTES);
    if (bytes->len > MAX_BYTES)
        return fail_kind(state->path, "is too large for a configuration file", error);
    state->bytes = g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    return TRUE;
}

static gboolean
read_open(MeishiFileState *state, int fd, GError **error)
{
    if (fstat(fd, &state->st) != 0)
        return fail_errno(state->path, error);
    if (!S_ISREG(state->st.st_mode))
        return fail_kind(state->path, "is no regular file", error);
    if (state->st.st_size > MAX_BYTES)
        return fail_kind(state->path, "is too large for a configuration file", error);
    return read_all(state, fd, error);
}

MeishiFileState *
meishi_file_state_read(const char *path, const char *root, GError **error)
{
    g_autoptr(MeishiFileState) state = g_new0(MeishiFileState, 1);
    gboolean is_read;
    int fd;

    state->path = resolve_below(path, root, error);
    if (state->path == NULL)
        return NULL;
    fd = open(state->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return g_steal_pointer(&state);
    if (fd < 0) {
        (void)fail_errno(state->path, error);
        return NULL;
    }
    is_read = read_open(state, fd, error);
    close(fd);
    return is_read ? g_steal_pointer(&state) : NULL;
}

char *
meishi_file_state_text(const MeishiFileState *state, GError **error)
{
    gsize len = 0;
    const char *data = state->bytes != NULL ? g_bytes_get_data(state->bytes, &len) : NULL;

    if (len > 0 && memchr(data, '\0', len) != NULL) {
        (void)fail_kind(state->path, "is no text", error);
        return NULL;
    }
    return g_strndup(len > 0 ? data : "", len);
}

gboolean
meishi_file_state_is_current(const MeishiFileState *state)
{
    struct stat st;

    if (lstat(state->path, &st) != 0)
        return (errno == ENOENT || errno == ENOTDIR) && state->bytes == NULL;
    return state->bytes != NULL && st.st_dev == state->st.st_dev && st.st_ino == state->st.st_ino &&
           st.st_size == state->st.st_size && st.st_mtim.tv_sec == state->st.st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == state->st.st_mtim.tv_nsec;
}

char *
meishi_file_state_digest(GBytes *bytes)
{
    return bytes != NULL ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes)
                         : g_strdup("absent");
}

gboolean
meishi_file_state_is_same(const char *a, const char *b)
{
    struct stat x, y;

    return strcmp(a, b) == 0 ||
           (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}
