/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For LD_PRELOAD: a program's clock is wrong by as many seconds as the file named by OTHER_CLOCK
 * says, which is read each time, so that somebody can set it right meanwhile.  Asks the kernel
 * itself, and so is safe in programs that replace the C library's functions, too.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static time_t
read_error(void)
{
    const char *path = getenv("OTHER_CLOCK");
    char text[32] = "";
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    return (time_t)strtoll(text, NULL, 10);
}

EXPORT int
clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);

    if (status == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += read_error();
    return status;
}

EXPORT int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    int status = clock_gettime(CLOCK_REALTIME, &precise);

    if (status == 0)
        *now = (struct timeval){.tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1000};
    return status;
}

EXPORT time_t
time(time_t *ret)
{
    struct timespec now = {.tv_sec = (time_t)-1};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}
