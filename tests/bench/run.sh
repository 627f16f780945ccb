#!/bin/sh
# All benchmarks of this folder, one JSON line each on standard output: for reading, for plot.py, and for comparing
# two builds. Absolute figures wander on shared machines; raw limits are taken right beside ours for that reason.
#
#     run.sh BUILD_FOLDER [EVENTS]         EVENTS: of each relay run (4000000)
#
# BENCH_FOLDER says where the files of the .etl sink are written.
set -eu

build=$1
events=${2:-4000000}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/service.sh"
bench=$build/tests/bench
tool=$build/client/tool/etwrelay

# relay KIND CLIENTS WAY SINK [WORKERS]: the tool's own line, with what was run and the service's processor time an event.
# Without WORKERS the service has one for each processor but one.
relay() {
    start_service "$4" ${5:+--workers "$5"}
    before=$(service_ticks)
    line=$("$tool" bench --pipe "$pipe" --clients "$2" --events "$events" "--$3")
    after=$(service_ticks)
    used=$(((after - before) * 10000000 / events))
    stop_service
    echo "{\"bench\":\"relay\",\"sink\":\"$1\",\"way\":\"$3\",${5:+\"workers\":$5,}\"service_cpu_ns\":$used,${line#\{}"
}

"$bench/bench_encoder"
sh "$here/count.sh" "$bench/bench_encoder" || true
start_service null
"$bench/bench_caller" "$pipe"
"$bench/bench_growth" "$pipe"
stop_service
start_service jsonl:@/out.jsonl
"$bench/bench_latency" "$pipe" "$folder/out.jsonl"
stop_service
start_service null
"$bench/bench_memory" "$pipe" "$service" 1000
stop_service
for way in prepared builder; do
    for clients in 1 2 8 1000; do
        "$bench/bench_raw" socket 1000
        relay null $clients $way null
    done
done
for way in prepared builder; do
    for clients in 1 2 8 1000; do
        "$bench/bench_raw" file "${BENCH_FOLDER:-${TMPDIR:-/tmp}}/etwrelay-bench-raw.$$" 1000
        relay etl $clients $way etl:@/out.etl
    done
done
events=$((events / 8)) # each is some 2 us of text
for way in prepared builder; do
    for clients in 1 2 8 1000; do
        relay jsonl $clients $way jsonl:@/out.jsonl
    done
done
# Where the workers have most of the work, more of them do more.
for workers in 1 2; do
    relay jsonl 8 prepared jsonl:@/out.jsonl $workers
done
