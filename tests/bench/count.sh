#!/bin/sh
# Instructions an event, counted by callgrind, so that they are the same on each run and on a loaded machine: two
# runs of different length, the difference divided by the events in between. One JSON line. Counted is what happens
# in the library's functions, not in the program that calls them; `encode` is a whole turn of that program.
#
#     count.sh BENCH_ENCODER [WAY=MOST]...      fails when a way takes more than that; exits 77 without valgrind
set -eu

program=$1
shift
command -v valgrind >/dev/null 2>&1 || exit 77

few=1000
many=11000

functions() {
    case "$1" in
    builder) echo "--toggle-collect=etwr_event_reset --toggle-collect=etwr_event_add_*" ;;
    prepared) echo "--toggle-collect=etwr_values_init --toggle-collect=etwr_put_*" ;;
    check) echo "--toggle-collect=schema_check" ;;
    esac
}

count() {
    # shellcheck disable=SC2046 # a list of words
    valgrind --tool=callgrind --callgrind-out-file=/dev/null $(functions "$1") "$program" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected *: *\([0-9][0-9]*\).*/\1/p'
}

[ $# -gt 0 ] || set -- builder=0 encode=0 prepared=0 check=0
line='{"bench":"instructions"'
status=0
for goal in "$@"; do
    way=${goal%%=*}
    most=${goal#*=}
    first=$(count "$way" $few)
    second=$(count "$way" $many)
    if [ -z "$first" ] || [ -z "$second" ] || [ $((second - first)) -lt $many ]; then
        echo "$way: callgrind has counted nothing: does $program run?" >&2
        exit 1
    fi
    each=$(((second - first) / (many - few)))
    line="$line,\"$way\":$each"
    if [ "$most" -gt 0 ] && [ "$each" -gt "$most" ]; then
        echo "$way: $each instructions an event, more than the $most that are allowed" >&2
        status=1
    fi
done
echo "$line}"
exit $status
