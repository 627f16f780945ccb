/**
 * EventBuilder: makes one TraceLogging event, field by field, as bytes that ETW and its decoders
 * understand.
 *
 * The semantics are those of Microsoft's `traceloggingdynamic`. A builder is reused:
 * etwr_event_reset() starts the next event and keeps the buffers, so that steady use allocates
 * nothing.
 *
 * Every add is transactional. One that fails changes nothing, returns its status, and leaves the
 * builder in an error state that keeps the *first* error: later adds do nothing and return it, and
 * writing the event sends nothing and returns it. So a caller may ignore all results but that of
 * the write. Only etwr_event_reset() ends the error state.
 *
 * Fields come in the order in which they are added. A struct field is followed by its members.
 *
 * Names are borrowed for the call: NUL-terminated, valid UTF-8. Values are borrowed and copied.
 * Tags are 28 bits, 0 for none. A NULL builder is answered with ETWR_E_INVALID_ARGUMENT.
 *
 * Threads: a builder belongs to one thread at a time; different builders are independent.
 */
#ifndef ETWRELAY_EVENT_H
#define ETWRELAY_EVENT_H

#include <etwrelay/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct etwr_event;

/** A finished event, encoded. All pointers are lent by its builder until the builder's next call.
 */
struct etwr_encoded {
    struct etwr_descriptor descriptor;
    struct etwr_bytes metadata;                  /**< event metadata, its u16 size first */
    struct etwr_bytes data;                      /**< packed values */
    const struct etwr_guid *activity_id;         /**< NULL when none was set */
    const struct etwr_guid *related_activity_id; /**< NULL when none was set */
};

/**
 * Make a builder. It starts as etwr_event_reset(event, "", ETWR_LEVEL_DEFAULT,
 * ETWR_KEYWORD_DEFAULT) would leave it.
 * @param event  written on success; the caller owns it and frees it with etwr_event_destroy().
 * @return ETWR_OK, ETWR_E_NO_MEMORY, ETWR_E_INVALID_ARGUMENT (NULL).
 */
ETWR_API enum etwr_status etwr_event_create(struct etwr_event **event);

/** Free a builder; NULL is allowed. */
ETWR_API void etwr_event_destroy(struct etwr_event *event);

/**
 * Start an event: forget the last one's fields, tag, ids, opcode and error; keep the buffers.
 *
 * Version, id, opcode and task become 0, the channel ETWR_CHANNEL_DEFAULT (TraceLogging's own),
 * the tag 0, and there are no activity ids.
 *
 * @param name     event name; may be empty.
 * @param level    0 to 255: 1 critical, 2 error, 3 warning, 4 information, 5 verbose.
 * @param keyword  bit mask of categories.
 * @return ETWR_OK, ETWR_E_BAD_NAME, ETWR_E_METADATA_TOO_LONG, ETWR_E_NO_MEMORY; an error is kept as
 *         that of an add.
 */
ETWR_API enum etwr_status etwr_event_reset(struct etwr_event *event, const char *name,
                                           uint8_t level, uint64_t keyword);

#define ETWR_LEVEL_DEFAULT   5
#define ETWR_KEYWORD_DEFAULT 1
#define ETWR_CHANNEL_DEFAULT 11

/* Descriptor fields; may be set at any time between reset and write, and never fail. */
ETWR_API void etwr_event_set_opcode(struct etwr_event *event, uint8_t opcode);
ETWR_API void etwr_event_set_id(struct etwr_event *event, uint16_t id);
ETWR_API void etwr_event_set_version(struct etwr_event *event, uint8_t version);
ETWR_API void etwr_event_set_task(struct etwr_event *event, uint16_t task);
ETWR_API void etwr_event_set_channel(struct etwr_event *event, uint8_t channel);

/**
 * Event tag: 28 bits that the provider gives a meaning; 1, 2 or 4 bytes of the metadata.
 * @return ETWR_OK, ETWR_E_BAD_TAG (over 28 bits), ETWR_E_METADATA_TOO_LONG; an error is kept as
 * that of an add.
 */
ETWR_API enum etwr_status etwr_event_set_tag(struct etwr_event *event, uint32_t tag);

/* Activity ids, which tie events together; copied. NULL takes an id away again. */
ETWR_API void etwr_event_set_activity_id(struct etwr_event *event, const struct etwr_guid *id);
ETWR_API void etwr_event_set_related_activity_id(struct etwr_event *event,
                                                 const struct etwr_guid *id);

/*
 * Adders. Each returns ETWR_OK, the first error that this builder keeps, or a new one:
 *   ETWR_E_BAD_NAME           the field's name is NULL or not valid UTF-8.
 *   ETWR_E_BAD_TYPE           an out type of more than 7 bits, or a type that cannot be used so.
 *   ETWR_E_BAD_TAG            a tag of more than 28 bits.
 *   ETWR_E_BAD_VALUE          the value does not fit the type: text that is not UTF-8, a SID of a
 *                             wrong size, NULL, a constant array without elements.
 *   ETWR_E_TOO_MANY_FIELDS, ETWR_E_METADATA_TOO_LONG, ETWR_E_DATA_TOO_LONG
 *                             a limit of types.h would be passed. An array of more than 65,535
 *                             elements is ETWR_E_DATA_TOO_LONG too.
 *   ETWR_E_BAD_STRUCT         not the member that the first element of this array of structs has
 *                             here, or no element was begun.
 *   ETWR_E_TOO_DEEP           a struct, or an array of structs, that would be the ninth inside each
 *                             other within an array of structs, that array included
 *                             (ETWR_ARRAY_DEPTH_MAX). Outside of arrays only the number of fields
 *                             limits how deep structs nest.
 *   ETWR_E_NO_MEMORY          the buffers could not grow.
 *
 * `_sequence` adds a variable-length array of 0 to 65,535 elements, `_array` one of constant
 * length, 1 to 65,535 elements, whose count is in the metadata.
 */
#define ETWR_DECLARE_ADDERS(TYPE, VALUE, ELEMENT)                                                  \
    ETWR_API enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,    \
                                                    VALUE value, enum etwr_out out, uint32_t tag); \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_sequence(                                    \
        struct etwr_event *event, const char *name, const ELEMENT *values, size_t count,           \
        enum etwr_out out, uint32_t tag);                                                          \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_array(                                       \
        struct etwr_event *event, const char *name, const ELEMENT *values, size_t count,           \
        enum etwr_out out, uint32_t tag);

/* Numbers. intptr, uintptr and hexintptr are 64 bits wide in every process. bool32 is stored as
 * given: false is 0, true any other value. */
ETWR_DECLARE_ADDERS(int8, int8_t, int8_t)
ETWR_DECLARE_ADDERS(uint8, uint8_t, uint8_t)
ETWR_DECLARE_ADDERS(int16, int16_t, int16_t)
ETWR_DECLARE_ADDERS(uint16, uint16_t, uint16_t)
ETWR_DECLARE_ADDERS(int32, int32_t, int32_t)
ETWR_DECLARE_ADDERS(uint32, uint32_t, uint32_t)
ETWR_DECLARE_ADDERS(int64, int64_t, int64_t)
ETWR_DECLARE_ADDERS(uint64, uint64_t, uint64_t)
ETWR_DECLARE_ADDERS(intptr, int64_t, int64_t)
ETWR_DECLARE_ADDERS(uintptr, uint64_t, uint64_t)
ETWR_DECLARE_ADDERS(float32, float, float)
ETWR_DECLARE_ADDERS(float64, double, double)
ETWR_DECLARE_ADDERS(bool32, int32_t, int32_t)
ETWR_DECLARE_ADDERS(hexint32, uint32_t, uint32_t)
ETWR_DECLARE_ADDERS(hexint64, uint64_t, uint64_t)
ETWR_DECLARE_ADDERS(hexintptr, uint64_t, uint64_t)
/* FILETIME in 100 ns since 1601-01-01 UTC. */
ETWR_DECLARE_ADDERS(filetime, uint64_t, uint64_t)
/* By pointer. */
ETWR_DECLARE_ADDERS(guid, const struct etwr_guid *, struct etwr_guid)
ETWR_DECLARE_ADDERS(systemtime, const struct etwr_systemtime *, struct etwr_systemtime)
/* Text: NUL-terminated UTF-8. The 16-bit kinds convert it to UTF-16LE. The 8-bit kinds keep its
 * bytes: give them ETWR_OUT_UTF8, or decoders read Windows-1252. Counted values (str16, str8) hold
 * at most 65,535 bytes; longer ones are ETWR_E_DATA_TOO_LONG. */
ETWR_DECLARE_ADDERS(zstr16, const char *, char *const)
ETWR_DECLARE_ADDERS(zstr8, const char *, char *const)
ETWR_DECLARE_ADDERS(str16, const char *, char *const)
ETWR_DECLARE_ADDERS(str8, const char *, char *const)
#undef ETWR_DECLARE_ADDERS

/*
 * Raw strings and blobs: bytes as they are. UTF-16LE for the 16-bit kinds (an odd size is
 * ETWR_E_BAD_VALUE), any 8-bit bytes for the others. A zstr value ends at its first NUL, if it has
 * one; what follows is left out. Counted values (str16, str8, cbinary) hold at most 65,535 bytes;
 * longer ones are ETWR_E_DATA_TOO_LONG. A `sid` must be exactly 8 + 4 x its sub-authority count
 * bytes, at most 15 of these.
 */
#define ETWR_DECLARE_BYTES_ADDERS(TYPE)                                                            \
    ETWR_API enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,    \
                                                    const void *data, size_t size,                 \
                                                    enum etwr_out out, uint32_t tag);              \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_sequence(                                    \
        struct etwr_event *event, const char *name, const struct etwr_bytes *values, size_t count, \
        enum etwr_out out, uint32_t tag);                                                          \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_array(                                       \
        struct etwr_event *event, const char *name, const struct etwr_bytes *values, size_t count, \
        enum etwr_out out, uint32_t tag);
ETWR_DECLARE_BYTES_ADDERS(zstr16_raw)
ETWR_DECLARE_BYTES_ADDERS(zstr8_raw)
ETWR_DECLARE_BYTES_ADDERS(str16_raw)
ETWR_DECLARE_BYTES_ADDERS(str8_raw)
ETWR_DECLARE_BYTES_ADDERS(sid)
ETWR_DECLARE_BYTES_ADDERS(cbinary)
#undef ETWR_DECLARE_BYTES_ADDERS

/** At most 65,535 bytes. `binary` has no array forms (as in TraceLogging) and counts as 2 fields.
 * Out types ETWR_OUT_IPV6 and ETWR_OUT_SOCKETADDRESS live here. */
ETWR_API enum etwr_status etwr_event_add_binary(struct etwr_event *event, const char *name,
                                                const void *data, size_t size, enum etwr_out out,
                                                uint32_t tag);

/**
 * Custom-serialised field (in type flags 0x60): `type_info` goes into the metadata, `data` is the
 * value. Both are opaque to the relay; a value holds at most 65,535 bytes.
 * @param in  base in type, 0 to 31, without flags; others are ETWR_E_BAD_TYPE.
 */
ETWR_API enum etwr_status etwr_event_add_custom(struct etwr_event *event, const char *name,
                                                uint8_t in, const void *type_info,
                                                size_t type_info_size, const void *data,
                                                size_t size, enum etwr_out out, uint32_t tag);

/**
 * A field whose value is packed already. Checked in full: `data` must be exactly one value of that
 * type, or ETWR_E_BAD_VALUE.
 * @param in     in type with its array flag. Structs, custom fields, arrays of `binary` and types
 *               that do not exist are ETWR_E_BAD_TYPE.
 * @param count  constant count (1 to 65,535) with flag 0x20; ignored otherwise.
 * @param data   the whole packed value, a sequence's u16 count included.
 */
ETWR_API enum etwr_status etwr_event_add_packed(struct etwr_event *event, const char *name,
                                                uint8_t in, size_t count, const void *data,
                                                size_t size, enum etwr_out out, uint32_t tag);

/** Struct with a member count that is known: the next `member_count` fields (1 to 127, or
 *  ETWR_E_BAD_STRUCT) are its members, a struct among them with its own members counting as one. */
ETWR_API enum etwr_status etwr_event_add_struct(struct etwr_event *event, const char *name,
                                                uint8_t member_count, uint32_t tag);

/** Struct whose members are counted for you: all fields until the matching etwr_event_end_struct()
 *  are its members. Nests. */
ETWR_API enum etwr_status etwr_event_begin_struct(struct etwr_event *event, const char *name,
                                                  uint32_t tag);

/**
 * Array of structs, of variable or of constant length (`_array`), until the matching
 * etwr_event_end_struct().
 *
 * Call etwr_event_next_element() before each element, then add that element's members with the
 * ordinary adders. The first element says what the members are; each further one must add the same
 * (name, type, out type, tag, constant counts) in the same order, or the add fails with
 * ETWR_E_BAD_STRUCT. Arrays of structs within an element may differ in their number of elements
 * if they are sequences.
 *
 * For a sequence that may have no elements, and in prepared events, declare the members with
 * etwr_event_declare() before the first etwr_event_next_element().
 *
 * An array of constant length has at least one element: without, it would take no bytes, and so
 * would the elements of an array around it.
 */
ETWR_API enum etwr_status etwr_event_begin_struct_sequence(struct etwr_event *event,
                                                           const char *name, uint32_t tag);
ETWR_API enum etwr_status etwr_event_begin_struct_array(struct etwr_event *event, const char *name,
                                                        uint32_t tag);
ETWR_API enum etwr_status etwr_event_next_element(struct etwr_event *event);

/** Close the innermost struct that a begin_struct function opened. @return also ETWR_E_BAD_STRUCT:
 * none is open, it has no member, a struct within it lacks members, an element is not like the
 * first, or an array of constant length has no element. */
ETWR_API enum etwr_status etwr_event_end_struct(struct etwr_event *event);

/**
 * Declare a field without a value: its metadata alone, within the same limits as an add.
 *
 * For prepared events (client.h), and for the members of an array of structs before its first
 * element. Anywhere else it makes the event a template: etwr_event_encode() and writing it return
 * ETWR_E_BAD_VALUE.
 *
 * @param in     in type with its array flag; types as etwr_event_add_packed() takes them, others
 * are ETWR_E_BAD_TYPE. Structs and custom fields have functions of their own, below.
 * @param count  constant count (1 to 65,535) with flag 0x20, else 0; ETWR_E_BAD_VALUE otherwise.
 */
ETWR_API enum etwr_status etwr_event_declare(struct etwr_event *event, const char *name, uint8_t in,
                                             size_t count, enum etwr_out out, uint32_t tag);

/**
 * Declare a struct, or an array of structs without elements: the next `member_count` fields are its
 * members, and those of an array must be declared, too.
 * @param array         0, ETWR_IN_SEQUENCE or ETWR_IN_CONSTANT_ARRAY; others are ETWR_E_BAD_TYPE.
 * @param count         as for etwr_event_declare().
 * @param member_count  1 to 127, or ETWR_E_BAD_STRUCT.
 */
ETWR_API enum etwr_status etwr_event_declare_struct(struct etwr_event *event, const char *name,
                                                    uint8_t array, size_t count,
                                                    uint8_t member_count, uint32_t tag);

/** Declare a custom-serialised field; parameters as for etwr_event_add_custom(). */
ETWR_API enum etwr_status etwr_event_declare_custom(struct etwr_event *event, const char *name,
                                                    uint8_t in, const void *type_info,
                                                    size_t type_info_size, enum etwr_out out,
                                                    uint32_t tag);

/** The first error that the builder keeps, or ETWR_OK. */
ETWR_API enum etwr_status etwr_event_status(const struct etwr_event *event);

/**
 * Finish the event as bytes. It may be encoded again, also after more adds; a failure here is not
 * kept.
 * @param encoded  written on success; its pointers are lent until the builder's next call.
 * @return ETWR_OK, the first error kept, ETWR_E_BAD_STRUCT (a struct lacks members or is not
 *         closed), ETWR_E_BAD_VALUE (a template: declared fields have no values).
 */
ETWR_API enum etwr_status etwr_event_encode(struct etwr_event *event, struct etwr_encoded *encoded);

/** As etwr_event_encode(), for templates: descriptor and metadata only, `data` empty. */
ETWR_API enum etwr_status etwr_event_encode_template(struct etwr_event *event,
                                                     struct etwr_encoded *encoded);

/**
 * Provider traits, as ETW registers them: u16 total size, name, NUL, and the provider group trait
 * if `group` is not NULL.
 * @param buffer    written on success.
 * @param capacity  bytes of `buffer`; 2 + name + 1 + 19 suffice.
 * @param size      bytes written, on success.
 * @return ETWR_OK, ETWR_E_BAD_NAME (empty, not UTF-8), ETWR_E_LIMIT (over capacity or 65,535
 * bytes), ETWR_E_INVALID_ARGUMENT (NULL). Threads: any.
 */
ETWR_API enum etwr_status etwr_provider_traits(const char *name, const struct etwr_guid *group,
                                               void *buffer, size_t capacity, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
