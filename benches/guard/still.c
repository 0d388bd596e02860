/* Preloaded into a receiver whose instructions are counted: its clocks stand still and its randomness is a constant. Under
   valgrind everything is fifty times slower, and timeouts would end what ends in time elsewhere. */

#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define CLOCKS 16

int clock_gettime(clockid_t clock, struct timespec *now) {
    static struct timespec first[CLOCKS];
    if (clock < 0 || clock >= CLOCKS) return syscall(SYS_clock_gettime, clock, now);
    if (!first[clock].tv_sec) syscall(SYS_clock_gettime, clock, &first[clock]);
    *now = first[clock];
    return 0;
}

ssize_t getrandom(void *buffer, size_t length, unsigned flags) {
    (void)flags;
    memset(buffer, 7, length);
    return length;
}
