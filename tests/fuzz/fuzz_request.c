/*
 * What clients say: each kind of request, and the metadata within SCHEMA.
 *
 * Input: u8 kind, u8 flags, u16 slot, then the body. A request that is taken must be put again as
 * the same bytes. Metadata that is taken must come out canonical: rebuilt once more it stays as it
 * is, and it compiles.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/schema.h"
#include "protocol/wire/request.h"
#include "tests/fuzz/fuzz.h"

#define NAME_BYTES 16

static struct etwr_event *builder, *again;

static void check_put(const struct frame *frame, const struct writer *writer)
{
    FUZZ_CHECK(!writer->failed);
    FUZZ_CHECK(writer_size(writer) == WIRE_HEADER_BYTES + frame->body_size);
    FUZZ_CHECK(memcmp(writer->start + WIRE_HEADER_BYTES, frame->body, frame->body_size) == 0);
}

/* Of a size that metadata can have, with a size field that is true. */
static void check_canonical(const struct etwr_encoded *encoded)
{
    const uint8_t *bytes = encoded->metadata.data;
    size_t size = encoded->metadata.size;

    FUZZ_CHECK(size >= 4 && size <= ETWR_METADATA_MAX_BYTES);
    FUZZ_CHECK((size_t)(bytes[0] | bytes[1] << 8) == size);
    FUZZ_CHECK(encoded->data.size == 0);
}

static void compile(const struct etwr_encoded *encoded)
{
    struct schema *schema;

    FUZZ_CHECK(schema_create(encoded->metadata.data, encoded->metadata.size, &schema) == ETWR_OK);
    FUZZ_CHECK(schema_memory_bytes(schema) <= 16 + 3 * ETWR_FIELDS_MAX * 8);
    schema_destroy(schema);
}

static void rebuild(const struct request_schema *request)
{
    struct etwr_encoded first, second;
    size_t offset = 0;
    int found;
    const void *metadata = request->metadata.data;
    size_t size = request->metadata.size;

    (void)schema_has_field(metadata, size, "etwrelay", &found);
    if (schema_rebuild(metadata, size, &request->descriptor, builder, &offset) != ETWR_OK) {
        FUZZ_CHECK(offset <= size);
        return;
    }
    FUZZ_CHECK(etwr_event_encode_template(builder, &first) == ETWR_OK);
    check_canonical(&first);
    FUZZ_CHECK(schema_rebuild(first.metadata.data, first.metadata.size, &first.descriptor, again,
                              &offset) == ETWR_OK);
    FUZZ_CHECK(etwr_event_encode_template(again, &second) == ETWR_OK);
    FUZZ_CHECK(second.metadata.size == first.metadata.size);
    FUZZ_CHECK(memcmp(second.metadata.data, first.metadata.data, first.metadata.size) == 0);
    FUZZ_CHECK(second.descriptor.keyword == request->descriptor.keyword);
    compile(&second);
}

static bool read_hello(const struct frame *frame, struct writer *writer)
{
    struct request_hello hello, reread;
    struct frame put;
    size_t used;

    if (request_read_hello(frame, &hello) != ETWR_OK) return false;
    request_put_hello(writer, &hello); /* without the items that are not known */
    FUZZ_CHECK(!writer->failed);
    FUZZ_CHECK(frame_find(writer->start, writer_size(writer), &put, &used) == FRAME_WHOLE);
    FUZZ_CHECK(request_read_hello(&put, &reread) == ETWR_OK);
    FUZZ_CHECK(reread.first_sequence == hello.first_sequence);
    FUZZ_CHECK(reread.in_doubt_count == hello.in_doubt_count);
    FUZZ_CHECK(reread.image.size == hello.image.size);
    return true;
}

static bool read_open(const struct frame *frame, struct writer *writer)
{
    struct request_provider_open open;

    if (request_read_provider_open(frame, &open) != ETWR_OK) return false;
    FUZZ_CHECK(open.name.size > 0 && open.name.size <= WIRE_NAME_MAX_BYTES);
    request_put_provider_open(writer, &open);
    check_put(frame, writer);
    return true;
}

static bool read_schema(const struct frame *frame, struct writer *writer)
{
    struct request_schema schema;

    if (request_read_schema(frame, &schema) != ETWR_OK) return false;
    request_put_schema(writer, &schema);
    check_put(frame, writer);
    rebuild(&schema);
    return true;
}

static bool read_event(const struct frame *frame, struct writer *writer)
{
    struct request_event event;

    if (request_read_event(frame, &event) != ETWR_OK) return false;
    request_put_event(writer, &event);
    check_put(frame, writer);
    return true;
}

static bool read_lost(const struct frame *frame, struct writer *writer)
{
    struct request_lost lost;

    if (request_read_lost(frame, &lost) != ETWR_OK) return false;
    request_put_lost(writer, &lost);
    check_put(frame, writer);
    return true;
}

static bool read_small(const struct frame *frame, struct writer *writer)
{
    uint16_t slot;
    uint64_t cookie;

    if (request_read_provider_close(frame, &slot) == ETWR_OK) {
        request_put_provider_close(writer, slot);
    } else if (request_read_flush(frame, &cookie) == ETWR_OK) {
        request_put_flush(writer, cookie);
    } else if (request_read_status(frame, &cookie) == ETWR_OK) {
        request_put_status(writer, cookie);
    } else {
        return false;
    }
    check_put(frame, writer);
    return true;
}

/* Exactly one reader takes a good frame; a bad one has a reason. */
static void read_request(const struct frame *frame)
{
    static uint8_t put[WIRE_FRAME_MAX_BYTES];
    static bool (*const readers[])(const struct frame *, struct writer *) = {
        read_hello, read_open, read_schema, read_event, read_lost, read_small};
    unsigned taken = 0;

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        struct writer writer;
        writer_init(&writer, put, sizeof put);
        if (readers[i](frame, &writer)) taken++;
    }
    FUZZ_CHECK(taken <= 1);
    if (taken == 0) FUZZ_CHECK(request_refusal(frame) >= ETWR_REASON_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct frame frame;
    struct reader reader;

    if (builder == NULL) {
        FUZZ_CHECK(etwr_event_create(&builder) == ETWR_OK);
        FUZZ_CHECK(etwr_event_create(&again) == ETWR_OK);
    }
    reader_init(&reader, bytes, size);
    frame.kind = read_u8(&reader);
    frame.flags = read_u8(&reader);
    frame.slot = read_u16(&reader);
    if (reader.failed || reader_left(&reader) > WIRE_BODY_MAX_BYTES) return 0;
    frame.body_size = (uint32_t)reader_left(&reader);
    uint8_t *body = fuzz_copy(reader.at, frame.body_size);
    frame.body = body;
    read_request(&frame);
    free(body);
    return 0;
}
