/*
 * Records as JSON objects that `etwrelay send --jsonl` takes again; tests/vectors/README.md has the
 * form in full.
 *
 * One pass over the values, led by the shape. Custom-serialised fields are {"name", "type":
 * "custom", "in": the serialiser's number, "type_info": hex, "value": hex}; arrays of structs give
 * declarations and values apart, so that names are printed once however many elements there are.
 * Recursion goes as deep as structs nest (SCHEMA_DEPTH_MAX).
 */
#include "protocol/tracelogging/decode.h"

#include <string.h>

#include "protocol/tracelogging/decode_json_value.h"
#include "protocol/tracelogging/decode_names.h"
#include "protocol/tracelogging/decode_record.h"
#include "protocol/tracelogging/format_time.h"
#include "protocol/tracelogging/schema_value.h"

struct printer {
    const struct trace_record *record;
    const struct traits *traits;
    const struct shape *shape;
    struct reader values;
    struct text *text;
};

/* ---- values */

static void put_field_value(struct printer *printer, size_t at);

/* The values of a struct's members, as one array. */
static void put_member_values(struct printer *printer, size_t at)
{
    size_t end = printer->shape->ends[at];

    text_put_char(printer->text, '[');
    for (size_t i = at + 1; i < end; i = printer->shape->ends[i]) {
        if (i > at + 1) text_put_char(printer->text, ',');
        put_field_value(printer, i);
    }
    text_put_char(printer->text, ']');
}

static void put_element(struct printer *printer, size_t at)
{
    const struct schema_field *field = &printer->shape->fields[at];
    uint8_t base = field->in & ETWR_IN_TYPE_MASK;
    struct etwr_bytes value;

    if (schema_field_is_struct(field)) {
        put_member_values(printer, at);
        return;
    }
    value = schema_read_value(&printer->values, base);
    if (!printer->values.failed) json_put_value(printer->text, base, field->out, value);
}

static void put_elements(struct printer *printer, size_t at, size_t count)
{
    text_put_char(printer->text, '[');
    for (size_t i = 0; i < count && !printer->values.failed; i++) {
        if (i > 0) text_put_char(printer->text, ',');
        put_element(printer, at);
    }
    text_put_char(printer->text, ']');
}

static void put_field_value(struct printer *printer, size_t at)
{
    const struct schema_field *field = &printer->shape->fields[at];

    switch (field->in & ETWR_IN_ARRAY_MASK) {
    case ETWR_IN_CUSTOM:
        json_put_hex(printer->text, schema_read_counted(&printer->values));
        return;
    case ETWR_IN_SEQUENCE:
        put_elements(printer, at, read_u16(&printer->values));
        return;
    case ETWR_IN_CONSTANT_ARRAY:
        put_elements(printer, at, field->count);
        return;
    default:
        put_element(printer, at);
        return;
    }
}

/* ---- fields */

static void put_key_number(struct text *text, const char *key, uint64_t value)
{
    text_put_string(text, ",\"");
    text_put_string(text, key);
    text_put_string(text, "\":");
    text_put_u64(text, value);
}

static void put_custom_type(struct text *text, const struct schema_field *field)
{
    text_put_string(text, ",\"type\":\"custom\"");
    put_key_number(text, "in", field->in & ETWR_IN_TYPE_MASK);
    text_put_string(text, ",\"type_info\":");
    json_put_hex(text, field->type_info);
}

static void put_type(struct text *text, const struct schema_field *field)
{
    uint8_t array = field->in & ETWR_IN_ARRAY_MASK;

    text_put_string(text, ",\"type\":\"");
    text_put_string(text, name_of_in(field->in & ETWR_IN_TYPE_MASK));
    if (array == ETWR_IN_SEQUENCE) text_put_string(text, "[]");
    if (array == ETWR_IN_CONSTANT_ARRAY) {
        text_put_char(text, '[');
        text_put_u64(text, field->count);
        text_put_char(text, ']');
    }
    text_put_char(text, '"');
}

/* 8-bit strings always say it: what `out` is when absent depends on their value. */
static void put_out(struct text *text, const struct schema_field *field)
{
    uint8_t base = field->in & ETWR_IN_TYPE_MASK;
    bool is_text8 =
        !schema_field_is_custom(field) && (base == ETWR_IN_ZSTR8 || base == ETWR_IN_STR8);
    const char *name = name_of_out(field->out);

    if (field->out == ETWR_OUT_NULL && !is_text8) return;
    if (!name) {
        put_key_number(text, "out", field->out);
        return;
    }
    text_put_string(text, ",\"out\":\"");
    text_put_string(text, name);
    text_put_char(text, '"');
}

static void put_declaration(struct text *text, const struct schema_field *field)
{
    struct etwr_bytes name = {field->name, field->name_bytes};

    text_put_string(text, "{\"name\":");
    json_put_characters(text, STRING_UTF8, name);
    if (schema_field_is_custom(field)) {
        put_custom_type(text, field);
    } else {
        put_type(text, field);
    }
    if (!schema_field_is_struct(field)) put_out(text, field);
    if (field->tag != 0) put_key_number(text, "tag", field->tag);
}

static void put_fields(struct printer *printer, size_t at, size_t end, bool with_values);

/* One field object. A plain struct's values stand in its members, an array's apart from them. */
static void put_field(struct printer *printer, size_t at, bool with_value)
{
    const struct schema_field *field = &printer->shape->fields[at];
    bool is_struct = schema_field_is_struct(field);
    bool is_plain_struct = is_struct && (field->in & ETWR_IN_ARRAY_MASK) == 0;

    put_declaration(printer->text, field);
    if (is_struct) {
        text_put_char(printer->text, ',');
        put_fields(printer, at + 1, printer->shape->ends[at], with_value && is_plain_struct);
    }
    if (with_value && !is_plain_struct) {
        text_put_string(printer->text, ",\"value\":");
        put_field_value(printer, at);
    }
    text_put_char(printer->text, '}');
}

static void put_fields(struct printer *printer, size_t at, size_t end, bool with_values)
{
    text_put_string(printer->text, "\"fields\":[");
    for (size_t i = at; i < end; i = printer->shape->ends[i]) {
        if (i > at) text_put_char(printer->text, ',');
        put_field(printer, i, with_values);
    }
    text_put_char(printer->text, ']');
}

/* ---- the event's own keys */

static void put_key_guid(struct text *text, const char *key, const struct etwr_guid *guid)
{
    text_put_string(text, ",\"");
    text_put_string(text, key);
    text_put_string(text, "\":");
    json_put_guid(text, guid);
}

/* The first keys: no comma in front. */
static void put_provider(struct printer *printer)
{
    const struct traits *traits = printer->traits;
    const struct etwr_guid *id = &printer->record->provider_id;

    if (!traits->name.data) {
        text_put_string(printer->text, "\"provider_id\":");
        json_put_guid(printer->text, id);
        return;
    }
    text_put_string(printer->text, "\"provider\":");
    json_put_characters(printer->text, STRING_UTF8, traits->name);
    if (!traits_name_gives(traits, id)) put_key_guid(printer->text, "provider_id", id);
    if (traits->has_group) put_key_guid(printer->text, "group_id", &traits->group);
}

static void put_unless(struct text *text, const char *key, uint64_t value, uint64_t unless)
{
    if (value != unless) put_key_number(text, key, value);
}

static void put_descriptor(struct text *text, const struct etwr_descriptor *descriptor)
{
    put_key_number(text, "level", descriptor->level);
    text_put_string(text, ",\"keyword\":\"");
    text_put_hex_u64(text, descriptor->keyword);
    text_put_char(text, '"');
    put_unless(text, "opcode", descriptor->opcode, 0);
    put_unless(text, "id", descriptor->id, 0);
    put_unless(text, "version", descriptor->version, 0);
    put_unless(text, "task", descriptor->task, 0);
    put_unless(text, "channel", descriptor->channel, ETWR_CHANNEL_DEFAULT);
}

static void put_activities(struct printer *printer)
{
    const struct etwr_guid *activity = guid_or_none(printer->record->activity_id);
    const struct etwr_guid *related = guid_or_none(printer->record->related_activity_id);

    if (activity) put_key_guid(printer->text, "activity_id", activity);
    if (related) put_key_guid(printer->text, "related_activity_id", related);
}

/* ---- the record's */

/* Opens the object and leaves it open. */
static void put_record(struct text *text, const struct trace_record *record)
{
    text_put_string(text, ",\"record\":{\"time\":\"");
    text_put_filetime(text, record->filetime);
    text_put_char(text, '"');
    put_key_number(text, "pid", record->pid);
    put_key_number(text, "tid", record->tid);
    put_key_number(text, "processor", record->processor);
    if (record->file) {
        struct etwr_bytes name = {record->file, strlen(record->file)};

        text_put_string(text, ",\"file\":");
        json_put_characters(text, STRING_UTF8, name);
    }
}

static void put_key_hex(struct text *text, const char *key, struct etwr_bytes bytes)
{
    text_put_string(text, ",\"");
    text_put_string(text, key);
    text_put_string(text, "\":");
    json_put_hex(text, bytes);
}

/* A member of the origin: nobody sends it again, so times are for people. */
static void put_origin_member(struct printer *printer, size_t at)
{
    const struct schema_field *field = &printer->shape->fields[at];
    struct etwr_bytes name = {field->name, field->name_bytes};

    json_put_characters(printer->text, STRING_UTF8, name);
    text_put_char(printer->text, ':');
    if (field->in != ETWR_IN_FILETIME) {
        put_field_value(printer, at);
        return;
    }
    text_put_char(printer->text, '"');
    text_put_filetime(printer->text, read_u64(&printer->values));
    text_put_char(printer->text, '"');
}

static void put_origin(struct printer *printer, size_t at)
{
    size_t end = printer->shape->ends[at];

    text_put_string(printer->text, ",\"origin\":{");
    for (size_t i = at + 1; i < end; i = printer->shape->ends[i]) {
        if (i > at + 1) text_put_char(printer->text, ',');
        put_origin_member(printer, i);
    }
    text_put_char(printer->text, '}');
}

static void put_event(struct printer *printer)
{
    const struct shape *shape = printer->shape;
    struct etwr_bytes name = {shape->name, shape->name_bytes};
    size_t own_count = shape_own_count(shape);

    text_put_char(printer->text, '{');
    put_provider(printer);
    text_put_string(printer->text, ",\"event\":");
    json_put_characters(printer->text, STRING_UTF8, name);
    put_descriptor(printer->text, &printer->record->descriptor);
    put_unless(printer->text, "tag", shape->tag, 0);
    put_activities(printer);
    text_put_char(printer->text, ',');
    put_fields(printer, 0, own_count, true);
    put_record(printer->text, printer->record);
    if (own_count < shape->count) put_origin(printer, own_count);
    text_put_string(printer->text, "}}");
}

/* A record of another kind than TraceLogging: its payload has no types. */
static void put_foreign(struct printer *printer)
{
    text_put_char(printer->text, '{');
    put_provider(printer);
    put_descriptor(printer->text, &printer->record->descriptor);
    put_activities(printer);
    put_record(printer->text, printer->record);
    put_key_hex(printer->text, "data", printer->record->data);
    text_put_string(printer->text, "}}");
}

static void put_malformed(struct text *text, const struct trace_record *record, const char *what)
{
    text_put_string(text, "{\"provider_id\":");
    json_put_guid(text, &record->provider_id);
    text_put_string(text, ",\"error\":\"");
    text_put_string(text, what);
    text_put_char(text, '"');
    put_record(text, record);
    if (record->traits.size > 0) put_key_hex(text, "traits", record->traits);
    put_key_hex(text, "metadata", record->metadata);
    put_key_hex(text, "data", record->data);
    text_put_string(text, "}}");
}

/* Puts the record and returns NULL, or says what does not decode; there may then be half an object.
 */
static const char *put(struct printer *printer)
{
    if (printer->record->metadata.size == 0) {
        put_foreign(printer);
        return NULL;
    }
    reader_init(&printer->values, printer->record->data.data, printer->record->data.size);
    put_event(printer);
    return reader_finish(&printer->values) ? NULL : RECORD_DATA_MALFORMED;
}

enum etwr_status decode_json(const struct trace_record *record, struct text *text)
{
    struct traits traits;
    struct shape shape;
    struct printer printer = {.record = record, .text = text, .traits = &traits, .shape = &shape};
    size_t start = text->size;
    const char *what = record_open(record, &traits, &shape);

    if (!what) what = put(&printer);
    if (what) {
        text->size = start;
        put_malformed(text, record, what);
    }
    if (text->failed) return ETWR_E_NO_MEMORY;
    return what ? ETWR_E_MALFORMED : ETWR_OK;
}
