/*
 * The client library against a service that says anything.
 *
 * The background thread's function runs in the test's own thread: where it would wait, the next
 * step of the input is taken instead. So a run is the same every time. Whatever the service says,
 * the client's books balance, every frame that it sends is good, and at the end nothing is pending.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <etwrelay/client.h>

#include "client/client.h"
#include "client/os.h"
#include "client/transport.h"
#include "protocol/wire/reply.h"
#include "protocol/wire/request.h"
#include "tests/fuzz/fake_clock.h"
#include "tests/fuzz/fuzz.h"

#define PROVIDERS  3
#define STEPS_MAX  400
#define OUT_BYTES  ((size_t)256 * 1024)
#define HEAR_BYTES ((size_t)512 * 1024)

static struct play {
    struct reader script;
    unsigned steps;
    bool is_in_callback;
    int fd; /* the service's end; -1: closed */
    uint8_t *out;
    size_t out_size;
    uint8_t *heard;
    size_t heard_size;
    struct etwr_client *client;
    struct etwr_provider *providers[PROVIDERS];
    struct etwr_event *event;
    uint64_t written; /* valid events handed to the library */
    uint64_t sequence, cookie;
    void (*run)(void *context);
    void *context;
} play;

/* ---- the library's calls that this test takes over */

struct os_thread *__wrap_os_thread_start(void (*run)(void *context), void *context);
struct os_thread *__wrap_os_thread_start(void (*run)(void *context), void *context)
{
    play.run = run;
    play.context = context;
    return (struct os_thread *)(void *)&play;
}

void __wrap_os_thread_join(struct os_thread *thread);
void __wrap_os_thread_join(struct os_thread *thread)
{
    (void)thread;
}

bool __wrap_os_thread_is_current(const struct os_thread *thread);
bool __wrap_os_thread_is_current(const struct os_thread *thread)
{
    (void)thread;
    return play.is_in_callback;
}

/* ---- what the service says */

static struct writer begin(void)
{
    struct writer writer;
    writer_init(&writer, play.out + play.out_size, OUT_BYTES - play.out_size);
    return writer;
}

static void end(const struct writer *writer)
{
    if (!writer->failed) play.out_size += writer_size(writer);
}

static void say_welcome(unsigned pick)
{
    const struct reply_welcome welcome = {.version = (uint16_t)(pick % 16 == 15 ? 2 : 1),
                                          .body_max_bytes = pick % 8 == 7 ? pick * 16 : 65535,
                                          .schemas_max = pick % 4 == 3 ? 2 : 4096,
                                          .providers_max = 8};
    struct writer writer = begin();
    reply_put_welcome(&writer, &welcome);
    end(&writer);
}

static void say_state(unsigned pick)
{
    const struct reply_provider_state state = {.slot = (uint16_t)(1 + pick % 4),
                                               .generation = read_u8(&play.script),
                                               .result = (uint8_t)(pick >= 192 ? pick % 70 : 0),
                                               .control = (uint8_t)(pick / 4 % 4),
                                               .level = read_u8(&play.script),
                                               .match_any = UINT64_MAX >> pick % 64};
    struct writer writer = begin();
    reply_put_provider_state(&writer, &state);
    end(&writer);
}

/* Near the truth, or a lie by a little. */
static void say_ack(unsigned pick)
{
    struct reply_ack ack = {.sequence = play.sequence + pick % 4 - 1,
                            .written = play.sequence - read_u8(&play.script) % 4,
                            .not_enabled = pick / 16 % 3,
                            .dropped_count = pick / 64 % 2};
    struct writer writer = begin();
    ack.dropped[0].reason = (uint8_t)(1 + pick % 62);
    ack.dropped[0].count = pick % 5;
    reply_put_ack(&writer, &ack);
    end(&writer);
}

static void say_text(unsigned pick)
{
    struct writer writer = begin();
    const struct etwr_bytes text = {"no\nway", pick % 7};

    if (pick % 4 == 0) {
        const struct reply_refused refused = {(uint8_t)(64 + pick / 4 % 16), text};
        reply_put_refused(&writer, &refused);
    } else if (pick % 4 == 1) {
        const struct reply_error error = {pick, (uint8_t)(1 + pick / 4), text};
        reply_put_error(&writer, &error);
    } else {
        const struct reply_status status = {play.client->status.cookie, pick % 8 == 2, text};
        reply_put_status(&writer, &status);
    }
    end(&writer);
}

static void say_flushed(unsigned pick)
{
    struct writer writer = begin();
    reply_put_flushed(&writer, play.cookie + pick % 3 - 1);
    end(&writer);
}

static void say_raw(unsigned pick)
{
    struct etwr_bytes bytes = fuzz_take(&play.script, pick);
    struct writer writer = begin();
    put_bytes(&writer, bytes.data, bytes.size);
    end(&writer);
}

static void say(unsigned what, unsigned pick)
{
    switch (what % 7) {
    case 0:
        say_welcome(pick);
        return;
    case 1:
        say_state(pick);
        return;
    case 2:
    case 3:
        say_ack(pick);
        return;
    case 4:
        say_text(pick);
        return;
    case 5:
        say_flushed(pick);
        return;
    default:
        say_raw(pick);
        return;
    }
}

static void send_some(size_t max_bytes)
{
    size_t size = play.out_size < max_bytes ? play.out_size : max_bytes;

    if (play.fd < 0 || size == 0) return;
    ssize_t sent = send(play.fd, play.out, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) return;
    play.out_size -= (size_t)sent;
    memmove(play.out, play.out + sent, play.out_size);
}

/* ---- what the client says: always good */

static void hear_frame(const struct frame *frame)
{
    struct request_hello hello;
    struct request_provider_open open;
    struct request_schema schema;
    struct request_event event;
    struct request_lost lost;
    uint64_t cookie;
    uint16_t slot;

    switch (frame->kind) {
    case WIRE_HELLO:
        FUZZ_CHECK(request_read_hello(frame, &hello) == ETWR_OK);
        play.sequence = hello.first_sequence - 1;
        return;
    case WIRE_PROVIDER_OPEN:
        FUZZ_CHECK(request_read_provider_open(frame, &open) == ETWR_OK);
        return;
    case WIRE_PROVIDER_CLOSE:
        FUZZ_CHECK(request_read_provider_close(frame, &slot) == ETWR_OK);
        return;
    case WIRE_SCHEMA:
        FUZZ_CHECK(request_read_schema(frame, &schema) == ETWR_OK);
        return;
    case WIRE_EVENT:
        FUZZ_CHECK(request_read_event(frame, &event) == ETWR_OK);
        play.sequence++;
        return;
    case WIRE_LOST:
        FUZZ_CHECK(request_read_lost(frame, &lost) == ETWR_OK);
        play.sequence += lost.count;
        return;
    case WIRE_FLUSH:
        FUZZ_CHECK(request_read_flush(frame, &play.cookie) == ETWR_OK);
        return;
    default:
        FUZZ_CHECK(request_read_status(frame, &cookie) == ETWR_OK);
    }
}

static void hear(void)
{
    if (play.fd < 0) return;
    ssize_t got =
        recv(play.fd, play.heard + play.heard_size, HEAR_BYTES - play.heard_size, MSG_DONTWAIT);
    if (got <= 0) return;
    play.heard_size += (size_t)got;
    size_t at = 0;
    for (;;) {
        struct frame frame;
        size_t used;
        enum frame_result result = frame_find(play.heard + at, play.heard_size - at, &frame, &used);
        FUZZ_CHECK(result != FRAME_OVERSIZE);
        if (result == FRAME_PARTIAL) break;
        hear_frame(&frame);
        at += used;
    }
    play.heard_size -= at;
    memmove(play.heard, play.heard + at, play.heard_size);
}

/* ---- what the program does */

static void write_event(struct etwr_provider *provider, unsigned pick)
{
    static const uint8_t bytes[60000];
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H"};

    if (provider == NULL) return;
    (void)etwr_event_reset(play.event, names[pick % 8], (uint8_t)(pick % 6), 1u << pick % 5);
    if (pick % 16 == 15)
        (void)etwr_event_add_binary(play.event, "b", bytes, pick * 235u, ETWR_OUT_NULL, 0);
    else
        (void)etwr_event_add_uint32(play.event, "n", pick, ETWR_OUT_NULL, 0);
    enum etwr_status status = etwr_provider_write(provider, play.event);
    FUZZ_CHECK(status != ETWR_E_MALFORMED && status != ETWR_E_BAD_VALUE && status != ETWR_E_CLOSED);
    play.written++;
}

static void on_provider(void *context, enum etwr_provider_change change, uint8_t level,
                        uint64_t match_any, uint64_t match_all)
{
    struct etwr_provider **provider = context;
    (void)match_all;
    FUZZ_CHECK(change != ETWR_PROVIDER_DISABLED || (level == 0 && match_any == 0));
    play.is_in_callback = true;
    if (change == ETWR_PROVIDER_CAPTURE_STATE) write_event(*provider, level);
    play.is_in_callback = false;
}

static void toggle_provider(struct etwr_provider **provider, unsigned pick)
{
    struct etwr_provider_options options;

    if (*provider != NULL) {
        etwr_provider_close(*provider);
        *provider = NULL;
        return;
    }
    etwr_provider_options_init(&options);
    options.callback = on_provider;
    options.context = provider;
    FUZZ_CHECK(etwr_provider_open(play.client, pick % 2 ? "One" : "Two", &options, provider) ==
               ETWR_OK);
}

/* As a thread in etwr_client_status() would, which waits. */
static void ask_status(void)
{
    client_lock(play.client);
    play.client->status.is_busy = true;
    play.client->status.is_done = false;
    play.client->status.size = 0;
    play.client->status.cookie++;
    client_unlock(play.client);
}

static void check_books(void)
{
    struct etwr_counters counters;
    char error[64];

    etwr_client_counters(play.client, &counters);
    uint64_t sum = counters.not_enabled + counters.settled_written + counters.settled_not_enabled +
                   counters.in_doubt + counters.pending;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        sum += counters.dropped[i] + counters.settled_dropped[i];
    FUZZ_CHECK(counters.produced == sum && counters.produced == play.written);
    etwr_client_last_error(play.client, error, sizeof error);
    FUZZ_CHECK(fuzz_is_printable(error, strlen(error)));
}

static void act(unsigned what, unsigned pick)
{
    struct etwr_provider **provider = &play.providers[pick % PROVIDERS];

    switch (what % 8) {
    case 0:
        toggle_provider(provider, pick / 4);
        return;
    case 1:
        (void)etwr_client_flush(play.client, 0);
        return;
    case 2:
        ask_status();
        return;
    case 3:
        fake_clock_advance_ms(pick < 250 ? pick : 6000);
        return;
    default:
        for (unsigned i = 0; i <= pick / 64; i++)
            write_event(*provider, pick + i);
        return;
    }
}

/* ---- the script */

static void step(void)
{
    unsigned what = read_u8(&play.script);
    unsigned pick = read_u8(&play.script);

    switch (what % 8) {
    case 0:
    case 1:
    case 2:
        say(what / 8, pick);
        send_some(pick >= 224 ? pick % 16 : SIZE_MAX);
        return;
    case 3:
        send_some(1 + pick);
        return;
    case 4:
        hear();
        return;
    case 5:
        if (pick < 4 && play.fd >= 0) {
            close(play.fd);
            play.fd = -1;
        }
        return;
    default:
        act(what / 8, pick);
        return;
    }
}

static void finish(void)
{
    client_lock(play.client);
    play.client->is_stopping = true;
    play.client->status.is_busy = false;
    client_unlock(play.client);
}

struct transport_events __wrap_transport_wait(struct waker *waker, struct stream *stream,
                                              bool want_read, bool want_write,
                                              uint64_t deadline_ms);
struct transport_events __wrap_transport_wait(struct waker *waker, struct stream *stream,
                                              bool want_read, bool want_write, uint64_t deadline_ms)
{
    (void)waker;
    (void)deadline_ms;
    fake_clock_advance_ms(1);
    if (play.steps++ == STEPS_MAX || reader_left(&play.script) == 0) {
        hear();
        finish();
    } else {
        step();
    }
    check_books();
    return (struct transport_events){stream != NULL && want_read, stream != NULL && want_write};
}

static void begin_play(const uint8_t *bytes, size_t size)
{
    struct etwr_client_options options;
    int ends[2];

    memset(&play, 0, sizeof play);
    reader_init(&play.script, bytes, size);
    play.out = malloc(OUT_BYTES);
    play.heard = malloc(HEAR_BYTES);
    FUZZ_CHECK(play.out != NULL && play.heard != NULL);
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    play.fd = ends[0];
    FUZZ_CHECK(etwr_event_create(&play.event) == ETWR_OK);
    etwr_client_options_init(&options);
    options.queue_bytes = 65536;
    options.image_name = "fuzz";
    FUZZ_CHECK(etwr_client_adopt(&options, ends[1], &play.client) == ETWR_OK);
    toggle_provider(&play.providers[0], 1);
    say_welcome(read_u8(&play.script));
    send_some(SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct etwr_counters counters;

    (void)signal(SIGPIPE, SIG_IGN);
    fake_clock_start();
    begin_play(bytes, size);
    play.run(play.context);
    check_books();
    etwr_client_destroy(play.client, 0, &counters);
    FUZZ_CHECK(counters.pending == 0 && counters.produced == play.written);
    etwr_event_destroy(play.event);
    if (play.fd >= 0) close(play.fd);
    free(play.out);
    free(play.heard);
    fake_clock_stop();
    return 0;
}
