#!/bin/sh
# Builds libuv, cJSON and Check for 64-bit Windows with MinGW-w64, as static libraries, out of Debian's own source
# packages: dependencies.sh [PREFIX], by default build/windows/prefix, where the preset `mingw` looks for them.
#
# The sources come from wherever this machine gets its packages, through copies of apt's own source lists; nothing
# outside the work folder (PREFIX/../work) is changed. A stamp in PREFIX holds the source versions and this script's
# sum: while it fits, nothing is built again, and the archive is asked for newer versions once a day at most.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
prefix=${1:-"$root/build/windows/prefix"}
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
work=$(dirname "$prefix")/work
stamp="$prefix/versions"
toolchain="$root/cmake/toolchain-mingw.cmake"
packages="libuv1 cjson check"
common="-G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF"

mkdir -p "$work/apt/sources" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
log="$work/log"

fail() {
    [ ! -s "$log" ] || tail -n 40 "$log" >&2
    echo "dependencies.sh: $1" >&2
    exit 1
}

# apt with lists of its own, in which there are sources.
source_apt() {
    command=$1
    shift
    "$command" -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/apt/sources" \
        -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o APT::Get::List-Cleanup=0 \
        -o Acquire::Retries=3 "$@"
}

# Both forms that a list may have: one line an entry, and paragraphs.
copy_source_lists() {
    rm -f "$work"/apt/sources/*
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ -e "$list" ] || continue
        sed -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' "$list" \
            >"$work/apt/sources/$(basename "$list" | sed 's/^sources\.list$/main.list/')"
    done
}

update_lists() {
    copy_source_lists
    attempt=1
    until source_apt apt-get update >"$log" 2>&1 && ! grep -q '^Err:' "$log"; do
        [ "$attempt" -lt 3 ] || return 1
        attempt=$((attempt + 1))
        sleep 5
    done
    touch "$work/apt/updated"
}

# The newest version that the lists know, a line a package; and the sum of what decides how they are built.
wanted() {
    for package in $packages; do
        # The field "Version:" comes once a source; sort -V knows the order of all that occur here.
        version=$(source_apt apt-cache showsrc --only-source "$package" 2>/dev/null |
            sed -n 's/^Version: //p' | sort -V | tail -n 1)
        [ -n "$version" ] || return 1
        echo "$package $version"
    done
    cat "$0" "$toolchain" "$root/cmake/mingw.cmake" | sha256sum | sed 's/ .*//; s/^/recipe /'
}

if [ -z "$(find "$work/apt/updated" -mtime -1 2>/dev/null)" ] && ! update_lists; then
    if [ -s "$stamp" ]; then
        echo "dependencies.sh: the package archive does not answer; the libraries that are there stay" >&2
        exit 0
    fi
    fail "the package archive does not answer"
fi
wanted >"$work/wanted" || fail "the package archive has no sources of: $packages"
if cmp -s "$work/wanted" "$stamp"; then
    exit 0
fi

rm -rf "$prefix" "$work/sources" "$work/build"
mkdir -p "$prefix" "$work/sources" "$work/build"
: >"$log"
attempt=1
# apt's own user for downloads cannot write here; that it says so is no failure.
until (cd "$work/sources" && source_apt apt-get source --only-source -o APT::Sandbox::User=root $packages) \
    >"$log" 2>&1; do
    [ "$attempt" -lt 3 ] || fail "cannot fetch the sources"
    attempt=$((attempt + 1))
    sleep 5
done

build() {
    name=$1
    folder=$2
    shift 2
    echo "building $name"
    {
        # shellcheck disable=SC2086 # a list of words
        cmake -S "$folder" -B "$work/build/$name" $common "-DCMAKE_TOOLCHAIN_FILE=$toolchain" \
            "-DCMAKE_INSTALL_PREFIX=$prefix" "-DCMAKE_FIND_ROOT_PATH=$prefix" \
            -DCMAKE_C_FLAGS=-D__USE_MINGW_ANSI_STDIO=1 "$@" &&
            cmake --build "$work/build/$name" &&
            cmake --install "$work/build/$name"
    } >"$log" 2>&1 || fail "cannot build $name"
}

build libuv "$(echo "$work"/sources/libuv1-*/)" -DLIBUV_BUILD_TESTS=OFF
build cjson "$(echo "$work"/sources/cjson-*/)" -DBUILD_SHARED_LIBS=OFF -DBUILD_SHARED_AND_STATIC_LIBS=OFF \
    -DENABLE_CJSON_TEST=OFF -DENABLE_CUSTOM_COMPILER_FLAGS=OFF
build check "$(echo "$work"/sources/check-*/)" -DCHECK_ENABLE_SUBUNIT=OFF
rm -rf "$work/sources" "$work/build"
cp "$work/wanted" "$stamp"
echo "built in $prefix:"
sed '/^recipe/d; s/^/  /' "$stamp"
