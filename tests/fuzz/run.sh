#!/bin/sh
# Fuzzes for a given time: run.sh SECONDS [TARGET...]; without targets all of them, as many at once as there are cores.
# Builds the preset `fuzz` (clang) first, or takes the build in FUZZ_BUILD. What is found lies in build/fuzz/findings and
# fails the run; what is new stays in build/fuzz/corpus for the next one. FUZZ_MERGE=1 does not fuzz but
# puts what reaches more than the seeds do, at most FUZZ_KEEP=40 a target, into tests/fuzz/corpus.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1
if [ $# -lt 1 ] || ! [ "$1" -gt 0 ] 2>/dev/null; then
    echo "usage: run.sh SECONDS [TARGET...]" >&2
    exit 2
fi
seconds=$1
shift
targets=${*:-"frame request values config json etl session client"}
build=${FUZZ_BUILD:-build/fuzz}
work=build/fuzz
jobs=$(nproc 2>/dev/null || echo 2)

if [ -z "${FUZZ_BUILD:-}" ]; then
    programs=make_seeds
    for target in $targets; do programs="$programs fuzz_$target"; done
    # shellcheck disable=SC2086 # a list of words
    cmake --preset fuzz >/dev/null && cmake --build --preset fuzz -j "$jobs" --target $programs >/dev/null || exit 1
fi
"$build/tests/fuzz/make_seeds" "$build/tests/fuzz/seeds" >/dev/null || exit 1
mkdir -p "$work/findings" "$work/logs"

# Longer inputs find nothing that shorter ones do not, but for .etl files, whose smallest buffer is 1 KiB: three of those,
# and then files as Windows makes them, which take four times as long a run.
lengths() {
    case $1 in
    etl) echo 4096 16384 ;;
    config | json) echo 2048 ;;
    frame | request) echo 512 ;;
    *) echo 1024 ;;
    esac
}

# The first is where libFuzzer puts what it finds.
folders() {
    mkdir -p "$work/corpus/$1"
    echo "$work/corpus/$1" "$build/tests/fuzz/seeds/$1"
    if [ -d "tests/fuzz/corpus/$1" ]; then echo "tests/fuzz/corpus/$1"; fi
}

# Memory of few frames and a small quarantine: millions of runs, not one long one.
export ASAN_OPTIONS="malloc_context_size=4:quarantine_size_mb=4:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

# One target's time, shared by its lengths.
fuzz_lengths() {
    target=$1
    shift
    share=$(((seconds + $# - 1) / $#))
    for length in "$@"; do
        # shellcheck disable=SC2046 # folders
        "$build/tests/fuzz/fuzz_$target" -max_total_time="$share" -max_len="$length" -timeout=10 \
            -rss_limit_mb=2048 -reload=0 -print_final_stats=1 -dict=tests/fuzz/etwrelay.dict \
            -artifact_prefix="$work/findings/$target-" $(folders "$target") || return 1
    done
}

fuzz() {
    target=$1
    # shellcheck disable=SC2046 # numbers
    fuzz_lengths "$target" $(lengths "$target") >"$work/logs/$target.log" 2>&1
    result=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/logs/$target.log" | awk '{ sum += $1 } END { print sum + 0 }')
    reached=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$work/logs/$target.log" | tail -n 1)
    if [ "$result" -eq 0 ]; then
        echo "fuzz $target: $runs runs, $reached"
        return 0
    fi
    tail -n 40 "$work/logs/$target.log"
    echo "fuzz $target: FAILED after $runs runs; the input is in $work/findings"
    return 1
}

# At most so many of the lines, of all parts.
spread() {
    awk -v keep="$1" '{ line[NR] = $0 }
        END { n = NR < keep ? NR : keep; for (i = 0; i < n; i++) print line[int(i * NR / n) + 1] }'
}

# Only what the seeds do not reach, of all sizes: the seeds are made anew in every build.
merge() {
    target=$1
    rm -rf "$work/merged" && mkdir -p "$work/merged" && cp "$build/tests/fuzz/seeds/$target"/* "$work/merged/" || return 1
    # shellcheck disable=SC2046 # folders
    "$build/tests/fuzz/fuzz_$target" -merge=1 -max_len="$(lengths "$target" | sed 's/.* //')" "$work/merged" \
        $(folders "$target") >"$work/logs/$target-merge.log" 2>&1 || return 1
    for input in "$build/tests/fuzz/seeds/$target"/*; do rm -f "$work/merged/$(basename "$input")"; done
    rm -rf "tests/fuzz/corpus/$target" && mkdir -p "tests/fuzz/corpus/$target"
    # shellcheck disable=SC2012 # by size; names are hashes
    for name in $(cd "$work/merged" && ls -rS | spread "${FUZZ_KEEP:-40}"); do
        cp "$work/merged/$name" "tests/fuzz/corpus/$target/"
    done
    echo "corpus $target: $(find "tests/fuzz/corpus/$target" -type f | wc -l) inputs"
}

if [ "${FUZZ_MERGE:-0}" -eq 1 ]; then
    for target in $targets; do merge "$target" || exit 1; done
    exit 0
fi

failed=0
running=""
count=0
for target in $targets; do
    fuzz "$target" &
    running="$running $!"
    count=$((count + 1))
    if [ "$count" -ge "$jobs" ]; then
        for process in $running; do wait "$process" || failed=1; done
        running=""
        count=0
    fi
done
for process in $running; do wait "$process" || failed=1; done
exit "$failed"
