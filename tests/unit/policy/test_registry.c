/* The registry: one id, one name and group; counted, lingering, limited; and many threads at once.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "service/provider/registry.h"

static struct registry *registry;
static struct config_limits limits;

static void start(void)
{
    memset(&limits, 0, sizeof limits);
    limits.providers = 3;
    limits.provider_linger_s = 60;
    ck_assert_int_eq(registry_create(&limits, &registry), ETWR_OK);
}

static void stop(void)
{
    registry_destroy(registry);
}

static struct etwr_guid id_of(unsigned n)
{
    struct etwr_guid id = {{0}};

    memcpy(&id, &n, sizeof n);
    return id;
}

static enum etwr_reason open_id(const char *name, unsigned n, uint64_t now_ms,
                                struct relay_provider **provider)
{
    struct etwr_guid id = id_of(n);

    return registry_open(registry, name, &id, NULL, now_ms, provider);
}

static struct relay_provider *must_open(const char *name, unsigned n, uint64_t now_ms)
{
    struct relay_provider *provider = NULL;

    ck_assert_int_eq(open_id(name, n, now_ms, &provider), ETWR_REASON_NONE);
    return provider;
}

static bool has(unsigned n)
{
    struct etwr_guid id = id_of(n);

    return registry_has(registry, &id);
}

START_TEST(provider_is_registered_with_its_traits)
{
    static const struct etwr_guid group = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    struct relay_provider *provider;
    struct etwr_guid id = id_of(1);

    ck_assert_int_eq(registry_open(registry, "Contoso", &id, &group, 0, &provider),
                     ETWR_REASON_NONE);
    ck_assert_mem_eq(&provider->id, &id, sizeof id);
    ck_assert_str_eq(provider->name, "Contoso");
    ck_assert_uint_eq(provider->name_size, 7);
    ck_assert(provider->has_group);
    ck_assert_mem_eq(&provider->group, &group, sizeof group);
    ck_assert_uint_eq(provider->traits.size, 2 + 8 + 19);
    ck_assert_mem_eq(provider->traits.data, "\x1d\0Contoso\0\x13\0\x01\x01\x02\x03", 16);
    ck_assert_uint_eq(atomic_load(&provider->events), 0);
    registry_close(registry, provider, 0);
}
END_TEST

START_TEST(same_id_name_and_group_is_shared)
{
    struct relay_provider *a = must_open("A", 1, 0);
    struct relay_provider *b = must_open("A", 1, 0);

    ck_assert_ptr_eq(a, b);
    ck_assert_uint_eq(registry_count(registry), 1);
    registry_close(registry, a, 0);
    ck_assert_uint_eq(registry_sweep(registry, 1000000), 0);
    registry_close(registry, b, 1000000);
}
END_TEST

START_TEST(another_name_or_group_for_an_id_is_a_conflict)
{
    static const struct etwr_guid group = {{1}};
    static const struct etwr_guid other = {{2}};
    struct etwr_guid id = id_of(2);
    struct relay_provider *a = must_open("A", 1, 0);
    struct relay_provider *grouped;
    struct relay_provider *provider = a;

    ck_assert_int_eq(open_id("B", 1, 0, &provider), ETWR_REASON_PROVIDER_CONFLICT);
    ck_assert_int_eq(open_id("a", 1, 0, &provider), ETWR_REASON_PROVIDER_CONFLICT);
    ck_assert_int_eq(registry_open(registry, "A", &a->id, &group, 0, &provider),
                     ETWR_REASON_PROVIDER_CONFLICT);
    ck_assert_ptr_eq(provider, a);
    ck_assert_int_eq(registry_open(registry, "G", &id, &group, 0, &grouped), ETWR_REASON_NONE);
    ck_assert_int_eq(registry_open(registry, "G", &id, &other, 0, &provider),
                     ETWR_REASON_PROVIDER_CONFLICT);
    ck_assert_int_eq(registry_open(registry, "G", &id, NULL, 0, &provider),
                     ETWR_REASON_PROVIDER_CONFLICT);
    registry_close(registry, a, 0);
    registry_close(registry, grouped, 0);
    /* Lingering binds, too. */
    ck_assert_int_eq(open_id("B", 1, 59999, &provider), ETWR_REASON_PROVIDER_CONFLICT);
    provider = must_open("B", 1, 60000);
    registry_close(registry, provider, 60000);
}
END_TEST

START_TEST(provider_lingers_after_its_last_close)
{
    struct relay_provider *a = must_open("A", 1, 1000);

    atomic_fetch_add(&a->events, 5);
    registry_close(registry, a, 2000);
    ck_assert_uint_eq(registry_sweep(registry, 61999), 0);
    ck_assert(has(1));
    a = must_open("A", 1, 61999); /* the same one, with what it counted */
    ck_assert_uint_eq(atomic_load(&a->events), 5);
    registry_close(registry, a, 70000);
    ck_assert_uint_eq(registry_sweep(registry, 62000), 0);
    ck_assert_uint_eq(registry_sweep(registry, 130000), 1);
    ck_assert(!has(1));
}
END_TEST

START_TEST(limit_counts_open_providers_and_lingering_ones_make_room)
{
    struct relay_provider *a = must_open("A", 1, 0);
    struct relay_provider *b = must_open("B", 2, 0);
    struct relay_provider *c = must_open("C", 3, 0);
    struct relay_provider *d;

    ck_assert_int_eq(open_id("D", 4, 0, &d), ETWR_REASON_PROVIDER_LIMIT);
    registry_close(registry, c, 20);
    registry_close(registry, b, 10);
    d = must_open("D", 4, 30);
    ck_assert(!has(2)); /* closed first */
    ck_assert(has(3));
    registry_close(registry, a, 40);
    registry_close(registry, d, 40);
}
END_TEST

START_TEST(lower_limit_after_a_reload_throws_nobody_out)
{
    struct relay_provider *a = must_open("A", 1, 0);
    struct relay_provider *b = must_open("B", 2, 0);
    struct relay_provider *c;

    limits.providers = 1;
    limits.provider_linger_s = 1;
    registry_configure(registry, &limits);
    ck_assert_uint_eq(registry_count(registry), 2);
    ck_assert_int_eq(open_id("C", 3, 0, &c), ETWR_REASON_PROVIDER_LIMIT);
    ck_assert_ptr_eq(must_open("A", 1, 0), a);
    registry_close(registry, a, 0);
    registry_close(registry, a, 0);
    registry_close(registry, b, 0);
    ck_assert_uint_eq(registry_sweep(registry, 1000), 2);
}
END_TEST

START_TEST(name_that_cannot_be_registered_is_not_allowed)
{
    struct relay_provider *provider;

    ck_assert_int_eq(open_id("", 1, 0, &provider), ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(open_id("a\xFF", 1, 0, &provider), ETWR_REASON_NOT_ALLOWED);
    ck_assert_uint_eq(registry_count(registry), 0);
}
END_TEST

static unsigned refused_count;
static enum etwr_reason refused_reason;

static void on_refused(void *context, const struct registry_pin *pin, enum etwr_reason reason)
{
    (void)context;
    (void)pin;
    refused_count++;
    refused_reason = reason;
}

static void set_pins(const struct registry_pin *pins, size_t count, uint64_t now_ms)
{
    registry_set_pins(registry, pins, count, now_ms, on_refused, NULL);
}

START_TEST(pinned_providers_stay_without_clients_until_unpinned)
{
    struct registry_pin pins[] = {{"A", {{0}}, false, {{0}}}, {"B", {{0}}, false, {{0}}}};
    struct relay_provider *a;

    pins[0].id = id_of(1);
    pins[1].id = id_of(2);
    set_pins(pins, 2, 0);
    ck_assert_uint_eq(registry_sweep(registry, 1000000), 0);
    a = must_open("A", 1, 1000000);
    ck_assert(a->pinned);
    ck_assert_uint_eq(a->references, 2);
    atomic_fetch_add(&a->events, 3);
    set_pins(pins, 2, 1000000); /* a reload that changes nothing */
    ck_assert_ptr_eq(must_open("A", 1, 1000000), a);
    registry_close(registry, a, 1000000);
    ck_assert_uint_eq(a->references, 2);
    set_pins(pins + 1, 1, 1000000);
    ck_assert(!a->pinned);
    registry_close(registry, a, 1000000);
    ck_assert_uint_eq(registry_sweep(registry, 1060000), 1);
    ck_assert(!has(1) && has(2));
    ck_assert_uint_eq(refused_count, 0);
}
END_TEST

START_TEST(pins_keep_their_counts_over_a_reload_even_without_linger)
{
    struct registry_pin pins[] = {{"A", {{0}}, false, {{0}}}, {"B", {{0}}, false, {{0}}}};
    struct relay_provider *b;

    limits.provider_linger_s = 0;
    registry_configure(registry, &limits);
    pins[0].id = id_of(1);
    pins[1].id = id_of(2);
    set_pins(pins, 2, 0);
    b = must_open("B", 2, 0);
    atomic_fetch_add(&b->events, 7);
    registry_close(registry, b, 0);
    set_pins(pins, 2, 5);
    b = must_open("B", 2, 5);
    ck_assert_uint_eq(atomic_load(&b->events), 7);
    registry_close(registry, b, 5);
}
END_TEST

START_TEST(pin_replaces_a_lingering_provider_but_not_an_open_one)
{
    struct registry_pin pins[] = {{"New", {{0}}, false, {{0}}}, {"Also", {{0}}, false, {{0}}}};
    struct relay_provider *used = must_open("Used", 2, 0);

    pins[0].id = id_of(1);
    pins[1].id = id_of(2);
    registry_close(registry, must_open("Old", 1, 0), 0);
    set_pins(pins, 2, 1);
    ck_assert_uint_eq(refused_count, 1);
    ck_assert_int_eq(refused_reason, ETWR_REASON_PROVIDER_CONFLICT);
    ck_assert_str_eq(used->name, "Used");
    registry_close(registry, must_open("New", 1, 1), 1);
    registry_close(registry, used, 1);
}
END_TEST

START_TEST(provider_pinned_twice_holds_one_reference)
{
    struct registry_pin pins[] = {{"A", {{0}}, false, {{0}}}, {"A", {{0}}, false, {{0}}}};

    pins[0].id = pins[1].id = id_of(1);
    set_pins(pins, 2, 0);
    set_pins(NULL, 0, 0);
    ck_assert_uint_eq(registry_sweep(registry, 60000), 1);
}
END_TEST

static void check_order(void *context, const struct relay_provider *provider)
{
    struct etwr_guid *last = context;

    ck_assert_int_lt(memcmp(last, &provider->id, sizeof *last), 0);
    *last = provider->id;
}

START_TEST(providers_are_visited_in_order_of_their_ids)
{
    struct etwr_guid last = {{0}};

    limits.providers = 1000;
    registry_configure(registry, &limits);
    for (unsigned i = 0; i < 500; i++) {
        registry_close(registry, must_open("P", (i * 7919) % 500 + 1, 0), 0);
    }
    ck_assert_uint_eq(registry_count(registry), 500);
    registry_for_each(registry, check_order, &last);
}
END_TEST

struct hooked {
    unsigned registered, unregistered;
    enum etwr_reason refusal;
};

static enum etwr_reason on_register(void *context, struct relay_provider *provider)
{
    struct hooked *hooked = context;

    ck_assert_str_eq(provider->name, "P");
    ck_assert_uint_gt(provider->traits.size, 0);
    if (hooked->refusal) return hooked->refusal;
    hooked->registered++;
    return ETWR_REASON_NONE;
}

static void on_unregister(void *context, struct relay_provider *provider)
{
    struct hooked *hooked = context;

    ck_assert_uint_eq(provider->references, 0);
    hooked->unregistered++;
}

static void hook(struct hooked *hooked)
{
    registry_set_hooks(registry, &(struct registry_hooks){on_register, on_unregister, hooked});
}

START_TEST(hooks_run_once_for_a_provider_however_often_it_is_opened)
{
    struct hooked hooked = {0};

    hook(&hooked);
    for (unsigned i = 0; i < 3; i++) {
        registry_close(registry, must_open("P", 1, 0), 0);
    }
    ck_assert_uint_eq(hooked.registered, 1);
    ck_assert_uint_eq(hooked.unregistered, 0);
    registry_sweep(registry, 60000); /* its linger is over */
    ck_assert_uint_eq(hooked.unregistered, 1);
    registry_close(registry, must_open("P", 1, 60000), 60000);
    ck_assert_uint_eq(hooked.registered, 2);
    registry_set_hooks(registry, &(struct registry_hooks){0});
}
END_TEST

START_TEST(provider_refused_by_the_hook_is_not_there)
{
    struct hooked hooked = {.refusal = ETWR_REASON_REGISTER_FAILED};
    struct relay_provider *provider = NULL;

    hook(&hooked);
    ck_assert_int_eq(open_id("P", 1, 0, &provider), ETWR_REASON_REGISTER_FAILED);
    ck_assert_ptr_null(provider);
    ck_assert(!has(1));
    ck_assert_uint_eq(registry_count(registry), 0);
    hooked.refusal = ETWR_REASON_NONE;
    registry_close(registry, must_open("P", 1, 0), 0);
    registry_sweep(registry, 60000);
    ck_assert_uint_eq(hooked.registered, 1);
    ck_assert_uint_eq(hooked.unregistered, 1);
}
END_TEST

START_TEST(provider_that_makes_room_is_unregistered)
{
    struct hooked hooked = {0};

    hook(&hooked);
    for (unsigned i = 1; i <= 4; i++) {
        registry_close(registry, must_open("P", i, i), i);
    }
    ck_assert_uint_eq(hooked.registered, 4);
    ck_assert_uint_eq(hooked.unregistered, 1);
    ck_assert(!has(1));
    registry_sweep(registry, 60004);
    ck_assert_uint_eq(hooked.unregistered, 4);
}
END_TEST

#define THREADS 4
#define ROUNDS  2000

static void open_and_close(void *context)
{
    unsigned seed = *(unsigned *)context;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct relay_provider *provider = must_open("P", (seed + i) % 5 + 1, i);

        atomic_fetch_add_explicit(&provider->events, 1, memory_order_relaxed);
        registry_close(registry, provider, i);
    }
}

static void add_events(void *context, const struct relay_provider *provider)
{
    *(uint64_t *)context += atomic_load(&provider->events);
}

START_TEST(threads_share_providers_and_lose_no_count)
{
    uv_thread_t threads[THREADS];
    unsigned seeds[THREADS];
    uint64_t events = 0;

    limits.providers = 5;
    registry_configure(registry, &limits);
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        ck_assert_int_eq(uv_thread_create(&threads[i], open_and_close, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        uv_thread_join(&threads[i]);
    }
    registry_for_each(registry, add_events, &events);
    ck_assert_uint_eq(events, THREADS * ROUNDS);
    ck_assert_uint_eq(registry_sweep(registry, ROUNDS + 60000), 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registry");
    TCase *tcase = tcase_create("registry");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, provider_is_registered_with_its_traits);
    tcase_add_test(tcase, same_id_name_and_group_is_shared);
    tcase_add_test(tcase, another_name_or_group_for_an_id_is_a_conflict);
    tcase_add_test(tcase, provider_lingers_after_its_last_close);
    tcase_add_test(tcase, limit_counts_open_providers_and_lingering_ones_make_room);
    tcase_add_test(tcase, lower_limit_after_a_reload_throws_nobody_out);
    tcase_add_test(tcase, name_that_cannot_be_registered_is_not_allowed);
    tcase_add_test(tcase, pinned_providers_stay_without_clients_until_unpinned);
    tcase_add_test(tcase, pins_keep_their_counts_over_a_reload_even_without_linger);
    tcase_add_test(tcase, pin_replaces_a_lingering_provider_but_not_an_open_one);
    tcase_add_test(tcase, provider_pinned_twice_holds_one_reference);
    tcase_add_test(tcase, providers_are_visited_in_order_of_their_ids);
    tcase_add_test(tcase, hooks_run_once_for_a_provider_however_often_it_is_opened);
    tcase_add_test(tcase, provider_refused_by_the_hook_is_not_there);
    tcase_add_test(tcase, provider_that_makes_room_is_unregistered);
    tcase_add_test(tcase, threads_share_providers_and_lose_no_count);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
