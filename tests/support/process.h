/*
 * Real processes for flow tests: a scratch folder, programs run to their end, and a service that
 * runs until it is told to stop.
 *
 * Everything waits for a condition with a deadline; a test fails (Check) when one passes. Not for
 * threads. process_unix.c and process_win.c have what each system does in its own way.
 */
#ifndef ETWRELAY_TEST_PROCESS_H
#define ETWRELAY_TEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cjson/cJSON.h>

#define PROCESS_DEADLINE_MS   30000
#define PROCESS_PATH_MAX      256
#define PROCESS_ARGUMENTS_MAX 40

uint64_t process_now_ms(void);
void process_pause(void); /* between two looks at a condition */

/* A folder of its own under TMPDIR or /tmp; scratch_clear() removes it with everything in it.
 * Sockets lie in it: it is short. */
struct scratch {
    char path[64];
};

void scratch_init(struct scratch *scratch);
void scratch_clear(struct scratch *scratch);
/* Where a service of this folder listens, in a buffer of PROCESS_PATH_MAX bytes. */
void scratch_pipe(const struct scratch *scratch, char *buffer);
/* "FOLDER/NAME", in a buffer of PROCESS_PATH_MAX bytes; returns it. */
const char *scratch_file(const struct scratch *scratch, const char *name, char *buffer);
void scratch_write(const struct scratch *scratch, const char *name, const void *bytes, size_t size);
/* A file's bytes and a NUL behind them; the caller frees. Fails the test when it cannot be read. */
char *process_read_file(const char *path, size_t *size);

/* A program that ended. */
struct run {
    int exit_status; /* 128 + signal when it was killed by one */
    char *out, *err; /* NUL-terminated */
    size_t out_size, err_size;
};

/* Run argv (NULL-terminated, [0] is the program) to its end; `input` becomes its standard input
 * (NULL: empty). */
void run_program(struct run *run, const char *const *argv, const char *input);
void run_clear(struct run *run);

/* Start without waiting; standard output and error go to these files. */
pid_t process_start(const char *const *argv, const char *out_path, const char *err_path);
/* The same, with standard input from a file. */
pid_t process_start_with(const char *const *argv, const char *in_path, const char *out_path,
                         const char *err_path);
/* Of a service: SIGTERM and SIGHUP, or the events that it waits for. */
void process_ask_to_stop(pid_t pid);
void process_ask_to_reload(pid_t pid);
/* It stands still from here to there. */
void process_suspend(pid_t pid);
void process_resume(pid_t pid);
/* At once, without another word of its own; process_wait() is still due. */
void process_kill(pid_t pid);
/* Wait until it ends and return its exit status as in struct run. */
int process_wait(pid_t pid);
/* Is `text` in the file at `path`, before the deadline? */
bool process_wait_for_text(const char *path, const char *text);

/* A "file" that another process can read while this one still writes it. `path` is where, in a
 * buffer of PROCESS_PATH_MAX bytes. */
intptr_t process_feed_open(const struct scratch *scratch, char *path);
void process_feed_write(intptr_t feed, const char *text); /* waits for the reader */
void process_feed_close(intptr_t feed);

/* A place where no service listens, and the tool's words for one that is none. */
extern const char process_absent_pipe[];

/* etwrelayd in a scratch folder of its own. */
struct service {
    struct scratch scratch;
    pid_t pid;
    char pipe[PROCESS_PATH_MAX];
    char log[PROCESS_PATH_MAX];
    unsigned starts;
    cJSON *final; /* the object in {"final": ...} of the last stop */
};

void service_init(struct service *service);
/* Start `etwrelayd run --pipe ...` with these further arguments (NULL-terminated) and wait for
 * `ready`. */
void service_start(struct service *service, const char *const *arguments);
/* The same, with a config file of this text; and that file alone, for a reload. */
void service_start_with(struct service *service, const char *config);
void service_write_config(const struct service *service, const char *config);
/* Ask it to stop, wait, read {"final"}; the exit status must be 0. */
void service_stop(struct service *service);
void service_end(struct service *service); /* the same, of one that has been asked already */
void service_kill(struct service *service);
void service_clear(struct service *service); /* kills what still runs */

/* A counter of service->final: "written", "dropped.full", "transport.ended.slow_reader"; 0 when it
 * is not there. */
uint64_t service_final(const struct service *service, const char *key);
/* accepted = written + not_enabled + sum of dropped + pending, and pending is 0. Fails the test if
 * not. */
void service_check_account(const struct service *service);

#endif
