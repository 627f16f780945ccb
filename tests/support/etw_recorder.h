/*
 * An Event Tracing for Windows for tests, behind the table of service/sink/etw_api.h: it keeps what
 * is registered and written, byte for byte, plays the sessions, and fails when told to.
 *
 * As with the real one, callbacks come on the thread that changes something, one provider's one
 * after the other, and unregistering waits for them. One a process; threads: any.
 */
#ifndef ETWRELAY_TESTS_ETW_RECORDER_H
#define ETWRELAY_TESTS_ETW_RECORDER_H

#include "service/sink/etw_api.h"

#define RECORDER_DATA_MAX 8
/* Handles are large, so that one that was cut short is noticed. */
#define RECORDER_HANDLE_BASE UINT64_C(0x700000000)

/* One call of EventWriteTransfer that was accepted, or would have been. */
struct recorded_write {
    struct etwr_guid provider_id;
    struct etwr_descriptor descriptor;
    bool has_activity, has_related; /* the pointer was not NULL */
    struct etwr_guid activity_id, related_activity_id;
    uint32_t data_count;
    struct {
        uint32_t reserved;
        struct etwr_bytes bytes;
    } data[RECORDER_DATA_MAX];
    uint8_t *copy; /* of all data */
};

/* How the next calls end; 0 is success. */
struct recorder_results {
    uint32_t event_register;
    uint32_t set_traits;
    uint32_t use_descriptor_type;
    uint32_t write;
};

void recorder_reset(void);
const struct etw_api *recorder_api(void);
void recorder_fail(const struct recorder_results *results);

/* What a trace session does. It may do so before the provider is registered, or without it ever
 * being. */
void recorder_enable(const struct etwr_guid *id, uint8_t level, uint64_t match_any,
                     uint64_t match_all);
void recorder_disable(const struct etwr_guid *id);
/* Any control code, straight to the callback. */
void recorder_control(const struct etwr_guid *id, uint32_t control, uint8_t level,
                      uint64_t match_any, uint64_t match_all);

/* Is this id registered now, and under which traits? Lent until it is unregistered. */
bool recorder_find(const struct etwr_guid *id, struct etwr_bytes *traits);
bool recorder_heeds_types(const struct etwr_guid *id);
unsigned recorder_registered_count(void);
unsigned recorder_unregister_calls(void);

/* Writes so far, failed ones included; and one of them, lent until recorder_reset(). */
size_t recorder_write_count(void);
const struct recorded_write *recorder_write(size_t index);
/* Do not keep what is written, only count it: for floods. */
void recorder_keep_nothing(void);

#endif
