/*
 * The client object, and which thread may touch what of it.
 *
 *   writers --(lock)--> queue --> background thread (pump.c) --> session --> service
 *
 * One lock guards everything that writers and the background thread share. What can fail or take
 * long (connecting, socket calls, callbacks, checking values) happens outside of it.
 */
#ifndef ETWRELAY_CLIENT_CLIENT_H
#define ETWRELAY_CLIENT_CLIENT_H

#include <etwrelay/client.h>

#include "client/account.h"
#include "client/endpoint.h"
#include "client/intern.h"
#include "client/os.h"
#include "client/queue.h"
#include "client/transport.h"
#include "protocol/wire/wire.h"

#define CLIENT_QUEUE_DEFAULT_BYTES ((size_t)1024 * 1024)
#define CLIENT_QUEUE_MIN_BYTES     ((size_t)64 * 1024)
#define CLIENT_QUEUE_MAX_BYTES     ((size_t)1024 * 1024 * 1024)
#define CLIENT_QUEUE_SPARE_BYTES   4096 /* so that the largest event fits the smallest queue */
#define CLIENT_DELAY_DEFAULT_MS    2u
#define CLIENT_DELAY_MAX_MS        1000u
#define CLIENT_ERROR_BYTES         1024
#define CLIENT_STATUS_MAX_BYTES    ((size_t)64 * 1024 * 1024)

/* Where the connection stands. Moved by session.c and pump.c alone:
 *
 *   LINK_DOWN --WELCOME--> LINK_UP --it ends--> LINK_DOWN (or LINK_DEAD: an adopted stream)
 *   LINK_DOWN --refused for good, or an adopted stream that ends--> LINK_DEAD
 */
enum link { LINK_DOWN, LINK_UP, LINK_DEAD };

/* How the background thread sleeps: who must wake it for an event. */
enum sleep {
    SLEEP_NOT,   /* it looks at the queue before it sleeps */
    SLEEP_TIMED, /* until the delay is over: only for what is urgent or much */
    SLEEP_IDLE,  /* for anything */
    SLEEP_STUCK  /* it can do nothing: the connection is down or full */
};

/* A request for the service's counters: one at a time. */
struct status_request {
    bool is_busy;    /* somebody waits for an answer */
    bool is_done;    /* `result` and `json` are there */
    uint64_t cookie; /* of the one asked last */
    enum etwr_status result;
    char *json; /* grows piece by piece; owned */
    size_t size;
};

struct provider;

struct etwr_client {
    /* Fixed after creation. */
    uint32_t fork_count; /* os_fork_count() when it was made */
    uint32_t wait_ms;
    uint32_t delay_ms;
    uint8_t instance[WIRE_INSTANCE_BYTES];
    char image[WIRE_NAME_MAX_BYTES + 1];
    struct os_monitor *monitor;
    struct waker *waker;
    struct os_thread *thread;

    /* Under the lock. */
    struct queue queue;
    struct intern intern;
    struct account account;
    enum link link;
    enum etwr_status dead_status; /* what calls return once the link is dead */
    enum sleep sleep;
    bool is_urgent; /* do not wait for the delay */
    bool is_stopping;
    unsigned room_waiters;
    char error[CLIENT_ERROR_BYTES]; /* empty while connected */

    struct provider **slots; /* [0] is slot 1; NULL: free */
    size_t slot_count;       /* places in use or used before */
    size_t slot_room;
    uint32_t generation;
    struct provider *owing; /* what did not go into the queue yet: submit.h */
    struct provider *owing_last;
    uint64_t flush_cookie; /* given last */
    uint64_t flush_owed;   /* to be put into the queue, behind what `owing` owes; 0: none */
    uint64_t flush_done;   /* highest answered */
    struct status_request status;
    struct provider *calling; /* whose callback runs at this moment */

    /* Without the lock: events ruled out by the pushed state take no sequence. */
    _Atomic uint64_t not_enabled;
    _Atomic uint64_t refused[ETWR_REASON_DROP_COUNT];

    /* The background thread's own. */
    struct pump *pump;
};

/* False: NULL, or a copy in a forked child, whose lock and memory may be in any state. */
static inline bool client_is_usable(const struct etwr_client *client)
{
    return client && client->fork_count == os_fork_count();
}

static inline void client_lock(struct etwr_client *client)
{
    os_monitor_lock(client->monitor);
}

static inline void client_unlock(struct etwr_client *client)
{
    os_monitor_unlock(client->monitor);
}

/* Make the background thread look at the queue now. Under the lock. */
void client_hurry(struct etwr_client *client);

#endif
