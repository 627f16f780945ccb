#!/bin/sh
# The Debian packages: made, looked into, installed, upgraded, removed and purged in a folder that stands for a root. dpkg runs
# with --root and the packages' scripts outside any chroot ($DPKG_ROOT): nothing of the running system is touched.
#
# usage: test_package.sh BUILD-FOLDER CPACK
set -eu

build=$1
cpack=$2
for program in dpkg-deb dpkg-shlibdeps fakeroot deb-systemd-helper; do
    command -v $program >/dev/null 2>&1 || exit 77
done
work=$(mktemp -d "${TMPDIR:-/tmp}/etwr-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "FAILED: $*" >&2
    [ ! -s "$work/log" ] || cat "$work/log" >&2
    exit 1
}
passed() { echo "passed: $*"; }

"$cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$work/packages" >"$work/log" 2>&1 || fail "cpack"
service=$(echo "$work"/packages/etwrelay_*.deb)
library=$(echo "$work"/packages/libetwrelay1_*.deb)
development=$(echo "$work"/packages/libetwrelay-dev_*.deb)
: >"$work/log"

# PACKAGE PATH...: the package holds these, all of root's and none writable by others.
holds() {
    package=$1
    shift
    dpkg-deb -c "$package" >"$work/contents"
    for path in "$@"; do
        grep -qE " \./$path( -> .*)?\$" "$work/contents" || fail "$(basename "$package") lacks /$path"
    done
    ! awk '$1 !~ /^l/ && ($2 != "root/root" || substr($1, 6, 1) == "w" || substr($1, 9, 1) == "w")' "$work/contents" |
        grep . || fail "wrong owner or mode in $(basename "$package")"
}
holds "$service" usr/bin/etwrelayd usr/bin/etwrelay etc/etwrelay/etwrelay.json usr/lib/systemd/system/etwrelayd.service \
    usr/lib/systemd/system/etwrelay.socket usr/share/doc/etwrelay/copyright
! grep -qE '/include/|\.a$|\.so(\.|$)' "$work/contents" || fail "the service's package holds the library"
holds "$library" 'usr/lib/.*libetwrelay\.so\.1' usr/share/doc/libetwrelay1/copyright
holds "$development" usr/include/etwrelay/client.h 'usr/lib/.*libetwrelay\.a' 'usr/lib/.*libetwrelay\.so' \
    'usr/lib/.*pkgconfig/etwrelay\.pc'
passed "three packages hold what they should"

dpkg-deb -e "$service" "$work/control"
[ "$(cat "$work/control/conffiles")" = /etc/etwrelay/etwrelay.json ] || fail "the config is no conffile"
grep -q '^Depends:.*libuv1.*' "$work/control/control" || fail "no dependency on libuv1"
for script in postinst prerm postrm; do
    sh -n "$work/control/$script" || fail "$script"
done
passed "the config is a conffile, the libraries are dependencies"

root="$work/root"
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"
: >"$root/var/lib/dpkg/status"
cat >"$work/dpkg" <<'DPKG'
root=$1
shift
exec dpkg --root="$root" --force-script-chrootless --force-depends --force-not-root --force-confdef --force-confold "$@"
DPKG
# As root, with the packages' files as root's, whoever runs the test.
in_root() {
    fakeroot sh "$work/dpkg" "$root" "$@" >>"$work/log" 2>&1
}

# What the scripts use to enable units; it wants to be called by one.
helper() { DPKG_ROOT="$root" DPKG_MAINTSCRIPT_PACKAGE=etwrelay fakeroot deb-systemd-helper --quiet "$@" >>"$work/log" 2>&1; }

in_root --install "$service" "$library" "$development" || fail "installing"
for unit in etwrelay.socket etwrelayd.service; do
    helper is-enabled $unit || fail "$unit is not enabled"
done
[ -L "$root/etc/systemd/system/sockets.target.wants/etwrelay.socket" ] || fail "the socket is not wanted at boot"
grep -q '^ExecStart=/usr/bin/etwrelayd run --config /etc/etwrelay/etwrelay.json$' \
    "$root/usr/lib/systemd/system/etwrelayd.service" || fail "the unit does not start /usr/bin/etwrelayd"
"$root/usr/bin/etwrelayd" check-config "$root/etc/etwrelay/etwrelay.json" >>"$work/log" || fail "the config is bad"
[ "$("$root/usr/bin/etwrelay" provider-id Contoso.Shell | wc -l)" -eq 1 ] || fail "the tool does not run"
passed "installed: both units are enabled, the programs run"

echo '{"log": {"level": "warning"}}' >"$root/etc/etwrelay/etwrelay.json"
helper disable etwrelayd.service || fail "disabling"
in_root --install "$service" || fail "upgrading"
[ "$(cat "$root/etc/etwrelay/etwrelay.json")" = '{"log": {"level": "warning"}}' ] || fail "the config is overwritten"
! helper is-enabled etwrelayd.service || fail "an upgrade enables again"
passed "upgraded: the changed config and a disabled unit stay"

mkdir -p "$root/var/lib/private/etwrelay" "$root/run/etwrelay"
ln -s private/etwrelay "$root/var/lib/etwrelay"
echo trace >"$root/var/lib/private/etwrelay/etwrelay.etl"
in_root --remove etwrelay libetwrelay-dev libetwrelay1 || fail "removing"
left=$(find "$root" -path "$root/usr/*" -name '*etwrelay*')
[ -z "$left" ] || fail "removing leaves $left"
[ -f "$root/etc/etwrelay/etwrelay.json" ] || fail "removing takes the config"
[ -f "$root/var/lib/etwrelay/etwrelay.etl" ] || fail "removing takes the traces"
[ ! -e "$root/run/etwrelay" ] || fail "removing leaves the socket's folder"
passed "removed: no program is left; config and traces are"

in_root --purge etwrelay || fail "purging"
left=$(find "$root" -name '*etwrelay*' ! -path "$root/var/lib/dpkg/*")
[ -z "$left" ] || fail "purging leaves $left"
! grep -q '^Package: etwrelay' "$root/var/lib/dpkg/status" || fail "dpkg still knows it"
passed "purged: nothing is left"
