#!/bin/bash
# planted_race.sh - a race planted in our own code is reported, suppressions and all; and
# suppressions name foreign libraries only.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

OURS='race|mutex|thread|deadlock|signal|called_from_lib|leak'

# What a suppressions file may not say: anything but the name of a foreign library.
stray() {
	grep -Ev '^(#|$)' "$@" 2>/dev/null |
		grep -Ev "^([^:]*:)?($OURS):lib(event|unbound|crypto|ssl|curl|lmdb|jansson)[^:]*$" || true
}

lib_start
check "suppressions name foreign libraries only" test -z "$(stray "$top"/tests/*.supp)"
if grep -q '^SAN_FLAGS = .*thread' Makefile 2>/dev/null; then
	status=0
	env -u UBSAN_OPTIONS TSAN_OPTIONS="suppressions=$top/tests/tsan.supp" \
		tests/planted_race >"$work/out" 2>&1 || status=$?
	is "$status" 66 "the planted race makes the program fail"
	like "$(cat "$work/out")" "data race .* in bump" "and is reported where it is"
else
	skip "the planted race is reported" "not a ThreadSanitizer build"
fi
done_testing
