/**
 * EventBuilder: makes one TraceLogging event, field by field, as bytes that ETW and its decoders understand.
 *
 * Semantics of Microsoft's `traceloggingdynamic`. A builder is reused: etwr_event_reset() starts the next event and
 * keeps the buffers, so steady use allocates nothing.
 *
 * Every add is transactional. One that fails changes nothing, returns its status, and leaves the builder in an error
 * state which keeps the *first* error: later adds return it and do nothing, and writing the event sends nothing and
 * returns it. So a caller may ignore all results but that of the write.
 *
 * Fields come in the order in which they are added. A struct field is followed by its members.
 *
 * Names are borrowed for the call: NUL-terminated, valid UTF-8. Values are copied. Tags are 28 bits, 0 for none.
 * Threads: a builder belongs to one thread at a time; different builders are independent.
 */
#ifndef ETWRELAY_EVENT_H
#define ETWRELAY_EVENT_H

#include <etwrelay/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct etwr_event;

/** What a finished event is, encoded. Lent by its builder until the builder's next call. */
struct etwr_encoded {
    struct etwr_descriptor descriptor;
    struct etwr_bytes metadata; /**< event metadata, its u16 size first */
    struct etwr_bytes data;     /**< packed values */
    const struct etwr_guid *activity_id;         /**< NULL when none was set */
    const struct etwr_guid *related_activity_id; /**< NULL when none was set */
};

/** Make an empty builder, in the state that etwr_event_reset(event, "", 5, 1) leaves... see etwr_event_reset().
 *  The caller owns it and frees it with etwr_event_destroy(). @return ETWR_OK or ETWR_E_NO_MEMORY. */
ETWR_API enum etwr_status etwr_event_create(struct etwr_event **event);

/** Free a builder; NULL is allowed. */
ETWR_API void etwr_event_destroy(struct etwr_event *event);

/**
 * Start an event: forget fields, tag, ids, opcode and errors of the last one, keep the buffers.
 * Version, id, opcode, task become 0, channel 11 (TraceLogging's), tag 0, activity ids none.
 * @param name     event name; may be empty.
 * @param level    0 to 255; 1 critical, 2 error, 3 warning, 4 information, 5 verbose. ETWR_LEVEL_DEFAULT is 5.
 * @param keyword  bit mask; ETWR_KEYWORD_DEFAULT is 1.
 * @return ETWR_OK, ETWR_E_BAD_NAME, ETWR_E_METADATA_TOO_LONG, ETWR_E_NO_MEMORY; an error is kept as for adds.
 */
ETWR_API enum etwr_status etwr_event_reset(struct etwr_event *event, const char *name, uint8_t level, uint64_t keyword);

#define ETWR_LEVEL_DEFAULT 5
#define ETWR_KEYWORD_DEFAULT 1
#define ETWR_CHANNEL_DEFAULT 11

/* Descriptor fields and ids; may be set at any time before the write. */
ETWR_API void etwr_event_set_opcode(struct etwr_event *event, uint8_t opcode);
ETWR_API void etwr_event_set_id(struct etwr_event *event, uint16_t id);
ETWR_API void etwr_event_set_version(struct etwr_event *event, uint8_t version);
ETWR_API void etwr_event_set_task(struct etwr_event *event, uint16_t task);
ETWR_API void etwr_event_set_channel(struct etwr_event *event, uint8_t channel);
/** Event tag, in the metadata: 1, 2 or 4 bytes. @return ETWR_OK, ETWR_E_BAD_TAG (over 28 bits), ETWR_E_METADATA_TOO_LONG. */
ETWR_API enum etwr_status etwr_event_set_tag(struct etwr_event *event, uint32_t tag);
/** Copied; NULL takes it away again. */
ETWR_API void etwr_event_set_activity_id(struct etwr_event *event, const struct etwr_guid *id);
ETWR_API void etwr_event_set_related_activity_id(struct etwr_event *event, const struct etwr_guid *id);

/*
 * Adders. Each returns ETWR_OK or:
 *   ETWR_E_BAD_NAME           the field's name is not valid UTF-8.
 *   ETWR_E_BAD_TYPE           an out type of more than 7 bits, or a type that cannot be used so.
 *   ETWR_E_BAD_TAG            a tag of more than 28 bits.
 *   ETWR_E_BAD_VALUE          the value does not fit the type (text not UTF-8, SID of a wrong size, NULL).
 *   ETWR_E_TOO_MANY_FIELDS, ETWR_E_METADATA_TOO_LONG, ETWR_E_DATA_TOO_LONG   a limit of types.h would be passed.
 *   ETWR_E_BAD_STRUCT         not the member that the first element of this array of structs has here.
 *   ETWR_E_NO_MEMORY          the buffers could not grow.
 *   or the first error that this builder keeps.
 *
 * `_sequence`: variable-length array; 0 to 65,535 elements. `_array`: constant-length array, its count in the metadata;
 * 1 to 65,535 elements. Array elements that can take no bytes do not exist among these types.
 */
#define ETWR_DECLARE_ADDERS(TYPE, VALUE, ELEMENT)                                                                       \
    ETWR_API enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name, VALUE value,            \
                                                    enum etwr_out out, uint32_t tag);                                   \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_sequence(struct etwr_event *event, const char *name,              \
                                                               const ELEMENT *values, size_t count, enum etwr_out out,  \
                                                               uint32_t tag);                                           \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_array(struct etwr_event *event, const char *name,                 \
                                                            const ELEMENT *values, size_t count, enum etwr_out out,     \
                                                            uint32_t tag);

/* Numbers; intptr, uintptr and hexintptr are 64 bits wide here whatever the process. bool32 is stored as given. */
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
/* Text: NUL-terminated UTF-8. The 16-bit kinds convert it to UTF-16LE; the 8-bit kinds keep its bytes, so give them
 * ETWR_OUT_UTF8, or decoders read Windows-1252. */
ETWR_DECLARE_ADDERS(zstr16, const char *, char *const)
ETWR_DECLARE_ADDERS(zstr8, const char *, char *const)
ETWR_DECLARE_ADDERS(str16, const char *, char *const)
ETWR_DECLARE_ADDERS(str8, const char *, char *const)
#undef ETWR_DECLARE_ADDERS

/*
 * Raw strings and blobs: bytes as they are. UTF-16LE for the 16-bit kinds (an odd size is ETWR_E_BAD_VALUE), any 8-bit
 * bytes for the others. A zstr value ends at its first NUL, if it has one; what follows is left out. Counted values hold
 * at most 65,535 bytes. A `sid` must be exactly 8 + 4 x its sub-authority count bytes, at most 15 of these.
 */
#define ETWR_DECLARE_BYTES_ADDERS(TYPE)                                                                                 \
    ETWR_API enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name, const void *data,       \
                                                    size_t size, enum etwr_out out, uint32_t tag);                      \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_sequence(struct etwr_event *event, const char *name,              \
                                                               const struct etwr_bytes *values, size_t count,           \
                                                               enum etwr_out out, uint32_t tag);                        \
    ETWR_API enum etwr_status etwr_event_add_##TYPE##_array(struct etwr_event *event, const char *name,                 \
                                                            const struct etwr_bytes *values, size_t count,              \
                                                            enum etwr_out out, uint32_t tag);
ETWR_DECLARE_BYTES_ADDERS(zstr16_raw)
ETWR_DECLARE_BYTES_ADDERS(zstr8_raw)
ETWR_DECLARE_BYTES_ADDERS(str16_raw)
ETWR_DECLARE_BYTES_ADDERS(str8_raw)
ETWR_DECLARE_BYTES_ADDERS(sid)
ETWR_DECLARE_BYTES_ADDERS(cbinary)
#undef ETWR_DECLARE_BYTES_ADDERS

/** `binary` has no sequence form (as in TraceLogging). Out types ETWR_OUT_IPV6 and _SOCKETADDRESS live here. */
ETWR_API enum etwr_status etwr_event_add_binary(struct etwr_event *event, const char *name, const void *data,
                                                size_t size, enum etwr_out out, uint32_t tag);

/**
 * Custom-serialised field (in type flags 0x60): `type_info` goes into the metadata, `data` is the value; both are opaque
 * to the relay and at most 65,535 bytes. @param in  base in type, 0 to 31, without flags.
 */
ETWR_API enum etwr_status etwr_event_add_custom(struct etwr_event *event, const char *name, uint8_t in,
                                                const void *type_info, size_t type_info_size, const void *data,
                                                size_t size, enum etwr_out out, uint32_t tag);

/**
 * Any field from values that are packed already: `in` carries the array flags; `count` is the constant count (0x20) or
 * is ignored; `data` is the whole packed value, a sequence's u16 count included. Checked in full: it must be exactly one
 * value of that type. Not for structs and custom fields.
 */
ETWR_API enum etwr_status etwr_event_add_packed(struct etwr_event *event, const char *name, uint8_t in, size_t count,
                                                const void *data, size_t size, enum etwr_out out, uint32_t tag);

/** Struct with a member count that is known: the next `member_count` fields (1 to 127) are its members. */
ETWR_API enum etwr_status etwr_event_add_struct(struct etwr_event *event, const char *name, uint8_t member_count,
                                                uint32_t tag);

/** Struct whose members are counted: fields until the matching etwr_event_end_struct() are its members. Nests. */
ETWR_API enum etwr_status etwr_event_begin_struct(struct etwr_event *event, const char *name, uint32_t tag);

/**
 * Array of structs, variable or constant length (`_array`), closed by etwr_event_end_struct().
 *
 * Call etwr_event_next_element() before each element, then add that element's members with the ordinary adders: the first
 * element says what the members are, and the others must add the same ones (name, type, out type, tag) in the same order,
 * or the add fails with ETWR_E_BAD_STRUCT. For a sequence without elements, and for prepared events, declare the
 * members with etwr_event_declare() before the first etwr_event_next_element().
 * Elements that can take no bytes are refused by etwr_event_end_struct() with ETWR_E_BAD_STRUCT.
 */
ETWR_API enum etwr_status etwr_event_begin_struct_sequence(struct etwr_event *event, const char *name, uint32_t tag);
ETWR_API enum etwr_status etwr_event_begin_struct_array(struct etwr_event *event, const char *name, uint32_t tag);
ETWR_API enum etwr_status etwr_event_next_element(struct etwr_event *event);

/** Close what begin_struct*, innermost first. @return also ETWR_E_BAD_STRUCT: none is open, no member, over 127, or
 *  uneven elements. */
ETWR_API enum etwr_status etwr_event_end_struct(struct etwr_event *event);

/**
 * Declare a field without a value: its metadata alone, with every limit that an add has.
 *
 * For prepared events (client.h) and for the members of an empty array of structs. An event with a declared field outside
 * of these cannot be written as it stands (ETWR_E_BAD_VALUE): it is a template.
 * @param in     in type with array flags; ETWR_IN_STRUCT with or without array flags begins a struct whose member count
 *               is `count_or_members` ... see etwr_event_declare_struct() instead; ETWR_E_BAD_TYPE here.
 * @param count  constant count (1 to 65,535) with flag 0x20; 0 otherwise.
 */
ETWR_API enum etwr_status etwr_event_declare(struct etwr_event *event, const char *name, uint8_t in, size_t count,
                                             enum etwr_out out, uint32_t tag);

/** Declare a struct or array of structs (`array` is 0, ETWR_IN_SEQUENCE or ETWR_IN_CONSTANT_ARRAY) whose next
 *  `member_count` declared fields are its members. */
ETWR_API enum etwr_status etwr_event_declare_struct(struct etwr_event *event, const char *name, uint8_t array,
                                                    size_t count, uint8_t member_count, uint32_t tag);

/** Declare a custom-serialised field. */
ETWR_API enum etwr_status etwr_event_declare_custom(struct etwr_event *event, const char *name, uint8_t in,
                                                    const void *type_info, size_t type_info_size, enum etwr_out out,
                                                    uint32_t tag);

/** The first error that the builder keeps, or ETWR_OK. */
ETWR_API enum etwr_status etwr_event_status(const struct etwr_event *event);

/**
 * The encoded event.
 * @param encoded  written on success; its pointers are lent until the builder's next call.
 * @return ETWR_OK, the first error kept, ETWR_E_BAD_STRUCT (a struct lacks members or is not closed), ETWR_E_BAD_VALUE
 *         (a template: declared fields without values).
 */
ETWR_API enum etwr_status etwr_event_encode(struct etwr_event *event, struct etwr_encoded *encoded);

/** As etwr_event_encode(), for templates: descriptor and metadata only, `data` empty. */
ETWR_API enum etwr_status etwr_event_encode_template(struct etwr_event *event, struct etwr_encoded *encoded);

/**
 * Provider traits: u16 total size, name, NUL, and the provider group trait if `group` is not NULL.
 * @param buffer    written on success. @param capacity  its bytes; 2 + name + 1 + 19 suffice.
 * @param size      bytes written, on success.
 * @return ETWR_OK, ETWR_E_BAD_NAME (empty, not UTF-8), ETWR_E_LIMIT (capacity, or over 65,535 bytes).
 */
ETWR_API enum etwr_status etwr_provider_traits(const char *name, const struct etwr_guid *group, void *buffer,
                                               size_t capacity, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
