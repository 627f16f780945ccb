/*
 * A thousand clients at once: all of their events are accounted for, none is served at another's
 * expense; and what crowds do that mean harm: announce much and send little, come and go, drip. And
 * a single client that would have a worker for itself.
 */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "service/pipe/session.h"
#include "tests/load/load.h"
#include "tests/load/tap.h"

#define CROWD    1000u
#define EVENTS   1000u
#define BATCH    50u
#define JAIN_MIN 0.95
/* With room for all that is over in no time, and a moment of the machine's weighs more. */
#define JAIN_MIN_TENTH 0.90
#define SIP            40960u /* room for a few batches, for which the whole crowd waits */
#define GROWTH_MAX     (16u << 20)
#define CYCLES         10000u
#define KNOCKS_AT_ONCE 64u
#define SLOW           500u
#define SLOW_SECONDS   3u
#define FRAME_TIMEOUT  "{\"limits\":{\"frame_timeout_ms\":1500}}"
/* How many are there at once decides what the allocator holds, and varies; a leak grows each round.
 */
#define ROUNDS_MAX   6
#define ROUND_GROWTH (256u << 10)

/* An event, behind a frame that is skipped and fills the piece: many bytes, and few events. */
#define PIECE_BYTES     8192u
#define PIECES_AT_ONCE  8u
#define PIECES_WANTED   96u
#define HOT_BUFFER      (1 << 20) /* the system gives less, which is enough */
#define TURN_PIECES_MAX ((SESSION_TURN_BYTES + SESSION_READ_BYTES) / PIECE_BYTES)

static struct service service;

static void setup(void)
{
    service_init(&service);
}

static void teardown(void)
{
    service_clear(&service);
}

static void send_batch(struct socket_client *client)
{
    for (uint32_t i = 0; i < BATCH; i++)
        frames_number(&client->out, 1, i);
    frames_flush(&client->out, 1);
    ck_assert(socket_client_send(client));
}

static double jain(const unsigned *done, unsigned count)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += done[i];
        squares += (double)done[i] * done[i];
    }
    return sum * sum / (count * squares);
}

/* Has the answer come? Part of it may be there, and the rest take as long as others need. */
static bool has_flushed(struct socket_client *client)
{
    struct frame frame;
    int patience_ms = client->patience_ms;
    client->patience_ms = 0;
    bool is_there = socket_client_skip_to(client, WIRE_FLUSHED, &frame);
    client->patience_ms = patience_ms;
    return is_there;
}

/* Each client has one batch under way, and the next when that is answered; and the tap is opened a
 * little at each look, if there is one. Returns the fairness of what was answered by half-time. */
static double run_crowd(struct socket_client *clients, unsigned count, const struct tap *tap)
{
    char sip[SIP];
    const size_t sip_bytes = load_scale(SIP);
    unsigned *done = calloc(count, sizeof *done);
    struct pollfd *wanted = calloc(count + 1, sizeof *wanted);
    uint64_t all = 0, total = (uint64_t)count * EVENTS;
    double fairness = 0;
    ck_assert(done != NULL && wanted != NULL);
    for (unsigned i = 0; i < count; i++) {
        wanted[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        send_batch(&clients[i]);
    }
    wanted[count] = (struct pollfd){.fd = tap == NULL ? -1 : tap->fd, .events = POLLIN};
    while (all < total) {
        ck_assert_int_gt(poll(wanted, count + 1, 20000), 0);
        if (tap != NULL) (void)tap_read(tap, sip, sip_bytes);
        for (unsigned i = 0; i < count; i++) {
            ck_assert_int_eq(wanted[i].revents & ~POLLIN, 0);
            if (wanted[i].revents == 0 || !has_flushed(&clients[i])) continue;
            done[i] += BATCH;
            all += BATCH;
            if (fairness == 0 && all >= total / 2) fairness = jain(done, count);
            if (done[i] < EVENTS)
                send_batch(&clients[i]);
            else
                wanted[i].fd = -1;
        }
    }
    free(done);
    free(wanted);
    return fairness;
}

/* All are there, and written; `name` is for the figures. */
static void check_crowd(const char *name, const struct tap *tap, double fairness_min)
{
    unsigned count = load_scale(CROWD);
    struct socket_client *clients = load_make_clients(count);
    for (unsigned i = 0; i < count; i++)
        ck_assert(socket_client_join(&clients[i], service.pipe, "Contoso.Crowd"));
    uint64_t began = load_now_ms();
    double fairness = run_crowd(clients, count, tap);
    uint64_t took = load_now_ms() - began;
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(clients[i].ack.written, EVENTS);
        ck_assert_uint_eq(socket_client_dropped(&clients[i]), 0);
    }
    load_print(name, "\"clients\":%u,\"events\":%llu,\"jain\":%.4f,\"ms\":%llu", count,
               (unsigned long long)count * EVENTS, fairness, (unsigned long long)took);
    load_free_clients(clients, count);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), (uint64_t)count * EVENTS);
    ck_assert_uint_eq(service_final(&service, "written"), (uint64_t)count * EVENTS);
    ck_assert_double_ge(fairness, fairness_min);
}

START_TEST(a_crowd_is_accounted_for_to_the_event_and_served_alike)
{
    char sink[PROCESS_PATH_MAX + 8], path[PROCESS_PATH_MAX];
    snprintf(sink, sizeof sink, "etl:%s", scratch_file(&service.scratch, "crowd.etl", path));
    load_start(&service, sink, NULL);
    check_crowd("crowd", NULL, load_is_full() ? JAIN_MIN : JAIN_MIN_TENTH);
}
END_TEST

/* The sink has room for a few batches at a time, and gets it in sips. */
START_TEST(a_crowd_shares_alike_what_little_room_there_is)
{
    struct tap tap;
    tap_open(&tap, &service.scratch, "");
    load_start(&service, NULL, tap.config);
    check_crowd("crowd_without_room", &tap, JAIN_MIN);
    tap_close(&tap);
}
END_TEST

static bool is_connected(const struct socket_client *client)
{
    struct pollfd wanted = {.fd = client->fd, .events = POLLIN};
    return poll(&wanted, 1, 0) == 0; /* it is owed no answer, only its end could be read */
}

/* Memory that the service has asked for counts, whether or not it was written to; and nobody is
 * thrown out for want of it. */
START_TEST(frames_that_are_only_announced_take_no_memory)
{
    static const uint8_t beginning[12] = {0xFF, 0xFF, 0, 0, WIRE_EVENT, 0, 1, 0, 1, 0, 0, 0};
    unsigned count = CROWD; /* quick enough to be run whole */
    struct socket_client *clients = load_make_clients(count);
    load_start(&service, "null", NULL);
    for (unsigned i = 0; i < count; i++)
        ck_assert(socket_client_join(&clients[i], service.pipe, "Contoso.Crowd"));
    uint64_t before = load_reserved_bytes(&service);
    for (unsigned i = 0; i < count; i++) {
        frames_bytes(&clients[i].out, beginning, sizeof beginning);
        ck_assert(socket_client_send(&clients[i]));
    }
    for (unsigned i = 0; i < count; i++)
        load_wait_read(&clients[i]);
    uint64_t after = load_reserved_bytes(&service);
    uint64_t growth = after > before ? after - before : 0;
    load_print("announced", "\"clients\":%u,\"growth_bytes\":%llu", count,
               (unsigned long long)growth);
    if (!load_memory_is_foreign()) ck_assert_uint_le(growth, GROWTH_MAX);
    for (unsigned i = 0; i < count; i++)
        ck_assert(is_connected(&clients[i]));
    load_free_clients(clients, count);
    service_stop(&service);
}
END_TEST

static void knock(struct socket_client *client, unsigned i)
{
    ck_assert(socket_client_connect(client, service.pipe));
    if (i % 3 == 1) frames_hello(&client->out, 1);
    if (i % 3 != 0) frames_bytes(&client->out, "\5\0\0\0", 4);
    (void)socket_client_send(client);
    socket_client_close(client);
}

/* Not more than the service keeps up with: how many wait at its door is the machine's business, and
 * what they take at most is kept for the next. */
static void knock_often(struct socket_client *client, unsigned cycles, unsigned base)
{
    for (unsigned i = 0; i < cycles; i++) {
        knock(client, i);
        if (i % KNOCKS_AT_ONCE == 0)
            ck_assert(load_wait_descriptors(&service, base + KNOCKS_AT_ONCE));
    }
    ck_assert(load_wait_descriptors(&service, base));
}

/* Behind so many that have gone the service may be full for a moment. */
static void join_honest(struct socket_client *client)
{
    uint64_t until = load_now_ms() + 20000;
    while (!socket_client_join(client, service.pipe, "Contoso.Honest")) {
        ck_assert_uint_lt(load_now_ms(), until);
        load_pause();
    }
}

START_TEST(clients_that_leave_at_once_leave_nothing_behind)
{
    unsigned cycles = load_scale(CYCLES);
    struct socket_client *client = load_make_clients(1);
    load_start(&service, "null", NULL);
    join_honest(client);
    socket_client_close(client);
    unsigned base = load_settled_descriptors(&service);
    uint64_t before, after = load_memory_bytes(&service);
    unsigned rounds = 0;
    do {
        before = after;
        knock_often(client, cycles, base);
        after = load_memory_bytes(&service);
    } while (++rounds < ROUNDS_MAX && after > before + ROUND_GROWTH);
    load_print("come_and_go",
               "\"cycles\":%u,\"rounds\":%u,\"descriptors\":%u,\"before\":%llu,\"after\":%llu",
               cycles, rounds, base, (unsigned long long)before, (unsigned long long)after);
    if (!load_memory_is_foreign()) ck_assert_uint_le(after, before + ROUND_GROWTH);
    join_honest(client);
    frames_number(&client->out, 1, 1);
    ck_assert(socket_client_settle(client));
    ck_assert_uint_eq(client->ack.written, 1);
    load_free_clients(client, 1);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

/* Events that one honest client gets settled in so long, in batches of its own. */
static uint64_t work(struct socket_client *honest, struct socket_client *slow, unsigned slow_count)
{
    uint64_t began = load_now_ms(), done = 0, dripped = 0;
    while (load_now_ms() - began < SLOW_SECONDS * 1000) {
        send_batch(honest);
        struct frame frame;
        ck_assert(socket_client_skip_to(honest, WIRE_FLUSHED, &frame));
        done += BATCH;
        if (slow_count == 0 || load_now_ms() - began < dripped * 1000) continue;
        dripped++;
        for (unsigned i = 0; i < slow_count; i++) {
            frames_bytes(&slow[i].out, "\x30", 1);
            (void)socket_client_send(&slow[i]); /* it may be closed already */
        }
    }
    return done;
}

START_TEST(slow_clients_are_cut_off_and_the_honest_one_goes_on)
{
    unsigned count = load_scale(SLOW);
    struct socket_client *slow = load_make_clients(count), *honest = load_make_clients(1);
    load_start(&service, "null", FRAME_TIMEOUT);
    ck_assert(socket_client_join(honest, service.pipe, "Contoso.Honest"));
    uint64_t alone = work(honest, NULL, 0);
    for (unsigned i = 0; i < count; i++)
        ck_assert(socket_client_join(&slow[i], service.pipe, "Contoso.Slow"));
    uint64_t beside = work(honest, slow, count);
    unsigned cut = 0;
    for (unsigned i = 0; i < count; i++) {
        struct frame frame;
        while (socket_client_skip_to(&slow[i], WIRE_ERROR, &frame)) {
        }
        if (slow[i].end == ETWR_REASON_FRAME_TIMEOUT) cut++;
    }
    load_print("slow_clients", "\"slow\":%u,\"cut_off\":%u,\"alone\":%llu,\"beside\":%llu", count,
               cut, (unsigned long long)alone, (unsigned long long)beside);
    ck_assert_uint_eq(cut, count);
    ck_assert_uint_eq(honest->ack.written, alone + beside);
    if (load_is_full()) ck_assert_uint_ge(beside * 2, alone);
    load_free_clients(slow, count);
    load_free_clients(honest, 1);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

/* From here on, what is sent waits. */
static void halt_service(void)
{
    int status;
    ck_assert_int_eq(kill(service.pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(service.pid, &status, WUNTRACED), service.pid);
    ck_assert(WIFSTOPPED(status));
}

static void add_piece(struct socket_client *client, uint32_t number)
{
    enum { SIZE = PIECE_BYTES - WIRE_HEADER_BYTES };
    static const uint8_t skipped[PIECE_BYTES] = {SIZE & 0xFF, SIZE >> 8, 0, 0, WIRE_KIND_SKIPPABLE};
    frames_bytes(&client->out, skipped, sizeof skipped);
    frames_number(&client->out, 1, number);
}

/* Until the system takes no more; what it has not taken stays gathered. Returns the pieces that it
 * has taken whole. */
static unsigned fill(struct socket_client *client)
{
    const int buffer = HOT_BUFFER;
    size_t piece_bytes, taken = 0;
    ck_assert_int_eq(setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer), 0);
    for (unsigned i = 0; i < PIECES_WANTED; i += PIECES_AT_ONCE) {
        for (unsigned j = 0; j < PIECES_AT_ONCE; j++)
            add_piece(client, i + j);
        piece_bytes = client->out.size / PIECES_AT_ONCE;
        ssize_t sent =
            send(client->fd, client->out.bytes, client->out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            taken += (size_t)sent;
            frames_remove(&client->out, (size_t)sent);
        }
        if (client->out.size > 0) break;
    }
    return (unsigned)(taken / piece_bytes);
}

/* Events of the hot client that were written before the other's only one. */
static unsigned count_before(const char *path)
{
    size_t size;
    unsigned count = 0;
    char *text = process_read_file(path, &size);
    char *other = strstr(text, "\"Contoso.Honest\"");
    ck_assert_ptr_nonnull(other);
    *other = 0;
    for (const char *at = text; (at = strstr(at, "\"Contoso.Hot\"")) != NULL; at++)
        count++;
    free(text);
    return count;
}

/* Both wait for the one worker, the hot one in front and with more than one turn's bytes: the file
 * shows in which order they were read. */
START_TEST(a_client_that_fills_its_worker_leaves_the_others_their_turn)
{
    struct socket_client *hot = load_make_clients(1), *honest = load_make_clients(1);
    char sink[PROCESS_PATH_MAX + 8], path[PROCESS_PATH_MAX];
    snprintf(sink, sizeof sink, "jsonl:%s", scratch_file(&service.scratch, "turns.jsonl", path));
    load_start(&service, sink, "{\"workers\":1}");
    ck_assert(socket_client_join(hot, service.pipe, "Contoso.Hot"));
    ck_assert(socket_client_join(honest, service.pipe, "Contoso.Honest"));
    halt_service();
    unsigned waiting = fill(hot);
    frames_number(&honest->out, 1, 1);
    ck_assert(socket_client_send(honest));
    ck_assert_int_eq(kill(service.pid, SIGCONT), 0);
    ck_assert(socket_client_settle(honest));
    ck_assert(socket_client_settle(hot));
    load_free_clients(hot, 1);
    load_free_clients(honest, 1);
    service_stop(&service);
    service_check_account(&service);
    unsigned before = count_before(path);
    load_print("turns", "\"waiting\":%u,\"before\":%u,\"most\":%u", waiting, before,
               TURN_PIECES_MAX);
    ck_assert_uint_gt(waiting, TURN_PIECES_MAX); /* else nothing was tried */
    ck_assert_uint_le(before, TURN_PIECES_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crowd");
    TCase *tcase = tcase_create("crowd");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_crowd_is_accounted_for_to_the_event_and_served_alike);
    tcase_add_test(tcase, a_crowd_shares_alike_what_little_room_there_is);
    tcase_add_test(tcase, frames_that_are_only_announced_take_no_memory);
    tcase_add_test(tcase, clients_that_leave_at_once_leave_nothing_behind);
    tcase_add_test(tcase, slow_clients_are_cut_off_and_the_honest_one_goes_on);
    tcase_add_test(tcase, a_client_that_fills_its_worker_leaves_the_others_their_turn);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
