/*
 * A connected client for a command: made, waited for, flushed and closed with messages that say
 * what to do.
 */
#ifndef ETWRELAY_TOOL_CONNECTION_H
#define ETWRELAY_TOOL_CONNECTION_H

#include <etwrelay/client.h>

#define CONNECTION_TIMEOUT_DEFAULT_MS 5000
#define CONNECTION_TIMEOUT_MAX_MS     3600000

/*
 * Make a client and wait until the service has accepted it. `options` as for etwr_client_create().
 * NULL after a message on stderr which names the path that was tried and how to start the service.
 */
struct etwr_client *connection_open(const char *command, const struct etwr_client_options *options,
                                    uint32_t timeout_ms);

/*
 * Wait until everything is settled, for as long as there is progress: the time counts from the last
 * event that the service settled. ETWR_OK; else after a message on stderr.
 */
enum etwr_status connection_flush(const char *command, struct etwr_client *client,
                                  uint32_t timeout_ms);

#endif
