#!/bin/sh
# Shows the relay at work: installs what is missing, builds, starts the service with an .etl file and readable lines as sinks,
# lets two processes send events through the client library, and prints what arrived, who sent it and the counters.
# Everything it makes but the build (build/try) lies in a temporary folder; nothing is left running.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build="$root/build/try"
work=$(mktemp -d "${TMPDIR:-/tmp}/etwrelay-try.XXXXXX")
service=""

stop_service() {
    [ -n "$service" ] || return 0
    kill -TERM "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    service=""
}

clean_up() {
    stop_service
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "try.sh: $*" >&2
    [ ! -s "$work/service.log" ] || cat "$work/service.log" >&2
    exit 1
}

title() { printf '\n== %s\n' "$*"; }

# Run quietly; show everything when it fails.
quietly() { "$@" >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; fail "failed: $*"; }; }

title "build (in $build)"
sh "$root/install/packages.sh" build
quietly cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DETWR_BUILD_TESTS=OFF
quietly cmake --build "$build"

title "start the service: etwrelayd run"
mkdir "$work/state"
ETWRELAY_PIPE="$work/relay.sock" # where the tool and the workers below connect
export ETWRELAY_PIPE
: >"$work/service.log"
"$build/service/etwrelayd" run --pipe "$ETWRELAY_PIPE" --sink "etl:$work/state/etwrelay.etl" \
    --sink "jsonl:$work/state/etwrelay.jsonl" >"$work/final.json" 2>"$work/service.log" &
service=$!
tries=0
until grep -q '^ready' "$work/service.log"; do
    kill -0 "$service" 2>/dev/null || fail "the service ended"
    tries=$((tries + 1))
    [ "$tries" -le 200 ] || fail "the service was not ready within 20 seconds"
    sleep 0.1
done
echo "ready, process $service"

title "two processes send events: client/examples/worker.c"
"$build/client/examples/worker" anna 3 >"$work/anna" &
anna=$!
"$build/client/examples/worker" bert 2 >"$work/bert" &
bert=$!
wait "$anna" || fail "the first worker lost events"
wait "$bert" || fail "the second worker lost events"
echo "process $anna, $(cat "$work/anna")"
echo "process $bert, $(cat "$work/bert")"

title "one more from the shell: etwrelay send"
"$build/client/tool/etwrelay" send --provider Contoso.Shell --event BackupDone --level 4 \
    files:uint32=1312 'folders:zstr16[]=["/home", "/srv"]' ok:bool32=true

title "the service's counters: etwrelay status"
"$build/client/tool/etwrelay" status

title "stop the service: its last words"
stop_service
cat "$work/final.json"

title "what is in the .etl file: etwrelay dump"
"$build/client/tool/etwrelay" dump "$work/state/etwrelay.etl"

title "the same as JSON, with who sent it (record.origin): etwrelay dump --json, last event"
"$build/client/tool/etwrelay" dump --json "$work/state/etwrelay.etl" | tail -n 1

title "and the jsonl sink's lines: the last"
tail -n 1 "$work/state/etwrelay.jsonl"
title "done; nothing is left running"
