/*
 * Frames out of a stream that comes in any pieces, and what services say.
 *
 * Input: u32 for the sizes of the pieces, then the stream. Cut into pieces it must give the same
 * frames as in one; each frame that a reply reader takes must be put again as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/reply.h"
#include "tests/fuzz/fuzz.h"

struct stream {
    const uint8_t *bytes;
    size_t size;
    size_t at;   /* frames before it were found */
    size_t seen; /* bytes that have arrived */
    uint32_t state;
};

/* Small numbers mostly, so that headers are cut as well as bodies. */
static size_t next_piece(struct stream *stream)
{
    stream->state = stream->state * 1664525u + 1013904223u;
    uint32_t pick = stream->state >> 8;
    return pick % 4 == 0 ? 1 + pick % 512 : 1 + (pick >> 2) % 12;
}

/* What has arrived and was not used yet, seen through memory of exactly that size. */
static enum frame_result find(const struct stream *stream, struct frame *frame, size_t *used)
{
    size_t size = stream->seen - stream->at;
    uint8_t *copy = fuzz_copy(stream->bytes + stream->at, size);
    enum frame_result result = frame_find(copy, size, frame, used);

    if (result == FRAME_WHOLE) {
        FUZZ_CHECK(*used == WIRE_HEADER_BYTES + frame->body_size && *used <= size);
        FUZZ_CHECK(frame->body == copy + WIRE_HEADER_BYTES);
        frame->body = stream->bytes + stream->at + WIRE_HEADER_BYTES;
    } else if (result == FRAME_PARTIAL) {
        FUZZ_CHECK(*used > size && *used <= WIRE_FRAME_MAX_BYTES);
    }
    free(copy);
    return result;
}

static enum frame_result find_all(struct stream *stream)
{
    for (;;) {
        struct frame frame;
        size_t used;
        enum frame_result result = find(stream, &frame, &used);
        if (result != FRAME_WHOLE) return result;
        stream->at += used;
    }
}

static void check_put(const struct frame *frame, const uint8_t *bytes, struct writer *writer)
{
    FUZZ_CHECK(!writer->failed);
    FUZZ_CHECK(writer_size(writer) == WIRE_HEADER_BYTES + frame->body_size);
    FUZZ_CHECK(memcmp(writer->start, bytes, writer_size(writer)) == 0);
}

/* WELCOME and REFUSED may have grown: what is put is the part that this version knows. */
static void check_put_start(const struct frame *frame, struct writer *writer)
{
    FUZZ_CHECK(!writer->failed);
    FUZZ_CHECK(writer_size(writer) <= WIRE_HEADER_BYTES + frame->body_size);
    FUZZ_CHECK(memcmp(writer->start + WIRE_HEADER_BYTES, frame->body,
                      writer_size(writer) - WIRE_HEADER_BYTES) == 0);
}

static void try_opening(const struct frame *frame, struct writer *writer)
{
    struct reply_welcome welcome;
    struct reply_refused refused;

    if (reply_read_welcome(frame, &welcome) == ETWR_OK) {
        reply_put_welcome(writer, &welcome);
        check_put_start(frame, writer);
    }
    if (reply_read_refused(frame, &refused) == ETWR_OK) {
        reply_put_refused(writer, &refused);
        check_put_start(frame, writer);
    }
}

static void try_numbers(const struct frame *frame, const uint8_t *bytes, struct writer *writer)
{
    struct reply_provider_state state;
    struct reply_ack ack;
    uint64_t cookie;

    if (reply_read_provider_state(frame, &state) == ETWR_OK) {
        reply_put_provider_state(writer, &state);
        check_put(frame, bytes, writer);
    }
    if (reply_read_ack(frame, &ack) == ETWR_OK) {
        reply_put_ack(writer, &ack);
        check_put(frame, bytes, writer);
    }
    if (reply_read_flushed(frame, &cookie) == ETWR_OK) {
        reply_put_flushed(writer, cookie);
        check_put(frame, bytes, writer);
    }
}

static void try_text(const struct frame *frame, const uint8_t *bytes, struct writer *writer)
{
    struct reply_error error;
    struct reply_status status;

    if (reply_read_error(frame, &error) == ETWR_OK) {
        reply_put_error(writer, &error);
        check_put(frame, bytes, writer);
    }
    if (reply_read_status(frame, &status) == ETWR_OK) {
        reply_put_status(writer, &status);
        check_put(frame, bytes, writer);
    }
}

/* Each reader sees each frame: all but one must refuse it. */
static void read_replies(const struct frame *frame, const uint8_t *bytes)
{
    static uint8_t put[WIRE_FRAME_MAX_BYTES];
    struct frame copy = *frame;
    uint8_t *body = fuzz_copy(frame->body, frame->body_size);
    struct writer writer;

    copy.body = body;
    writer_init(&writer, put, sizeof put);
    try_opening(&copy, &writer);
    try_numbers(&copy, bytes, &writer);
    try_text(&copy, bytes, &writer);
    free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct reader reader;
    struct stream whole = {0};
    struct stream cut = {0};
    enum frame_result result, cut_result = FRAME_PARTIAL;

    reader_init(&reader, bytes, size);
    cut.state = read_u32(&reader);
    if (reader.failed) return 0;
    whole.bytes = cut.bytes = reader.at;
    whole.size = cut.size = whole.seen = reader_left(&reader);
    result = find_all(&whole);
    while (cut.seen < cut.size && cut_result == FRAME_PARTIAL) {
        size_t piece = next_piece(&cut);
        cut.seen += piece < cut.size - cut.seen ? piece : cut.size - cut.seen;
        cut_result = find_all(&cut);
    }
    FUZZ_CHECK(cut_result == result && cut.at == whole.at);

    for (size_t at = 0; at < whole.at;) {
        struct frame frame;
        size_t used;
        FUZZ_CHECK(frame_find(whole.bytes + at, whole.at - at, &frame, &used) == FRAME_WHOLE);
        read_replies(&frame, whole.bytes + at);
        at += used;
    }
    return 0;
}
