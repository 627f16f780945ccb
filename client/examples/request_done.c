#include <stdio.h>

#include <etwrelay/client.h>

int main(void)
{
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *event;
    struct etwr_counters counters;

    if (etwr_client_create(NULL, &client) != ETWR_OK) return 1;
    if (etwr_provider_open(client, "Contoso.Web", NULL, &provider) != ETWR_OK) return 1;
    if (etwr_event_create(&event) != ETWR_OK) return 1;
    etwr_event_reset(event, "RequestDone", 4, 0x1);
    etwr_event_add_uint32(event, "status", 200, ETWR_OUT_NULL, 0);
    etwr_event_add_str8(event, "path", "/index.html", ETWR_OUT_UTF8, 0);
    etwr_provider_write(provider, event);
    etwr_event_destroy(event);
    etwr_client_destroy(client, 2000, &counters); /* delivers what is queued */
    printf("written %llu of %llu\n", (unsigned long long)counters.settled_written,
           (unsigned long long)counters.produced);
    return counters.settled_written == 1 ? 0 : 1;
}
