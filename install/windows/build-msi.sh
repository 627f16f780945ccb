#!/bin/sh
# Packs the Windows programs of a build folder into an MSI, with wixl and msitools (Debian's packages of these names).
#
#   build-msi.sh BUILD-FOLDER FILE.msi [VERSION]
#
# Without VERSION it is the project's, from the root's CMakeLists.txt.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: build-msi.sh BUILD-FOLDER FILE.msi [VERSION]" >&2
    exit 2
fi
build=$1
msi=$2
version=${3:-$(sed -n 's/^project(etwrelay VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")}

for tool in wixl msibuild; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "build-msi.sh: there is no $tool; install/packages.sh windows brings it" >&2
        exit 1
    fi
done
for program in service/etwrelayd.exe client/tool/etwrelay.exe; do
    if [ ! -f "$build/$program" ]; then
        echo "build-msi.sh: $build has no $program: build it first (cmake --build --preset mingw)" >&2
        exit 1
    fi
done

case $msi in
/*) ;;
*) msi=$PWD/$msi ;;
esac
# wixl looks for files beside its input only. The programs go without what only a debugger reads.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in service/etwrelayd.exe client/tool/etwrelay.exe; do
    x86_64-w64-mingw32-strip -o "$work/$(basename "$program")" "$build/$program"
done
cp "$here/etwrelay.wxs" "$here/README.md" "$here/TRACING.md" "$here/etwrelay.wprp" "$root/LICENSE" "$work"
cd "$work"
wixl -a x64 -D "Version=$version" -o "$msi" etwrelay.wxs
# wixl would run a rollback action at once: as the installer's format has it, 18 program of a file, 64 its result does
# not count, 256 rollback, 1024 deferred, 2048 with the installer's rights.
msibuild "$msi" -q "UPDATE \`CustomAction\` SET \`Type\` = 3410 WHERE \`Action\` = 'UndoInstall'"
