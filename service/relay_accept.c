/* At the door: who may come in, and to which worker. On the main thread, but for relay_identify().
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/reply.h"
#include "service/pipe/descriptor.h"
#include "service/relay.h"
#include "service/support/log.h"

#define PRESSURE_MS 2000

static const char *text_of(enum etwr_reason reason)
{
    switch (reason) {
    case ETWR_REASON_PEER_UNKNOWN:
        return "the system would not say who you are";
    case ETWR_REASON_CLIENT_LIMIT:
        return "too many clients are connected: raise limits.clients, or try again later";
    case ETWR_REASON_USER_LIMIT:
        return "too many clients of this user: raise limits.clients_per_user, or try again later";
    default:
        return "the service has no memory";
    }
}

static void refuse(struct relay *relay, intptr_t handle, enum etwr_reason reason)
{
    static struct log_cause cause = {.name = "refused connections"};
    const char *text = text_of(reason);
    /* A lack of memory has no reason of its own for connections: it is one more client than there
     * can be. */
    enum etwr_reason told = reason < ETWR_REASON_MALFORMED ? ETWR_REASON_CLIENT_LIMIT : reason;
    const struct reply_refused refused = {(uint8_t)told, {text, strlen(text)}};
    uint8_t frame[256];
    struct writer writer;
    writer_init(&writer, frame, sizeof frame);
    reply_put_refused(&writer, &refused);
    atomic_fetch_add_explicit(&relay->refused[told], 1, memory_order_relaxed);
    listener_refuse(handle, frame, writer_size(&writer));
    log_repeated(&cause, LOG_LEVEL_WARNING, "a connection was refused: %s", etwr_reason_name(told));
}

/* Who holds a place without saying HELLO holds it only while nobody else wants it. */
static void note_pressure(struct relay *relay)
{
    atomic_store_explicit(&relay->pressure_until_ms, relay_now_ms() + PRESSURE_MS,
                          memory_order_relaxed);
}

static struct worker *find_least_loaded(struct relay *relay)
{
    struct worker *best = &relay->workers[0];
    uint64_t best_load = load_of(&best->load);
    for (unsigned i = 1; i < relay->worker_count; i++) {
        uint64_t load = load_of(&relay->workers[i].load);
        if (load >= best_load) continue;
        best = &relay->workers[i];
        best_load = load;
    }
    return best;
}

void relay_on_accept(void *context, intptr_t handle, const struct peer *peer)
{
    struct relay *relay = context;
    static struct log_cause shed = {.name = "shed connections"};
    struct quota_user *user = NULL;
    if (handle == LISTENER_SHED) {
        note_pressure(relay);
        log_repeated(&shed, LOG_LEVEL_WARNING, "no descriptor is left for a connection: %s",
                     listener_shed_advice());
        return;
    }
    if (peer == NULL) {
        refuse(relay, handle, ETWR_REASON_PEER_UNKNOWN);
        return;
    }
    struct worker_message *message = worker_message_create(WORKER_ACCEPT);
    if (message == NULL) {
        refuse(relay, handle, ETWR_REASON_NO_MEMORY);
        return;
    }
    enum etwr_reason reason = quota_connect(relay->quota, peer->user_key, relay_now_ms(), &user);
    if (reason != ETWR_REASON_NONE) {
        note_pressure(relay);
        refuse(relay, handle, reason);
        free(message);
        return;
    }
    struct worker *worker = find_least_loaded(relay);
    message->handle = handle;
    message->peer = *peer;
    message->user = user;
    message->client_id = ++relay->next_client_id;
    atomic_fetch_add_explicit(&worker->load.sessions, 1, memory_order_relaxed);
    worker_post(worker, message);
}

/* Its connection moves from nobody's account to its user's. */
static enum etwr_reason charge_user(struct session *session)
{
    struct relay *relay = session->worker->relay;
    enum etwr_reason reason =
        quota_identify(relay->quota, session->client->peer.user_key, session->charged_bytes,
                       relay_now_ms(), &session->quota_user);
    if (reason == ETWR_REASON_USER_LIMIT) note_pressure(relay);
    return reason;
}

enum etwr_reason relay_identify(struct session *session)
{
    const struct config *config = session->worker->settings->config;
    struct peer *peer = &session->client->peer;
    if (peer_identify(&session->pipe, peer) != ETWR_OK) return ETWR_REASON_PEER_UNKNOWN;
    if (!peer->is_known) return ETWR_REASON_NONE;
    log_line(LOG_LEVEL_DEBUG,
             "process %lu (%s) is of %s (%s), package %s, integrity 0x%lx, session %lu",
             (unsigned long)peer->pid, peer->image, peer->user, peer->user_id,
             peer->package[0] == 0 ? "none" : peer->package, (unsigned long)peer->integrity,
             (unsigned long)peer->session);
    if (!peer->is_operator && !descriptor_admits_package(&config->security, peer->package))
        return ETWR_REASON_PEER_UNKNOWN;
    return charge_user(session);
}
