/*
 * EventBuilder: structs, their member counts, and arrays of structs.
 *
 * Every struct that still takes members is a scope on a small stack. Metadata says the members of
 * an array of structs once, however many elements there are: the first element (or declarations
 * before it) records them, and in the others each add is compared with the record at `compare_at`
 * and only its value is kept.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"

static struct scope *innermost(struct etwr_event *event)
{
    return event->depth == 0 ? NULL : &event->scopes[event->depth - 1];
}

static enum scope_takes current_takes(const struct etwr_event *event)
{
    return event->depth == 0 ? TAKES_ANY : event->scopes[event->depth - 1].takes;
}

bool builder_takes_member(const struct etwr_event *event, enum field_use use)
{
    if (event->depth == 0) return true;
    const struct scope *scope = &event->scopes[event->depth - 1];
    if (scope->expected != 0 && scope->members == scope->expected) return false;
    if (use == FIELD_VALUE) return scope->takes != TAKES_DECLARED;
    return use == FIELD_STRUCT || scope->takes != TAKES_VALUES;
}

static void close_full_structs(struct etwr_event *event)
{
    struct scope *scope = innermost(event);
    while (scope != NULL && scope->kind == SCOPE_COUNTED && scope->members == scope->expected) {
        event->depth--;
        scope = innermost(event);
    }
    builder_update_stop(event);
}

void builder_count_member(struct etwr_event *event, enum field_use use, bool is_struct)
{
    struct scope *scope = innermost(event);
    if (use == FIELD_DECLARED && current_takes(event) == TAKES_ANY) event->is_template = true;
    if (scope == NULL) return;
    scope->members++;
    if (!is_struct) close_full_structs(event);
}

/* Open the scope of a struct that was just added. 128 fields in all, the struct one of them, keep
 * its members to 127. */
static struct scope *open_scope(struct etwr_event *event, enum scope_kind kind,
                                enum scope_takes takes, const struct placed *placed)
{
    struct scope *scope = &event->scopes[event->depth++];
    bool is_repeated = event->compare_at != 0;
    builder_update_stop(event);
    *scope = (struct scope){.kind = (uint8_t)kind,
                            .takes = (uint8_t)takes,
                            .is_repeated = is_repeated,
                            .array_depth = placed->array_depth,
                            .member_count_at = placed->out_at,
                            .members_at = placed->end_at};
    if (is_repeated) scope->expected = event->metadata[placed->out_at] & ETWR_STRUCT_MEMBERS_MAX;
    return scope;
}

enum etwr_status etwr_event_add_struct(struct etwr_event *event, const char *name,
                                       uint8_t member_count, uint32_t tag)
{
    struct placed placed;
    const struct field field = {
        .name = name, .in = ETWR_IN_STRUCT, .out = member_count, .tag = tag};
    if (member_count == 0 || member_count > ETWR_STRUCT_MEMBERS_MAX)
        return builder_fail(event, ETWR_E_BAD_STRUCT);
    enum scope_takes takes = event == NULL ? TAKES_ANY : current_takes(event);
    if (!builder_add_field(event, &field, FIELD_STRUCT, 0, &placed)) return builder_status(event);
    open_scope(event, SCOPE_COUNTED, takes, &placed)->expected = member_count;
    return ETWR_OK;
}

enum etwr_status etwr_event_begin_struct(struct etwr_event *event, const char *name, uint32_t tag)
{
    struct placed placed;
    const struct field field = {.name = name, .in = ETWR_IN_STRUCT, .tag = tag};
    enum scope_takes takes = event == NULL ? TAKES_ANY : current_takes(event);
    if (!builder_add_field(event, &field, FIELD_STRUCT, 0, &placed)) return builder_status(event);
    open_scope(event, SCOPE_OPEN, takes, &placed);
    return ETWR_OK;
}

/* An array of structs has a value, its elements, and so cannot stand among declared members. */
enum etwr_status etwr_event_begin_struct_sequence(struct etwr_event *event, const char *name,
                                                  uint32_t tag)
{
    struct placed placed;
    const struct field field = {.name = name, .in = ETWR_IN_STRUCT | ETWR_IN_SEQUENCE, .tag = tag};
    if (!builder_add_field(event, &field, FIELD_VALUE, sizeof(uint16_t), &placed))
        return builder_status(event);
    store_u16(placed.data, 0);
    struct scope *scope = open_scope(event, SCOPE_SEQUENCE, TAKES_DECLARED, &placed);
    scope->element_count_at = (uint32_t)(placed.data - event->data);
    return ETWR_OK;
}

enum etwr_status etwr_event_begin_struct_array(struct etwr_event *event, const char *name,
                                               uint32_t tag)
{
    struct placed placed;
    const struct field field = {
        .name = name, .in = ETWR_IN_STRUCT | ETWR_IN_CONSTANT_ARRAY, .tag = tag};
    if (!builder_add_field(event, &field, FIELD_VALUE, 0, &placed)) return builder_status(event);
    struct scope *scope = open_scope(event, SCOPE_ARRAY, TAKES_DECLARED, &placed);
    scope->element_count_at = placed.end_at - (uint32_t)sizeof(uint16_t);
    return ETWR_OK;
}

static bool is_array(const struct scope *scope)
{
    return scope != NULL && (scope->kind == SCOPE_SEQUENCE || scope->kind == SCOPE_ARRAY);
}

/* All the members that the record has, or those that are the record now. */
static bool has_all_members(const struct scope *scope)
{
    return scope->expected != 0 ? scope->members == scope->expected : scope->members != 0;
}

/* Members are recorded by the first element only if nothing said before what they are. */
static bool next_element_records(const struct scope *scope)
{
    return scope->elements == 0 && scope->members == 0 && !scope->is_repeated;
}

enum etwr_status etwr_event_next_element(struct etwr_event *event)
{
    if (event == NULL || event->status != ETWR_OK) return builder_status(event);
    struct scope *scope = innermost(event);
    if (!is_array(scope)) return builder_fail(event, ETWR_E_BAD_STRUCT);
    bool is_first_use = scope->elements == 0 && scope->members == 0;
    if (!is_first_use && !has_all_members(scope)) return builder_fail(event, ETWR_E_BAD_STRUCT);
    if (scope->elements == COUNT_MAX) return builder_fail(event, ETWR_E_DATA_TOO_LONG);

    if (!next_element_records(scope)) {
        if (scope->expected == 0) scope->expected = scope->members;
        event->compare_at = scope->members_at;
    }
    scope->takes = TAKES_VALUES;
    scope->members = 0;
    scope->elements++;
    return ETWR_OK;
}

/* Where the record of `count` members, and of their own members, ends. */
static size_t skip_members(const struct etwr_event *event, size_t at, size_t count)
{
    const uint8_t *metadata = event->metadata;
    for (; count > 0; count--) {
        at += strlen((const char *)metadata + at) + 1;
        uint8_t in = metadata[at++];
        uint8_t out = (in & 0x80) != 0 ? metadata[at++] : 0;
        if ((out & 0x80) != 0) at += 4;
        if (in_is_struct(in)) count += out & ETWR_STRUCT_MEMBERS_MAX;
        if (in_is_custom(in))
            at += 2u + load_u16(metadata + at);
        else if (in_is_constant_array(in))
            at += 2;
    }
    return at;
}

/* What the end of a struct must find; changes nothing. */
static bool may_end(const struct etwr_event *event, const struct scope *scope)
{
    if (scope->kind == SCOPE_COUNTED) return false;
    if (!is_array(scope)) return has_all_members(scope);
    bool nothing_here = scope->elements == 0 && scope->members == 0;
    if (nothing_here ? !scope->is_repeated : !has_all_members(scope)) return false;
    if (scope->kind == SCOPE_SEQUENCE) return true;
    if (scope->is_repeated)
        return scope->elements == load_u16(event->metadata + scope->element_count_at);
    return scope->elements != 0;
}

/* Patch the counts that were not known before, or go on comparing after the record of this struct.
 */
static void end_record(struct etwr_event *event, const struct scope *scope)
{
    if (scope->kind == SCOPE_SEQUENCE)
        store_u16(event->data + scope->element_count_at, scope->elements);
    if (scope->is_repeated) {
        if (is_array(scope) && scope->members == 0)
            event->compare_at = (uint32_t)skip_members(event, scope->members_at, scope->expected);
        return;
    }
    event->metadata[scope->member_count_at] |= scope->members;
    if (scope->kind == SCOPE_ARRAY)
        store_u16(event->metadata + scope->element_count_at, scope->elements);
    event->compare_at = 0;
}

enum etwr_status etwr_event_end_struct(struct etwr_event *event)
{
    if (event == NULL || event->status != ETWR_OK) return builder_status(event);
    const struct scope *scope = innermost(event);
    if (scope == NULL || !may_end(event, scope)) return builder_fail(event, ETWR_E_BAD_STRUCT);
    end_record(event, scope);
    event->depth--;
    close_full_structs(event);
    return ETWR_OK;
}

static bool is_array_flag(uint8_t array)
{
    return array == 0 || array == ETWR_IN_SEQUENCE || array == ETWR_IN_CONSTANT_ARRAY;
}

enum etwr_status etwr_event_declare_struct(struct etwr_event *event, const char *name,
                                           uint8_t array, size_t count, uint8_t member_count,
                                           uint32_t tag)
{
    struct placed placed;
    const struct field field = {.name = name,
                                .in = (uint8_t)(ETWR_IN_STRUCT | array),
                                .out = member_count,
                                .tag = tag,
                                .count = count};
    if (!is_array_flag(array)) return builder_fail(event, ETWR_E_BAD_TYPE);
    if (!builder_is_count(field.in, count)) return builder_fail(event, ETWR_E_BAD_VALUE);
    if (member_count == 0 || member_count > ETWR_STRUCT_MEMBERS_MAX)
        return builder_fail(event, ETWR_E_BAD_STRUCT);
    enum scope_takes takes = event == NULL ? TAKES_ANY : current_takes(event);
    if (!builder_add_field(event, &field, FIELD_DECLARED, 0, &placed)) return builder_status(event);
    takes = array == 0 ? takes : TAKES_DECLARED;
    open_scope(event, SCOPE_COUNTED, takes, &placed)->expected = member_count;
    return ETWR_OK;
}
