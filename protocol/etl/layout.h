/*
 * Where things are in an Event Trace Log file: offsets and values of the uncompressed format, as
 * Windows writes it.
 *
 * A file is buffers of one size, back to back. Each starts with a 72-byte buffer header
 * (WMI_BUFFER_HEADER) and goes on with records at multiples of 8; what is left of a buffer holds
 * 0xFF. Buffer 0 carries the log file header (TRACE_LOGFILE_HEADER) as its first record. All
 * integers are little-endian. These are facts of the format, so nothing here is a struct: bytes are
 * put and read field by field.
 */
#ifndef ETWRELAY_ETL_LAYOUT_H
#define ETWRELAY_ETL_LAYOUT_H

#define ETL_BUFFER_MIN_BYTES 1024u
#define ETL_BUFFER_MAX_BYTES (16u << 20)
#define ETL_TAIL_BYTE        0xFF

/* Buffer header. */
#define ETL_BUFFER_HEADER_BYTES 72u
#define ETL_BUFFER_SIZE         0x00
#define ETL_BUFFER_SAVED_OFFSET 0x04 /* bytes in use; 0 in the first buffer of Windows 7 files */
#define ETL_BUFFER_CURRENT      0x08
#define ETL_BUFFER_STAMP        0x10
#define ETL_BUFFER_SEQUENCE     0x18
#define ETL_BUFFER_PROCESSOR    0x28 /* u16 with ETL_FLAG_PROC_INDEX, else u8 */
#define ETL_BUFFER_LOGGER_ID    0x2A
#define ETL_BUFFER_STATE        0x2C
#define ETL_BUFFER_FILLED       0x30 /* bytes in use, this header included */
#define ETL_BUFFER_FLAGS        0x34
#define ETL_BUFFER_TYPE         0x36

#define ETL_STATE_FLUSH 3

#define ETL_FLAG_FLUSH_MARKER 0x01
#define ETL_FLAG_PROC_INDEX   0x20
#define ETL_FLAG_COMPRESSED   0x40

#define ETL_TYPE_GENERIC 0
#define ETL_TYPE_HEADER  4

/* The log file header record: offsets in the file, up to CpuSpeedInMHz the same for 32-bit and
 * 64-bit writers. */
#define ETL_RECORD_MARKER    0x48 /* u32: version 2, header type, marker flags */
#define ETL_RECORD_SIZE      0x4C
#define ETL_HEADER_THREAD    0x50
#define ETL_HEADER_PROCESS   0x54
#define ETL_SYSTEM_TIME      0x58 /* session clock at the moment of StartTime */
#define ETL_HEADER_SIZE      0x68 /* BufferSize again */
#define ETL_VERSION          0x6C
#define ETL_PROVIDER_VERSION 0x70
#define ETL_PROCESSORS       0x74
#define ETL_END_TIME         0x78
#define ETL_TIMER_RESOLUTION 0x80
#define ETL_LOG_FILE_MODE    0x88
#define ETL_BUFFERS_WRITTEN  0x8C
#define ETL_START_BUFFERS    0x90
#define ETL_POINTER_SIZE     0x94
#define ETL_EVENTS_LOST      0x98
#define ETL_CPU_MHZ          0x9C
/* From here on offsets of a 64-bit writer; a 32-bit one's two name pointers take 8 bytes less. */
#define ETL_BOOT_TIME      0x160
#define ETL_PERF_FREQUENCY 0x168
#define ETL_START_TIME     0x170
#define ETL_CLOCK_TYPE     0x178
#define ETL_BUFFERS_LOST   0x17C
#define ETL_NAMES          0x180
#define ETL_32BIT_SHIFT    8

#define ETL_MARKER_SYSTEM32 0xC0010002u
#define ETL_MARKER_SYSTEM64 0xC0020002u
#define ETL_MARKER_TAIL     0xFFFFFFFFu /* in place of a record, in a buffer's tail */

#define ETL_LAYOUT_VERSION        0x0501000Au /* Windows 10.0, file layout 1.5 */
#define ETL_LAYOUT_PROCESSORS_MAX 256         /* of layout 1.5 */
#define ETL_MODE_SEQUENTIAL       0x00000001u
#define ETL_MODE_COMPRESSED       0x04000000u

#define ETL_CLOCK_QPC    1
#define ETL_CLOCK_SYSTEM 2
#define ETL_CLOCK_CPU    3

#define ETL_TICKS_PER_SECOND 10000000u /* of a FILETIME, and of the session clock in our files */

/* Header types: the third byte of every record. */
#define ETL_RECORD_SYSTEM32   0x01
#define ETL_RECORD_COMPACT64  0x04
#define ETL_RECORD_FULL32     0x0A
#define ETL_RECORD_MESSAGE    0x0F
#define ETL_RECORD_PERFINFO32 0x10
#define ETL_RECORD_PERFINFO64 0x11
#define ETL_RECORD_EVENT32    0x12
#define ETL_RECORD_EVENT64    0x13
#define ETL_RECORD_INSTANCE64 0x15
/* Marker flags: the fourth byte. */
#define ETL_RECORD_IS_RECORD 0x80

/* Event record (EVENT_HEADER), offsets from its start. */
#define ETL_EVENT_HEADER_BYTES 80u
#define ETL_EVENT_SIZE         0x00
#define ETL_EVENT_HEADER_TYPE  0x02
#define ETL_EVENT_FLAGS        0x04
#define ETL_EVENT_THREAD       0x08
#define ETL_EVENT_PROCESS      0x0C
#define ETL_EVENT_STAMP        0x10
#define ETL_EVENT_PROVIDER     0x18
#define ETL_EVENT_DESCRIPTOR   0x28
#define ETL_EVENT_TIMES        0x38
#define ETL_EVENT_ACTIVITY     0x40

#define ETL_EVENT_HAS_ITEMS  0x0001
#define ETL_RECORD_MAX_BYTES 65535u

/* Extended data item: u16 total size, u16 type, u16 linkage, u16 data size, data, padding to 8. */
#define ETL_ITEM_HEADER_BYTES   8u
#define ETL_ITEM_DATA_MAX_BYTES 65520u
#define ETL_ITEM_MORE           0x0001

#define ETL_ITEM_RELATED_ACTIVITY 1
#define ETL_ITEM_EVENT_METADATA   11
#define ETL_ITEM_PROVIDER_TRAITS  12

#define ETL_ALIGN8(size) (((size) + 7u) & ~(size_t)7)

#endif
