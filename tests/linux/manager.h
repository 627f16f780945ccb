/*
 * A stand-in for systemd: starts the service with descriptors and a notification socket, and keeps
 * what it is told. Every wait has a deadline and fails the test when it passes. Not for threads.
 */
#ifndef ETWRELAY_TEST_MANAGER_H
#define ETWRELAY_TEST_MANAGER_H

#include <sys/types.h>

#include "tests/support/process.h"

#define MANAGER_PASSED_MAX 4
#define MANAGER_TEXT_BYTES 1024

struct manager {
    struct scratch scratch;
    char socket_path[PROCESS_PATH_MAX]; /* where manager_listen() listens */
    char log[PROCESS_PATH_MAX];         /* what the service says on stderr */
    int notify_fd;                      /* -1: the service is not told of any */
    char notify_path[PROCESS_PATH_MAX];
    char text[MANAGER_TEXT_BYTES]; /* the newest notification */

    /* What the next service gets; zeros are nothing. */
    int passed[MANAGER_PASSED_MAX]; /* borrowed; it sees them as 3 and on */
    unsigned passed_count;
    const char *names;         /* $LISTEN_FDNAMES */
    const char *listen_fds;    /* $LISTEN_FDS, if not the number of those passed */
    const char *listen_pid;    /* $LISTEN_PID, if not its own */
    const char *watchdog_usec; /* $WATCHDOG_USEC */
    const char *extra_name;    /* one more, or NULL */
    const char *extra_value;
    const char *program; /* instead of etwrelayd */
    pid_t pid;           /* of the service that was started last */
};

void manager_init(struct manager *manager);
void manager_clear(struct manager *manager); /* kills what still runs */

/* A Unix stream socket that listens at `path`. */
int manager_listen(const char *path);
/* Open the notification socket: a file, or an address without one. */
void manager_open_notify(struct manager *manager, bool has_file);

/* `etwrelayd run ARGUMENTS...` (NULL-terminated). */
void manager_start(struct manager *manager, const char *const *arguments);
void manager_wait_ready(struct manager *manager);
/* SIGTERM, and its end: the exit status. */
int manager_stop(struct manager *manager);

/* Is there a notification within `timeout_ms`? It is then in manager->text. */
bool manager_receive(struct manager *manager, int timeout_ms);
/* Until one comes that holds `text`. */
void manager_wait_for(struct manager *manager, const char *text);

#endif
