#!/bin/sh
# Builds the project and runs every test: the ordinary build (gcc, warnings are errors), the same tests under ASan + UBSan
# and once more with every branch counted, the threaded ones under TSan, a clang build and the checks on the sources
# themselves; then the Windows programs, made by gcc and by clang, and their tests under Wine. Installs what is missing first.
# --long: load tests with their full figures, and five minutes of fuzzing for each reader of bytes; this takes half an hour.
# Ends with one line "N passed, N failed" and fails when anything failed. Builds stand in build/ and are kept.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$root" || exit 1
passed=0
failed=0
started=$(date +%s)
repeat=""
long=""
[ "${1:-}" != --long ] || long=1
[ -z "$long" ] || export ETWR_LONG=1 # load tests with their full figures
jobs=$(nproc 2>/dev/null || echo 2)
logs="$root/build/logs"
mkdir -p "$logs"

title() { printf '\n== %s (%s s)\n' "$1" "$(($(date +%s) - started))"; }

# A step that counts as one test: NAME LOG COMMAND...
check() {
    name=$1
    log="$logs/$2"
    shift 2
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "passed: $name"
        return 0
    fi
    failed=$((failed + 1))
    tail -n 60 "$log"
    echo "FAILED: $name (all of its output: $log)"
    return 1
}

compile() { cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"; }
build() { check "build $1" "build-$1.log" compile "$1"; }

# The tests of a preset, each with its result; the sum is read from ctest's own last lines.
run_tests() {
    preset=$1
    shift
    log="$logs/test-$preset.log"
    # shellcheck disable=SC2086 # words
    "$@" ctest --preset "$preset" -j "$jobs" $repeat 2>&1 | tee "$log"
    sum=$(sed -n 's/^.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log" | tail -n 1)
    if [ -z "$sum" ]; then
        failed=$((failed + 1))
        echo "FAILED: ctest --preset $preset gave no result"
        return
    fi
    bad=${sum% *}
    failed=$((failed + bad))
    passed=$((passed + ${sum#* } - bad))
}

check_format() {
    git -c safe.directory="$root" ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

check_tidy() {
    git -c safe.directory="$root" ls-files 'client/*.c' 'protocol/*.c' 'service/*.c' |
        grep -v '_win\.c$' | xargs -n 4 -P "$jobs" clang-tidy --quiet -p build/clang
}

# Warnings, performance and portability: style is clang-tidy's and clang-format's. It reads our own
# headers only; cmake/cjson-cppcheck.cfg describes cJSON's loop.
check_cppcheck() {
    cppcheck --std=c11 --language=c --enable=warning,performance,portability --error-exitcode=1 --quiet -j "$jobs" \
        --inline-suppr --library=posix --library=cmake/cjson-cppcheck.cfg \
        -I . -I protocol/include -I client/include client protocol service
}

# Wine's server stays until it is told to go, whatever happens here.
test_windows() {
    check "Windows packages" windows-packages.log sh install/packages.sh windows || return
    check "Windows libraries" windows-libraries.log sh install/windows/dependencies.sh || return
    build mingw || return
    trap 'sh install/windows/wine.sh stop' EXIT
    trap 'exit 1' HUP INT TERM
    # Wine gives up on processes and pipes now and then when the machine is busy; a fault of ours fails twice.
    repeat="--repeat until-pass:2"
    check "Wine" wine.log sh install/windows/wine.sh start && run_tests mingw
    repeat=""
    sh install/windows/wine.sh stop
    build mingw-clang
}

title "packages"
sh install/packages.sh test || exit 1

title "ordinary build"
build default && run_tests default

title "ASan + UBSan"
build asan && run_tests asan

# Counts of earlier runs of this build folder do not help a later one over a limit.
title "coverage"
if build coverage; then
    find build/coverage -name '*.gcda' -delete
    run_tests coverage
    check "coverage" coverage.log python3 tests/coverage/gate.py --missing build/coverage
    grep '^==' "$logs/coverage.log"
fi

# This TSan does not know the address layout of kernels with more random bits; without randomisation it is at home.
title "TSan, the threaded tests"
steady=""
if setarch "$(uname -m)" -R true 2>/dev/null; then steady="setarch $(uname -m) -R"; fi
# shellcheck disable=SC2086 # a command with its arguments
build tsan && run_tests tsan $steady

title "clang and the sources"
build clang && check "clang-tidy" tidy.log check_tidy
check "cppcheck" cppcheck.log check_cppcheck
check "clang-format" format.log check_format

# Each reader of bytes for a moment; with --long for as long as millions of runs take.
fuzz_seconds=10
[ -z "$long" ] || fuzz_seconds=300
title "fuzzing, $fuzz_seconds s a target"
check "fuzzing" fuzz.log sh tests/fuzz/run.sh "$fuzz_seconds" && grep '^fuzz ' "$logs/fuzz.log"

title "Windows programs under Wine"
test_windows

title "done"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
