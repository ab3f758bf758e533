/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A list of what is denied and not of what is allowed: drivers for readers and HSMs, the sockets of
 * a resource manager and whatever the next libc uses must work, and a call that is missing from a
 * list would only be noticed on somebody's desk.
 *
 * Processes are denied altogether.  Without one that it made, killing the host is the end of the
 * module; and a child would hold copies of everything that the module holds.  Threads are not
 * touched: clone(2) with CLONE_THREAD is allowed, and clone3(2), whose flags a filter cannot see,
 * does not exist here, so that libc falls back to the other.
 */
#include "daemon/tokenhost/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define LAST_CALL    0x3fffffffu /* above lies x32, with other numbers for the same calls */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define LAST_CALL    0xffffffffu
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#define LAST_CALL    0xffffffffu
#endif

#ifdef ARCHITECTURE

#define DENY        (SECCOMP_RET_ERRNO | EPERM)
#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
/* The lower half of a 64-bit argument, on the little-endian machines above. */
#define ARGUMENT(n) (FIELD(args) + 8u * (n))

static const uint32_t denied[] = {
    /* other programs and processes */
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_kcmp,
    SYS_setsid,
    SYS_setpgid,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    /* other views of the system */
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_personality,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    /* other keys */
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    /* what the kernel has been broken with */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_fanotify_init,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
};

#define N_DENIED (sizeof denied / sizeof denied[0])
#define N_HEAD   6
#define N_TAIL   24

typedef struct {
    struct sock_filter code[N_HEAD + 2 * N_DENIED + N_TAIL];
    unsigned short n;
} Program;

static void
add(Program *program, uint16_t code, uint32_t k, uint8_t jump_true, uint8_t jump_false)
{
    program->code[program->n++] = (struct sock_filter){code, jump_true, jump_false, k};
}

static void
load(Program *program, uint32_t offset)
{
    add(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void
answer(Program *program, uint32_t verdict)
{
    add(program, BPF_RET | BPF_K, verdict, 0, 0);
}

/* Skips the next @n lines unless what was loaded is @value. */
static void
unless_equal_skip(Program *program, uint32_t value, uint8_t n)
{
    add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, n);
}

static void
check_numbers(Program *program)
{
    load(program, FIELD(arch));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer(program, DENY);
    load(program, FIELD(nr));
    add(program, BPF_JMP | BPF_JGT | BPF_K, LAST_CALL, 0, 1);
    answer(program, DENY);
}

/* Threads, and no processes. */
static void
check_clone(Program *program)
{
    unless_equal_skip(program, SYS_clone3, 1);
    answer(program, SECCOMP_RET_ERRNO | ENOSYS);
    unless_equal_skip(program, SYS_clone, 4);
    load(program, ARGUMENT(0));
    add(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    answer(program, SECCOMP_RET_ALLOW);
    answer(program, DENY);
}

/* Signals to itself, as abort() sends one, and to nobody else. */
static void
check_kill(Program *program, uint32_t number)
{
    unless_equal_skip(program, number, 4);
    load(program, ARGUMENT(0));
    unless_equal_skip(program, (uint32_t)getpid(), 1);
    answer(program, SECCOMP_RET_ALLOW);
    answer(program, DENY);
}

/* Of families that lead out of this machine, or nobody knows where, there are none, as on a machine
 * without a network. */
static void
check_socket(Program *program)
{
    unless_equal_skip(program, SYS_socket, 5);
    load(program, ARGUMENT(0));
    add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 2, 0);
    add(program, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
    answer(program, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    answer(program, SECCOMP_RET_ALLOW);
}

void
meishi_filter_system_calls(gboolean allows_network)
{
    Program program = {.n = 0};
    struct sock_fprog filter;

    check_numbers(&program);
    for (size_t i = 0; i < N_DENIED; i++) {
        unless_equal_skip(&program, denied[i], 1);
        answer(&program, DENY);
    }
    check_clone(&program);
    check_kill(&program, SYS_kill);
    check_kill(&program, SYS_tgkill);
    if (!allows_network)
        check_socket(&program);
    answer(&program, SECCOMP_RET_ALLOW);
    filter = (struct sock_fprog){.len = program.n, .filter = program.code};
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

#else

void
meishi_filter_system_calls(gboolean allows_network)
{
}

#endif
