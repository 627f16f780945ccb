/* See fixture.h. */
#include "tests/unit/client/fixture.h"

#include <check.h>
#include <string.h>
#include <time.h>

void fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fake_service_init(&fixture->service);
    etwr_client_options_init(&fixture->options);
    fixture->options.pipe = fixture->service.path;
    ck_assert_int_eq(etwr_event_create(&fixture->event), ETWR_OK);
}

void fixture_start(struct fixture *fixture)
{
    ck_assert_int_eq(etwr_client_create(&fixture->options, &fixture->client), ETWR_OK);
    ck_assert_int_eq(etwr_provider_open(fixture->client, "Test.Provider", NULL, &fixture->provider),
                     ETWR_OK);
}

struct frame fixture_connect(struct fixture *fixture)
{
    fixture_start(fixture);
    fake_welcome(&fixture->service);
    return fake_expect(&fixture->service, WIRE_PROVIDER_OPEN);
}

struct etwr_counters fixture_clear(struct fixture *fixture)
{
    struct etwr_counters counters;

    etwr_client_destroy(fixture->client, 0, &counters);
    check_equation(&counters);
    ck_assert_uint_eq(counters.pending, 0);
    etwr_event_destroy(fixture->event);
    fake_service_clear(&fixture->service);
    return counters;
}

enum etwr_status write_number_at(struct fixture *fixture, uint32_t number, uint8_t level,
                                 uint64_t keyword)
{
    etwr_event_reset(fixture->event, "E", level, keyword);
    etwr_event_add_uint32(fixture->event, "n", number, ETWR_OUT_NULL, 0);
    return etwr_provider_write(fixture->provider, fixture->event);
}

enum etwr_status write_number(struct fixture *fixture, uint32_t number)
{
    return write_number_at(fixture, number, 5, 1);
}

enum etwr_status write_bytes(struct fixture *fixture, size_t size)
{
    static const uint8_t bytes[65536];

    etwr_event_reset(fixture->event, "Big", 5, 1);
    etwr_event_add_binary(fixture->event, "b", bytes, size, ETWR_OUT_NULL, 0);
    return etwr_provider_write(fixture->provider, fixture->event);
}

uint32_t read_number(struct fake_service *service)
{
    struct frame frame = fake_expect(service, WIRE_EVENT);
    struct request_event event;
    struct reader reader;

    ck_assert_int_eq(request_read_event(&frame, &event), ETWR_OK);
    ck_assert_uint_eq(event.values.size, 4);
    reader_init(&reader, event.values.data, event.values.size);
    return read_u32(&reader);
}

void check_equation(const struct etwr_counters *counters)
{
    uint64_t sum = counters->not_enabled + counters->settled_written +
                   counters->settled_not_enabled + counters->in_doubt + counters->pending;

    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        sum += counters->dropped[i] + counters->settled_dropped[i];
    ck_assert_uint_eq(counters->produced, sum);
}

struct etwr_counters check_books(struct etwr_client *client)
{
    struct etwr_counters counters;

    etwr_client_counters(client, &counters);
    check_equation(&counters);
    return counters;
}

/* Let other threads run; the deadline is the test's own timeout. */
static void breathe(void)
{
    struct timespec moment = {.tv_nsec = 200000};

    nanosleep(&moment, NULL);
}

struct etwr_counters wait_pending(struct etwr_client *client, uint64_t pending)
{
    struct etwr_counters counters = check_books(client);

    while (counters.pending != pending) {
        breathe();
        counters = check_books(client);
    }
    return counters;
}

struct etwr_counters wait_in_doubt(struct etwr_client *client, uint64_t in_doubt)
{
    struct etwr_counters counters = check_books(client);

    while (counters.in_doubt != in_doubt) {
        breathe();
        counters = check_books(client);
    }
    return counters;
}
