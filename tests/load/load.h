/*
 * What load tests share: how much load, how the service's process does, and figures as lines of
 * JSON.
 *
 * Each test runs at a tenth, and in full with ETWR_LONG set. What depends on the machine's speed is
 * printed; it is asserted in full runs only, with a wide margin.
 */
#ifndef ETWRELAY_TEST_LOAD_H
#define ETWRELAY_TEST_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/process.h"
#include "tests/support/socket_client.h"

bool load_is_full(void);
/* `full`, or a tenth of it. */
unsigned load_scale(unsigned full);

uint64_t load_now_ms(void);
void load_pause(void); /* a millisecond, between two looks at a condition */

/* Of the service's process. */
unsigned load_descriptors(const struct service *service);
uint64_t load_memory_bytes(const struct service *service); /* resident */
/* What it may write to: also memory that it has asked for and not touched yet. */
uint64_t load_reserved_bytes(const struct service *service);
/* The same once clients that left are gone: when it has not changed for half a second. */
unsigned load_settled_descriptors(const struct service *service);
/* Wait until it has no more than so many. False: it still has, 20 seconds later. */
bool load_wait_descriptors(const struct service *service, unsigned count);
/* Is memory counted otherwise here, as with a sanitizer? Then its figures mean nothing. */
bool load_memory_is_foreign(void);

/* Start it with one sink, given as --sink takes it, and a config; NULL leaves one of them out. */
void load_start(struct service *service, const char *sink, const char *config);

/* Clients, all with memory and none connected. load_free_clients() closes what is. */
struct socket_client *load_make_clients(unsigned count);
void load_free_clients(struct socket_client *clients, unsigned count);
/* Wait until the service has read all that the client sent. */
void load_wait_read(const struct socket_client *client);

/* One figure a line: {"test":NAME,...}; `format` makes the rest. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void load_print(const char *name, const char *format, ...);

#endif
