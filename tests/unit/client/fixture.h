/* What the client's tests share: a client at a fake service, small events, the equation. */
#ifndef ETWRELAY_TESTS_CLIENT_FIXTURE_H
#define ETWRELAY_TESTS_CLIENT_FIXTURE_H

#include <etwrelay/client.h>

#include "tests/support/fake_service.h"

#define LONG_MS 20000

struct fixture {
    struct fake_service service;
    struct etwr_client_options options; /* its pipe is the service's path */
    struct etwr_client *client;
    struct etwr_provider *provider; /* "Test.Provider" */
    struct etwr_event *event;
};

/* The service listens, nothing is connected; options may be changed before fixture_start(). */
void fixture_init(struct fixture *fixture);
/* Client and provider. */
void fixture_start(struct fixture *fixture);
/* And accepted: HELLO, WELCOME and PROVIDER_OPEN have passed; the provider is not answered. */
struct frame fixture_connect(struct fixture *fixture);
/* Ends both; the final counters. */
struct etwr_counters fixture_clear(struct fixture *fixture);

/* Write an event "E" with one uint32. */
enum etwr_status write_number(struct fixture *fixture, uint32_t number);
enum etwr_status write_number_at(struct fixture *fixture, uint32_t number, uint8_t level,
                                 uint64_t keyword);
/* Write an event "Big" with `size` bytes of values and the u16 that says so. */
enum etwr_status write_bytes(struct fixture *fixture, size_t size);
/* Read an EVENT that write_number() made. */
uint32_t read_number(struct fake_service *service);

/* Take a snapshot and check the equation in it. */
struct etwr_counters check_books(struct etwr_client *client);
void check_equation(const struct etwr_counters *counters);
/* Snapshots until `pending` is as expected. */
struct etwr_counters wait_pending(struct etwr_client *client, uint64_t pending);
/* Until so many events are in doubt. */
struct etwr_counters wait_in_doubt(struct etwr_client *client, uint64_t in_doubt);

#endif
