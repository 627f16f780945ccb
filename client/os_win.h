/* Between os_win.c and transport_win.c: deadlines as Windows' waits want them. */
#ifndef ETWRELAY_CLIENT_OS_WIN_H
#define ETWRELAY_CLIENT_OS_WIN_H

#include <stdint.h>

/* INFINITE for OS_NEVER; 0 only when the deadline has come. */
uint32_t os_ms_until(uint64_t deadline_ms);

#endif
