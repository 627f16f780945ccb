/*
 * The service on a thread of the test's own process, writing to the ETW recorder; and clients that
 * note what they are told about their provider.
 *
 * One service at a time.
 */
#ifndef ETWRELAY_TESTS_ETW_FIXTURE_H
#define ETWRELAY_TESTS_ETW_FIXTURE_H

#include <uv.h>

#include <etwrelay/client.h>

#include "tests/flow/flow.h"
#include "tests/support/recorded_vectors.h"

/* What a provider's callback was told. */
struct told {
    uv_mutex_t mutex;
    uv_cond_t changed;
    unsigned enabled, disabled, captures; /* calls */
    uint8_t level;                        /* of the last that was no capture */
    uint64_t match_any, match_all;
};

/* A client with one provider. */
struct sender {
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct told told;
};

void etw_start(struct service *service, const char *const *arguments);
/* Drain and end it; service->final is read, and the account must be even. */
void etw_stop(struct service *service);
void etw_clear(struct service *service);

/* Connected, its provider opened and answered. */
void sender_init(struct sender *sender, const struct service *service, const char *provider);
void sender_clear(struct sender *sender);

/* Until the provider has been told so often; fails the test after 20 seconds. */
void told_wait(struct told *told, const unsigned *count, unsigned least);

/* Write one small event. */
enum etwr_status sender_write(struct sender *sender, uint8_t level, uint64_t keyword);
/* Flush, and read the client's counters. */
void sender_settle(struct sender *sender, struct etwr_counters *counters);

struct etwr_guid etw_id(const char *provider);
/* Until it is so; fails the test after 20 seconds. */
void etw_wait_registered(const struct etwr_guid *id, bool is_registered);

#endif
