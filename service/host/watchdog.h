/*
 * The service manager's watchdog: it restarts a service that does not say often enough that it is
 * alive. Whether it is, is worker_pulse's and relay_pulse's to find out. One file a platform.
 */
#ifndef ETWRELAY_WATCHDOG_H
#define ETWRELAY_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* How often to look whether all is well, and to tell; 0: nobody listens. At least twice as often as
 * the manager wants to hear, so that one late answer does not end the service. */
uint64_t watchdog_interval_ms(void);

/* `status` is one line for those who ask the manager how the service does. Not alive: the watchdog
 * is left to bark. */
void watchdog_tell(bool is_alive, const char *status);

#endif
