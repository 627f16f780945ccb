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

struct options;

/* First thing in main: signals and descriptors as the service needs them, arguments in UTF-8. */
void host_prepare(int *argc, char ***argv);

/* Call run(options) the way the system wants a service to run, and return the exit status. With
 * options->is_service that is under Windows' service control manager. */
int host_run(int (*run)(const struct options *options), const struct options *options);

/* Does a service manager run it (true), or somebody at a console? */
bool host_is_service(void);

/* Why a start was refused. On Windows the service control manager shows the number as the service's
 * own exit code: they stay as they are. */
enum host_cause {
    HOST_CAUSE_CONFIG = 1,    /* the configuration has errors */
    HOST_CAUSE_PIPE = 2,      /* the pipe's name is taken, or may not be made */
    HOST_CAUSE_SINK = 3,      /* a sink does not open */
    HOST_CAUSE_RESOURCES = 4, /* no memory, no threads */
};

/* Say why the service does not start: on stderr, and where the system keeps such things. */
void host_refuse_start(enum host_cause cause, const char *message);

/* The last counters, one line of JSON: on stdout, and where the system keeps such things. */
void host_print_final(const char *line, size_t size);

/* The folder for the default sink, made if it is missing. `message` says what to do when there is
 * none. */
enum etwr_status host_state_folder(char *path, size_t capacity, char message[HOST_MESSAGE_BYTES]);

/* install, uninstall, start, stop, verify: options->subcommand. Returns the exit status. */
int host_service_command(const struct options *options);

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
