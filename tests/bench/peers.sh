#!/bin/sh
# The relay beside what Debian packages for the same work, on the same event, one after the other in one run, several
# times: medians, and their ratios. Needs lttng-tools, liblttng-ust-dev and rsyslog; what is not there is left out.
#
#     peers.sh BUILD_FOLDER [ROUNDS]       ROUNDS: 5
#
# LTTng runs lossless (8 buffers of 1 MiB, blocking) and writes its trace to the same disk as our .etl; both are timed
# until everything is handed over. rsyslog is timed until its file has every line.
set -eu

build=$1
rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/service.sh"
tool=$build/client/tool/etwrelay
work=$(mktemp -d "${BENCH_FOLDER:-${TMPDIR:-/tmp}}/etwrelay-peers.XXXXXX")
many=4000000
few=200000

has_lttng=no
has_rsyslog=no
daemon=
trap 'finish' EXIT

finish() {
    [ -z "${service:-}" ] || stop_service
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ ! -f "$work/sessiond.pid" ] || kill "$(cat "$work/sessiond.pid")" 2>/dev/null || true
    rm -rf "$work"
}

if command -v lttng-sessiond >/dev/null 2>&1 &&
    cc -O2 -I"$here/peers" -o "$work/bench_lttng" "$here/peers/lttng.c" -llttng-ust -ldl 2>"$work/cc.log"; then
    has_lttng=yes
    export LTTNG_HOME="$work" LTTNG_UST_ALLOW_BLOCKING=1
    lttng-sessiond --daemonize --no-kernel --pidfile="$work/sessiond.pid" >/dev/null 2>&1 || has_lttng=no
fi
if command -v rsyslogd >/dev/null 2>&1 && cc -O2 -o "$work/bench_syslog" "$here/peers/syslog.c"; then
    has_rsyslog=yes
fi

seconds() {
    date +%s.%N
}

# rate EVENTS START END: millions a second
rate() {
    awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.3f\n", n / (b - a) / 1e6 }'
}

run_relay() { # SINK WAY
    start_service "$1"
    "$tool" bench --pipe "$pipe" --events $many "--$2" |
        sed -n 's/.*"events_per_second":\([0-9.]*\).*/\1/p' | awk '{ printf "%.3f\n", $1 / 1e6 }'
    stop_service
}

run_lttng() {
    lttng create bench --output="$work/trace" >/dev/null
    lttng enable-channel --userspace --session=bench --num-subbuf=8 --subbuf-size=1M \
        --blocking-timeout=inf channel >/dev/null
    lttng enable-event --userspace --session=bench --channel=channel 'relay_bench:*' >/dev/null
    lttng start bench >/dev/null
    took=$("$work/bench_lttng" $many)
    start=$(seconds)
    lttng stop bench >/dev/null
    end=$(seconds)
    lttng destroy bench >/dev/null
    rm -rf "$work/trace"
    awk -v n=$many -v took="$took" -v a="$start" -v b="$end" 'BEGIN { printf "%.3f\n", n / (took + b - a) / 1e6 }'
}

run_rsyslog() {
    cat >"$work/rsyslog.conf" <<END
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$work/log" CreatePath="on" RateLimit.Interval="0" UseSpecialParser="on")
action(type="omfile" file="$work/messages" asyncWriting="on" flushOnTXEnd="off" ioBufferSize="64k")
END
    rm -f "$work/messages" "$work/log"
    rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" >/dev/null 2>&1 &
    daemon=$!
    until [ -S "$work/log" ]; do sleep 0.05; done
    start=$(seconds)
    "$work/bench_syslog" "$work/log" $few >/dev/null
    tries=0
    until [ "$(wc -l <"$work/messages" 2>/dev/null || echo 0)" -ge $few ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || break
        sleep 0.05
    done
    end=$(seconds)
    kill "$daemon"
    wait "$daemon" 2>/dev/null || true
    daemon=
    rate $few "$start" "$end"
}

round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    run_relay null prepared >>"$work/null"
    [ $has_lttng = no ] || run_lttng >>"$work/lttng"
    run_relay etl:@/out.etl prepared >>"$work/etl"
    [ $has_rsyslog = no ] || run_rsyslog >>"$work/rsyslog"
    run_relay null builder >>"$work/null_builder"
done

median() {
    [ -s "$work/$1" ] || { echo null && return; }
    sort -n "$work/$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { if (a == "null" || b == "null" || b == 0) print "null"; else printf "%.2f\n", a / b }'
}

null=$(median null)
null_builder=$(median null_builder)
etl=$(median etl)
lttng=$(median lttng)
rsyslog=$(median rsyslog)
echo "{\"bench\":\"peers\",\"rounds\":$rounds,\"null_millions\":$null,\"null_builder_millions\":$null_builder,\
\"etl_millions\":$etl,\"lttng_millions\":$lttng,\"rsyslog_millions\":$rsyslog,\
\"null_to_lttng\":$(ratio "$null" "$lttng"),\"etl_to_lttng\":$(ratio "$etl" "$lttng"),\
\"etl_to_rsyslog\":$(ratio "$etl" "$rsyslog")}"
