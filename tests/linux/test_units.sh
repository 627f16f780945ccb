#!/bin/sh
# The systemd units, as `cmake --install` puts them: do they load, what do they leave open to the service, and does it get by
# with the system calls that they allow? Everything is read from files; the running system is not asked.
#
# usage: test_units.sh BUILD-FOLDER CMAKE
set -eu

build=$1
cmake=$2
command -v systemd-analyze >/dev/null 2>&1 || exit 77
work=$(mktemp -d "${TMPDIR:-/tmp}/etwr-unit.XXXXXX")
service=""
trap '[ -z "$service" ] || kill -KILL "$service" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
passed() { echo "passed: $*"; }

prefix="$work/prefix"
"$cmake" --install "$build" --prefix "$prefix" --component service >/dev/null
units="$prefix/lib/systemd/system"
unit="$units/etwrelayd.service"
config=$(sed -n 's/^ExecStart=.* --config //p' "$unit")
"$prefix/bin/etwrelayd" check-config "$config" >/dev/null || fail "the unit's config is missing or bad: $config"
grep -q "^ExecStart=$prefix/bin/etwrelayd run " "$unit" || fail "the unit starts another program"
passed "the unit starts the installed program with the installed config"

echo '{}' >"$config"
"$cmake" --install "$build" --prefix "$prefix" --component service >/dev/null
[ "$(cat "$config")" = '{}' ] || fail "installing again has changed the config"
passed "installing again keeps the config"

systemd-analyze verify "$unit" "$units/etwrelay.socket" >"$work/verify" 2>&1 || fail "$(cat "$work/verify")"
! grep -E 'etwrelay(d|\.socket)' "$work/verify" || fail "systemd is not content with the units"
passed "systemd loads the units without a complaint"

# The threshold is in tenths.
systemd-analyze security --offline=true --no-pager --threshold=10 "$unit" >"$work/security" 2>&1 ||
    fail "exposure over 1.0: $(cat "$work/security")"
passed "$(sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/exposure \1 of 10/p' "$work/security")"
! grep -q '^PrivateUsers=yes' "$unit" || fail "PrivateUsers=yes hides who sends"
passed "who sends is not hidden"

# What names of system calls a set holds, with the sets in it.
expand() {
    systemd-analyze syscall-filter "$1" | sed 1d | while read -r name _; do
        case $name in
        @*) expand "$name" ;;
        '#' | '') ;;
        *) echo "$name" ;;
        esac
    done
}
for set in $(sed -n 's/^SystemCallFilter=\([^~].*\)/\1/p' "$unit"); do expand "$set"; done | sort -u >"$work/allowed"
for set in $(sed -n 's/^SystemCallFilter=~\(.*\)/\1/p' "$unit"); do expand "$set"; done | sort -u >"$work/denied"
[ -s "$work/denied" ] || fail "no system call is denied"
comm -23 "$work/allowed" "$work/denied" >"$work/usable"
[ "$(wc -l <"$work/usable")" -gt 100 ] || fail "the sets of system calls could not be read"

if ! strace -f -o /dev/null true 2>/dev/null; then
    echo "skipped: strace does not work here: the service's system calls are not compared"
    exit 0
fi
pipe="$work/relay.sock"
: >"$work/log"
STATE_DIRECTORY="$work/state" strace -f -qq -o "$work/trace" "$prefix/bin/etwrelayd" run --pipe "$pipe" \
    --sink "etl:$work/relay.etl" --sink "jsonl:$work/relay.jsonl" --workers 2 >"$work/final" 2>"$work/log" &
service=$!
tries=0
until grep -q '^ready$' "$work/log"; do
    kill -0 "$service" 2>/dev/null || fail "the service ended: $(cat "$work/log")"
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || fail "the service is not ready: $(cat "$work/log")"
    sleep 0.1
done
"$prefix/bin/etwrelay" bench --pipe "$pipe" --clients 4 --events 2000 >/dev/null
"$prefix/bin/etwrelay" status --pipe "$pipe" >/dev/null
traced=$(head -n 1 "$work/trace" | cut -d ' ' -f 1)
kill -HUP "$traced"
kill -TERM "$traced"
wait "$service" || fail "the service ended badly: $(cat "$work/log")"
service=""
grep -q '"written":2000,' "$work/final" || fail "the service under strace did not write the events: $(cat "$work/final")"
sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$work/trace" | sort -u >"$work/used"
grep -qx accept4 "$work/used" || fail "the trace could not be read"
comm -23 "$work/used" "$work/usable" >"$work/missing"
[ ! -s "$work/missing" ] || fail "the unit denies what the service calls: $(tr '\n' ' ' <"$work/missing")"
passed "all $(wc -l <"$work/used") system calls of a start, load, reload and stop are allowed"
