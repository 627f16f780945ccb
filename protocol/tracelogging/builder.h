/*
 * Inside the EventBuilder: what its files share. The public face is <etwrelay/event.h>.
 *
 * An add happens in two steps: everything is checked and written behind the end of what counts, and
 * only then do the ends move (the commit). A failure before the commit therefore leaves no trace
 * but the kept error.
 *
 * The buffers grow, never shrink, and are never larger than an event may be: so "is there room" and
 * "is it within the limit" are one comparison, and the limit itself is looked at only when a buffer
 * has to grow.
 */
#ifndef ETWRELAY_BUILDER_H
#define ETWRELAY_BUILDER_H

#include <stdbool.h>

#include <etwrelay/event.h>

/* The name starts here; size and event tag (1, 2 or 4 bytes) are put right before it when the event
 * is encoded. */
#define METADATA_NAME_AT    6
#define METADATA_SIZE_BYTES 2
#define PLAIN_HEAD_BYTES    6 /* in byte, out byte and tag, at most */
#define DATA_SLACK_BYTES    8 /* behind the data's room: numbers are stored as eight bytes */
#define COUNT_MAX           65535

enum scope_kind {
    SCOPE_COUNTED,  /* its member count is known from the start: closes by itself */
    SCOPE_OPEN,     /* one struct, until end_struct */
    SCOPE_SEQUENCE, /* structs, element by element, until end_struct; u16 count in the data */
    SCOPE_ARRAY     /* the same with its u16 count in the metadata */
};

/* Which members a struct takes at the moment. */
enum scope_takes {
    TAKES_ANY,     /* not within any array of structs */
    TAKES_VALUES,  /* within an element */
    TAKES_DECLARED /* before the first element, and within declared arrays */
};

/* A struct that still takes members. All positions are offsets, since the buffers move. */
struct scope {
    uint8_t kind;        /* enum scope_kind */
    uint8_t takes;       /* enum scope_takes */
    uint8_t members;     /* so far; of an array: of this element, or declared */
    uint8_t expected;    /* members there must be; 0 while the first ones are being recorded */
    bool is_repeated;    /* lies in a second or later element: nothing of it is recorded */
    uint8_t array_depth; /* structs open from the outermost array of structs on; 0 outside of one */
    uint16_t elements;
    uint32_t member_count_at;  /* in the metadata */
    uint32_t element_count_at; /* sequence: in the data; array: in the metadata */
    uint32_t members_at;       /* in the metadata */
};

struct etwr_event {
    /* What every add touches comes first. */
    uint8_t *metadata_at;   /* end of what counts */
    uint8_t *metadata_stop; /* plain_field.h may put names up to here: builder_update_stop() */
    uint8_t *data_at;
    uint8_t *data_stop;
    uint32_t fields;         /* as the limit counts them */
    uint32_t depth;          /* scopes in use */
    enum etwr_status status; /* the first error */
    uint32_t compare_at;     /* in the metadata: what the next member must be; 0: it is recorded */
    uint32_t tag;
    uint32_t tag_bytes;
    bool is_template; /* a field is declared outside of arrays of structs: it has no value */
    bool has_activity_id;
    bool has_related_activity_id;
    struct etwr_descriptor descriptor;

    uint8_t *metadata;
    uint8_t *data;
    size_t metadata_capacity;
    size_t data_capacity;
    struct etwr_guid activity_id;
    struct etwr_guid related_activity_id;
    /* Each scope is a field, or lies in a repeated element and so within the nesting recorded
     * before: never more. */
    struct scope scopes[ETWR_FIELDS_MAX];
};

/* A field as its metadata says it. */
struct field {
    const char *name;
    uint8_t in;   /* with array flags */
    unsigned out; /* of a struct: its member count, 0 while that is not known */
    uint32_t tag;
    size_t count;                /* of constant arrays; of structs 0 while that is not known */
    struct etwr_bytes type_info; /* of custom fields */
};

enum field_use { FIELD_VALUE, FIELD_DECLARED, FIELD_STRUCT };

/* Where an added field went: offsets in the metadata, and the place of its value. */
struct placed {
    uint8_t *data;
    uint32_t out_at;
    uint32_t end_at;
    uint8_t array_depth; /* of the scope that a struct opens */
};

/* Keep the first error; returns it. */
enum etwr_status builder_fail(struct etwr_event *event, enum etwr_status status);

/* Room and limit have changed, or what kind of field may come next: `metadata_stop` follows. */
void builder_update_stop(struct etwr_event *event);

/* What a call on this builder has to return after a failure; NULL has a status too. */
static inline enum etwr_status builder_status(const struct etwr_event *event)
{
    return event == NULL ? ETWR_E_INVALID_ARGUMENT : event->status;
}

/* Room for `size` more bytes within the limits, or the reason why not. Nothing else changes. */
enum etwr_status builder_grow_metadata(struct etwr_event *event, size_t size);
enum etwr_status builder_grow_data(struct etwr_event *event, size_t size);

static inline enum etwr_status builder_reserve_data(struct etwr_event *event, size_t size)
{
    if (size <= (size_t)(event->data_stop - event->data_at)) return ETWR_OK;
    return builder_grow_data(event, size);
}

/*
 * Add a field that is no constant array, custom field, struct or `binary`, with `size` bytes of
 * value for the caller to fill in. Returns their place, or NULL after a failure (builder_status()
 * says which); a NULL event fails too.
 */
uint8_t *builder_add_value(struct etwr_event *event, const char *name, unsigned in, unsigned out,
                           uint32_t tag, size_t size);

/* The same for what plain_field.h does not take, or has not taken. */
uint8_t *builder_add_unusual_value(struct etwr_event *event, const char *name, unsigned in,
                                   unsigned out, uint32_t tag, size_t size);

/* The same with its value; of a number, `in_and_bytes` has the size in its second lowest byte. */
enum etwr_status builder_add_unusual_number(struct etwr_event *event, const char *name,
                                            uint64_t bits, unsigned out, uint32_t tag,
                                            unsigned in_and_bytes);

enum etwr_status builder_add_unusual_guid(struct etwr_event *event, const char *name,
                                          const struct etwr_guid *value, unsigned out,
                                          uint32_t tag);

/* Put an event's name which is long, not ASCII, or wrong. */
enum etwr_status builder_put_unusual_name(struct etwr_event *event, const char *name);

/* Add any field; false after a failure. A struct's own scope is left to the caller. */
bool builder_add_field(struct etwr_event *event, const struct field *field, enum field_use use,
                       size_t size, struct placed *placed);

/* As builder_add_value(), for `count` elements of `size` bytes in all: puts the count where `in`'s
 * array flag wants it, and checks it (constant arrays have at least 1 element). */
uint8_t *builder_add_elements(struct etwr_event *event, const char *name, unsigned in, size_t count,
                              unsigned out, uint32_t tag, size_t size);

/* Does a field of this in type have such a constant count? */
bool builder_is_count(unsigned in, size_t count);

/* Describe a custom field; an error when its parts are out of range. */
enum etwr_status builder_init_custom(struct field *field, const char *name, uint8_t in,
                                     const void *type_info, size_t type_info_size, unsigned out,
                                     uint32_t tag);

/* May the innermost open struct take such a member now? */
bool builder_takes_member(const struct etwr_event *event, enum field_use use);

/* Count a field that was added as a member; then close the counted structs that have all of theirs,
 * unless it is a struct, which only opens now. */
void builder_count_member(struct etwr_event *event, enum field_use use, bool is_struct);

static inline bool in_is_custom(unsigned in)
{
    return (in & ETWR_IN_ARRAY_MASK) == ETWR_IN_CUSTOM;
}

static inline bool in_is_struct(unsigned in)
{
    return !in_is_custom(in) && (in & ETWR_IN_TYPE_MASK) == ETWR_IN_STRUCT;
}

static inline bool in_is_constant_array(unsigned in)
{
    return (in & ETWR_IN_ARRAY_MASK) == ETWR_IN_CONSTANT_ARRAY;
}

#endif
