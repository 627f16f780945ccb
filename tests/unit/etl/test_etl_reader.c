/*
 * Reading .etl files: ours, Windows', and damaged ones, of which every kind of damage is told with
 * its offset and everything else is read.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/etl/trace.h"
#include "protocol/etl/writer.h"
#include "tests/unit/etl/hex.h"

#define SIZE  1024u /* of a buffer */
#define BOOT  UINT64_C(132000000000000000)
#define START (BOOT + 5000000)

static const struct etwr_guid provider = {{9, 8, 7, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8}};

/* A file in memory: two buffers of three events each (numbers 0 to 5) behind the first. */
static uint8_t bytes[4 * SIZE];
static size_t size;
static uint32_t claims_written; /* what the header counts once it is read again; 0: the same */
static uint32_t claims_end;     /* and the first half of its EndTime */

static void put_u32(size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_u16(size_t at, uint16_t value)
{
    bytes[at] = (uint8_t)value;
    bytes[at + 1] = (uint8_t)(value >> 8);
}

static size_t put_event(size_t at, uint32_t number)
{
    struct etl_put_event event = {.provider_id = &provider,
                                  .traits = {"\x04\0P", 4},
                                  .metadata = {"\x08\0\0E\0n\0\x08", 8},
                                  .values = {{&number, 4}, {NULL, 0}},
                                  .stamp = START - BOOT + number,
                                  .pid = 7,
                                  .tid = 8};
    size_t event_size = etl_event_size(&event);
    etl_put_event(bytes + at, event_size, &event);
    return at + ETL_ALIGN8(event_size);
}

static void put_buffer(uint32_t index, uint32_t first_number)
{
    size_t base = index * SIZE, at = base + ETL_BUFFER_HEADER_BYTES;
    for (uint32_t i = 0; i < 3; i++)
        at = put_event(at, first_number + i);
    struct etl_buffer_info info = {.buffer_bytes = SIZE,
                                   .filled = (uint32_t)(at - base),
                                   .stamp = START - BOOT + 10,
                                   .sequence = index,
                                   .processor = 1,
                                   .flags = ETL_FLAG_PROC_INDEX};
    etl_put_buffer_header(bytes + base, &info);
    memset(bytes + at, ETL_TAIL_BYTE, SIZE - (at - base));
}

#define EVENT_BYTES             120u /* 80, items of 16 and 16, 4 and padding */
#define EVENT_AT(buffer, index) ((buffer)*SIZE + ETL_BUFFER_HEADER_BYTES + (index)*EVENT_BYTES)

static void make_file(void)
{
    struct etl_file_info info = {.buffer_bytes = SIZE,
                                 .processors = 2,
                                 .boot_time = BOOT,
                                 .start_time = START,
                                 .logger_name = "L",
                                 .file_name = "/f"};
    ck_assert_int_eq(etl_put_first_buffer(bytes, &info), ETWR_OK);
    put_u32(ETL_BUFFERS_WRITTEN, 3);
    put_buffer(1, 0);
    put_buffer(2, 3);
    memset(bytes + 3 * SIZE, 0, SIZE);
    size = 3 * SIZE;
    claims_written = claims_end = 0;
    ck_assert_uint_eq(put_event(EVENT_AT(1, 0), 0), EVENT_AT(1, 1));
}

static enum etwr_status read_at(void *context, uint64_t offset, void *to, size_t wanted,
                                size_t *got)
{
    (void)context;
    *got = 0;
    if (claims_written && offset == ETL_END_TIME) put_u32(ETL_BUFFERS_WRITTEN, claims_written);
    if (claims_end && offset == ETL_END_TIME) put_u32(ETL_END_TIME, claims_end);
    if (offset >= size) return ETWR_OK;
    *got = size - (size_t)offset < wanted ? size - (size_t)offset : wanted;
    memcpy(to, bytes + offset, *got);
    return ETWR_OK;
}

#define ITEMS_MAX 64

/* What reading a file gave. */
static struct {
    enum etwr_status status;
    uint32_t numbers[ITEMS_MAX];
    size_t events;
    struct etl_damage damages[ITEMS_MAX];
    size_t damage_count;
    struct etl_header header;
    struct etl_event last;
} seen;

static void read_file(void)
{
    struct etl_trace trace;
    struct etl_event event;
    struct etl_damage damage;
    enum etl_item item;
    memset(&seen, 0, sizeof seen);
    seen.status = etl_trace_open(&trace, read_at, NULL, &damage);
    if (seen.status != ETWR_OK) seen.damages[seen.damage_count++] = damage;
    seen.header = trace.header;
    while (seen.status == ETWR_OK && (item = etl_trace_next(&trace, &event, &damage)) != ETL_END) {
        ck_assert_uint_lt(seen.events + seen.damage_count, ITEMS_MAX);
        if (item == ETL_DAMAGE) {
            seen.damages[seen.damage_count++] = damage;
            continue;
        }
        ck_assert_uint_eq(event.record.data.size, 4);
        memcpy(&seen.numbers[seen.events++], event.record.data.data, 4);
        seen.last = event;
    }
    ck_assert_int_eq(trace.status, ETWR_OK);
    etl_trace_close(&trace);
}

/* The events seen are these digits, and the only damage is at this offset; UINT64_MAX: there is
 * none. */
static void expect(const char *numbers, uint64_t offset)
{
    char found[ITEMS_MAX + 1] = "";
    read_file();
    ck_assert_int_eq(seen.status, ETWR_OK);
    for (size_t i = 0; i < seen.events; i++)
        found[i] = (char)('0' + seen.numbers[i]);
    ck_assert_str_eq(found, numbers);
    if (offset == UINT64_MAX) {
        ck_assert_msg(seen.damage_count == 0, "%s", seen.damages[0].message);
        return;
    }
    ck_assert_uint_eq(seen.damage_count, 1);
    ck_assert_msg(seen.damages[0].offset == offset, "told at 0x%llx, not 0x%llx: %s",
                  (unsigned long long)seen.damages[0].offset, (unsigned long long)offset,
                  seen.damages[0].message);
    ck_assert_uint_gt(strlen(seen.damages[0].message), 10);
}

static void expect_refusal(enum etwr_status status, uint64_t offset)
{
    read_file();
    ck_assert_int_eq(seen.status, status);
    ck_assert_uint_eq(seen.damages[0].offset, offset);
    ck_assert_uint_gt(strlen(seen.damages[0].message), 10);
}

START_TEST(whole_file_is_read_whole)
{
    make_file();
    expect("012345", UINT64_MAX);
    ck_assert_uint_eq(seen.header.buffer_bytes, SIZE);
    ck_assert_uint_eq(seen.header.buffers_written, 3);
    ck_assert_uint_eq(seen.header.processors, 2);
    ck_assert_uint_eq(seen.header.boot_time, BOOT);
    ck_assert_uint_eq(seen.header.start_time, START);
    ck_assert_uint_eq(seen.header.end_time, START);
    const struct trace_record *record = &seen.last.record;
    ck_assert_mem_eq(&record->provider_id, &provider, sizeof provider);
    ck_assert_uint_eq(record->filetime, START + 5);
    ck_assert_uint_eq(record->processor, 1);
    ck_assert_uint_eq(record->pid, 7);
    ck_assert_uint_eq(record->tid, 8);
    ck_assert_ptr_null(record->activity_id);
    ck_assert_ptr_null(record->related_activity_id);
    ck_assert_uint_eq(record->traits.size, 4);
    ck_assert_uint_eq(record->metadata.size, 8);
    ck_assert_uint_eq(seen.last.offset, EVENT_AT(2, 2));
    ck_assert(!seen.last.is_32bit);
}
END_TEST

START_TEST(descriptor_and_ids_come_back_as_they_were_put)
{
    static const struct etwr_guid activity = {
        {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    static const struct etwr_guid related = {
        {16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}};
    struct etl_put_event put = {
        .provider_id = &provider,
        .descriptor = {0x0102, 3, 4, 5, 6, 0x0708, 0x0910111213141516u},
        .activity_id = &activity,
        .related_activity_id = &related,
        .metadata = {"\x08\0\0E\0n\0\x08", 8},
        .values = {{"\1\0", 2}, {"\0\0", 2}},
    };
    make_file();
    size_t event_size = etl_event_size(&put);
    etl_put_event(bytes + EVENT_AT(1, 0), event_size, &put);
    uint32_t filled = (uint32_t)(ETL_BUFFER_HEADER_BYTES + ETL_ALIGN8(event_size));
    put_u32(SIZE + ETL_BUFFER_FILLED, filled);
    memset(bytes + SIZE + filled, ETL_TAIL_BYTE, SIZE - filled);
    size = 2 * SIZE;
    put_u32(ETL_BUFFERS_WRITTEN, 2);
    expect("1", UINT64_MAX);
    struct etl_header header;
    struct etl_damage damage;
    struct etl_buffer buffer;
    struct etl_event event;
    ck_assert_int_eq(etl_read_header(bytes, size, &header, &damage), ETWR_OK);
    ck_assert(etl_buffer_open(&buffer, &header, bytes + SIZE, SIZE, SIZE, &damage));
    ck_assert_int_eq(etl_buffer_next(&buffer, &event, &damage), ETL_EVENT);
    ck_assert_mem_eq(event.record.activity_id, &activity, sizeof activity);
    ck_assert_mem_eq(event.record.related_activity_id, &related, sizeof related);
    ck_assert_uint_eq(event.record.descriptor.id, 0x0102);
    ck_assert_uint_eq(event.record.descriptor.version, 3);
    ck_assert_uint_eq(event.record.descriptor.channel, 4);
    ck_assert_uint_eq(event.record.descriptor.level, 5);
    ck_assert_uint_eq(event.record.descriptor.opcode, 6);
    ck_assert_uint_eq(event.record.descriptor.task, 0x0708);
    ck_assert_uint_eq(event.record.descriptor.keyword, 0x0910111213141516u);
    ck_assert_int_eq(etl_buffer_next(&buffer, &event, &damage), ETL_END);
    ck_assert_int_eq(etl_buffer_next(&buffer, &event, &damage), ETL_END);
}
END_TEST

START_TEST(names_are_lent_from_the_first_buffer)
{
    struct etl_header header;
    struct etl_damage damage;
    make_file();
    ck_assert_int_eq(etl_read_header(bytes, SIZE, &header, &damage), ETWR_OK);
    ck_assert_str_eq(damage.message, "");
    hex_check("4c00", header.logger_name.data, header.logger_name.size);
    hex_check("2f006600", header.file_name.data, header.file_name.size);
    ck_assert_int_eq(etl_read_header(bytes, ETL_HEADER_READ_BYTES, &header, &damage), ETWR_OK);
    ck_assert_str_eq(damage.message, "");
    ck_assert_uint_eq(header.file_name.size, 0);
}
END_TEST

START_TEST(what_is_no_etl_file_is_refused)
{
    make_file();
    put_u32(ETL_RECORD_MARKER, 0x464C457F);
    expect_refusal(ETWR_E_MALFORMED, ETL_RECORD_MARKER);
    make_file();
    put_u32(ETL_BUFFER_SIZE, 0);
    put_u32(ETL_HEADER_SIZE, 0xFFFFFFF8);
    expect_refusal(ETWR_E_MALFORMED, 0);
    make_file();
    size = 0;
    expect_refusal(ETWR_E_MALFORMED, 0);
}
END_TEST

START_TEST(compressed_files_are_refused_as_unsupported)
{
    make_file();
    put_u32(ETL_LOG_FILE_MODE, ETL_MODE_COMPRESSED | 1);
    expect_refusal(ETWR_E_UNSUPPORTED, ETL_LOG_FILE_MODE);
    make_file();
    put_u16(SIZE + ETL_BUFFER_FLAGS, ETL_FLAG_COMPRESSED | ETL_FLAG_PROC_INDEX);
    expect("345", SIZE + ETL_BUFFER_FLAGS);
}
END_TEST

/* Cut the file at every length: never more than one complaint, never an event that is not whole,
 * never one missing. */
START_TEST(file_cut_at_any_byte_keeps_every_whole_event)
{
    for (size_t cut = 0; cut < 3 * SIZE; cut++) {
        size_t whole = 0;
        make_file();
        for (unsigned i = 0; i < 6; i++) {
            whole += EVENT_AT(1 + i / 3, i % 3) + EVENT_BYTES - 4 <= cut; /* without padding */
        }
        size = cut;
        read_file();
        bool ok = seen.events == whole && seen.damage_count == 1 && seen.damages[0].offset == cut;
        ck_assert_msg(ok, "cut at %zu: %zu events, not %zu; %zu damages, first at %llu: %s", cut,
                      seen.events, whole, seen.damage_count,
                      (unsigned long long)seen.damages[0].offset, seen.damages[0].message);
    }
}
END_TEST

START_TEST(buffer_that_is_missing_is_told_where_it_should_be)
{
    make_file();
    size = 2 * SIZE;
    expect("012", 2 * SIZE);
}
END_TEST

START_TEST(buffers_beyond_a_stale_count_are_read_and_told_once)
{
    make_file();
    put_u32(ETL_BUFFERS_WRITTEN, 1);
    expect("012345", ETL_BUFFERS_WRITTEN);
    put_u32(ETL_BUFFERS_WRITTEN, 0);
    expect("012345", ETL_BUFFERS_WRITTEN);
}
END_TEST

START_TEST(preallocated_space_beyond_the_count_is_no_damage)
{
    make_file();
    size = 4 * SIZE;
    expect("012345", UINT64_MAX);
    memset(bytes + 3 * SIZE, 0xFF, SIZE);
    expect("012345", UINT64_MAX);
}
END_TEST

START_TEST(file_that_grows_while_it_is_read_is_no_damage)
{
    make_file();
    put_u32(ETL_BUFFERS_WRITTEN, 2);
    claims_written = 3;
    expect("012345", UINT64_MAX);
    put_u32(ETL_BUFFERS_WRITTEN, 1);
    claims_written = 2; /* the third is there, not counted yet */
    expect("012345", UINT64_MAX);
    make_file();
    put_u32(ETL_BUFFERS_WRITTEN, 2);
    claims_end = 1; /* another one has grown meanwhile */
    expect("012345", UINT64_MAX);
}
END_TEST

START_TEST(buffer_of_zeros_is_told_and_passed_over)
{
    make_file();
    memset(bytes + SIZE, 0, SIZE);
    expect("345", SIZE);
}
END_TEST

START_TEST(buffer_with_a_wrong_size_is_told_and_read)
{
    make_file();
    put_u32(SIZE + ETL_BUFFER_SIZE, 2 * SIZE);
    expect("012345", SIZE);
}
END_TEST

START_TEST(filled_size_that_cannot_be_is_told_and_the_other_one_taken)
{
    static const uint32_t impossible[] = {0, 71, 77, SIZE + 8, 0xFFFFFFF8};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        make_file();
        put_u32(SIZE + ETL_BUFFER_FILLED, impossible[i]);
        expect("012345", SIZE + ETL_BUFFER_FILLED);
        put_u32(SIZE + ETL_BUFFER_SAVED_OFFSET, impossible[i]);
        expect("012345", SIZE + ETL_BUFFER_FILLED);
    }
}
END_TEST

START_TEST(saved_offset_alone_may_be_zero)
{
    make_file();
    put_u32(ETL_BUFFER_SAVED_OFFSET, 0); /* Windows 7 does that in the first buffer */
    put_u32(SIZE + ETL_BUFFER_SAVED_OFFSET, 0);
    expect("012345", UINT64_MAX);
}
END_TEST

START_TEST(filled_size_beyond_the_last_record_is_told_behind_it)
{
    make_file();
    put_u32(SIZE + ETL_BUFFER_FILLED, ETL_BUFFER_HEADER_BYTES + 4 * EVENT_BYTES);
    expect("012345", EVENT_AT(1, 3));
}
END_TEST

START_TEST(empty_buffer_is_no_damage)
{
    make_file();
    put_u32(SIZE + ETL_BUFFER_FILLED, ETL_BUFFER_HEADER_BYTES);
    expect("345", UINT64_MAX);
}
END_TEST

START_TEST(record_of_an_impossible_size_loses_the_rest_of_its_buffer)
{
    static const uint16_t impossible[] = {0, 7, 79, 60000, 0xFFFF};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        make_file();
        put_u16(EVENT_AT(1, 1), impossible[i]);
        expect("0345", EVENT_AT(1, 1));
    }
    make_file();
    put_u16(EVENT_AT(1, 2), EVENT_BYTES + 1); /* one byte over what is filled */
    expect("01345", EVENT_AT(1, 2));
}
END_TEST

START_TEST(record_of_an_unknown_type_loses_the_rest_of_its_buffer)
{
    static const uint16_t unknown[] = {0xC005, 0xC000, 0xC016, 0x4013, 0x0000};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        make_file();
        put_u16(EVENT_AT(1, 1) + 2, unknown[i]);
        expect("0345", EVENT_AT(1, 1));
    }
}
END_TEST

START_TEST(extended_data_that_does_not_fit_loses_its_event_only)
{
    size_t item = EVENT_AT(1, 1) + ETL_EVENT_HEADER_BYTES;
    static const struct {
        unsigned field;
        uint16_t value;
    } wrong[] = {{0, 0}, {0, 7}, {0, 0xFFF8}, {6, 9}, {6, 0xFFFF}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        make_file();
        put_u16(item + wrong[i].field, wrong[i].value);
        expect("02345", item);
    }
    make_file();
    put_u16(item + 2, ETL_ITEM_RELATED_ACTIVITY); /* too short for a GUID */
    expect("02345", item);
    make_file();
    put_u16(item + 16 + 4, ETL_ITEM_MORE); /* a third item where the values are */
    expect("02345", item + 32);
}
END_TEST

START_TEST(extended_data_may_say_its_size_without_padding)
{
    make_file();
    put_u16(EVENT_AT(1, 1) + ETL_EVENT_HEADER_BYTES, ETL_ITEM_HEADER_BYTES + 4);
    expect("012345", UINT64_MAX);
    ck_assert_uint_eq(seen.last.record.traits.size, 4);
}
END_TEST

/* Flip and overwrite at random: whatever comes out, reading ends, and nothing is read that is not
 * there (under ASan). */
START_TEST(random_damage_never_reads_out_of_bounds)
{
    uint32_t random = 12345;
    for (int round = 0; round < 20000; round++) {
        make_file();
        for (int i = 0; i < 1 + round % 5; i++) {
            random = random * 1664525u + 1013904223u;
            size_t at = (random >> 8) % (3 * SIZE);
            bytes[at] =
                round % 2 ? (uint8_t)(random >> 24) : (uint8_t)(bytes[at] ^ 1u << (random & 7));
        }
        struct etl_header header;
        struct etl_damage damage;
        if (etl_read_header(bytes, SIZE, &header, &damage) != ETWR_OK) continue;
        for (size_t base = 0; base < 3 * SIZE; base += SIZE) {
            uint8_t *exact = malloc(SIZE); /* so that a step over the end is seen */
            ck_assert_ptr_nonnull(exact);
            memcpy(exact, bytes + base, SIZE);
            struct etl_buffer buffer;
            struct etl_event event;
            enum etl_item item;
            int items = 0;
            bool open = etl_buffer_open(&buffer, &header, exact, SIZE, base, &damage);
            while (open && (item = etl_buffer_next(&buffer, &event, &damage)) != ETL_END)
                items++;
            ck_assert_msg(items <= 1000, "no end");
            free(exact);
        }
    }
}
END_TEST

/* A file as Windows 7 made it on a 32-bit machine, written down by hand: no PROC_INDEX flag,
 * SavedOffset 0 in the first buffer, 8 bytes less in the header, clock type 2, an event of a 32-bit
 * process and records of other kinds. */
static const char windows7_first[] =
    "00040000 00000000 90010000 00000000 ; SavedOffset 0\n"
    "0000000000000000 0000000000000000\n"
    "0000000000000000 0008 0000 03000000 ; u8 processor, u8 alignment\n"
    "90010000 0000 0400                  ; no flags\n"
    "0000000000000000 0000000000000000\n"
    "020001c0 3a01 0000 c0720000 b8980000; 32-bit header record\n"
    "0000b2d5f49ed401                    ; SystemTime: a FILETIME\n"
    "0000000000000000\n"
    "00040000 06010105 b11d0000 01000000 ; size, Windows 7, build 7601, processors\n"
    "8096 4ad6f49ed401                   ; EndTime\n"
    "5a620200 00000000 01000000 02000000 01000000 04000000 03000000 d0070000\n"
    "00000000 00000000                   ; two pointers of 4 bytes\n";

START_TEST(old_file_of_a_32_bit_machine_is_read)
{
    static const char second[] = "00040000 c0000000 c0040000 00000000\n"
                                 "0000b2d5f49ed401 0100000000000000\n"
                                 "0000000000000000 0308 0000 03000000 ; processor 3\n"
                                 "c0000000 0100 0000                  ; filled, only FLUSH_MARKER\n"
                                 "0000000000000000 0000000000000000\n"
                                 "020011c0 1000 0c0f 0102030405060708 ; PERFINFO64 of 16 bytes\n"
                                 "0c00 0f90 2a000000 01020304 00000000; a WPP message of 12 bytes\n"
                                 "5400 12c0 0000 0000 09000000 05000000 ; EVENT_HEADER32\n"
                                 "80e8b7d5f49ed401                    ; a FILETIME\n"
                                 "09080706050403020102030405060708\n"
                                 "0100 00 00 04 00 0000 0000000000000080\n"
                                 "0000000000000000 00000000000000000000000000000000\n"
                                 "04000000 00000000                   ; user data and padding\n";
    make_file();
    memset(bytes, 0, 2 * SIZE);
    size_t at = hex_read(windows7_first, bytes, SIZE);
    ck_assert_uint_eq(at, 0xA8);
    hex_read("0000b2d5f49ed401 0000000000000000 0000b2d5f49ed401 02000000 07000000",
             bytes + ETL_BOOT_TIME - 8, 64);
    hex_read("6100 0000 6200 0000", bytes + ETL_NAMES - 8, 64);
    put_u16(ETL_RECORD_SIZE, ETL_NAMES - 8 + 8 - ETL_RECORD_MARKER);
    put_u32(ETL_BUFFER_FILLED, ETL_NAMES);
    memset(bytes + ETL_NAMES, 0xFF, SIZE - ETL_NAMES);
    at = hex_read(second, bytes + SIZE, SIZE);
    memset(bytes + SIZE + at, 0xFF, SIZE - at);
    ck_assert_uint_eq(at, 0xC0);
    size = 2 * SIZE;
    expect("4", UINT64_MAX);
    ck_assert_uint_eq(seen.header.pointer_bytes, 4);
    ck_assert_uint_eq(seen.header.clock_type, ETL_CLOCK_SYSTEM);
    ck_assert_uint_eq(seen.header.events_lost, 3);
    ck_assert_uint_eq(seen.header.buffers_lost, 7);
    ck_assert(seen.last.is_32bit);
    ck_assert_uint_eq(seen.last.record.processor, 3);
    ck_assert_uint_eq(seen.last.record.tid, 9);
    ck_assert_uint_eq(seen.last.record.filetime, UINT64_C(0x01d49ef4d5b7e880));
    ck_assert_uint_eq(seen.last.record.metadata.size, 0);
}
END_TEST

static uint8_t sample[16384];

static enum etwr_status read_sample(void *context, uint64_t offset, void *to, size_t wanted,
                                    size_t *got)
{
    size_t sample_size = *(size_t *)context;
    *got = offset >= sample_size ? 0 : sample_size - (size_t)offset;
    if (*got > wanted) *got = wanted;
    memcpy(to, sample + offset, *got);
    return ETWR_OK;
}

START_TEST(file_made_by_windows_10_is_read)
{
    static const uint64_t times[] = {132756731758001567, 132756731762391104, 132756731766718531,
                                     132756731770482590, 132756731774845027};
    FILE *file = fopen("tests/samples/windows-primitive-types.etl", "rb");
    ck_assert_ptr_nonnull(file);
    size_t sample_size = fread(sample, 1, sizeof sample, file);
    fclose(file);
    ck_assert_uint_eq(sample_size, sizeof sample);
    struct etl_trace trace;
    struct etl_event event;
    struct etl_damage damage;
    ck_assert_int_eq(etl_trace_open(&trace, read_sample, &sample_size, &damage), ETWR_OK);
    ck_assert_uint_eq(trace.header.processors, 8);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(etl_trace_next(&trace, &event, &damage), ETL_EVENT);
        ck_assert_uint_eq(event.record.filetime, times[i]);
        ck_assert_uint_eq(event.record.pid, 33984);
        ck_assert_uint_eq(event.record.tid, 21768);
        ck_assert_uint_eq(event.record.processor, 2);
        ck_assert_uint_eq(event.record.descriptor.channel, 11);
        ck_assert_uint_eq(event.record.traits.size, 15);
        ck_assert_uint_eq(event.record.metadata.size, 182);
        ck_assert_ptr_null(event.record.activity_id);
    }
    ck_assert_uint_eq(event.record.data.size, 78);
    ck_assert_int_eq(etl_trace_next(&trace, &event, &damage), ETL_END);
    ck_assert_int_eq(etl_trace_next(&trace, &event, &damage), ETL_END);
    etl_trace_close(&trace);
}
END_TEST

START_TEST(clock_types_give_their_times)
{
    struct etl_header header = {
        .ticks_per_second = 2500000, .system_time = 1000, .start_time = START};
    ck_assert_uint_eq(etl_filetime(&header, 1000), START);
    ck_assert_uint_eq(etl_filetime(&header, 1000 + 2500000), START + 10000000);
    ck_assert_uint_eq(etl_filetime(&header, 1003), START + 12);
    ck_assert_uint_eq(etl_filetime(&header, 0), START - 4000);
    header.ticks_per_second = 3000000;
    ck_assert_uint_eq(etl_filetime(&header, 1001), START + 3);
    ck_assert_uint_eq(etl_filetime(&header, 999), START - 4); /* down, on both sides */
}
END_TEST

START_TEST(header_tells_the_frequency_of_each_clock_type)
{
    static const struct {
        uint32_t type;
        uint64_t frequency;
    } clocks[] = {{0, 10000000}, {1, 10000000}, {2, 10000000}, {3, 2000000000}};
    struct etl_header header;
    struct etl_damage damage;
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        make_file();
        put_u32(ETL_CPU_MHZ, 2000);
        put_u32(ETL_CLOCK_TYPE, clocks[i].type);
        ck_assert_int_eq(etl_read_header(bytes, SIZE, &header, &damage), ETWR_OK);
        ck_assert_uint_eq(header.ticks_per_second, clocks[i].frequency);
        ck_assert_str_eq(damage.message, "");
    }
    make_file();
    put_u32(ETL_PERF_FREQUENCY, 0);
    expect("012345", ETL_PERF_FREQUENCY);
    make_file();
    put_u32(ETL_CLOCK_TYPE, 9);
    expect("012345", ETL_CLOCK_TYPE);
}
END_TEST

START_TEST(impossible_times_stop_at_the_ends_of_time)
{
    struct etl_header header = {.ticks_per_second = 1, .system_time = 0, .start_time = START};
    ck_assert_uint_eq(etl_filetime(&header, UINT64_MAX), UINT64_MAX);
    header.system_time = UINT64_MAX;
    ck_assert_uint_eq(etl_filetime(&header, 0), 0);
    header.ticks_per_second = UINT64_MAX;
    ck_assert_uint_eq(etl_filetime(&header, 0), START - 10000000);
}
END_TEST

START_TEST(header_with_less_than_vital_damage_is_told_and_read_on)
{
    make_file();
    put_u32(ETL_BUFFER_SIZE, 3);
    read_file();
    ck_assert_uint_eq(seen.events, 6);
    ck_assert_uint_eq(seen.damages[0].offset, ETL_BUFFER_SIZE);
    make_file();
    put_u16(ETL_RECORD_SIZE, 0xFFF0);
    read_file();
    ck_assert_uint_eq(seen.events, 6);
    ck_assert_uint_eq(seen.damages[0].offset, ETL_RECORD_SIZE);
    make_file();
    put_u16(ETL_RECORD_SIZE, ETL_NAMES + 4 - ETL_RECORD_MARKER);
    read_file();
    ck_assert_uint_eq(seen.events, 6);
    ck_assert_uint_eq(seen.damages[0].offset, ETL_NAMES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("etl reader");
    TCase *cases = tcase_create("files");
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, whole_file_is_read_whole);
    tcase_add_test(cases, descriptor_and_ids_come_back_as_they_were_put);
    tcase_add_test(cases, names_are_lent_from_the_first_buffer);
    tcase_add_test(cases, what_is_no_etl_file_is_refused);
    tcase_add_test(cases, compressed_files_are_refused_as_unsupported);
    tcase_add_test(cases, file_cut_at_any_byte_keeps_every_whole_event);
    tcase_add_test(cases, buffer_that_is_missing_is_told_where_it_should_be);
    tcase_add_test(cases, buffers_beyond_a_stale_count_are_read_and_told_once);
    tcase_add_test(cases, preallocated_space_beyond_the_count_is_no_damage);
    tcase_add_test(cases, file_that_grows_while_it_is_read_is_no_damage);
    tcase_add_test(cases, buffer_of_zeros_is_told_and_passed_over);
    tcase_add_test(cases, buffer_with_a_wrong_size_is_told_and_read);
    tcase_add_test(cases, filled_size_that_cannot_be_is_told_and_the_other_one_taken);
    tcase_add_test(cases, saved_offset_alone_may_be_zero);
    tcase_add_test(cases, filled_size_beyond_the_last_record_is_told_behind_it);
    tcase_add_test(cases, empty_buffer_is_no_damage);
    tcase_add_test(cases, record_of_an_impossible_size_loses_the_rest_of_its_buffer);
    tcase_add_test(cases, record_of_an_unknown_type_loses_the_rest_of_its_buffer);
    tcase_add_test(cases, extended_data_that_does_not_fit_loses_its_event_only);
    tcase_add_test(cases, extended_data_may_say_its_size_without_padding);
    tcase_add_test(cases, random_damage_never_reads_out_of_bounds);
    tcase_add_test(cases, old_file_of_a_32_bit_machine_is_read);
    tcase_add_test(cases, file_made_by_windows_10_is_read);
    tcase_add_test(cases, clock_types_give_their_times);
    tcase_add_test(cases, header_tells_the_frequency_of_each_clock_type);
    tcase_add_test(cases, impossible_times_stop_at_the_ends_of_time);
    tcase_add_test(cases, header_with_less_than_vital_damage_is_told_and_read_on);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
