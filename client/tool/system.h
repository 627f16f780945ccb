/*
 * The few things the tool needs from the operating system beyond the C library. One file a
 * platform.
 */
#ifndef ETWRELAY_TOOL_SYSTEM_H
#define ETWRELAY_TOOL_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSTEM_STANDARD_INPUT 0

/* First thing in main: standard streams that carry bytes as they are, arguments in UTF-8. */
void system_start(int *argc, char ***argv);

/* What the name of a pipe is, for messages. */
extern const char system_pipe_rule[];
/* The lines about --pipe in the help of `send`. */
extern const char system_pipe_help[];
/* The variable that names an open connection, and what it holds. */
extern const char system_handle_variable[];

/* Open a file to read bytes from it. -1 and errno on failure. */
int system_open(const char *path);
void system_close(int file);

/* Read what is there: at least one byte, at most `size`. 0 at the end, -1 and errno on failure.
 * Unlike fread() it does not wait until all of `size` has come, so that events from a pipe go on at
 * once. */
ptrdiff_t system_read(int file, void *buffer, size_t size);

/* Read up to `size` bytes at `offset`; fewer only where the file ends. -1 and errno on failure. */
ptrdiff_t system_read_at(int file, uint64_t offset, void *buffer, size_t size);

/* Nanoseconds of a clock that only goes forward; the same in all processes. */
uint64_t system_now_ns(void);

/* Does it show on a terminal? */
bool system_stdout_is_terminal(void);
bool system_stderr_is_terminal(void);

/*
 * Several processes that do one job together (`etwrelay bench`).
 *
 * Each of `count` processes calls prepare(context, index), tells the parent, waits until all are
 * prepared, calls run(context, index, result) and hands `result_size` bytes back. Must be called
 * before any thread or client exists, and only the command line may have decided what was done
 * until then: the processes are copies of this one. A process whose prepare or run fails (false)
 * has said why on stderr. Returns true when every process did its part; results[index] are filled
 * then.
 */
typedef bool (*processes_prepare)(void *context, unsigned index);
typedef bool (*processes_work)(void *context, unsigned index, void *result);

bool processes_run(unsigned count, processes_prepare prepare, processes_work run, void *context,
                   void *results, size_t result_size);

#endif
