/*
 * Says mostly what makes sense, since everything else soon ends a connection; and checks the one
 * thing that clients live by: an ACK accounts for every event up to its sequence, no more, no less.
 */
#include "tests/fuzz/world_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/wire/reply.h"

static const uint8_t number_metadata[] = {8, 0, 0, 'E', 0, 'n', 0, ETWR_IN_UINT32};
static const uint8_t text_metadata[] = {8, 0, 0, 'T', 0, 't', 0, ETWR_IN_STR8};
static const uint8_t bad_metadata[] = {8, 0, 0, 'B', 0, 'b', 0, 31};
static const uint8_t origin_metadata[] = {15,  0,   0,   'O', 0,   'e', 't',          'w',
                                          'r', 'e', 'l', 'a', 'y', 0,   ETWR_IN_UINT8};

void world_client_init(struct world_client *client)
{
    memset(client, 0, sizeof *client);
    client->fd = -1;
    client->out = malloc(WORLD_OUT_BYTES);
    client->in = malloc(WORLD_IN_BYTES);
    FUZZ_CHECK(client->out != NULL && client->in != NULL);
}

void world_client_clear(struct world_client *client)
{
    world_client_close(client);
    free(client->out);
    free(client->in);
}

int world_client_connect(struct world_client *client)
{
    int ends[2];

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    uint8_t *out = client->out;
    uint8_t *in = client->in;
    memset(client, 0, sizeof *client);
    client->out = out;
    client->in = in;
    client->fd = ends[0];
    return ends[1];
}

void world_client_close(struct world_client *client)
{
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
}

static struct writer begin(const struct world_client *client)
{
    struct writer writer;
    writer_init(&writer, client->out + client->out_size, WORLD_OUT_BYTES - client->out_size);
    return writer;
}

static bool end(struct world_client *client, const struct writer *writer)
{
    if (writer->failed) return false; /* no room: not said */
    client->out_size += writer_size(writer);
    return true;
}

void world_client_say_hello(struct world_client *client, uint64_t first_sequence)
{
    const struct request_hello hello = {.version_lowest = WIRE_VERSION,
                                        .version_highest = WIRE_VERSION,
                                        .claimed_pid = 4,
                                        .instance = {1, 2, 3},
                                        .first_sequence = first_sequence,
                                        .image = {"world", 5}};
    struct writer writer = begin(client);

    request_put_hello(&writer, &hello);
    if (!end(client, &writer)) return;
    client->first_sequence = first_sequence;
    client->settled = first_sequence - 1;
}

static void say_open(struct world_client *client, uint16_t slot, unsigned pick)
{
    static const char *const names[] = {"A.One", "A.Two", "B.One",    "B.Two",
                                        "C",     "D",     "etwrelay", "Microsoft-X"};
    const char *name = names[pick % (sizeof names / sizeof names[0])];
    struct request_provider_open open = {
        .slot = slot, .generation = pick, .name = {name, strlen(name)}};
    struct writer writer = begin(client);

    open.has_id = pick >= 0xF0;
    request_put_provider_open(&writer, &open);
    (void)end(client, &writer);
}

static void say_schema(struct world_client *client, uint16_t slot, uint32_t id, unsigned pick)
{
    static const struct etwr_bytes metadata[] = {{number_metadata, sizeof number_metadata},
                                                 {text_metadata, sizeof text_metadata},
                                                 {number_metadata, sizeof number_metadata},
                                                 {bad_metadata, sizeof bad_metadata},
                                                 {origin_metadata, sizeof origin_metadata}};
    const struct request_schema schema = {
        .slot = slot,
        .schema_id = id,
        .descriptor = {.level = (uint8_t)(pick / 8 % 7), .channel = 11, .keyword = 1u << pick % 4},
        .metadata = metadata[pick % (sizeof metadata / sizeof metadata[0])]};
    struct writer writer = begin(client);

    request_put_schema(&writer, &schema);
    (void)end(client, &writer);
}

static void say_event(struct world_client *client, uint16_t slot, uint32_t id,
                      struct etwr_bytes values)
{
    const struct request_event event = {.slot = slot,
                                        .schema_id = id,
                                        .time = UINT64_C(134399082101230000),
                                        .thread_id = 7,
                                        .values = values};
    struct writer writer = begin(client);

    request_put_event(&writer, &event);
    if (end(client, &writer)) client->events++;
}

static void say_lost(struct world_client *client, uint64_t count, unsigned pick)
{
    const struct request_lost lost = {
        .slot = (uint16_t)(pick % 3), .count = count, .reason = (uint8_t)(1 + pick % 63)};
    struct writer writer = begin(client);

    if (lost.reason >= ETWR_REASON_DROP_COUNT) return;
    request_put_lost(&writer, &lost);
    if (!end(client, &writer)) return;
    /* More than there are numbers ends the connection at the service. */
    client->lost = count > UINT64_MAX - client->lost ? UINT64_MAX : client->lost + count;
}

static void say_cookie(struct world_client *client, bool is_flush)
{
    struct writer writer = begin(client);

    if (is_flush) {
        request_put_flush(&writer, client->flushes_asked + 1);
        if (end(client, &writer)) client->flushes_asked++;
    } else {
        request_put_status(&writer, 1);
        (void)end(client, &writer);
    }
}

static void say_raw(struct world_client *client, struct reader *reader)
{
    struct etwr_bytes bytes = fuzz_take(reader, read_u8(reader));
    struct writer writer = begin(client);

    client->is_odd = true;
    put_bytes(&writer, bytes.data, bytes.size);
    (void)end(client, &writer);
}

static void say_events(struct world_client *client, uint16_t slot, uint32_t id, unsigned count)
{
    static const uint8_t number[4] = {1};
    for (unsigned i = 0; i < count; i++)
        say_event(client, slot, id, (struct etwr_bytes){number, sizeof number});
}

static void say_close(struct world_client *client, uint16_t slot)
{
    struct writer writer = begin(client);
    request_put_provider_close(&writer, slot);
    (void)end(client, &writer);
}

void world_client_say_usual(struct world_client *client)
{
    say_open(client, 1, 0);
    say_schema(client, 1, 1, 0);
    say_events(client, 1, 1, 1);
}

void world_client_say(struct world_client *client, struct reader *reader)
{
    unsigned what = read_u8(reader);
    unsigned pick = read_u8(reader);
    uint16_t slot = (uint16_t)(1 + pick % 3);
    uint32_t id = 1 + pick / 4 % 5;

    switch (what % 12) {
    case 0:
        say_open(client, slot, read_u8(reader));
        return;
    case 1:
        say_schema(client, slot, id, read_u8(reader));
        return;
    case 2:
        say_event(client, slot, id, fuzz_take(reader, pick % 9));
        return;
    case 3:
        say_lost(client, pick == 255 ? WIRE_SEQUENCE_MAX : 1 + pick % 4, read_u8(reader));
        return;
    case 4:
        say_cookie(client, true);
        return;
    case 5:
        say_cookie(client, false);
        return;
    case 6:
        say_raw(client, reader);
        return;
    case 7:
        say_close(client, slot);
        return;
    case 8:
        client->is_odd = true; /* a second one moves the numbers that we go by */
        world_client_say_hello(client, 1 + pick);
        return;
    case 9:
        say_events(client, 1, 1, pick);
        return;
    default:
        say_events(client, slot, id, 1 + pick / 64);
        return;
    }
}

void world_client_send(struct world_client *client, size_t max_bytes)
{
    size_t size = client->out_size < max_bytes ? client->out_size : max_bytes;

    if (client->fd < 0 || size == 0) return;
    ssize_t sent = send(client->fd, client->out, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) return;
    client->out_size -= (size_t)sent;
    memmove(client->out, client->out + sent, client->out_size);
}

static void hear_ack(struct world_client *client, const struct frame *frame)
{
    struct reply_ack ack;
    uint64_t sum;

    FUZZ_CHECK(reply_read_ack(frame, &ack) == ETWR_OK);
    sum = ack.written + ack.not_enabled;
    for (size_t i = 0; i < ack.dropped_count; i++)
        sum += ack.dropped[i].count;
    if (!client->is_odd) {
        FUZZ_CHECK(ack.sequence >= client->settled && sum >= client->acked);
        FUZZ_CHECK(sum <= client->events);
        uint64_t numbers = ack.sequence - (client->first_sequence - 1);
        FUZZ_CHECK(numbers >= sum && numbers - sum <= client->lost);
    }
    client->settled = ack.sequence;
    client->acked = sum;
}

static void hear_flushed(struct world_client *client, const struct frame *frame)
{
    uint64_t cookie;

    FUZZ_CHECK(reply_read_flushed(frame, &cookie) == ETWR_OK);
    if (client->is_odd) return;
    FUZZ_CHECK(cookie == client->flushed + 1 && cookie <= client->flushes_asked);
    client->flushed = cookie;
}

static void hear_frame(struct world_client *client, const struct frame *frame)
{
    struct reply_welcome welcome;
    struct reply_refused refused;
    struct reply_provider_state state;
    struct reply_error error;
    struct reply_status status;

    switch (frame->kind) {
    case WIRE_WELCOME:
        FUZZ_CHECK(reply_read_welcome(frame, &welcome) == ETWR_OK);
        return;
    case WIRE_REFUSED:
        FUZZ_CHECK(reply_read_refused(frame, &refused) == ETWR_OK);
        return;
    case WIRE_PROVIDER_STATE:
        FUZZ_CHECK(reply_read_provider_state(frame, &state) == ETWR_OK);
        return;
    case WIRE_ACK:
        hear_ack(client, frame);
        return;
    case WIRE_FLUSHED:
        hear_flushed(client, frame);
        return;
    case WIRE_ERROR:
        FUZZ_CHECK(reply_read_error(frame, &error) == ETWR_OK && error.reason != 0);
        return;
    default:
        FUZZ_CHECK(reply_read_status(frame, &status) == ETWR_OK);
    }
}

static size_t hear_frames(struct world_client *client)
{
    size_t at = 0;

    for (;;) {
        struct frame frame;
        size_t used;
        enum frame_result result = frame_find(client->in + at, client->in_size - at, &frame, &used);
        FUZZ_CHECK(result != FRAME_OVERSIZE);
        if (result == FRAME_PARTIAL) return at;
        hear_frame(client, &frame);
        at += used;
    }
}

void world_client_hear(struct world_client *client)
{
    while (client->fd >= 0 && !client->is_over) {
        ssize_t got = recv(client->fd, client->in + client->in_size,
                           WORLD_IN_BYTES - client->in_size, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (got <= 0) {
            client->is_over = true;
            return;
        }
        client->in_size += (size_t)got;
        size_t used = hear_frames(client);
        client->in_size -= used;
        memmove(client->in, client->in + used, client->in_size);
    }
}
