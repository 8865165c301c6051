#!/bin/bash
# dated.sh - the dated limits of the CA/Browser Forum, by the program as it is shipped under a
# clock of libfaketime's: profile tlsserver in the last second before each boundary and in the
# first one after it.  The clock stands still in between.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_program openssl
need_python
lib_start
here=$(realpath "${top_srcdir:-$(dirname "$0")/..}/tests")
real=$(realpath "$brevet")
clock=$work/clock

faked() {
	TZ=UTC0 FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
		LD_PRELOAD=$library "$@"
}

# at TIME: from now on that is the time, to the second.
at() {
	printf '%s\n' "${1/T/ }" | tr -d Z >"$clock.new"
	mv "$clock.new" "$clock"
}

# before DATE SECONDS: a time as the RFC writes it.
before() {
	date -u -d "@$(($(date -u -d "$1" +%s) - $2))" +%Y-%m-%dT%H:%M:%SZ
}

# The library, that for threads.
find_library() {
	local at now
	for at in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib*/faketime/libfaketimeMT.so.1; do
		if [ -e "$at" ]; then library=$at; fi
	done
	[ -n "${library-}" ] || skip_all "libfaketime is not installed: run tests/setup"
	at 2030-01-02T03:04:05Z
	now=$(faked date +%FT%T 2>&1) || true
	[ "$now" = 2030-01-02T03:04:05 ] || skip_all "libfaketime does not work here: $now"
	if grep -aqE '__(asan|tsan|msan)_init' "$real"; then
		skip_all "libfaketime cannot be put under a sanitizer"
	fi
}

# What lib.sh starts has that clock.
fake_brevet() {
	brevet=$work/brevet
	cat >"$brevet" <<-END
		#!/bin/sh
		export TZ=UTC0 FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1
		export FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=$library
		exec $real "\$@"
	END
	chmod +x "$brevet"
}

# client COMMAND ARGUMENT...: what dated_client.py says.
client() {
	faked "$python" -W ignore "$here/dated_client.py" "$url" "$root" "$state" "$http_port" "$@" 2>&1
}

# ordered NAME [NOTAFTER]: an order of profile tlsserver; sets $order, its URL.
ordered() {
	local said
	said=$(client order "$1" tlsserver ${2+"$2"}) || true
	order=${said#* }
	is "${said%% *}" ready "$(cat "$clock"): an order for $1${2+, notAfter $2}"
}

# issued NAME ORDER DAYS TIME CASE: what is signed at TIME begins an hour before.
issued() {
	is "$(client finalize "$1" "$2")" "$3 $(before "$4" 3600 | tr -d Z)" "$5"
}

# refused NAME ORDER PATTERN CASE
refused() {
	like "$(client finalize "$1" "$2")" "$3" "$4"
}

# boundary DATE BEFORE AFTER AGE ASKS: days that certificates live, the age of a proof that is
# too old from then on, and days from then to a notAfter that is too late then.
boundary() {
	local date=$1 days=$2 after=$3 age=$4 asks=$5 last early aged fast slow asking
	last=$(before "$date" 1)
	state=$work/state.$date
	mkdir "$state"
	at "$(before "$date" $((age * 86400)))"
	ca_make "$work/ca.$date" --set order.authz_lifetime=398d >"$work/init.out"
	printf '127.0.0.1 %s\n' www.dated.test old.dated.test >>"$ca.hosts"
	check "a server $age days before $date" server_start
	ordered old.dated.test
	check "it stops" server_stop

	at "$last"
	check "and starts at $last" server_start
	like "$("$brevet" check --config "$ca/brevet.conf")" \
		"^profile tlsserver: ${days}d by .*; from $date on ${after}d\$" "check tells what comes"
	ordered www.dated.test
	early=$order
	ordered www.dated.test
	fast=$order
	ordered old.dated.test
	aged=$order
	ordered old.dated.test
	slow=$order
	ordered www.dated.test "$(before "$date" $((-asks * 86400)))"
	asking=$order
	issued www.dated.test "$early" "$days" "$last" "signed at $last: $days days"
	issued old.dated.test "$aged" "$days" "$last" "with a proof that is $age days old"

	at "$date"
	issued www.dated.test "$fast" "$after" "$date" "made before, signed at $date: $after days"
	refused old.dated.test "$slow" '^403 unauthorized: proofs of control are too old' \
		"the proof is too old at $date"
	refused www.dated.test "$asking" '^400 malformed: "notAfter" of the order is later' \
		"a notAfter of the old limit is refused at $date"
	like "$(PROVE=no client order old.dated.test tlsserver)" '^pending ' \
		"a new order wants a new proof"
	like "$("$brevet" check --config "$ca/brevet.conf")" "^profile tlsserver: ${after}d by " \
		"check tells what holds now"
	check "the server stops" server_stop
}

library=
order=
find_library
fake_brevet
boundary 2026-03-15T00:00:00Z 397 199 300 250
boundary 2027-03-15T00:00:00Z 199 99 150 150
boundary 2029-03-15T00:00:00Z 99 46 11 60
done_testing
