#!/bin/sh
# Wine for the tests of the Windows programs: a prefix of its own inside the build tree, never the user's.
#
#   wine.sh start            make the prefix if it is missing; keep its server running, so that programs start quickly
#   wine.sh run PROGRAM...   run one program in it; cmake calls the tests through this
#   wine.sh stop             end everything that still runs in it
#   wine.sh env              print the settings, for: eval "$(sh install/windows/wine.sh env)"
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
: "${WINEPREFIX:=$root/build/windows/wine}"
# No messages; no debugger that writes pages about a crash; no offers to install browsers and runtimes.
: "${WINEDEBUG:=-all}"
: "${WINEDLLOVERRIDES:=winedbg.exe,mscoree,mshtml=d}"
export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES

start() {
    if ! command -v wine >/dev/null 2>&1; then
        echo "wine.sh: there is no wine; install/packages.sh windows brings it" >&2
        return 1
    fi
    mkdir -p "$WINEPREFIX"
    # A server that is asked to stay would hold the caller's output open.
    wineserver -p >/dev/null 2>&1 || true
    if [ ! -e "$WINEPREFIX/etwrelay-ready" ]; then
        # The first program makes the prefix and boots it. Booting once more by hand would bring a second
        # service manager, and each would know other services.
        wine cmd /c exit </dev/null >/dev/null 2>&1
        wine winecfg -v win10 </dev/null >/dev/null 2>&1
        touch "$WINEPREFIX/etwrelay-ready"
    fi
    wine cmd /c exit </dev/null >/dev/null 2>&1
}

command=${1:-}
[ $# -eq 0 ] || shift
case "$command" in
start) start ;;
run)
    # The prefix appears with the first program; made by several at once it would be broken.
    if [ ! -e "$WINEPREFIX/etwrelay-ready" ]; then
        mkdir -p "$WINEPREFIX"
        (
            flock 9
            [ -e "$WINEPREFIX/etwrelay-ready" ] || start
        ) 9>"$WINEPREFIX/etwrelay-lock"
    fi
    exec wine "$@"
    ;;
stop) wineserver -k >/dev/null 2>&1 || true ;;
env)
    echo "export WINEPREFIX='$WINEPREFIX' WINEDEBUG='$WINEDEBUG' WINEDLLOVERRIDES='$WINEDLLOVERRIDES'"
    ;;
*)
    echo "usage: wine.sh start|run PROGRAM...|stop|env" >&2
    exit 2
    ;;
esac
