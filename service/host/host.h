/*
 * The host: how the service lives on its system. One file a platform.
 */
#ifndef ETWRELAY_HOST_H
#define ETWRELAY_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <etwrelay/status.h>

#define HOST_MESSAGE_BYTES 512

/* First thing in main: signals and descriptors as the service needs them. */
void host_prepare(void);

/* Does a service manager run it (true), or somebody at a console? */
bool host_is_service(void);

/* The folder for the default sink, made if it is missing. `message` says what to do when there is
 * none. */
enum etwr_status host_state_folder(char *path, size_t capacity, char message[HOST_MESSAGE_BYTES]);

/* install, uninstall, start, stop, verify. Returns the exit status. */
int host_service_command(const char *command);

struct host_requests { /* what is asked of the running service; called on the loop */
    void (*on_stop)(void *context);
    void (*on_reload)(void *context);
    void *context;
};

/* Pass on what the console or the service manager asks for, from now on. False: the system would
 * not let us hear of it. Its handles are closed with the loop's others. */
bool host_watch(uv_loop_t *loop, const struct host_requests *requests);
/* Stopping has begun: whatever else is asked for is caught but keeps the loop no longer. */
void host_watch_unref(void);

enum host_state { HOST_READY, HOST_RELOADING, HOST_STOPPING };

/* Tell the service manager, if there is one. */
void host_tell(enum host_state state);

#endif
