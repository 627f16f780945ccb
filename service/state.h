/*
 * The state file in the state folder: opened at the start, written while the service runs.
 *
 * Its name has a hash of the pipe's in it: services of one user on several pipes keep a file each,
 * and the one that serves a pipe is alone with its file. What a write handed to the system survives
 * the process, not the machine. Threads: one, the main one.
 */
#ifndef ETWRELAY_STATE_H
#define ETWRELAY_STATE_H

#include <uv.h>

#include <etwrelay/status.h>

#include "service/state_file.h"

#define STATE_MESSAGE_BYTES 512
#define STATE_PATH_BYTES    4096

struct state {
    uv_file file; /* -1: none is kept */
    char path[STATE_PATH_BYTES];
    uint64_t generation;         /* of the newest record */
    enum state_verdict verdict;  /* what was found at the start */
    struct state_record found;   /* STATE_GOOD */
    struct state_record written; /* the newest */
    bool has_failed;             /* the last write has */
};

/* Open FOLDER's file for `pipe`, made if it is missing, and read what is in it. A foreign file is
 * left alone. On failure `message` says what and where; then, and with a foreign file, nothing is
 * kept. */
enum etwr_status state_open(struct state *state, const char *folder, const char *pipe,
                            char message[STATE_MESSAGE_BYTES]);

/* Write a record, its generation left to us. Does nothing when none is kept. On failure `message`
 * says why, and the record before it still holds. */
enum etwr_status state_write(struct state *state, const struct state_record *record,
                             char message[STATE_MESSAGE_BYTES]);

void state_close(struct state *state);
/* The same, and the file goes: there is nothing to remember. */
void state_remove(struct state *state);

#endif
