#!/usr/bin/env python3
"""An .etl reader that shares nothing with the project: the tests' second opinion on what the sink writes.

    etl_check.py FILE...                  strict check of the layout; prints the number of events of each file
    etl_check.py --vectors EVENTS FILE    the file holds exactly the vectors' expected events, in their order
    etl_check.py --events EVENTS          print those events alone, one a line, as `etwrelay send --jsonl` takes them
    etl_check.py --same FILE FILE         both hold the same events (provider, descriptor, metadata, data, ids) in any order

Exit status 1 and a message when something is not so. Facts of the format: protocol/etl/layout.h names the offsets.
"""
import collections
import json
import struct
import sys
import uuid

BUFFER = struct.Struct("<IIIIQQQHHIIHH16x")  # size saved current refs stamp sequence clock cpu logger state filled flags type
RECORD = struct.Struct("<HHHHIIQ16s16sQ16s")  # size type flags property tid pid stamp provider descriptor times activity
ITEM = struct.Struct("<HHHH")  # total kind linkage data
RELATED, METADATA, TRAITS = 1, 11, 12

Event = collections.namedtuple("Event", "provider descriptor metadata data traits activity related pid tid time offset")


class Broken(Exception):
    pass


def need(condition, offset, what):
    if not condition:
        raise Broken(f"offset {offset:#x}: {what}")


class Log:
    """Header and events of one file, read strictly."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        need(len(self.bytes) >= 0x180, 0, "too short for a log file header")
        self.read_header()
        self.events = []
        last = {}
        for number in range(1, self.buffers):
            self.read_buffer(number, last)

    def field(self, offset, code):
        return struct.unpack_from("<" + code, self.bytes, offset)[0]

    def read_header(self):
        self.size = self.field(0, "I")
        need(1024 <= self.size <= 1 << 24 and self.size % 8 == 0, 0, f"buffer size {self.size}")
        need(self.field(0x48, "I") == 0xC0020002, 0x48, "no log file header record")
        need(self.field(0x68, "I") == self.size, 0x68, "the header names another buffer size")
        need(self.field(0x9C, "I") != 0, 0x9C, "a CPU of 0 MHz")
        need(self.field(0x94, "I") == 8, 0x94, "not written by a 64-bit program")
        need(self.field(0x178, "I") == 1, 0x178, "the clock is not the performance counter")
        self.buffers = self.field(0x8C, "I")
        need(self.buffers * self.size <= len(self.bytes), 0x8C, f"fewer than {self.buffers} buffers in the file")
        self.processors = self.field(0x74, "I")
        self.anchor, self.start, self.frequency = self.field(0x58, "Q"), self.field(0x170, "Q"), self.field(0x168, "Q")
        self.lost = self.field(0x98, "I")
        last_flags = self.field((self.buffers - 1) * self.size + 0x34, "H")
        self.closed = bool(last_flags & 1) and len(self.bytes) == self.buffers * self.size

    def read_buffer(self, number, last):
        base = number * self.size
        head = BUFFER.unpack_from(self.bytes, base)
        size, saved, stamp, cpu, state, filled = head[0], head[1], head[4], head[7], head[9], head[10]
        need(size == self.size, base, "a buffer of another size")
        need(saved == filled and filled % 8 == 0 and 72 < filled <= size, base + 0x30, f"filled {filled}, saved {saved}")
        need(state == 3, base + 0x2C, f"state {state}")
        need(cpu < self.processors, base + 0x28, f"processor {cpu} of {self.processors}")
        if self.closed:
            need(self.bytes[base + filled:base + size].strip(b"\xff") == b"", base + filled, "the tail is not all 0xFF")
        at = base + 72
        while at < base + filled:
            event_stamp, length = self.read_event(at, base + filled)
            need(event_stamp >= last.get(cpu, 0), at, "time runs backwards")
            need(event_stamp <= stamp, at, "an event younger than its buffer")
            last[cpu] = event_stamp
            at += (length + 7) & ~7

    def read_event(self, at, end):
        need(at + RECORD.size <= end, at, "a record without room for its header")
        length, kind, flags, _, tid, pid, stamp, provider, descriptor, _, activity = RECORD.unpack_from(self.bytes, at)
        need(kind == 0xC013, at, f"a record of type {kind:#x}")
        need(RECORD.size <= length and at + length <= end, at, f"a record of {length} bytes")
        items, values = self.read_items(at + RECORD.size, at + length, flags & 1)
        for key in (METADATA, TRAITS):
            if key in items:
                need(int.from_bytes(items[key][:2], "little") == len(items[key]), at, f"size field of item {key}")
        time = self.start + (stamp - self.anchor) * 10_000_000 // self.frequency
        self.events.append(Event(provider, descriptor, items.get(METADATA), values, items.get(TRAITS), activity,
                                 items.get(RELATED), pid, tid, time, at))
        return stamp, length

    def read_items(self, at, end, more):
        items = {}
        while more:
            need(at + ITEM.size <= end, at, "an item over the record's end")
            total, kind, linkage, size = ITEM.unpack_from(self.bytes, at)
            need(total == ITEM.size + (size + 7 & ~7) and at + total <= end, at, f"an item of {size} in {total} bytes")
            need(kind not in items, at, f"a second item {kind}")
            items[kind] = self.bytes[at + ITEM.size:at + ITEM.size + size]
            at += total
            more = linkage & 1
        return items, self.bytes[at:end]


def guid_bytes(text):
    return uuid.UUID(text).bytes_le if text else bytes(16)


def read_vectors(path):
    with open(path, encoding="utf-8") as file:
        return [vector for vector in map(json.loads, file) if "error" not in vector["expect"]]


def compare_with_vectors(vectors_path, path):
    vectors = read_vectors(vectors_path)
    events = Log(path).events
    problems = []
    if len(events) != len(vectors):
        problems.append(f"{len(events)} events for {len(vectors)} vectors")
    for vector, event in zip(vectors, events):
        expect, given = vector["expect"], vector["event"]
        wanted = {
            "provider_id": guid_bytes(expect["provider_id"]), "provider_traits": bytes.fromhex(expect["provider_traits"]),
            "descriptor": bytes.fromhex(expect["descriptor"]), "metadata": bytes.fromhex(expect["metadata"]),
            "data": bytes.fromhex(expect["data"]), "activity_id": guid_bytes(given.get("activity_id")),
            "related_activity_id": guid_bytes(given.get("related_activity_id")),
        }
        found = {
            "provider_id": event.provider, "provider_traits": event.traits, "descriptor": event.descriptor,
            "metadata": event.metadata, "data": event.data, "activity_id": event.activity,
            "related_activity_id": event.related or bytes(16),
        }
        for key, value in wanted.items():
            if found[key] != value:
                problems.append(f"{vector.get('comment')}: {key}: wanted {value.hex()}, found {(found[key] or b'').hex()}")
    return problems, f"{len(events)} events as the vectors say"


def compare_files(left_path, right_path):
    def count(path):
        return collections.Counter(e[:7] for e in Log(path).events)  # up to `related`: what a replay keeps

    left, right = count(left_path), count(right_path)
    problems = [f"{n} times only in {left_path}: {e}" for e, n in (left - right).items()]
    problems += [f"{n} times only in {right_path}: {e}" for e, n in (right - left).items()]
    return problems, f"{sum(left.values())} events are the same"


def main(arguments):
    try:
        if len(arguments) == 3 and arguments[0] == "--vectors":
            problems, said = compare_with_vectors(*arguments[1:])
        elif len(arguments) == 3 and arguments[0] == "--same":
            problems, said = compare_files(*arguments[1:])
        elif len(arguments) == 2 and arguments[0] == "--events":
            problems, said = [], "\n".join(json.dumps(v["event"]) for v in read_vectors(arguments[1]))
        elif arguments and not arguments[0].startswith("-"):
            problems, said = [], "\n".join(str(len(Log(path).events)) for path in arguments)
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (Broken, OSError) as error:
        print(f"etl_check.py: {' '.join(arguments)}: {error}", file=sys.stderr)
        return 1
    for problem in problems[:20]:
        print(f"etl_check.py: {problem[:2000]}", file=sys.stderr)
    if not problems:
        print(said)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
