/* See etw_recorder.h. */
#include "tests/support/etw_recorder.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define SLOTS_MAX   1100
#define NOT_ALLOWED UINT32_MAX /* no Windows code: a call that breaks the rules */

struct session { /* all sessions' wishes for one id, as ETW would merge them */
    bool exists, enabled;
    struct etwr_guid id;
    uint8_t level;
    uint64_t match_any, match_all;
};

struct registration {
    bool exists, heeds_types;
    struct etwr_guid id;
    struct etw_listener *listener;
    uint8_t *traits;
    size_t traits_size;
};

static struct {
    uv_once_t once;
    uv_mutex_t callbacks; /* one at a time; held by unregistering, too */
    uv_mutex_t mutex;     /* everything below */
    struct recorder_results results;
    struct session sessions[SLOTS_MAX];
    struct registration registrations[SLOTS_MAX];
    struct recorded_write **writes;
    size_t write_count, write_capacity, unkept_count;
    unsigned unregister_calls;
    bool keep_nothing;
} recorder = {.once = UV_ONCE_INIT};

static void init(void)
{
    if (uv_mutex_init(&recorder.callbacks) != 0 || uv_mutex_init(&recorder.mutex) != 0) abort();
}

static void lock(void)
{
    uv_once(&recorder.once, init);
    uv_mutex_lock(&recorder.mutex);
}

static void lock_callbacks(void)
{
    uv_once(&recorder.once, init);
    uv_mutex_lock(&recorder.callbacks);
}

static void unlock(void)
{
    uv_mutex_unlock(&recorder.mutex);
}

static bool is_same(const struct etwr_guid *a, const struct etwr_guid *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static struct session *find_session(const struct etwr_guid *id)
{
    for (size_t i = 0; i < SLOTS_MAX; i++)
        if (recorder.sessions[i].exists && is_same(&recorder.sessions[i].id, id))
            return &recorder.sessions[i];
    return NULL;
}

static struct session *make_session(const struct etwr_guid *id)
{
    struct session *session = find_session(id);
    for (size_t i = 0; session == NULL && i < SLOTS_MAX; i++)
        if (!recorder.sessions[i].exists) session = &recorder.sessions[i];
    if (session == NULL) abort();
    session->exists = true;
    session->id = *id;
    return session;
}

static struct registration *find_registration(const struct etwr_guid *id)
{
    for (size_t i = 0; i < SLOTS_MAX; i++)
        if (recorder.registrations[i].exists && is_same(&recorder.registrations[i].id, id))
            return &recorder.registrations[i];
    return NULL;
}

static struct registration *registration_of(uint64_t handle)
{
    uint64_t index = handle - RECORDER_HANDLE_BASE;
    if (index >= SLOTS_MAX || !recorder.registrations[index].exists) return NULL;
    return &recorder.registrations[index];
}

static void free_write(struct recorded_write *write)
{
    free(write->copy);
    free(write);
}

void recorder_reset(void)
{
    lock();
    for (size_t i = 0; i < recorder.write_count; i++)
        free_write(recorder.writes[i]);
    free(recorder.writes);
    recorder.writes = NULL;
    recorder.write_count = recorder.write_capacity = recorder.unkept_count = 0;
    for (size_t i = 0; i < SLOTS_MAX; i++)
        free(recorder.registrations[i].traits);
    memset(recorder.registrations, 0, sizeof recorder.registrations);
    memset(recorder.sessions, 0, sizeof recorder.sessions);
    memset(&recorder.results, 0, sizeof recorder.results);
    recorder.unregister_calls = 0;
    recorder.keep_nothing = false;
    unlock();
}

void recorder_fail(const struct recorder_results *results)
{
    lock();
    recorder.results = *results;
    unlock();
}

void recorder_keep_nothing(void)
{
    lock();
    recorder.keep_nothing = true;
    unlock();
}

void recorder_control(const struct etwr_guid *id, uint32_t control, uint8_t level,
                      uint64_t match_any, uint64_t match_all)
{
    lock_callbacks();
    lock();
    struct registration *registration = find_registration(id);
    struct etw_listener *listener = registration == NULL ? NULL : registration->listener;
    unlock();
    if (listener != NULL) listener->on_control(listener, control, level, match_any, match_all);
    uv_mutex_unlock(&recorder.callbacks);
}

void recorder_enable(const struct etwr_guid *id, uint8_t level, uint64_t match_any,
                     uint64_t match_all)
{
    lock();
    struct session *session = make_session(id);
    session->enabled = true;
    session->level = level;
    session->match_any = match_any;
    session->match_all = match_all;
    unlock();
    recorder_control(id, ETW_ENABLE, level, match_any, match_all);
}

void recorder_disable(const struct etwr_guid *id)
{
    lock();
    make_session(id)->enabled = false;
    unlock();
    recorder_control(id, ETW_DISABLE, 0, 0, 0);
}

/* As the real one: whoever is listened to already hears so before this returns. */
static uint32_t record_register(const struct etwr_guid *id, struct etw_listener *listener,
                                uint64_t *handle)
{
    lock();
    size_t index = 0;
    uint32_t result = *handle == 0 ? recorder.results.event_register : NOT_ALLOWED;
    while (index < SLOTS_MAX && recorder.registrations[index].exists)
        index++;
    if (result == ETW_SUCCESS && index == SLOTS_MAX) result = ETW_NOT_ENOUGH_MEMORY;
    if (result != ETW_SUCCESS) {
        unlock();
        return result;
    }
    recorder.registrations[index] =
        (struct registration){.exists = true, .id = *id, .listener = listener};
    const struct session *session = find_session(id);
    const struct session wanted = session == NULL ? (struct session){0} : *session;
    unlock();
    if (wanted.enabled)
        recorder_control(id, ETW_ENABLE, wanted.level, wanted.match_any, wanted.match_all);
    *handle = RECORDER_HANDLE_BASE + index;
    return ETW_SUCCESS;
}

static uint32_t record_unregister(uint64_t handle)
{
    lock_callbacks();
    lock();
    struct registration *registration = registration_of(handle);
    uint32_t result = registration == NULL ? ETW_INVALID_HANDLE : ETW_SUCCESS;
    recorder.unregister_calls++;
    if (registration != NULL) {
        free(registration->traits);
        memset(registration, 0, sizeof *registration);
    }
    unlock();
    uv_mutex_unlock(&recorder.callbacks);
    return result;
}

static uint32_t set_traits(struct registration *registration, const void *bytes, uint32_t size)
{
    if (recorder.results.set_traits != ETW_SUCCESS) return recorder.results.set_traits;
    registration->traits = malloc(size);
    if (registration->traits == NULL) abort();
    memcpy(registration->traits, bytes, size);
    registration->traits_size = size;
    registration->heeds_types = true;
    return ETW_SUCCESS;
}

static uint32_t use_descriptor_type(struct registration *registration, const uint8_t *bytes,
                                    uint32_t size)
{
    if (recorder.results.use_descriptor_type != ETW_SUCCESS)
        return recorder.results.use_descriptor_type;
    if (size != 1 || *bytes != 1) return ETW_INVALID_PARAMETER;
    registration->heeds_types = true;
    return ETW_SUCCESS;
}

static uint32_t record_set_information(uint64_t handle, uint32_t information_class,
                                       const void *information, uint32_t size)
{
    uint32_t result = ETW_INVALID_PARAMETER;
    lock();
    struct registration *registration = registration_of(handle);
    if (registration != NULL && information_class == ETW_SET_TRAITS)
        result = set_traits(registration, information, size);
    else if (registration != NULL && information_class == ETW_USE_DESCRIPTOR_TYPE)
        result = use_descriptor_type(registration, information, size);
    unlock();
    return result;
}

static bool record_provider_enabled(uint64_t handle, uint8_t level, uint64_t keyword)
{
    bool passes = false;
    lock();
    const struct registration *registration = registration_of(handle);
    const struct session *session = registration == NULL ? NULL : find_session(&registration->id);
    if (session != NULL && session->enabled) {
        bool is_level = session->level == 0 || level <= session->level;
        bool is_any = session->match_any == 0 || (keyword & session->match_any) != 0;
        bool is_all =
            session->match_any == 0 || (keyword & session->match_all) == session->match_all;
        passes = is_level && (keyword == 0 || (is_any && is_all));
    }
    unlock();
    return passes;
}

static void copy_data(struct recorded_write *write, uint32_t count, const struct etw_data *data)
{
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += data[i].size;
    write->copy = malloc(total + 1);
    if (write->copy == NULL) abort();
    write->data_count = count;
    total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *at = write->copy + total;
        if (data[i].size > 0) memcpy(at, (const void *)(uintptr_t)data[i].pointer, data[i].size);
        write->data[i].reserved = data[i].reserved;
        write->data[i].bytes = (struct etwr_bytes){at, data[i].size};
        total += data[i].size;
    }
}

static void keep(struct recorded_write *write)
{
    if (recorder.write_count == recorder.write_capacity) {
        size_t capacity = recorder.write_capacity == 0 ? 64 : recorder.write_capacity * 2;
        struct recorded_write **writes =
            realloc(recorder.writes, capacity * sizeof(*recorder.writes));
        if (writes == NULL) abort();
        recorder.writes = writes;
        recorder.write_capacity = capacity;
    }
    recorder.writes[recorder.write_count++] = write;
}

static uint32_t record_write_transfer(uint64_t handle, const struct etwr_descriptor *descriptor,
                                      const struct etwr_guid *activity_id,
                                      const struct etwr_guid *related_activity_id,
                                      uint32_t data_count, const struct etw_data *data)
{
    lock();
    const struct registration *registration = registration_of(handle);
    uint32_t result = recorder.results.write;
    if (registration == NULL || data_count > RECORDER_DATA_MAX) {
        unlock();
        return registration == NULL ? ETW_INVALID_HANDLE : ETW_INVALID_PARAMETER;
    }
    if (recorder.keep_nothing) {
        recorder.unkept_count++;
        unlock();
        return result;
    }
    struct recorded_write *write = calloc(1, sizeof *write);
    if (write == NULL) abort();
    write->provider_id = registration->id;
    write->descriptor = *descriptor;
    write->has_activity = activity_id != NULL;
    write->has_related = related_activity_id != NULL;
    if (activity_id != NULL) write->activity_id = *activity_id;
    if (related_activity_id != NULL) write->related_activity_id = *related_activity_id;
    copy_data(write, data_count, data);
    keep(write);
    unlock();
    return result;
}

const struct etw_api *recorder_api(void)
{
    static const struct etw_api api = {
        .event_register = record_register,
        .event_unregister = record_unregister,
        .event_set_information = record_set_information,
        .event_provider_enabled = record_provider_enabled,
        .event_write_transfer = record_write_transfer,
    };
    return &api;
}

bool recorder_find(const struct etwr_guid *id, struct etwr_bytes *traits)
{
    lock();
    const struct registration *registration = find_registration(id);
    bool exists = registration != NULL;
    if (exists && traits != NULL)
        *traits = (struct etwr_bytes){registration->traits, registration->traits_size};
    unlock();
    return exists;
}

bool recorder_heeds_types(const struct etwr_guid *id)
{
    lock();
    const struct registration *registration = find_registration(id);
    bool heeds = registration != NULL && registration->heeds_types;
    unlock();
    return heeds;
}

unsigned recorder_registered_count(void)
{
    unsigned count = 0;
    lock();
    for (size_t i = 0; i < SLOTS_MAX; i++)
        count += recorder.registrations[i].exists;
    unlock();
    return count;
}

unsigned recorder_unregister_calls(void)
{
    lock();
    unsigned calls = recorder.unregister_calls;
    unlock();
    return calls;
}

size_t recorder_write_count(void)
{
    lock();
    size_t count = recorder.write_count + recorder.unkept_count;
    unlock();
    return count;
}

const struct recorded_write *recorder_write(size_t index)
{
    lock();
    const struct recorded_write *write = recorder.writes[index];
    unlock();
    return write;
}
