/**
 * The few atomic loads that inline functions of client.h need, spelled so that C11, C++17 and MSVC
 * all compile them to one plain load each.
 *
 * The one header of etwrelay that tests the compiler: C has <stdatomic.h>, which C++17 must not
 * include; MSVC has neither it nor the builtins of GCC and Clang in every mode. Size and alignment
 * are the same in all of them, so a C++ program reads what the C library writes.
 */
#ifndef ETWRELAY_ATOMIC_H
#define ETWRELAY_ATOMIC_H

#include <stdint.h>

#if !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L &&           \
    !defined(__STDC_NO_ATOMICS__)

#include <stdatomic.h>

typedef _Atomic(uint32_t) etwr_atomic_u32;
typedef _Atomic(uint64_t) etwr_atomic_u64;

/** Acquire: what was stored before this value is seen after it. */
static inline uint32_t etwr_atomic_load_u32(const etwr_atomic_u32 *value)
{
    return atomic_load_explicit(value, memory_order_acquire);
}

/** Relaxed: the value alone. */
static inline uint64_t etwr_atomic_load_u64(const etwr_atomic_u64 *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

#elif defined(__GNUC__)

typedef struct {
    uint32_t value;
} etwr_atomic_u32;

typedef struct {
    uint64_t value __attribute__((aligned(8)));
} etwr_atomic_u64;

static inline uint32_t etwr_atomic_load_u32(const etwr_atomic_u32 *value)
{
    return __atomic_load_n(&value->value, __ATOMIC_ACQUIRE);
}

static inline uint64_t etwr_atomic_load_u64(const etwr_atomic_u64 *value)
{
    return __atomic_load_n(&value->value, __ATOMIC_RELAXED);
}

#elif defined(_MSC_VER)

#include <intrin.h>

typedef struct {
    volatile uint32_t value;
} etwr_atomic_u32;

typedef struct {
    __declspec(align(8)) volatile uint64_t value;
} etwr_atomic_u64;

static __inline uint32_t etwr_atomic_load_u32(const etwr_atomic_u32 *value)
{
    uint32_t loaded = value->value;
#if defined(_M_ARM) || defined(_M_ARM64)
    __dmb(0xB); /* inner shareable: an acquire load */
#else
    _ReadWriteBarrier();
#endif
    return loaded;
}

static __inline uint64_t etwr_atomic_load_u64(const etwr_atomic_u64 *value)
{
#if defined(_M_IX86) || defined(_M_ARM)
    /* Two plain loads could see two different stores. */
    return (uint64_t)_InterlockedCompareExchange64((volatile __int64 *)&value->value, 0, 0);
#else
    return value->value;
#endif
}

#else
#error "etwrelay needs C11 atomics, GCC, Clang or MSVC"
#endif

#endif
