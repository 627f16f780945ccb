/*
 * The secret of the tables whose keys clients choose (T18): what the system gives at this start,
 * all of it, and before there is a table; without it there is no start.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "service/options.h"
#include "service/pipe/slots.h"
#include "service/relay.h"

static int random_result;
static uint8_t random_byte;
static size_t random_size;
static uint64_t seed;
static unsigned seeds, registries;

int __wrap_uv_random(uv_loop_t *loop, uv_random_t *request, void *bytes, size_t size,
                     unsigned flags, uv_random_cb callback);
int __wrap_uv_random(uv_loop_t *loop, uv_random_t *request, void *bytes, size_t size,
                     unsigned flags, uv_random_cb callback)
{
    (void)loop, (void)request, (void)flags, (void)callback;
    if (random_result != 0) return random_result;
    memset(bytes, random_byte, size);
    random_size += size;
    return 0;
}

void __wrap_slots_seed(uint64_t given);
void __wrap_slots_seed(uint64_t given)
{
    ck_assert_uint_eq(registries, 0);
    seed = given;
    seeds++;
}

/* Made behind the secret; its failure ends the start, which has shown all that is wanted. */
enum etwr_status __wrap_registry_create(const struct config_limits *limits,
                                        struct registry **registry);
enum etwr_status __wrap_registry_create(const struct config_limits *limits,
                                        struct registry **registry)
{
    (void)limits, (void)registry;
    registries++;
    return ETWR_E_NO_MEMORY;
}

static void start(void)
{
    const struct options options = {.command = OPTIONS_RUN, .sinks = {"null"}, .sink_count = 1};
    random_size = 0;
    seeds = registries = 0;
    ck_assert_int_eq(relay_run(&options), EXIT_FAILURE);
}

START_TEST(without_random_bytes_there_is_no_start)
{
    random_result = UV_EIO;
    start();
    ck_assert_uint_eq(seeds, 0);
    ck_assert_uint_eq(registries, 0);
}
END_TEST

START_TEST(each_start_has_a_secret_of_its_own_from_the_system)
{
    random_result = 0;
    for (random_byte = 0x5A; random_byte != 0x5C; random_byte++) {
        uint64_t expected;
        memset(&expected, random_byte, sizeof expected);
        start();
        ck_assert_uint_eq(random_size, sizeof expected);
        ck_assert_uint_eq(seeds, 1);
        ck_assert_uint_eq(seed, expected);
        ck_assert_uint_eq(registries, 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *tcase = tcase_create("secret");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, without_random_bytes_there_is_no_start);
    tcase_add_test(tcase, each_start_has_a_secret_of_its_own_from_the_system);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
