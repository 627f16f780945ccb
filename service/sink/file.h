/*
 * What the file sinks ask of the operating system. Thin: no policy in here; tests put a file system
 * with faults in its place.
 *
 * Nothing is forced to the disk: what these functions took survives the process, not the machine.
 * Threads: one at a time for one file.
 */
#ifndef ETWRELAY_SINK_FILE_H
#define ETWRELAY_SINK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum file_result {
    FILE_OK,
    FILE_EXISTS, /* file_create(): there is something of that name */
    FILE_FULL,   /* no space left, or over a quota */
    FILE_FAILED  /* anything else */
};

/* Which file it is, whatever it is called. */
struct file_id {
    uint64_t volume, number;
};

struct file {
    intptr_t handle;   /* -1: closed */
    int error;         /* the system's number for the last failure */
    bool is_lent;      /* standard output: not ours to close */
    struct file_id id; /* after file_create() */
};

/* Create a file that did not exist, for writing; nobody's file is ever opened or followed. */
enum file_result file_create(struct file *file, const char *path);

/* Open for appending, creating it if need be; a file of any kind. */
enum file_result file_open_append(struct file *file, const char *path);

/* Append to standard output. Its reader may go away: that is an error to count, not a signal to die
 * from. */
enum file_result file_open_standard_output(struct file *file);

/* Write all bytes at an offset. After a failure some of them may have been written. */
enum file_result file_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size);

/* Append all bytes; *written says how many were, also after a failure. Waits for a slow reader. */
enum file_result file_append(struct file *file, const void *bytes, size_t size, size_t *written);

/* The size of a regular file; FILE_FAILED for others. */
enum file_result file_size(struct file *file, uint64_t *size);

enum file_result file_truncate(struct file *file, uint64_t size);

/* Closed in any case; standard output stays open. A failure is one of writing that came late. */
enum file_result file_close(struct file *file);

/* Delete the file at `path` if it is still the one that `id` names; else leave it alone, which is
 * no failure. */
enum file_result file_remove(const char *path, const struct file_id *id);

/* Is `path` a regular file whose last byte is not a line end? False when that cannot be seen. */
bool file_has_open_end(const char *path);

/* The last failure for people, with the system's number: "No space left on device (28)". */
void file_error_text(const struct file *file, char *text, size_t size);

#endif
