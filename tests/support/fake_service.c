/* See fake_service.h. Every read has a limit of WAIT_MS. */
#include "tests/support/fake_service.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS    20000
#define ROOM_BYTES ((size_t)4 * 1024 * 1024)

static void init(struct fake_service *service)
{
    memset(service, 0, sizeof *service);
    service->listener = service->link = -1;
    service->bytes = malloc(ROOM_BYTES);
    ck_assert_ptr_nonnull(service->bytes);
}

void fake_service_init(struct fake_service *service)
{
    init(service);
    fake_link_make_path(service->path);
    fake_listen(service);
}

intptr_t fake_service_init_pair(struct fake_service *service)
{
    intptr_t other;

    init(service);
    service->link = fake_link_make_pair(&other);
    return other;
}

void fake_service_clear(struct fake_service *service)
{
    fake_close(service);
    fake_stop_listening(service);
    if (service->path[0]) fake_link_forget_path(service->path);
    free(service->bytes);
}

void fake_listen(struct fake_service *service)
{
    service->listener = fake_link_listen(service->path);
}

void fake_stop_listening(struct fake_service *service)
{
    if (service->listener < 0) return;
    fake_link_stop_listening(service->listener, service->path);
    service->listener = -1;
}

bool fake_is_called(struct fake_service *service, int timeout_ms)
{
    return fake_link_is_called(service->listener, timeout_ms);
}

void fake_accept(struct fake_service *service)
{
    ck_assert_msg(fake_is_called(service, WAIT_MS), "nobody connects");
    service->link = fake_link_accept(&service->listener, service->path);
    service->size = service->used = 0;
}

void fake_close(struct fake_service *service)
{
    if (service->link >= 0) fake_link_close(service->link);
    service->link = -1;
    service->size = service->used = 0;
}

/* Some more bytes; 0 at the end of the stream, -1 when none come in time. */
static long receive(struct fake_service *service, int timeout_ms)
{
    long count;

    ck_assert_uint_lt(service->size, ROOM_BYTES);
    count = fake_link_receive(service->link, service->bytes + service->size,
                              ROOM_BYTES - service->size, timeout_ms);
    if (count > 0) service->size += (size_t)count;
    return count;
}

/* Forget the frame that was read last. */
static void drop_used(struct fake_service *service)
{
    service->size -= service->used;
    memmove(service->bytes, service->bytes + service->used, service->size);
    service->used = 0;
}

bool fake_has_frame(struct fake_service *service, int timeout_ms)
{
    struct frame frame;
    size_t used;

    drop_used(service);
    while (frame_find(service->bytes, service->size, &frame, &used) == FRAME_PARTIAL)
        if (receive(service, timeout_ms) <= 0) return false;
    return true;
}

bool fake_is_closed(struct fake_service *service)
{
    drop_used(service);
    for (;;) {
        long count = receive(service, WAIT_MS);

        if (count <= 0) return count == 0;
    }
}

struct frame fake_read(struct fake_service *service)
{
    struct frame frame;
    enum frame_result result;

    drop_used(service);
    while ((result = frame_find(service->bytes, service->size, &frame, &service->used)) ==
           FRAME_PARTIAL) {
        service->used = 0;
        ck_assert_msg(receive(service, WAIT_MS) > 0, "no frame comes");
    }
    ck_assert_int_eq(result, FRAME_WHOLE);
    return frame;
}

/* Every frame a client sends must be one that the service's own readers take. */
static void count_frame(struct fake_service *service, const struct frame *frame)
{
    struct request_event event;
    struct request_lost lost;

    if (frame->kind == WIRE_EVENT) {
        ck_assert_int_eq(request_read_event(frame, &event), ETWR_OK);
        service->event_count++;
        service->sequence++;
    }
    if (frame->kind == WIRE_LOST) {
        ck_assert_int_eq(request_read_lost(frame, &lost), ETWR_OK);
        service->lost_count += lost.count;
        service->lost_by_reason[lost.reason] += lost.count;
        service->sequence += lost.count;
    }
}

struct frame fake_expect(struct fake_service *service, uint8_t kind)
{
    struct frame frame = fake_read(service);

    ck_assert_msg(frame.kind == kind, "frame of kind 0x%02x instead of 0x%02x", frame.kind, kind);
    count_frame(service, &frame);
    return frame;
}

struct frame fake_skip_to(struct fake_service *service, uint8_t kind)
{
    for (;;) {
        struct frame frame = fake_read(service);

        count_frame(service, &frame);
        if (frame.kind == kind) return frame;
    }
}

void fake_read_hello(struct fake_service *service, struct request_hello *hello)
{
    struct frame frame = fake_expect(service, WIRE_HELLO);

    ck_assert_int_eq(request_read_hello(&frame, hello), ETWR_OK);
    service->sequence = hello->first_sequence;
    service->event_count = service->lost_count = 0;
    memset(service->lost_by_reason, 0, sizeof service->lost_by_reason);
}

void fake_send(struct fake_service *service, const void *bytes, size_t size)
{
    fake_link_send(service->link, bytes, size);
}

static void send_written(struct fake_service *service, const struct writer *writer)
{
    ck_assert(!writer->failed);
    fake_send(service, writer->start, writer_size(writer));
}

void fake_welcome(struct fake_service *service)
{
    struct reply_welcome welcome = {.version = WIRE_VERSION,
                                    .body_max_bytes = WIRE_BODY_MAX_BYTES,
                                    .schemas_max = 4096,
                                    .providers_max = 8};
    struct request_hello hello;
    uint8_t bytes[128];
    struct writer writer;

    if (service->listener >= 0) fake_accept(service);
    fake_read_hello(service, &hello);
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_welcome(&writer, &welcome);
    send_written(service, &writer);
}

void fake_send_state(struct fake_service *service, const struct reply_provider_state *state)
{
    uint8_t bytes[128];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    reply_put_provider_state(&writer, state);
    send_written(service, &writer);
}

static struct reply_provider_state answer_to(const struct frame *open)
{
    struct request_provider_open request;
    struct reply_provider_state state = {.slot = open->slot, .control = WIRE_CONTROL_ENABLE};

    ck_assert_int_eq(request_read_provider_open(open, &request), ETWR_OK);
    state.generation = request.generation;
    return state;
}

void fake_enable(struct fake_service *service, const struct frame *open, uint8_t level,
                 uint64_t any, uint64_t all)
{
    struct reply_provider_state state = answer_to(open);

    state.level = level;
    state.match_any = any;
    state.match_all = all;
    fake_send_state(service, &state);
}

void fake_refuse_provider(struct fake_service *service, const struct frame *open, uint8_t reason)
{
    struct reply_provider_state state = answer_to(open);

    state.control = WIRE_CONTROL_DISABLE;
    state.result = reason;
    fake_send_state(service, &state);
}

void fake_send_refused(struct fake_service *service, uint8_t reason, const char *text)
{
    struct reply_refused refused = {.reason = reason, .text = {text, strlen(text)}};
    uint8_t bytes[256];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    reply_put_refused(&writer, &refused);
    send_written(service, &writer);
}

void fake_ack(struct fake_service *service, uint64_t sequence, uint64_t written,
              uint64_t not_enabled, uint8_t reason, uint64_t dropped)
{
    struct reply_ack ack = {
        .sequence = sequence, .written = written, .not_enabled = not_enabled, .dropped_count = 0};
    uint8_t bytes[128];
    struct writer writer;

    if (reason != 0) {
        ack.dropped_count = 1;
        ack.dropped[0].reason = reason;
        ack.dropped[0].count = dropped;
    }
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_ack(&writer, &ack);
    send_written(service, &writer);
}

void fake_flushed(struct fake_service *service, uint64_t cookie)
{
    uint8_t bytes[32];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    reply_put_flushed(&writer, cookie);
    send_written(service, &writer);
}
