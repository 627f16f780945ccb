/*
 * Keeps a connection, so that nobody else has to think of one. A service that is absent costs a
 * connect() now and then: 10 ms after the last one, then twice as long each time up to a second; so
 * does one that hangs up at once. One that refuses is asked every second, then every ten.
 */
#include "client/pump.h"

#include <stdlib.h>
#include <string.h>

#include "client/session.h"
#include "client/submit.h"

#define PAUSE_FIRST_MS       10u
#define PAUSE_MAX_MS         1000u
#define SETTLED_MS           1000u /* a connection that lasted as long was a good one */
#define PAUSE_REFUSED_MS     1000u
#define PAUSE_REFUSED_MAX_MS 10000u

struct pump *pump_create(struct etwr_client *client, const struct endpoint *endpoint,
                         struct stream *adopted, uint64_t random)
{
    struct pump *pump = calloc(1, sizeof *pump);

    if (!pump) return NULL;
    pump->session = session_create(client);
    if (!pump->session) {
        free(pump);
        return NULL;
    }
    pump->endpoint = *endpoint;
    pump->adopted = adopted;
    pump->is_adopted = adopted != NULL;
    pump->pause_ms = PAUSE_FIRST_MS;
    pump->random = random | 1;
    return pump;
}

void pump_destroy(struct pump *pump)
{
    if (!pump) return;
    session_destroy(pump->session);
    free(pump);
}

static struct stream *open_stream(struct etwr_client *client, struct pump *pump)
{
    struct stream *stream = pump->adopted;
    char text[CLIENT_ERROR_BYTES];

    pump->adopted = NULL;
    if (pump->is_adopted) return stream;
    if (endpoint_connect(&pump->endpoint, &stream, text, sizeof text) == ETWR_OK) return stream;
    client_lock(client);
    memcpy(client->error, text, strlen(text) + 1);
    client_unlock(client);
    return NULL;
}

/* Between a half of the pause and all of it, so that clients do not come back in step. */
static uint32_t jitter(struct pump *pump)
{
    uint32_t half = pump->pause_ms / 2;

    pump->random ^= pump->random << 13;
    pump->random ^= pump->random >> 7;
    pump->random ^= pump->random << 17;
    return pump->pause_ms - (uint32_t)(pump->random % (half + 1));
}

static uint32_t twice(uint32_t pause_ms, uint32_t max_ms)
{
    return pause_ms >= max_ms / 2 ? max_ms : pause_ms * 2;
}

/* Sleep until the deadline or until the client stops; false: it stops. Events wake nobody here. */
static bool rest(struct etwr_client *client, uint64_t deadline_ms, enum sleep sleep)
{
    bool goes_on;

    client_lock(client);
    client->sleep = sleep;
    goes_on = !client->is_stopping;
    if (sleep == SLEEP_IDLE && (submit_is_owing(client) || !queue_is_empty(&client->queue)))
        deadline_ms = 0;
    client_unlock(client);
    if (!goes_on) return false;
    transport_wait(client->waker, NULL, false, false, deadline_ms);
    client_lock(client);
    client->sleep = SLEEP_STUCK;
    goes_on = !client->is_stopping;
    client_unlock(client);
    return goes_on;
}

static bool pause_before_retry(struct etwr_client *client, struct pump *pump, enum session_end end,
                               uint64_t began_ms)
{
    uint64_t until;

    if (end == SESSION_LOST && os_clock_ms() - began_ms >= SETTLED_MS)
        pump->pause_ms = PAUSE_FIRST_MS;
    if (end == SESSION_REFUSED && pump->pause_ms < PAUSE_REFUSED_MS)
        pump->pause_ms = PAUSE_REFUSED_MS;
    until = os_clock_ms() + jitter(pump);
    while (os_clock_ms() < until)
        if (!rest(client, until, SLEEP_STUCK)) return false;
    pump->pause_ms =
        twice(pump->pause_ms, end == SESSION_REFUSED ? PAUSE_REFUSED_MAX_MS : PAUSE_MAX_MS);
    return true;
}

static enum session_end run_once(struct etwr_client *client, struct pump *pump)
{
    struct stream *stream = open_stream(client, pump);

    if (!stream) return SESSION_NOT_REACHED;
    return session_run(pump->session, stream,
                       pump->is_adopted ? "the adopted stream" : pump->endpoint.path);
}

/* No connection will come any more: calls fail from now on, events are counted and gone. */
static void run_dead(struct etwr_client *client, struct pump *pump, enum etwr_status status)
{
    client_lock(client);
    client->link = LINK_DEAD;
    client->dead_status = status;
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
    do {
        session_discard(pump->session);
    } while (rest(client, OS_NEVER, SLEEP_IDLE));
}

void pump_run(void *context)
{
    struct etwr_client *client = context;
    struct pump *pump = client->pump;
    enum session_end end;

    for (;;) {
        uint64_t began_ms = os_clock_ms();

        end = run_once(client, pump);
        if (end == SESSION_FINAL || pump->is_adopted) {
            bool is_refused = end == SESSION_FINAL || end == SESSION_REFUSED;

            run_dead(client, pump, is_refused ? ETWR_E_REFUSED : ETWR_E_DISCONNECTED);
            break;
        }
        if (!pause_before_retry(client, pump, end, began_ms)) break;
    }
    session_discard(pump->session);
}
