/*
 * .etl files: any bytes are read to their end, damage is told in printable words, and every event
 * that is found goes through both decoders.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/etl/trace.h"
#include "protocol/json/strict.h"
#include "tests/fuzz/fuzz.h"

struct file {
    const uint8_t *bytes;
    size_t size;
};

static struct text text;

static enum etwr_status read_at(void *context, uint64_t offset, void *bytes, size_t size,
                                size_t *got)
{
    const struct file *file = context;
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;

    *got = size < left ? size : left;
    if (*got > 0) memcpy(bytes, file->bytes + offset, *got);
    return ETWR_OK;
}

static void check_damage(const struct etl_damage *damage, size_t file_size)
{
    size_t size = strnlen(damage->message, sizeof damage->message);

    FUZZ_CHECK(size > 0 && size < sizeof damage->message);
    FUZZ_CHECK(fuzz_is_printable(damage->message, size));
    FUZZ_CHECK(damage->offset <= file_size);
}

static void check_event(struct etl_event *event)
{
    event->record.file = "f.etl";
    text_reset(&text);
    enum etwr_status status = decode_json(&event->record, &text);
    FUZZ_CHECK(status == ETWR_OK || status == ETWR_E_MALFORMED);
    FUZZ_CHECK(!text.failed && fuzz_is_printable(text.data, text.size));
    cJSON *tree = NULL;
    struct strict_error error;
    FUZZ_CHECK(strict_parse_deep(text.data, text.size, STRICT_DEPTH_LIMIT, &tree, &error) ==
               ETWR_OK);
    cJSON_Delete(tree);
    text_reset(&text);
    FUZZ_CHECK(decode_line(&event->record, &text) == status);
    FUZZ_CHECK(!text.failed && fuzz_is_printable(text.data, text.size));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct file file = {bytes, size};
    struct etl_trace trace;
    struct etl_event event;
    struct etl_damage damage;
    enum etl_item item;
    /* A record takes 8 bytes at the least, a damage ends a record or a buffer. */
    size_t items_left = size / 4 + 16;

    enum etwr_status status = etl_trace_open(&trace, read_at, &file, &damage);
    if (status != ETWR_OK) {
        FUZZ_CHECK(status != ETWR_E_NO_MEMORY);
        check_damage(&damage, size);
    }
    while (status == ETWR_OK && (item = etl_trace_next(&trace, &event, &damage)) != ETL_END) {
        FUZZ_CHECK(items_left-- > 0);
        if (item == ETL_EVENT) {
            check_event(&event);
        } else {
            check_damage(&damage, size);
        }
    }
    etl_trace_close(&trace);
    return 0;
}
