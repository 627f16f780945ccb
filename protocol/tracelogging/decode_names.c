/*
 * Names of the numbers in metadata and descriptors.
 */
#include "protocol/tracelogging/decode_names.h"

const char *name_of_in(uint8_t base)
{
    static const char *const names[] = {
        [ETWR_IN_ZSTR16] = "zstr16",
        [ETWR_IN_ZSTR8] = "zstr8",
        [ETWR_IN_INT8] = "int8",
        [ETWR_IN_UINT8] = "uint8",
        [ETWR_IN_INT16] = "int16",
        [ETWR_IN_UINT16] = "uint16",
        [ETWR_IN_INT32] = "int32",
        [ETWR_IN_UINT32] = "uint32",
        [ETWR_IN_INT64] = "int64",
        [ETWR_IN_UINT64] = "uint64",
        [ETWR_IN_FLOAT32] = "float32",
        [ETWR_IN_FLOAT64] = "float64",
        [ETWR_IN_BOOL32] = "bool32",
        [ETWR_IN_BINARY] = "binary",
        [ETWR_IN_GUID] = "guid",
        [ETWR_IN_FILETIME] = "filetime",
        [ETWR_IN_SYSTEMTIME] = "systemtime",
        [ETWR_IN_SID] = "sid",
        [ETWR_IN_HEXINT32] = "hexint32",
        [ETWR_IN_HEXINT64] = "hexint64",
        [ETWR_IN_STR16] = "str16",
        [ETWR_IN_STR8] = "str8",
        [ETWR_IN_STRUCT] = "struct",
        [ETWR_IN_CBINARY] = "cbinary",
    };

    if (base >= sizeof names / sizeof names[0] || !names[base]) return "";
    return names[base];
}

const char *name_of_out(uint8_t out)
{
    switch (out) {
    case ETWR_OUT_NULL:
        return "null";
    case ETWR_OUT_NOPRINT:
        return "noprint";
    case ETWR_OUT_STRING:
        return "string";
    case ETWR_OUT_BOOLEAN:
        return "boolean";
    case ETWR_OUT_HEX:
        return "hex";
    case ETWR_OUT_PID:
        return "pid";
    case ETWR_OUT_TID:
        return "tid";
    case ETWR_OUT_PORT:
        return "port";
    case ETWR_OUT_IPV4:
        return "ipv4";
    case ETWR_OUT_IPV6:
        return "ipv6";
    case ETWR_OUT_SOCKETADDRESS:
        return "socketaddress";
    case ETWR_OUT_XML:
        return "xml";
    case ETWR_OUT_JSON:
        return "json";
    case ETWR_OUT_WIN32ERROR:
        return "win32error";
    case ETWR_OUT_NTSTATUS:
        return "ntstatus";
    case ETWR_OUT_HRESULT:
        return "hresult";
    case ETWR_OUT_FILETIME:
        return "filetime";
    case ETWR_OUT_SIGNED:
        return "signed";
    case ETWR_OUT_UNSIGNED:
        return "unsigned";
    case ETWR_OUT_CULTURE_INSENSITIVE_DATETIME:
        return "culture_insensitive_datetime";
    case ETWR_OUT_UTF8:
        return "utf8";
    case ETWR_OUT_PKCS7_WITH_TYPE_INFO:
        return "pkcs7_with_type_info";
    case ETWR_OUT_CODE_POINTER:
        return "code_pointer";
    case ETWR_OUT_DATETIME_UTC:
        return "datetime_utc";
    default:
        return NULL;
    }
}

const char *name_of_level(uint8_t level)
{
    static const char *const names[] = {NULL, "critical", "error", "warning", "info", "verbose"};

    return level < sizeof names / sizeof names[0] ? names[level] : NULL;
}
