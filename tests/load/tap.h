/*
 * A sink with just the room that a test gives it: JSON lines into a pipe which only the test reads.
 * When the pipe is full the service's writer stands still in the middle of a write, for as long as
 * the test wants, and what it has not written lies in the service's few buffers.
 */
#ifndef ETWRELAY_TEST_TAP_H
#define ETWRELAY_TEST_TAP_H

#include "tests/load/load.h"

struct tap {
    int fd;
    char config[512]; /* for load_start(): one worker, and this as its only sink */
};

/* In the scratch folder. `limits` are members of the config's "limits", or "". */
void tap_open(struct tap *tap, const struct scratch *scratch, const char *limits);
void tap_close(struct tap *tap); /* what was not read is lost */
/* Wait until the pipe takes no more. False: it still does, 20 seconds later. */
bool tap_wait_full(const struct tap *tap);
/* What is there, at most so much; 0: nothing. Never waits. */
size_t tap_read(const struct tap *tap, char *bytes, size_t size);
/* Read on in a process of its own, until that is killed. */
pid_t tap_drain(const struct tap *tap);

#endif
