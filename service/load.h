/*
 * How busy a worker is, for the acceptor to choose by: its sessions, and what they have sent of
 * late. Sessions alone would put a newcomer beside one that fills its worker by itself; bytes alone
 * would put all that arrive between two measurements in one place.
 *
 * The worker writes `bytes`, the acceptor and the worker count `sessions`; both only read the other
 * half, and a moment's error does no harm.
 */
#ifndef ETWRELAY_LOAD_H
#define ETWRELAY_LOAD_H

#include <stdatomic.h>
#include <stdint.h>

/* So many bytes of late weigh as much as one more session. A worker that is full reads several
 * hundred of them between two measurements. */
#define LOAD_SESSION_BYTES 1048576u

struct load {
    atomic_uint sessions;
    atomic_uint_fast64_t bytes; /* since the last measurement, and half of what was before */
    uint64_t measured;          /* the worker's own: its total at the last measurement */
};

static inline void load_init(struct load *load)
{
    atomic_init(&load->sessions, 0);
    atomic_init(&load->bytes, 0);
    load->measured = 0;
}

/* `total` bytes were read since the start; a few times a second, on the worker's thread. */
static inline void load_measure(struct load *load, uint64_t total)
{
    uint64_t before = atomic_load_explicit(&load->bytes, memory_order_relaxed);

    atomic_store_explicit(&load->bytes, before / 2 + (total - load->measured),
                          memory_order_relaxed);
    load->measured = total;
}

/* In sessions. Any thread. */
static inline uint64_t load_of(const struct load *load)
{
    return atomic_load_explicit(&load->sessions, memory_order_relaxed) +
           atomic_load_explicit(&load->bytes, memory_order_relaxed) / LOAD_SESSION_BYTES;
}

#endif
