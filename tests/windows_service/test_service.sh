#!/bin/sh
# The Windows service as people have it: installed by the MSI, run by the service control manager, fed through the named
# pipe, stopped, upgraded, removed. Under Wine.
#
#   test_service.sh BUILD-FOLDER PYTHON
#
# From the root of the tree; the Wine prefix is the environment's (install/windows/wine.sh).
set -u

build=$1
python=$2
eval "$(sh install/windows/wine.sh env)"
sh install/windows/wine.sh start || exit 1
work=$(mktemp -d) || exit 1
drive="$WINEPREFIX/drive_c"
data="$drive/ProgramData/etwrelay"
programs="$drive/Program Files/etwrelay"
config="$data/etwrelay.json"
vectors=tests/vectors/events.jsonl

# Wine's programs may outlive the pipe that their output goes to: files take it.
relayd() { timeout 60 wine "$programs/etwrelayd.exe" "$@" >"$work/out" 2>"$work/err" </dev/null; }
send() { timeout 120 wine "$programs/etwrelay.exe" send "$@" </dev/null; }
installer() { timeout 120 wine msiexec "$@" /qn >"$work/out" 2>"$work/err" </dev/null; }

fail() {
    echo "FAILED: $*"
    cat "$work/out" "$work/err" 2>/dev/null
    exit 1
}

passed() { echo "passed: $*"; }

says() { grep -q -- "$1" "$work/out" "$work/err" || fail "it does not say \"$1\""; }

clean() {
    timeout 60 wine "$build/service/etwrelayd.exe" uninstall >/dev/null 2>&1 </dev/null
    for msi in "$work"/*.msi; do
        [ ! -f "$msi" ] || timeout 60 wine msiexec /x "$msi" /qn >/dev/null 2>&1 </dev/null
    done
    rm -rf "$data" "$programs" "$work"
}

count() { "$python" -c 'import json, sys; print(json.loads(open(sys.argv[1]).readlines()[-1])[sys.argv[2]])' "$1" "$2"; }

# A sink that can be looked into; no origin, so that events stay as they were sent.
write_config() {
    printf '{ "origin": [], "sinks": [ { "type": "etl", "path": "C:\\\\ProgramData\\\\etwrelay\\\\logs\\\\%s" } ] }\n' \
        "$1" >"$config"
}

clean
mkdir -p "$work"
trap clean EXIT
"$python" tests/support/etl_check.py --events "$vectors" >"$work/events.jsonl" || fail "no vectors"
sh install/windows/build-msi.sh "$build" "$work/first.msi" 1.0.0 >"$work/out" 2>"$work/err" || fail "no MSI"
sh install/windows/build-msi.sh "$build" "$work/next.msi" 1.0.1 >"$work/out" 2>"$work/err" || fail "no second MSI"

installer /i "$work/first.msi" || fail "the MSI does not install"
[ -f "$config" ] && [ -d "$data/logs" ] || fail "no data folder"
relayd verify || fail "verify is not content"
says 'holds: *it runs$'
says 'holds: *it runs as LocalService'
passed "the MSI installs the service, and it runs"

relayd install && fail "a second installation over the first"
says "uninstall"
relayd start || fail "a start of what runs is no error"
passed "an installed service is not installed twice"

relayd uninstall || fail "it cannot be removed by hand"
relayd uninstall || fail "removing what is gone is an error"
relayd start && fail "it starts although it is not installed"
says "etwrelayd install"
# Some vectors share a name and not the id, which no configuration allows: a service with the option that does.
write_config vectors.etl
timeout 60 wine sc create etwrelay start= auto binPath= '"C:\Program Files\etwrelay\etwrelayd.exe" run --service '\
'--allow-any-provider --config "C:\ProgramData\etwrelay\etwrelay.json"' >"$work/out" 2>"$work/err" </dev/null || fail "sc create"
relayd start || fail "it does not start with another configuration"
relayd verify && fail "verify is content with another command line"
says 'does not hold: *its command line'
says 'does not hold: *it runs as LocalService'
send --jsonl "$work/events.jsonl" >"$work/out" 2>"$work/err" || fail "the vectors are not sent"
[ "$(count "$work/out" sent)" = "$(wc -l <"$work/events.jsonl")" ] || fail "not all vectors were sent"
[ "$(count "$work/out" written)" = "$(count "$work/out" sent)" ] || fail "not all vectors were written"
relayd stop || fail "it does not stop with the vectors"
"$python" tests/support/etl_check.py --vectors "$vectors" "$data/logs/vectors.etl" >"$work/out" 2>"$work/err" ||
    fail "the file does not hold the vectors"
passed "the vectors arrive byte for byte through the named pipe"
relayd uninstall || fail "it cannot be removed by hand"

# Stopped in the middle of it: what the sender was told is written is in the file, and else only what it doubts.
write_config drain.etl
relayd install || fail "it cannot be installed by hand"
relayd start || fail "it does not start"
grep -v "_id" "$work/events.jsonl" >"$work/plain.jsonl"
for _ in $(seq 100); do cat "$work/plain.jsonl"; done >"$work/many.jsonl"
empty=$(wc -c <"$data/logs/drain.etl")
send --timeout 3000 --jsonl "$work/many.jsonl" >"$work/sent" 2>"$work/sent.err" &
sender=$!
tries=0
until [ "$(wc -c <"$data/logs/drain.etl")" -gt "$empty" ] || [ "$tries" -ge 1000 ]; do
    tries=$((tries + 1))
    sleep 0.01
done
relayd stop || fail "it does not stop while somebody sends"
wait "$sender"
cp "$work/sent" "$work/out"
cp "$work/sent.err" "$work/err"
"$python" tests/support/etl_check.py "$data/logs/drain.etl" >"$work/count" 2>>"$work/err" || fail "the drained file is damaged"
# The service's own, about what it dropped at the end, are not the sender's.
lost_events=$(timeout 60 wine "$programs/etwrelay.exe" dump "$data/logs/drain.etl" </dev/null 2>>"$work/err" | grep -c LostEvents)
"$python" - "$work/sent" "$work/count" "$lost_events" >>"$work/out" 2>>"$work/err" <<'END' || fail "the sender and the file do not agree"
import json, re, sys
sent = json.loads(open(sys.argv[1]).readlines()[-1])
in_file = int(re.findall(r"\d+", open(sys.argv[2]).read())[-1]) - int(sys.argv[3])
in_doubt = sent["dropped"].get("in_doubt", 0)
print(f"in the file {in_file} and {sys.argv[3]} of the service's own, told as written {sent['written']}, in doubt {in_doubt}")
sys.exit(not 0 < sent["written"] <= in_file <= sent["written"] + in_doubt)
END
passed "a stop drains: $(tail -n 1 "$work/out")"

write_config kept.etl
cp "$config" "$work/config"
installer /i "$work/next.msi" || fail "the upgrade does not install"
cmp -s "$config" "$work/config" || fail "the upgrade changed the configuration"
relayd verify || fail "verify is not content after the upgrade"
says 'holds: *it runs$'
[ -e "$data/logs/kept.etl" ] || fail "the upgraded service does not go by the kept configuration"
passed "an upgrade keeps the configuration and runs"

relayd stop || fail "it does not stop"
printf '%s\n' '{ "sinks": [ { "type": "nonsense" } ] }' >"$config"
relayd start && fail "it starts with a bad configuration"
says "the configuration\|its configuration"
printf '%s\n' '{ "security": { "preset": "sddl", "sddl": "D:(A;;GA;;;WD)" }, "sinks": [ { "type": "null" } ] }' >"$config"
relayd start && fail "it starts with a descriptor that lets everybody pose as the service"
printf '%s\n' '{ "security": { "preset": "sddl", "sddl": "D:(A;;FR;;;S-1-5-21-99)(Z)" }, "sinks": [ { "type": "null" } ] }' >"$config"
relayd start && fail "it starts with a descriptor that is none"
printf '%s\n' '{ "sinks": [ { "type": "etl", "path": "C:\\no\\such\\folder\\x.etl" } ] }' >"$config"
relayd start && fail "it starts without its sink"
says "a sink"
relayd run --service && fail "it is a service without a service control manager"
says "service control manager"
passed "a start is refused with its cause"

cp "$work/config" "$config"
relayd start || fail "it does not start again"
installer /x "$work/next.msi" || fail "it cannot be removed"
[ ! -e "$programs" ] || fail "programs are left: $(ls "$programs")"
[ "$(ls "$data" | tr '\n' ' ')" = "etwrelay.json logs " ] || fail "left in the data folder: $(ls "$data")"
cmp -s "$config" "$work/config" || fail "the removal changed the configuration"
for place in 'etwrelay' 'EventLog\Application\etwrelay'; do
    timeout 60 wine reg query "HKLM\\SYSTEM\\CurrentControlSet\\Services\\$place" >"$work/out" 2>&1 </dev/null &&
        fail "left in the registry: $place"
done
passed "a removal leaves the configuration and the logs, and nothing else"
