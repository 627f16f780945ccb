#!/usr/bin/env python3
"""Make upcase_table.h from Unicode's own data.

usage: make_upcase_table.py /usr/share/unicode/UnicodeData.txt 15.0.0 > upcase_table.h

The file (Debian's package unicode-data has it) does not name its version, so it is said on the command line.
Its 13th field is the simple upper-case mapping. Code points that follow each other in steps of one or two and
move by the same distance become one row.
"""
import sys

UPPERCASE_FIELD = 12


def read_mappings(path):
    mappings = {}
    with open(path, encoding="ascii") as data:
        for line in data:
            fields = line.rstrip("\n").split(";")
            if fields[UPPERCASE_FIELD]:
                mappings[int(fields[0], 16)] = int(fields[UPPERCASE_FIELD], 16)
    return mappings


def make_rows(mappings):
    """Rows of [first, last, step, distance], greedily as long as they get."""
    rows = []
    for code_point, upper in sorted(mappings.items()):
        distance = upper - code_point
        if rows:
            row = rows[-1]
            gap = code_point - row[1]
            is_single = row[0] == row[1]
            if row[3] == distance and (gap == row[2] or (is_single and gap in (1, 2))):
                row[1], row[2] = code_point, gap
                continue
        rows.append([code_point, code_point, 1, distance])
    return rows


def expand(rows):
    return {
        code_point: code_point + distance
        for first, last, step, distance in rows
        for code_point in range(first, last + 1, step)
    }


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    path, version = sys.argv[1:]
    mappings = read_mappings(path)
    rows = make_rows(mappings)
    assert expand(rows) == mappings
    print("/*")
    print(f" * Simple upper-case mappings of Unicode {version}: {len(mappings)} code points in {len(rows)} rows.")
    print(" * Made by make_upcase_table.py; do not edit.")
    print(" */")
    print("#ifndef ETWRELAY_UPCASE_TABLE_H")
    print("#define ETWRELAY_UPCASE_TABLE_H")
    print()
    print("#include <stdint.h>")
    print()
    print("/* clang-format off */")
    print("/* Every `step`th code point from `first` to `last` moves by `distance`. Sorted. */")
    print("static const struct upcase_row {")
    print("    uint32_t first, last, step;")
    print("    int32_t distance;")
    print("} UPCASE_ROWS[] = {")
    for first, last, step, distance in rows:
        print(f"    {{0x{first:04X}, 0x{last:04X}, {step}, {distance}}},")
    print("};")
    print()
    print("#endif")


if __name__ == "__main__":
    main()
