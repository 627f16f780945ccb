/*
 * The few functions of Event Tracing for Windows that the etw sink calls, as a table.
 *
 * The table is where what is ours ends: everything above it is the same on every system and is
 * tested with a recorder in its place; etw_api_win.c behind it only translates types. Numbers and
 * layouts are those of evntprov.h.
 */
#ifndef ETWRELAY_ETW_API_H
#define ETWRELAY_ETW_API_H

#include <stdbool.h>

#include <etwrelay/types.h>

/* EVENT_INFO_CLASS */
#define ETW_SET_TRAITS          2u /* EventProviderSetTraits: the traits */
#define ETW_USE_DESCRIPTOR_TYPE 3u /* EventProviderUseDescriptorType: one byte, 1 */

/* EVENT_CONTROL_CODE_... */
#define ETW_DISABLE       0u
#define ETW_ENABLE        1u
#define ETW_CAPTURE_STATE 2u

/* EVENT_DATA_DESCRIPTOR_TYPE_... */
#define ETW_DATA_VALUES            0u
#define ETW_DATA_EVENT_METADATA    1u
#define ETW_DATA_PROVIDER_METADATA 2u

/* Results: Windows error codes, and one NTSTATUS that is documented among them. */
#define ETW_SUCCESS              0u
#define ETW_ACCESS_DENIED        5u
#define ETW_INVALID_HANDLE       6u
#define ETW_NOT_ENOUGH_MEMORY    8u
#define ETW_INVALID_PARAMETER    87u
#define ETW_MORE_DATA            234u
#define ETW_ARITHMETIC_OVERFLOW  534u
#define ETW_LOG_FILE_FULL        1502u
#define ETW_STATUS_LOG_FILE_FULL 0xC0000188u

/* EVENT_DATA_DESCRIPTOR. ETW looks at the type only because it was told to
 * (ETW_SET_TRAITS), and then all of `reserved` must be set: type in the lowest byte, rest 0. */
struct etw_data {
    uint64_t pointer;
    uint32_t size;
    uint32_t reserved;
};

/* Who is told what sessions do to a provider: the callback and its context in one, so that calling
 * conventions stay behind the table. */
struct etw_listener {
    /* Any thread, also before event_register() has returned. Must not block, unregister, or control
     * sessions. */
    void (*on_control)(struct etw_listener *listener, uint32_t control, uint8_t level,
                       uint64_t match_any, uint64_t match_all);
};

struct etw_api {
    /* `handle` is 0 before the call; the listener is lent until event_unregister() returns. */
    uint32_t (*event_register)(const struct etwr_guid *id, struct etw_listener *listener,
                               uint64_t *handle);
    /* Waits for calls of the listener that are under way. */
    uint32_t (*event_unregister)(uint64_t handle);
    uint32_t (*event_set_information)(uint64_t handle, uint32_t information_class,
                                      const void *information, uint32_t size);
    bool (*event_provider_enabled)(uint64_t handle, uint8_t level, uint64_t keyword);
    uint32_t (*event_write_transfer)(uint64_t handle, const struct etwr_descriptor *descriptor,
                                     const struct etwr_guid *activity_id,
                                     const struct etwr_guid *related_activity_id,
                                     uint32_t data_count, const struct etw_data *data);
};

/* The system's own; NULL: it has no Event Tracing for Windows. */
const struct etw_api *etw_api_system(void);

#endif
