/**
 * The small types that events are made of: GUIDs, descriptors, in types and out types.
 *
 * Names and numbers are those of TraceLogging (evntprov.h and TraceLoggingProvider.h of the Windows
 * SDK).
 */
#ifndef ETWRELAY_TYPES_H
#define ETWRELAY_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <etwrelay/export.h>
#include <etwrelay/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of one event. */
#define ETWR_FIELDS_MAX         128   /**< a sequence or binary field counts 2, a struct 1 */
#define ETWR_METADATA_MAX_BYTES 32768 /**< event metadata, its own size field included */
#define ETWR_DATA_MAX_BYTES     65536 /**< packed values of the builder */
#define ETWR_RECORD_MAX_BYTES                                                                      \
    65535 /**< an ETW record: header, extended items, metadata and values */
#define ETWR_TAG_MAX            0x0FFFFFFF /**< 28 bits */
#define ETWR_STRUCT_MEMBERS_MAX 127
#define ETWR_GUID_TEXT_BYTES    37 /**< "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and its NUL */

/** Structs inside each other within an array of structs, that array included. Outside of arrays
 * depth costs its metadata, once; within them it would cost every element, and an element may be a
 * single byte. */
#define ETWR_ARRAY_DEPTH_MAX 8

/** A GUID as Windows keeps it in memory: its first three groups little-endian, then eight bytes.
 * May be copied from and to a Windows GUID. */
struct etwr_guid {
    uint8_t bytes[16];
};

/** What ETW knows of an event before its fields: the members of EVENT_DESCRIPTOR. */
struct etwr_descriptor {
    uint16_t id;
    uint8_t version;
    uint8_t channel;
    uint8_t level;
    uint8_t opcode;
    uint16_t task;
    uint64_t keyword;
};

/** SYSTEMTIME: a date and time of day; UTC with ETWR_OUT_DATETIME_UTC, else as its writer means it.
 *  Sunday is day_of_week 0. */
struct etwr_systemtime {
    uint16_t year, month, day_of_week, day, hour, minute, second, milliseconds;
};

/** Borrowed bytes. `data` may be NULL when `size` is 0. */
struct etwr_bytes {
    const void *data;
    size_t size;
};

/** TraceLogging in types: how a value is packed. */
enum etwr_in {
    ETWR_IN_ZSTR16 = 1, /**< UTF-16LE, ends with a NUL */
    ETWR_IN_ZSTR8 =
        2, /**< 8-bit, ends with a NUL; Windows-1252 unless the out type is utf8, xml or json */
    ETWR_IN_INT8 = 3,
    ETWR_IN_UINT8 = 4,
    ETWR_IN_INT16 = 5,
    ETWR_IN_UINT16 = 6,
    ETWR_IN_INT32 = 7,
    ETWR_IN_UINT32 = 8,
    ETWR_IN_INT64 = 9,   /**< also INTPTR of a 64-bit process */
    ETWR_IN_UINT64 = 10, /**< also UINTPTR of a 64-bit process */
    ETWR_IN_FLOAT32 = 11,
    ETWR_IN_FLOAT64 = 12,
    ETWR_IN_BOOL32 = 13,
    ETWR_IN_BINARY = 14, /**< u16 byte count, bytes */
    ETWR_IN_GUID = 15,
    ETWR_IN_FILETIME = 17, /**< u64: 100 ns since 1601-01-01 UTC */
    ETWR_IN_SYSTEMTIME = 18,
    ETWR_IN_SID = 19, /**< 8 + 4 x sub-authority count bytes */
    ETWR_IN_HEXINT32 = 20,
    ETWR_IN_HEXINT64 = 21, /**< also HEXINTPTR of a 64-bit process */
    ETWR_IN_STR16 = 22,    /**< u16 byte count, UTF-16LE */
    ETWR_IN_STR8 = 23,     /**< u16 byte count, 8-bit as ZSTR8 */
    ETWR_IN_STRUCT = 24,   /**< the fields that follow are its members; packs to nothing itself */
    ETWR_IN_CBINARY =
        25, /**< u16 byte count, bytes; decoders show one value, not a size and a value */
    ETWR_IN_TYPE_MASK = 0x1F,
    ETWR_IN_CONSTANT_ARRAY = 0x20, /**< flag: u16 count in the metadata */
    ETWR_IN_SEQUENCE = 0x40,       /**< flag: u16 count in front of the values */
    ETWR_IN_CUSTOM = 0x60, /**< flags: u16 size and type information in the metadata; u16 size
                              before the value */
    ETWR_IN_ARRAY_MASK = 0x60
};

/** TraceLogging out types: how a value is meant. */
enum etwr_out {
    ETWR_OUT_NULL = 0, /**< the in type's usual form */
    ETWR_OUT_NOPRINT = 1,
    ETWR_OUT_STRING = 2,
    ETWR_OUT_BOOLEAN = 3,
    ETWR_OUT_HEX = 4,
    ETWR_OUT_PID = 5,
    ETWR_OUT_TID = 6,
    ETWR_OUT_PORT = 7, /**< 16-bit, big-endian */
    ETWR_OUT_IPV4 = 8,
    ETWR_OUT_IPV6 = 9,
    ETWR_OUT_SOCKETADDRESS = 10,
    ETWR_OUT_XML = 11,
    ETWR_OUT_JSON = 12,
    ETWR_OUT_WIN32ERROR = 13,
    ETWR_OUT_NTSTATUS = 14,
    ETWR_OUT_HRESULT = 15,
    ETWR_OUT_FILETIME = 16,
    ETWR_OUT_SIGNED = 17,
    ETWR_OUT_UNSIGNED = 18,
    ETWR_OUT_CULTURE_INSENSITIVE_DATETIME = 33,
    ETWR_OUT_UTF8 = 35,
    ETWR_OUT_PKCS7_WITH_TYPE_INFO = 36,
    ETWR_OUT_CODE_POINTER = 37,
    ETWR_OUT_DATETIME_UTC = 38
};

/**
 * Read a GUID from text: 8-4-4-4-12 hexadecimal digits, with or without braces, in any case.
 * @param text  borrowed, NUL-terminated; nothing may follow the GUID.
 * @param guid  written on success only.
 * @return ETWR_OK, ETWR_E_BAD_VALUE.
 * Threads: any.
 */
ETWR_API enum etwr_status etwr_guid_parse(const char *text, struct etwr_guid *guid);

/** Write a GUID as 36 lower-case characters and a NUL. Threads: any. */
ETWR_API void etwr_guid_format(const struct etwr_guid *guid, char text[ETWR_GUID_TEXT_BYTES]);

/**
 * The provider id that belongs to a provider name, as TraceLogging and .NET's EventSource compute
 * it.
 *
 * SHA-1 over a fixed namespace and the name in UTF-16BE, upper-cased by Unicode's *simple* (one to
 * one) mapping; so the case of a name does not matter.
 *
 * @param name  borrowed, NUL-terminated UTF-8, not empty.
 * @param id    written on success only.
 * @return ETWR_OK, ETWR_E_BAD_NAME (empty or not valid UTF-8), ETWR_E_INVALID_ARGUMENT (NULL).
 * Threads: any.
 */
ETWR_API enum etwr_status etwr_provider_id_from_name(const char *name, struct etwr_guid *id);

#ifdef __cplusplus
}
#endif

#endif
