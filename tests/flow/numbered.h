/*
 * Several producers at once (producer.c), and the files that their events must be in.
 */
#ifndef ETWRELAY_TEST_NUMBERED_H
#define ETWRELAY_TEST_NUMBERED_H

#include "tests/support/process.h"

#define NUMBERED_PRODUCERS 8

/* One producer: what it counted, and what of it the files hold. */
struct numbered {
    pid_t pid;
    uint64_t produced, dropped, written, in_doubt, acknowledged, connects;
    cJSON *result;    /* its output; "ranges" are the sequences in doubt */
    uint8_t *in_file; /* how often event n is in the files, by n; [0] is not used */
};

struct numbered_run {
    struct numbered producers[NUMBERED_PRODUCERS];
    uint64_t count; /* events each */
};

/* Start all producers and, once all are connected, let them go; they write `count` events each,
 * waiting for room up to `wait_ms`. */
void numbered_start(struct numbered_run *run, const struct service *service, uint64_t count,
                    uint32_t wait_ms);
/* Wait for all. Each must have ended well, and its equation must hold with nothing pending. */
void numbered_wait(struct numbered_run *run, const struct service *service);
/* Read an .etl file and note every numbered event. It must be undamaged unless its writer was
 * killed. */
void numbered_read(struct numbered_run *run, const char *path, bool was_killed);
/* Each event is in the files at most once, and once unless the client says otherwise: every event
 * that is acknowledged as written is there, and what is missing is in doubt or was dropped. */
void numbered_check(const struct numbered_run *run);
void numbered_clear(struct numbered_run *run);

#endif
