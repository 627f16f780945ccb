/* accept4() alone: where the C library declares it, it takes no plain pointer. */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "tests/fault/faults.h"

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    static int (*next)(int, struct sockaddr *, socklen_t *, int);
    int error = 0;
    if (next == NULL) faults_find_next(&next, "accept4");
    if (faults_meet(FAULT_ACCEPT, &error) != FAULT_ERROR) return next(fd, address, size, flags);
    errno = error;
    return -1;
}
