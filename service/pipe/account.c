/*
 * The last stage of the path: what became of an event. See the header for the picture.
 *
 * The one idea: an outcome is credited only when every event before it is settled, so that the
 * counters which a client is told always belong to exactly the events up to the sequence that it is
 * told with them.
 */
#include "service/pipe/account.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SETTLEMENTS_PER_EVENT 1
#define SEQUENCE_MAX          0x7FFFFFFFFFFFFFFFu
#define POOL_FREE_MAX         1024 /* free ones kept; a burst's surplus goes back to the heap */

void account_counts_add(struct account_counts *to, const struct account_counts *from)
{
    to->written += from->written;
    to->not_enabled += from->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        to->dropped[i] += from->dropped[i];
}

uint64_t account_counts_sum(const struct account_counts *counts)
{
    uint64_t sum = counts->written + counts->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        sum += counts->dropped[i];
    return sum;
}

struct account_label *account_label_create(const char *name, size_t size)
{
    struct account_label *label = malloc(sizeof *label + size + 1);
    if (label == NULL) return NULL;
    label->references = 1;
    label->size = size;
    if (size > 0) memcpy(label->name, name, size);
    label->name[size] = 0;
    return label;
}

struct account_label *account_label_ref(struct account_label *label)
{
    label->references++;
    return label;
}

void account_label_unref(struct account_label *label)
{
    if (label != NULL && --label->references == 0) free(label);
}

void account_pool_init(struct account_pool *pool)
{
    memset(pool, 0, sizeof *pool);
}

void account_pool_clear(struct account_pool *pool)
{
    while (pool->settlements != NULL) {
        struct settlement *next = pool->settlements->next_of_account;
        free(pool->settlements);
        pool->settlements = next;
    }
    while (pool->batches != NULL) {
        struct account_batch *next = pool->batches->next_free;
        free(pool->batches);
        pool->batches = next;
    }
    account_pool_init(pool);
}

static bool pool_add_settlement(struct account_pool *pool)
{
    struct settlement *settlement = malloc(sizeof *settlement);
    if (settlement == NULL) return false;
    settlement->next_of_account = pool->settlements;
    pool->settlements = settlement;
    pool->settlement_count++;
    return true;
}

static bool pool_add_batch(struct account_pool *pool)
{
    struct account_batch *batch = malloc(sizeof *batch);
    if (batch == NULL) return false;
    batch->next_free = pool->batches;
    pool->batches = batch;
    pool->batch_count++;
    return true;
}

bool account_pool_reserve(struct account_pool *pool, size_t batches)
{
    while (pool->settlement_count < SETTLEMENTS_PER_EVENT)
        if (!pool_add_settlement(pool)) return false;
    while (pool->batch_count < batches)
        if (!pool_add_batch(pool)) return false;
    return true;
}

struct account_batch *account_batch_take(struct account_pool *pool)
{
    struct account_batch *batch = pool->batches;
    assert(batch != NULL);
    pool->batches = batch->next_free;
    pool->batch_count--;
    memset(batch, 0, sizeof *batch);
    return batch;
}

static void batch_give(struct account_pool *pool, struct account_batch *batch)
{
    if (pool->batch_count >= POOL_FREE_MAX) {
        free(batch);
        return;
    }
    batch->next_free = pool->batches;
    pool->batches = batch;
    pool->batch_count++;
}

static struct settlement *settlement_take(struct account_pool *pool)
{
    struct settlement *settlement = pool->settlements;
    assert(settlement != NULL);
    pool->settlements = settlement->next_of_account;
    pool->settlement_count--;
    memset(settlement, 0, sizeof *settlement);
    return settlement;
}

static void settlement_give(struct account_pool *pool, struct settlement *settlement)
{
    if (pool->settlement_count >= POOL_FREE_MAX) {
        free(settlement);
        return;
    }
    settlement->next_of_account = pool->settlements;
    pool->settlements = settlement;
    pool->settlement_count++;
}

void account_init(struct account *account, const struct account_callbacks *callbacks)
{
    memset(account, 0, sizeof *account);
    account->callbacks = callbacks;
    account->references = 1;
    account->next_sequence = 1;
}

void account_start(struct account *account, uint64_t first_sequence)
{
    assert(first_sequence > 0 && account->accepted == 0);
    account->next_sequence = first_sequence;
    account->settled_sequence = first_sequence - 1;
}

void account_unref(struct account *account)
{
    assert(account->references > 0);
    if (--account->references == 0) account->callbacks->on_unused(account);
}

bool account_has_sequences(const struct account *account, uint64_t count)
{
    return count <= SEQUENCE_MAX - (account->next_sequence - 1);
}

uint64_t account_accept(struct account *account)
{
    account->accepted++;
    account->pending++;
    return account->next_sequence++;
}

/* The settlement that an outcome which is known now must wait in; NULL when nothing older waits. */
static struct settlement *waiting(struct account *account)
{
    struct settlement *newest = account->newest;
    if (newest == NULL) {
        account->settled_sequence = account->next_sequence - 1;
        return NULL;
    }
    newest->last_sequence = account->next_sequence - 1;
    return newest;
}

void account_written(struct account *account)
{
    struct settlement *wait = waiting(account);
    if (wait != NULL) {
        wait->events++;
        wait->written++;
        return;
    }
    account->counts.written++;
    account->pending--;
}

void account_not_enabled(struct account *account)
{
    struct settlement *wait = waiting(account);
    if (wait != NULL) {
        wait->events++;
        wait->not_enabled++;
        return;
    }
    account->counts.not_enabled++;
    account->pending--;
}

static void append(struct account *account, struct settlement *settlement)
{
    settlement->last_sequence = account->next_sequence - 1;
    if (account->newest != NULL)
        account->newest->next_of_account = settlement;
    else
        account->oldest = settlement;
    account->newest = settlement;
}

/* Count drops in the settlement; false when its table has no room for the reason. */
static bool settlement_add_drops(struct settlement *settlement, enum etwr_reason reason,
                                 uint64_t count, size_t reasons_max)
{
    size_t i = 0;
    while (i < settlement->dropped_count && settlement->dropped[i].reason != reason)
        i++;
    if (i >= reasons_max) return false;
    if (i == settlement->dropped_count) {
        settlement->dropped[i].reason = reason;
        settlement->dropped[i].count = 0;
        settlement->dropped_count++;
    }
    settlement->dropped[i].count += count;
    return true;
}

/* A drop that is known now. The table's last place is kept for the batch's own failure. */
static bool settlement_add_known(struct settlement *settlement, enum etwr_reason reason)
{
    if (!settlement_add_drops(settlement, reason, 1, ACCOUNT_REASONS_MAX - 1)) return false;
    settlement->events++;
    return true;
}

void account_dropped(struct account *account, struct account_pool *pool, enum etwr_reason reason)
{
    assert(reason > ETWR_REASON_NONE && reason < ETWR_REASON_DROP_COUNT);
    struct settlement *wait = waiting(account);
    if (wait == NULL) {
        account->counts.dropped[reason]++;
        account->pending--;
        return;
    }
    /* This reason needs no room in a table: it is what is left when nothing can be had. */
    if (reason == ETWR_REASON_NO_MEMORY) {
        wait->no_memory++;
        wait->events++;
        return;
    }
    if (settlement_add_known(wait, reason)) return;
    wait = settlement_take(pool);
    append(account, wait);
    (void)settlement_add_known(wait, reason);
}

/* Put one pending event into the settlement; false when it holds other providers' only and is full.
 */
static bool settlement_add_part(struct settlement *settlement, struct account_label *label,
                                uint64_t sequence)
{
    size_t i = settlement->part_count;
    /* The last one first: most clients write to one provider. */
    while (i > 0 && settlement->parts[i - 1].label != label)
        i--;
    if (i == 0) {
        if (settlement->part_count == ACCOUNT_PARTS_MAX) return false;
        i = ++settlement->part_count;
        settlement->parts[i - 1].label = account_label_ref(label);
        settlement->parts[i - 1].first_sequence = sequence;
        settlement->parts[i - 1].count = 0;
    }
    settlement->parts[i - 1].count++;
    settlement->parts[i - 1].last_sequence = sequence;
    settlement->last_sequence = sequence;
    settlement->events++;
    return true;
}

void account_defer(struct account *account, struct account_pool *pool, struct account_batch *batch,
                   struct account_label *label)
{
    struct settlement *settlement = account->newest;
    uint64_t sequence = account->next_sequence - 1;
    if (settlement != NULL && settlement->batch == batch &&
        settlement_add_part(settlement, label, sequence))
        return;
    settlement = settlement_take(pool);
    settlement->batch = batch;
    settlement->account = account;
    account->references++;
    settlement->next_of_batch = batch->settlements;
    batch->settlements = settlement;
    append(account, settlement);
    (void)settlement_add_part(settlement, label, sequence);
}

void account_lost(struct account *account, enum etwr_reason reason, uint64_t count)
{
    assert(account_has_sequences(account, count) && reason < ETWR_REASON_DROP_COUNT);
    account->next_sequence += count;
    account->client_dropped[reason] += count;
    (void)waiting(account);
}

static void credit(struct account *account, const struct settlement *settlement)
{
    account->counts.written += settlement->written;
    account->counts.not_enabled += settlement->not_enabled;
    account->counts.dropped[ETWR_REASON_NO_MEMORY] += settlement->no_memory;
    for (size_t i = 0; i < settlement->dropped_count; i++)
        account->counts.dropped[settlement->dropped[i].reason] += settlement->dropped[i].count;
    account->pending -= settlement->events;
    account->settled_sequence = settlement->last_sequence;
}

/* One of the account's settlements has just become known: there is an oldest. */
static void credit_front(struct account *account, struct account_pool *pool)
{
    if (account->oldest->batch != NULL) return;
    while (account->oldest != NULL && account->oldest->batch == NULL) {
        struct settlement *done = account->oldest;
        account->oldest = done->next_of_account;
        if (account->oldest == NULL) account->newest = NULL;
        credit(account, done);
        settlement_give(pool, done);
    }
    account->callbacks->on_progress(account);
}

static void settle(struct settlement *settlement, enum etwr_reason failed)
{
    for (size_t i = 0; i < settlement->part_count; i++) {
        struct account_loss loss = {settlement->parts[i].label, failed, settlement->parts[i].count,
                                    settlement->parts[i].first_sequence,
                                    settlement->parts[i].last_sequence};
        if (failed == ETWR_REASON_NONE) {
            settlement->written += loss.count;
        } else {
            (void)settlement_add_drops(settlement, failed, loss.count, ACCOUNT_REASONS_MAX);
            settlement->account->callbacks->on_loss(settlement->account, &loss);
        }
        account_label_unref(loss.label);
    }
    settlement->part_count = 0;
    settlement->batch = NULL;
}

void account_settle_batch(struct account_pool *pool, struct account_batch *batch,
                          enum etwr_reason failed)
{
    struct settlement *settlement = batch->settlements;
    while (settlement != NULL) {
        struct settlement *next = settlement->next_of_batch;
        struct account *account = settlement->account;
        settle(settlement, failed);
        credit_front(account, pool); /* may free the settlement */
        account_unref(account);
        settlement = next;
    }
    batch_give(pool, batch);
}

bool account_is_exact(const struct account *account)
{
    return account->accepted == account_counts_sum(&account->counts) + account->pending;
}
