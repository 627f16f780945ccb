// Every public header as C++17, linked against the C library: the inline check reads in C++ what C
// code stores.
#include <etwrelay/atomic.h>
#include <etwrelay/client.h>
#include <etwrelay/event.h>
#include <etwrelay/export.h>
#include <etwrelay/status.h>
#include <etwrelay/types.h>

#include <cstdio>
#include <cstring>

static_assert(sizeof(etwr_atomic_u32) == 4 && alignof(etwr_atomic_u32) == 4, "as in C");
static_assert(sizeof(etwr_atomic_u64) == 8 && alignof(etwr_atomic_u64) == 8, "as in C");

static int failures;

static void check(bool holds, const char *what)
{
    if (holds) return;
    std::fprintf(stderr, "not so: %s\n", what);
    failures++;
}

int main()
{
    etwr_client_options options;
    etwr_client *client = nullptr;
    etwr_provider *provider = nullptr;
    etwr_event *event = nullptr;
    etwr_counters counters;

    etwr_client_options_init(&options);
    options.pipe = "/nowhere/etwrelay.sock";
    check(etwr_client_create(&options, &client) == ETWR_OK, "a client is made");
    check(etwr_provider_open(client, "Cxx", nullptr, &provider) == ETWR_OK, "a provider opens");
    check(etwr_provider_enabled(provider, 255, UINT64_MAX) == 1, "it counts as enabled");
    check(etwr_event_create(&event) == ETWR_OK, "a builder is made");
    etwr_event_reset(event, "E", ETWR_LEVEL_DEFAULT, ETWR_KEYWORD_DEFAULT);
    etwr_event_add_int32(event, "n", -1, ETWR_OUT_NULL, 0);
    check(etwr_provider_write(provider, event) == ETWR_OK, "an event is queued");
    etwr_event_destroy(event);
    etwr_client_destroy(client, 0, &counters);
    check(counters.produced == 1, "it is counted");
    check(counters.dropped[ETWR_REASON_DISCONNECTED] == 1, "it had nowhere to go");
    check(std::strcmp(etwr_version(), ETWR_VERSION) == 0, "the version is the project's");
    return failures == 0 ? 0 : 1;
}
