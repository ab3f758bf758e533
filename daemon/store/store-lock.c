/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All notes have one length, so that a later one overwrites an earlier one in place: once MAKING
 * is on the disk, MADE needs no space.
 */
#include "daemon/store/store-lock.h"

#include "daemon/base/error.h"
#include "daemon/store/store-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ID_DIGITS   32
#define NOTE_MAX    64

#define PATIENCE_MS 500
#define STEP_MS     10

static const char *const words[] = {
    [MEISHI_STORE_NOTE_MAKING] = "making",
    [MEISHI_STORE_NOTE_MADE] = "vault ",
};

/* A daemon that was killed while it started a helper leaves, for a moment, a child that is not yet
 * the helper and holds a copy of the lock; so a busy lock is looked at for a little while. */
static gboolean
take(int fd)
{
    for (guint waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited_ms += STEP_MS) {
        if (errno != EWOULDBLOCK || waited_ms >= PATIENCE_MS)
            return FALSE;
        g_usleep(STEP_MS * 1000);
    }
    return TRUE;
}

int
meishi_store_lock_open(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0) {
        meishi_store_file_set_errno("open", path, error);
        return -1;
    }
    if (take(fd))
        return fd;
    if (errno == EWOULDBLOCK)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                    "Another meishid has the vault (it holds %s). End it first.", path);
    else
        meishi_store_file_set_errno("lock", path, error);
    close(fd);
    return -1;
}

static gboolean
is_id(const char *text)
{
    return strspn(text, "0123456789abcdef") == ID_DIGITS && g_str_equal(text + ID_DIGITS, "\n");
}

gboolean
meishi_store_lock_read(int fd, MeishiStoreNote *ret_note, char **ret_id, GError **error)
{
    char text[NOTE_MAX + 1] = "";
    gssize len = pread(fd, text, NOTE_MAX, 0);

    if (len < 0) {
        meishi_store_file_set_errno("read", "the lock file", error);
        return FALSE;
    }
    *ret_note = len == 0 ? MEISHI_STORE_NOTE_NONE : MEISHI_STORE_NOTE_GARBLED;
    *ret_id = NULL;
    for (MeishiStoreNote note = MEISHI_STORE_NOTE_MAKING; note <= MEISHI_STORE_NOTE_MADE; note++) {
        gsize word = strlen(words[note]);

        if (!g_str_has_prefix(text, words[note]) || text[word] != ' ' || !is_id(text + word + 1))
            continue;
        *ret_note = note;
        *ret_id = g_strndup(text + word + 1, ID_DIGITS);
    }
    return TRUE;
}

gboolean
meishi_store_lock_write(int fd, MeishiStoreNote note, const char *id, GError **error)
{
    g_autofree char *text =
        note == MEISHI_STORE_NOTE_NONE ? g_strdup("") : g_strdup_printf("%s %s\n", words[note], id);
    gssize len = (gssize)strlen(text);

    if (pwrite(fd, text, (gsize)len, 0) == len && ftruncate(fd, len) == 0 && fsync(fd) == 0)
        return TRUE;
    meishi_store_file_set_errno("write", "the lock file", error);
    return FALSE;
}
