/*
 * The real functions behind the table of etw_api.h: from our types to Windows', nothing else.
 *
 * GUIDs are copied on the way because ours may lie anywhere in a received frame and Windows' have
 * an alignment; descriptors have the same layout, which is checked here.
 */
#include "service/sink/etw_api.h"

#include <stddef.h>
#include <string.h>
#include <windows.h>
/* After windows.h. */
#include <evntprov.h>

_Static_assert(sizeof(struct etwr_guid) == sizeof(GUID), "GUID");
_Static_assert(sizeof(REGHANDLE) == sizeof(uint64_t), "REGHANDLE");
_Static_assert(sizeof(struct etw_data) == sizeof(EVENT_DATA_DESCRIPTOR) &&
                   offsetof(struct etw_data, size) == offsetof(EVENT_DATA_DESCRIPTOR, Size) &&
                   offsetof(struct etw_data, reserved) == offsetof(EVENT_DATA_DESCRIPTOR, Reserved),
               "EVENT_DATA_DESCRIPTOR");
_Static_assert(sizeof(struct etwr_descriptor) == sizeof(EVENT_DESCRIPTOR) &&
                   offsetof(struct etwr_descriptor, version) ==
                       offsetof(EVENT_DESCRIPTOR, Version) &&
                   offsetof(struct etwr_descriptor, channel) ==
                       offsetof(EVENT_DESCRIPTOR, Channel) &&
                   offsetof(struct etwr_descriptor, level) == offsetof(EVENT_DESCRIPTOR, Level) &&
                   offsetof(struct etwr_descriptor, opcode) == offsetof(EVENT_DESCRIPTOR, Opcode) &&
                   offsetof(struct etwr_descriptor, task) == offsetof(EVENT_DESCRIPTOR, Task) &&
                   offsetof(struct etwr_descriptor, keyword) == offsetof(EVENT_DESCRIPTOR, Keyword),
               "EVENT_DESCRIPTOR");

static GUID guid_of(const struct etwr_guid *id)
{
    GUID guid;
    memcpy(&guid, id->bytes, sizeof guid);
    return guid;
}

static VOID NTAPI on_enable(LPCGUID source, ULONG control, UCHAR level, ULONGLONG match_any,
                            ULONGLONG match_all, PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    struct etw_listener *listener = context;
    (void)source, (void)filter;
    listener->on_control(listener, control, level, match_any, match_all);
}

static uint32_t win_register(const struct etwr_guid *id, struct etw_listener *listener,
                             uint64_t *handle)
{
    const GUID guid = guid_of(id);
    REGHANDLE registered = 0; /* not every implementation writes it */
    ULONG code = EventRegister(&guid, on_enable, listener, &registered);
    if (code == ERROR_SUCCESS) *handle = registered;
    return code;
}

static uint32_t win_unregister(uint64_t handle)
{
    return EventUnregister(handle);
}

static uint32_t win_set_information(uint64_t handle, uint32_t information_class,
                                    const void *information, uint32_t size)
{
    return EventSetInformation(handle, (EVENT_INFO_CLASS)information_class,
                               (PVOID)(uintptr_t)information, size);
}

static bool win_provider_enabled(uint64_t handle, uint8_t level, uint64_t keyword)
{
    return EventProviderEnabled(handle, level, keyword) != FALSE;
}

static uint32_t win_write_transfer(uint64_t handle, const struct etwr_descriptor *descriptor,
                                   const struct etwr_guid *activity_id,
                                   const struct etwr_guid *related_activity_id, uint32_t data_count,
                                   const struct etw_data *data)
{
    const GUID activity = guid_of(activity_id);
    GUID related;
    LPCGUID related_or_none = NULL;
    if (related_activity_id != NULL) {
        related = guid_of(related_activity_id);
        related_or_none = &related;
    }
    /* Windows only reads the descriptors of data, though it takes them without const. */
    return EventWriteTransfer(handle, (PCEVENT_DESCRIPTOR)descriptor, &activity, related_or_none,
                              data_count, (PEVENT_DATA_DESCRIPTOR)(uintptr_t)data);
}

const struct etw_api *etw_api_system(void)
{
    static const struct etw_api api = {
        .event_register = win_register,
        .event_unregister = win_unregister,
        .event_set_information = win_set_information,
        .event_provider_enabled = win_provider_enabled,
        .event_write_transfer = win_write_transfer,
    };
    return &api;
}
