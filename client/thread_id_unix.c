/*
 * The thread's id as Linux's tools show it. In a file of its own because glibc before 2.30 has no
 * gettid(), and the call by number needs more than POSIX.
 */
#define _DEFAULT_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "client/os.h"
#include "client/os_unix.h"

static _Thread_local uint32_t cached;

uint32_t os_thread_id(void)
{
    if (cached == 0) cached = (uint32_t)syscall(SYS_gettid);
    return cached;
}

void os_forget_thread_id(void)
{
    cached = 0;
}
