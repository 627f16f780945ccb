#!/usr/bin/env python3
"""Which lines and branches of the product the tests have run, and whether that is enough.

gate.py BUILD [--missing]: BUILD is a build of the preset `coverage` whose tests have run. Prints a line a file
and fails when one of the groups below is under its limits. --missing prints the lines and branches not run, too.

Counted by gcov; branches are those that gcc makes of a condition, without those of exceptions and assertions.
A file counts in every program that it was built into; what one of them has run has run.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What stands between a hostile byte and the rest, what decides who may do what, and what may not lose an event.
# (name, limit for lines, limit for branches, files or folders)
GROUPS = [
    ("decoder", 95, 100, [
        "protocol/wire/",
        "protocol/tracelogging/schema_check.c",
        "protocol/tracelogging/schema_rebuild.c",
        "protocol/tracelogging/schema_value.c",
        "protocol/tracelogging/schema_walk.c",
    ]),
    ("policy", 95, 90, ["service/policy/"]),
    ("accounting", 95, 100, [
        "client/account.c",
        "client/flight.c",
        "client/queue.c",
        "service/lost_events.c",
        "service/pipe/account.c",
        "service/pipe/client.c",
        "service/state_file.c",
    ]),
]


class Counts:
    """How often each line and each branch of one file was run."""

    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.Counter()

    def add(self, gcov_file):
        for line in gcov_file["lines"]:
            number = line["line_number"]
            self.lines[number] += line["count"]
            for index, branch in enumerate(line["branches"]):
                if not branch["throw"]:
                    self.branches[(number, index)] += branch["count"]

    def missing(self):
        lines = sorted(number for number, count in self.lines.items() if count == 0)
        branches = sorted({number for (number, _), count in self.branches.items() if count == 0})
        return lines, branches


def run(counter):
    return sum(1 for count in counter.values() if count > 0)


def share(done, all_of_them):
    return 100.0 * done / all_of_them if all_of_them else 100.0


def count_files(build):
    """Reads every object's counts, product sources only. Objects that nothing has run count as zero."""
    objects = []
    for folder, _, names in os.walk(build):
        if os.path.relpath(folder, build).split(os.sep)[0] == "tests":
            continue
        objects += [os.path.join(folder, name) for name in names if name.endswith(".gcno")]
    if not objects:
        sys.exit(f"gate.py: no build of the preset `coverage` in {build}")
    files = collections.defaultdict(Counts)
    output = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities"] + sorted(objects),
                            cwd=build, capture_output=True, text=True, check=True).stdout
    for document in output.splitlines():
        if not document:
            continue
        for gcov_file in json.loads(document)["files"]:
            name = os.path.relpath(os.path.join(build, gcov_file["file"]), ROOT)
            if not name.startswith("..") and name.endswith(".c"):
                files[name].add(gcov_file)
    return files


def summary(name, several):
    lines, all_lines = sum(run(c.lines) for c in several), sum(len(c.lines) for c in several)
    branches, all_branches = sum(run(c.branches) for c in several), sum(len(c.branches) for c in several)
    print(f"{name:48} lines {lines:5} of {all_lines:5} {share(lines, all_lines):5.1f} %"
          f"   branches {branches:5} of {all_branches:5} {share(branches, all_branches):5.1f} %")
    return share(lines, all_lines), share(branches, all_branches)


def belongs(name, patterns):
    return any(name == pattern or pattern.endswith("/") and name.startswith(pattern) for pattern in patterns)


def check_group(files, group, show_missing):
    name, line_limit, branch_limit, patterns = group
    for pattern in patterns:
        if not any(belongs(file, [pattern]) for file in files):
            sys.exit(f"gate.py: {pattern} of the group {name} is not in the build")
    members = sorted(file for file in files if belongs(file, patterns))
    for file in members:
        summary(file, [files[file]])
        lines, branches = files[file].missing()
        if show_missing and (lines or branches):
            print(f"    lines not run: {lines}\n    branches not run, at: {branches}")
    lines, branches = summary(f"== {name} (limits {line_limit}, {branch_limit})", [files[file] for file in members])
    return lines >= line_limit and branches >= branch_limit


def main():
    parser = argparse.ArgumentParser(description="Coverage of the product by its tests, against limits.")
    parser.add_argument("build", help="build folder of the preset `coverage`, after its tests")
    parser.add_argument("--missing", action="store_true", help="print the lines and branches not run")
    arguments = parser.parse_args()

    files = count_files(os.path.abspath(arguments.build))
    grouped = [pattern for group in GROUPS for pattern in group[3]]
    for file in sorted(files):
        if not belongs(file, grouped):
            summary(file, [files[file]])
    failed = [group[0] for group in GROUPS if not check_group(files, group, arguments.missing)]
    summary("== the whole product", list(files.values()))
    if failed:
        sys.exit(f"gate.py: under the limits: {', '.join(failed)} (--missing tells where)")


if __name__ == "__main__":
    main()
