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
    client->in = malloc(CAPACITY_BYTES);
    ck_assert(frames_init(&client->out, CAPACITY_BYTES) && client->in != NULL);
    client->link = raw_link_open(path);
}

void raw_join(struct raw_client *client, const char *path, const char *provider)
{
    raw_connect(client, path);
    frames_hello(&client->out, 1);
    frames_open(&client->out, 1, provider);
    frames_schema(&client->out, 1);
}

void raw_close(struct raw_client *client)
{
    raw_link_close(client->link);
    frames_clear(&client->out);
    free(client->in);
}

bool raw_send_some(struct raw_client *client, size_t size)
{
    bool done = raw_link_send(client->link, client->out.bytes, size);
    frames_remove(&client->out, size);
    return done;
}

bool raw_send(struct raw_client *client)
{
    return raw_send_some(client, client->out.size);
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
    frames_flush(&client->out, ++cookie);
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

void raw_expect_end(struct raw_client *client, enum etwr_reason expected)
{
    (void)raw_send(client);
    enum etwr_reason reason = raw_end_reason(client);
    ck_assert_msg(reason == expected, "expected %s, not %s", etwr_reason_name(expected),
                  etwr_reason_name(reason));
    raw_close(client);
}

struct reply_provider_state raw_next_state(struct raw_client *client)
{
    struct frame frame;
    struct reply_provider_state state;
    ck_assert(raw_skip_to(client, WIRE_PROVIDER_STATE, &frame));
    ck_assert_int_eq(reply_read_provider_state(&frame, &state), ETWR_OK);
    return state;
}

uint64_t raw_dropped(const struct raw_client *client, enum etwr_reason reason)
{
    for (size_t i = 0; i < client->ack.dropped_count; i++)
        if (client->ack.dropped[i].reason == (uint8_t)reason) return client->ack.dropped[i].count;
    return 0;
}
