#!/bin/sh
# Each threat of SECURITY.md names tests, and each test it names exists: a case of that name, or a file.
#
# usage: test_security_md.sh SOURCE-FOLDER
set -eu

cd "$1"
failed=0
for number in $(seq 1 21); do
    row=$(grep "^| T$number |" SECURITY.md || true)
    [ -n "$row" ] || { echo "FAILED: no row for T$number"; failed=1; }
    names=$(printf '%s\n' "$row" | awk -F' \\| ' '{ print $4 }' | grep -o '`[^`]*`' | tr -d '\140')
    [ -n "$names" ] || { echo "FAILED: T$number names no test"; failed=1; }
done
for name in $(sed -n '/^| T1 |/,$p' SECURITY.md | awk -F' \\| ' '{ print $NF }' | grep -o '`[a-z_0-9.]*`' | tr -d '\140'); do
    case $name in
    *.*) find tests -name "$name" | grep -q . ;;
    *) grep -rqE "START_TEST\($name\b" tests --include='*.c' ;;
    esac || { echo "FAILED: there is no test $name"; failed=1; }
done
[ "$failed" -eq 0 ]
echo "passed: every threat names its tests, and all of them are there"
