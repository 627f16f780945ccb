/*
 * Decoding a TraceLogging record for people (one line) and for programs (JSON that `etwrelay send
 * --jsonl` takes again).
 *
 * Types and out types are shown as ETW's own decoders show them. Whatever could not come back to
 * the same bytes is given as
 * {"hex": "...", "text": "..."}. A trailing struct named `etwrelay` (the origin that the service
 * stamps) is shown under "record": {"origin": {...}} and left out of "fields", so that a replayed
 * event is the one which the client sent.
 */
#ifndef ETWRELAY_DECODE_H
#define ETWRELAY_DECODE_H

#include <etwrelay/event.h>

#include "protocol/text.h"

/* One record. Everything is borrowed for the call. */
struct trace_record {
    struct etwr_guid provider_id;
    struct etwr_bytes traits; /* provider traits, or size 0 when the record has none */
    struct etwr_descriptor descriptor;
    struct etwr_bytes metadata; /* or size 0: not a TraceLogging record */
    struct etwr_bytes data;
    const struct etwr_guid *activity_id; /* NULL for none (or all zero) */
    const struct etwr_guid *related_activity_id;
    uint64_t filetime; /* 100 ns since 1601, UTC */
    uint32_t pid, tid;
    uint16_t processor;
    const char *file; /* NULL for none; name shown under record.file */
};

/*
 * Append the record as one JSON object, without a line end. Returns ETWR_OK; ETWR_E_MALFORMED when
 * metadata or data do not decode, and then appends an object with "provider_id", "error" and the
 * raw bytes as hex under "record"; ETWR_E_NO_MEMORY. Records without TraceLogging metadata get
 * "record": {..., "data": hex} and no "fields".
 */
enum etwr_status decode_json(const struct trace_record *record, struct text *text);

/* Append one readable line, without a line end: time, provider, event, level, pid/tid, name=value
 * .... Same results. */
enum etwr_status decode_line(const struct trace_record *record, struct text *text);

#endif
