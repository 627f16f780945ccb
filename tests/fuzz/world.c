/*
 * The worker's loop is run by the test, a turn at a time, instead of by a thread of its own; so a
 * schedule is the same every time.
 */
#include "tests/fuzz/world.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "service/pipe/client.h"
#include "service/relay.h"
#include "service/support/log.h"
#include "tests/fuzz/fake_clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world_client.h"
#include "tests/fuzz/world_sink.h"

#define CLIENTS        4
#define SINKS          2
#define STEPS_MAX      400
#define STOP_TURNS_MAX 2000
#define STOP_TURN_MS   20
#define JUMP_STEP_MS   300  /* deadlines are looked at once in so long */
#define LOOK_MS        1000 /* a service that is awake has a turn at least as often */
#define HOUR_MS        3600000

static const char config_text[] =
    "{\"origin\":[\"pid\",\"sequence\",\"user\"],\"workers\":1,"
    "\"sinks\":[{\"type\":\"null\",\"filter\":{\"level\":4}},{\"type\":\"null\"}],"
    "\"limits\":{\"clients\":3,\"clients_per_user\":2,\"hellos_per_user\":2,\"providers\":4,"
    "\"providers_per_client\":2,\"schemas_per_client\":4,\"events_per_second_per_user\":200,"
    "\"burst_seconds\":1}}";

/* Fewer names, another origin, other filters: what a reload changes. */
static const char other_config_text[] =
    "{\"origin\":[],\"workers\":1,"
    "\"sinks\":[{\"type\":\"null\"},{\"type\":\"null\",\"filter\":{\"providers\":[\"A.*\"]}}],"
    "\"providers\":[{\"name\":\"B.*\",\"allow\":false},{\"name\":\"*\"}]}";

struct world {
    struct relay relay;
    struct worker worker;
    struct options options;
    struct world_sink sinks[SINKS];
    struct world_client clients[CLIENTS];
    bool is_stopping;
    bool is_ended;
};

/* The worker's thread, which this test is. */
int __wrap_uv_thread_create(uv_thread_t *thread, uv_thread_cb entry, void *argument);
int __wrap_uv_thread_create(uv_thread_t *thread, uv_thread_cb entry, void *argument)
{
    (void)thread;
    (void)entry;
    (void)argument;
    return 0;
}

int __wrap_uv_thread_join(uv_thread_t *thread);
int __wrap_uv_thread_join(uv_thread_t *thread)
{
    (void)thread;
    return 0;
}

static struct config *parse_config(const char *config_json)
{
    struct config *config = NULL;
    struct text errors;

    text_init(&errors);
    FUZZ_CHECK(config_parse(config_json, strlen(config_json), &config, &errors) == ETWR_OK);
    text_clear(&errors);
    return config;
}

static void on_settled(void *context, unsigned worker)
{
    struct world *world = context;
    (void)worker;
    worker_notice_settled(&world->worker);
}

static void on_error(void *context, const struct sink *sink, enum etwr_reason reason,
                     const char *message)
{
    (void)context;
    (void)sink;
    (void)reason;
    (void)message;
}

static void begin_sinks(struct world *world)
{
    const struct sink_callbacks callbacks = {
        .on_settled = on_settled, .on_error = on_error, .context = world};
    struct etwr_guid own_id;

    FUZZ_CHECK(etwr_provider_id_from_name(RELAY_OWN_PROVIDER, &own_id) == ETWR_OK);
    for (size_t i = 0; i < SINKS; i++) {
        world_sink_init(&world->sinks[i], &callbacks, &own_id);
        world->relay.sinks[world->relay.sink_count++] = &world->sinks[i].base;
    }
}

static void begin(struct world *world)
{
    struct relay *relay = &world->relay;
    struct config *config = parse_config(config_text);

    memset(world, 0, sizeof *world);
    (void)signal(SIGPIPE, SIG_IGN); /* as the service's host does */
    fake_clock_start();
    log_init(LOG_LEVEL_ERROR);
    relay->options = &world->options;
    relay->settings = settings_create(config);
    config_unref(config);
    FUZZ_CHECK(relay->settings != NULL);
    const struct config_limits *limits = &relay->settings->config->limits;
    FUZZ_CHECK(registry_create(limits, &relay->registry) == ETWR_OK);
    FUZZ_CHECK(quota_create(limits, &relay->quota) == ETWR_OK);
    begin_sinks(world);
    FUZZ_CHECK(relay_open_own_provider(relay));
    relay->workers = &world->worker;
    relay->worker_count = 1;
    FUZZ_CHECK(worker_start(&world->worker, relay, 0, relay->settings) == ETWR_OK);
    relay->workers_started = 1;
    for (size_t i = 0; i < CLIENTS; i++)
        world_client_init(&world->clients[i]);
}

static uint64_t sum_of(const struct account_counts *counts)
{
    uint64_t sum = counts->written + counts->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        sum += counts->dropped[i];
    return sum;
}

/* What the service says of a sink is what the sink has seen. */
static void check_sink(const struct worker_sink *at_worker, const struct world_sink *sink)
{
    FUZZ_CHECK(at_worker->pending == sink->pending);
    FUZZ_CHECK(at_worker->counts.written == sink->written + sink->batch_written);
    FUZZ_CHECK(at_worker->counts.not_enabled >= sink->not_enabled);
    uint64_t dropped =
        sum_of(&at_worker->counts) - at_worker->counts.written - at_worker->counts.not_enabled;
    FUZZ_CHECK(dropped == sink->dropped + sink->batch_dropped);
}

static uint64_t check_books(const struct world *world)
{
    const struct worker *worker = &world->worker;
    uint64_t accepted = worker->retired.accepted;
    uint64_t settled = sum_of(&worker->retired.counts);
    uint64_t pending = 0;

    for (const struct client *client = worker->clients; client != NULL; client = client->next) {
        FUZZ_CHECK(account_is_exact(&client->account));
        accepted += client->account.accepted;
        settled += sum_of(&client->account.counts);
        pending += client->account.pending;
    }
    FUZZ_CHECK(accepted == settled + pending);
    for (size_t i = 0; i < SINKS; i++)
        check_sink(&worker->sinks[i], &world->sinks[i]);
    return accepted;
}

static void turn(struct world *world)
{
    if (world->is_ended) return;
    if (uv_run(&world->worker.loop, UV_RUN_NOWAIT) == 0) world->is_ended = true;
}

static void connect_client(struct world *world, struct world_client *client, unsigned pick)
{
    struct peer peer = {.pid = 4 + pick % 2, .is_known = true, .is_operator = pick % 16 == 0};

    if (client->fd >= 0 || world->is_stopping) return;
    peer.user_key[0] = peer.user[0] = peer.user_id[0] = (char)('a' + pick / 2 % 2);
    int handle = world_client_connect(client);
    relay_on_accept(&world->relay, handle, &peer);
    if (pick % 8 == 7) return;
    world_client_say_hello(client, 1 + pick);
    world_client_say_usual(client);
}

static void settle(struct world *world, struct world_sink *sink, unsigned pick)
{
    static const enum etwr_reason reasons[] = {ETWR_REASON_NONE, ETWR_REASON_NONE, ETWR_REASON_IO,
                                               ETWR_REASON_FULL};
    bool is_any = false;

    for (unsigned i = 0; i <= pick / 4 % 4; i++)
        is_any = world_sink_settle(sink, reasons[pick % 4]) || is_any;
    if (is_any) worker_notice_settled(&world->worker);
}

static void change_sink(struct world *world, struct world_sink *sink, unsigned pick)
{
    static const enum sink_result answers[] = {SINK_PENDING, SINK_WRITTEN, SINK_DROPPED,
                                               SINK_NOT_ENABLED};
    if (pick % 4 == 0) {
        sink->is_ready = !sink->is_ready;
        worker_notice_settled(&world->worker);
    } else if (pick % 4 == 1) {
        sink->listeners.enabled = !sink->listeners.enabled;
        sink->listeners.level = (uint8_t)(1 + pick / 4);
        sink->listeners.captures += pick / 128;
        worker_notice_enablement(&world->worker);
    } else {
        sink->answer = answers[pick / 4 % 4];
    }
}

static void reload(struct world *world, unsigned pick)
{
    struct config *config = parse_config(pick % 2 ? config_text : other_config_text);
    struct worker_message *message = worker_message_create(WORKER_SETTINGS);
    bool changed;

    FUZZ_CHECK(message != NULL);
    struct settings *settings = settings_follow(world->relay.settings, config, &changed);
    FUZZ_CHECK(settings != NULL);
    registry_configure(world->relay.registry, &config->limits);
    quota_configure(world->relay.quota, &config->limits);
    config_unref(config);
    settings_unref(world->relay.settings);
    world->relay.settings = settings;
    message->settings = settings_ref(settings);
    worker_post(&world->worker, message);
}

static void stop(struct world *world)
{
    struct worker_message *message;

    if (world->is_stopping) return;
    world->is_stopping = true;
    message = worker_message_create(WORKER_STOP);
    FUZZ_CHECK(message != NULL);
    worker_post(&world->worker, message);
}

static void advance(struct world *world, unsigned pick)
{
    static const uint32_t amounts[] = {1, 5, 25, 30, 250, 1000, 5000, 11000};
    uint32_t left = amounts[pick % 8];

    if (pick == 253) fake_clock_advance_ms(HOUR_MS);                /* the machine slept */
    if (pick == 255) fake_clock_set_wall_ms(-INT64_C(31536000000)); /* a year back */
    if (pick == 254) fake_clock_set_wall_ms(INT64_C(31536000000));
    for (; left > LOOK_MS; left -= LOOK_MS) {
        fake_clock_advance_ms(LOOK_MS);
        turn(world);
    }
    fake_clock_advance_ms(left);
    (void)registry_sweep(world->relay.registry, relay_now_ms());
}

static void step(struct world *world, struct reader *reader)
{
    unsigned what = read_u8(reader);
    unsigned pick = read_u8(reader);
    struct world_client *client = &world->clients[what / 16 % CLIENTS];
    struct world_sink *sink = &world->sinks[what / 16 % SINKS];

    switch (what % 16) {
    case 0:
    case 1:
        connect_client(world, client, pick);
        return;
    case 2:
    case 3:
    case 4:
    case 5:
        if (client->fd >= 0) world_client_say(client, reader);
        return;
    case 6:
        world_client_send(client, pick);
        turn(world);
        return;
    case 7:
    case 8:
        world_client_send(client, SIZE_MAX);
        turn(world);
        return;
    case 9:
        turn(world);
        return;
    case 10:
        advance(world, pick);
        turn(world);
        return;
    case 11:
        settle(world, sink, pick);
        return;
    case 12:
        change_sink(world, sink, pick);
        return;
    case 13:
        world_client_hear(client);
        return;
    case 14:
        if (pick % 4 == 0) world_client_close(client);
        if (pick % 4 == 1) reload(world, pick / 4);
        return;
    default:
        if (pick < 8) stop(world);
        turn(world);
        return;
    }
}

static void settle_all(struct world *world)
{
    for (size_t i = 0; i < SINKS; i++) {
        world->sinks[i].is_ready = true;
        while (world_sink_settle(&world->sinks[i], ETWR_REASON_NONE))
            continue;
    }
    worker_notice_settled(&world->worker);
}

static void run_to_end(struct world *world)
{
    stop(world);
    for (unsigned i = 0; i < STOP_TURNS_MAX && !world->is_ended; i++) {
        settle_all(world);
        turn(world);
        for (size_t j = 0; j < CLIENTS; j++)
            world_client_hear(&world->clients[j]);
        fake_clock_advance_ms(STOP_TURN_MS);
        (void)check_books(world);
    }
    FUZZ_CHECK(world->is_ended);
}

static void end(struct world *world)
{
    struct relay *relay = &world->relay;

    worker_join(&world->worker);
    settle_all(world);
    worker_finish(&world->worker);
    for (size_t i = 0; i < SINKS; i++)
        FUZZ_CHECK(world->sinks[i].pending == 0);
    FUZZ_CHECK(world->worker.own.pending == 0 && world->worker.session_count == 0);
    for (size_t i = 0; i < CLIENTS; i++)
        world_client_clear(&world->clients[i]);
    worker_clear(&world->worker);
    registry_close(relay->registry, relay->own_provider, relay_now_ms());
    registry_destroy(relay->registry);
    for (size_t i = 0; i < SINKS; i++)
        world_sink_clear(&world->sinks[i]);
    quota_destroy(relay->quota);
    settings_unref(relay->settings);
    log_finish();
    fake_clock_stop();
}

uint64_t world_run(const uint8_t *bytes, size_t size)
{
    struct world *world = malloc(sizeof *world);
    struct reader reader;

    FUZZ_CHECK(world != NULL);
    reader_init(&reader, bytes, size);
    begin(world);
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&reader) > 0; i++) {
        step(world, &reader);
        (void)check_books(world);
    }
    run_to_end(world);
    uint64_t accepted = check_books(world);
    end(world);
    free(world);
    return accepted;
}

static void turn_after(struct world *world, uint64_t ms)
{
    fake_clock_advance_ms(ms);
    settle_all(world);
    for (int i = 0; i < 3; i++)
        turn(world);
    for (size_t i = 0; i < CLIENTS; i++)
        world_client_hear(&world->clients[i]);
}

bool world_serves_through(const int64_t *wall_ms, size_t count, uint64_t sleep_ms)
{
    struct world *world = malloc(sizeof *world);

    FUZZ_CHECK(world != NULL);
    begin(world);
    struct world_client *client = &world->clients[0], *silent = &world->clients[1];
    connect_client(world, client, 0);
    connect_client(world, silent, 7); /* no HELLO yet */
    world_client_send(client, client->out_size - 1);
    turn_after(world, 0);
    for (size_t i = 0; i < count; i++) {
        fake_clock_set_wall_ms(wall_ms[i]);
        turn_after(world, JUMP_STEP_MS);
    }
    if (sleep_ms > 0) turn_after(world, sleep_ms);
    world_client_send(client, SIZE_MAX);
    for (int i = 0; i < 3; i++)
        turn_after(world, JUMP_STEP_MS);
    bool is_served = !client->is_over && !silent->is_over && client->acked > 0 &&
                     client->acked == client->events;
    run_to_end(world);
    (void)check_books(world);
    end(world);
    free(world);
    return is_served;
}
