#!/bin/sh
# The installed copy, as a newcomer uses it: install into a folder, build the README's example against it through pkg-config
# (shared and static) and through the CMake package, and let each result send its event through an installed service.
#
# usage: test_install.sh SOURCE-FOLDER BUILD-FOLDER CMAKE CC
set -eu

source=$1
build=$2
cmake=$3
cc=$4
work=$(mktemp -d "${TMPDIR:-/tmp}/etwr-inst.XXXXXX")
service=""

stop_service() {
    [ -n "$service" ] || return 0
    kill -TERM "$service" 2>/dev/null || true
    wait "$service" || true
    service=""
}
trap 'stop_service; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
passed() { echo "passed: $*"; }

prefix="$work/prefix"
"$cmake" --install "$build" --prefix "$prefix" >/dev/null
library=$(dirname "$(find "$prefix" -name 'libetwrelay.so')")
[ -f "$library/libetwrelay.a" ] || fail "no static library"
case "$(readlink "$library/libetwrelay.so")" in
libetwrelay.so.[0-9]*) ;;
*) fail "the shared library has no version" ;;
esac
for header in client event types status export atomic; do
    [ -f "$prefix/include/etwrelay/$header.h" ] || fail "$header.h is not installed"
done
passed "headers, static and versioned shared library are installed"

# Between the README's first ```c and the ``` after it.
sed -n '/^```c$/,/^```$/p' "$source/README.md" | sed '1d;$d' >"$work/readme.c"
cmp "$work/readme.c" "$source/client/examples/request_done.c" || fail "the README shows another example"
passed "the README shows client/examples/request_done.c"

export PKG_CONFIG_PATH="$library/pkgconfig"
# shellcheck disable=SC2046 # flags are words
"$cc" -Wall -Wextra -Werror "$work/readme.c" $(pkg-config --cflags --libs etwrelay) -o "$work/with_shared"
# shellcheck disable=SC2046
"$cc" -Wall -Wextra -Werror "$work/readme.c" $(pkg-config --cflags etwrelay) "$library/libetwrelay.a" \
    $(pkg-config --static --libs-only-other etwrelay) -o "$work/with_static"
mkdir "$work/cmake"
cp "$work/readme.c" "$work/cmake/"
cat >"$work/cmake/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(example LANGUAGES C)
find_package(etwrelay 1.0 REQUIRED)
add_executable(shared readme.c)
target_link_libraries(shared PRIVATE etwrelay::etwrelay)
add_executable(static readme.c)
target_link_libraries(static PRIVATE etwrelay::etwrelay_static)
CMAKE
"$cmake" -S "$work/cmake" -B "$work/cmake/build" -G Ninja -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
"$cmake" --build "$work/cmake/build" >/dev/null
passed "the example is built through pkg-config and the CMake package, shared and static"

ETWRELAY_PIPE="$work/relay.sock"
export ETWRELAY_PIPE
: >"$work/log"
"$prefix/bin/etwrelayd" run --pipe "$ETWRELAY_PIPE" --sink "etl:$work/relay.etl" >"$work/final.json" 2>"$work/log" &
service=$!
tries=0
until grep -q '^ready$' "$work/log"; do
    kill -0 "$service" 2>/dev/null || fail "the installed service ended: $(cat "$work/log")"
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || fail "the installed service is not ready: $(cat "$work/log")"
    sleep 0.1
done
for program in with_shared with_static cmake/build/shared cmake/build/static; do
    said=$(LD_LIBRARY_PATH="$library" "$work/$program") || fail "$program: $said"
    [ "$said" = "written 1 of 1" ] || fail "$program says: $said"
    passed "$program sends its event"
done
stop_service
count=$("$prefix/bin/etwrelay" dump "$work/relay.etl" | grep -c 'Contoso.Web RequestDone')
[ "$count" -eq 4 ] || fail "$count of 4 events are in the file"
passed "all four events are in the .etl file"
