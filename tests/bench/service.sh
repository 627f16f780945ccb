# Sourced by run.sh and peers.sh. Starts and stops a service of the build folder $build, in a folder of its own.
#
#     start_service SINK [ARGUMENT]...     sets $folder, $pipe, $service; SINK may name files in @ (the folder)
#     stop_service

start_service() {
    folder=$(mktemp -d "${BENCH_FOLDER:-${TMPDIR:-/tmp}}/etwrelay-bench.XXXXXX")
    pipe=$folder/pipe
    sink=$(printf '%s' "$1" | sed "s|@|$folder|")
    shift
    printf '{"limits": {"clients": 2100, "clients_per_user": 2100, "hellos_per_user": 2100}}\n' >"$folder/config.json"
    "$build/service/etwrelayd" run --config "$folder/config.json" --pipe "$pipe" --sink "$sink" \
        --allow-any-provider "$@" >"$folder/final" 2>"$folder/log" &
    service=$!
    tries=0
    until grep -q ready "$folder/log" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -gt 200 ] || ! kill -0 "$service" 2>/dev/null; then
            cat "$folder/log" >&2
            exit 1
        fi
        sleep 0.05
    done
}

stop_service() {
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    rm -rf "$folder"
    service=
}

trap '[ -z "${service:-}" ] || stop_service' EXIT

# Processor time that the service has used, in clock ticks (of 10 ms, as a rule).
service_ticks() {
    awk '{ print $14 + $15 }' "/proc/$service/stat"
}
