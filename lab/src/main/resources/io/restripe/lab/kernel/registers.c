/*
 * Set before User Mode Linux by the dynamic linker (LD_PRELOAD), where the processor has more registers than that kernel knows.
 *
 * The kernel of the host takes a process's extended registers (NT_X86_XSTATE) only whole. User Mode Linux 6.1 keeps 2,696 bytes of them,
 * all there are with AVX-512, and sets so many; with AMX there are 11 KiB, the host refuses, and no guest boots. Here what it leaves out
 * is taken from the process as it is. Nothing else is changed.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PEEK_FIRST = 1, PEEK_LAST = 3, GET_REGISTERS = 0x4204, SET_REGISTERS = 0x4205, EXTENDED = 0x202 };

static char registers[64 << 10]; /* one thread of User Mode Linux traces */

static long trace(long request, long pid, long address, void *data) {
    return syscall(SYS_ptrace, request, pid, address, data);
}

long ptrace(int request, ...) {
    va_list arguments;
    va_start(arguments, request);
    int pid = va_arg(arguments, int);
    long address = va_arg(arguments, long);
    void *data = va_arg(arguments, void *);
    va_end(arguments);

    if (request >= PEEK_FIRST && request <= PEEK_LAST) { /* the system call stores the word, the function returns it */
        long word = 0;
        long result = trace(request, pid, address, &word);
        return result < 0 ? result : word;
    }
    if (request == SET_REGISTERS && address == EXTENDED) {
        struct iovec known = *(struct iovec *) data;
        struct iovec all = {registers, sizeof registers};
        if (trace(GET_REGISTERS, pid, EXTENDED, &all) == 0 && known.iov_len < all.iov_len) {
            memcpy(registers, known.iov_base, known.iov_len);
            return trace(SET_REGISTERS, pid, EXTENDED, &all);
        }
    }
    return trace(request, pid, address, data);
}
