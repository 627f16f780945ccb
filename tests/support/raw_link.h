/*
 * What a client of bare frames talks through: a Unix socket or a named pipe. Every failure but the
 * connection's end fails the test, and so does waiting longer than a deadline.
 */
#ifndef ETWRELAY_TESTS_RAW_LINK_H
#define ETWRELAY_TESTS_RAW_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

intptr_t raw_link_open(const char *path);
void raw_link_close(intptr_t link);

/* False: the connection has ended. */
bool raw_link_send(intptr_t link, const void *bytes, size_t size);
/* Some bytes, at least 1; 0 when the connection has ended. */
size_t raw_link_receive(intptr_t link, void *bytes, size_t size);
/* Is there something to receive, or the end, within that time? */
bool raw_link_is_answered(intptr_t link, int timeout_ms);

#endif
