/**
 * Results and reasons: the one status enum of etwrelay, and the reasons for which an event is
 * dropped or a connection ends.
 *
 * The numbers of both enums are fixed for ever: `etwr_status` because programs are compiled against
 * it, `etwr_reason` because it travels on the wire (protocol/PROTOCOL.md) and names counters.
 */
#ifndef ETWRELAY_STATUS_H
#define ETWRELAY_STATUS_H

#include <etwrelay/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a function that can fail returns. 0 is success. */
enum etwr_status {
    ETWR_OK = 0,
    ETWR_E_INVALID_ARGUMENT = 1, /**< a parameter breaks the function's documented rule */
    ETWR_E_NO_MEMORY = 2,        /**< the allocator refused */
    ETWR_E_BAD_NAME = 3,   /**< a name is not UTF-8, holds a NUL, or is empty where it may not be */
    ETWR_E_BAD_VALUE = 4,  /**< a value does not fit its type, or does not follow its schema */
    ETWR_E_BAD_TAG = 5,    /**< a tag of more than 28 bits */
    ETWR_E_BAD_STRUCT = 6, /**< no member or over 127, unclosed, or uneven elements */
    ETWR_E_BAD_TYPE = 7, /**< an in type or out type that does not exist or cannot be used there */
    ETWR_E_TOO_MANY_FIELDS = 8,   /**< over 128 (a sequence or binary field counts 2) */
    ETWR_E_METADATA_TOO_LONG = 9, /**< more than 32 KiB of event metadata */
    ETWR_E_DATA_TOO_LONG = 10,    /**< over 64 KiB of values, or one value over 65,535 bytes */
    ETWR_E_TOO_LARGE = 11,        /**< the ETW record would pass 65,535 bytes with its headers */
    ETWR_E_NOT_ENABLED = 12,      /**< nobody listens: counted as not_enabled, not sent */
    ETWR_E_QUEUE_FULL = 13,       /**< dropped: the client's queue had no room */
    ETWR_E_TIMEOUT = 14,          /**< the time given ran out first */
    ETWR_E_DISCONNECTED = 15,     /**< there is no connection, or it ended first */
    ETWR_E_CLOSED = 16,           /**< the client was closed, or belongs to this process's parent */
    ETWR_E_REFUSED = 17,          /**< the service refused the connection or the provider */
    ETWR_E_NOT_FOUND = 18,        /**< there is no such pipe, socket or file */
    ETWR_E_ACCESS_DENIED = 19,    /**< the system refused access */
    ETWR_E_IO = 20,               /**< the system reported another input or output error */
    ETWR_E_MALFORMED = 21,        /**< bytes that break their format */
    ETWR_E_UNSUPPORTED = 22,      /**< a well-formed request for something this side cannot do */
    ETWR_E_LIMIT = 23,            /**< a configured or documented limit is reached */
    ETWR_E_TOO_DEEP = 24          /**< over 8 structs inside each other in an array of structs */
};

/**
 * Why an event was dropped, or a connection refused or ended. 1 to 63 drop an event; 64 and up end
 * a connection. The service and the client library count each apart.
 */
enum etwr_reason {
    ETWR_REASON_NONE = 0,
    /* dropped by the client library */
    ETWR_REASON_QUEUE_FULL = 1,   /**< the client's queue had no room */
    ETWR_REASON_TIMEOUT = 2,      /**< the client waited for room as long as it was told to */
    ETWR_REASON_TOO_LARGE = 3,    /**< the ETW record would pass 65,535 bytes (client or sink) */
    ETWR_REASON_DISCONNECTED = 4, /**< still queued when the client was closed */
    ETWR_REASON_NO_MEMORY = 5,    /**< an allocation failed (client or service) */
    /* dropped by the service */
    ETWR_REASON_NOT_ALLOWED = 16,       /**< policy: this peer may not write to this provider */
    ETWR_REASON_RATE = 17,              /**< over the user's event or byte rate */
    ETWR_REASON_QUOTA = 18,             /**< over a count or byte limit of the client or user */
    ETWR_REASON_PROVIDER_LIMIT = 19,    /**< no more providers can be registered */
    ETWR_REASON_REGISTER_FAILED = 20,   /**< the system refused to register the provider */
    ETWR_REASON_SCHEMA = 21,            /**< the event's schema was refused */
    ETWR_REASON_VALUES = 22,            /**< the values do not follow the schema */
    ETWR_REASON_SHUTDOWN = 23,          /**< the service was stopping */
    ETWR_REASON_PROVIDER_CONFLICT = 24, /**< the id is registered under another name or group */
    /* dropped by a sink */
    ETWR_REASON_FULL = 32,       /**< disk or log full, or no free buffer within stall_ms */
    ETWR_REASON_IO = 33,         /**< the file could not be written */
    ETWR_REASON_NO_BUFFERS = 34, /**< ETW had no buffer */
    ETWR_REASON_SESSION_BUFFER_SMALL = 35, /**< larger than an ETW session's buffer */
    ETWR_REASON_OTHER = 36,                /**< any other refusal by ETW */
    /* in doubt: sent, and the connection ended before the service answered for it */
    ETWR_REASON_IN_DOUBT = 48,
    /* connection refused or ended */
    ETWR_REASON_MALFORMED = 64,   /**< a frame or body that breaks the protocol */
    ETWR_REASON_OVERSIZE = 65,    /**< a body length over 65,535 */
    ETWR_REASON_BAD_MAGIC = 66,   /**< HELLO does not start with the protocol's magic */
    ETWR_REASON_BAD_VERSION = 67, /**< no protocol version in common */
    ETWR_REASON_UNEXPECTED =
        68, /**< a known frame in the wrong state: no HELLO first, HELLO twice */
    ETWR_REASON_UNKNOWN_KIND = 69,   /**< an unknown kind below 0x80, or an unknown flag */
    ETWR_REASON_UNKNOWN_SLOT = 70,   /**< a provider slot that is not open */
    ETWR_REASON_UNKNOWN_SCHEMA = 71, /**< a schema id never announced on this slot */
    ETWR_REASON_HELLO_TIMEOUT = 72,  /**< no HELLO within hello_timeout_ms */
    ETWR_REASON_FRAME_TIMEOUT = 73,  /**< a frame not finished within frame_timeout_ms */
    ETWR_REASON_CLIENT_LIMIT = 74,   /**< too many clients in all */
    ETWR_REASON_USER_LIMIT = 75,     /**< too many clients, or unfinished hellos, of this user */
    ETWR_REASON_SLOW_READER = 76,    /**< the client does not read the service's answers */
    ETWR_REASON_STOPPING = 77,       /**< the service is stopping */
    ETWR_REASON_PEER_UNKNOWN = 78    /**< the system would not say who the peer is */
};

/** One more than the highest reason that drops an event: the size of a table of drop counters. */
#define ETWR_REASON_DROP_COUNT 64

/** One English sentence for people; never NULL. Threads: any. */
ETWR_API const char *etwr_status_text(enum etwr_status status);

/** The status in lower case without its prefix ("bad_name"), for logs and machine-readable output;
 * never NULL. */
ETWR_API const char *etwr_status_name(enum etwr_status status);

/** The reason's name in lower case ("queue_full"), as counters are called everywhere; "unknown" for
 * other numbers. */
ETWR_API const char *etwr_reason_name(enum etwr_reason reason);

#ifdef __cplusplus
}
#endif

#endif
