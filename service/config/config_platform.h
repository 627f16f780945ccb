/*
 * What differs between the systems in what a configuration may say. One file a system.
 */
#ifndef ETWRELAY_CONFIG_PLATFORM_H
#define ETWRELAY_CONFIG_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

#include <etwrelay/status.h>

#define CONFIG_PLATFORM_MESSAGE_BYTES 256

/* Is there an Event Tracing for Windows to write to? */
bool config_platform_has_etw(void);

/* What is wrong with a pipe name or socket path here, and what is allowed; NULL: nothing. */
const char *config_platform_pipe_fault(const char *pipe);

/*
 * Open once, check on the handle, read: a regular file of at most `max` bytes that only its owner
 * can write, who is this process's user or the system's administrator. The caller frees *bytes,
 * which has a NUL behind its *size. Returns ETWR_OK, ETWR_E_NOT_FOUND, ETWR_E_ACCESS_DENIED,
 * ETWR_E_IO, ETWR_E_LIMIT, ETWR_E_NO_MEMORY, with what is wrong and what to do in `message`.
 */
enum etwr_status config_platform_read_file(const char *path, size_t max, char **bytes, size_t *size,
                                           char message[CONFIG_PLATFORM_MESSAGE_BYTES]);

#endif
