/*
 * Metadata of no bytes at all was read as if it had its size field: 0 is what a failed read gives,
 * and 0 was the size. It was refused all the same, but at an offset behind its end.
 */
#include <check.h>
#include <stdlib.h>

#include "protocol/tracelogging/schema.h"

START_TEST(empty_metadata_is_refused_at_its_beginning)
{
    const struct etwr_descriptor descriptor = {.level = 5};
    struct etwr_event *event;
    size_t offset = 99;

    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    ck_assert_int_eq(schema_rebuild(NULL, 0, &descriptor, event, &offset), ETWR_E_MALFORMED);
    ck_assert_uint_eq(offset, 0);
    etwr_event_destroy(event);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regress");
    TCase *tcase = tcase_create("empty metadata");
    tcase_add_test(tcase, empty_metadata_is_refused_at_its_beginning);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
