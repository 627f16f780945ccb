/*
 * The file system of service/sink/file.h in memory, with the faults that a test asks for. A test
 * that links this gets it in place of the real one. Standard output is the file "-".
 */
#ifndef ETWRELAY_TESTS_MEMORY_FILE_H
#define ETWRELAY_TESTS_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/status.h>

/* Empty, without faults. Before the sink of each test starts. */
void memory_file_reset(void);

/* A file's bytes, lent until it is written again; NULL: no such file. */
const uint8_t *memory_file_bytes(const char *path, size_t *size);

/* As etl_read_at; context is the path. */
enum etwr_status memory_file_read_at(void *path, uint64_t offset, void *bytes, size_t size,
                                     size_t *got);

/* All files together may grow to so many bytes; what no longer fits is written in part, then
 * FILE_FULL. */
void memory_file_set_space(size_t bytes);
size_t memory_file_used(void);

/* The next `count` writes (at an offset, or appending) write half of their bytes and fail with
 * FILE_FAILED, after `skip` good ones. */
void memory_file_fail_writes(unsigned skip, unsigned count);
/* file_truncate() fails. */
void memory_file_fail_truncate(bool fails);

/* Writes wait until they are let go. */
void memory_file_block(bool blocked);
/* Until a write waits; false after 20 seconds. */
bool memory_file_wait_until_blocked(void);

/* Is some file not closed? */
bool memory_file_any_open(void);

#endif
