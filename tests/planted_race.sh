#!/bin/bash
# planted_race.sh - a race planted in our own code is reported, suppressions and all; and
# suppressions name foreign libraries only.
set -euo pipefail

top=${top_srcdir:-$(dirname "$0")/..}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$top/tests/lib.sh"

KINDS='race|mutex|thread|deadlock|signal|called_from_lib|leak'

# Prints what a suppressions file may not say: anything but the name of a foreign library.
foreign_only() {
	cat "$@" >"$work/supp" && [ -s "$work/supp" ] || return 1
	! grep -Ev -e '^(#|$)' -e "^($KINDS):lib(event|unbound|crypto|ssl|curl|lmdb|jansson)[^:]*$" \
		"$work/supp"
}

lib_start
check "suppressions name foreign libraries only" foreign_only "$top"/tests/*.supp
if grep -q '^SAN_FLAGS = .*thread' Makefile 2>/dev/null; then
	status=0
	env -u UBSAN_OPTIONS TSAN_OPTIONS="suppressions=$top/tests/tsan.supp" \
		tests/planted_race >"$work/out" 2>&1 || status=$?
	is "$status" 66 "the planted race makes the program fail"
	like "$(cat "$work/out")" "data race .* in bump" "and is reported where it is"
else
	skip "the planted race is reported" "no ThreadSanitizer in this build; tests/run tsan has it"
fi
done_testing
