/*
 * The sender's name tag: one member a bit, in the order of the bits. Declaring is rare and walks a
 * table; measuring and packing run for each event and are written out in the same order.
 */
#include "service/provider/origin.h"

#include "protocol/tracelogging/utf8.h"
#include "protocol/wire/writer.h"

struct member {
    unsigned field;
    const char *name;
    enum etwr_in in;
    enum etwr_out out;
};

static const struct member members[] = {
    {CONFIG_ORIGIN_PID, "pid", ETWR_IN_UINT32, ETWR_OUT_PID},
    {CONFIG_ORIGIN_TID, "tid", ETWR_IN_UINT32, ETWR_OUT_TID},
    {CONFIG_ORIGIN_TIME, "time", ETWR_IN_FILETIME, ETWR_OUT_NULL},
    {CONFIG_ORIGIN_SEQUENCE, "sequence", ETWR_IN_UINT64, ETWR_OUT_NULL},
    {CONFIG_ORIGIN_CLAIMED_PID, "claimed_pid", ETWR_IN_UINT32, ETWR_OUT_PID},
    {CONFIG_ORIGIN_USER, "user", ETWR_IN_STR8, ETWR_OUT_UTF8},
    {CONFIG_ORIGIN_PACKAGE, "package", ETWR_IN_STR8, ETWR_OUT_UTF8},
    {CONFIG_ORIGIN_IMAGE, "image", ETWR_IN_STR8, ETWR_OUT_UTF8},
};

#define MEMBER_COUNT (sizeof members / sizeof members[0])

static uint8_t count_members(unsigned fields)
{
    uint8_t count = 0;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (fields & members[i].field) count++;
    }
    return count;
}

enum etwr_status origin_declare(unsigned fields, struct etwr_event *event)
{
    uint8_t count = count_members(fields);
    enum etwr_status status;

    if (count == 0) return ETWR_OK;
    status = etwr_event_declare_struct(event, ORIGIN_FIELD_NAME, 0, 0, count, 0);
    for (size_t i = 0; i < MEMBER_COUNT && !status; i++) {
        const struct member *member = &members[i];

        if (!(fields & member->field)) continue;
        status = etwr_event_declare(event, member->name, (uint8_t)member->in, 0, member->out, 0);
    }
    return status;
}

static size_t cut_text(const struct etwr_bytes *text)
{
    return utf8_cut(text->data, text->size, ORIGIN_TEXT_MAX_BYTES);
}

/* For each event, and most configs stamp numbers alone: no walk over the table. */
size_t origin_size(unsigned fields, const struct origin_values *values)
{
    size_t size = 0;

    if (fields & CONFIG_ORIGIN_PID) size += 4;
    if (fields & CONFIG_ORIGIN_TID) size += 4;
    if (fields & CONFIG_ORIGIN_TIME) size += 8;
    if (fields & CONFIG_ORIGIN_SEQUENCE) size += 8;
    if (fields & CONFIG_ORIGIN_CLAIMED_PID) size += 4;
    if (fields & CONFIG_ORIGIN_USER) size += 2 + cut_text(&values->user);
    if (fields & CONFIG_ORIGIN_PACKAGE) size += 2 + cut_text(&values->package);
    if (fields & CONFIG_ORIGIN_IMAGE) size += 2 + cut_text(&values->image);
    return size;
}

static void put_text_value(struct writer *writer, const struct etwr_bytes *text)
{
    size_t size = cut_text(text);

    put_u16(writer, (uint16_t)size);
    put_bytes(writer, text->data, size);
}

size_t origin_pack(unsigned fields, const struct origin_values *values, void *buffer,
                   size_t capacity)
{
    struct writer writer;

    if (origin_size(fields, values) > capacity) return 0;
    writer_init(&writer, buffer, capacity);
    if (fields & CONFIG_ORIGIN_PID) put_u32(&writer, values->pid);
    if (fields & CONFIG_ORIGIN_TID) put_u32(&writer, values->tid);
    if (fields & CONFIG_ORIGIN_TIME) put_u64(&writer, values->time);
    if (fields & CONFIG_ORIGIN_SEQUENCE) put_u64(&writer, values->sequence);
    if (fields & CONFIG_ORIGIN_CLAIMED_PID) put_u32(&writer, values->claimed_pid);
    if (fields & CONFIG_ORIGIN_USER) put_text_value(&writer, &values->user);
    if (fields & CONFIG_ORIGIN_PACKAGE) put_text_value(&writer, &values->package);
    if (fields & CONFIG_ORIGIN_IMAGE) put_text_value(&writer, &values->image);
    return writer_size(&writer);
}
