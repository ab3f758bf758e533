/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sealed memory files.  The size is read after the seals: before them it could still change.
 */
#include "module/wire/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

static bool
write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

int
meishi_memfile_new(const char *name, const void *data, size_t len)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int error;

    if (fd < 0)
        return -1;
    if (write_all(fd, data, len) && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool
meishi_memfile_map(int fd, size_t max, struct meishi_bytes *ret)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;
    void *data;

    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
        return false;
    if (st.st_size <= 0 || (uint64_t)st.st_size > max)
        return false;
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        return false;
    *ret = (struct meishi_bytes){data, (size_t)st.st_size};
    return true;
}

void
meishi_memfile_unmap(struct meishi_bytes *bytes)
{
    if (bytes->data != NULL)
        munmap((void *)bytes->data, bytes->len);
    *bytes = (struct meishi_bytes){NULL, 0};
}
