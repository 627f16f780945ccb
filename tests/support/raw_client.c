/* See the header. */
#include "tests/support/raw_client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/raw_link.h"

#define CAPACITY_BYTES (4u << 20)

void raw_connect(struct raw_client *client, const char *path)
{
    memset(client, 0, sizeof *client);
    client->out = malloc(CAPACITY_BYTES);
    client->in = malloc(CAPACITY_BYTES);
    ck_assert(client->out != NULL && client->in != NULL);
    client->link = raw_link_open(path);
}

void raw_close(struct raw_client *client)
{
    raw_link_close(client->link);
    free(client->out);
    free(client->in);
}

static void open_writer(struct raw_client *client, struct writer *writer)
{
    writer_init(writer, client->out + client->out_size, CAPACITY_BYTES - client->out_size);
}

static void close_writer(struct raw_client *client, const struct writer *writer)
{
    ck_assert(!writer->failed);
    client->out_size += writer_size(writer);
}

void raw_bytes(struct raw_client *client, const void *bytes, size_t size)
{
    struct writer writer;
    open_writer(client, &writer);
    put_bytes(&writer, bytes, size);
    close_writer(client, &writer);
}

void raw_frame(struct raw_client *client, uint8_t kind, uint8_t flags, uint16_t slot,
               const void *body, size_t size)
{
    struct writer writer;
    open_writer(client, &writer);
    frame_put_header(&writer, kind, flags, slot, (uint32_t)size);
    put_bytes(&writer, body, size);
    close_writer(client, &writer);
}

void raw_hello(struct raw_client *client, uint64_t first_sequence)
{
    struct writer writer;
    struct request_hello hello = {.version_lowest = WIRE_VERSION,
                                  .version_highest = WIRE_VERSION,
                                  .claimed_pid = raw_link_pid(),
                                  .instance = {1, 2, 3},
                                  .first_sequence = first_sequence,
                                  .image = {"raw", 3}};
    open_writer(client, &writer);
    request_put_hello(&writer, &hello);
    close_writer(client, &writer);
}

void raw_open(struct raw_client *client, uint16_t slot, const char *name)
{
    struct writer writer;
    struct request_provider_open open = {
        .slot = slot, .generation = slot, .name = {name, strlen(name)}};
    open_writer(client, &writer);
    request_put_provider_open(&writer, &open);
    close_writer(client, &writer);
}

void raw_metadata(struct raw_client *client, uint16_t slot, uint32_t schema_id,
                  const void *metadata, size_t size)
{
    struct writer writer;
    struct request_schema schema = {.slot = slot,
                                    .schema_id = schema_id,
                                    .descriptor = {.channel = 11, .level = 5, .keyword = 1},
                                    .metadata = {metadata, size}};
    open_writer(client, &writer);
    request_put_schema(&writer, &schema);
    close_writer(client, &writer);
}

void raw_schema(struct raw_client *client, uint16_t slot)
{
    static const uint8_t metadata[] = {14, 0, 0, 'N', 'u', 'm', 'b', 'e', 'r', 0, 'n', 0, 8};
    uint8_t sized[sizeof metadata];
    memcpy(sized, metadata, sizeof metadata);
    sized[0] = sizeof metadata;
    raw_metadata(client, slot, RAW_SCHEMA, sized, sizeof sized);
}

void raw_event(struct raw_client *client, uint16_t slot, uint32_t schema_id, const void *values,
               size_t size)
{
    struct writer writer;
    struct request_event event = {.slot = slot,
                                  .schema_id = schema_id,
                                  .time = 134000000000000000u,
                                  .thread_id = 7,
                                  .values = {values, size}};
    open_writer(client, &writer);
    request_put_event(&writer, &event);
    close_writer(client, &writer);
}

void raw_number(struct raw_client *client, uint16_t slot, uint32_t n)
{
    const uint8_t values[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                               (uint8_t)(n >> 24)};
    raw_event(client, slot, RAW_SCHEMA, values, sizeof values);
}

void raw_lost(struct raw_client *client, uint16_t slot, uint64_t count, uint8_t reason)
{
    struct writer writer;
    struct request_lost lost = {slot, count, reason};
    open_writer(client, &writer);
    request_put_lost(&writer, &lost);
    close_writer(client, &writer);
}

void raw_flush(struct raw_client *client, uint64_t cookie)
{
    struct writer writer;
    open_writer(client, &writer);
    request_put_flush(&writer, cookie);
    close_writer(client, &writer);
}

bool raw_send_some(struct raw_client *client, size_t size)
{
    ck_assert_uint_le(size, client->out_size);
    bool done = raw_link_send(client->link, client->out, size);
    client->out_size -= size;
    memmove(client->out, client->out + size, client->out_size);
    return done;
}

bool raw_send(struct raw_client *client)
{
    return raw_send_some(client, client->out_size);
}

/* False: the connection has ended. */
static bool receive(struct raw_client *client)
{
    size_t got = raw_link_receive(client->link, client->in + client->in_size,
                                  CAPACITY_BYTES - client->in_size);
    client->in_size += got;
    return got > 0;
}

static bool read_frame(struct raw_client *client, struct frame *frame)
{
    size_t used;
    client->in_size -= client->in_used;
    memmove(client->in, client->in + client->in_used, client->in_size);
    client->in_used = 0;
    for (;;) {
        enum frame_result result = frame_find(client->in, client->in_size, frame, &used);
        ck_assert_int_ne(result, FRAME_OVERSIZE);
        if (result == FRAME_WHOLE) break;
        if (!receive(client)) return false;
    }
    client->in_used = used;
    if (frame->kind != WIRE_ACK) return true;
    ck_assert_int_eq(reply_read_ack(frame, &client->ack), ETWR_OK);
    client->has_ack = true;
    return true;
}

bool raw_skip_to(struct raw_client *client, uint8_t kind, struct frame *frame)
{
    while (read_frame(client, frame))
        if (frame->kind == kind) return true;
    return false;
}

void raw_settle(struct raw_client *client)
{
    static uint64_t cookie = 1000;
    struct frame frame;
    uint64_t answered;
    raw_flush(client, ++cookie);
    ck_assert(raw_send(client));
    ck_assert(raw_skip_to(client, WIRE_FLUSHED, &frame));
    ck_assert_int_eq(reply_read_flushed(&frame, &answered), ETWR_OK);
    ck_assert_uint_eq(answered, cookie);
    ck_assert(client->has_ack);
}

enum etwr_reason raw_end_reason(struct raw_client *client)
{
    struct frame frame;
    enum etwr_reason reason = ETWR_REASON_NONE;
    while (read_frame(client, &frame)) {
        struct reply_refused refused;
        struct reply_error error;
        ck_assert_msg(reason == ETWR_REASON_NONE, "frame 0x%02x behind the last word", frame.kind);
        if (frame.kind == WIRE_REFUSED) {
            ck_assert_int_eq(reply_read_refused(&frame, &refused), ETWR_OK);
            reason = (enum etwr_reason)refused.reason;
        }
        if (frame.kind == WIRE_ERROR) {
            ck_assert_int_eq(reply_read_error(&frame, &error), ETWR_OK);
            reason = (enum etwr_reason)error.reason;
        }
    }
    return reason;
}

uint64_t raw_dropped(const struct raw_client *client, enum etwr_reason reason)
{
    for (size_t i = 0; i < client->ack.dropped_count; i++)
        if (client->ack.dropped[i].reason == (uint8_t)reason) return client->ack.dropped[i].count;
    return 0;
}
