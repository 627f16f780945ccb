#!/bin/sh
# Installs the Debian packages that building (`build`), testing (`test`) or building and testing the Windows programs
# (`windows`) needs and that are not there yet.
# With everything in place it does nothing and needs no rights; else it needs root or sudo.
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config libuv1-dev libcjson-dev"
case "${1:-}" in
build) wanted="$build" ;;
test) wanted="$build g++ check clang libclang-rt-dev clang-format clang-tidy cppcheck python3 systemd dpkg-dev fakeroot strace valgrind" ;;
windows) wanted="$build check clang python3 dpkg-dev gcc-mingw-w64-x86-64-win32 wine wine64 wixl msitools" ;;
*)
    echo "usage: packages.sh build|test|windows" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    echo "packages.sh: this is no Debian system. Install what corresponds to: $wanted" >&2
    exit 1
fi

missing=""
for package in $wanted; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)" in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "packages.sh: missing:$missing. Run this as root once, or install sudo." >&2
        exit 1
    fi
    as_root="sudo"
fi

# Mirrors have bad minutes; a lock may be held by the system's own updates.
apt() {
    attempt=1
    until $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
        -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1; do
        if [ "$attempt" -ge 3 ]; then
            cat "$log" >&2
            echo "packages.sh: apt-get $1 failed" >&2
            return 1
        fi
        attempt=$((attempt + 1))
        sleep 5
    done
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing:$missing"
apt update
# shellcheck disable=SC2086 # a list of words
apt install --no-install-recommends $missing
