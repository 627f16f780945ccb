/*
 * A whole relay in one thread: a worker with its sessions, sinks and clients of the test's, and a
 * clock that the test moves. Bytes say what happens next; after each step the books must balance.
 */
#ifndef ETWRELAY_TESTS_FUZZ_WORLD_H
#define ETWRELAY_TESTS_FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Run a schedule from the beginning to the service's end. Returns the number of clients' events
 * that the service accepted. */
uint64_t world_run(const uint8_t *bytes, size_t size);

/* One client has said half a frame, another nothing at all; the wall clock is set to each of these
 * in turn, well within the time that both have; then the machine sleeps. Are they still there, and
 * is the frame taken when it is whole? */
bool world_serves_through(const int64_t *wall_ms, size_t count, uint64_t sleep_ms);

#endif
