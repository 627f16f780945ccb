/*
 * Records as one readable line each:
 *
 *     2026-11-23T11:50:10.1234567Z Contoso.App RequestDone info 1234/5678 status=200 path="a b"
 * sizes=[1, 2] at={x=1 y=2}
 *
 * An array of structs names its members once, in front: points{x y}=[{1, 2}, {3, 4}]. So a line
 * grows with the values, never with the product of names and elements. Nothing that the event's
 * writer chose can end the line or pass for another part of it.
 */
#include "protocol/tracelogging/decode.h"

#include "protocol/tracelogging/decode_line_value.h"
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

/* The members' values without their names: {1, 2} */
static void put_member_values(struct printer *printer, size_t at)
{
    size_t end = printer->shape->ends[at];

    text_put_char(printer->text, '{');
    for (size_t i = at + 1; i < end; i = printer->shape->ends[i]) {
        if (i > at + 1) text_put_string(printer->text, ", ");
        put_field_value(printer, i);
    }
    text_put_char(printer->text, '}');
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
    if (!printer->values.failed) line_put_value(printer->text, base, field->out, value);
}

static void put_elements(struct printer *printer, size_t at, size_t count)
{
    text_put_char(printer->text, '[');
    for (size_t i = 0; i < count && !printer->values.failed; i++) {
        if (i > 0) text_put_string(printer->text, ", ");
        put_element(printer, at);
    }
    text_put_char(printer->text, ']');
}

static void put_field_value(struct printer *printer, size_t at)
{
    const struct schema_field *field = &printer->shape->fields[at];

    switch (field->in & ETWR_IN_ARRAY_MASK) {
    case ETWR_IN_CUSTOM:
        line_put_hex(printer->text, schema_read_counted(&printer->values));
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

static void put_name(struct printer *printer, size_t at)
{
    const struct schema_field *field = &printer->shape->fields[at];
    struct etwr_bytes name = {field->name, field->name_bytes};

    line_put_name(printer->text, name);
}

/* What the members of an array of structs are called: {x y inner{z}} */
static void put_member_names(struct printer *printer, size_t at)
{
    size_t end = printer->shape->ends[at];

    text_put_char(printer->text, '{');
    for (size_t i = at + 1; i < end; i = printer->shape->ends[i]) {
        if (i > at + 1) text_put_char(printer->text, ' ');
        put_name(printer, i);
        if (schema_field_is_struct(&printer->shape->fields[i])) put_member_names(printer, i);
    }
    text_put_char(printer->text, '}');
}

static void put_fields(struct printer *printer, size_t at, size_t end);

/* A struct that is no array: {x=1 y=2} */
static void put_struct(struct printer *printer, size_t at)
{
    text_put_string(printer->text, "={");
    put_fields(printer, at + 1, printer->shape->ends[at]);
    text_put_char(printer->text, '}');
}

static void put_field(struct printer *printer, size_t at)
{
    const struct schema_field *field = &printer->shape->fields[at];

    put_name(printer, at);
    if (field->in == ETWR_IN_STRUCT) {
        put_struct(printer, at);
        return;
    }
    if (schema_field_is_struct(field)) put_member_names(printer, at);
    text_put_char(printer->text, '=');
    put_field_value(printer, at);
}

/* Fields of the out type noprint are read over, as ETW's decoders do. */
static void put_fields(struct printer *printer, size_t at, size_t end)
{
    bool is_first = true;

    for (size_t i = at; i < end; i = printer->shape->ends[i]) {
        size_t before = printer->text->size;

        if (!is_first) text_put_char(printer->text, ' ');
        put_field(printer, i);
        if (printer->shape->fields[i].out == ETWR_OUT_NOPRINT) {
            printer->text->size = before;
        } else {
            is_first = false;
        }
    }
}

/* ---- what stands before the fields */

static void put_guid(struct text *text, const struct etwr_guid *guid)
{
    char name[ETWR_GUID_TEXT_BYTES];

    etwr_guid_format(guid, name);
    text_put_string(text, name);
}

/* Time, and the provider's name or id. */
static void put_start(struct text *text, const struct trace_record *record,
                      const struct etwr_bytes *provider)
{
    text_put_filetime(text, record->filetime);
    text_put_char(text, ' ');
    if (provider && provider->data) {
        line_put_name(text, *provider);
    } else {
        put_guid(text, &record->provider_id);
    }
    text_put_char(text, ' ');
}

/* Level and who. */
static void put_sender(struct text *text, const struct trace_record *record)
{
    const char *level = name_of_level(record->descriptor.level);

    text_put_char(text, ' ');
    if (level) {
        text_put_string(text, level);
    } else {
        text_put_string(text, "level");
        text_put_u64(text, record->descriptor.level);
    }
    text_put_char(text, ' ');
    text_put_u64(text, record->pid);
    text_put_char(text, '/');
    text_put_u64(text, record->tid);
}

static void put_activity(struct text *text, const char *word, const struct etwr_guid *id)
{
    if (!id) return;
    text_put_string(text, word);
    put_guid(text, id);
}

static void put_activities(struct text *text, const struct trace_record *record)
{
    put_activity(text, " activity ", guid_or_none(record->activity_id));
    put_activity(text, " related ", guid_or_none(record->related_activity_id));
}

static void put_event(struct printer *printer)
{
    const struct shape *shape = printer->shape;
    struct etwr_bytes name = {shape->name, shape->name_bytes};
    size_t before;

    put_start(printer->text, printer->record, &printer->traits->name);
    line_put_name(printer->text, name);
    put_sender(printer->text, printer->record);
    put_activities(printer->text, printer->record);
    before = printer->text->size;
    text_put_char(printer->text, ' ');
    put_fields(printer, 0, shape->count);
    if (printer->text->size == before + 1) printer->text->size = before;
}

/* A record of another kind than TraceLogging: its payload has no types. */
static void put_foreign(struct printer *printer)
{
    const struct trace_record *record = printer->record;

    put_start(printer->text, record, NULL);
    text_put_string(printer->text, "event ");
    text_put_u64(printer->text, record->descriptor.id);
    text_put_string(printer->text, " version ");
    text_put_u64(printer->text, record->descriptor.version);
    put_sender(printer->text, record);
    put_activities(printer->text, record);
    text_put_char(printer->text, ' ');
    text_put_u64(printer->text, record->data.size);
    text_put_string(printer->text, " bytes ");
    line_put_hex(printer->text, record->data);
}

static void put_malformed(struct text *text, const struct trace_record *record, const char *what)
{
    put_start(text, record, NULL);
    text_put_string(text, "malformed");
    put_sender(text, record);
    text_put_string(text, " (");
    text_put_string(text, what);
    text_put_string(text, ") metadata=");
    line_put_hex(text, record->metadata);
    text_put_string(text, " data=");
    line_put_hex(text, record->data);
}

/* Puts the record and returns NULL, or says what does not decode; there may then be half a line. */
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

enum etwr_status decode_line(const struct trace_record *record, struct text *text)
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
