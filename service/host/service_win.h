/*
 * The service under the service control manager: its states as the manager sees them.
 *
 * The manager's requests come on a thread of its own and are passed on through requests_win.h.
 */
#ifndef ETWRELAY_SERVICE_WIN_H
#define ETWRELAY_SERVICE_WIN_H

#include <stdbool.h>

#include "service/host/host.h"

#define SERVICE_NAME L"etwrelay"

/* Tell the manager that the service is here, and call run(options) when it says so. Returns the
 * exit status when the service has stopped; 1 with a message when nobody waits for it. */
int service_run(int (*run)(const struct options *options), const struct options *options);

bool service_is_running(void); /* under the manager */

/* What the manager is to show as the exit code when run() fails. */
void service_set_cause(enum host_cause cause);

/* Nothing, outside of the manager. */
void service_tell(enum host_state state);

#endif
