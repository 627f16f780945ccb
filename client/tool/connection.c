/*
 * Connecting and the final flush, for every command that talks to the service. The library connects
 * in the background and never fails at once; people want to be told, so here it is waited for, with
 * a limit.
 */
#include "client/tool/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/tool/system.h"

#define HINT_AFTER_MS  700u
#define FLUSH_SLICE_MS 100u

static void explain_no_connection(const char *command, struct etwr_client *client, const char *pipe,
                                  enum etwr_status status, uint32_t timeout_ms)
{
    char reason[512] = "";

    etwr_client_last_error(client, reason, sizeof reason);
    if (reason[0] == '\0' && status == ETWR_E_TIMEOUT) { /* connected, and not welcomed */
        fprintf(stderr, "etwrelay %s: the service behind %s does not answer (waited %u ms)\n",
                command, pipe != NULL ? pipe : "the socket or pipe", (unsigned)timeout_ms);
        return;
    }
    fprintf(stderr, "etwrelay %s: not connected to the relay service: %s\n", command,
            reason[0] != '\0' ? reason : etwr_status_text(status));
    if (status == ETWR_E_TIMEOUT)
        fprintf(stderr,
                "Tried for %u ms. Is the service running? Start it with `etwrelayd run`, or say "
                "where it listens with --pipe PATH or the variable ETWRELAY_PIPE.\n",
                (unsigned)timeout_ms);
}

static void explain_no_client(const char *command, const struct etwr_client_options *options,
                              enum etwr_status status)
{
    if (status != ETWR_E_INVALID_ARGUMENT)
        fprintf(stderr, "etwrelay %s: %s\n", command, etwr_status_text(status));
    else if (options->pipe != NULL)
        fprintf(stderr, "etwrelay %s: --pipe %s: %s\n", command, options->pipe, system_pipe_rule);
    else
        fprintf(stderr,
                "etwrelay %s: one of the variables ETWRELAY_PIPE (%s) and %s does not hold what it "
                "should\n",
                command, system_pipe_rule, system_handle_variable);
}

/* On a terminal somebody is waiting: say for what. */
static enum etwr_status wait_connected(struct etwr_client *client, uint32_t timeout_ms)
{
    uint32_t first = timeout_ms < HINT_AFTER_MS ? timeout_ms : HINT_AFTER_MS;
    enum etwr_status status = etwr_client_wait_connected(client, first);

    if (status != ETWR_E_TIMEOUT || first == timeout_ms) return status;
    if (system_stderr_is_terminal()) fputs("waiting for the service ...\r", stderr);
    status = etwr_client_wait_connected(client, timeout_ms - first);
    if (system_stderr_is_terminal()) fputs("\033[K", stderr);
    return status;
}

struct etwr_client *connection_open(const char *command, const struct etwr_client_options *options,
                                    uint32_t timeout_ms)
{
    struct etwr_client *client;
    enum etwr_status status = etwr_client_create(options, &client);

    if (status != ETWR_OK) {
        explain_no_client(command, options, status);
        return NULL;
    }
    status = wait_connected(client, timeout_ms);
    if (status == ETWR_OK) return client;
    explain_no_connection(command, client,
                          options->pipe != NULL ? options->pipe : getenv("ETWRELAY_PIPE"), status,
                          timeout_ms);
    etwr_client_destroy(client, 0, NULL);
    return NULL;
}

enum etwr_status connection_flush(const char *command, struct etwr_client *client,
                                  uint32_t timeout_ms)
{
    struct etwr_counters counters;
    uint64_t acknowledged = 0, last_progress_ns = system_now_ns();
    uint32_t slice = timeout_ms < FLUSH_SLICE_MS ? timeout_ms : FLUSH_SLICE_MS;

    for (;;) {
        enum etwr_status status = etwr_client_flush(client, slice);
        if (status == ETWR_OK) return ETWR_OK;
        if (status != ETWR_E_TIMEOUT) {
            explain_no_connection(command, client, NULL, status, timeout_ms);
            return status;
        }
        etwr_client_counters(client, &counters);
        if (counters.acknowledged != acknowledged) {
            acknowledged = counters.acknowledged;
            last_progress_ns = system_now_ns();
        }
        if (system_now_ns() - last_progress_ns >= (uint64_t)timeout_ms * 1000000u) {
            fprintf(stderr, "etwrelay %s: the service has settled no event for %u ms\n", command,
                    (unsigned)timeout_ms);
            return ETWR_E_TIMEOUT;
        }
    }
}
