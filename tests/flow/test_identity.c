/* Who sent an event is what the operating system says, whatever the client says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "tests/flow/flow.h"
#include "tests/support/raw_client.h"

#define CLAIMED 4242424u /* more than a Linux pid can be */

static struct service service;
static struct raw_client client;
static char sink[PROCESS_PATH_MAX + 8], config[PROCESS_PATH_MAX];

static void setup(void)
{
    static const char text[] = "{\"origin\": [\"pid\", \"claimed_pid\"]}";
    const char *const arguments[] = {"--config", config, "--sink", sink, NULL};
    service_init(&service);
    flow_sink(&service, "jsonl", "out.jsonl", sink);
    scratch_write(&service.scratch, "config.json", text, sizeof text - 1);
    scratch_file(&service.scratch, "config.json", config);
    service_start(&service, arguments);
    raw_connect(&client, service.pipe);
}

static void teardown(void)
{
    raw_close(&client);
    service_clear(&service);
}

static void say_hello(uint32_t claimed_pid)
{
    uint8_t frame[256];
    struct writer writer;
    const struct request_hello hello = {.version_lowest = WIRE_VERSION,
                                        .version_highest = WIRE_VERSION,
                                        .claimed_pid = claimed_pid,
                                        .instance = {4, 5, 6},
                                        .first_sequence = 1,
                                        .image = {"liar", 4}};
    writer_init(&writer, frame, sizeof frame);
    request_put_hello(&writer, &hello);
    ck_assert(!writer.failed);
    frames_bytes(&client.out, frame, writer_size(&writer));
}

static void send_one_event(void)
{
    frames_open(&client.out, 1, "Contoso.Identity");
    frames_schema(&client.out, 1);
    frames_number(&client.out, 1, 7);
    ck_assert(raw_send(&client));
    raw_settle(&client);
}

static void check_stamp(uint32_t claimed_pid)
{
    char path[PROCESS_PATH_MAX], stamp[64];
    size_t size;
    char *lines = process_read_file(scratch_file(&service.scratch, "out.jsonl", path), &size);
    snprintf(stamp, sizeof stamp, "\"origin\":{\"pid\":%lu,\"claimed_pid\":%lu}",
             (unsigned long)getpid(), (unsigned long)claimed_pid);
    ck_assert_msg(strstr(lines, stamp) != NULL, "%s is not in %s", stamp, lines);
    free(lines);
}

START_TEST(a_claimed_pid_is_a_label_and_the_kernels_is_stamped)
{
    say_hello(CLAIMED);
    send_one_event();
    service_stop(&service);
    check_stamp(CLAIMED);
    ck_assert_uint_eq(service_final(&service, "written"), 1);
    ck_assert_uint_eq(service_final(&service, "transport.claimed_pid_differs"), 1);
}
END_TEST

START_TEST(an_honest_pid_is_counted_as_no_difference)
{
    say_hello((uint32_t)getpid());
    send_one_event();
    service_stop(&service);
    check_stamp((uint32_t)getpid());
    ck_assert_uint_eq(service_final(&service, "transport.claimed_pid_differs"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("identity");
    TCase *tc = tcase_create("identity");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_claimed_pid_is_a_label_and_the_kernels_is_stamped);
    tcase_add_test(tc, an_honest_pid_is_counted_as_no_difference);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
