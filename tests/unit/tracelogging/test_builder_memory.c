/*
 * The builder when the allocator refuses: this test links its own malloc family in front of the
 * real one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tracelogging/expect.h"

/* The linker's --wrap sends the calls here; only those of the builder are counted, between on and
 * off. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static int allowed = -1; /* allocations until all fail; negative: none does */
static int calls;

static int may_allocate(void)
{
    calls++;
    if (allowed > 0)
        allowed--;
    else if (allowed == 0)
        return 0;
    return 1;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return may_allocate() ? __real_realloc(memory, size) : NULL;
}

static enum etwr_status create_with(int allocations, struct etwr_event **event)
{
    allowed = allocations;
    enum etwr_status status = etwr_event_create(event);
    allowed = -1;
    return status;
}

START_TEST(creation_fails_whole_at_each_allocation)
{
    struct etwr_event *event = NULL;
    int allocations = 0;
    while (create_with(allocations, &event) == ETWR_E_NO_MEMORY) {
        ck_assert_ptr_null(event);
        allocations++;
    }
    ck_assert_ptr_nonnull(event);
    ck_assert_int_ge(allocations, 1);
    etwr_event_destroy(event);
}
END_TEST

/* Check's own assertions allocate, so that nothing is asserted while the allocator is watched. */
START_TEST(a_buffer_that_cannot_grow_fails_the_add_and_nothing_else)
{
    static char text[4000];
    struct etwr_event *event = new_event();
    enum etwr_status value, name, event_name, small;
    memset(text, 'x', sizeof text - 1);
    allowed = 0;
    value = etwr_event_add_str8(event, "f", text, 0, 0);
    etwr_event_reset(event, "T", 5, 1);
    name = etwr_event_add_uint8(event, text, 1, 0, 0);
    event_name = etwr_event_reset(event, text, 5, 1);
    etwr_event_reset(event, "T", 5, 1);
    small = etwr_event_add_uint8(event, "a", 1, 0, 0);
    allowed = -1;
    ck_assert_int_eq(value, ETWR_E_NO_MEMORY);
    ck_assert_int_eq(name, ETWR_E_NO_MEMORY);
    ck_assert_int_eq(event_name, ETWR_E_NO_MEMORY);
    ck_assert_int_eq(small, ETWR_OK);
    expect_event(event, "6100 04", "01");
    etwr_event_destroy(event);
}
END_TEST

static enum etwr_status add_much(struct etwr_event *event)
{
    static char text[4000];
    struct etwr_encoded encoded;
    memset(text, 'x', sizeof text - 1);
    etwr_event_reset(event, "T", 5, 1);
    for (int i = 0; i < 5; i++) {
        etwr_event_add_str8(event, text, text, 0, 0);
        etwr_event_add_str16(event, "g", text, 0, 0);
    }
    return etwr_event_encode(event, &encoded);
}

START_TEST(a_reused_builder_allocates_nothing)
{
    struct etwr_event *event = new_event();
    enum etwr_status status = add_much(event);
    const int calls_before = calls;
    for (int i = 0; i < 10 && status == ETWR_OK; i++)
        status = add_much(event);
    const int calls_after = calls;
    ck_assert_int_eq(status, ETWR_OK);
    ck_assert_int_eq(calls_after, calls_before);
    etwr_event_destroy(event);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("builder memory");
    TCase *tests = tcase_create("memory");
    tcase_add_test(tests, creation_fails_whole_at_each_allocation);
    tcase_add_test(tests, a_buffer_that_cannot_grow_fails_the_add_and_nothing_else);
    tcase_add_test(tests, a_reused_builder_allocates_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
