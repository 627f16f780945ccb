/*
 * Names and sentences for the two public enums. Counters, logs, JSON and PROTOCOL.md use these
 * names, so they change no more than the numbers do.
 */
#include <etwrelay/status.h>

const char *etwr_status_text(enum etwr_status status)
{
    switch (status) {
    case ETWR_OK:
        return "Done.";
    case ETWR_E_INVALID_ARGUMENT:
        return "A parameter is missing or outside its documented range.";
    case ETWR_E_NO_MEMORY:
        return "There is not enough memory.";
    case ETWR_E_BAD_NAME:
        return "A name is empty, holds a NUL, or is not valid UTF-8.";
    case ETWR_E_BAD_VALUE:
        return "A value does not fit its type or does not follow its schema.";
    case ETWR_E_BAD_TAG:
        return "A tag has more than 28 bits.";
    case ETWR_E_BAD_STRUCT:
        return "A struct has no members, more than 127, is not closed, or its elements differ.";
    case ETWR_E_BAD_TYPE:
        return "A type does not exist or cannot be used there.";
    case ETWR_E_TOO_MANY_FIELDS:
        return "The event has more than 128 fields.";
    case ETWR_E_METADATA_TOO_LONG:
        return "The event metadata is longer than 32 KiB.";
    case ETWR_E_DATA_TOO_LONG:
        return "The values are longer than 64 KiB, or one of them than 65,535 bytes.";
    case ETWR_E_TOO_LARGE:
        return "One ETW record of 65,535 bytes cannot hold the event.";
    case ETWR_E_NOT_ENABLED:
        return "Nobody listens to this event.";
    case ETWR_E_QUEUE_FULL:
        return "The event was dropped because the queue was full.";
    case ETWR_E_TIMEOUT:
        return "The time given ran out.";
    case ETWR_E_DISCONNECTED:
        return "There is no connection to the service.";
    case ETWR_E_CLOSED:
        return "The client is closed, or belongs to the parent process.";
    case ETWR_E_REFUSED:
        return "The service refused the connection or the provider.";
    case ETWR_E_NOT_FOUND:
        return "There is no such pipe, socket or file.";
    case ETWR_E_ACCESS_DENIED:
        return "The system denied access.";
    case ETWR_E_IO:
        return "The system reported an input or output error.";
    case ETWR_E_MALFORMED:
        return "The bytes break their format.";
    case ETWR_E_UNSUPPORTED:
        return "This side cannot do what was asked.";
    case ETWR_E_LIMIT:
        return "A configured or documented limit is reached.";
    case ETWR_E_TOO_DEEP:
        return "More than 8 structs are inside each other within an array of structs.";
    }
    return "Unknown status.";
}

const char *etwr_status_name(enum etwr_status status)
{
    switch (status) {
    case ETWR_OK:
        return "ok";
    case ETWR_E_INVALID_ARGUMENT:
        return "invalid_argument";
    case ETWR_E_NO_MEMORY:
        return "no_memory";
    case ETWR_E_BAD_NAME:
        return "bad_name";
    case ETWR_E_BAD_VALUE:
        return "bad_value";
    case ETWR_E_BAD_TAG:
        return "bad_tag";
    case ETWR_E_BAD_STRUCT:
        return "bad_struct";
    case ETWR_E_BAD_TYPE:
        return "bad_type";
    case ETWR_E_TOO_MANY_FIELDS:
        return "too_many_fields";
    case ETWR_E_METADATA_TOO_LONG:
        return "metadata_too_long";
    case ETWR_E_DATA_TOO_LONG:
        return "data_too_long";
    case ETWR_E_TOO_LARGE:
        return "too_large";
    case ETWR_E_NOT_ENABLED:
        return "not_enabled";
    case ETWR_E_QUEUE_FULL:
        return "queue_full";
    case ETWR_E_TIMEOUT:
        return "timeout";
    case ETWR_E_DISCONNECTED:
        return "disconnected";
    case ETWR_E_CLOSED:
        return "closed";
    case ETWR_E_REFUSED:
        return "refused";
    case ETWR_E_NOT_FOUND:
        return "not_found";
    case ETWR_E_ACCESS_DENIED:
        return "access_denied";
    case ETWR_E_IO:
        return "io";
    case ETWR_E_MALFORMED:
        return "malformed";
    case ETWR_E_UNSUPPORTED:
        return "unsupported";
    case ETWR_E_LIMIT:
        return "limit";
    case ETWR_E_TOO_DEEP:
        return "too_deep";
    }
    return "unknown";
}

const char *etwr_reason_name(enum etwr_reason reason)
{
    switch (reason) {
    case ETWR_REASON_NONE:
        return "none";
    case ETWR_REASON_QUEUE_FULL:
        return "queue_full";
    case ETWR_REASON_TIMEOUT:
        return "timeout";
    case ETWR_REASON_TOO_LARGE:
        return "too_large";
    case ETWR_REASON_DISCONNECTED:
        return "disconnected";
    case ETWR_REASON_NO_MEMORY:
        return "no_memory";
    case ETWR_REASON_NOT_ALLOWED:
        return "not_allowed";
    case ETWR_REASON_RATE:
        return "rate";
    case ETWR_REASON_QUOTA:
        return "quota";
    case ETWR_REASON_PROVIDER_LIMIT:
        return "provider_limit";
    case ETWR_REASON_REGISTER_FAILED:
        return "register_failed";
    case ETWR_REASON_SCHEMA:
        return "schema";
    case ETWR_REASON_VALUES:
        return "values";
    case ETWR_REASON_SHUTDOWN:
        return "shutdown";
    case ETWR_REASON_PROVIDER_CONFLICT:
        return "provider_conflict";
    case ETWR_REASON_FULL:
        return "full";
    case ETWR_REASON_IO:
        return "io";
    case ETWR_REASON_NO_BUFFERS:
        return "no_buffers";
    case ETWR_REASON_SESSION_BUFFER_SMALL:
        return "session_buffer_small";
    case ETWR_REASON_OTHER:
        return "other";
    case ETWR_REASON_IN_DOUBT:
        return "in_doubt";
    case ETWR_REASON_MALFORMED:
        return "malformed";
    case ETWR_REASON_OVERSIZE:
        return "oversize";
    case ETWR_REASON_BAD_MAGIC:
        return "bad_magic";
    case ETWR_REASON_BAD_VERSION:
        return "bad_version";
    case ETWR_REASON_UNEXPECTED:
        return "unexpected";
    case ETWR_REASON_UNKNOWN_KIND:
        return "unknown_kind";
    case ETWR_REASON_UNKNOWN_SLOT:
        return "unknown_slot";
    case ETWR_REASON_UNKNOWN_SCHEMA:
        return "unknown_schema";
    case ETWR_REASON_HELLO_TIMEOUT:
        return "hello_timeout";
    case ETWR_REASON_FRAME_TIMEOUT:
        return "frame_timeout";
    case ETWR_REASON_CLIENT_LIMIT:
        return "client_limit";
    case ETWR_REASON_USER_LIMIT:
        return "user_limit";
    case ETWR_REASON_SLOW_READER:
        return "slow_reader";
    case ETWR_REASON_STOPPING:
        return "stopping";
    case ETWR_REASON_PEER_UNKNOWN:
        return "peer_unknown";
    }
    return "unknown";
}
