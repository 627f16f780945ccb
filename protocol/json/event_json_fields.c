/*
 * Field objects: plain fields, structs, arrays of structs and custom-serialised fields, in the form
 * of tests/vectors/README.md.
 *
 * A struct carries its members' values in its own "fields". An array of structs declares its
 * members once, then gives the values apart, so its members are walked once to declare them and
 * once more an element, side by side with the values. Recursion is bounded by the nesting that the
 * strict parser allows.
 */
#include "protocol/json/event_json_reader.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CUSTOM_IN_MAX   31
#define OUT_MAX         127

struct field { /* what every field object says, but for its value */
    const char *name;
    struct event_json_type type;
    bool has_out;
    uint8_t out;
    uint8_t custom_in;
    uint32_t tag;
    const cJSON *members; /* "fields" */
    const cJSON *value;
    const cJSON *type_info;
};

static bool add_members(struct event_reader *reader, const cJSON *members, const cJSON *values);

static bool check_field_keys(struct event_reader *reader, const cJSON *object,
                             const struct event_json_type *type)
{
    static const char *const plain[] = {"name", "type", "out", "tag", "value"};
    static const char *const lone_struct[] = {"name", "type", "tag", "fields"};
    static const char *const structs[] = {"name", "type", "tag", "fields", "value"};
    static const char *const custom[] = {"name", "type", "in", "type_info", "out", "tag", "value"};
    switch (type->base->kind) {
    case EVENT_JSON_STRUCT:
        if (type->array == 0) {
            return event_reader_check_keys(reader, object, "a struct", lone_struct,
                                           COUNT_OF(lone_struct));
        }
        return event_reader_check_keys(reader, object, "an array of structs", structs,
                                       COUNT_OF(structs));
    case EVENT_JSON_CUSTOM:
        return event_reader_check_keys(reader, object, "a custom field", custom, COUNT_OF(custom));
    default:
        return event_reader_check_keys(reader, object, "a field", plain, COUNT_OF(plain));
    }
}

static bool read_type(struct event_reader *reader, const cJSON *object, struct field *field)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(object, "type");
    char why[128];
    if (!cJSON_IsString(type)) {
        return event_reader_fail_at(reader, "type", ETWR_E_BAD_TYPE,
                                    "required: the type's name, such as \"int32\"");
    }
    if (event_json_type_read(type->valuestring, &field->type, why, sizeof(why))) return true;
    return event_reader_fail_at(reader, "type", ETWR_E_BAD_TYPE, "%s", why);
}

static bool read_out(struct event_reader *reader, const cJSON *object, struct field *field)
{
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(object, "out");
    const char *nearest = NULL;
    uint64_t number = 0;
    if (out == NULL) return true;
    field->has_out = true;
    if (strict_get_u64(out, OUT_MAX, &number) == ETWR_OK) {
        field->out = (uint8_t)number;
        return true;
    }
    if (!cJSON_IsString(out)) {
        return event_reader_fail_at(reader, "out", ETWR_E_BAD_TYPE,
                                    "expected an out type's name, or its number from 0 to 127");
    }
    if (event_json_out_read(out->valuestring, &field->out, &nearest)) return true;
    return event_reader_fail_at(reader, "out", ETWR_E_BAD_TYPE,
                                "there is no such out type; the nearest is \"%s\"", nearest);
}

/* Into reader->scratch. */
static bool read_type_info(struct event_reader *reader, const struct field *field)
{
    size_t mark = 0;
    text_reset(&reader->scratch);
    if (field->type_info == NULL) return true;
    mark = json_path_key(&reader->path, "type_info", strlen("type_info"));
    if (!event_json_hex(reader, field->type_info)) return false;
    json_path_back(&reader->path, mark);
    return true;
}

/* The type information is read here for its errors alone: they belong to this place in the tree. */
static bool read_custom(struct event_reader *reader, const cJSON *object, struct field *field)
{
    uint64_t in = 0;
    if (!event_reader_number(reader, object, "in", CUSTOM_IN_MAX, &in)) return false;
    field->custom_in = (uint8_t)in;
    field->type_info = cJSON_GetObjectItemCaseSensitive(object, "type_info");
    return read_type_info(reader, field);
}

static bool read_field(struct event_reader *reader, const cJSON *object, struct field *field)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
    memset(field, 0, sizeof(*field));
    if (!cJSON_IsObject(object)) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE, "a field is an object {...}");
    }
    if (!read_type(reader, object, field)) return false;
    if (!check_field_keys(reader, object, &field->type)) return false;
    if (!cJSON_IsString(name)) {
        return event_reader_fail_at(reader, "name", ETWR_E_BAD_NAME, "required: the field's name");
    }
    field->name = name->valuestring;
    field->members = cJSON_GetObjectItemCaseSensitive(object, "fields");
    field->value = cJSON_GetObjectItemCaseSensitive(object, "value");
    return read_out(reader, object, field) && read_custom(reader, object, field) &&
           event_reader_tag(reader, object, &field->tag);
}

static uint8_t field_out(const struct field *field, const cJSON *value)
{
    return field->has_out ? field->out : event_json_default_out(&field->type, value);
}

/* "fields" of a struct: at least one, or ETWR_E_BAD_STRUCT. */
static bool check_members(struct event_reader *reader, const struct field *field)
{
    if (!cJSON_IsArray(field->members)) {
        return event_reader_fail_at(reader, "fields", ETWR_E_BAD_STRUCT,
                                    "required: an array [...] of the struct's members");
    }
    if (field->members->child != NULL) return true;
    return event_reader_fail_at(reader, "fields", ETWR_E_BAD_STRUCT, "a struct has 1 to %d members",
                                ETWR_STRUCT_MEMBERS_MAX);
}

static bool declare_members(struct event_reader *reader, const cJSON *members);

static bool declare_struct(struct event_reader *reader, const struct field *field)
{
    int count = 0;
    if (!check_members(reader, field)) return false;
    count = cJSON_GetArraySize(field->members);
    if (count > ETWR_STRUCT_MEMBERS_MAX) {
        return event_reader_fail_at(reader, "fields", ETWR_E_BAD_STRUCT,
                                    "a struct has 1 to %d members", ETWR_STRUCT_MEMBERS_MAX);
    }
    if (!event_reader_check(reader, etwr_event_declare_struct(reader->builder, field->name,
                                                              field->type.array, field->type.count,
                                                              (uint8_t)count, field->tag))) {
        return false;
    }
    return declare_members(reader, field->members);
}

static bool declare_plain(struct event_reader *reader, const struct field *field)
{
    uint8_t out = field_out(field, NULL);
    if (field->type.base->kind == EVENT_JSON_CUSTOM) {
        return read_type_info(reader, field) &&
               event_reader_check(
                   reader, etwr_event_declare_custom(reader->builder, field->name, field->custom_in,
                                                     reader->scratch.data, reader->scratch.size,
                                                     (enum etwr_out)out, field->tag));
    }
    return event_reader_check(
        reader, etwr_event_declare(reader->builder, field->name,
                                   (uint8_t)(field->type.base->in | field->type.array),
                                   field->type.count, (enum etwr_out)out, field->tag));
}

static bool declare_member(struct event_reader *reader, const cJSON *object)
{
    struct field field;
    if (!read_field(reader, object, &field)) return false;
    if (field.value != NULL) {
        return event_reader_fail_at(reader, "value", ETWR_E_BAD_VALUE,
                                    "a member of an array of structs has no value of its own");
    }
    if (field.type.base->kind == EVENT_JSON_STRUCT) return declare_struct(reader, &field);
    return declare_plain(reader, &field);
}

static bool declare_members(struct event_reader *reader, const cJSON *members)
{
    const cJSON *member = NULL;
    size_t index = 0;
    size_t fields_mark = json_path_key(&reader->path, "fields", strlen("fields"));
    cJSON_ArrayForEach(member, members)
    {
        size_t mark = json_path_index(&reader->path, index++);
        if (!declare_member(reader, member)) return false;
        json_path_back(&reader->path, mark);
    }
    json_path_back(&reader->path, fields_mark);
    return true;
}

static bool add_custom(struct event_reader *reader, const struct field *field, const cJSON *value)
{
    struct text *value_bytes = &reader->packed;
    if (!event_json_hex(reader, value)) return false;
    text_reset(value_bytes);
    text_put(value_bytes, reader->scratch.data, reader->scratch.size);
    if (value_bytes->failed) return event_reader_check(reader, ETWR_E_NO_MEMORY);
    if (!read_type_info(reader, field)) return false;
    return event_reader_check(
        reader, etwr_event_add_custom(reader->builder, field->name, field->custom_in,
                                      reader->scratch.data, reader->scratch.size, value_bytes->data,
                                      value_bytes->size, (enum etwr_out)field->out, field->tag));
}

/* One element: `values` holds one value a member. */
static bool add_element(struct event_reader *reader, const struct field *field, const cJSON *values)
{
    if (!event_reader_check(reader, etwr_event_next_element(reader->builder))) return false;
    return add_members(reader, field->members, values);
}

static bool add_elements(struct event_reader *reader, const struct field *field,
                         const cJSON *elements)
{
    const cJSON *element = NULL;
    size_t index = 0;
    cJSON_ArrayForEach(element, elements)
    {
        size_t mark = json_path_index(&reader->path, index++);
        if (!add_element(reader, field, element)) return false;
        json_path_back(&reader->path, mark);
    }
    return true;
}

static bool check_elements(struct event_reader *reader, const struct field *field,
                           const cJSON *elements)
{
    int count = cJSON_GetArraySize(elements);
    if (!cJSON_IsArray(elements)) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE,
                                 "expected an array [...] of elements, each an array of its "
                                 "members' values");
    }
    if (field->type.array != ETWR_IN_CONSTANT_ARRAY || count == field->type.count) return true;
    return event_reader_fail(reader, ETWR_E_BAD_VALUE,
                             "struct[%u] takes %u elements, and there are %d",
                             (unsigned)field->type.count, (unsigned)field->type.count, count);
}

static enum etwr_status begin_structs(struct event_reader *reader, const struct field *field)
{
    if (field->type.array == ETWR_IN_SEQUENCE) {
        return etwr_event_begin_struct_sequence(reader->builder, field->name, field->tag);
    }
    return etwr_event_begin_struct_array(reader->builder, field->name, field->tag);
}

/* An array of structs whose members are declared already: the array around it did that. */
static bool add_declared_structs(struct event_reader *reader, const struct field *field,
                                 const cJSON *elements)
{
    return check_elements(reader, field, elements) &&
           event_reader_check(reader, begin_structs(reader, field)) &&
           add_elements(reader, field, elements) &&
           event_reader_check(reader, etwr_event_end_struct(reader->builder));
}

/* The value of one member in an element of an array of structs. */
static bool add_value(struct event_reader *reader, const struct field *field, const cJSON *value)
{
    if (field->type.base->kind == EVENT_JSON_CUSTOM) return add_custom(reader, field, value);
    if (field->type.base->kind != EVENT_JSON_STRUCT) {
        return event_json_add_plain(reader, field->name, &field->type, value,
                                    field_out(field, NULL), field->tag);
    }
    if (field->type.array != 0) return add_declared_structs(reader, field, value);
    return event_reader_check(reader,
                              etwr_event_begin_struct(reader->builder, field->name, field->tag)) &&
           add_members(reader, field->members, value) &&
           event_reader_check(reader, etwr_event_end_struct(reader->builder));
}

/* Members and their values, side by side. */
static bool add_members(struct event_reader *reader, const cJSON *members, const cJSON *values)
{
    struct field field;
    const cJSON *member = members->child;
    const cJSON *value = NULL;
    size_t index = 0;
    if (!cJSON_IsArray(values) || cJSON_GetArraySize(values) != cJSON_GetArraySize(members)) {
        return event_reader_fail(reader, ETWR_E_BAD_STRUCT,
                                 "expected an array of %d values, one a member",
                                 cJSON_GetArraySize(members));
    }
    cJSON_ArrayForEach(value, values)
    {
        size_t mark = json_path_index(&reader->path, index++);
        if (!read_field(reader, member, &field)) return false;
        if (!add_value(reader, &field, value)) return false;
        json_path_back(&reader->path, mark);
        member = member->next;
    }
    return true;
}

static bool add_lone_struct(struct event_reader *reader, const struct field *field)
{
    size_t mark = 0;
    if (!event_reader_check(reader,
                            etwr_event_begin_struct(reader->builder, field->name, field->tag))) {
        return false;
    }
    mark = json_path_key(&reader->path, "fields", strlen("fields"));
    if (!event_json_add_fields(reader, field->members)) return false;
    json_path_back(&reader->path, mark);
    return event_reader_check(reader, etwr_event_end_struct(reader->builder));
}

/* An array of structs: its members are declared first, so that an empty one has them too. */
static bool add_structs(struct event_reader *reader, const struct field *field)
{
    size_t mark = 0;
    if (!event_reader_check(reader, begin_structs(reader, field))) return false;
    if (!declare_members(reader, field->members)) return false;
    mark = json_path_key(&reader->path, "value", strlen("value"));
    if (!check_elements(reader, field, field->value)) return false;
    if (!add_elements(reader, field, field->value)) return false;
    json_path_back(&reader->path, mark);
    return event_reader_check(reader, etwr_event_end_struct(reader->builder));
}

static bool add_own_value(struct event_reader *reader, const struct field *field)
{
    if (field->type.base->kind == EVENT_JSON_CUSTOM) {
        return add_custom(reader, field, field->value);
    }
    return event_json_add_plain(reader, field->name, &field->type, field->value,
                                field_out(field, field->value), field->tag);
}

static bool add_field(struct event_reader *reader, const cJSON *object)
{
    struct field field;
    size_t mark = 0;
    bool is_struct = false;
    if (!read_field(reader, object, &field)) return false;
    is_struct = field.type.base->kind == EVENT_JSON_STRUCT;
    if (is_struct && !check_members(reader, &field)) return false;
    if (is_struct && field.type.array == 0) return add_lone_struct(reader, &field);
    if (field.value == NULL) {
        return event_reader_fail_at(reader, "value", ETWR_E_BAD_VALUE, "required: a value of %s",
                                    field.type.base->name);
    }
    if (is_struct) return add_structs(reader, &field);
    mark = json_path_key(&reader->path, "value", strlen("value"));
    if (!add_own_value(reader, &field)) return false;
    json_path_back(&reader->path, mark);
    return true;
}

bool event_json_add_fields(struct event_reader *reader, const cJSON *fields)
{
    const cJSON *field = NULL;
    size_t index = 0;
    cJSON_ArrayForEach(field, fields)
    {
        size_t mark = json_path_index(&reader->path, index++);
        if (!add_field(reader, field)) return false;
        json_path_back(&reader->path, mark);
    }
    return true;
}
