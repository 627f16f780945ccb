/* Between fork_unix.c and os_unix.c: the child's thread has another id than the one it was cached
 * for. */
#ifndef ETWRELAY_CLIENT_OS_UNIX_H
#define ETWRELAY_CLIENT_OS_UNIX_H

void os_forget_thread_id(void);

#endif
