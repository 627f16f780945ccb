/*
 * The hot path: names and types are declared once, then an event is its values, packed on the
 * stack. Before that, etwr_provider_enabled() tells in a few instructions whether anybody listens.
 */
#include <stdio.h>

#include <etwrelay/client.h>

#define LEVEL   5
#define KEYWORD 0x21

static enum etwr_status prepare(struct etwr_provider *provider, struct etwr_prepared **prepared)
{
    struct etwr_event *event;
    enum etwr_status status = etwr_event_create(&event);

    if (status != ETWR_OK) return status;
    etwr_event_reset(event, "RequestDone", LEVEL, KEYWORD);
    etwr_event_declare(event, "status", ETWR_IN_UINT32, 0, ETWR_OUT_NULL, 0);
    etwr_event_declare(event, "ms", ETWR_IN_FLOAT64, 0, ETWR_OUT_NULL, 0);
    etwr_event_declare(event, "path", ETWR_IN_STR8, 0, ETWR_OUT_UTF8, 0);
    status = etwr_prepared_create(provider, event, prepared);
    etwr_event_destroy(event);
    return status;
}

static void write_one(struct etwr_prepared *prepared, uint32_t number)
{
    static const char path[] = "/index.html";
    uint8_t memory[64];
    struct etwr_values values;

    etwr_values_init(&values, memory, sizeof memory);
    etwr_put_uint32(&values, number % 10 == 0 ? 404 : 200);
    etwr_put_float64(&values, 0.25 * number);
    etwr_put_str8(&values, path, sizeof path - 1);
    etwr_prepared_write(prepared, &values, NULL, NULL);
}

int main(void)
{
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_prepared *prepared;
    struct etwr_counters counters;
    enum etwr_status status = etwr_client_create(NULL, &client);

    if (status != ETWR_OK) {
        fprintf(stderr, "no client: %s\n", etwr_status_text(status));
        return 1;
    }
    status = etwr_provider_open(client, "Contoso.Web", NULL, &provider);
    if (status == ETWR_OK) status = prepare(provider, &prepared);
    for (uint32_t i = 0; status == ETWR_OK && i < 1000; i++)
        if (etwr_provider_enabled(provider, LEVEL, KEYWORD)) write_one(prepared, i);
    etwr_client_destroy(client, 2000, &counters);
    printf("produced %llu, written %llu, in doubt %llu\n", (unsigned long long)counters.produced,
           (unsigned long long)counters.settled_written, (unsigned long long)counters.in_doubt);
    return status == ETWR_OK && counters.settled_written == counters.produced ? 0 : 1;
}
