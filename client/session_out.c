/*
 * What goes out, and in which order: HELLO; openings and questions that an earlier connection did
 * not answer; then the queue, entry by entry. Entries are looked at without the lock: writers only
 * add behind them. This is also where the thread's tables follow the queue's head.
 */
#include <string.h>

#include "client/session.h"
#include "client/submit.h"

/* What one walk over the queue did. */
struct moved {
    size_t bytes;
    uint64_t events;
    uint64_t too_large; /* events over the service's own limit: LOST went out in their place */
};

static size_t out_room(const struct session *session)
{
    return SESSION_OUT_BYTES - session->out_end;
}

static struct writer out_writer(struct session *session)
{
    struct writer writer;

    writer_init(&writer, session->out + session->out_end, out_room(session));
    return writer;
}

/* Keep what `writer` put, if it all had room. */
static bool keep(struct session *session, const struct writer *writer)
{
    if (writer->failed) return false;
    session->out_end += writer_size(writer);
    return true;
}

static bool copy_out(struct session *session, const uint8_t *bytes, size_t size)
{
    if (size > out_room(session)) return false;
    memcpy(session->out + session->out_end, bytes, size);
    session->out_end += size;
    return true;
}

void session_put_hello(struct session *session)
{
    struct etwr_client *client = session->client;
    struct request_hello hello = {.version_lowest = WIRE_VERSION,
                                  .version_highest = WIRE_VERSION,
                                  .claimed_pid = os_process_id(),
                                  .first_sequence = session->flight.sent + 1,
                                  .image = {client->image, strlen(client->image)}};
    struct writer writer = out_writer(session);

    memcpy(hello.instance, client->instance, sizeof hello.instance);
    client_lock(client);
    hello.in_doubt_count = account_unreported(&client->account, hello.in_doubt);
    client_unlock(client);
    session->reported_count = hello.in_doubt_count;
    request_put_hello(&writer, &hello);
    keep(session, &writer);
}

/* Every provider whose opening has left the queue already. False: there was no room for all. */
static bool put_openings(struct session *session)
{
    struct etwr_client *client = session->client;
    bool had_room = true;

    client_lock(client);
    while (had_room && session->reopen_next < session->reopen_end) {
        struct provider *provider = client->slots[session->reopen_next];

        if (provider && provider->is_open)
            had_room = copy_out(session, provider->frame, provider->frame_size);
        if (had_room) session->reopen_next++;
    }
    client_unlock(client);
    return had_room;
}

static bool put_flush_again(struct session *session)
{
    struct writer writer = out_writer(session);

    if (session->reissue_flush == 0) return true;
    request_put_flush(&writer, session->reissue_flush);
    if (!keep(session, &writer)) return false;
    session->reissue_flush = 0;
    return true;
}

static void put_status(struct session *session)
{
    struct status_request *status = &session->client->status;
    struct writer writer = out_writer(session);

    client_lock(session->client);
    if (status->is_busy && !status->is_done && status->cookie != session->status_sent) {
        request_put_status(&writer, status->cookie);
        if (keep(session, &writer)) session->status_sent = status->cookie;
    }
    client_unlock(session->client);
}

/* The pointer that is an entry's body (submit.h). */
static void *entry_pointer(const struct frame *entry)
{
    void *pointer;

    memcpy(&pointer, entry->body, sizeof pointer);
    return pointer;
}

static void learn_schema(struct session *session, struct known *known)
{
    struct announced *announced = &session->by_id[known->id - 1];

    client_lock(session->client);
    known_release(announced->known);
    client_unlock(session->client);
    announced->known = known; /* the entry's reference */
    announced->connection = 0;
    if (session->id_count < known->id) session->id_count = known->id;
}

static void forget_provider(struct session *session, struct provider *provider)
{
    for (size_t i = 0; i < session->id_count; i++) {
        struct announced *announced = &session->by_id[i];

        if (!announced->known || announced->known->slot != provider->slot) continue;
        known_release(announced->known);
        announced->known = NULL;
    }
    provider_free(provider);
}

static bool move_open(struct session *session, struct provider *provider)
{
    if (!copy_out(session, provider->frame, provider->frame_size)) return false;
    provider->is_open = true;
    return true;
}

static bool move_close(struct session *session, struct provider *provider)
{
    struct writer writer = out_writer(session);

    request_put_provider_close(&writer, provider->slot);
    if (!keep(session, &writer)) return false;
    client_lock(session->client);
    forget_provider(session, provider);
    client_unlock(session->client);
    return true;
}

/* The number that a LOST (its count) or FLUSH (its cookie) of ours begins with. */
static uint64_t leading_number(const struct frame *entry)
{
    struct reader reader;

    reader_init(&reader, entry->body, entry->body_size);
    return read_u64(&reader);
}

static bool move_lost(struct session *session, const struct frame *entry, const uint8_t *bytes)
{
    if (!copy_out(session, bytes, WIRE_HEADER_BYTES + entry->body_size)) return false;
    flight_add_lost(&session->flight, leading_number(entry));
    return true;
}

static bool move_flush(struct session *session, const struct frame *entry, const uint8_t *bytes)
{
    if (!copy_out(session, bytes, WIRE_HEADER_BYTES + entry->body_size)) return false;
    session->flush_sent = leading_number(entry);
    return true;
}

static bool lose_event(struct session *session, uint16_t slot, struct moved *moved)
{
    struct request_lost lost = {.slot = slot, .count = 1, .reason = ETWR_REASON_TOO_LARGE};
    struct writer writer = out_writer(session);

    request_put_lost(&writer, &lost);
    if (!keep(session, &writer)) return false;
    flight_add_lost(&session->flight, 1);
    moved->too_large++;
    return true;
}

static bool move_event(struct session *session, const struct frame *entry, const uint8_t *bytes,
                       struct moved *moved)
{
    size_t size = WIRE_HEADER_BYTES + entry->body_size;
    struct announced *announced;
    const struct known *known;
    struct reader reader;
    bool is_new;

    reader_init(&reader, entry->body, entry->body_size);
    announced = &session->by_id[read_u32(&reader) - 1];
    known = announced->known;
    is_new = announced->connection != session->connection;
    if (entry->body_size > session->body_max_bytes ||
        known->frame_size - WIRE_HEADER_BYTES > session->body_max_bytes)
        return lose_event(session, entry->slot, moved);
    if (size + (is_new ? known->frame_size : 0) > out_room(session)) return false;
    if (is_new) copy_out(session, known->frame, known->frame_size);
    announced->connection = session->connection;
    copy_out(session, bytes, size);
    flight_add_event(&session->flight);
    moved->events++;
    return true;
}

/* False: the out buffer has no room for it. */
static bool move_entry(struct session *session, const struct frame *entry, const uint8_t *bytes,
                       struct moved *moved)
{
    switch (entry->kind) {
    case WIRE_EVENT:
        return move_event(session, entry, bytes, moved);
    case WIRE_LOST:
        return move_lost(session, entry, bytes);
    case WIRE_SCHEMA:
        learn_schema(session, entry_pointer(entry));
        return true;
    case WIRE_PROVIDER_OPEN:
        return move_open(session, entry_pointer(entry));
    case WIRE_PROVIDER_CLOSE:
        return move_close(session, entry_pointer(entry));
    default:
        return move_flush(session, entry, bytes);
    }
}

static struct moved move_entries(struct session *session, const uint8_t *bytes, size_t size)
{
    struct moved moved = {0, 0, 0};
    struct frame entry;
    size_t used;

    while (moved.bytes < size &&
           frame_find(bytes + moved.bytes, size - moved.bytes, &entry, &used) == FRAME_WHOLE) {
        if (!move_entry(session, &entry, bytes + moved.bytes, &moved)) break;
        moved.bytes += used;
    }
    return moved;
}

/* Give back what was moved, and the room to whoever waits for it: once half of the queue is free,
 * or each piece that leaves would wake a writer for just as much. */
static void settle_move(struct session *session, const struct moved *moved)
{
    struct etwr_client *client = session->client;

    client_lock(client);
    queue_consume(&client->queue, moved->bytes);
    account_drop_queued(&client->account, ETWR_REASON_TOO_LARGE, moved->too_large);
    account_send(&client->account, moved->events, session->flight.sent);
    if (client->room_waiters > 0 && !queue_is_half_full(&client->queue))
        os_monitor_wake_all(client->monitor);
    client_unlock(client);
}

/* What came in while the rest was moved, and is too little to be worth the lock. Under the lock. */
static bool may_stay(const struct etwr_client *client, size_t size)
{
    return size < SESSION_PIECE_BYTES && !client->is_urgent && client->room_waiters == 0;
}

/*
 * Everything that is there at the start, as far as it has room. A writer that goes on meanwhile is
 * slower than this: whoever chased it would take its lock for each single event, and slow it down
 * to a third. So a little that has come since stays for the next time, which the delay bounds.
 */
static void move_queue(struct session *session)
{
    struct etwr_client *client = session->client;

    for (bool is_rest = false;; is_rest = true) {
        const uint8_t *bytes;
        struct moved moved;
        size_t size = 0;

        client_lock(client);
        submit_pay(client);
        bytes = queue_peek(&client->queue, &size);
        if (is_rest && may_stay(client, size)) bytes = NULL;
        client_unlock(client);
        if (!bytes) break;
        moved = move_entries(session, bytes, size);
        settle_move(session, &moved);
        if (moved.bytes < size) return;
    }
    session->is_draining = false;
    session->due_ms = os_clock_ms() + client->delay_ms;
}

void session_fill(struct session *session)
{
    if (session_has_output(session) || session->is_write_failed) return;
    session->out_start = session->out_end = 0;
    if (!put_openings(session) || !put_flush_again(session)) return;
    put_status(session);
    if (session->is_draining) move_queue(session);
}

void session_write(struct session *session)
{
    uint64_t sent = 0;

    while (session_has_output(session)) {
        size_t size = session->out_end - session->out_start, count = 0;
        enum stream_result result =
            stream_write(session->stream, session->out + session->out_start, size, &count);

        if (result == STREAM_AGAIN) break;
        if (result == STREAM_ENDED) {
            session->is_write_failed = true;
            session->out_start = session->out_end;
            break;
        }
        session->out_start += count;
        sent += count;
    }
    if (sent == 0) return;
    client_lock(session->client);
    session->client->account.counters.sent_bytes += sent;
    client_unlock(session->client);
}

static void discard_entry(struct session *session, const struct frame *entry)
{
    struct account *account = &session->client->account;

    switch (entry->kind) {
    case WIRE_EVENT:
        account_drop_queued(account, ETWR_REASON_DISCONNECTED, 1);
        break;
    case WIRE_SCHEMA:
        known_release(entry_pointer(entry));
        break;
    case WIRE_PROVIDER_CLOSE:
        forget_provider(session, entry_pointer(entry));
        break;
    default:
        break;
    }
}

void session_discard(struct session *session)
{
    struct etwr_client *client = session->client;
    const uint8_t *bytes;
    struct frame entry;
    size_t size, used;

    client_lock(client);
    submit_pay(client);
    while ((bytes = queue_peek(&client->queue, &size)) != NULL) {
        frame_find(bytes, size, &entry, &used);
        discard_entry(session, &entry);
        queue_consume(&client->queue, used);
        submit_pay(client);
    }
    account_send(&client->account, 0, client->account.numbered);
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
}
