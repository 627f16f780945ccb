/* Windows' service manager has no watchdog. */
#include "service/host/watchdog.h"

uint64_t watchdog_interval_ms(void)
{
    return 0;
}

void watchdog_tell(bool is_alive, const char *status)
{
    (void)is_alive;
    (void)status;
}
