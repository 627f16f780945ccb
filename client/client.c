/*
 * The client object: made from options, waited for, and taken apart. Everything else happens in the
 * background thread (pump.c) and in the writers (write.c, prepared.c).
 */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>

#include "client/provider.h"
#include "client/pump.h"
#include "client/submit.h"
#include "protocol/tracelogging/utf8.h"

const char *etwr_version(void)
{
    return ETWR_VERSION;
}

void etwr_free(void *memory)
{
    free(memory);
}

void etwr_client_options_init(struct etwr_client_options *options)
{
    if (!options) return;
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

static enum etwr_status set_image(struct etwr_client *client, const char *name)
{
    size_t length;

    if (!name) {
        os_image_name(client->image, sizeof client->image);
        if (!utf8_is_valid(client->image, strlen(client->image))) client->image[0] = '\0';
        return ETWR_OK;
    }
    length = strlen(name);
    if (length > WIRE_NAME_MAX_BYTES || !utf8_is_valid(name, length))
        return ETWR_E_INVALID_ARGUMENT;
    memcpy(client->image, name, length + 1);
    return ETWR_OK;
}

/* The options' values, and in *queue_bytes the size of the queue that they ask for. */
static enum etwr_status set_options(struct etwr_client *client,
                                    const struct etwr_client_options *options, size_t *queue_bytes)
{
    if (options->struct_size < sizeof *options) return ETWR_E_INVALID_ARGUMENT;
    *queue_bytes = options->queue_bytes != 0 ? options->queue_bytes : CLIENT_QUEUE_DEFAULT_BYTES;
    if (*queue_bytes < CLIENT_QUEUE_MIN_BYTES || *queue_bytes > CLIENT_QUEUE_MAX_BYTES)
        return ETWR_E_INVALID_ARGUMENT;
    if (options->delay_ms > CLIENT_DELAY_MAX_MS) return ETWR_E_INVALID_ARGUMENT;
    client->wait_ms = options->wait_ms;
    client->delay_ms = options->delay_ms != 0 ? options->delay_ms : CLIENT_DELAY_DEFAULT_MS;
    return set_image(client, options->image_name);
}

static void free_providers(struct etwr_client *client)
{
    for (size_t i = 0; i < client->slot_count; i++)
        if (client->slots[i]) provider_free(client->slots[i]);
    free(client->slots);
}

/* Everything that was made; no thread runs any more. */
static void free_client(struct etwr_client *client)
{
    free_providers(client);
    pump_destroy(client->pump);
    intern_clear(&client->intern);
    free(client->status.json);
    waker_destroy(client->waker);
    os_monitor_destroy(client->monitor);
    queue_clear(&client->queue);
    free(client);
}

/* All but the thread. `stream` as for pump_create(). */
static enum etwr_status make_parts(struct etwr_client *client, size_t queue_bytes,
                                   const struct endpoint *endpoint, struct stream *stream)
{
    uint64_t seeds[2];

    if (!os_random(client->instance, sizeof client->instance)) return ETWR_E_IO;
    if (!os_random(seeds, sizeof seeds)) return ETWR_E_IO;
    if (!queue_init(&client->queue, queue_bytes + CLIENT_QUEUE_SPARE_BYTES))
        return ETWR_E_NO_MEMORY;
    if (!intern_init(&client->intern, seeds[0])) return ETWR_E_NO_MEMORY;
    client->monitor = os_monitor_create();
    if (!client->monitor) return ETWR_E_NO_MEMORY;
    client->waker = waker_create();
    if (!client->waker) return ETWR_E_IO;
    client->pump = pump_create(client, endpoint, stream, seeds[1]);
    return client->pump ? ETWR_OK : ETWR_E_NO_MEMORY;
}

/* The lock is held until `thread` is set: the new thread takes it before it calls anybody. */
static enum etwr_status start_thread(struct etwr_client *client)
{
    client_lock(client);
    client->thread = os_thread_start(pump_run, client);
    client_unlock(client);
    return client->thread ? ETWR_OK : ETWR_E_IO;
}

static enum etwr_status create(const struct etwr_client_options *options,
                               const struct endpoint *endpoint, struct stream *stream,
                               struct etwr_client **result)
{
    struct etwr_client_options defaults;
    struct etwr_client *client;
    enum etwr_status status;
    size_t queue_bytes;

    etwr_client_options_init(&defaults);
    if (!os_fork_watch()) return ETWR_E_NO_MEMORY;
    client = calloc(1, sizeof *client);
    if (!client) return ETWR_E_NO_MEMORY;
    client->fork_count = os_fork_count();
    client->link = LINK_DOWN;
    client->sleep = SLEEP_STUCK;
    account_init(&client->account);
    status = set_options(client, options ? options : &defaults, &queue_bytes);
    if (status == ETWR_OK) status = make_parts(client, queue_bytes, endpoint, stream);
    if (status == ETWR_OK) status = start_thread(client);
    if (status == ETWR_OK)
        *result = client;
    else
        free_client(client);
    return status;
}

static enum etwr_status create_adopting(const struct etwr_client_options *options, intptr_t handle,
                                        struct etwr_client **client)
{
    struct endpoint none = {.kind = ENDPOINT_HANDLE, .handle = handle};
    struct stream *stream;
    enum etwr_status status = stream_adopt(handle, &stream);

    if (status != ETWR_OK) return status;
    status = create(options, &none, stream, client);
    if (status != ETWR_OK) stream_release(stream);
    return status;
}

enum etwr_status etwr_client_create(const struct etwr_client_options *options,
                                    struct etwr_client **client)
{
    struct endpoint endpoint;
    enum etwr_status status;

    if (!client) return ETWR_E_INVALID_ARGUMENT;
    if (options && options->struct_size < sizeof *options) return ETWR_E_INVALID_ARGUMENT;
    status = endpoint_choose(options ? options->pipe : NULL, &endpoint);
    if (status != ETWR_OK) return status;
    if (endpoint.kind != ENDPOINT_HANDLE) return create(options, &endpoint, NULL, client);
    if (!endpoint_take_handle()) return etwr_client_create(options, client);
    status = create_adopting(options, endpoint.handle, client);
    if (status != ETWR_OK) endpoint_return_handle();
    return status;
}

enum etwr_status etwr_client_adopt(const struct etwr_client_options *options, intptr_t fd,
                                   struct etwr_client **client)
{
    if (!client) return ETWR_E_INVALID_ARGUMENT;
    return create_adopting(options, fd, client);
}

void client_hurry(struct etwr_client *client)
{
    client->is_urgent = true;
    if (client->sleep == SLEEP_NOT || client->sleep == SLEEP_STUCK) return;
    client->sleep = SLEEP_NOT;
    waker_wake(client->waker);
}

/* Ask for a FLUSHED behind everything written so far; under the lock. */
static uint64_t ask_flush(struct etwr_client *client)
{
    client->flush_owed = ++client->flush_cookie;
    submit_pay(client);
    client_hurry(client);
    return client->flush_cookie;
}

static bool is_delivered(const struct etwr_client *client, uint64_t cookie)
{
    return client->flush_done >= cookie && account_is_at_rest(&client->account);
}

static void deliver_rest(struct etwr_client *client, uint64_t deadline)
{
    uint64_t cookie;

    client_lock(client);
    if (!account_is_at_rest(&client->account) && client->link != LINK_DEAD) {
        cookie = ask_flush(client);
        while (!is_delivered(client, cookie) && client->link != LINK_DEAD &&
               os_clock_ms() < deadline)
            os_monitor_wait(client->monitor, deadline);
    }
    client->is_stopping = true;
    client_unlock(client);
    waker_wake(client->waker);
}

/*
 * In a forked child: the lock may be held for ever and lists may be half changed, so only memory
 * that was there from the start is freed, and nothing is looked at. The descriptors are closed
 * already (fork_unix.c).
 */
static void abandon(struct etwr_client *client)
{
    queue_clear(&client->queue);
    free(client);
}

void etwr_client_destroy(struct etwr_client *client, uint32_t timeout_ms,
                         struct etwr_counters *counters)
{
    if (counters) memset(counters, 0, sizeof *counters);
    if (!client) return;
    if (!client_is_usable(client)) {
        abandon(client);
        return;
    }
    deliver_rest(client, os_clock_ms() + timeout_ms);
    os_thread_join(client->thread);
    if (counters) etwr_client_counters(client, counters);
    free_client(client);
}

enum etwr_status etwr_client_wait_connected(struct etwr_client *client, uint32_t timeout_ms)
{
    uint64_t deadline = os_clock_ms() + timeout_ms;
    enum etwr_status status = ETWR_E_TIMEOUT;

    if (!client) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(client)) return ETWR_E_CLOSED;
    if (os_thread_is_current(client->thread)) return ETWR_E_INVALID_ARGUMENT;
    client_lock(client);
    while (client->link == LINK_DOWN && os_clock_ms() < deadline)
        os_monitor_wait(client->monitor, deadline);
    if (client->link == LINK_UP) status = ETWR_OK;
    if (client->link == LINK_DEAD) status = client->dead_status;
    client_unlock(client);
    return status;
}

enum etwr_status etwr_client_flush(struct etwr_client *client, uint32_t timeout_ms)
{
    uint64_t deadline = os_clock_ms() + timeout_ms;
    enum etwr_status status = ETWR_OK;
    uint64_t put, cookie;

    if (!client) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(client)) return ETWR_E_CLOSED;
    if (os_thread_is_current(client->thread)) return ETWR_E_INVALID_ARGUMENT;
    client_lock(client);
    put = client->account.put;
    cookie = ask_flush(client);
    while (status == ETWR_OK &&
           (client->flush_done < cookie || account_ended(&client->account) < put)) {
        if (client->link == LINK_DEAD)
            status = client->dead_status;
        else if (os_clock_ms() >= deadline)
            status = ETWR_E_TIMEOUT;
        else
            os_monitor_wait(client->monitor, deadline);
    }
    client_unlock(client);
    return status;
}

void etwr_client_last_error(struct etwr_client *client, char *text, size_t capacity)
{
    size_t length;

    if (!text || capacity == 0) return;
    text[0] = '\0';
    if (!client_is_usable(client)) return;
    client_lock(client);
    length = strlen(client->error);
    if (length > capacity - 1) length = capacity - 1;
    memcpy(text, client->error, length);
    client_unlock(client);
    text[length] = '\0';
}
