/*
 * No compiling, no tables: each field is read where it stands, and for each element of an array of
 * structs the members' metadata is read once more. That is slow where the product is quick, and
 * that is the point: the two have nothing in common but the format.
 */
#include "tests/fuzz/oracle.h"

#include "tests/fuzz/fuzz.h"

struct span {
    const uint8_t *at, *end;
};

struct walk {
    struct span metadata;
    struct span values;
    bool is_skipping; /* metadata only: the members of an array without elements */
    bool has_failed;
    bool has_half_unit;
};

static unsigned meta_byte(struct walk *walk)
{
    FUZZ_CHECK(walk->metadata.at < walk->metadata.end);
    return *walk->metadata.at++;
}

static unsigned meta_u16(struct walk *walk)
{
    unsigned low = meta_byte(walk);
    return low | meta_byte(walk) << 8;
}

/* A byte with its high bit set says that one more follows. */
static void meta_tag(struct walk *walk)
{
    while (meta_byte(walk) & 0x80)
        continue;
}

static void meta_name(struct walk *walk)
{
    while (meta_byte(walk) != 0)
        continue;
}

static void take(struct walk *walk, size_t size)
{
    if (walk->is_skipping || walk->has_failed) return;
    if ((size_t)(walk->values.end - walk->values.at) < size) {
        walk->has_failed = true;
        return;
    }
    walk->values.at += size;
}

static unsigned value_byte(struct walk *walk)
{
    const uint8_t *at = walk->values.at;
    take(walk, 1);
    return walk->is_skipping || walk->has_failed ? 0 : *at;
}

static unsigned value_u16(struct walk *walk)
{
    unsigned low = value_byte(walk);
    return low | value_byte(walk) << 8;
}

static void zero_ended(struct walk *walk, bool is_wide)
{
    unsigned unit;

    if (walk->is_skipping) return;
    do
        unit = is_wide ? value_u16(walk) : value_byte(walk);
    while (unit != 0 && !walk->has_failed);
}

static void counted(struct walk *walk, bool is_wide)
{
    unsigned size = value_u16(walk);
    if (is_wide && size % 2 != 0) walk->has_half_unit = true;
    take(walk, size);
}

static void sid(struct walk *walk)
{
    (void)value_byte(walk);
    unsigned count = value_byte(walk);
    if (count > 15) walk->has_failed = true;
    take(walk, 6 + 4 * count);
}

/* One value of a type that is no struct. */
static void value(struct walk *walk, unsigned type)
{
    switch (type) {
    case 1:
        zero_ended(walk, true);
        return;
    case 2:
        zero_ended(walk, false);
        return;
    case 3:
    case 4:
        take(walk, 1);
        return;
    case 5:
    case 6:
        take(walk, 2);
        return;
    case 7:
    case 8:
    case 11:
    case 13:
    case 20:
        take(walk, 4);
        return;
    case 9:
    case 10:
    case 12:
    case 17:
    case 21:
        take(walk, 8);
        return;
    case 15:
    case 18:
        take(walk, 16);
        return;
    case 14:
    case 23:
    case 25:
        counted(walk, false);
        return;
    case 22:
        counted(walk, true);
        return;
    case 19:
        sid(walk);
        return;
    default:
        fuzz_fail("types exist", __FILE__, __LINE__);
    }
}

static void fields(struct walk *walk, unsigned count);

/* The members stand behind the struct's own metadata, where walk->metadata is; they are read once
 * for each element, and at least once to get past them. */
static void structs(struct walk *walk, unsigned count, unsigned members)
{
    const uint8_t *first = walk->metadata.at;
    bool was_skipping = walk->is_skipping;

    walk->is_skipping = was_skipping || count == 0 || walk->has_failed;
    for (unsigned i = 0; i == 0 || (i < count && !walk->has_failed && !walk->is_skipping); i++) {
        walk->metadata.at = first;
        fields(walk, members);
    }
    walk->is_skipping = was_skipping;
}

static void field(struct walk *walk)
{
    unsigned in, out = 0, count = 1;

    meta_name(walk);
    in = meta_byte(walk);
    if (in & 0x80) {
        out = meta_byte(walk);
        if (out & 0x80) meta_tag(walk);
    }
    unsigned array = in & 0x60;
    if (array == 0x60) {
        unsigned size = meta_u16(walk);
        for (unsigned i = 0; i < size; i++)
            (void)meta_byte(walk);
        counted(walk, false);
        return;
    }
    if (array == 0x20) count = meta_u16(walk);
    if (array == 0x40) count = value_u16(walk);
    if ((in & 0x1F) == 24) {
        structs(walk, count, out & 0x7F);
        return;
    }
    for (unsigned i = 0; i < count && !walk->has_failed && !walk->is_skipping; i++)
        value(walk, in & 0x1F);
}

static void fields(struct walk *walk, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        field(walk);
}

enum oracle_answer oracle_check(const uint8_t *metadata, size_t metadata_size,
                                const uint8_t *values, size_t values_size)
{
    struct walk walk = {
        {metadata, metadata + metadata_size}, {values, values + values_size}, false, false, false};

    FUZZ_CHECK(meta_u16(&walk) == metadata_size);
    meta_tag(&walk);
    meta_name(&walk);
    while (walk.metadata.at < walk.metadata.end)
        field(&walk);
    if (walk.has_failed || walk.values.at != walk.values.end) return ORACLE_MISFIT;
    return walk.has_half_unit ? ORACLE_HALF_UNIT : ORACLE_FITS;
}
